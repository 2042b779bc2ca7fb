//! OBJECT: how a value is kept, and when it was used.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Arg, Flags, KeyFlags, KeySpec, Row, Run},
    },
    row,
};
use crate::{
    keyspace::{Kind, access::AccessPolicy, object::Object, string},
    protocol::Error,
};

const KEYS: &[KeySpec] = &[KeySpec::at(2, KeyFlags::RO)];
const ARGS: &[Arg] = &[Arg::key("key")];

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
    acl: super::super::row::Acl::NONE,
    complexity: "Depends on subcommand.",
    summary: "A container for object introspection commands.",
    subs: &[
        sub("encoding", "Returns the internal encoding of an object.", encoding),
        Row { since: "4.0.0", ..sub("freq", "Returns the logarithmic access frequency counter of an object.", freq) },
        Row {
            since: "6.2.0",
            summary: "Returns helpful text about the different subcommands.",
            ..row("help", 2, Flags::LOADING.or(Flags::STALE), help)
        },
        sub("idletime", "Returns the time since the last access to an object.", idletime),
        sub("refcount", "Returns the reference count of a value of a key.", refcount),
    ],
    ..row("object", -2, Flags::NONE, help)
}];

fn encoding(ctx: &mut Ctx) -> Outcome {
    let key = ctx.key(2);
    match ctx.keys.inspect_quietly(key) {
        Some(e) => ctx.out.bulk(encoding_name(&e).as_bytes()),
        None => ctx.out.null(),
    }
    DONE
}

/// The encoding Valkey would report.
fn encoding_name(e: &crate::keyspace::Entry) -> &'static str {
    match e.kind() {
        Kind::StrInt | Kind::StrInline | Kind::StrLarge => string::encoding(e),
        Kind::ListPacked | Kind::HashPacked => "listpack",
        Kind::ListNodes => match e.object() {
            Some(Object::List(_)) => "quicklist",
            _ => "listpack",
        },
        Kind::HashTable => "hashtable",
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

fn reply_clock(ctx: &mut Ctx, f: fn(&AccessPolicy, u32, crate::base::time::Wall) -> i64) -> Outcome {
    let key = ctx.key(2);
    match ctx.keys.inspect_quietly(key).map(|e| e.clock()) {
        Some(clock) => ctx.out.int(f(&ctx.keys.access, clock, ctx.now.wall)),
        None => ctx.out.null(),
    }
    DONE
}

fn refcount(ctx: &mut Ctx) -> Outcome {
    let key = ctx.key(2);
    match ctx.keys.inspect_quietly(key) {
        Some(_) => ctx.out.int(1),
        None => ctx.out.null(),
    }
    DONE
}

fn help(ctx: &mut Ctx) -> Outcome {
    const LINES: [&str; 15] = [
        "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "ENCODING <key>",
        "    Return the kind of internal representation used in order to store the value",
        "    associated with a <key>.",
        "FREQ <key>",
        "    Return the access frequency index of the <key>. The returned integer is",
        "    proportional to the logarithm of the recent access frequency of the key.",
        "IDLETIME <key>",
        "    Return the idle time of the <key>, that is the approximated number of",
        "    seconds elapsed since the last access to the key.",
        "REFCOUNT <key>",
        "    Return the number of references of the value associated with the specified",
        "    <key>.",
        "HELP",
        "    Print this help.",
    ];
    ctx.out.array(LINES.len());
    LINES.iter().for_each(|line| ctx.out.simple(line));
    DONE
}
