//! Strings as numbers.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Arg, Flags, KeyFlags, KeySpec, Row, Run},
    },
    row,
};
use crate::{
    base::long_double::LongDouble,
    keyspace::{
        Type, event,
        string::{self, Str},
    },
    protocol::Error,
};

const KEYS: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::UPDATE))];
const KEY: Arg = Arg::key("key");

const fn number_row(name: &'static str, arity: i16, run: Run) -> Row {
    Row { keys: KEYS, args: &[KEY], ..row(name, arity, Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST), run) }
}

/// This theme's commands.
pub const ROWS: &[Row] = &[
    Row {
        summary: "Adds one to the integer value of a key, which is 0 if it doesn't exist.",
        ..number_row("incr", 2, incr)
    },
    Row {
        summary: "Subtracts one from the integer value of a key, which is 0 if it doesn't exist.",
        ..number_row("decr", 2, decr)
    },
    Row {
        summary: "Adds to the integer value of a key, which is 0 if it doesn't exist.",
        args: &[KEY, Arg::int("increment")],
        ..number_row("incrby", 3, incrby)
    },
    Row {
        summary: "Subtracts from the integer value of a key, which is 0 if it doesn't exist.",
        args: &[KEY, Arg::int("decrement")],
        ..number_row("decrby", 3, decrby)
    },
    Row {
        since: "2.6.0",
        summary: "Adds to the floating point value of a key, which is 0 if it doesn't exist.",
        args: &[KEY, Arg::double("increment")],
        ..number_row("incrbyfloat", 3, incrbyfloat)
    },
];

fn incr(ctx: &mut Ctx) -> Outcome {
    add(ctx, 1)
}

fn decr(ctx: &mut Ctx) -> Outcome {
    add(ctx, -1)
}

fn incrby(ctx: &mut Ctx) -> Outcome {
    let by = ctx.int(2)?;
    add(ctx, by)
}

fn decrby(ctx: &mut Ctx) -> Outcome {
    let by = ctx.int(2)?.checked_neg().ok_or(Error::DECR_OVERFLOW)?;
    add(ctx, by)
}

fn add(ctx: &mut Ctx, by: i64) -> Outcome {
    let key = ctx.key(1);
    let sum = if let Some(mut e) = ctx.keys.edit_as(key, Type::String)? {
        let old = Str::of(e.entry()).int().ok_or(Error::NOT_INT)?;
        let sum = old.checked_add(by).ok_or(Error::INCR_OVERFLOW)?;
        e.discard_value();
        string::store_int(e.entry_mut(), sum);
        e.changed(event::INCRBY);
        sum
    } else {
        ctx.keys.put(key.hash, string::int_entry(key.bytes, by, None), event::INCRBY);
        by
    };
    ctx.out.int(sum);
    DONE
}

fn incrbyfloat(ctx: &mut Ctx) -> Outcome {
    let (key, by) = (ctx.key(1), ctx.arg(2));
    let text = if let Some(mut e) = ctx.keys.edit_as(key, Type::String)? {
        let text = Str::of(e.entry()).with(|old| sum_text(old, by))?;
        e.discard_value();
        string::store_text(e.entry_mut(), &text);
        e.changed(event::INCRBYFLOAT);
        text
    } else {
        let text = sum_text(b"0", by)?;
        ctx.keys.put(key.hash, string::text_entry(key.bytes, &text, None), event::INCRBYFLOAT);
        text
    };
    // A sum in the last place depends on who adds.
    ctx.journal_instead(&[b"SET", key.bytes, &text, b"KEEPTTL"]);
    ctx.out.bulk(&text);
    DONE
}

/// The sum of two numbers in the text that INCRBYFLOAT stores.
fn sum_text(a: &[u8], b: &[u8]) -> Result<Vec<u8>, Error> {
    let (Some(a), Some(b)) = (LongDouble::parse(a), LongDouble::parse(b)) else {
        return Err(Error::NOT_FLOAT);
    };
    let sum = a + b;
    if sum.is_finite() { Ok(sum.to_text()) } else { Err(Error::INCR_NAN) }
}
