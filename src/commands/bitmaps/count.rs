//! BITCOUNT and BITPOS: ranges of bits.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Arg, Flags, KeyFlags, KeySpec, Row},
    },
    row,
};
use crate::{base::num::parse_i64, data::bits, keyspace::string::Str, protocol::Error};
use std::ops::Range;

const RANGE: Arg = Arg::block(
    "range",
    &[
        Arg::int("start"),
        Arg::block(
            "end-unit-block",
            &[
                Arg::int("end"),
                Arg::one_of("unit", &[Arg::token("byte", "BYTE"), Arg::token("bit", "BIT")]).optional().since("7.0.0"),
            ],
        )
        .optional(),
    ],
)
.optional();

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        since: "2.6.0",
        complexity: "O(N)",
        summary: "Counts the bits that are set.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::key("key"), RANGE],
        history: &[("7.0.0", "BYTE and BIT."), ("8.0.0", "The end may be left out.")],
        ..row("bitcount", -2, Flags::READONLY, bitcount)
    },
    Row {
        since: "2.8.7",
        complexity: "O(N)",
        summary: "Finds the first bit that is set, or clear.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::key("key"), Arg::int("bit"), RANGE],
        history: &[("7.0.0", "BYTE and BIT.")],
        ..row("bitpos", -3, Flags::READONLY, bitpos)
    },
];

/// A part of a string, as it was asked for.
#[derive(Clone, Copy)]
struct Part {
    start: i64,
    end: Option<i64>,
    in_bits: bool,
}

impl Part {
    /// The arguments from `at` on: `[start [end [BYTE | BIT]]]`.
    fn parse(ctx: &Ctx, at: usize) -> Result<Part, Error> {
        let n = ctx.argc() - at;
        if n > 3 {
            return Err(Error::SYNTAX);
        }
        let start = if n > 0 { ctx.int(at)? } else { 0 };
        let in_bits = n == 3 && ctx.is(at + 2, "BIT");
        if n == 3 && !in_bits && !ctx.is(at + 2, "BYTE") {
            return Err(Error::SYNTAX);
        }
        let end = if n > 1 { Some(ctx.int(at + 1)?) } else { None };
        Ok(Part { start, end, in_bits })
    }

    /// The bits meant of a string of `len` bytes.
    fn bits(self, len: usize) -> Range<usize> {
        let unit = if self.in_bits { 1 } else { 8 };
        let len = (len * 8 / unit) as i64;
        let from_front = |i: i64| if i < 0 { i.saturating_add(len).max(0) } else { i };
        let (start, end) = (from_front(self.start), from_front(self.end.unwrap_or(len - 1)).min(len - 1));
        if start > end { 0..0 } else { start as usize * unit..(end as usize + 1) * unit }
    }

    /// Whether both ends count from the end of the string, in the wrong order.
    fn is_backwards(self) -> bool {
        self.end.is_some_and(|end| self.start < 0 && end < 0 && self.start > end)
    }
}

fn bitcount(ctx: &mut Ctx) -> Outcome {
    let (part, key) = (Part::parse(ctx, 2)?, ctx.key(1));
    let n = match ctx.keys.read_string(key)? {
        Some(e) if !part.is_backwards() => Str::of(&e).with(|text| bits::count_range(text, part.bits(text.len()))),
        _ => 0,
    };
    ctx.out.int(n as i64);
    DONE
}

fn bitpos(ctx: &mut Ctx) -> Outcome {
    let bit = match parse_i64(ctx.arg(2)).ok_or(Error::NOT_INT)? {
        0 => false,
        1 => true,
        _ => return Err(Error::Static("ERR The bit argument must be 1 or 0.")),
    };
    let (part, key) = (Part::parse(ctx, 3)?, ctx.key(1));
    let at = match ctx.keys.read_string(key)? {
        None => (!bit).then_some(0),
        Some(e) => Str::of(&e).with(|text| {
            let range = part.bits(text.len());
            // Without an end, there are clear bits behind the string.
            let behind = (!bit && part.end.is_none() && !range.is_empty()).then_some(range.end);
            bits::find(text, bit, range).or(behind)
        }),
    };
    ctx.out.int(at.map_or(-1, |at| at as i64));
    DONE
}
