//! Changing a list elsewhere than at its ends.

use super::{
    super::{
        args::{span, symmetric},
        ctx::{Ctx, DONE, Outcome},
        row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
    },
    limit,
};
use crate::{
    base::num::parse_i64,
    data::list::{End, Side},
    keyspace::Event,
    protocol::Error,
};

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM),
        acl: Acl::LIST,
        since: "1.0.0",
        complexity: "O(N), N the way from the nearer end",
        summary: "Replaces one element of a list.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::UPDATE))],
        args: &[Arg::key("key"), Arg::int("index"), Arg::string("element")],
        ..Row::new("lset", 4, Group::List, lset)
    },
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM),
        acl: Acl::LIST,
        since: "2.2.0",
        complexity: "O(N), N the elements before the pivot",
        summary: "Puts an element beside the first one that equals a pivot.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::INSERT))],
        args: &[
            Arg::key("key"),
            Arg::one_of("where", &[Arg::token("before", "BEFORE"), Arg::token("after", "AFTER")]),
            Arg::string("pivot"),
            Arg::string("element"),
        ],
        ..Row::new("linsert", 5, Group::List, linsert)
    },
    Row {
        flags: Flags::WRITE,
        acl: Acl::LIST,
        since: "1.0.0",
        complexity: "O(N+M), N the list's length, M the elements removed",
        summary: "Removes elements that equal a value.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::DELETE))],
        args: &[Arg::key("key"), Arg::int("count"), Arg::string("element")],
        ..Row::new("lrem", 4, Group::List, lrem)
    },
    Row {
        flags: Flags::WRITE,
        acl: Acl::LIST,
        since: "1.0.0",
        complexity: "O(N), N the elements removed",
        summary: "Removes all elements of a list but those between two positions.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::DELETE))],
        args: &[Arg::key("key"), Arg::int("start"), Arg::int("stop")],
        ..Row::new("ltrim", 4, Group::List, ltrim)
    },
];

fn lset(ctx: &mut Ctx) -> Outcome {
    let (key, limit, element) = (ctx.key(1), limit(ctx), ctx.arg(3));
    let Some(mut list) = ctx.keys.edit_list(key, limit)? else { return Err(Error::NO_KEY) };
    let index = parse_i64(ctx.args.at(2)).ok_or(Error::NOT_INT)?;
    list.grow(element.len(), 1);
    if !list.set(index, element.into()) {
        return Err(Error::OUT_OF_RANGE);
    }
    list.shrunk(Event::list("lset"), 1);
    ctx.out.ok();
    DONE
}

fn linsert(ctx: &mut Ctx) -> Outcome {
    let side = match () {
        () if ctx.is(2, "BEFORE") => Side::Before,
        () if ctx.is(2, "AFTER") => Side::After,
        () => return Err(Error::SYNTAX),
    };
    let (key, limit, element) = (ctx.key(1), limit(ctx), ctx.arg(4));
    let Some(mut list) = ctx.keys.edit_list(key, limit)? else {
        ctx.out.int(0);
        return DONE;
    };
    list.grow(element.len(), 1);
    if list.insert(ctx.args.at(3), side, element.into()) {
        ctx.out.int(list.len() as i64);
        list.grown(Event::list("linsert"), 1);
    } else {
        ctx.out.int(-1);
    }
    DONE
}

fn lrem(ctx: &mut Ctx) -> Outcome {
    let (key, limit) = (ctx.key(1), limit(ctx));
    let count = symmetric(ctx, 2)?;
    let end = if count < 0 { End::Tail } else { End::Head };
    let max = if count == 0 { usize::MAX } else { count.unsigned_abs() as usize };
    let mut removed = 0;
    if let Some(mut list) = ctx.keys.edit_list(key, limit)? {
        removed = list.remove_value(ctx.args.at(3), max, end);
        if removed > 0 {
            list.shrunk(Event::list("lrem"), removed as u64);
        }
    }
    ctx.out.int(removed as i64);
    DONE
}

fn ltrim(ctx: &mut Ctx) -> Outcome {
    let (key, limit) = (ctx.key(1), limit(ctx));
    let start = parse_i64(ctx.arg(2)).ok_or(Error::NOT_INT)?;
    let stop = parse_i64(ctx.arg(3)).ok_or(Error::NOT_INT)?;
    if let Some(mut list) = ctx.keys.edit_list(key, limit)? {
        let len = list.len();
        let keep = span(start, stop, len);
        let removed = len - keep.len();
        list.trim(keep);
        list.shrunk(Event::list("ltrim"), removed as u64);
    }
    ctx.out.ok();
    DONE
}
