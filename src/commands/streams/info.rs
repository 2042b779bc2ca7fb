//! XINFO: what a stream, its groups and their consumers are like.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        help,
        row::{Acl, Arg, Flags, Group as CommandGroup, KeyFlags, KeySpec, Row, Run},
    },
    now_ms, reply_entries, reply_entry, reply_id, row,
};
use crate::{
    data::stream::{Group, Id, Log, Stream},
    keyspace::stream,
    protocol::{Error, Reply},
};

const KEYS: &[KeySpec] = &[KeySpec::at(2, KeyFlags::RO.or(KeyFlags::ACCESS))];

const fn sub(name: &'static str, arity: i16, run: Run) -> Row {
    Row { keys: KEYS, ..row(name, arity, Flags::READONLY, run) }
}

/// XINFO and its subcommands.
pub const ROWS: &[Row] = &[Row {
    acl: Acl::NONE,
    complexity: "Depends on subcommand.",
    summary: "Tells about a stream and its groups.",
    subs: &[
        Row {
            summary: "Lists the consumers of a group.",
            args: &[Arg::key("key"), Arg::string("group")],
            tips: &["nondeterministic_output"],
            history: &[("7.2.0", "`inactive`; `idle` counts attempts, too.")],
            ..sub("consumers", 4, consumers)
        },
        Row {
            summary: "Lists the groups of a stream.",
            args: &[Arg::key("key")],
            history: &[("7.0.0", "`entries-read` and `lag`.")],
            ..sub("groups", 3, groups)
        },
        Row { since: "5.0.0", ..help::row(CommandGroup::Stream, Acl::STREAM) },
        Row {
            summary: "Tells about a stream.",
            args: &[
                Arg::key("key"),
                Arg::block("full-block", &[Arg::token("full", "FULL"), Arg::int("count").after("COUNT").optional()])
                    .optional(),
            ],
            history: &[
                ("6.0.0", "FULL."),
                (
                    "7.0.0",
                    "`max-deleted-entry-id`, `entries-added`, `recorded-first-entry-id`, `entries-read` and `lag`.",
                ),
                ("7.2.0", "`active-time`; `seen-time` counts attempts, too."),
            ],
            ..sub("stream", -3, stream_info)
        },
    ],
    ..row("xinfo", -2, Flags::NONE, help::container)
}];

fn name_int(out: &mut Reply, name: &str, n: i64) {
    out.bulk(name.as_bytes());
    out.int(n);
}

fn name_id(out: &mut Reply, name: &str, id: Id) {
    out.bulk(name.as_bytes());
    reply_id(out, id);
}

fn int_or_null(out: &mut Reply, name: &str, n: Option<i64>) {
    out.bulk(name.as_bytes());
    match n {
        Some(n) => out.int(n),
        None => out.null(),
    }
}

fn consumers(ctx: &mut Ctx) -> Outcome {
    let (key, name, now) = (ctx.key(2), ctx.arg(3), now_ms(ctx));
    let e = ctx.keys.read_stream(key)?.ok_or(Error::NO_KEY)?;
    let g = stream::of(&e).groups.get(name).ok_or_else(|| Error::no_group_for_key(name, key.bytes))?;
    let out = &mut ctx.out;
    out.array(g.consumers().len());
    for c in g.consumers() {
        out.map(4);
        out.bulk(b"name");
        out.bulk(&c.name);
        name_int(out, "pending", c.pending_len() as i64);
        name_int(out, "idle", now.wrapping_sub(c.seen_ms).max(0));
        name_int(out, "inactive", c.active_ms.map_or(-1, |at| now.wrapping_sub(at)));
    }
    DONE
}

fn groups(ctx: &mut Ctx) -> Outcome {
    let key = ctx.key(2);
    let e = ctx.keys.read_stream(key)?.ok_or(Error::NO_KEY)?;
    let Stream { log, groups } = stream::of(&e);
    let out = &mut ctx.out;
    out.array(groups.len());
    for (name, g) in groups.iter() {
        out.map(6);
        out.bulk(b"name");
        out.bulk(name);
        name_int(out, "consumers", g.consumers().len() as i64);
        name_int(out, "pending", g.pending_len() as i64);
        progress(out, log, g);
    }
    DONE
}

/// How far a group has read.
fn progress(out: &mut Reply, log: &Log, g: &Group) {
    name_id(out, "last-delivered-id", g.last_id);
    int_or_null(out, "entries-read", g.entries_read);
    int_or_null(out, "lag", g.lag(log));
}

fn stream_info(ctx: &mut Ctx) -> Outcome {
    let key = ctx.key(2);
    let syntax = || Error::subcommand_syntax("xinfo", ctx.arg(1));
    let options = match ctx.argc() {
        3 => Ok(None),
        4 | 6 if !ctx.is(3, "FULL") => Err(syntax()),
        4 => Ok(Some(10)),
        6 if ctx.is(4, "COUNT") => ctx.int(5).map(|n| Some(usize::try_from(n).unwrap_or(10))),
        _ => Err(syntax()),
    };
    let e = ctx.keys.read_stream(key)?.ok_or(Error::NO_KEY)?;
    let full = options?;
    let s = stream::of(&e);
    let out = &mut ctx.out;
    out.map(if full.is_some() { 9 } else { 10 });
    let log = &s.log;
    name_int(out, "length", log.len() as i64);
    name_int(out, "radix-tree-keys", log.node_count() as i64);
    // There is no radix tree here: the nodes and what holds them together.
    name_int(out, "radix-tree-nodes", log.node_count() as i64 + 1);
    name_id(out, "last-generated-id", log.last_id);
    name_id(out, "max-deleted-entry-id", log.max_deleted);
    name_int(out, "entries-added", log.entries_added as i64);
    name_id(out, "recorded-first-entry-id", log.first_id());
    match full {
        Some(count) => full_info(out, s, if count == 0 { usize::MAX } else { count }),
        None => {
            name_int(out, "groups", s.groups.len() as i64);
            for (name, entry) in [("first-entry", log.first()), ("last-entry", log.last())] {
                out.bulk(name.as_bytes());
                match entry {
                    Some(e) => reply_entry(out, e),
                    None => out.null(),
                }
            }
        }
    }
    DONE
}

fn full_info(out: &mut Reply, s: &Stream, count: usize) {
    out.bulk(b"entries");
    reply_entries(out, s.log.range(Id::MIN, Id::MAX).take(count));
    out.bulk(b"groups");
    out.array(s.groups.len());
    for (name, g) in s.groups.iter() {
        out.map(7);
        out.bulk(b"name");
        out.bulk(name);
        progress(out, &s.log, g);
        name_int(out, "pel-count", g.pending_len() as i64);
        out.bulk(b"pending");
        out.array(g.pending_len().min(count));
        for p in g.pending_from(Id::MIN).take(count) {
            out.array(4);
            reply_id(out, p.id);
            out.bulk(&g.consumer(p.owner()).name);
            out.int(p.delivered_ms);
            out.int(p.deliveries as i64);
        }
        out.bulk(b"consumers");
        out.array(g.consumers().len());
        g.consumers().for_each(|c| {
            out.map(5);
            out.bulk(b"name");
            out.bulk(&c.name);
            name_int(out, "seen-time", c.seen_ms);
            name_int(out, "active-time", c.active_ms.unwrap_or(-1));
            name_int(out, "pel-count", c.pending_len() as i64);
            out.bulk(b"pending");
            out.array(c.pending_len().min(count));
            for p in c.pending_from(Id::MIN).take(count).filter_map(|id| g.pending(id)) {
                out.array(3);
                reply_id(out, p.id);
                out.int(p.delivered_ms);
                out.int(p.deliveries as i64);
            }
        });
    }
}
