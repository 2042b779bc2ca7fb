//! Storing a range as a sorted set of its own.

use super::{
    super::{
        ctx::{Ctx, Outcome},
        row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
    },
    query::Query,
    store,
};
use crate::keyspace::{Event, zset::ZsetRef};

/// This file's commands.
pub const ROWS: &[Row] = &[Row {
    flags: Flags::WRITE.or(Flags::DENYOOM),
    acl: Acl::SORTEDSET,
    since: "6.2.0",
    complexity: "O(log(N)+M), N the size of the sorted set, M the members stored",
    summary: "Stores the members of a range of ranks, scores or names.",
    keys: &[KeySpec::at(1, KeyFlags::OW.or(KeyFlags::UPDATE)), KeySpec::at(2, KeyFlags::RO.or(KeyFlags::ACCESS))],
    args: &[
        Arg::key("dst"),
        Arg::key_of("src", 1),
        Arg::string("min"),
        Arg::string("max"),
        Arg::one_of("sortby", &[Arg::token("byscore", "BYSCORE"), Arg::token("bylex", "BYLEX")]).optional(),
        Arg::token("rev", "REV").optional(),
        Arg::block("limit", &[Arg::int("offset"), Arg::int("count")]).after("LIMIT").optional(),
    ],
    ..Row::new("zrangestore", -5, Group::SortedSet, zrangestore)
}];

fn zrangestore(ctx: &mut Ctx) -> Outcome {
    let query = Query::parse(ctx, 2, true, None, None)?;
    let (mut members, key) = (ctx.keys.new_zset(), ctx.key(2));
    if let Some(e) = ctx.keys.read_zset(key)? {
        let set = ZsetRef::of(&e);
        let found = set.range(query.ranks(set), query.reverse);
        found.for_each(|(member, score)| member.with_text(|name| members.add(name, score)));
    }
    store(ctx, 1, members, Event::zset("zrangestore"))
}
