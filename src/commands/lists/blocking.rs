//! List commands that wait until there is an element.
//!
//! Each looks first as its plain sibling would. Finding nothing it asks to be blocked,
//! unless it runs inside a transaction, where it replies as if its time were up.

use super::{
    super::{
        ctx::{Block, Ctx, DONE, Flow, Outcome},
        items,
        row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
    },
    end_arg,
    ends::Mpop,
    limit, popped,
    transfer::transfer,
};
use crate::{
    base::{long_double::LongDouble, num::parse_f64, time::Mono},
    data::list::End,
    keyspace::Type,
    protocol::Error,
    session::blocked::TimeoutReply,
};

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        flags: Flags::WRITE.or(Flags::BLOCKING),
        acl: Acl::LIST,
        since: "2.0.0",
        complexity: "O(N), N the keys",
        summary: "Takes an element off the head of the first list that is not empty, waiting for one.",
        keys: &[KeySpec::range(1, -2, 1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE))],
        args: &[Arg::key("key").multiple(), Arg::double("timeout")],
        history: &[("6.0.0", "The timeout may be a fraction.")],
        ..Row::new("blpop", -3, Group::List, blpop)
    },
    Row {
        flags: Flags::WRITE.or(Flags::BLOCKING),
        acl: Acl::LIST,
        since: "2.0.0",
        complexity: "O(N), N the keys",
        summary: "Takes an element off the tail of the first list that is not empty, waiting for one.",
        keys: &[KeySpec::range(1, -2, 1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE))],
        args: &[Arg::key("key").multiple(), Arg::double("timeout")],
        history: &[("6.0.0", "The timeout may be a fraction.")],
        ..Row::new("brpop", -3, Group::List, brpop)
    },
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM).or(Flags::BLOCKING),
        acl: Acl::LIST,
        since: "6.2.0",
        complexity: "O(1)",
        summary: "Moves an element from an end of one list to an end of another, waiting for one.",
        keys: &[
            KeySpec::at(1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE)),
            KeySpec::at(2, KeyFlags::RW.or(KeyFlags::INSERT)),
        ],
        args: &[
            Arg::key("source"),
            Arg::key_of("destination", 1),
            Arg::one_of("wherefrom", &[Arg::token("left", "LEFT"), Arg::token("right", "RIGHT")]),
            Arg::one_of("whereto", &[Arg::token("left", "LEFT"), Arg::token("right", "RIGHT")]),
            Arg::double("timeout"),
        ],
        ..Row::new("blmove", 6, Group::List, blmove)
    },
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM).or(Flags::BLOCKING),
        acl: Acl::LIST,
        since: "2.2.0",
        complexity: "O(1)",
        summary: "Moves the tail of one list to the head of another, waiting for one.",
        keys: &[
            KeySpec::at(1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE)),
            KeySpec::at(2, KeyFlags::RW.or(KeyFlags::INSERT)),
        ],
        args: &[Arg::key("source"), Arg::key_of("destination", 1), Arg::double("timeout")],
        history: &[("6.0.0", "The timeout may be a fraction.")],
        deprecated: Some(("6.2.0", "`BLMOVE` with the `RIGHT` and `LEFT` arguments")),
        ..Row::new("brpoplpush", 4, Group::List, brpoplpush)
    },
    Row {
        flags: Flags::WRITE.or(Flags::BLOCKING),
        acl: Acl::LIST,
        since: "7.0.0",
        complexity: "O(N+M), N the keys, M the elements taken",
        summary: "Takes elements off an end of the first list that is not empty, waiting for one.",
        keys: &[KeySpec::counted(2, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE))],
        args: &[
            Arg::double("timeout"),
            Arg::int("numkeys"),
            Arg::key("key").multiple(),
            Arg::one_of("where", &[Arg::token("left", "LEFT"), Arg::token("right", "RIGHT")]),
            Arg::int("count").after("COUNT").optional(),
        ],
        ..Row::new("blmpop", -5, Group::List, blmpop)
    },
];

fn blpop(ctx: &mut Ctx) -> Outcome {
    pop(ctx, End::Head)
}

fn brpop(ctx: &mut Ctx) -> Outcome {
    pop(ctx, End::Tail)
}

fn pop(ctx: &mut Ctx, end: End) -> Outcome {
    let (last, limit) = (ctx.argc() - 1, limit(ctx));
    let deadline = deadline_arg(ctx, last)?;
    for i in 1..last {
        let key = ctx.key(i);
        if let Some(mut list) = ctx.keys.edit_list(key, limit)? {
            ctx.out.array(2);
            ctx.out.bulk(key.bytes);
            list.pop(end, |item| items::reply(&mut ctx.out, item));
            list.shrunk(popped(end), 1);
            return DONE;
        }
    }
    wait(ctx, (1..last).collect(), deadline)
}

fn blmpop(ctx: &mut Ctx) -> Outcome {
    let request = Mpop::parse(ctx, 2)?;
    let deadline = deadline_arg(ctx, 1)?;
    if request.run(ctx)? {
        return DONE;
    }
    wait(ctx, request.keys.collect(), deadline)
}

fn blmove(ctx: &mut Ctx) -> Outcome {
    let (from, to) = (end_arg(ctx, 3)?, end_arg(ctx, 4)?);
    transfer_or_wait(ctx, from, to, 5)
}

fn brpoplpush(ctx: &mut Ctx) -> Outcome {
    transfer_or_wait(ctx, End::Tail, End::Head, 3)
}

fn transfer_or_wait(ctx: &mut Ctx, from: End, to: End, timeout: usize) -> Outcome {
    let deadline = deadline_arg(ctx, timeout)?;
    if transfer(ctx, from, to)? {
        return DONE;
    }
    if ctx.session.deny_blocking {
        ctx.out.null();
        return DONE;
    }
    wait(ctx, vec![1], deadline)
}

/// Asks to be blocked on the keys in these arguments.
fn wait(ctx: &mut Ctx, keys: Vec<usize>, deadline: Option<Mono>) -> Outcome {
    if ctx.session.deny_blocking {
        ctx.out.null_array();
        return DONE;
    }
    Ok(Flow::Block(Block { keys, deadline, want: Type::List, on_timeout: TimeoutReply::NullArray }))
}

/// When a timeout in seconds, given in argument `i`, will be over; `None`: never.
fn deadline_arg(ctx: &Ctx, i: usize) -> Result<Option<Mono>, Error> {
    let text = ctx.arg(i);
    LongDouble::parse(text).ok_or(Error::TIMEOUT_NOT_FLOAT)?;
    // What is a long double but no double is beyond any timeout.
    let beyond = if text.contains(&b'-') { f64::NEG_INFINITY } else { f64::INFINITY };
    let ms = (parse_f64(text).unwrap_or(beyond) * 1000.0).ceil();
    if ms < 0.0 {
        return Err(Error::TIMEOUT_NEGATIVE);
    }
    // The bound is 2^63 as a double; what is below it is an integer of 63 bits.
    if ms >= i64::MAX as f64 || ms as u64 > i64::MAX as u64 - ctx.now.wall.0 {
        return Err(Error::TIMEOUT_RANGE);
    }
    let after_ns = (ms as u64).saturating_mul(1_000_000);
    Ok((ms > 0.0).then_some(Mono(ctx.now.mono.0.saturating_add(after_ns))))
}
