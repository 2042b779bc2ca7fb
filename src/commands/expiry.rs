//! When keys cease to exist.

use super::{
    ctx::{Ctx, DONE, Outcome},
    row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row, Run},
};
use crate::{keyspace::Key, protocol::Error};

const fn row(name: &'static str, arity: i16, flags: Flags, run: Run) -> Row {
    let flags = flags.or(Flags::FAST);
    Row { flags, acl: Acl::KEYSPACE, complexity: "O(1)", ..Row::new(name, arity, Group::Generic, run) }
}

const UPDATED: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::UPDATE))];
const ASKED: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))];
const KEY: Arg = Arg::key("key");
const CONDITION: Arg = Arg::one_of(
    "condition",
    &[Arg::token("nx", "NX"), Arg::token("xx", "XX"), Arg::token("gt", "GT"), Arg::token("lt", "LT")],
)
.optional()
.since("7.0.0");

const fn setter(name: &'static str, run: Run) -> Row {
    Row { keys: UPDATED, history: &[("7.0.0", "NX, XX, GT and LT.")], ..row(name, -3, Flags::WRITE, run) }
}

const fn getter(name: &'static str, run: Run) -> Row {
    Row { keys: ASKED, args: &[KEY], ..row(name, 2, Flags::READONLY, run) }
}

/// This family's commands.
pub const ROWS: &[Row] = &[
    Row {
        summary: "Sets the expiration time of a key in seconds.",
        args: &[KEY, Arg::int("seconds"), CONDITION],
        ..setter("expire", expire)
    },
    Row {
        since: "2.6.0",
        summary: "Sets the expiration time of a key in milliseconds.",
        args: &[KEY, Arg::int("milliseconds"), CONDITION],
        ..setter("pexpire", pexpire)
    },
    Row {
        since: "1.2.0",
        summary: "Sets the expiration time of a key to a Unix time in seconds.",
        args: &[KEY, Arg::unix_time("unix-time-seconds"), CONDITION],
        ..setter("expireat", expireat)
    },
    Row {
        since: "2.6.0",
        summary: "Sets the expiration time of a key to a Unix time in milliseconds.",
        args: &[KEY, Arg::unix_time("unix-time-milliseconds"), CONDITION],
        ..setter("pexpireat", pexpireat)
    },
    Row {
        since: "7.0.0",
        summary: "Returns the expiration time of a key as a Unix time in seconds.",
        ..getter("expiretime", expiretime)
    },
    Row {
        since: "7.0.0",
        summary: "Returns the expiration time of a key as a Unix time in milliseconds.",
        ..getter("pexpiretime", pexpiretime)
    },
    Row {
        summary: "Returns how many seconds a key has left.",
        tips: &["nondeterministic_output"],
        history: &[("2.8.0", "-2 for a missing key.")],
        ..getter("ttl", ttl)
    },
    Row {
        since: "2.6.0",
        summary: "Returns how many milliseconds a key has left.",
        tips: &["nondeterministic_output"],
        history: &[("2.8.0", "-2 for a missing key.")],
        ..getter("pttl", pttl)
    },
    Row {
        since: "2.2.0",
        summary: "Removes the expiration time of a key.",
        keys: UPDATED,
        args: &[KEY],
        ..row("persist", 2, Flags::WRITE, persist)
    },
];

fn expire(ctx: &mut Ctx) -> Outcome {
    let now = ctx.now.wall.0 as i64;
    set_expiry(ctx, 1000, now)
}

fn pexpire(ctx: &mut Ctx) -> Outcome {
    let now = ctx.now.wall.0 as i64;
    set_expiry(ctx, 1, now)
}

fn expireat(ctx: &mut Ctx) -> Outcome {
    set_expiry(ctx, 1000, 0)
}

fn pexpireat(ctx: &mut Ctx) -> Outcome {
    set_expiry(ctx, 1, 0)
}

/// Which present expiry lets a new one take its place.
#[derive(Default)]
struct Conditions {
    nx: bool,
    xx: bool,
    gt: bool,
    lt: bool,
}

impl Conditions {
    fn parse(ctx: &Ctx) -> Result<Conditions, Error> {
        let mut c = Conditions::default();
        for i in 3..ctx.argc() {
            let flag = match ctx.arg(i) {
                _ if ctx.is(i, "NX") => &mut c.nx,
                _ if ctx.is(i, "XX") => &mut c.xx,
                _ if ctx.is(i, "GT") => &mut c.gt,
                _ if ctx.is(i, "LT") => &mut c.lt,
                other => return Err(Error::unsupported_option(other)),
            };
            *flag = true;
        }
        if c.nx && (c.xx || c.gt || c.lt) {
            return Err(Error::EXPIRE_NX_CONFLICT);
        }
        if c.gt && c.lt {
            return Err(Error::EXPIRE_GT_LT);
        }
        Ok(c)
    }

    /// Whether `old` may give way to `new`; no expiry counts as an infinite one.
    fn allow(&self, old: Option<u64>, new: i64) -> bool {
        match old {
            Some(old) => {
                let old = old as i64;
                !self.nx && (!self.gt || new > old) && (!self.lt || new < old)
            }
            None => !self.xx && !self.gt,
        }
    }
}

/// Sets the expiry to `base_ms` plus so many times `unit_ms` as the second argument says.
fn set_expiry(ctx: &mut Ctx, unit_ms: i64, base_ms: i64) -> Outcome {
    let conditions = Conditions::parse(ctx)?;
    let at = ctx.int(2)?.checked_mul(unit_ms).and_then(|ms| ms.checked_add(base_ms));
    let at = at.ok_or_else(|| Error::invalid_expire(ctx.row.name))?;
    let key = ctx.key(1);
    let allowed = ctx.keys.peek(key).is_some_and(|e| conditions.allow(e.expiry_ms(), at));
    let set = allowed && expire_at(ctx, key, at);
    ctx.out.int(set.into());
    DONE
}

/// Lets a key expire at a unix time in ms, and tells the journal so; whether there is such a key.
pub(super) fn expire_at(ctx: &mut Ctx, key: Key, at_ms: i64) -> bool {
    let set = ctx.keys.expire_at(key, at_ms);
    if set && ctx.keys.is_past(at_ms) {
        let lazy = ctx.config.memory.lazyfree_lazy_expire;
        ctx.journal_deleted(key.bytes, lazy);
    } else if set && ctx.journals() {
        let mut time = itoa::Buffer::new();
        let time = time.format(at_ms).as_bytes();
        if ctx.row.name == "getex" {
            ctx.journal_instead(&[b"PEXPIREAT", key.bytes, time]);
        } else {
            ctx.journal_with(&[(0, b"PEXPIREAT"), (2, time)]);
        }
    }
    set
}

fn expiretime(ctx: &mut Ctx) -> Outcome {
    reply_expiry(ctx, 0, 1000)
}

fn pexpiretime(ctx: &mut Ctx) -> Outcome {
    reply_expiry(ctx, 0, 1)
}

fn ttl(ctx: &mut Ctx) -> Outcome {
    let now = ctx.now.wall.0;
    reply_expiry(ctx, now, 1000)
}

fn pttl(ctx: &mut Ctx) -> Outcome {
    let now = ctx.now.wall.0;
    reply_expiry(ctx, now, 1)
}

/// Replies the expiry less `base_ms` in units of `unit_ms`, rounded; -1 if there is none,
/// -2 if there is no key.
fn reply_expiry(ctx: &mut Ctx, base_ms: u64, unit_ms: u64) -> Outcome {
    let key = ctx.key(1);
    let n = match ctx.keys.inspect(key).map(|e| e.expiry_ms()) {
        None => -2,
        Some(None) => -1,
        Some(Some(at)) => ((at.saturating_sub(base_ms) + unit_ms / 2) / unit_ms) as i64,
    };
    ctx.out.int(n);
    DONE
}

fn persist(ctx: &mut Ctx) -> Outcome {
    let key = ctx.key(1);
    let persisted = ctx.keys.persist(key);
    ctx.out.int(persisted.into());
    DONE
}
