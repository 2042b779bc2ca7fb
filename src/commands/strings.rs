//! String commands.

use super::{
    ctx::{Ctx, DONE, Outcome},
    row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
};
use crate::keyspace::{
    event,
    string::{Str, Ttl},
};

/// This family's commands.
pub const ROWS: &[Row] = &[
    Row {
        flags: Flags::READONLY.or(Flags::FAST),
        acl: Acl::STRING,
        complexity: "O(1)",
        summary: "Returns the string value of a key.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::key("key")],
        ..Row::new("get", 2, Group::String, get)
    },
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM),
        acl: Acl::STRING,
        complexity: "O(1)",
        summary: "Sets the string value of a key.",
        keys: &[KeySpec::at(1, KeyFlags::OW.or(KeyFlags::UPDATE))],
        args: &[Arg::key("key"), Arg::string("value")],
        ..Row::new("set", 3, Group::String, set)
    },
];

fn get(ctx: &mut Ctx) -> Outcome {
    let key = ctx.key(1);
    match ctx.keys.read_string(key)? {
        Some(e) => Str::of(&e).reply(&mut ctx.out),
        None => ctx.out.null(),
    }
    DONE
}

fn set(ctx: &mut Ctx) -> Outcome {
    let key = ctx.key(1);
    match ctx.args.share(2) {
        Some((text, buffer_bytes)) => ctx.keys.set_shared(key, text, buffer_bytes, Ttl::Clear, event::SET),
        None => ctx.keys.set_string(key, ctx.arg(2), Ttl::Clear, event::SET),
    }
    ctx.out.ok();
    DONE
}
