//! Reading strings, also while deleting, replacing or expiring them.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        expiry::expire_at,
        row::{Arg, Flags, KeyFlags, KeySpec, Row},
    },
    options::{Dialect, Expiry, MILLISECONDS, Options, SECONDS, UNIX_MILLISECONDS, UNIX_SECONDS},
    row,
    set::store,
};
use crate::{
    keyspace::{
        Type, event,
        string::{Str, Ttl},
    },
    protocol::Error,
};

/// This theme's commands.
pub const ROWS: &[Row] = &[
    Row {
        summary: "Returns the string value of a key.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::key("key")],
        ..row("get", 2, Flags::READONLY.or(Flags::FAST), get)
    },
    Row {
        since: "6.2.0",
        summary: "Returns the string value of a key and deletes the key.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE))],
        args: &[Arg::key("key")],
        ..row("getdel", 2, Flags::WRITE.or(Flags::FAST), getdel)
    },
    Row {
        since: "6.2.0",
        summary: "Returns the string value of a key and changes its expiry.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::UPDATE))
            .notes("RW and UPDATE because the expiry may change")],
        args: &[
            Arg::key("key"),
            Arg::one_of(
                "expiration",
                &[SECONDS, MILLISECONDS, UNIX_SECONDS, UNIX_MILLISECONDS, Arg::token("persist", "PERSIST")],
            )
            .optional(),
        ],
        ..row("getex", -2, Flags::WRITE.or(Flags::FAST), getex)
    },
    Row {
        summary: "Sets a key to a string and returns the one it held before.",
        deprecated: Some(("6.2.0", "`SET` with the `!GET` argument")),
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::UPDATE))],
        args: &[Arg::key("key"), Arg::string("value")],
        ..row("getset", 3, Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST), getset)
    },
    Row {
        complexity: "O(N) where N is the number of keys to retrieve.",
        summary: "Returns the string values of several keys.",
        keys: &[KeySpec::range(1, -1, 1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::key("key").multiple()],
        tips: &["request_policy:multi_shard"],
        ..row("mget", -2, Flags::READONLY.or(Flags::FAST), mget)
    },
    Row {
        since: "2.2.0",
        summary: "Returns the length of a string value.",
        keys: &[KeySpec::at(1, KeyFlags::RO)],
        args: &[Arg::key("key")],
        ..row("strlen", 2, Flags::READONLY.or(Flags::FAST), strlen)
    },
];

fn get(ctx: &mut Ctx) -> Outcome {
    reply_value(ctx)?;
    DONE
}

/// Replies the string at the first key, or null; whether there was one.
///
/// # Errors
/// WRONGTYPE
#[inline]
pub(super) fn reply_value(ctx: &mut Ctx) -> Result<bool, Error> {
    let key = ctx.key(1);
    Ok(match ctx.keys.read_string(key)? {
        Some(e) => {
            Str::of(&e).reply(&mut ctx.out);
            true
        }
        None => {
            ctx.out.null();
            false
        }
    })
}

fn getdel(ctx: &mut Ctx) -> Outcome {
    if reply_value(ctx)? {
        let key = ctx.key(1);
        if ctx.keys.delete(key, event::DEL) {
            ctx.journal_deleted(key.bytes, false);
        }
    }
    DONE
}

fn getex(ctx: &mut Ctx) -> Outcome {
    let options = Options::parse(ctx, 2, Dialect::GetEx)?;
    if !reply_value(ctx)? {
        return DONE;
    }
    let key = ctx.key(1);
    match options.expiry {
        Expiry::Time(t) => {
            let at = t.resolve(ctx)?;
            expire_at(ctx, key, at as i64);
        }
        Expiry::Persist => {
            if ctx.keys.persist(key) {
                ctx.journal_instead(&[b"PERSIST", key.bytes]);
            }
        }
        Expiry::None | Expiry::Keep => {}
    }
    DONE
}

fn getset(ctx: &mut Ctx) -> Outcome {
    reply_value(ctx)?;
    store(ctx, 1, 2, Ttl::Clear);
    ctx.journal_with(&[(0, b"SET")]);
    DONE
}

fn mget(ctx: &mut Ctx) -> Outcome {
    let n = ctx.argc();
    ctx.out.array(n - 1);
    for i in 1..n {
        let key = ctx.key(i);
        match ctx.keys.read(key).filter(|e| e.type_of() == Type::String) {
            Some(e) => Str::of(&e).reply(&mut ctx.out),
            None => ctx.out.null(),
        }
    }
    DONE
}

fn strlen(ctx: &mut Ctx) -> Outcome {
    let key = ctx.key(1);
    let len = ctx.keys.read_string(key)?.map_or(0, |e| Str::of(&e).len());
    ctx.out.int(len as i64);
    DONE
}
