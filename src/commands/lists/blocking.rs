//! List commands that wait until there is an element.
//!
//! Each looks first as its plain sibling would. Finding nothing it asks to be blocked,
//! unless it runs inside a transaction, where it replies as if its time were up.

use super::{
    super::{
        args::{Mpop, deadline, wait},
        ctx::{Ctx, DONE, Outcome},
        items,
        row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
    },
    end_arg,
    ends::{pop_first, pop_name},
    limit, popped,
    transfer::transfer,
};
use crate::{data::list::End, keyspace::Type};
use smallvec::SmallVec;
use std::iter;

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
    let deadline = deadline(ctx, last)?;
    for i in 1..last {
        let key = ctx.key(i);
        let Some(mut list) = ctx.keys.edit_list(key, limit)? else { continue };
        ctx.out.array(2);
        ctx.out.bulk(key.bytes);
        list.pop(end, |item| items::reply(&mut ctx.out, item));
        list.shrunk(popped(end), 1);
        ctx.journal_instead(&[pop_name(end), key.bytes]);
        return DONE;
    }
    wait(ctx, (1..last).collect(), deadline, Type::List)
}

fn blmpop(ctx: &mut Ctx) -> Outcome {
    let request = Mpop::parse(ctx, 2, end_arg)?;
    let deadline = deadline(ctx, 1)?;
    if pop_first(ctx, &request)? {
        return DONE;
    }
    wait(ctx, request.keys.collect(), deadline, Type::List)
}

fn blmove(ctx: &mut Ctx) -> Outcome {
    let (from, to) = (end_arg(ctx, 3)?, end_arg(ctx, 4)?);
    transfer_or_wait(ctx, from, to, 5, b"LMOVE")
}

fn brpoplpush(ctx: &mut Ctx) -> Outcome {
    transfer_or_wait(ctx, End::Tail, End::Head, 3, b"RPOPLPUSH")
}

/// `plain`: the command that does the same without waiting, with all arguments up to the timeout.
fn transfer_or_wait(ctx: &mut Ctx, from: End, to: End, timeout: usize, plain: &[u8]) -> Outcome {
    let deadline = deadline(ctx, timeout)?;
    if transfer(ctx, from, to)? {
        if ctx.journals() {
            let args: SmallVec<[&[u8]; 5]> = iter::once(plain).chain((1..timeout).map(|i| ctx.arg(i))).collect();
            ctx.journal_instead(&args);
        }
        return DONE;
    }
    if ctx.session.deny_blocking {
        ctx.out.null();
        return DONE;
    }
    wait(ctx, vec![1], deadline, Type::List)
}
