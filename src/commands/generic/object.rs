//! OBJECT: how a value is kept, and when it was used.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        help,
        row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row, Run},
    },
    row,
};
use crate::{
    base::time::Wall,
    config::{Config, MaxmemoryPolicy},
    keyspace::{
        Entry, Type, access::AccessPolicy, hash::HashRef, list::ListRef, set::SetRef, string, string::Str,
        zset::ZsetRef,
    },
    protocol::Error,
};
use std::ops::Range;

const KEYS: &[KeySpec] = &[KeySpec::at(2, KeyFlags::RO)];
const ARGS: &[Arg] = &[Arg::key("key")];

/// The integers that Valkey keeps once for all keys.
const SHARED_INTEGERS: Range<i64> = 0..10_000;

const fn sub(name: &'static str, summary: &'static str, run: Run) -> Row {
    Row {
        since: "2.2.3",
        summary,
        keys: KEYS,
        args: ARGS,
        tips: &["nondeterministic_output"],
        ..row(name, 3, Flags::READONLY, run)
    }
}

/// OBJECT and its subcommands.
pub const ROWS: &[Row] = &[Row {
    since: "2.2.3",
    acl: Acl::NONE,
    complexity: "Depends on subcommand.",
    summary: "Tells how a value is kept and when it was used.",
    subs: &[
        sub("encoding", "Names the encoding of a value.", encoding),
        Row { since: "4.0.0", ..sub("freq", "Returns the counter of how often a key is used.", freq) },
        Row { since: "6.2.0", ..help::row(Group::Generic, Acl::KEYSPACE) },
        sub("idletime", "Returns for how many seconds a key has not been used.", idletime),
        sub("refcount", "Returns how many references a value has.", refcount),
    ],
    ..row("object", -2, Flags::NONE, help::container)
}];

fn encoding(ctx: &mut Ctx) -> Outcome {
    let key = ctx.key(2);
    match ctx.keys.inspect_quietly(key) {
        Some(e) => ctx.out.bulk(encoding_name(&e, ctx.now.wall).as_bytes()),
        None => ctx.out.null(),
    }
    DONE
}

pub(in crate::commands) fn encoding_name(e: &Entry, now: Wall) -> &'static str {
    match e.type_of() {
        Type::String => string::encoding(e),
        Type::List => ListRef::of(e).encoding(),
        Type::Hash => HashRef::of(e, now).encoding(),
        Type::Set => SetRef::of(e).encoding(),
        Type::ZSet => ZsetRef::of(e).encoding(),
        Type::Stream => "stream",
    }
}

fn freq(ctx: &mut Ctx) -> Outcome {
    if !ctx.keys.access.lfu {
        return unless_missing(
            ctx,
            "An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching \
             between policies at runtime LRU and LFU data will take some time to adjust.",
        );
    }
    reply_clock(ctx, |access, clock, now| access.frequency(clock, now).into())
}

fn idletime(ctx: &mut Ctx) -> Outcome {
    if ctx.keys.access.lfu {
        return unless_missing(
            ctx,
            "An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between \
             policies at runtime LRU and LFU data will take some time to adjust.",
        );
    }
    reply_clock(ctx, |access, clock, now| access.idle_s(clock, now) as i64)
}

/// Replies an error about an existing key, null about a missing one.
fn unless_missing(ctx: &mut Ctx, message: &str) -> Outcome {
    let key = ctx.key(2);
    if ctx.keys.inspect_quietly(key).is_some() {
        return Err(Error::err(message));
    }
    ctx.out.null();
    DONE
}

fn reply_clock(ctx: &mut Ctx, f: fn(&AccessPolicy, u32, Wall) -> i64) -> Outcome {
    let key = ctx.key(2);
    match ctx.keys.inspect_quietly(key).map(|e| e.clock()) {
        Some(clock) => ctx.out.int(f(ctx.keys.access, clock, ctx.now.wall)),
        None => ctx.out.null(),
    }
    DONE
}

fn refcount(ctx: &mut Ctx) -> Outcome {
    let key = ctx.key(2);
    match ctx.keys.inspect_quietly(key) {
        Some(e) => ctx.out.int(references(&e, ctx.config)),
        None => ctx.out.null(),
    }
    DONE
}

/// What clients are told: values have one owner, but tools know small integers by the
/// count Valkey reports for those that all keys share. Policies by access time or
/// frequency need a clock for each key, so there they are not shared.
pub(in crate::commands) fn references(e: &Entry, config: &Config) -> i64 {
    use MaxmemoryPolicy::*;
    let by_access = matches!(config.memory.maxmemory_policy, AllkeysLru | VolatileLru | AllkeysLfu | VolatileLfu);
    let sharing = config.memory.maxmemory_bytes == 0 || !by_access;
    let small = e.type_of() == Type::String
        && string::encoding(e) == "int"
        && Str::of(e).int().is_some_and(|n| SHARED_INTEGERS.contains(&n));
    if sharing && small { i32::MAX.into() } else { 1 }
}
