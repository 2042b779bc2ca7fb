//! Reading fields.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        items,
        row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
    },
    reply_value,
};
use crate::keyspace::hash::HashRef;

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        flags: Flags::READONLY.or(Flags::FAST),
        acl: Acl::HASH,
        since: "2.0.0",
        complexity: "O(1)",
        summary: "Shows the value of a field.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::key("key"), Arg::string("field")],
        element: 2,
        ..Row::new("hget", 3, Group::Hash, hget)
    },
    Row {
        flags: Flags::READONLY.or(Flags::FAST),
        acl: Acl::HASH,
        since: "2.0.0",
        complexity: "O(N), N the fields asked for",
        summary: "Shows the values of several fields.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::key("key"), Arg::string("field").multiple()],
        element: 2,
        ..Row::new("hmget", -3, Group::Hash, hmget)
    },
    Row {
        flags: Flags::READONLY,
        acl: Acl::HASH,
        since: "2.0.0",
        complexity: "O(N), N the hash's size",
        summary: "Shows all fields of a hash with their values.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::key("key")],
        tips: &["nondeterministic_output_order"],
        ..Row::new("hgetall", 2, Group::Hash, hgetall)
    },
    Row {
        flags: Flags::READONLY,
        acl: Acl::HASH,
        since: "2.0.0",
        complexity: "O(N), N the hash's size",
        summary: "Shows the names of all fields of a hash.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::key("key")],
        tips: &["nondeterministic_output_order"],
        ..Row::new("hkeys", 2, Group::Hash, hkeys)
    },
    Row {
        flags: Flags::READONLY,
        acl: Acl::HASH,
        since: "2.0.0",
        complexity: "O(N), N the hash's size",
        summary: "Shows the values of all fields of a hash.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::key("key")],
        tips: &["nondeterministic_output_order"],
        ..Row::new("hvals", 2, Group::Hash, hvals)
    },
    Row {
        flags: Flags::READONLY.or(Flags::FAST),
        acl: Acl::HASH,
        since: "2.0.0",
        complexity: "O(1)",
        summary: "Tells how many fields a hash has.",
        keys: &[KeySpec::at(1, KeyFlags::RO)],
        args: &[Arg::key("key")],
        ..Row::new("hlen", 2, Group::Hash, hlen)
    },
    Row {
        flags: Flags::READONLY.or(Flags::FAST),
        acl: Acl::HASH,
        since: "3.2.0",
        complexity: "O(1)",
        summary: "Tells how long the value of a field is.",
        keys: &[KeySpec::at(1, KeyFlags::RO)],
        args: &[Arg::key("key"), Arg::string("field")],
        element: 2,
        ..Row::new("hstrlen", 3, Group::Hash, hstrlen)
    },
    Row {
        flags: Flags::READONLY.or(Flags::FAST),
        acl: Acl::HASH,
        since: "2.0.0",
        complexity: "O(1)",
        summary: "Tells whether a hash has a field.",
        keys: &[KeySpec::at(1, KeyFlags::RO)],
        args: &[Arg::key("key"), Arg::string("field")],
        element: 2,
        ..Row::new("hexists", 3, Group::Hash, hexists)
    },
];

fn hget(ctx: &mut Ctx) -> Outcome {
    let (key, now) = (ctx.key(1), ctx.now.wall);
    let entry = ctx.keys.read_hash(key)?;
    reply_value(&mut ctx.out, entry.as_ref().map(|e| HashRef::of(e, now)), ctx.args.at(2));
    DONE
}

fn hmget(ctx: &mut Ctx) -> Outcome {
    let (key, now) = (ctx.key(1), ctx.now.wall);
    let entry = ctx.keys.read_hash(key)?;
    let hash = entry.as_ref().map(|e| HashRef::of(e, now));
    ctx.out.array(ctx.args.len() - 2);
    ctx.args.from(2).for_each(|field| reply_value(&mut ctx.out, hash, field));
    DONE
}

fn hgetall(ctx: &mut Ctx) -> Outcome {
    let (key, now) = (ctx.key(1), ctx.now.wall);
    let Some(e) = ctx.keys.read_hash(key)? else {
        ctx.out.map(0);
        return DONE;
    };
    let hash = HashRef::of(&e, now);
    ctx.out.map(hash.len());
    hash.each(|field, value| {
        items::reply(&mut ctx.out, field);
        items::reply(&mut ctx.out, value);
    });
    DONE
}

fn hkeys(ctx: &mut Ctx) -> Outcome {
    one_of_each_pair(ctx, true)
}

fn hvals(ctx: &mut Ctx) -> Outcome {
    one_of_each_pair(ctx, false)
}

fn one_of_each_pair(ctx: &mut Ctx, fields: bool) -> Outcome {
    let (key, now) = (ctx.key(1), ctx.now.wall);
    let Some(e) = ctx.keys.read_hash(key)? else {
        ctx.out.array(0);
        return DONE;
    };
    let hash = HashRef::of(&e, now);
    ctx.out.array(hash.len());
    hash.each(|field, value| items::reply(&mut ctx.out, if fields { field } else { value }));
    DONE
}

fn hlen(ctx: &mut Ctx) -> Outcome {
    let (key, now) = (ctx.key(1), ctx.now.wall);
    let len = ctx.keys.read_hash(key)?.map_or(0, |e| HashRef::of(&e, now).len());
    ctx.out.int(len as i64);
    DONE
}

fn hstrlen(ctx: &mut Ctx) -> Outcome {
    let (key, now, field) = (ctx.key(1), ctx.now.wall, ctx.arg(2));
    let entry = ctx.keys.read_hash(key)?;
    let value = entry.as_ref().and_then(|e| HashRef::of(e, now).get(field));
    ctx.out.int(value.map_or(0, |v| v.text_len() as i64));
    DONE
}

fn hexists(ctx: &mut Ctx) -> Outcome {
    let (key, now, field) = (ctx.key(1), ctx.now.wall, ctx.arg(2));
    let entry = ctx.keys.read_hash(key)?;
    ctx.out.int(entry.is_some_and(|e| HashRef::of(&e, now).get(field).is_some()).into());
    DONE
}
