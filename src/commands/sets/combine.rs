//! Showing what several sets have together.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        items,
        row::{Arg, Flags, KeyFlags, KeySpec, Row},
    },
    NO_ORDER, algebra, keys, limits, row,
};
use crate::{
    base::num::parse_i64,
    data::table::View,
    keyspace::{
        Entry,
        set::{SetDraft, SetRef},
    },
    protocol::Error,
};
use smallvec::SmallVec;

const KEYS: &[KeySpec] = &[KeySpec::range(1, -1, 1, KeyFlags::RO.or(KeyFlags::ACCESS))];
const ARGS: &[Arg] = &[Arg::key("key").multiple()];

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        complexity: "O(N*M) at worst, N the size of the smallest set, M the number of sets",
        summary: "Shows the members that all of several sets have.",
        keys: KEYS,
        args: ARGS,
        tips: NO_ORDER,
        ..row("sinter", -2, Flags::READONLY, sinter)
    },
    Row {
        since: "7.0.0",
        complexity: "O(N*M) at worst, N the size of the smallest set, M the number of sets",
        summary: "Tells how many members all of several sets have.",
        keys: &[KeySpec::counted(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::int("numkeys"), Arg::key("key").multiple(), Arg::int("limit").after("LIMIT").optional()],
        ..row("sintercard", -3, Flags::READONLY, sintercard)
    },
    Row {
        complexity: "O(N), N the sizes of all sets together",
        summary: "Shows the members that any of several sets has.",
        keys: KEYS,
        args: ARGS,
        tips: NO_ORDER,
        ..row("sunion", -2, Flags::READONLY, sunion)
    },
    Row {
        complexity: "O(N), N the sizes of all sets together",
        summary: "Shows the members of a set that none of several others has.",
        keys: KEYS,
        args: ARGS,
        tips: NO_ORDER,
        ..row("sdiff", -2, Flags::READONLY, sdiff)
    },
];

/// Sets that are read together.
pub(super) type Sets<'a> = SmallVec<[SetRef<'a>; 4]>;

/// The sets behind `views`, without those that do not exist.
pub(super) fn existing<'a>(views: &'a [Option<View<'_, Entry>>]) -> Sets<'a> {
    views.iter().flatten().map(|e| SetRef::of(e)).collect()
}

/// The sets behind `views`; none if any does not exist: an intersection with it is empty.
pub(super) fn all_or_none<'a>(views: &'a [Option<View<'_, Entry>>]) -> Sets<'a> {
    views.iter().map(|e| e.as_ref().map(|e| SetRef::of(e))).collect::<Option<_>>().unwrap_or_default()
}

fn sinter(ctx: &mut Ctx) -> Outcome {
    let keys = keys(ctx, 1..ctx.argc());
    let views = ctx.keys.read_sets(keys.iter().copied())?;
    let mut sets = all_or_none(&views);
    if let [only] = sets.as_slice() {
        ctx.out.set(only.len());
        only.each(|member| items::reply(&mut ctx.out, member));
        return DONE;
    }
    let (aggregate, mut n) = (ctx.out.begin_set(), 0);
    algebra::intersect(&mut sets, |member| {
        items::reply(&mut ctx.out, member);
        n += 1;
        true
    });
    ctx.out.end(aggregate, n);
    DONE
}

fn sintercard(ctx: &mut Ctx) -> Outcome {
    let numkeys = parse_i64(ctx.arg(1)).filter(|n| *n > 0).ok_or(Error::err("numkeys should be greater than 0"))?;
    let end = usize::try_from(numkeys).ok().and_then(|n| n.checked_add(2)).filter(|end| *end <= ctx.argc());
    let end = end.ok_or(Error::err("Number of keys can't be greater than number of args"))?;
    let (mut limit, mut i) = (0, end);
    while i < ctx.argc() {
        if !ctx.is(i, "LIMIT") || i + 1 == ctx.argc() {
            return Err(Error::SYNTAX);
        }
        let n = parse_i64(ctx.arg(i + 1)).and_then(|n| usize::try_from(n).ok());
        limit = n.ok_or(Error::err("LIMIT can't be negative"))?;
        i += 2;
    }
    let keys = keys(ctx, 2..end);
    let views = ctx.keys.read_sets(keys.iter().copied())?;
    let mut sets = all_or_none(&views);
    let mut n = 0;
    algebra::intersect(&mut sets, |_| {
        n += 1;
        n != limit
    });
    ctx.out.int(n as i64);
    DONE
}

fn sunion(ctx: &mut Ctx) -> Outcome {
    let scratch = SetDraft::new(b"", ctx.keys.set_rules(limits(ctx)), false);
    let keys = keys(ctx, 1..ctx.argc());
    let views = ctx.keys.read_sets(keys.iter().copied())?;
    let mut sets = existing(&views);
    let (aggregate, mut n) = (ctx.out.begin_set(), 0);
    algebra::unite(&mut sets, scratch, |member| {
        items::reply(&mut ctx.out, member);
        n += 1;
    });
    ctx.out.end(aggregate, n);
    DONE
}

fn sdiff(ctx: &mut Ctx) -> Outcome {
    let mut scratch = SetDraft::new(b"", ctx.keys.set_rules(limits(ctx)), false);
    let keys = keys(ctx, 1..ctx.argc());
    let views = ctx.keys.read_sets(keys.iter().copied())?;
    let Some(first) = &views[0] else {
        ctx.out.set(0);
        return DONE;
    };
    let (first, mut others) = (SetRef::of(first), existing(&views[1..]));
    if algebra::subtracts_by_lookup(first, &others) {
        let (aggregate, mut n) = (ctx.out.begin_set(), 0);
        algebra::subtract_by_lookup(first, &mut others, |member| {
            items::reply(&mut ctx.out, member);
            n += 1;
        });
        ctx.out.end(aggregate, n);
    } else {
        algebra::subtract_by_removal(first, &others, &mut scratch);
        ctx.out.set(scratch.get().len());
        scratch.get().each(|member| items::reply(&mut ctx.out, member));
    }
    DONE
}
