//! Asking for members, and walking over them.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        items,
        row::{Arg, Flags, Row},
        scan_value::{self, Options},
    },
    ASK, NO_DETERMINISM, NO_ORDER, READ, row,
};
use crate::keyspace::set::SetRef;

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        summary: "Tells whether a set has a member.",
        keys: ASK,
        args: &[Arg::key("key"), Arg::string("member")],
        element: 2,
        ..row("sismember", 3, Flags::READONLY.or(Flags::FAST), sismember)
    },
    Row {
        since: "6.2.0",
        complexity: "O(N), N the members asked for",
        summary: "Tells for each of several texts whether a set has it as a member.",
        keys: READ,
        args: &[Arg::key("key"), Arg::string("member").multiple()],
        element: 2,
        ..row("smismember", -3, Flags::READONLY.or(Flags::FAST), smismember)
    },
    Row {
        complexity: "O(N), N the set's size",
        summary: "Shows all members of a set.",
        keys: READ,
        args: &[Arg::key("key")],
        tips: NO_ORDER,
        ..row("smembers", 2, Flags::READONLY, smembers)
    },
    Row {
        summary: "Tells how many members a set has.",
        keys: ASK,
        args: &[Arg::key("key")],
        ..row("scard", 2, Flags::READONLY.or(Flags::FAST), scard)
    },
    Row {
        since: "2.8.0",
        complexity: "O(1) a step, O(N) the whole walk, N the set's size",
        summary: "Walks over the members of a set in steps.",
        keys: READ,
        args: &[
            Arg::key("key"),
            Arg::int("cursor"),
            Arg::pattern("pattern").after("MATCH").optional(),
            Arg::int("count").after("COUNT").optional(),
        ],
        tips: NO_DETERMINISM,
        ..row("sscan", -3, Flags::READONLY, sscan)
    },
];

fn sismember(ctx: &mut Ctx) -> Outcome {
    let (key, member) = (ctx.key(1), ctx.arg(2));
    let entry = ctx.keys.read_set(key)?;
    ctx.out.int(entry.is_some_and(|e| SetRef::of(&e).contains(member)).into());
    DONE
}

fn smismember(ctx: &mut Ctx) -> Outcome {
    let key = ctx.key(1);
    let entry = ctx.keys.read_set(key)?;
    let set = entry.as_ref().map(|e| SetRef::of(e));
    ctx.out.array(ctx.args.len() - 2);
    ctx.args.from(2).for_each(|member| ctx.out.int(set.is_some_and(|s| s.contains(member)).into()));
    DONE
}

fn smembers(ctx: &mut Ctx) -> Outcome {
    let key = ctx.key(1);
    let Some(e) = ctx.keys.read_set(key)? else {
        ctx.out.set(0);
        return DONE;
    };
    let set = SetRef::of(&e);
    ctx.out.set(set.len());
    set.each(|member| items::reply(&mut ctx.out, member));
    DONE
}

fn scard(ctx: &mut Ctx) -> Outcome {
    let key = ctx.key(1);
    let len = ctx.keys.read_set(key)?.map_or(0, |e| SetRef::of(&e).len());
    ctx.out.int(len as i64);
    DONE
}

fn sscan(ctx: &mut Ctx) -> Outcome {
    let (key, cursor) = (ctx.key(1), scan_value::cursor(ctx)?);
    let Some(e) = ctx.keys.read_set(key)? else {
        return scan_value::reply_nothing(&mut ctx.out);
    };
    let (set, options) = (SetRef::of(&e), Options::parse(*ctx.args, None)?);
    scan_value::reply(&mut ctx.out, cursor, &options, |cursor, out, tally| {
        set.scan(cursor, |member| {
            tally.seen += 1;
            if options.wants(member) {
                items::reply(out, member);
                tally.replied += 1;
            }
        })
    })
}
