//! Reading a list.

use super::super::{
    args::{at_least, span, symmetric},
    ctx::{Ctx, DONE, Outcome},
    items,
    row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
};
use crate::{base::num::parse_i64, data::list::PositionQuery, keyspace::list::ListRef, protocol::Error};

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        flags: Flags::READONLY.or(Flags::FAST),
        acl: Acl::LIST,
        since: "1.0.0",
        complexity: "O(1)",
        summary: "Tells how many elements a list has.",
        keys: &[KeySpec::at(1, KeyFlags::RO)],
        args: &[Arg::key("key")],
        ..Row::new("llen", 2, Group::List, llen)
    },
    Row {
        flags: Flags::READONLY,
        acl: Acl::LIST,
        since: "1.0.0",
        complexity: "O(S+N), S the way from the nearer end, N the elements shown",
        summary: "Shows the elements of a list between two positions.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::key("key"), Arg::int("start"), Arg::int("stop")],
        ..Row::new("lrange", 4, Group::List, lrange)
    },
    Row {
        flags: Flags::READONLY,
        acl: Acl::LIST,
        since: "1.0.0",
        complexity: "O(N), N the way from the nearer end",
        summary: "Shows one element of a list.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::key("key"), Arg::int("index")],
        ..Row::new("lindex", 3, Group::List, lindex)
    },
    Row {
        flags: Flags::READONLY,
        acl: Acl::LIST,
        since: "6.0.6",
        complexity: "O(N), N the elements looked at",
        summary: "Tells where in a list elements equal a value.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[
            Arg::key("key"),
            Arg::string("element"),
            Arg::int("rank").after("RANK").optional(),
            Arg::int("num-matches").after("COUNT").optional(),
            Arg::int("len").after("MAXLEN").optional(),
        ],
        ..Row::new("lpos", -3, Group::List, lpos)
    },
];

fn llen(ctx: &mut Ctx) -> Outcome {
    let key = ctx.key(1);
    let len = ctx.keys.read_list(key)?.map_or(0, |e| ListRef::of(&e).len());
    ctx.out.int(len as i64);
    DONE
}

fn lrange(ctx: &mut Ctx) -> Outcome {
    let key = ctx.key(1);
    let start = parse_i64(ctx.arg(2)).ok_or(Error::NOT_INT)?;
    let stop = parse_i64(ctx.arg(3)).ok_or(Error::NOT_INT)?;
    let Some(e) = ctx.keys.read_list(key)? else {
        ctx.out.array(0);
        return DONE;
    };
    let list = ListRef::of(&e);
    let range = span(start, stop, list.len());
    ctx.out.array(range.len());
    list.each(range, |item| items::reply(&mut ctx.out, item));
    DONE
}

fn lindex(ctx: &mut Ctx) -> Outcome {
    let key = ctx.key(1);
    let Some(e) = ctx.keys.read_list(key)? else {
        ctx.out.null();
        return DONE;
    };
    let index = parse_i64(ctx.args.at(2)).ok_or(Error::NOT_INT)?;
    match ListRef::of(&e).get(index) {
        Some(item) => items::reply(&mut ctx.out, item),
        None => ctx.out.null(),
    }
    DONE
}

const RANK_ZERO: Error = Error::Static(
    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list",
);

fn lpos(ctx: &mut Ctx) -> Outcome {
    let key = ctx.key(1);
    let mut query = PositionQuery { text: ctx.arg(2), rank: 1, count: 1, max_len: 0 };
    let (mut many, mut i) = (false, 3);
    while i < ctx.argc() {
        let has_value = i + 1 < ctx.argc();
        if ctx.is(i, "RANK") && has_value {
            query.rank = symmetric(ctx, i + 1)?;
            if query.rank == 0 {
                return Err(RANK_ZERO);
            }
        } else if ctx.is(i, "COUNT") && has_value {
            query.count = at_least(ctx, i + 1, 0, "ERR COUNT can't be negative")?;
            many = true;
        } else if ctx.is(i, "MAXLEN") && has_value {
            query.max_len = at_least(ctx, i + 1, 0, "ERR MAXLEN can't be negative")?;
        } else {
            return Err(Error::SYNTAX);
        }
        i += 2;
    }
    let found = ctx.keys.read_list(key)?;
    if many {
        let (array, mut n) = (ctx.out.begin_array(), 0);
        if let Some(e) = found {
            ListRef::of(&e).positions(&query, |at| {
                ctx.out.int(at as i64);
                n += 1;
            });
        }
        ctx.out.end(array, n);
        return DONE;
    }
    let mut first = None;
    if let Some(e) = found {
        ListRef::of(&e).positions(&query, |at| first = Some(at));
    }
    match first {
        Some(at) => ctx.out.int(at as i64),
        None => ctx.out.null(),
    }
    DONE
}
