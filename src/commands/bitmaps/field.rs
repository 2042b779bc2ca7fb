//! BITFIELD and BITFIELD_RO: integers of any width at any bit.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Arg, Flags, KeyFlags, KeySpec, Row},
    },
    SETBIT, offset_arg, row,
};
use crate::{
    base::num::parse_i64,
    data::bits::{Field, Overflow},
    keyspace::{
        Kind,
        string::{self, Str},
    },
    protocol::{Error, Reply},
    session::Args,
};

const GET: Arg = Arg::block("get-block", &[Arg::string("encoding"), Arg::int("offset")]).after("GET");
const WRITE: &[Arg] = &[
    Arg::one_of("overflow-block", &[Arg::token("wrap", "WRAP"), Arg::token("sat", "SAT"), Arg::token("fail", "FAIL")])
        .after("OVERFLOW")
        .optional(),
    Arg::one_of(
        "write-operation",
        &[
            Arg::block("set-block", &[Arg::string("encoding"), Arg::int("offset"), Arg::int("value")]).after("SET"),
            Arg::block("incrby-block", &[Arg::string("encoding"), Arg::int("offset"), Arg::int("increment")])
                .after("INCRBY"),
        ],
    ),
];

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        since: "3.2.0",
        complexity: "O(1) for each operation",
        summary: "Reads and writes integers of any width at any bit.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::UPDATE).or(KeyFlags::ACCESS).or(KeyFlags::VARIABLE_FLAGS))
            .notes("This command allows both access and modification of the key")],
        key_flags: Some(key_flags),
        args: &[Arg::key("key"), Arg::one_of("operation", &[GET, Arg::block("write", WRITE)]).optional().multiple()],
        ..row("bitfield", -2, Flags::WRITE.or(Flags::DENYOOM), bitfield)
    },
    Row {
        since: "6.0.0",
        complexity: "O(1) for each operation",
        summary: "Reads integers of any width at any bit.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::key("key"), GET.optional().multiple_token()],
        ..row("bitfield_ro", -2, Flags::READONLY.or(Flags::FAST), bitfield_ro)
    },
];

/// A command without a SET or INCRBY only reads.
fn key_flags(args: Args) -> KeyFlags {
    let mut i = 2;
    while i < args.len() {
        let left = args.len() - i - 1;
        let is = |word: &str| args.at(i).eq_ignore_ascii_case(word.as_bytes());
        i += match () {
            () if is("GET") && left >= 2 => 3,
            () if is("OVERFLOW") && left >= 1 => 2,
            () => return KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::UPDATE),
        };
    }
    KeyFlags::RO.or(KeyFlags::ACCESS)
}

/// One operation.
#[derive(Clone, Copy)]
enum Operation {
    Get(Field),
    Set(Field, i64, Overflow),
    Increment(Field, i64, Overflow),
}

impl Operation {
    /// What it writes to.
    fn target(self) -> Option<Field> {
        match self {
            Operation::Get(_) => None,
            Operation::Set(field, ..) | Operation::Increment(field, ..) => Some(field),
        }
    }

    /// Does it to a text and replies; whether a value that was stored is another.
    fn run(self, text: &mut [u8], out: &mut Reply) -> Option<bool> {
        let (field, new, replies_old) = match self {
            Operation::Get(field) => {
                out.int(field.get(text));
                return None;
            }
            Operation::Set(field, value, overflow) => (field, field.sum(value, 0, overflow), true),
            Operation::Increment(field, by, overflow) => (field, field.sum(field.get(text), by, overflow), false),
        };
        let old = field.get(text);
        match new {
            None => out.null(),
            Some(new) => {
                out.int(if replies_old { old } else { new });
                field.set(text, new);
            }
        }
        new.map(|new| new != old)
    }
}

const FIELD_TYPE: Error =
    Error::Static("ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.");

/// Arguments `i` and `i + 1` as a type and an offset.
fn field_args(ctx: &Ctx, i: usize) -> Result<Field, Error> {
    let (signed, width) = match ctx.arg(i) {
        [b'i', width @ ..] => (true, width),
        [b'u', width @ ..] => (false, width),
        _ => return Err(FIELD_TYPE),
    };
    let most = if signed { 64 } else { 63 };
    let width = &width[..memchr::memchr(0, width).unwrap_or(width.len())];
    let bits = parse_i64(width).filter(|n| (1..=most).contains(n)).ok_or(FIELD_TYPE)? as u32;
    Ok(Field { signed, bits, offset: offset_arg(ctx, i + 1, Some(bits))? })
}

fn parse(ctx: &Ctx) -> Result<Vec<Operation>, Error> {
    let (mut operations, mut overflow, mut i) = (Vec::new(), Overflow::Wrap, 2);
    while i < ctx.argc() {
        let left = ctx.argc() - i - 1;
        let set = ctx.is(i, "SET");
        if ctx.is(i, "GET") && left >= 2 {
            operations.push(Operation::Get(field_args(ctx, i + 1)?));
            i += 3;
        } else if (set || ctx.is(i, "INCRBY")) && left >= 3 {
            let (field, value) = (field_args(ctx, i + 1)?, ctx.int(i + 3)?);
            let make = if set { Operation::Set } else { Operation::Increment };
            operations.push(make(field, value, overflow));
            i += 4;
        } else if ctx.is(i, "OVERFLOW") && left >= 1 {
            overflow = match () {
                () if ctx.is(i + 1, "WRAP") => Overflow::Wrap,
                () if ctx.is(i + 1, "SAT") => Overflow::Saturate,
                () if ctx.is(i + 1, "FAIL") => Overflow::Fail,
                () => return Err(Error::Static("ERR Invalid OVERFLOW type specified")),
            };
            i += 2;
        } else {
            return Err(Error::SYNTAX);
        }
    }
    Ok(operations)
}

fn bitfield(ctx: &mut Ctx) -> Outcome {
    let operations = parse(ctx)?;
    match operations.iter().filter_map(|o| o.target()).map(Field::end_byte).max() {
        Some(end) => write(ctx, &operations, end as usize),
        None => read(ctx, &operations),
    }
}

fn bitfield_ro(ctx: &mut Ctx) -> Outcome {
    let operations = parse(ctx)?;
    if operations.iter().any(|o| o.target().is_some()) {
        return Err(Error::Static("ERR BITFIELD_RO only supports the GET subcommand"));
    }
    read(ctx, &operations)
}

fn read(ctx: &mut Ctx, operations: &[Operation]) -> Outcome {
    let key = ctx.key(1);
    let found = ctx.keys.read_string(key)?;
    let out = &mut ctx.out;
    let mut reply = |text: &[u8]| {
        out.array(operations.len());
        for operation in operations {
            if let Operation::Get(field) = operation {
                out.int(field.get(text));
            }
        }
    };
    match found {
        Some(e) => Str::of(&e).with(reply),
        None => reply(&[]),
    }
    DONE
}

/// Runs operations of which some write, up to byte `end`.
fn write(ctx: &mut Ctx, operations: &[Operation], end: usize) -> Outcome {
    let key = ctx.key(1);
    let mut e = ctx.keys.upsert(key, Kind::StrInline)?;
    let grown = Str::of(e.entry()).len() < end;
    if grown {
        string::set_range(e.entry_mut(), end - 1, &[0]);
    }
    let out = &mut ctx.out;
    out.array(operations.len());
    let changes = string::edit_bytes(e.entry_mut(), |text| {
        let stored = operations.iter().filter_map(|operation| operation.run(text, out));
        stored.filter(|changed| *changed || grown).count() as u64
    });
    match changes {
        0 => {
            e.changed_aside(0);
            if grown {
                // Nothing was set, which counts as no change, and yet the text is another.
                ctx.journal_with(&[]);
            }
        }
        n => e.changed_by(SETBIT, n),
    }
    DONE
}
