//! Giving members scores.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
    },
    limits,
};
use crate::{base::num::parse_f64, keyspace::Event, protocol::Error};
use smallvec::SmallVec;

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        acl: Acl::SORTEDSET,
        since: "1.2.0",
        complexity: "O(M*log(N)), M the members given, N the size of the sorted set",
        summary: "Gives members of a sorted set scores, making the set if needed.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::UPDATE))],
        args: &[
            Arg::key("key"),
            Arg::one_of("condition", &[Arg::token("nx", "NX"), Arg::token("xx", "XX")]).optional().since("3.0.2"),
            Arg::one_of("comparison", &[Arg::token("gt", "GT"), Arg::token("lt", "LT")]).optional().since("6.2.0"),
            Arg::token("change", "CH").optional().since("3.0.2"),
            Arg::token("increment", "INCR").optional().since("3.0.2"),
            Arg::block("data", &[Arg::double("score"), Arg::string("member")]).multiple(),
        ],
        history: &[
            ("2.4.0", "Takes several members."),
            ("3.0.2", "`XX`, `NX`, `CH` and `INCR`."),
            ("6.2.0", "`GT` and `LT`."),
        ],
        element: 3,
        ..Row::new("zadd", -4, Group::SortedSet, zadd)
    },
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        acl: Acl::SORTEDSET,
        since: "1.2.0",
        complexity: "O(log(N)), N the size of the sorted set",
        summary: "Adds a number to a member's score.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::UPDATE))],
        args: &[Arg::key("key"), Arg::int("increment"), Arg::string("member")],
        element: 3,
        ..Row::new("zincrby", 4, Group::SortedSet, zincrby)
    },
];

const NAN: Error = Error::Static("ERR resulting score is not a number (NaN)");

/// What may be done to a member.
#[derive(Clone, Copy, Default)]
pub(in crate::commands) struct Rules {
    /// Only members that are not there yet.
    pub nx: bool,
    /// Only members that are there.
    pub xx: bool,
    /// Only to raise, or to lower, a score.
    gt: bool,
    lt: bool,
    /// Members that only changed count, too.
    pub ch: bool,
    incr: bool,
}

impl Rules {
    /// The score that a member with score `old` gets when told `score`.
    ///
    /// # Errors
    /// If a sum is no number.
    #[inline]
    fn decide(self, old: Option<f64>, score: f64) -> Result<Option<f64>, Error> {
        let Some(old) = old else { return Ok((!self.xx).then_some(score)) };
        if self.nx {
            return Ok(None);
        }
        let new = if self.incr { old + score } else { score };
        if new.is_nan() {
            return Err(NAN);
        }
        let refused = self.lt && new >= old || self.gt && new <= old;
        Ok((!refused).then_some(new))
    }
}

fn zadd(ctx: &mut Ctx) -> Outcome {
    let (mut rules, mut at) = (Rules::default(), 2);
    while at < ctx.argc() {
        match () {
            () if ctx.is(at, "NX") => rules.nx = true,
            () if ctx.is(at, "XX") => rules.xx = true,
            () if ctx.is(at, "CH") => rules.ch = true,
            () if ctx.is(at, "INCR") => rules.incr = true,
            () if ctx.is(at, "GT") => rules.gt = true,
            () if ctx.is(at, "LT") => rules.lt = true,
            () => break,
        }
        at += 1;
    }
    let words = ctx.argc() - at;
    if words == 0 || words % 2 == 1 {
        return Err(Error::SYNTAX);
    }
    if rules.nx && rules.xx {
        return Err(Error::Static("ERR XX and NX options at the same time are not compatible"));
    }
    if (rules.gt || rules.lt) && rules.nx || rules.gt && rules.lt {
        return Err(Error::Static("ERR GT, LT, and/or NX options at the same time are not compatible"));
    }
    if rules.incr && words > 2 {
        return Err(Error::Static("ERR INCR option supports a single increment-element pair"));
    }
    add_args(ctx, rules, at)
}

fn zincrby(ctx: &mut Ctx) -> Outcome {
    add_args(ctx, Rules { incr: true, ..Rules::default() }, 2)
}

/// Adds the members in the arguments from `at` on, each after its score.
fn add_args(ctx: &mut Ctx, rules: Rules, at: usize) -> Outcome {
    let mut pairs: Pairs = SmallVec::new();
    for i in (at..ctx.argc()).step_by(2) {
        let score = parse_f64(ctx.arg(i)).ok_or(Error::NOT_FLOAT)?;
        pairs.push((score, ctx.arg(i + 1)));
    }
    add(ctx, rules, &pairs)
}

/// Members to be added, each after its score.
pub(in crate::commands) type Pairs<'a> = SmallVec<[(f64, &'a [u8]); 4]>;

/// Adds members to the sorted set in argument 1 and replies how many, or the score of the
/// only one if it is an increment.
#[inline]
pub(in crate::commands) fn add(ctx: &mut Ctx, rules: Rules, pairs: &[(f64, &[u8])]) -> Outcome {
    let (key, limits) = (ctx.key(1), limits(ctx));
    let set = if rules.xx { ctx.keys.edit_zset(key, limits)? } else { Some(ctx.keys.upsert_zset(key, limits)?) };
    let (mut added, mut updated, mut last) = (0, 0, None);
    if let Some(mut set) = set {
        set.grow(pairs.len(), pairs.iter().map(|(_, member)| member.len()).max().unwrap_or(0));
        for (score, member) in pairs {
            let mut failed = None;
            let (old, new) = set.put(member, *score, |old| {
                rules.decide(old, *score).unwrap_or_else(|e| {
                    failed = Some(e);
                    None
                })
            });
            if let Some(e) = failed {
                return Err(e);
            }
            last = new;
            match (old, new) {
                (None, Some(_)) => added += 1,
                (Some(old), Some(new)) if old != new => updated += 1,
                _ => {}
            }
        }
        if added + updated > 0 {
            set.changed(Event::zset(if rules.incr { "zincr" } else { "zadd" }), added + updated);
        }
    }
    match last {
        Some(score) if rules.incr => ctx.out.double(score),
        None if rules.incr => ctx.out.null(),
        _ => ctx.out.int((if rules.ch { added + updated } else { added }) as i64),
    }
    DONE
}
