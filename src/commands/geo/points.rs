//! Storing points and asking about them.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
        zsets::add::{Pairs, Rules, add},
    },
    UNIT, point_arg, point_of, reply_distance, reply_point, unit_arg,
};
use crate::{
    data::geo,
    keyspace::zset::ZsetRef,
    protocol::{Error, Reply},
};

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM),
        acl: Acl::GEO,
        since: "3.2.0",
        complexity: "O(log(N)) for each, N the size of the sorted set",
        summary: "Adds points, as members of a sorted set.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::UPDATE))],
        args: &[
            Arg::key("key"),
            Arg::one_of("condition", &[Arg::token("nx", "NX"), Arg::token("xx", "XX")]).optional().since("6.2.0"),
            Arg::token("change", "CH").optional().since("6.2.0"),
            Arg::block("data", &[Arg::double("longitude"), Arg::double("latitude"), Arg::string("member")]).multiple(),
        ],
        history: &[("6.2.0", "`CH`, `NX` and `XX`.")],
        ..Row::new("geoadd", -5, Group::Geo, geoadd)
    },
    Row {
        flags: Flags::READONLY,
        acl: Acl::GEO,
        since: "3.2.0",
        complexity: "O(1)",
        summary: "Tells how far two members are from each other.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::key("key"), Arg::string("member1"), Arg::string("member2"), UNIT.optional()],
        ..Row::new("geodist", -4, Group::Geo, geodist)
    },
    Row {
        flags: Flags::READONLY,
        acl: Acl::GEO,
        since: "3.2.0",
        complexity: "O(1) for each",
        summary: "Shows the geohashes of members.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::key("key"), Arg::string("member").multiple().optional()],
        ..Row::new("geohash", -2, Group::Geo, geohash)
    },
    Row {
        flags: Flags::READONLY,
        acl: Acl::GEO,
        since: "3.2.0",
        complexity: "O(1) for each",
        summary: "Shows where members are.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::key("key"), Arg::string("member").multiple().optional()],
        ..Row::new("geopos", -2, Group::Geo, geopos)
    },
];

fn geoadd(ctx: &mut Ctx) -> Outcome {
    let (mut rules, mut at) = (Rules::default(), 2);
    while at < ctx.argc() {
        match () {
            () if ctx.is(at, "NX") => rules.nx = true,
            () if ctx.is(at, "XX") => rules.xx = true,
            () if ctx.is(at, "CH") => rules.ch = true,
            () => break,
        }
        at += 1;
    }
    let words = ctx.argc() - at;
    if !words.is_multiple_of(3) || rules.nx && rules.xx {
        return Err(Error::SYNTAX);
    }
    let mut pairs = Pairs::new();
    for i in (at..ctx.argc()).step_by(3) {
        pairs.push((geo::encode(point_arg(*ctx.args, i)?) as f64, ctx.arg(i + 2)));
    }
    if pairs.is_empty() {
        return Err(Error::SYNTAX);
    }
    add(ctx, rules, &pairs)?;
    if ctx.journals() {
        // What is stored are scores.
        let scores: Vec<String> = pairs.iter().map(|(score, _)| (*score as u64).to_string()).collect();
        let pairs = scores.iter().zip(&pairs).flat_map(|(score, (_, member))| [score.as_bytes(), member]);
        let args: Vec<&[u8]> = [&b"zadd"[..]].into_iter().chain((1..at).map(|i| ctx.arg(i))).chain(pairs).collect();
        ctx.journal_changed_instead(&args);
    }
    DONE
}

fn geodist(ctx: &mut Ctx) -> Outcome {
    let unit_m = match ctx.argc() {
        4 => 1.0,
        5 => unit_arg(*ctx.args, 4)?,
        _ => return Err(Error::SYNTAX),
    };
    let (key, names) = (ctx.key(1), [ctx.arg(2), ctx.arg(3)]);
    let e = ctx.keys.read_zset(key)?;
    let [a, b] = names.map(|name| e.as_ref().and_then(|e| point_of(ZsetRef::of(e), name)));
    match (a, b) {
        (Some(a), Some(b)) => reply_distance(&mut ctx.out, geo::distance_m(a, b) / unit_m),
        _ => ctx.out.null(),
    }
    DONE
}

fn geohash(ctx: &mut Ctx) -> Outcome {
    each(ctx, |out, point| match point {
        Some(point) => out.bulk(&geo::text(point)),
        None => out.null(),
    })
}

fn geopos(ctx: &mut Ctx) -> Outcome {
    each(ctx, |out, point| match point {
        Some(point) => reply_point(out, point),
        None => out.null_array(),
    })
}

/// Replies something about each member in the arguments from 2 on.
fn each(ctx: &mut Ctx, reply: impl Fn(&mut Reply, Option<geo::Point>)) -> Outcome {
    let key = ctx.key(1);
    let e = ctx.keys.read_zset(key)?;
    let set = e.as_ref().map(|e| ZsetRef::of(e));
    ctx.out.array(ctx.args.len() - 2);
    for name in ctx.args.from(2) {
        reply(&mut ctx.out, set.and_then(|set| point_of(set, name)));
    }
    DONE
}
