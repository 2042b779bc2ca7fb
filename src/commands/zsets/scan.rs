//! Walking a sorted set in steps.

use super::super::{
    ctx::{Ctx, Outcome},
    items,
    row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
    scan_value::{self, Options},
};
use crate::{
    base::num::{f64_text, f64_text_17},
    keyspace::zset::ZsetRef,
};

/// This file's commands.
pub const ROWS: &[Row] = &[Row {
    flags: Flags::READONLY,
    acl: Acl::SORTEDSET,
    since: "2.8.0",
    complexity: "O(1) a step, O(N) the whole walk, N the size of the sorted set",
    summary: "Walks over the members of a sorted set in steps.",
    keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
    args: &[
        Arg::key("key"),
        Arg::int("cursor"),
        Arg::pattern("pattern").after("MATCH").optional(),
        Arg::int("count").after("COUNT").optional(),
        Arg::token("noscores", "NOSCORES").optional(),
    ],
    tips: &["nondeterministic_output"],
    history: &[("8.0.0", "`NOSCORES`.")],
    ..Row::new("zscan", -3, Group::SortedSet, zscan)
}];

fn zscan(ctx: &mut Ctx) -> Outcome {
    let (key, cursor) = (ctx.key(1), scan_value::cursor(ctx)?);
    let Some(e) = ctx.keys.read_zset(key)? else {
        return scan_value::reply_nothing(&mut ctx.out);
    };
    let (set, options) = (ZsetRef::of(&e), Options::parse(*ctx.args, Some("NOSCORES"))?);
    // Valkey prints the scores of the two forms in two ways.
    let text = if matches!(set, ZsetRef::Tree(_)) { f64_text_17 } else { f64_text };
    scan_value::reply(&mut ctx.out, cursor, &options, |cursor, out, tally| {
        set.scan(cursor, |member, score| {
            tally.seen += 1;
            if options.wants(member) {
                items::reply(out, member);
                tally.replied += 1;
                if options.values {
                    out.bulk(text(score).as_bytes());
                    tally.replied += 1;
                }
            }
        })
    })
}
