//! Taking the members with the lowest or the highest scores.

use super::{
    super::{
        args::{Mpop, at_least},
        ctx::{Ctx, DONE, Outcome},
        items,
        row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
    },
    limits,
};
use crate::{
    keyspace::{Event, zset::ZsetMut},
    protocol::{Error, Reply},
};

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        flags: Flags::WRITE.or(Flags::FAST),
        acl: Acl::SORTEDSET,
        since: "5.0.0",
        complexity: "O(M*log(N)), M the members taken, N the size of the sorted set",
        summary: "Takes the members with the lowest scores.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE))],
        args: &[Arg::key("key"), Arg::int("count").optional()],
        ..Row::new("zpopmin", -2, Group::SortedSet, zpopmin)
    },
    Row {
        flags: Flags::WRITE.or(Flags::FAST),
        acl: Acl::SORTEDSET,
        since: "5.0.0",
        complexity: "O(M*log(N)), M the members taken, N the size of the sorted set",
        summary: "Takes the members with the highest scores.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE))],
        args: &[Arg::key("key"), Arg::int("count").optional()],
        ..Row::new("zpopmax", -2, Group::SortedSet, zpopmax)
    },
    Row {
        flags: Flags::WRITE,
        acl: Acl::SORTEDSET,
        since: "7.0.0",
        complexity: "O(K)+O(M*log(N)), K the keys, M the members taken, N the size of the sorted set",
        summary: "Takes members with the lowest or the highest scores from the first sorted set that is not empty.",
        keys: &[KeySpec::counted(1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE))],
        args: &[
            Arg::int("numkeys"),
            Arg::key("key").multiple(),
            Arg::one_of("where", &[Arg::token("min", "MIN"), Arg::token("max", "MAX")]),
            Arg::int("count").after("COUNT").optional(),
        ],
        ..Row::new("zmpop", -4, Group::SortedSet, zmpop)
    },
];

/// An end of the order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Min,
    Max,
}

/// Argument `i` as MIN or MAX.
pub(super) fn end_arg(ctx: &Ctx, i: usize) -> Result<End, Error> {
    match () {
        () if ctx.is(i, "MIN") => Ok(End::Min),
        () if ctx.is(i, "MAX") => Ok(End::Max),
        () => Err(Error::SYNTAX),
    }
}

/// Takes up to `count` members off an end and replies each with its score, as an array of
/// the two if `nested`. The caller has begun the array that they are elements of.
#[inline]
pub(super) fn take(mut set: ZsetMut, end: End, count: usize, nested: bool, out: &mut Reply) {
    let len = set.get().len();
    let count = count.min(len);
    let ranks = if end == End::Min { 0..count } else { len - count..len };
    for (member, score) in set.get().range(ranks.clone(), end == End::Max) {
        if nested {
            out.array(2);
        }
        items::reply(out, member);
        out.double(score);
    }
    set.remove_range(ranks);
    set.changed(Event::zset(if end == End::Min { "zpopmin" } else { "zpopmax" }), count as u64);
}

fn zpopmin(ctx: &mut Ctx) -> Outcome {
    pop(ctx, End::Min)
}

fn zpopmax(ctx: &mut Ctx) -> Outcome {
    pop(ctx, End::Max)
}

#[inline]
fn pop(ctx: &mut Ctx, end: End) -> Outcome {
    let (key, limits) = (ctx.key(1), limits(ctx));
    let count = match ctx.argc() {
        2 => None,
        3 => Some(at_least(ctx, 2, 0, "ERR value is out of range, must be positive")?),
        _ => return Err(Error::SYNTAX),
    };
    match ctx.keys.edit_zset(key, limits)? {
        Some(set) if count != Some(0) => {
            let nested = ctx.out.resp3 && count.is_some();
            let count = count.unwrap_or(1).min(set.get().len());
            ctx.out.array(if nested { count } else { 2 * count });
            take(set, end, count, nested, &mut ctx.out);
        }
        _ => ctx.out.array(0),
    }
    DONE
}

/// The command that takes members off an end.
pub(super) fn pop_name(end: End) -> &'static [u8] {
    if end == End::Min { b"ZPOPMIN" } else { b"ZPOPMAX" }
}

/// Pops from the first sorted set there is; whether there was one.
pub(super) fn pop_first(ctx: &mut Ctx, request: &Mpop<End>) -> Result<bool, Error> {
    let limits = limits(ctx);
    for i in request.keys.clone() {
        let key = ctx.key(i);
        let Some(set) = ctx.keys.edit_zset(key, limits)? else { continue };
        ctx.out.array(2);
        ctx.out.bulk(key.bytes);
        let count = request.count.min(set.get().len());
        ctx.out.array(count);
        take(set, request.end, count, true, &mut ctx.out);
        ctx.journal_popped(pop_name(request.end), key.bytes, count);
        return Ok(true);
    }
    Ok(false)
}

fn zmpop(ctx: &mut Ctx) -> Outcome {
    let request = Mpop::parse(ctx, 1, end_arg)?;
    if !pop_first(ctx, &request)? {
        ctx.out.null_array();
    }
    DONE
}
