//! Setting one string, with conditions and an expiry.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Arg, Flags, KeyFlags, KeySpec, Row},
    },
    get::reply_value,
    options::{
        Condition, Dialect, Expiry, MILLISECONDS, Options, SECONDS, Time, UNIX_MILLISECONDS, UNIX_SECONDS, Unit,
    },
    row,
};
use crate::{
    keyspace::{
        Type, event,
        string::{Str, Ttl},
    },
    protocol::Error,
    session::Args,
};
use smallvec::SmallVec;

const SET_ARGS: &[Arg] = &[
    Arg::key("key"),
    Arg::string("value"),
    Arg::one_of(
        "condition",
        &[Arg::token("nx", "NX"), Arg::token("xx", "XX"), Arg::string("comparison-value").after("IFEQ").since("8.1.0")],
    )
    .optional()
    .since("2.6.12"),
    Arg::token("get", "GET").optional().since("6.2.0"),
    Arg::one_of(
        "expiration",
        &[
            SECONDS.since("2.6.12"),
            MILLISECONDS.since("2.6.12"),
            UNIX_SECONDS.since("6.2.0"),
            UNIX_MILLISECONDS.since("6.2.0"),
            Arg::token("keepttl", "KEEPTTL").since("6.0.0"),
        ],
    )
    .optional(),
];

/// This theme's commands.
pub const ROWS: &[Row] = &[
    Row {
        summary: "Sets the string value of a key, whatever it held before. Creates the key if it doesn't exist.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::UPDATE).or(KeyFlags::VARIABLE_FLAGS))
            .notes("OW and UPDATE alone without GET or IFEQ")],
        key_flags: Some(set_key_flags),
        args: SET_ARGS,
        history: &[
            ("2.6.12", "EX, PX, NX and XX."),
            ("6.0.0", "KEEPTTL."),
            ("6.2.0", "GET, EXAT and PXAT."),
            ("7.0.0", "NX and GET may be combined."),
            ("8.1.0", "IFEQ."),
        ],
        ..row("set", -3, Flags::WRITE.or(Flags::DENYOOM), set)
    },
    Row {
        summary: "Sets the string value of a key only if the key doesn't exist.",
        deprecated: Some(("2.6.12", "`SET` with the `NX` argument")),
        keys: &[KeySpec::at(1, KeyFlags::OW.or(KeyFlags::INSERT))],
        args: &[Arg::key("key"), Arg::string("value")],
        ..row("setnx", 3, Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST), setnx)
    },
    Row {
        since: "2.0.0",
        summary: "Sets the string value and the expiry of a key, in seconds.",
        deprecated: Some(("2.6.12", "`SET` with the `EX` argument")),
        keys: &[KeySpec::at(1, KeyFlags::OW.or(KeyFlags::UPDATE))],
        args: &[Arg::key("key"), Arg::int("seconds"), Arg::string("value")],
        ..row("setex", 4, Flags::WRITE.or(Flags::DENYOOM), setex)
    },
    Row {
        since: "2.6.0",
        summary: "Sets the string value and the expiry of a key, in milliseconds.",
        deprecated: Some(("2.6.12", "`SET` with the `PX` argument")),
        keys: &[KeySpec::at(1, KeyFlags::OW.or(KeyFlags::UPDATE))],
        args: &[Arg::key("key"), Arg::int("milliseconds"), Arg::string("value")],
        ..row("psetex", 4, Flags::WRITE.or(Flags::DENYOOM), psetex)
    },
    Row {
        since: "9.0.0",
        summary: "Deletes a key if it holds a given string.",
        keys: &[KeySpec::at(1, KeyFlags::RM.or(KeyFlags::DELETE))],
        args: &[Arg::key("key"), Arg::string("value")],
        ..row("delifeq", 3, Flags::WRITE.or(Flags::FAST), delifeq)
    },
];

/// SET reads the old value only with GET or IFEQ.
fn set_key_flags(args: Args) -> KeyFlags {
    let reads = |a: &[u8]| a.eq_ignore_ascii_case(b"GET") || a.eq_ignore_ascii_case(b"IFEQ");
    if args.len() > 3 && args.from(3).any(reads) {
        KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::UPDATE)
    } else {
        KeyFlags::OW.or(KeyFlags::UPDATE)
    }
}

/// Sets the key in one argument to the text in another.
#[inline]
pub(super) fn store(ctx: &mut Ctx, key_at: usize, value_at: usize, ttl: Ttl) {
    let key = ctx.key(key_at);
    match ctx.args.share(value_at) {
        Some((text, buffer_bytes)) => ctx.keys.set_shared(key, text, buffer_bytes, ttl, event::SET),
        None => ctx.keys.set_string(key, ctx.arg(value_at), ttl, event::SET),
    }
}

/// As [`store`], unless the expiry has passed already: then the key is deleted instead.
pub(super) fn store_or_expire(ctx: &mut Ctx, key_at: usize, value_at: usize, ttl: Ttl) {
    if matches!(ttl, Ttl::At(ms) if ctx.keys.is_past(ms as i64)) {
        let (key, lazy) = (ctx.key(key_at), ctx.config.memory.lazyfree_lazy_expire);
        if ctx.keys.delete(key, event::DEL) {
            ctx.journal_deleted(key.bytes, lazy);
        }
    } else {
        store(ctx, key_at, value_at, ttl);
    }
}

/// What the options mean for the expiry of a key that is set.
///
/// # Errors
/// See [`Time::resolve`].
pub(super) fn ttl_of(ctx: &Ctx, expiry: Expiry) -> Result<Ttl, Error> {
    Ok(match expiry {
        Expiry::None | Expiry::Persist => Ttl::Clear,
        Expiry::Keep => Ttl::Keep,
        Expiry::Time(t) => Ttl::At(t.resolve(ctx)?),
    })
}

fn set(ctx: &mut Ctx) -> Outcome {
    if ctx.argc() > 3 {
        return set_with_options(ctx);
    }
    store(ctx, 1, 2, Ttl::Clear);
    ctx.out.ok();
    DONE
}

fn set_with_options(ctx: &mut Ctx) -> Outcome {
    let options = Options::parse(ctx, 3, Dialect::Set)?;
    let ttl = ttl_of(ctx, options.expiry)?;
    if options.get {
        reply_value(ctx)?;
    }
    let met = is_met(ctx, options.condition)?;
    if met {
        store_or_expire(ctx, 1, 2, ttl);
        journal_set(ctx, &options, ttl);
    }
    match (options.get, met) {
        (true, _) => {}
        (false, true) => ctx.out.ok(),
        (false, false) => ctx.out.null(),
    }
    DONE
}

/// Writes what SET did to the journal where that is not as it was asked for: with a unix time
/// in ms, and without GET.
fn journal_set(ctx: &mut Ctx, options: &Options, ttl: Ttl) {
    if !ctx.journals() {
        return;
    }
    match (options.expiry, ttl) {
        // The key was deleted, which is written already.
        (_, Ttl::At(at)) if ctx.keys.is_past(at as i64) => {}
        (Expiry::Time(Time { unit: Unit::Milliseconds, absolute: true, .. }), _) => {}
        (_, Ttl::At(at)) => journal_timed(ctx, 1, 2, at),
        _ if options.get => {
            let wanted = |i: &usize| *i < 3 || !ctx.is(*i, "GET");
            let args: SmallVec<[&[u8]; 8]> = (0..ctx.argc()).filter(wanted).map(|i| ctx.arg(i)).collect();
            ctx.journal_instead(&args);
        }
        _ => {}
    }
}

/// Writes that a key was set and expires at a unix time in ms.
pub(super) fn journal_timed(ctx: &mut Ctx, key_at: usize, value_at: usize, at_ms: u64) {
    if ctx.journals() {
        let (key, value) = (ctx.arg(key_at), ctx.arg(value_at));
        ctx.journal_instead(&[b"SET", key, value, b"PXAT", itoa::Buffer::new().format(at_ms).as_bytes()]);
    }
}

/// Whether the first key is as the condition demands.
///
/// # Errors
/// WRONGTYPE if it is to be compared but is no string.
fn is_met(ctx: &mut Ctx, condition: Condition) -> Result<bool, Error> {
    let key = ctx.key(1);
    Ok(match condition {
        Condition::Always => true,
        Condition::Missing => !ctx.keys.exists(key),
        Condition::Present => ctx.keys.exists(key),
        Condition::Equals(text) => match ctx.keys.peek(key) {
            None => false,
            Some(e) if e.type_of() != Type::String => return Err(Error::WRONGTYPE),
            Some(e) => Str::of(&e).with(|held| held == text),
        },
    })
}

fn setnx(ctx: &mut Ctx) -> Outcome {
    let met = is_met(ctx, Condition::Missing)?;
    if met {
        store(ctx, 1, 2, Ttl::Clear);
    }
    ctx.out.int(met.into());
    DONE
}

fn setex(ctx: &mut Ctx) -> Outcome {
    set_for(ctx, Unit::Seconds)
}

fn psetex(ctx: &mut Ctx) -> Outcome {
    set_for(ctx, Unit::Milliseconds)
}

fn set_for(ctx: &mut Ctx, unit: Unit) -> Outcome {
    let at = Time { text: ctx.arg(2), unit, absolute: false }.resolve(ctx)?;
    store(ctx, 1, 3, Ttl::At(at));
    journal_timed(ctx, 1, 3, at);
    ctx.out.ok();
    DONE
}

fn delifeq(ctx: &mut Ctx) -> Outcome {
    let met = is_met(ctx, Condition::Equals(ctx.arg(2)))?;
    if met {
        let key = ctx.key(1);
        if ctx.keys.delete(key, event::DEL) {
            ctx.journal_deleted(key.bytes, false);
        }
    }
    ctx.out.int(met.into());
    DONE
}
