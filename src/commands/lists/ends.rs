//! Adding and taking elements at the ends of a list.

use super::{
    super::{
        args::{Mpop, at_least},
        ctx::{Ctx, DONE, Outcome},
        items,
        row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
    },
    end_arg, limit, popped, pushed,
};
use crate::{
    data::list::End,
    keyspace::list::ListMut,
    protocol::{Error, Reply},
};

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        acl: Acl::LIST,
        since: "1.0.0",
        complexity: "O(N), N the elements added",
        summary: "Puts elements before the head of a list, making the list if needed.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::INSERT))],
        args: &[Arg::key("key"), Arg::string("element").multiple()],
        history: &[("2.4.0", "Takes several elements.")],
        ..Row::new("lpush", -3, Group::List, lpush)
    },
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        acl: Acl::LIST,
        since: "1.0.0",
        complexity: "O(N), N the elements added",
        summary: "Puts elements behind the tail of a list, making the list if needed.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::INSERT))],
        args: &[Arg::key("key"), Arg::string("element").multiple()],
        history: &[("2.4.0", "Takes several elements.")],
        ..Row::new("rpush", -3, Group::List, rpush)
    },
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        acl: Acl::LIST,
        since: "2.2.0",
        complexity: "O(N), N the elements added",
        summary: "Puts elements before the head of a list that exists.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::INSERT))],
        args: &[Arg::key("key"), Arg::string("element").multiple()],
        history: &[("4.0.0", "Takes several elements.")],
        ..Row::new("lpushx", -3, Group::List, lpushx)
    },
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        acl: Acl::LIST,
        since: "2.2.0",
        complexity: "O(N), N the elements added",
        summary: "Puts elements behind the tail of a list that exists.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::INSERT))],
        args: &[Arg::key("key"), Arg::string("element").multiple()],
        history: &[("4.0.0", "Takes several elements.")],
        ..Row::new("rpushx", -3, Group::List, rpushx)
    },
    Row {
        flags: Flags::WRITE.or(Flags::FAST),
        acl: Acl::LIST,
        since: "1.0.0",
        complexity: "O(N), N the elements taken",
        summary: "Takes elements off the head of a list.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE))],
        args: &[Arg::key("key"), Arg::int("count").optional().since("6.2.0")],
        history: &[("6.2.0", "Takes a count.")],
        ..Row::new("lpop", -2, Group::List, lpop)
    },
    Row {
        flags: Flags::WRITE.or(Flags::FAST),
        acl: Acl::LIST,
        since: "1.0.0",
        complexity: "O(N), N the elements taken",
        summary: "Takes elements off the tail of a list.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE))],
        args: &[Arg::key("key"), Arg::int("count").optional().since("6.2.0")],
        history: &[("6.2.0", "Takes a count.")],
        ..Row::new("rpop", -2, Group::List, rpop)
    },
    Row {
        flags: Flags::WRITE,
        acl: Acl::LIST,
        since: "7.0.0",
        complexity: "O(N+M), N the keys, M the elements taken",
        summary: "Takes elements off an end of the first list that is not empty.",
        keys: &[KeySpec::counted(1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE))],
        args: &[
            Arg::int("numkeys"),
            Arg::key("key").multiple(),
            Arg::one_of("where", &[Arg::token("left", "LEFT"), Arg::token("right", "RIGHT")]),
            Arg::int("count").after("COUNT").optional(),
        ],
        ..Row::new("lmpop", -4, Group::List, lmpop)
    },
];

fn lpush(ctx: &mut Ctx) -> Outcome {
    push(ctx, End::Head)
}

fn rpush(ctx: &mut Ctx) -> Outcome {
    push(ctx, End::Tail)
}

fn lpushx(ctx: &mut Ctx) -> Outcome {
    push_existing(ctx, End::Head)
}

fn rpushx(ctx: &mut Ctx) -> Outcome {
    push_existing(ctx, End::Tail)
}

fn lpop(ctx: &mut Ctx) -> Outcome {
    pop(ctx, End::Head)
}

fn rpop(ctx: &mut Ctx) -> Outcome {
    pop(ctx, End::Tail)
}

#[inline]
fn push(ctx: &mut Ctx, end: End) -> Outcome {
    let (key, limit) = (ctx.key(1), limit(ctx));
    let list = ctx.keys.upsert_list(key, limit)?;
    let len = push_args(list, ctx.args.from(2), end);
    ctx.out.int(len as i64);
    DONE
}

fn push_existing(ctx: &mut Ctx, end: End) -> Outcome {
    let (key, limit) = (ctx.key(1), limit(ctx));
    let len = match ctx.keys.edit_list(key, limit)? {
        Some(list) => push_args(list, ctx.args.from(2), end),
        None => 0,
    };
    ctx.out.int(len as i64);
    DONE
}

/// Adds all of `elements` at an end, one after the other; returns the list's length.
#[inline]
fn push_args<'t>(mut list: ListMut, elements: impl ExactSizeIterator<Item = &'t [u8]> + Clone, end: End) -> usize {
    let count = elements.len();
    let len = list.push_all(end, elements);
    list.grown(pushed(end), count as u64);
    len
}

#[inline]
fn pop(ctx: &mut Ctx, end: End) -> Outcome {
    let (key, limit) = (ctx.key(1), limit(ctx));
    match ctx.argc() {
        2 => match ctx.keys.edit_list(key, limit)? {
            Some(mut list) => {
                list.pop(end, |item| items::reply(&mut ctx.out, item));
                list.shrunk(popped(end), 1);
            }
            None => ctx.out.null(),
        },
        3 => {
            let count = at_least(ctx, 2, 0, "ERR value is out of range, must be positive")?;
            match ctx.keys.edit_list(key, limit)? {
                Some(_) if count == 0 => ctx.out.array(0),
                Some(list) => pop_many(list, end, count, &mut ctx.out),
                None => ctx.out.null_array(),
            }
        }
        _ => return Err(Error::wrong_arity(ctx.row.name)),
    }
    DONE
}

/// Takes up to `count` elements off an end and replies them in the order taken.
fn pop_many(mut list: ListMut, end: End, count: usize, out: &mut Reply) {
    let len = list.len();
    let count = count.min(len);
    out.array(count);
    let keep = match end {
        End::Head => {
            list.get().each(0..count, |item| items::reply(out, item));
            count..len
        }
        End::Tail => {
            list.get().range(len - count..len).rev().for_each(|item| items::reply(out, item));
            0..len - count
        }
    };
    list.trim(keep);
    list.shrunk(popped(end), count as u64);
}

/// The command that takes elements off an end.
pub(super) fn pop_name(end: End) -> &'static [u8] {
    if end == End::Head { b"LPOP" } else { b"RPOP" }
}

/// Pops from the first list there is; whether there was one.
pub(super) fn pop_first(ctx: &mut Ctx, request: &Mpop<End>) -> Result<bool, Error> {
    let limit = limit(ctx);
    for i in request.keys.clone() {
        let key = ctx.key(i);
        let Some(list) = ctx.keys.edit_list(key, limit)? else { continue };
        ctx.out.array(2);
        ctx.out.bulk(key.bytes);
        let count = request.count.min(list.len());
        pop_many(list, request.end, count, &mut ctx.out);
        ctx.journal_popped(pop_name(request.end), key.bytes, count);
        return Ok(true);
    }
    Ok(false)
}

fn lmpop(ctx: &mut Ctx) -> Outcome {
    let request = Mpop::parse(ctx, 1, end_arg)?;
    if !pop_first(ctx, &request)? {
        ctx.out.null_array();
    }
    DONE
}
