//! Walking a hash in steps.

use super::super::{
    ctx::{Ctx, Outcome},
    items,
    row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
    scan_value::{self, Options},
};
use crate::keyspace::hash::HashRef;

/// This file's commands.
pub const ROWS: &[Row] = &[Row {
    flags: Flags::READONLY,
    acl: Acl::HASH,
    since: "2.8.0",
    complexity: "O(1) a step, O(N) the whole walk, N the hash's size",
    summary: "Walks over the fields of a hash in steps.",
    keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
    args: &[
        Arg::key("key"),
        Arg::int("cursor"),
        Arg::pattern("pattern").after("MATCH").optional(),
        Arg::int("count").after("COUNT").optional(),
        Arg::token("novalues", "NOVALUES").optional(),
    ],
    tips: &["nondeterministic_output"],
    ..Row::new("hscan", -3, Group::Hash, hscan)
}];

fn hscan(ctx: &mut Ctx) -> Outcome {
    let (key, now, cursor) = (ctx.key(1), ctx.now.wall, scan_value::cursor(ctx)?);
    let Some(e) = ctx.keys.read_hash(key)? else {
        return scan_value::reply_nothing(&mut ctx.out);
    };
    let (hash, options) = (HashRef::of(&e, now), Options::parse(*ctx.args, Some("NOVALUES"))?);
    scan_value::reply(&mut ctx.out, cursor, &options, |cursor, out, tally| {
        hash.scan(cursor, |field, value| {
            tally.seen += 1;
            if options.wants(field) {
                items::reply(out, field);
                tally.replied += 1;
                if options.values {
                    items::reply(out, value);
                    tally.replied += 1;
                }
            }
        })
    })
}
