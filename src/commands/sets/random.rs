//! Random members, to be shown or to be removed.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        items,
        row::{Arg, Flags, KeyFlags, KeySpec, Row},
    },
    NO_DETERMINISM, READ, limits, row,
};
use crate::{
    base::{hash::HashSet, num::parse_i64, prng::Prng},
    data::packed::Item,
    keyspace::{Event, set::SetRef},
    protocol::{Error, Reply},
};

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        complexity: "O(N), N the members removed",
        summary: "Removes random members from a set and shows them.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE))],
        args: &[Arg::key("key"), Arg::int("count").optional().since("3.2.0")],
        tips: NO_DETERMINISM,
        history: &[("3.2.0", "Takes a count.")],
        ..row("spop", -2, Flags::WRITE.or(Flags::FAST), spop)
    },
    Row {
        complexity: "O(N), N the members shown",
        summary: "Shows random members of a set.",
        keys: READ,
        args: &[Arg::key("key"), Arg::int("count").optional().since("2.6.0")],
        tips: NO_DETERMINISM,
        history: &[("2.6.0", "Takes a count.")],
        ..row("srandmember", -2, Flags::READONLY, srandmember)
    },
];

const SPOP: Event = Event::set("spop");
/// A set this many times the size of the sample is drawn from; a smaller one is walked.
const WALK_RATIO: usize = 3;

fn spop(ctx: &mut Ctx) -> Outcome {
    match ctx.argc() {
        2 => {}
        3 => return spop_many(ctx),
        _ => return Err(Error::SYNTAX),
    }
    let (key, limits) = (ctx.key(1), limits(ctx));
    let mut rng = Prng::new(ctx.keys.rng.next_u64());
    let Some(mut set) = ctx.keys.edit_set(key, limits)? else {
        ctx.out.null();
        return DONE;
    };
    let mut popped = Vec::new();
    let journals = set.journals();
    set.pop(&mut rng, |member| {
        items::reply(&mut ctx.out, member);
        if journals {
            popped.push(member.to_vec());
        }
    });
    set.changed(SPOP, 1);
    journal_removed(ctx, &popped);
    DONE
}

fn spop_many(ctx: &mut Ctx) -> Outcome {
    let count = parse_i64(ctx.arg(2)).and_then(|n| usize::try_from(n).ok()).ok_or(Error::MUST_BE_POSITIVE)?;
    let (key, limits) = (ctx.key(1), limits(ctx));
    let mut rng = Prng::new(ctx.keys.rng.next_u64());
    let Some(mut set) = ctx.keys.edit_set(key, limits)? else {
        ctx.out.set(0);
        return DONE;
    };
    let count = count.min(set.get().len());
    ctx.out.set(count);
    if count == 0 {
        return DONE;
    }
    if count == set.get().len() {
        set.get().each(|member| items::reply(&mut ctx.out, member));
        set.clear();
        set.changed(SPOP, count as u64);
        let lazy = ctx.config.memory.lazyfree_lazy_server_del;
        ctx.journal_deleted(key.bytes, lazy);
        return DONE;
    }
    let mut popped = Vec::new();
    let journals = set.journals();
    set.pop_many(count, &mut rng, |member| {
        items::reply(&mut ctx.out, member);
        if journals {
            popped.push(member.to_vec());
        }
    });
    set.changed(SPOP, count as u64);
    journal_removed(ctx, &popped);
    DONE
}

/// Most members that one SREM in the journal names.
const JOURNALED_AT_ONCE: usize = 1024;

/// Writes to the journal which members chance has removed.
fn journal_removed(ctx: &mut Ctx, members: &[Vec<u8>]) {
    let key = ctx.arg(1);
    for some in members.chunks(JOURNALED_AT_ONCE) {
        let args: Vec<&[u8]> = [&b"SREM"[..], key].into_iter().chain(some.iter().map(Vec::as_slice)).collect();
        ctx.journal_instead(&args);
    }
}

fn srandmember(ctx: &mut Ctx) -> Outcome {
    ctx.stop_when_futile();
    let key = ctx.key(1);
    let count = match ctx.argc() {
        2 => None,
        3 => Some(parse_count(ctx.arg(2))?),
        _ => return Err(Error::SYNTAX),
    };
    let mut rng = Prng::new(ctx.keys.rng.next_u64());
    let entry = ctx.keys.read_set(key)?;
    let set = entry.as_ref().map(|e| SetRef::of(e));
    match (set, count) {
        (None, None) => ctx.out.null(),
        (None, Some(_)) => ctx.out.array(0),
        (Some(set), None) => items::reply(&mut ctx.out, set.random(&mut rng).expect("a set has members")),
        (Some(set), Some(n)) if n < 0 => with_repeats(&mut ctx.out, set, n.unsigned_abs() as usize, &mut rng),
        (Some(set), Some(n)) => without_repeats(&mut ctx.out, set, n as usize, &mut rng),
    }
    DONE
}

fn parse_count(text: &[u8]) -> Result<i64, Error> {
    match parse_i64(text).ok_or(Error::NOT_INT)? {
        i64::MIN => Err(Error::not_in_range(-i64::MAX, i64::MAX)),
        // A sample with repeats that would not fit the machine.
        n if n < -i64::from(u32::MAX) => Err(Error::VALUE_OUT_OF_RANGE),
        n => Ok(n),
    }
}

fn with_repeats(out: &mut Reply, set: SetRef, count: usize, rng: &mut Prng) {
    out.array(count);
    if let SetRef::Packed(_) = set {
        // Finding one means walking to it.
        let all: Vec<Item> = set.iter().collect();
        items::repeat(out, count, |out| items::reply(out, all[rng.below(all.len() as u64) as usize]));
    } else {
        items::repeat(out, count, |out| items::reply(out, set.random(rng).expect("a set has members")));
    }
}

fn without_repeats(out: &mut Reply, set: SetRef, count: usize, rng: &mut Prng) {
    let len = set.len();
    let count = count.min(len);
    out.array(count);
    if matches!(set, SetRef::Table(_)) && count.saturating_mul(WALK_RATIO) <= len {
        let mut seen = HashSet::default();
        while seen.len() < count {
            // Members of a table are texts.
            if let Some(Item::Str(text)) = set.random(rng)
                && seen.insert(text)
            {
                out.bulk(text);
            }
        }
        return;
    }
    // Each member is taken with the chance that makes every sample as likely.
    let (mut wanted, mut left) = (count as u64, len as u64);
    set.each(|member| {
        if rng.below(left) < wanted {
            items::reply(out, member);
            wanted -= 1;
        }
        left -= 1;
    });
}
