//! Adding, removing and moving members.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Arg, Flags, KeyFlags, KeySpec, Row},
    },
    limits, row,
};
use crate::{
    keyspace::{Event, Type},
    protocol::Error,
};

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        complexity: "O(N), N the members given",
        summary: "Adds members to a set, making the set if needed.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::INSERT))],
        args: &[Arg::key("key"), Arg::string("member").multiple()],
        history: &[("2.4.0", "Takes several members.")],
        element: 2,
        ..row("sadd", -3, Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST), sadd)
    },
    Row {
        complexity: "O(N), N the members given",
        summary: "Removes members from a set.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::DELETE))],
        args: &[Arg::key("key"), Arg::string("member").multiple()],
        history: &[("2.4.0", "Takes several members.")],
        element: 2,
        ..row("srem", -3, Flags::WRITE.or(Flags::FAST), srem)
    },
    Row {
        summary: "Moves a member from one set to another.",
        keys: &[
            KeySpec::at(1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE)),
            KeySpec::at(2, KeyFlags::RW.or(KeyFlags::INSERT)),
        ],
        args: &[Arg::key("source"), Arg::key_of("destination", 1), Arg::string("member")],
        element: 3,
        ..row("smove", 4, Flags::WRITE.or(Flags::FAST), smove)
    },
];

const SADD: Event = Event::set("sadd");
const SREM: Event = Event::set("srem");

fn sadd(ctx: &mut Ctx) -> Outcome {
    let (key, limits, first, members) = (ctx.key(1), limits(ctx), ctx.arg(2), ctx.argc() - 2);
    let mut set = ctx.keys.upsert_set(key, limits, first, members)?;
    let added = ctx.args.from(2).filter(|member| set.add(member)).count();
    if added > 0 {
        set.changed(SADD, added as u64);
    }
    ctx.out.int(added as i64);
    DONE
}

fn srem(ctx: &mut Ctx) -> Outcome {
    let (key, limits) = (ctx.key(1), limits(ctx));
    let mut removed = 0;
    if let Some(mut set) = ctx.keys.edit_set(key, limits)? {
        removed = ctx.args.from(2).filter(|member| set.remove(member)).count();
        if removed > 0 {
            set.changed(SREM, removed as u64);
        }
    }
    ctx.out.int(removed as i64);
    DONE
}

fn smove(ctx: &mut Ctx) -> Outcome {
    let (from, to, member, limits) = (ctx.key(1), ctx.key(2), ctx.arg(3), limits(ctx));
    let source = ctx.keys.peek(from).map(|e| e.type_of());
    let destination = ctx.keys.peek(to).map(|e| e.type_of());
    if source.is_some() && [source, destination].into_iter().flatten().any(|t| t != Type::Set) {
        return Err(Error::WRONGTYPE);
    }
    let Some(mut source) = ctx.keys.edit_set(from, limits)? else {
        ctx.out.int(0);
        return DONE;
    };
    let moved = if from.bytes == to.bytes { source.get().contains(member) } else { source.remove(member) };
    if moved && from.bytes != to.bytes {
        source.changed(SREM, 1);
        let mut destination = ctx.keys.upsert_set(to, limits, member, 1)?;
        if destination.add(member) {
            destination.changed(SADD, 1);
        }
    }
    ctx.out.int(moved.into());
    DONE
}
