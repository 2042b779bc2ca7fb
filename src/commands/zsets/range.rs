//! Showing the members of a range, by rank, score or name.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
    },
    query::{By, Query},
    reply_members,
};
use crate::keyspace::zset::ZsetRef;

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        flags: Flags::READONLY,
        acl: Acl::SORTEDSET,
        since: "1.2.0",
        complexity: "O(log(N)+M), N the size of the sorted set, M the members shown",
        summary: "Shows the members of a range of ranks, scores or names.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[
            Arg::key("key"),
            Arg::string("start"),
            Arg::string("stop"),
            Arg::one_of("sortby", &[Arg::token("byscore", "BYSCORE"), Arg::token("bylex", "BYLEX")])
                .optional()
                .since("6.2.0"),
            Arg::token("rev", "REV").optional().since("6.2.0"),
            Arg::block("limit", &[Arg::int("offset"), Arg::int("count")]).after("LIMIT").optional().since("6.2.0"),
            Arg::token("withscores", "WITHSCORES").optional(),
        ],
        history: &[("6.2.0", "`REV`, `BYSCORE`, `BYLEX` and `LIMIT`.")],
        ..Row::new("zrange", -4, Group::SortedSet, zrange)
    },
    Row {
        flags: Flags::READONLY,
        acl: Acl::SORTEDSET,
        since: "1.2.0",
        complexity: "O(log(N)+M), N the size of the sorted set, M the members shown",
        summary: "Shows the members between two ranks, the highest scores first.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[
            Arg::key("key"),
            Arg::int("start"),
            Arg::int("stop"),
            Arg::token("withscores", "WITHSCORES").optional(),
        ],
        deprecated: Some(("6.2.0", "`ZRANGE` with the `REV` argument")),
        ..Row::new("zrevrange", -4, Group::SortedSet, zrevrange)
    },
    Row {
        flags: Flags::READONLY,
        acl: Acl::SORTEDSET,
        since: "1.0.5",
        complexity: "O(log(N)+M), N the size of the sorted set, M the members shown",
        summary: "Shows the members between two scores.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[
            Arg::key("key"),
            Arg::double("min"),
            Arg::double("max"),
            Arg::token("withscores", "WITHSCORES").optional().since("2.0.0"),
            Arg::block("limit", &[Arg::int("offset"), Arg::int("count")]).after("LIMIT").optional(),
        ],
        history: &[("2.0.0", "`WITHSCORES`.")],
        deprecated: Some(("6.2.0", "`ZRANGE` with the `BYSCORE` argument")),
        ..Row::new("zrangebyscore", -4, Group::SortedSet, zrangebyscore)
    },
    Row {
        flags: Flags::READONLY,
        acl: Acl::SORTEDSET,
        since: "2.2.0",
        complexity: "O(log(N)+M), N the size of the sorted set, M the members shown",
        summary: "Shows the members between two scores, the highest first.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[
            Arg::key("key"),
            Arg::double("max"),
            Arg::double("min"),
            Arg::token("withscores", "WITHSCORES").optional(),
            Arg::block("limit", &[Arg::int("offset"), Arg::int("count")]).after("LIMIT").optional(),
        ],
        history: &[("2.1.6", "Either end may be left out.")],
        deprecated: Some(("6.2.0", "`ZRANGE` with the `REV` and `BYSCORE` arguments")),
        ..Row::new("zrevrangebyscore", -4, Group::SortedSet, zrevrangebyscore)
    },
    Row {
        flags: Flags::READONLY,
        acl: Acl::SORTEDSET,
        since: "2.8.9",
        complexity: "O(log(N)+M), N the size of the sorted set, M the members shown",
        summary: "Shows the members between two names, where all scores are equal.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[
            Arg::key("key"),
            Arg::string("min"),
            Arg::string("max"),
            Arg::block("limit", &[Arg::int("offset"), Arg::int("count")]).after("LIMIT").optional(),
        ],
        deprecated: Some(("6.2.0", "`ZRANGE` with the `BYLEX` argument")),
        ..Row::new("zrangebylex", -4, Group::SortedSet, zrangebylex)
    },
    Row {
        flags: Flags::READONLY,
        acl: Acl::SORTEDSET,
        since: "2.8.9",
        complexity: "O(log(N)+M), N the size of the sorted set, M the members shown",
        summary: "Shows the members between two names, the last first, where all scores are equal.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[
            Arg::key("key"),
            Arg::string("max"),
            Arg::string("min"),
            Arg::block("limit", &[Arg::int("offset"), Arg::int("count")]).after("LIMIT").optional(),
        ],
        deprecated: Some(("6.2.0", "`ZRANGE` with the `REV` and `BYLEX` arguments")),
        ..Row::new("zrevrangebylex", -4, Group::SortedSet, zrevrangebylex)
    },
];

fn zrange(ctx: &mut Ctx) -> Outcome {
    show(ctx, None, None)
}

fn zrevrange(ctx: &mut Ctx) -> Outcome {
    show(ctx, Some(By::Rank), Some(true))
}

fn zrangebyscore(ctx: &mut Ctx) -> Outcome {
    show(ctx, Some(By::Score), Some(false))
}

fn zrevrangebyscore(ctx: &mut Ctx) -> Outcome {
    show(ctx, Some(By::Score), Some(true))
}

fn zrangebylex(ctx: &mut Ctx) -> Outcome {
    show(ctx, Some(By::Lex), Some(false))
}

fn zrevrangebylex(ctx: &mut Ctx) -> Outcome {
    show(ctx, Some(By::Lex), Some(true))
}

fn show(ctx: &mut Ctx, by: Option<By>, reverse: Option<bool>) -> Outcome {
    let query = Query::parse(ctx, 1, false, by, reverse)?;
    let key = ctx.key(1);
    let Some(e) = ctx.keys.read_zset(key)? else {
        ctx.out.array(0);
        return DONE;
    };
    let set = ZsetRef::of(&e);
    let ranks = query.ranks(set);
    reply_members(&mut ctx.out, ranks.len(), query.scores, set.range(ranks, query.reverse));
    DONE
}
