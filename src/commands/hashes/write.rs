//! Setting and deleting fields.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
    },
    limits,
};
use crate::{data::hash::NewExpiry, keyspace::Event, protocol::Error};

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        acl: Acl::HASH,
        since: "2.0.0",
        complexity: "O(N), N the fields set",
        summary: "Sets fields of a hash, making the hash if needed.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::UPDATE))],
        args: &[Arg::key("key"), Arg::block("data", &[Arg::string("field"), Arg::string("value")]).multiple()],
        history: &[("4.0.0", "Takes several fields.")],
        element: 2,
        ..Row::new("hset", -4, Group::Hash, hset)
    },
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        acl: Acl::HASH,
        since: "2.0.0",
        complexity: "O(N), N the fields set",
        summary: "Sets fields of a hash, making the hash if needed.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::UPDATE))],
        args: &[Arg::key("key"), Arg::block("data", &[Arg::string("field"), Arg::string("value")]).multiple()],
        deprecated: Some(("4.0.0", "`HSET` with multiple field-value pairs")),
        element: 2,
        ..Row::new("hmset", -4, Group::Hash, hmset)
    },
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        acl: Acl::HASH,
        since: "2.0.0",
        complexity: "O(1)",
        summary: "Sets a field of a hash unless it exists.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::INSERT))],
        args: &[Arg::key("key"), Arg::string("field"), Arg::string("value")],
        element: 2,
        ..Row::new("hsetnx", 4, Group::Hash, hsetnx)
    },
    Row {
        flags: Flags::WRITE.or(Flags::FAST),
        acl: Acl::HASH,
        since: "2.0.0",
        complexity: "O(N), N the fields named",
        summary: "Deletes fields of a hash.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::DELETE))],
        args: &[Arg::key("key"), Arg::string("field").multiple()],
        history: &[("2.4.0", "Takes several fields.")],
        element: 2,
        ..Row::new("hdel", -3, Group::Hash, hdel)
    },
];

/// The event of setting fields.
pub(super) const HSET: Event = Event::hash("hset");
/// The event of deleting fields.
pub(super) const HDEL: Event = Event::hash("hdel");

fn hset(ctx: &mut Ctx) -> Outcome {
    let new = set_pairs(ctx)?;
    ctx.out.int(new as i64);
    DONE
}

fn hmset(ctx: &mut Ctx) -> Outcome {
    set_pairs(ctx)?;
    ctx.out.ok();
    DONE
}

/// Sets the fields in the arguments from 2 on; returns how many are new.
#[inline]
fn set_pairs(ctx: &mut Ctx) -> Result<usize, Error> {
    if ctx.argc() % 2 == 1 {
        return Err(Error::wrong_arity(ctx.row.name));
    }
    let (key, limits, pairs) = (ctx.key(1), limits(ctx), (ctx.argc() - 2) / 2);
    let mut hash = ctx.keys.upsert_hash(key, limits)?;
    hash.drop_due(ctx.args.from(2).step_by(2));
    hash.grow(pairs);
    let mut new = 0;
    for i in (2..ctx.args.len()).step_by(2) {
        new += usize::from(hash.set(ctx.args.at(i), ctx.args.at(i + 1), NewExpiry::Never));
    }
    hash.changed(HSET, pairs as u64);
    Ok(new)
}

fn hsetnx(ctx: &mut Ctx) -> Outcome {
    let (key, limits, field) = (ctx.key(1), limits(ctx), ctx.arg(2));
    let mut hash = ctx.keys.upsert_hash(key, limits)?;
    hash.drop_due(std::iter::once(field));
    let absent = hash.get().get(field).is_none();
    if absent {
        hash.set(field, ctx.args.at(3), NewExpiry::Never);
        hash.changed(HSET, 1);
    }
    ctx.out.int(absent.into());
    DONE
}

fn hdel(ctx: &mut Ctx) -> Outcome {
    let (key, limits) = (ctx.key(1), limits(ctx));
    let mut deleted = 0;
    if let Some(mut hash) = ctx.keys.edit_hash(key, limits)? {
        hash.drop_due(ctx.args.from(2));
        deleted = ctx.args.from(2).filter(|field| hash.del(field)).count();
        if deleted > 0 {
            hash.changed(HDEL, deleted as u64);
        }
    }
    ctx.out.int(deleted as i64);
    DONE
}
