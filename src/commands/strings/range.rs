//! Parts of strings.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Arg, Flags, KeyFlags, KeySpec, Row},
    },
    row,
};
use crate::{
    keyspace::{
        Type, event,
        string::{self, Str, Ttl},
    },
    protocol::Error,
};
use std::ops::Range;

/// This theme's commands.
pub const ROWS: &[Row] = &[
    Row {
        since: "2.0.0",
        complexity: "O(1), amortized: a long value has room to grow.",
        summary: "Appends a string to the value of a key. Creates the key if it doesn't exist.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::INSERT))],
        args: &[Arg::key("key"), Arg::string("value")],
        ..row("append", 3, Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST), append)
    },
    Row {
        since: "2.4.0",
        complexity: "O(N) where N is the length of the returned string.",
        summary: "Returns a part of the string value of a key.",
        ..GETRANGE
    },
    Row {
        complexity: "O(N) where N is the length of the returned string.",
        summary: "Returns a part of the string value of a key.",
        deprecated: Some(("2.0.0", "`GETRANGE`")),
        name: "substr",
        ..GETRANGE
    },
    Row {
        since: "2.2.0",
        complexity: "O(1) for short strings, else O(M) where M is the length of the value.",
        summary: "Overwrites a part of the string value of a key. Creates the key if it doesn't exist.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::UPDATE))],
        args: &[Arg::key("key"), Arg::int("offset"), Arg::string("value")],
        ..row("setrange", 4, Flags::WRITE.or(Flags::DENYOOM), setrange)
    },
];

const GETRANGE: Row = Row {
    keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
    args: &[Arg::key("key"), Arg::int("start"), Arg::int("end")],
    ..row("getrange", 4, Flags::READONLY, getrange)
};

fn append(ctx: &mut Ctx) -> Outcome {
    let (key, tail) = (ctx.key(1), ctx.arg(2));
    let max = ctx.config.limits.proto_max_bulk_len_bytes;
    let len = if let Some(mut e) = ctx.keys.edit_as(key, Type::String)? {
        check_length(Str::of(e.entry()).len() as u64, tail, max)?;
        let len = string::append(e.entry_mut(), tail);
        e.changed(event::APPEND);
        len
    } else {
        ctx.keys.set_string(key, tail, Ttl::Clear, event::APPEND);
        tail.len()
    };
    ctx.out.int(len as i64);
    DONE
}

/// Refuses a string that would be longer than the configured limit.
fn check_length(offset: u64, part: &[u8], max: u64) -> Result<(), Error> {
    match offset.checked_add(part.len() as u64) {
        Some(total) if total <= max => Ok(()),
        _ => Err(Error::STRING_TOO_LONG),
    }
}

fn setrange(ctx: &mut Ctx) -> Outcome {
    let offset = u64::try_from(ctx.int(2)?).map_err(|_| Error::OFFSET_OUT_OF_RANGE)?;
    let (key, part) = (ctx.key(1), ctx.arg(3));
    let max = ctx.config.limits.proto_max_bulk_len_bytes;
    let len = if let Some(mut e) = ctx.keys.edit_as(key, Type::String)? {
        if part.is_empty() {
            Str::of(e.entry()).len()
        } else {
            check_length(offset, part, max)?;
            let len = string::set_range(e.entry_mut(), offset as usize, part);
            e.changed(event::SETRANGE);
            len
        }
    } else if part.is_empty() {
        0
    } else {
        check_length(offset, part, max)?;
        let mut text = vec![0; offset as usize + part.len()];
        text[offset as usize..].copy_from_slice(part);
        let len = text.len();
        ctx.keys.put(key.hash, string::raw_entry(key.bytes, text), event::SETRANGE);
        len
    };
    ctx.out.int(len as i64);
    DONE
}

fn getrange(ctx: &mut Ctx) -> Outcome {
    let (start, end, key) = (ctx.int(2)?, ctx.int(3)?, ctx.key(1));
    let Some(e) = ctx.keys.read_string(key)? else {
        ctx.out.bulk(b"");
        return DONE;
    };
    let text = Str::of(&e);
    text.reply_range(clamp(start, end, text.len()), &mut ctx.out);
    DONE
}

/// The bytes from `start` to `end`, inclusive; negative numbers count from the end.
fn clamp(start: i64, end: i64, len: usize) -> Range<usize> {
    if start < 0 && end < 0 && start > end {
        return 0..0;
    }
    let from_front = |i: i64| if i < 0 { (len as i64).saturating_add(i).max(0) } else { i } as usize;
    let (start, end) = (from_front(start), from_front(end));
    let end = end.saturating_add(1).min(len);
    if start < end { start..end } else { 0..0 }
}

#[cfg(test)]
mod tests {
    use super::clamp;

    #[test]
    fn ranges_are_clamped_to_the_text() {
        let all = [
            ((0, -1, 5), 0..5),
            ((0, 0, 5), 0..1),
            ((-3, -2, 5), 2..4),
            ((-2, -3, 5), 0..0),
            ((3, 1, 5), 0..0),
            ((5, 9, 5), 0..0),
            ((-100, 1, 5), 0..2),
            ((-100, -50, 5), 0..1),
            ((i64::MIN, i64::MAX, 5), 0..5),
            ((0, -1, 0), 0..0),
            ((i64::MAX, i64::MAX, 5), 0..0),
        ];
        for ((start, end, len), want) in all {
            assert_eq!(clamp(start, end, len), want, "{start} {end} of {len}");
        }
    }
}
