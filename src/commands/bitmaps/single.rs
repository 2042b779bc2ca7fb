//! One bit: SETBIT and GETBIT.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Arg, Flags, KeyFlags, KeySpec, Row},
    },
    SETBIT, offset_arg, row,
};
use crate::{
    keyspace::{
        Kind,
        string::{self, Str},
    },
    protocol::Error,
};

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        since: "2.2.0",
        summary: "Sets or clears a bit, lengthening the string if needed.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::UPDATE))],
        args: &[Arg::key("key"), Arg::int("offset"), Arg::int("value")],
        ..row("setbit", 4, Flags::WRITE.or(Flags::DENYOOM), setbit)
    },
    Row {
        since: "2.2.0",
        summary: "Returns a bit.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::key("key"), Arg::int("offset")],
        ..row("getbit", 3, Flags::READONLY.or(Flags::FAST), getbit)
    },
];

const BIT: Error = Error::Static("ERR bit is not an integer or out of range");

fn setbit(ctx: &mut Ctx) -> Outcome {
    let offset = offset_arg(ctx, 2, None)?;
    let on = match ctx.arg(3) {
        b"0" => false,
        b"1" => true,
        _ => return Err(BIT),
    };
    let (key, at, mask) = (ctx.key(1), (offset / 8) as usize, 0x80 >> (offset % 8));
    let mut e = ctx.keys.upsert(key, Kind::StrInline)?;
    let old = Str::of(e.entry()).with(|text| text.get(at).copied());
    let was_on = old.is_some_and(|byte| byte & mask != 0);
    let byte = old.unwrap_or(0) & !mask | if on { mask } else { 0 };
    // Also if nothing changes: it is then text for good.
    string::set_range(e.entry_mut(), at, &[byte]);
    if old.is_none() || was_on != on {
        e.changed(SETBIT);
    }
    ctx.out.int(was_on.into());
    DONE
}

fn getbit(ctx: &mut Ctx) -> Outcome {
    let (offset, key) = (offset_arg(ctx, 2, None)?, ctx.key(1));
    let found = ctx.keys.read_string(key)?;
    let byte = found.and_then(|e| Str::of(&e).with(|text| text.get((offset / 8) as usize).copied()));
    ctx.out.int(byte.is_some_and(|byte| byte & (0x80 >> (offset % 8)) != 0).into());
    DONE
}
