//! Taking entries out of a stream, and setting what it remembers of them: XDEL, XTRIM, XSETID.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Arg, Flags, KeyFlags, KeySpec, Row},
    },
    XTRIM,
    add::TRIM,
    id_arg, id_args, limit, row,
    trim::TrimArgs,
};
use crate::{data::stream::Id, keyspace::Event, protocol::Error};

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        complexity: "O(1) for each id",
        summary: "Deletes entries of a stream.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::DELETE))],
        args: &[Arg::key("key"), Arg::string("ID").multiple()],
        ..row("xdel", -3, Flags::WRITE.or(Flags::FAST), xdel)
    },
    Row {
        complexity: "O(N), N the entries trimmed",
        summary: "Removes entries from the front of a stream.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::DELETE))],
        args: &[Arg::key("key"), Arg::block("trim", TRIM)],
        tips: &["nondeterministic_output"],
        history: &[("6.2.0", "MINID and LIMIT.")],
        ..row("xtrim", -4, Flags::WRITE, xtrim)
    },
    Row {
        summary: "Sets the last id of a stream, and its counters.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::UPDATE))],
        args: &[
            Arg::key("key"),
            Arg::string("last-id"),
            Arg::int("entries-added").after("ENTRIESADDED").optional().since("7.0.0"),
            Arg::string("max-deleted-id").after("MAXDELETEDID").optional().since("7.0.0"),
        ],
        history: &[("7.0.0", "ENTRIESADDED and MAXDELETEDID.")],
        ..row("xsetid", -3, Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST), xsetid)
    },
];

fn xdel(ctx: &mut Ctx) -> Outcome {
    let key = ctx.key(1);
    let ids = id_args(ctx, 2);
    let Some(mut stream) = ctx.keys.edit_stream(key)? else {
        ctx.out.int(0);
        return DONE;
    };
    let deleted = ids?.into_iter().filter(|id| stream.log.delete(*id)).count() as u64;
    if deleted > 0 {
        stream.changed(Event::stream("xdel"), deleted);
    }
    ctx.out.int(deleted as i64);
    DONE
}

fn xtrim(ctx: &mut Ctx) -> Outcome {
    let (mut trim, mut i) = (TrimArgs::default(), 2);
    while i < ctx.argc() {
        i = trim.option(ctx, i)?.ok_or(Error::SYNTAX)?;
    }
    trim.complete(ctx, true)?;
    let (key, limit) = (ctx.key(1), limit(ctx));
    let (mut trimmed, mut exact) = (0, None);
    if let Some(mut stream) = ctx.keys.edit_stream(key)? {
        trimmed = trim.run(limit.entries, &mut stream);
        if trimmed > 0 {
            exact = if stream.journals() { trim.exactly(&stream.log) } else { None };
            stream.changed(XTRIM, trimmed);
        }
    }
    if let Some(exact) = exact {
        ctx.journal_with(&exact.replaced());
    }
    ctx.out.int(trimmed as i64);
    DONE
}

/// What XSETID sets.
struct Counters {
    last: Id,
    added: Option<u64>,
    max_deleted: Id,
}

impl Counters {
    fn parse(ctx: &Ctx) -> Result<Counters, Error> {
        let mut c = Counters { last: id_arg(ctx, 2)?, added: None, max_deleted: Id::MIN };
        let mut i = 3;
        while i < ctx.argc() {
            let more = i + 1 < ctx.argc();
            if more && ctx.is(i, "ENTRIESADDED") {
                let added = ctx.int(i + 1)?;
                c.added = Some(added.try_into().map_err(|_| Error::Static("ERR entries_added must be positive"))?);
            } else if more && ctx.is(i, "MAXDELETEDID") {
                c.max_deleted = id_arg(ctx, i + 1)?;
                if c.last < c.max_deleted {
                    return Err(Error::Static(
                        "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id",
                    ));
                }
            } else {
                return Err(Error::SYNTAX);
            }
            i += 2;
        }
        Ok(c)
    }
}

fn xsetid(ctx: &mut Ctx) -> Outcome {
    let c = Counters::parse(ctx)?;
    let key = ctx.key(1);
    let mut stream = ctx.keys.edit_stream(key)?.ok_or(Error::NO_KEY)?;
    let log = &mut stream.log;
    if c.last < log.max_deleted {
        return Err(Error::Static("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id"));
    }
    if let Some(top) = log.last().map(|e| e.id) {
        if c.last < top {
            return Err(Error::Static("ERR The ID specified in XSETID is smaller than the target stream top item"));
        }
        if c.added.is_some_and(|added| added < log.len()) {
            return Err(Error::Static(
                "ERR The entries_added specified in XSETID is smaller than the target stream length",
            ));
        }
    }
    log.last_id = c.last;
    log.entries_added = c.added.unwrap_or(log.entries_added);
    if c.max_deleted != Id::MIN {
        log.max_deleted = c.max_deleted;
    }
    stream.raise(Event::stream("xsetid"));
    stream.changed_aside(1);
    ctx.out.ok();
    DONE
}
