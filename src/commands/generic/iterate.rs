//! Finding keys without knowing their names.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Acl, Arg, Flags, Group, Row, Scope},
    },
    row,
};
use crate::{
    base::{glob, num::parse_u64},
    data::table::Element,
    keyspace::{Entry, scan::Names},
    protocol::Error,
};

/// This theme's commands.
pub const ROWS: &[Row] = &[
    Row {
        since: "2.8.0",
        complexity: "O(1) for every call. O(N) for a complete iteration, N being the number of keys.",
        summary: "Iterates over the key names in the database, a few at a time.",
        args: &[
            Arg::int("cursor"),
            Arg::pattern("pattern").after("MATCH").optional(),
            Arg::int("count").after("COUNT").optional(),
            Arg::string("type").after("TYPE").optional().since("6.0.0"),
        ],
        tips: &["nondeterministic_output", "request_policy:special", "response_policy:special"],
        history: &[("6.0.0", "TYPE.")],
        scope: Scope::Each,
        ..row("scan", -2, Flags::READONLY.or(Flags::TOUCHES_ARBITRARY_KEYS), scan)
    },
    Row {
        acl: Acl::KEYSPACE.or(Acl::DANGEROUS),
        complexity: "O(N) with N being the number of keys in the database.",
        summary: "Returns all key names that match a pattern.",
        args: &[Arg::pattern("pattern")],
        tips: &["request_policy:all_shards", "nondeterministic_output_order"],
        scope: Scope::All,
        ..row("keys", 2, Flags::READONLY, keys)
    },
    Row {
        summary: "Returns a random key name from the database.",
        tips: &["request_policy:all_shards", "response_policy:special", "nondeterministic_output"],
        scope: Scope::Each,
        ..row("randomkey", 1, Flags::READONLY.or(Flags::TOUCHES_ARBITRARY_KEYS), randomkey)
    },
    Row {
        group: Group::Server,
        summary: "Returns the number of keys in the database.",
        tips: &["request_policy:all_shards", "response_policy:agg_sum"],
        scope: Scope::Each,
        ..row("dbsize", 1, Flags::READONLY.or(Flags::FAST), dbsize)
    },
];

/// Every type name Valkey knows, also those of types that do not exist here.
const TYPE_NAMES: [&str; 6] = ["string", "list", "set", "zset", "hash", "stream"];

fn scan(ctx: &mut Ctx) -> Outcome {
    let cursor = parse_u64(ctx.arg(1)).ok_or(Error::INVALID_CURSOR)?;
    let (mut count, mut pattern, mut type_name) = (10, None, None);
    let mut i = 2;
    while i < ctx.argc() {
        if i + 1 == ctx.argc() {
            return Err(Error::SYNTAX);
        }
        let value = ctx.arg(i + 1);
        if ctx.is(i, "COUNT") {
            count = u64::try_from(ctx.int(i + 1)?).ok().filter(|n| *n > 0).ok_or(Error::SYNTAX)?;
        } else if ctx.is(i, "MATCH") {
            pattern = (value != b"*").then_some(value);
        } else if ctx.is(i, "TYPE") {
            type_name = Some(known_type(value)?);
        } else {
            return Err(Error::SYNTAX);
        }
        i += 2;
    }
    let wanted = |e: &Entry| {
        type_name.is_none_or(|t| e.type_of().name() == t) && pattern.is_none_or(|p| glob::matches_case(p, e.key()))
    };
    let mut names = Names::default();
    let next = ctx.keys.scan(cursor, count, wanted, &mut names);
    ctx.out.array(2);
    ctx.out.bulk(itoa::Buffer::new().format(next).as_bytes());
    ctx.out.array(names.len());
    names.iter().for_each(|name| ctx.out.bulk(name));
    DONE
}

fn known_type(name: &[u8]) -> Result<&'static str, Error> {
    let known = TYPE_NAMES.into_iter().find(|t| t.as_bytes().eq_ignore_ascii_case(name));
    known.ok_or_else(|| Error::concat(&[b"ERR unknown type name '", name, b"'"]))
}

fn keys(ctx: &mut Ctx) -> Outcome {
    let pattern = ctx.arg(1);
    let (aggregate, mut n) = (ctx.out.begin_array(), 0);
    ctx.keys.each(|e| {
        if pattern == b"*" || glob::matches_case(pattern, e.key()) {
            ctx.out.bulk(e.key());
            n += 1;
        }
    });
    ctx.out.end(aggregate, n);
    DONE
}

fn randomkey(ctx: &mut Ctx) -> Outcome {
    let name = ctx.keys.random();
    ctx.out.bulk_or_null(name.as_deref());
    DONE
}

fn dbsize(ctx: &mut Ctx) -> Outcome {
    let n = ctx.keys.count();
    ctx.out.int(n as i64);
    DONE
}
