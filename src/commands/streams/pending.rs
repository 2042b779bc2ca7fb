//! XACK and XPENDING: what has been delivered and not acknowledged.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Arg, Flags, KeyFlags, KeySpec, Row},
    },
    count_arg, end_arg, id_args, now_ms, reply_id, row, start_arg,
};
use crate::{
    data::stream::{Group, Id},
    keyspace::stream,
    protocol::{Error, Reply},
};

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        complexity: "O(1) for each id",
        summary: "Acknowledges entries that are pending in a group.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::UPDATE))],
        args: &[Arg::key("key"), Arg::string("group"), Arg::string("ID").multiple()],
        ..row("xack", -4, Flags::WRITE.or(Flags::FAST), xack)
    },
    Row {
        complexity: "O(N), N the entries returned, or with IDLE those looked at",
        summary: "Tells what is pending in a group.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[
            Arg::key("key"),
            Arg::string("group"),
            Arg::block(
                "filters",
                &[
                    Arg::int("min-idle-time").after("IDLE").optional().since("6.2.0"),
                    Arg::string("start"),
                    Arg::string("end"),
                    Arg::int("count"),
                    Arg::string("consumer").optional(),
                ],
            )
            .optional(),
        ],
        tips: &["nondeterministic_output"],
        history: &[("6.2.0", "IDLE; ranges may leave their ends out.")],
        ..row("xpending", -3, Flags::READONLY, xpending)
    },
];

fn xack(ctx: &mut Ctx) -> Outcome {
    let (key, group) = (ctx.key(1), ctx.arg(2));
    let ids = id_args(ctx, 3);
    let mut acknowledged = 0;
    if let Some(mut stream) = ctx.keys.edit_stream(key)? {
        if let Some(mut g) = stream.groups.get_mut(group) {
            acknowledged = ids?.into_iter().filter(|id| g.acknowledge(*id)).count() as u64;
        }
        stream.changed_aside(acknowledged);
    }
    ctx.out.int(acknowledged as i64);
    DONE
}

/// Which pending entries are asked for.
struct Filter<'a> {
    min_idle_ms: i64,
    start: Id,
    end: Id,
    count: usize,
    consumer: Option<&'a [u8]>,
}

impl<'a> Filter<'a> {
    /// The filter, if the arguments have one.
    fn parse(ctx: &Ctx<'a, '_>) -> Result<Option<Filter<'a>>, Error> {
        match ctx.argc() {
            3 => return Ok(None),
            6..=9 => {}
            _ => return Err(Error::SYNTAX),
        }
        let (mut min_idle_ms, mut at) = (0, 3);
        if ctx.is(3, "IDLE") {
            min_idle_ms = ctx.int(4)?;
            if ctx.argc() < 8 {
                return Err(Error::SYNTAX);
            }
            at = 5;
        }
        let count = count_arg(ctx, at + 2)?;
        let (start, end) = (start_arg(ctx, at)?, end_arg(ctx, at + 1)?);
        Ok(Some(Filter { min_idle_ms, start, end, count, consumer: ctx.args.get(at + 3) }))
    }
}

fn xpending(ctx: &mut Ctx) -> Outcome {
    let filter = Filter::parse(ctx)?;
    let (key, group, now) = (ctx.key(1), ctx.arg(2), now_ms(ctx));
    let found = ctx.keys.read_stream(key)?;
    let g = found.as_ref().and_then(|e| stream::of(e).groups.get(group));
    let g = g.ok_or_else(|| Error::no_key_or_group(key.bytes, group))?;
    match filter {
        None => summary(&mut ctx.out, g),
        Some(f) => list(&mut ctx.out, g, &f, now),
    }
    DONE
}

fn summary(out: &mut Reply, g: &Group) {
    out.array(4);
    out.int(g.pending_len() as i64);
    let (Some(first), Some(last)) = (g.pending_from(Id::MIN).next(), g.last_pending()) else {
        out.null();
        out.null();
        return out.null_array();
    };
    reply_id(out, first.id);
    reply_id(out, last);
    let busy = || g.consumers().filter(|c| c.pending_len() > 0);
    out.array(busy().count());
    for c in busy() {
        out.array(2);
        out.bulk(&c.name);
        out.bulk_int(c.pending_len() as i64);
    }
}

fn list(out: &mut Reply, g: &Group, f: &Filter, now: i64) {
    let own = match f.consumer.map(|name| g.find(name)) {
        None => None,
        Some(Some(n)) => Some(g.consumer(n)),
        Some(None) => return out.array(0),
    };
    let (array, mut n) = (out.begin_array(), 0);
    let mut id = f.start;
    // A consumer knows only ids; what is pending for them is the group's to say.
    let mut all = g.pending_from(f.start);
    let mut own = own.map(|c| c.pending_from(f.start));
    while n < f.count {
        let next = match &mut own {
            Some(ids) => ids.next().and_then(|id| g.pending(id)),
            None => all.next(),
        };
        let Some(p) = next.filter(|p| p.id <= f.end) else { break };
        debug_assert!(p.id >= id);
        id = p.id;
        let idle = now.wrapping_sub(p.delivered_ms);
        if f.min_idle_ms != 0 && idle < f.min_idle_ms {
            continue;
        }
        out.array(4);
        reply_id(out, p.id);
        out.bulk(&g.consumer(p.owner()).name);
        out.int(idle.max(0));
        out.int(p.deliveries as i64);
        n += 1;
    }
    out.end(array, n);
}
