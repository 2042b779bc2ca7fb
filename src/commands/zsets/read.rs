//! Asking about members and counting them.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
    },
    NOT_LEX, NOT_SCORES,
};
use crate::{
    data::zset::range::{LexRange, ScoreRange},
    keyspace::zset::ZsetRef,
    protocol::{Error, Reply},
};

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        flags: Flags::READONLY.or(Flags::FAST),
        acl: Acl::SORTEDSET,
        since: "1.2.0",
        complexity: "O(1)",
        summary: "Tells how many members a sorted set has.",
        keys: &[KeySpec::at(1, KeyFlags::RO)],
        args: &[Arg::key("key")],
        ..Row::new("zcard", 2, Group::SortedSet, zcard)
    },
    Row {
        flags: Flags::READONLY.or(Flags::FAST),
        acl: Acl::SORTEDSET,
        since: "2.0.0",
        complexity: "O(log(N)), N the size of the sorted set",
        summary: "Tells how many members have scores between two.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::key("key"), Arg::double("min"), Arg::double("max")],
        ..Row::new("zcount", 4, Group::SortedSet, zcount)
    },
    Row {
        flags: Flags::READONLY.or(Flags::FAST),
        acl: Acl::SORTEDSET,
        since: "2.8.9",
        complexity: "O(log(N)), N the size of the sorted set",
        summary: "Tells how many members have names between two, where all scores are equal.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::key("key"), Arg::string("min"), Arg::string("max")],
        ..Row::new("zlexcount", 4, Group::SortedSet, zlexcount)
    },
    Row {
        flags: Flags::READONLY.or(Flags::FAST),
        acl: Acl::SORTEDSET,
        since: "1.2.0",
        complexity: "O(1)",
        summary: "Shows a member's score.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::key("key"), Arg::string("member")],
        element: 2,
        ..Row::new("zscore", 3, Group::SortedSet, zscore)
    },
    Row {
        flags: Flags::READONLY.or(Flags::FAST),
        acl: Acl::SORTEDSET,
        since: "6.2.0",
        complexity: "O(N), N the members asked for",
        summary: "Shows the scores of several members.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::key("key"), Arg::string("member").multiple()],
        element: 2,
        ..Row::new("zmscore", -3, Group::SortedSet, zmscore)
    },
    Row {
        flags: Flags::READONLY.or(Flags::FAST),
        acl: Acl::SORTEDSET,
        since: "2.0.0",
        complexity: "O(log(N)), N the size of the sorted set",
        summary: "Tells where a member stands, counted from the lowest score.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::key("key"), Arg::string("member"), Arg::token("withscore", "WITHSCORE").optional()],
        history: &[("7.2.0", "`WITHSCORE`.")],
        element: 2,
        ..Row::new("zrank", -3, Group::SortedSet, zrank)
    },
    Row {
        flags: Flags::READONLY.or(Flags::FAST),
        acl: Acl::SORTEDSET,
        since: "2.0.0",
        complexity: "O(log(N)), N the size of the sorted set",
        summary: "Tells where a member stands, counted from the highest score.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::key("key"), Arg::string("member"), Arg::token("withscore", "WITHSCORE").optional()],
        history: &[("7.2.0", "`WITHSCORE`.")],
        ..Row::new("zrevrank", -3, Group::SortedSet, zrevrank)
    },
];

fn zcard(ctx: &mut Ctx) -> Outcome {
    count(ctx, |set| set.len())
}

fn zcount(ctx: &mut Ctx) -> Outcome {
    let range = ScoreRange::parse(ctx.arg(2), ctx.arg(3)).ok_or(NOT_SCORES)?;
    count(ctx, |set| set.score_range(&range).len())
}

fn zlexcount(ctx: &mut Ctx) -> Outcome {
    let range = LexRange::parse(ctx.arg(2), ctx.arg(3)).ok_or(NOT_LEX)?;
    count(ctx, |set| set.lex_range(&range, false).len())
}

fn count(ctx: &mut Ctx, f: impl FnOnce(ZsetRef) -> usize) -> Outcome {
    let key = ctx.key(1);
    let count = ctx.keys.read_zset(key)?.map_or(0, |e| f(ZsetRef::of(&e)));
    ctx.out.int(count as i64);
    DONE
}

fn reply_score(out: &mut Reply, score: Option<f64>) {
    match score {
        Some(score) => out.double(score),
        None => out.null(),
    }
}

fn zscore(ctx: &mut Ctx) -> Outcome {
    let (key, member) = (ctx.key(1), ctx.arg(2));
    let e = ctx.keys.read_zset(key)?;
    reply_score(&mut ctx.out, e.and_then(|e| ZsetRef::of(&e).score(member)));
    DONE
}

fn zmscore(ctx: &mut Ctx) -> Outcome {
    let key = ctx.key(1);
    let e = ctx.keys.read_zset(key)?;
    let set = e.as_ref().map(|e| ZsetRef::of(e));
    ctx.out.array(ctx.args.len() - 2);
    ctx.args.from(2).for_each(|member| reply_score(&mut ctx.out, set.and_then(|set| set.score(member))));
    DONE
}

fn zrank(ctx: &mut Ctx) -> Outcome {
    rank(ctx, false)
}

fn zrevrank(ctx: &mut Ctx) -> Outcome {
    rank(ctx, true)
}

fn rank(ctx: &mut Ctx, reverse: bool) -> Outcome {
    if ctx.argc() > 4 {
        return Err(Error::wrong_arity(ctx.row.name));
    }
    let with_score = ctx.is(3, "WITHSCORE");
    if ctx.argc() == 4 && !with_score {
        return Err(Error::SYNTAX);
    }
    let (key, member) = (ctx.key(1), ctx.arg(2));
    let e = ctx.keys.read_zset(key)?;
    let set = e.as_ref().map(|e| ZsetRef::of(e));
    match set.and_then(|set| Some((set, set.rank(member)?))) {
        Some((set, (rank, score))) => {
            if with_score {
                ctx.out.array(2);
            }
            ctx.out.int((if reverse { set.len() - 1 - rank } else { rank }) as i64);
            if with_score {
                ctx.out.double(score);
            }
        }
        None if with_score => ctx.out.null_array(),
        None => ctx.out.null(),
    }
    DONE
}
