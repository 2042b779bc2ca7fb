//! XGROUP: making, changing and deleting groups and their consumers.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        help,
        row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row, Run},
    },
    CREATE_CONSUMER, now_ms, row,
};
use crate::{
    data::stream::Id,
    keyspace::{Event, Key, Keys, stream::StreamMut},
    protocol::Error,
};

const WHERE: Arg = Arg::one_of("id-selector", &[Arg::string("id"), Arg::token("new-id", "$")]);
const ENTRIES_READ: Arg = Arg::int("entriesread").after("ENTRIESREAD").optional();

const fn sub(name: &'static str, arity: i16, flags: Flags, keys: &'static [KeySpec], run: Run) -> Row {
    Row { keys, ..row(name, arity, Flags::WRITE.or(flags), run) }
}

const INSERTS: &[KeySpec] = &[KeySpec::at(2, KeyFlags::RW.or(KeyFlags::INSERT))];
const DELETES: &[KeySpec] = &[KeySpec::at(2, KeyFlags::RW.or(KeyFlags::DELETE))];
const UPDATES: &[KeySpec] = &[KeySpec::at(2, KeyFlags::RW.or(KeyFlags::UPDATE))];

/// XGROUP and its subcommands.
pub const ROWS: &[Row] = &[Row {
    acl: Acl::NONE,
    complexity: "Depends on subcommand.",
    summary: "Manages the groups of a stream.",
    subs: &[
        Row {
            summary: "Makes a group.",
            args: &[
                Arg::key("key"),
                Arg::string("group"),
                WHERE,
                Arg::token("mkstream", "MKSTREAM").optional(),
                ENTRIES_READ,
            ],
            history: &[("7.0.0", "ENTRIESREAD.")],
            ..sub("create", -5, Flags::DENYOOM, INSERTS, create)
        },
        Row {
            since: "6.2.0",
            summary: "Makes a consumer in a group.",
            args: &[Arg::key("key"), Arg::string("group"), Arg::string("consumer")],
            ..sub("createconsumer", 5, Flags::DENYOOM, INSERTS, create_consumer)
        },
        Row {
            summary: "Deletes a consumer of a group.",
            args: &[Arg::key("key"), Arg::string("group"), Arg::string("consumer")],
            ..sub("delconsumer", 5, Flags::NONE, DELETES, delete_consumer)
        },
        Row {
            complexity: "O(N), N the group's pending entries",
            summary: "Deletes a group.",
            args: &[Arg::key("key"), Arg::string("group")],
            ..sub("destroy", 4, Flags::NONE, DELETES, destroy)
        },
        Row { since: "5.0.0", ..help::row(Group::Stream, Acl::STREAM) },
        Row {
            summary: "Sets up to where a group has read.",
            args: &[Arg::key("key"), Arg::string("group"), WHERE, ENTRIES_READ],
            history: &[("7.0.0", "ENTRIESREAD.")],
            ..sub("setid", -5, Flags::NONE, UPDATES, set_id)
        },
    ],
    ..row("xgroup", -2, Flags::NONE, help::container)
}];

const NO_STREAM: Error = Error::Static(
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM \
     option to create an empty stream automatically.",
);

/// The options after the id.
struct Options {
    make: bool,
    entries_read: Option<i64>,
}

impl Options {
    fn parse(ctx: &Ctx, may_make: bool) -> Result<Options, Error> {
        let (mut o, mut i) = (Options { make: false, entries_read: None }, 5);
        while i < ctx.argc() {
            if may_make && ctx.is(i, "MKSTREAM") {
                o.make = true;
                i += 1;
            } else if ctx.is(i, "ENTRIESREAD") && i + 1 < ctx.argc() {
                let n = ctx.int(i + 1)?;
                if n < -1 {
                    return Err(Error::Static("ERR value for ENTRIESREAD must be positive or -1"));
                }
                o.entries_read = (n >= 0).then_some(n);
                i += 2;
            } else {
                return Err(syntax(ctx));
            }
        }
        Ok(o)
    }
}

fn syntax(ctx: &Ctx) -> Error {
    Error::subcommand_syntax("xgroup", ctx.arg(1))
}

fn create(ctx: &mut Ctx) -> Outcome {
    let o = Options::parse(ctx, true)?;
    let (key, name, at) = (ctx.key(2), ctx.arg(3), ctx.arg(4));
    if ctx.keys.edit_stream(key)?.is_none() && !o.make {
        return Err(NO_STREAM);
    }
    if ctx.argc() > 8 {
        return Err(syntax(ctx));
    }
    let given = if at == b"$" { None } else { Some(Id::parse(at, 0).ok_or(Error::INVALID_STREAM_ID)?) };
    let mut stream = ctx.keys.upsert_stream(key)?;
    let last_id = given.unwrap_or(stream.log.last_id);
    if !stream.groups.create(name, last_id, o.entries_read) {
        return Err(Error::Static("BUSYGROUP Consumer Group name already exists"));
    }
    let event = Event::stream("xgroup-create");
    if stream.is_created() {
        stream.changed(event, 1);
    } else {
        stream.raise(event);
        stream.changed_aside(1);
    }
    ctx.out.ok();
    DONE
}

/// Opens a stream that has a group.
fn open<'k>(keys: &'k mut Keys<'_, '_>, key: Key, group: &[u8]) -> Result<StreamMut<'k>, Error> {
    let stream = keys.edit_stream(key)?.ok_or(NO_STREAM)?;
    match stream.groups.get(group) {
        Some(_) => Ok(stream),
        None => Err(Error::no_group_for_key(group, key.bytes)),
    }
}

fn set_id(ctx: &mut Ctx) -> Outcome {
    let o = Options::parse(ctx, false)?;
    let (key, group, at) = (ctx.key(2), ctx.arg(3), ctx.arg(4));
    let syntax = (ctx.argc() > 7).then(|| syntax(ctx));
    let mut stream = open(&mut ctx.keys, key, group)?;
    if let Some(syntax) = syntax {
        return Err(syntax);
    }
    let last_id = match at {
        b"$" => stream.log.last_id,
        text => Id::parse_bound(text, 0).ok_or(Error::INVALID_STREAM_ID)?,
    };
    if let Some(mut g) = stream.groups.get_mut(group) {
        (g.last_id, g.entries_read) = (last_id, o.entries_read);
    }
    stream.raise(Event::stream("xgroup-setid"));
    stream.changed_aside(1);
    ctx.out.ok();
    DONE
}

fn destroy(ctx: &mut Ctx) -> Outcome {
    let (key, group) = (ctx.key(2), ctx.arg(3));
    let mut stream = ctx.keys.edit_stream(key)?.ok_or(NO_STREAM)?;
    let existed = stream.destroy_group(group);
    if existed {
        stream.raise(Event::stream("xgroup-destroy"));
        stream.wake();
        stream.changed_aside(1);
    }
    ctx.out.int(existed.into());
    DONE
}

fn create_consumer(ctx: &mut Ctx) -> Outcome {
    let (key, group, name, now) = (ctx.key(2), ctx.arg(3), ctx.arg(4), now_ms(ctx));
    let mut stream = open(&mut ctx.keys, key, group)?;
    let created = stream.groups.get_mut(group).is_some_and(|mut g| g.find_or_create(name, now).1);
    if created {
        stream.raise(CREATE_CONSUMER);
        stream.changed_aside(1);
    }
    ctx.out.int(created.into());
    DONE
}

fn delete_consumer(ctx: &mut Ctx) -> Outcome {
    let (key, group, name) = (ctx.key(2), ctx.arg(3), ctx.arg(4));
    let mut stream = open(&mut ctx.keys, key, group)?;
    let deleted = stream.delete_consumer(group, name);
    if deleted.is_some() {
        stream.raise(Event::stream("xgroup-delconsumer"));
        stream.changed_aside(1);
    }
    ctx.out.int(deleted.unwrap_or(0) as i64);
    DONE
}
