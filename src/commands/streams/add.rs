//! XADD.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Arg, Flags, KeyFlags, KeySpec, Row},
    },
    XADD, XTRIM, limit, reply_id, row,
    trim::{Exact, TrimArgs},
};
use crate::{
    data::stream::{Id, MAX_NODE_BYTES, NewId},
    protocol::Error,
};
use smallvec::SmallVec;

/// How a stream is trimmed.
pub(super) const TRIM: &[Arg] = &[
    Arg::one_of("strategy", &[Arg::token("maxlen", "MAXLEN"), Arg::token("minid", "MINID").since("6.2.0")]),
    Arg::one_of("operator", &[Arg::token("equal", "="), Arg::token("approximately", "~")]).optional(),
    Arg::string("threshold"),
    Arg::int("count").after("LIMIT").optional().since("6.2.0"),
];

/// This file's command.
pub const ROWS: &[Row] = &[Row {
    complexity: "O(1), and O(N) for the N entries trimmed",
    summary: "Appends an entry to a stream, making the stream if needed.",
    keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::UPDATE))
        .notes("UPDATE instead of INSERT because of the optional trimming feature")],
    args: &[
        Arg::key("key"),
        Arg::token("nomkstream", "NOMKSTREAM").optional().since("6.2.0"),
        Arg::block("trim", TRIM).optional(),
        Arg::one_of("id-selector", &[Arg::token("auto-id", "*"), Arg::string("id")]),
        Arg::block("data", &[Arg::string("field"), Arg::string("value")]).multiple(),
    ],
    tips: &["nondeterministic_output"],
    history: &[
        ("6.2.0", "NOMKSTREAM, MINID and LIMIT."),
        ("7.0.0", "The sequence of an id alone may be left to the server: `<ms>-*`."),
    ],
    ..row("xadd", -5, Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST), xadd)
}];

struct AddArgs {
    trim: TrimArgs,
    make: bool,
    id: NewId,
    /// The argument of the first field.
    first: usize,
}

impl AddArgs {
    fn parse(ctx: &Ctx) -> Result<AddArgs, Error> {
        let (mut trim, mut make, mut i) = (TrimArgs::default(), true, 2);
        // An option's argument may be the last word: then there is no id.
        let mut id = NewId::Auto;
        while i < ctx.argc() {
            if ctx.arg(i) == b"*" {
                break;
            }
            if let Some(next) = trim.option(ctx, i)? {
                i = next;
            } else if ctx.is(i, "NOMKSTREAM") {
                make = false;
                i += 1;
            } else {
                id = Id::parse_new(ctx.arg(i)).ok_or(Error::INVALID_STREAM_ID)?;
                break;
            }
        }
        trim.complete(ctx, false)?;
        let first = i + 1;
        if ctx.argc() < first + 2 || (ctx.argc() - first) % 2 == 1 {
            return Err(Error::wrong_arity(ctx.row.name));
        }
        if id == NewId::Given(Id::MIN) {
            return Err(Error::Static("ERR The ID specified in XADD must be greater than 0-0"));
        }
        Ok(AddArgs { trim, make, id, first })
    }
}

fn xadd(ctx: &mut Ctx) -> Outcome {
    let a = AddArgs::parse(ctx)?;
    let (key, limit) = (ctx.key(1), limit(ctx));
    let mut stream = if a.make {
        ctx.keys.upsert_stream(key)?
    } else {
        match ctx.keys.edit_stream(key)? {
            Some(stream) => stream,
            None => {
                ctx.out.null();
                return DONE;
            }
        }
    };
    if stream.log.last_id == Id::MAX {
        return Err(Error::Static("ERR The stream has exhausted the last possible ID, unable to add more items"));
    }
    let id = stream
        .log
        .new_id(a.id, ctx.now.wall.0)
        .ok_or(Error::Static("ERR The ID specified in XADD is equal or smaller than the target stream top item"))?;
    let texts = ctx.args.skip(a.first);
    let text_bytes = texts.from(0).map(<[u8]>::len).sum();
    if text_bytes > MAX_NODE_BYTES {
        return Err(Error::Static("ERR Elements are too large to be stored"));
    }
    stream.log.append(id, texts.len() / 2, text_bytes, |i| texts.at(i), limit);
    let trimmed = a.trim.run(limit.entries, &mut stream);
    let exact = if stream.journals() { a.trim.exactly(&stream.log) } else { None };
    if trimmed > 0 {
        stream.raise(XADD);
    }
    stream.changed(if trimmed > 0 { XTRIM } else { XADD }, 1);
    reply_id(&mut ctx.out, id);
    if ctx.journals() {
        journal(ctx, &a, id, exact);
    }
    DONE
}

/// Writes to the journal which id was found and how much was trimmed, where that was not said.
fn journal(ctx: &mut Ctx, a: &AddArgs, id: Id, exact: Option<Exact>) {
    let generated = !matches!(a.id, NewId::Given(_));
    let text = id.to_string();
    let mut others: SmallVec<[(usize, &[u8]); 3]> = SmallVec::new();
    if let Some(exact) = &exact {
        others.extend(exact.replaced());
    }
    if generated {
        others.push((a.first - 1, text.as_bytes()));
    }
    if !others.is_empty() {
        ctx.journal_with(&others);
    }
}
