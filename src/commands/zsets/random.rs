//! Random members.

use super::{
    super::{
        args::symmetric,
        ctx::{Ctx, DONE, Outcome},
        items,
        row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
    },
    reply_member,
};
use crate::{
    base::{hash::HashSet, prng::Prng},
    keyspace::zset::ZsetRef,
    protocol::{Error, Reply},
};

/// This file's commands.
pub const ROWS: &[Row] = &[Row {
    flags: Flags::READONLY,
    acl: Acl::SORTEDSET,
    since: "6.2.0",
    complexity: "O(N*log(M)), N the members shown, M the size of the sorted set",
    summary: "Shows random members of a sorted set.",
    keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
    args: &[
        Arg::key("key"),
        Arg::block("options", &[Arg::int("count"), Arg::token("withscores", "WITHSCORES").optional()]).optional(),
    ],
    tips: &["nondeterministic_output"],
    ..Row::new("zrandmember", -2, Group::SortedSet, zrandmember)
}];

/// A set this many times the size of the sample is drawn from; a smaller one is walked.
const WALK_RATIO: usize = 3;

fn zrandmember(ctx: &mut Ctx) -> Outcome {
    ctx.stop_when_futile();
    let key = ctx.key(1);
    let request = if ctx.argc() > 2 { Some(parse(ctx)?) } else { None };
    let mut rng = Prng::new(ctx.keys.rng.next_u64());
    let e = ctx.keys.read_zset(key)?;
    let set = e.as_ref().map(|e| ZsetRef::of(e));
    let out = &mut ctx.out;
    match (set, request) {
        (Some(set), None) => {
            let rank = rng.below(set.len() as u64) as usize;
            set.range(rank..rank + 1, false).for_each(|(member, _)| items::reply(out, member));
        }
        (None, None) => out.null(),
        (Some(set), Some((count, scores))) if count < 0 => {
            with_repeats(set, count.unsigned_abs() as usize, scores, &mut rng, out);
        }
        (Some(set), Some((count, scores))) => without_repeats(set, count as usize, scores, &mut rng, out),
        (None, Some(_)) => out.array(0),
    }
    DONE
}

/// The count, and whether scores are wanted.
fn parse(ctx: &Ctx) -> Result<(i64, bool), Error> {
    let count = symmetric(ctx, 2)?;
    let scores = ctx.is(3, "WITHSCORES");
    if ctx.argc() > 4 || ctx.argc() == 4 && !scores {
        return Err(Error::SYNTAX);
    }
    // No set has more members than this, so only a sample with repeats could be longer; it
    // would not fit the machine.
    if scores && count.unsigned_abs() > i64::MAX as u64 / 2 || count < -i64::from(u32::MAX) {
        return Err(Error::VALUE_OUT_OF_RANGE);
    }
    Ok((count, scores))
}

fn begin(out: &mut Reply, n: usize, scores: bool) {
    out.array(if scores && !out.resp3 { 2 * n } else { n });
}

fn with_repeats(set: ZsetRef, count: usize, scores: bool, rng: &mut Prng, out: &mut Reply) {
    begin(out, count, scores);
    match set {
        ZsetRef::Packed(_) => {
            let members: Vec<_> = set.all().collect();
            items::repeat(out, count, |out| {
                let (member, score) = members[rng.below(members.len() as u64) as usize];
                reply_member(out, scores, member, score);
            });
        }
        ZsetRef::Tree(_) => {
            let len = set.len() as u64;
            items::repeat(out, count, |out| {
                let rank = rng.below(len) as usize;
                set.range(rank..rank + 1, false).for_each(|(member, score)| reply_member(out, scores, member, score));
            });
        }
    }
}

fn without_repeats(set: ZsetRef, count: usize, scores: bool, rng: &mut Prng, out: &mut Reply) {
    let len = set.len();
    let count = count.min(len);
    begin(out, count, scores);
    match set {
        ZsetRef::Tree(_) if count.saturating_mul(WALK_RATIO) <= len => {
            let mut seen = HashSet::default();
            while seen.len() < count {
                let rank = rng.below(len as u64) as usize;
                if seen.insert(rank) {
                    set.range(rank..rank + 1, false)
                        .for_each(|(member, score)| reply_member(out, scores, member, score));
                }
            }
        }
        _ => {
            // Each member is taken with the chance that makes every sample as likely.
            let (mut wanted, mut left) = (count as u64, len as u64);
            for (member, score) in set.all() {
                if rng.below(left) < wanted {
                    reply_member(out, scores, member, score);
                    wanted -= 1;
                }
                left -= 1;
            }
        }
    }
}
