//! BITOP.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Arg, Flags, KeyFlags, KeySpec, Row},
    },
    row,
};
use crate::{
    data::bits::{Operation, combine},
    keyspace::{
        event,
        string::{self, Str},
    },
    protocol::Error,
};
use bytes::Bytes;

/// This file's command.
pub const ROWS: &[Row] = &[Row {
    since: "2.6.0",
    complexity: "O(N)",
    summary: "Combines strings bit by bit and stores the result.",
    keys: &[
        KeySpec::at(2, KeyFlags::OW.or(KeyFlags::UPDATE)),
        KeySpec::range(3, -1, 1, KeyFlags::RO.or(KeyFlags::ACCESS)),
    ],
    args: &[
        Arg::one_of(
            "operation",
            &[Arg::token("and", "AND"), Arg::token("or", "OR"), Arg::token("xor", "XOR"), Arg::token("not", "NOT")],
        ),
        Arg::key("destkey"),
        Arg::key_of("key", 1).multiple(),
    ],
    ..row("bitop", -4, Flags::WRITE.or(Flags::DENYOOM), bitop)
}];

fn bitop(ctx: &mut Ctx) -> Outcome {
    let operation = match () {
        () if ctx.is(1, "AND") => Operation::And,
        () if ctx.is(1, "OR") => Operation::Or,
        () if ctx.is(1, "XOR") => Operation::Xor,
        () if ctx.is(1, "NOT") => Operation::Not,
        () => return Err(Error::SYNTAX),
    };
    if operation == Operation::Not && ctx.argc() != 4 {
        return Err(Error::Static("ERR BITOP NOT must be called with a single source key."));
    }
    let mut sources: Vec<Bytes> = Vec::with_capacity(ctx.argc() - 3);
    for i in 3..ctx.argc() {
        let key = ctx.key(i);
        sources.push(ctx.keys.read_string(key)?.map(|e| Str::of(&e).to_bytes()).unwrap_or_default());
    }
    let result = combine(operation, &sources);
    let (key, len) = (ctx.key(2), result.len());
    if len > 0 {
        ctx.keys.put(key.hash, string::raw_entry(key.bytes, result), event::SET);
    } else {
        ctx.keys.delete(key, event::DEL);
    }
    ctx.out.int(len as i64);
    DONE
}
