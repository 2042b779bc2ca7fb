//! Keys that change their name or their database.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row, Scope},
    },
    row,
};
use crate::{base::num::parse_i64, protocol::Error};

/// This theme's commands.
pub const ROWS: &[Row] = &[
    Row {
        since: "6.2.0",
        complexity: "O(N) for collections, where N is the number of elements. O(1) for strings.",
        summary: "Copies the value of a key to a new key.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS)), KeySpec::at(2, KeyFlags::OW.or(KeyFlags::UPDATE))],
        args: &[
            Arg::key("source"),
            Arg::key_of("destination", 1),
            Arg::int("destination-db").after("DB").optional(),
            Arg::token("replace", "REPLACE").optional(),
        ],
        ..row("copy", -3, Flags::WRITE.or(Flags::DENYOOM), copy)
    },
    Row {
        summary: "Moves a key to another database.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::UPDATE))],
        args: &[Arg::key("key"), Arg::int("db")],
        ..row("move", 3, Flags::WRITE.or(Flags::FAST), move_key)
    },
    Row {
        summary: "Renames a key and overwrites the destination.",
        keys: &[
            KeySpec::at(1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE)),
            KeySpec::at(2, KeyFlags::OW.or(KeyFlags::UPDATE)),
        ],
        args: &[Arg::key("key"), Arg::key_of("newkey", 1)],
        ..row("rename", 3, Flags::WRITE, rename)
    },
    Row {
        summary: "Renames a key only if the new name is free.",
        keys: &[
            KeySpec::at(1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE)),
            KeySpec::at(2, KeyFlags::OW.or(KeyFlags::INSERT)),
        ],
        args: &[Arg::key("key"), Arg::key_of("newkey", 1)],
        history: &[("3.2.0", "Equal names are no error any more.")],
        ..row("renamenx", 3, Flags::WRITE.or(Flags::FAST), renamenx)
    },
    Row {
        since: "4.0.0",
        acl: Acl::KEYSPACE.or(Acl::DANGEROUS),
        group: Group::Server,
        complexity: "O(N) where N is the number of keys that clients watch or wait for in either database.",
        summary: "Exchanges the contents of two databases.",
        args: &[Arg::int("index1"), Arg::int("index2")],
        scope: Scope::All,
        ..row("swapdb", 3, Flags::WRITE.or(Flags::FAST), swapdb)
    },
];

fn copy(ctx: &mut Ctx) -> Outcome {
    let (mut db, mut replace, mut i) = (ctx.session.db, false, 3);
    while i < ctx.argc() {
        if ctx.is(i, "REPLACE") {
            replace = true;
        } else if ctx.is(i, "DB") && i + 1 < ctx.argc() {
            i += 1;
            db = ctx.database(i)?;
        } else {
            return Err(Error::SYNTAX);
        }
        i += 1;
    }
    if db == ctx.session.db && ctx.arg(1) == ctx.arg(2) {
        return Err(Error::SAME_OBJECT);
    }
    let (from, to) = (ctx.key(1), ctx.key(2));
    let copied = ctx.keys.copy(from, to, db, replace);
    ctx.out.int(copied.into());
    DONE
}

fn move_key(ctx: &mut Ctx) -> Outcome {
    let db = ctx.database(2)?;
    if db == ctx.session.db {
        return Err(Error::SAME_OBJECT);
    }
    let key = ctx.key(1);
    let moved = ctx.keys.move_to(key, db);
    ctx.out.int(moved.into());
    DONE
}

fn rename(ctx: &mut Ctx) -> Outcome {
    let (from, to) = (ctx.key(1), ctx.key(2));
    let found = if from.bytes == to.bytes { ctx.keys.exists(from) } else { ctx.keys.rename(from, to) };
    if !found {
        return Err(Error::NO_KEY);
    }
    ctx.out.ok();
    DONE
}

fn renamenx(ctx: &mut Ctx) -> Outcome {
    let (from, to) = (ctx.key(1), ctx.key(2));
    if !ctx.keys.exists(from) {
        return Err(Error::NO_KEY);
    }
    let free = !ctx.keys.exists(to);
    if free {
        ctx.keys.rename(from, to);
    }
    ctx.out.int(free.into());
    DONE
}

fn swapdb(ctx: &mut Ctx) -> Outcome {
    let index = |i, e| parse_i64(ctx.arg(i)).and_then(|n| i32::try_from(n).ok()).ok_or(e);
    let (a, b) = (index(1, Error::INVALID_FIRST_DB)?, index(2, Error::INVALID_SECOND_DB)?);
    let (a, b) = (ctx.database_from(a)?, ctx.database_from(b)?);
    ctx.keys.swap(a, b);
    ctx.out.ok();
    DONE
}
