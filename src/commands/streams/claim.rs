//! XCLAIM: taking over entries that are pending for somebody.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Arg, Flags, KeyFlags, KeySpec, Row},
    },
    CREATE_CONSUMER, id_arg,
    journal::{self, Note},
    now_ms, reply_entry, reply_id, row,
};
use crate::{
    base::num::parse_i64,
    data::stream::{Id, Stream},
    protocol::Error,
};

/// This file's command.
pub const ROWS: &[Row] = &[Row {
    complexity: "O(log N) for each id, N the group's pending entries",
    summary: "Makes a consumer the owner of entries that are pending in its group.",
    keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::UPDATE))],
    args: &[
        Arg::key("key"),
        Arg::string("group"),
        Arg::string("consumer"),
        Arg::string("min-idle-time"),
        Arg::string("ID").multiple(),
        Arg::int("ms").after("IDLE").optional(),
        Arg::unix_time("unix-time-milliseconds").after("TIME").optional(),
        Arg::int("count").after("RETRYCOUNT").optional(),
        Arg::token("force", "FORCE").optional(),
        Arg::token("justid", "JUSTID").optional(),
        Arg::string("lastid").after("LASTID").optional(),
    ],
    tips: &["nondeterministic_output"],
    ..row("xclaim", -6, Flags::WRITE.or(Flags::FAST), xclaim)
}];

/// Which entries to claim, and how.
struct Claim {
    min_idle_ms: i64,
    ids: Vec<Id>,
    /// As of when the entries count as delivered.
    delivered_ms: i64,
    deliveries: Option<u64>,
    force: bool,
    just_id: bool,
    last_id: Id,
}

impl Claim {
    fn parse(ctx: &Ctx) -> Result<Claim, Error> {
        let now = now_ms(ctx);
        let min_idle = parse_i64(ctx.arg(4));
        let min_idle_ms = min_idle.ok_or(Error::Static("ERR Invalid min-idle-time argument for XCLAIM"))?.max(0);
        let ids: Vec<Id> = (5..ctx.argc()).map_while(|i| id_arg(ctx, i).ok()).collect();
        let mut i = 5 + ids.len();
        let (delivered_ms, deliveries) = (now, None);
        let mut c =
            Claim { min_idle_ms, ids, delivered_ms, deliveries, force: false, just_id: false, last_id: Id::MIN };
        while i < ctx.argc() {
            let more = i + 1 < ctx.argc();
            let number = |error| parse_i64(ctx.arg(i + 1)).ok_or(Error::Static(error));
            if ctx.is(i, "FORCE") {
                c.force = true;
                i += 1;
                continue;
            }
            if ctx.is(i, "JUSTID") {
                c.just_id = true;
                i += 1;
                continue;
            }
            if more && ctx.is(i, "IDLE") {
                c.delivered_ms = now.wrapping_sub(number("ERR Invalid IDLE option argument for XCLAIM")?);
            } else if more && ctx.is(i, "TIME") {
                c.delivered_ms = number("ERR Invalid TIME option argument for XCLAIM")?;
            } else if more && ctx.is(i, "RETRYCOUNT") {
                let n = number("ERR Invalid RETRYCOUNT option argument for XCLAIM")?;
                // A log writes a count of 64 bits.
                c.deliveries = (n >= 0 || ctx.keys.access.replays()).then_some(n as u64);
            } else if more && ctx.is(i, "LASTID") {
                c.last_id = id_arg(ctx, i + 1)?;
            } else {
                return Err(Error::xclaim_option(ctx.arg(i)));
            }
            i += 2;
        }
        // Clients reckon with clocks of their own: a time that cannot be is now. A log means it.
        if !(0..=now).contains(&c.delivered_ms) && !ctx.keys.access.replays() {
            c.delivered_ms = now;
        }
        Ok(c)
    }
}

fn xclaim(ctx: &mut Ctx) -> Outcome {
    let (key, group, consumer, now) = (ctx.key(1), ctx.arg(2), ctx.arg(3), now_ms(ctx));
    let claim = Claim::parse(ctx);
    ctx.journal_only_instead();
    let missing = || Error::no_key_or_group(key.bytes, group);
    let mut stream = ctx.keys.edit_stream(key)?.ok_or_else(missing)?;
    let (journals, mut notes) = (stream.journals(), Vec::new());
    let Stream { log, groups } = &mut *stream;
    let mut g = groups.get_mut(group).ok_or_else(missing)?;
    let c = claim?;
    let mut told_last_id = c.last_id <= g.last_id;
    g.last_id = g.last_id.max(c.last_id);
    let (member, fresh) = g.find_or_create(consumer, now);
    g.saw(member, now);
    let (mut changes, array, mut n) = (u64::from(fresh), ctx.out.begin_array(), 0);
    for &id in &c.ids {
        let pending = g.pending(id).cloned();
        let Some(entry) = log.get(id) else {
            if let Some(p) = pending.filter(|_| journals) {
                notes.push(Note::pending(&g, &p));
            }
            if g.acknowledge(id) {
                changes += 1;
                told_last_id = true;
            }
            continue;
        };
        let deliveries = match &pending {
            Some(p) if c.min_idle_ms > 0 && now.wrapping_sub(p.delivered_ms) < c.min_idle_ms => continue,
            Some(p) => p.deliveries,
            None if c.force => 1,
            None => continue,
        };
        let more = u64::from(!c.just_id);
        g.deliver(id, member, c.delivered_ms, c.deliveries.unwrap_or(deliveries.wrapping_add(more)));
        g.served(member, now);
        if journals {
            notes.push(Note::pending(&g, g.pending(id).expect("it was delivered")));
        }
        if c.just_id {
            reply_id(&mut ctx.out, id);
        } else {
            reply_entry(&mut ctx.out, entry);
        }
        n += 1;
        changes += 1;
        told_last_id = true;
    }
    ctx.out.end(array, n);
    if fresh && n == 0 && journals {
        notes.insert(0, Note::Consumer(consumer.into()));
    }
    if !told_last_id && journals {
        notes.push(Note::read(&g));
    }
    drop(g);
    if fresh {
        stream.raise(CREATE_CONSUMER);
    }
    stream.changed_aside(changes + u64::from(!told_last_id));
    journal::write(ctx, key.bytes, group, &notes);
    DONE
}
