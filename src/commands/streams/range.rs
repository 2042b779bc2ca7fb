//! Looking at entries: XLEN, XRANGE, XREVRANGE.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Arg, Flags, KeyFlags, KeySpec, Row},
    },
    count_arg, end_arg, reply_entries, row, start_arg,
};
use crate::{keyspace::stream, protocol::Error};

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        summary: "Returns the number of entries of a stream.",
        keys: &[KeySpec::at(1, KeyFlags::RO)],
        args: &[Arg::key("key")],
        ..row("xlen", 2, Flags::READONLY.or(Flags::FAST), xlen)
    },
    Row {
        complexity: "O(N), N the entries returned",
        summary: "Returns the entries between two ids.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::key("key"), Arg::string("start"), Arg::string("end"), Arg::int("count").after("COUNT").optional()],
        history: &[("6.2.0", "Ranges may leave their ends out.")],
        ..row("xrange", -4, Flags::READONLY, xrange)
    },
    Row {
        complexity: "O(N), N the entries returned",
        summary: "Returns the entries between two ids, the last one first.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::key("key"), Arg::string("end"), Arg::string("start"), Arg::int("count").after("COUNT").optional()],
        history: &[("6.2.0", "Ranges may leave their ends out.")],
        ..row("xrevrange", -4, Flags::READONLY, xrevrange)
    },
];

fn xlen(ctx: &mut Ctx) -> Outcome {
    let key = ctx.key(1);
    let len = ctx.keys.read_stream(key)?.map_or(0, |e| stream::of(&e).log.len());
    ctx.out.int(len as i64);
    DONE
}

fn xrange(ctx: &mut Ctx) -> Outcome {
    range(ctx, false)
}

fn xrevrange(ctx: &mut Ctx) -> Outcome {
    range(ctx, true)
}

fn range(ctx: &mut Ctx, backwards: bool) -> Outcome {
    let (start, end) = if backwards { (3, 2) } else { (2, 3) };
    let (start, end) = (start_arg(ctx, start)?, end_arg(ctx, end)?);
    let (mut count, mut i) = (usize::MAX, 4);
    while i < ctx.argc() {
        if !ctx.is(i, "COUNT") || i + 1 == ctx.argc() {
            return Err(Error::SYNTAX);
        }
        // -1, as every negative number, is none; only without COUNT are there all.
        count = count_arg(ctx, i + 1)?;
        i += 2;
    }
    let key = ctx.key(1);
    match ctx.keys.read_stream(key)? {
        None => ctx.out.array(0),
        Some(_) if count == 0 => ctx.out.null_array(),
        Some(e) => {
            let log = &stream::of(&e).log;
            if backwards {
                reply_entries(&mut ctx.out, log.range_back(start, end).take(count));
            } else {
                reply_entries(&mut ctx.out, log.range(start, end).take(count));
            }
        }
    }
    DONE
}
