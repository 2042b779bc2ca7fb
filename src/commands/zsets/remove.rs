//! Removing members by name and by range.

use super::{
    super::{
        args::span,
        ctx::{Ctx, DONE, Outcome},
        row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
    },
    NOT_LEX, NOT_SCORES, limits,
};
use crate::{
    data::zset::range::{LexRange, ScoreRange},
    keyspace::{Event, zset::ZsetRef},
};
use std::ops::Range;

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        flags: Flags::WRITE.or(Flags::FAST),
        acl: Acl::SORTEDSET,
        since: "1.2.0",
        complexity: "O(M*log(N)), M the members named, N the size of the sorted set",
        summary: "Removes members of a sorted set.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::DELETE))],
        args: &[Arg::key("key"), Arg::string("member").multiple()],
        history: &[("2.4.0", "Takes several members.")],
        element: 2,
        ..Row::new("zrem", -3, Group::SortedSet, zrem)
    },
    Row {
        flags: Flags::WRITE,
        acl: Acl::SORTEDSET,
        since: "2.0.0",
        complexity: "O(log(N)+M), N the size of the sorted set, M the members removed",
        summary: "Removes the members between two ranks.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::DELETE))],
        args: &[Arg::key("key"), Arg::int("start"), Arg::int("stop")],
        ..Row::new("zremrangebyrank", 4, Group::SortedSet, zremrangebyrank)
    },
    Row {
        flags: Flags::WRITE,
        acl: Acl::SORTEDSET,
        since: "1.2.0",
        complexity: "O(log(N)+M), N the size of the sorted set, M the members removed",
        summary: "Removes the members between two scores.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::DELETE))],
        args: &[Arg::key("key"), Arg::double("min"), Arg::double("max")],
        ..Row::new("zremrangebyscore", 4, Group::SortedSet, zremrangebyscore)
    },
    Row {
        flags: Flags::WRITE,
        acl: Acl::SORTEDSET,
        since: "2.8.9",
        complexity: "O(log(N)+M), N the size of the sorted set, M the members removed",
        summary: "Removes the members between two names, where all scores are equal.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::DELETE))],
        args: &[Arg::key("key"), Arg::string("min"), Arg::string("max")],
        ..Row::new("zremrangebylex", 4, Group::SortedSet, zremrangebylex)
    },
];

fn zrem(ctx: &mut Ctx) -> Outcome {
    let (key, limits) = (ctx.key(1), limits(ctx));
    let mut removed = 0;
    if let Some(mut set) = ctx.keys.edit_zset(key, limits)? {
        removed = ctx.args.from(2).filter(|member| set.remove(member)).count();
        if removed > 0 {
            set.changed(Event::zset("zrem"), removed as u64);
        }
    }
    ctx.out.int(removed as i64);
    DONE
}

fn zremrangebyrank(ctx: &mut Ctx) -> Outcome {
    let (start, stop) = (ctx.int(2)?, ctx.int(3)?);
    remove_range(ctx, "zremrangebyrank", |set| span(start, stop, set.len()))
}

fn zremrangebyscore(ctx: &mut Ctx) -> Outcome {
    let range = ScoreRange::parse(ctx.arg(2), ctx.arg(3)).ok_or(NOT_SCORES)?;
    remove_range(ctx, "zremrangebyscore", |set| set.score_range(&range))
}

fn zremrangebylex(ctx: &mut Ctx) -> Outcome {
    let range = LexRange::parse(ctx.arg(2), ctx.arg(3)).ok_or(NOT_LEX)?;
    remove_range(ctx, "zremrangebylex", |set| set.lex_range(&range, false))
}

fn remove_range(ctx: &mut Ctx, event: &'static str, ranks: impl FnOnce(ZsetRef) -> Range<usize>) -> Outcome {
    let (key, limits) = (ctx.key(1), limits(ctx));
    let mut removed = 0;
    if let Some(mut set) = ctx.keys.edit_zset(key, limits)? {
        let ranks = ranks(set.get());
        removed = ranks.len();
        if removed > 0 {
            set.remove_range(ranks);
            set.changed(Event::zset(event), removed as u64);
        }
    }
    ctx.out.int(removed as i64);
    DONE
}
