//! Whether keys exist, what they are, and deleting them.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Arg, Flags, KeyFlags, KeySpec, Row},
    },
    row,
};
use crate::keyspace::event;

const MANY: &[&str] = &["request_policy:multi_shard", "response_policy:agg_sum"];

/// This theme's commands.
pub const ROWS: &[Row] = &[
    Row {
        complexity: "O(N) where N is the number of keys that will be removed.",
        summary: "Deletes one or more keys.",
        keys: &[KeySpec::range(1, -1, 1, KeyFlags::RM.or(KeyFlags::DELETE))],
        args: &[Arg::key("key").multiple()],
        tips: MANY,
        ..row("del", -2, Flags::WRITE, del)
    },
    Row {
        since: "4.0.0",
        complexity: "O(1) for each key removed; memory is given back in the background.",
        summary: "Deletes one or more keys without waiting for their memory.",
        keys: &[KeySpec::range(1, -1, 1, KeyFlags::RM.or(KeyFlags::DELETE))],
        args: &[Arg::key("key").multiple()],
        tips: MANY,
        ..row("unlink", -2, Flags::WRITE.or(Flags::FAST), del)
    },
    Row {
        complexity: "O(N) where N is the number of keys to check.",
        summary: "Counts how many of the given keys exist.",
        keys: &[KeySpec::range(1, -1, 1, KeyFlags::RO)],
        args: &[Arg::key("key").multiple()],
        tips: MANY,
        history: &[("3.0.3", "Takes several keys.")],
        ..row("exists", -2, Flags::READONLY.or(Flags::FAST), exists)
    },
    Row {
        since: "3.2.1",
        complexity: "O(N) where N is the number of keys that will be touched.",
        summary: "Marks keys as accessed now and counts how many exist.",
        keys: &[KeySpec::range(1, -1, 1, KeyFlags::RO)],
        args: &[Arg::key("key").multiple()],
        tips: MANY,
        ..row("touch", -2, Flags::READONLY.or(Flags::FAST), touch)
    },
    Row {
        summary: "Names the type of the value stored at a key.",
        keys: &[KeySpec::at(1, KeyFlags::RO)],
        args: &[Arg::key("key")],
        ..row("type", 2, Flags::READONLY.or(Flags::FAST), type_name)
    },
];

fn del(ctx: &mut Ctx) -> Outcome {
    count(ctx, |ctx, i| {
        let key = ctx.key(i);
        ctx.keys.delete(key, event::DEL)
    })
}

fn exists(ctx: &mut Ctx) -> Outcome {
    count(ctx, |ctx, i| {
        let key = ctx.key(i);
        ctx.keys.inspect(key).is_some()
    })
}

fn touch(ctx: &mut Ctx) -> Outcome {
    count(ctx, |ctx, i| {
        let key = ctx.key(i);
        // Also for a client that asked for CLIENT NO-TOUCH.
        ctx.keys.access.touch = true;
        ctx.keys.read(key).is_some()
    })
}

/// Replies for how many of the key arguments `f` holds.
fn count(ctx: &mut Ctx, f: impl Fn(&mut Ctx, usize) -> bool) -> Outcome {
    let n = (1..ctx.argc()).filter(|i| f(ctx, *i)).count();
    ctx.out.int(n as i64);
    DONE
}

fn type_name(ctx: &mut Ctx) -> Outcome {
    let key = ctx.key(1);
    let name = ctx.keys.inspect(key).map_or("none", |e| e.type_of().name());
    ctx.out.simple(name);
    DONE
}
