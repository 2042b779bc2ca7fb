//! Unions, intersections and differences.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
    },
    algebra::{self, Aggregate, Input},
    reply_members, store,
};
use crate::{
    base::num::{parse_f64, parse_i64},
    data::{packed::Item, zset::Builder},
    keyspace::Event,
    protocol::Error,
};
use smallvec::SmallVec;
use std::ops::Range;

const WEIGHTS: Arg = Arg::int("weight").after("WEIGHTS").multiple().optional();
const AGGREGATE: Arg =
    Arg::one_of("aggregate", &[Arg::token("sum", "SUM"), Arg::token("min", "MIN"), Arg::token("max", "MAX")])
        .after("AGGREGATE")
        .optional();

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        flags: Flags::READONLY,
        acl: Acl::SORTEDSET,
        since: "6.2.0",
        complexity: "O(N)+O(M*log(M)), N the sizes of the inputs together, M the size of the result",
        summary: "Shows the members that any of several sorted sets has.",
        keys: &[KeySpec::counted(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[
            Arg::int("numkeys"),
            Arg::key("key").multiple(),
            WEIGHTS,
            AGGREGATE,
            Arg::token("withscores", "WITHSCORES").optional(),
        ],
        ..Row::new("zunion", -3, Group::SortedSet, zunion)
    },
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM),
        acl: Acl::SORTEDSET,
        since: "2.0.0",
        complexity: "O(N)+O(M*log(M)), N the sizes of the inputs together, M the size of the result",
        summary: "Stores the members that any of several sorted sets has.",
        keys: &[
            KeySpec::at(1, KeyFlags::OW.or(KeyFlags::UPDATE)),
            KeySpec::counted(2, KeyFlags::RO.or(KeyFlags::ACCESS)),
        ],
        args: &[Arg::key("destination"), Arg::int("numkeys"), Arg::key_of("key", 1).multiple(), WEIGHTS, AGGREGATE],
        ..Row::new("zunionstore", -4, Group::SortedSet, zunionstore)
    },
    Row {
        flags: Flags::READONLY,
        acl: Acl::SORTEDSET,
        since: "6.2.0",
        complexity: "O(N*K)+O(M*log(M)) at worst, N the size of the smallest input, K the number of inputs, M the size of the result",
        summary: "Shows the members that all of several sorted sets have.",
        keys: &[KeySpec::counted(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[
            Arg::int("numkeys"),
            Arg::key("key").multiple(),
            WEIGHTS,
            AGGREGATE,
            Arg::token("withscores", "WITHSCORES").optional(),
        ],
        ..Row::new("zinter", -3, Group::SortedSet, zinter)
    },
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM),
        acl: Acl::SORTEDSET,
        since: "2.0.0",
        complexity: "O(N*K)+O(M*log(M)) at worst, N the size of the smallest input, K the number of inputs, M the size of the result",
        summary: "Stores the members that all of several sorted sets have.",
        keys: &[
            KeySpec::at(1, KeyFlags::OW.or(KeyFlags::UPDATE)),
            KeySpec::counted(2, KeyFlags::RO.or(KeyFlags::ACCESS)),
        ],
        args: &[Arg::key("destination"), Arg::int("numkeys"), Arg::key_of("key", 1).multiple(), WEIGHTS, AGGREGATE],
        ..Row::new("zinterstore", -4, Group::SortedSet, zinterstore)
    },
    Row {
        flags: Flags::READONLY,
        acl: Acl::SORTEDSET,
        since: "7.0.0",
        complexity: "O(N*K) at worst, N the size of the smallest input, K the number of inputs",
        summary: "Tells how many members all of several sorted sets have.",
        keys: &[KeySpec::counted(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::int("numkeys"), Arg::key("key").multiple(), Arg::int("limit").after("LIMIT").optional()],
        ..Row::new("zintercard", -3, Group::SortedSet, zintercard)
    },
    Row {
        flags: Flags::READONLY,
        acl: Acl::SORTEDSET,
        since: "6.2.0",
        complexity: "O(N*K)+O(M*log(M)) at worst, N the size of the first input, K the number of inputs, M the size of the result",
        summary: "Shows the members of a sorted set that none of several others has.",
        keys: &[KeySpec::counted(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::int("numkeys"), Arg::key("key").multiple(), Arg::token("withscores", "WITHSCORES").optional()],
        ..Row::new("zdiff", -3, Group::SortedSet, zdiff)
    },
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM),
        acl: Acl::SORTEDSET,
        since: "6.2.0",
        complexity: "O(N*K)+O(M*log(M)) at worst, N the size of the first input, K the number of inputs, M the size of the result",
        summary: "Stores the members of a sorted set that none of several others has.",
        keys: &[
            KeySpec::at(1, KeyFlags::OW.or(KeyFlags::UPDATE)),
            KeySpec::counted(2, KeyFlags::RO.or(KeyFlags::ACCESS)),
        ],
        args: &[Arg::key("destination"), Arg::int("numkeys"), Arg::key_of("key", 1).multiple()],
        ..Row::new("zdiffstore", -4, Group::SortedSet, zdiffstore)
    },
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Op {
    Union,
    Inter,
    Diff,
}

/// What follows the keys.
struct Options {
    /// One for each key.
    weights: SmallVec<[f64; 4]>,
    aggregate: Aggregate,
    scores: bool,
    /// Most members to count; 0: no limit.
    limit: usize,
}

/// What the options may be.
#[derive(Clone, Copy)]
struct Allowed {
    weights: bool,
    scores: bool,
    limit: bool,
}

fn zunion(ctx: &mut Ctx) -> Outcome {
    show(ctx, Op::Union)
}

fn zunionstore(ctx: &mut Ctx) -> Outcome {
    store_result(ctx, Op::Union, "zunionstore")
}

fn zinter(ctx: &mut Ctx) -> Outcome {
    show(ctx, Op::Inter)
}

fn zinterstore(ctx: &mut Ctx) -> Outcome {
    store_result(ctx, Op::Inter, "zinterstore")
}

fn zdiff(ctx: &mut Ctx) -> Outcome {
    show(ctx, Op::Diff)
}

fn zdiffstore(ctx: &mut Ctx) -> Outcome {
    store_result(ctx, Op::Diff, "zdiffstore")
}

fn zintercard(ctx: &mut Ctx) -> Outcome {
    let keys = key_args(ctx, 1)?;
    let views = ctx.keys.read_scored(keys.clone().map(|i| ctx.args.at(i)))?;
    let allowed = Allowed { weights: false, scores: false, limit: true };
    let limit = options(ctx.args.from(keys.end).collect(), keys.len(), allowed)?.limit;
    let mut inputs = algebra::inputs(&views, &[]);
    let mut n = 0;
    algebra::intersect(&mut inputs, Aggregate::Sum, |_, _| {
        n += 1;
        n != limit
    });
    ctx.out.int(n as i64);
    DONE
}

fn show(ctx: &mut Ctx, op: Op) -> Outcome {
    let (members, scores) = combine(ctx, op, 1, true)?;
    let set = members.finish();
    let all = set.iter(0..set.len(), false).map(|e| (Item::Str(e.member), e.score));
    reply_members(&mut ctx.out, set.len(), scores, all);
    DONE
}

fn store_result(ctx: &mut Ctx, op: Op, event: &'static str) -> Outcome {
    let (members, _) = combine(ctx, op, 2, false)?;
    store(ctx, 1, members, Event::zset(event))
}

/// The result of an operation whose number of keys is in argument `at`, and whether scores
/// are to be shown, which may be asked for if `shows`.
fn combine(ctx: &mut Ctx, op: Op, at: usize, shows: bool) -> Result<(Builder, bool), Error> {
    let keys = key_args(ctx, at)?;
    let mut members = ctx.keys.new_zset();
    let views = ctx.keys.read_scored(keys.clone().map(|i| ctx.args.at(i)))?;
    let allowed = Allowed { weights: op != Op::Diff, scores: shows, limit: false };
    let o = options(ctx.args.from(keys.end).collect(), keys.len(), allowed)?;
    let mut inputs: SmallVec<[Input; 4]> = algebra::inputs(&views, &o.weights);
    match op {
        Op::Union => algebra::unite(&mut inputs, o.aggregate, &mut members),
        Op::Inter => algebra::intersect(&mut inputs, o.aggregate, |member, score| {
            member.with_text(|name| members.add(name, score));
            true
        }),
        Op::Diff => algebra::subtract(&inputs, &mut members),
    }
    Ok((members, o.scores))
}

/// The argument positions of the keys whose number is in argument `at`.
fn key_args(ctx: &Ctx, at: usize) -> Result<Range<usize>, Error> {
    let keys = ctx.int(at)?;
    if keys < 1 {
        return Err(Error::err(format!("at least 1 input key is needed for '{}' command", ctx.row.name)));
    }
    let first = at + 1;
    let end = usize::try_from(keys).ok().and_then(|n| n.checked_add(first)).filter(|end| *end <= ctx.argc());
    Ok(first..end.ok_or(Error::SYNTAX)?)
}

fn options(words: SmallVec<[&[u8]; 8]>, keys: usize, allowed: Allowed) -> Result<Options, Error> {
    let mut o = Options { weights: SmallVec::new(), aggregate: Aggregate::Sum, scores: false, limit: 0 };
    let mut rest = words.as_slice();
    while let Some((word, after)) = rest.split_first() {
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        rest = match after {
            _ if allowed.weights && is("WEIGHTS") && after.len() >= keys => {
                let (weights, after) = after.split_at(keys);
                let weight = |text: &&[u8]| parse_f64(text).ok_or(Error::Static("ERR weight value is not a float"));
                o.weights = weights.iter().map(weight).collect::<Result<_, _>>()?;
                after
            }
            [name, after @ ..] if allowed.weights && is("AGGREGATE") => {
                o.aggregate = Aggregate::named(name).ok_or(Error::SYNTAX)?;
                after
            }
            _ if allowed.scores && is("WITHSCORES") => {
                o.scores = true;
                after
            }
            [n, after @ ..] if allowed.limit && is("LIMIT") => {
                let n = parse_i64(n).and_then(|n| usize::try_from(n).ok());
                o.limit = n.ok_or(Error::Static("ERR LIMIT can't be negative"))?;
                after
            }
            _ => return Err(Error::SYNTAX),
        };
    }
    Ok(o)
}
