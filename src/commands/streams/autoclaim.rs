//! XAUTOCLAIM: taking over whatever has been pending for long.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Arg, Flags, KeyFlags, KeySpec, Row},
    },
    CREATE_CONSUMER,
    journal::{self, Note},
    now_ms, reply_entry, reply_id, row, start_arg,
};
use crate::{
    base::num::parse_i64,
    data::stream::{Id, Stream},
    protocol::Error,
};

/// This file's command.
pub const ROWS: &[Row] = &[Row {
    since: "6.2.0",
    complexity: "O(1) if COUNT is small",
    summary: "Makes a consumer the owner of entries that have been pending in its group for long.",
    keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::DELETE))],
    args: &[
        Arg::key("key"),
        Arg::string("group"),
        Arg::string("consumer"),
        Arg::string("min-idle-time"),
        Arg::string("start"),
        Arg::int("count").after("COUNT").optional(),
        Arg::token("justid", "JUSTID").optional(),
    ],
    tips: &["nondeterministic_output"],
    history: &[("7.0.0", "The reply also has the deleted entries that are pending no more.")],
    ..row("xautoclaim", -6, Flags::WRITE.or(Flags::FAST), xautoclaim)
}];

/// Pending entries looked at for each that may be returned.
const ATTEMPTS_FACTOR: usize = 10;
/// Greatest COUNT: as many ids as an allocation of Valkey's could hold.
const MAX_COUNT: i64 = i64::MAX / 16;

/// Which entries to claim, and how.
struct Claim {
    min_idle_ms: i64,
    start: Id,
    count: usize,
    just_id: bool,
}

impl Claim {
    fn parse(ctx: &Ctx) -> Result<Claim, Error> {
        let min_idle = parse_i64(ctx.arg(4));
        let min_idle_ms = min_idle.ok_or(Error::Static("ERR Invalid min-idle-time argument for XAUTOCLAIM"))?.max(0);
        let mut c = Claim { min_idle_ms, start: start_arg(ctx, 5)?, count: 100, just_id: false };
        let mut i = 6;
        while i < ctx.argc() {
            if ctx.is(i, "COUNT") && i + 1 < ctx.argc() {
                i += 1;
                let count = parse_i64(ctx.arg(i)).filter(|n| (1..=MAX_COUNT).contains(n));
                c.count = count.ok_or(Error::Static("ERR COUNT must be > 0"))? as usize;
            } else if ctx.is(i, "JUSTID") {
                c.just_id = true;
            } else {
                return Err(Error::SYNTAX);
            }
            i += 1;
        }
        Ok(c)
    }
}

fn xautoclaim(ctx: &mut Ctx) -> Outcome {
    let c = Claim::parse(ctx)?;
    let (key, group, consumer, now) = (ctx.key(1), ctx.arg(2), ctx.arg(3), now_ms(ctx));
    let missing = || Error::no_key_or_group(key.bytes, group);
    ctx.journal_only_instead();
    let mut stream = ctx.keys.edit_stream(key)?.ok_or_else(missing)?;
    let (journals, mut notes) = (stream.journals(), Vec::new());
    let Stream { log, groups } = &mut *stream;
    let mut g = groups.get_mut(group).ok_or_else(missing)?;
    let (member, fresh) = g.find_or_create(consumer, now);
    g.saw(member, now);
    let (mut claimed, mut deleted) = (Vec::new(), Vec::new());
    let mut left = c.count;
    let mut next = None;
    // What is pending is looked at first and changed then: neither sees the other.
    for (attempt, p) in g.pending_from(c.start).enumerate() {
        if left == 0 || attempt == c.count * ATTEMPTS_FACTOR {
            next = Some(p.id);
            break;
        }
        if log.get(p.id).is_none() {
            deleted.push(p.id);
            if journals {
                notes.push(Note::pending(&g, p));
            }
        } else if c.min_idle_ms == 0 || now.wrapping_sub(p.delivered_ms) >= c.min_idle_ms {
            claimed.push((p.id, p.deliveries));
        } else {
            continue;
        }
        left -= 1;
    }
    if fresh && claimed.is_empty() && journals {
        notes.push(Note::Consumer(consumer.into()));
    }
    let out = &mut ctx.out;
    out.array(3);
    reply_id(out, next.unwrap_or(Id::MIN));
    out.array(claimed.len());
    for &(id, deliveries) in &claimed {
        g.deliver(id, member, now, deliveries.wrapping_add(u64::from(!c.just_id)));
        g.served(member, now);
        if journals {
            notes.push(Note::pending(&g, g.pending(id).expect("it was delivered")));
        }
        match log.get(id) {
            Some(e) if !c.just_id => reply_entry(out, e),
            _ => reply_id(out, id),
        }
    }
    out.array(deleted.len());
    for &id in &deleted {
        g.acknowledge(id);
        reply_id(out, id);
    }
    drop(g);
    if fresh {
        stream.raise(CREATE_CONSUMER);
    }
    stream.changed_aside(u64::from(fresh) + (claimed.len() + deleted.len()) as u64);
    journal::write(ctx, key.bytes, group, &notes);
    DONE
}
