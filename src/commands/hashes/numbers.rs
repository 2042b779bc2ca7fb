//! Counting in fields.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
    },
    limits,
};
use crate::{
    base::{long_double::LongDouble, num::parse_i64},
    data::{hash::NewExpiry, packed::Item},
    keyspace::Event,
    protocol::Error,
};

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        acl: Acl::HASH,
        since: "2.0.0",
        complexity: "O(1)",
        summary: "Adds an integer to the value of a field.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::UPDATE))],
        args: &[Arg::key("key"), Arg::string("field"), Arg::int("increment")],
        element: 2,
        ..Row::new("hincrby", 4, Group::Hash, hincrby)
    },
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        acl: Acl::HASH,
        since: "2.6.0",
        complexity: "O(1)",
        summary: "Adds a number to the value of a field.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::UPDATE))],
        args: &[Arg::key("key"), Arg::string("field"), Arg::double("increment")],
        element: 2,
        ..Row::new("hincrbyfloat", 4, Group::Hash, hincrbyfloat)
    },
];

fn hincrby(ctx: &mut Ctx) -> Outcome {
    let (key, limits, field) = (ctx.key(1), limits(ctx), ctx.arg(2));
    let by = parse_i64(ctx.arg(3)).ok_or(Error::NOT_INT)?;
    let mut hash = ctx.keys.upsert_hash(key, limits)?;
    hash.drop_due(std::iter::once(field));
    let old = match hash.get().get(field) {
        Some(value) => value.as_int().ok_or(Error::HASH_NOT_INT)?,
        None => 0,
    };
    let new = old.checked_add(by).ok_or(Error::INCR_OVERFLOW)?;
    hash.set(field, itoa::Buffer::new().format(new).as_bytes(), NewExpiry::Keep);
    hash.changed(Event::hash("hincrby"), 1);
    ctx.out.int(new);
    DONE
}

fn hincrbyfloat(ctx: &mut Ctx) -> Outcome {
    let (key, limits, field) = (ctx.key(1), limits(ctx), ctx.arg(2));
    let by = LongDouble::parse(ctx.arg(3)).ok_or(Error::NOT_FLOAT)?;
    if !by.is_finite() {
        return Err(Error::VALUE_NAN);
    }
    let mut hash = ctx.keys.upsert_hash(key, limits)?;
    hash.drop_due(std::iter::once(field));
    let old = match hash.get().get(field) {
        Some(Item::Str(text)) => LongDouble::parse(text).ok_or(Error::HASH_NOT_FLOAT)?,
        Some(Item::Int(n)) => LongDouble::from_i64(n),
        None => LongDouble::from_i64(0),
    };
    let new = old + by;
    if !new.is_finite() {
        return Err(Error::INCR_NAN);
    }
    let text = new.to_text();
    hash.set(field, &text, NewExpiry::Keep);
    let expires = hash.get().expiry_ms(field).flatten().is_some();
    hash.changed(Event::hash("hincrbyfloat"), 1);
    // A sum in the last place depends on who adds.
    if expires {
        ctx.journal_instead(&[b"HSETEX", key.bytes, b"KEEPTTL", b"FIELDS", b"1", field, &text]);
    } else {
        ctx.journal_instead(&[b"HSET", key.bytes, field, &text]);
    }
    ctx.out.bulk(&text);
    DONE
}
