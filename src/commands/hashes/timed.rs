//! Reading, setting and deleting fields together with when they expire.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
    },
    Fields,
    expiry::{HEXPIRE, HPERSIST, Unit, close_expired, counted, fields, time_arg},
    journal_fields, limits, reply_value,
    write::{HDEL, HSET},
};
use crate::{data::hash::NewExpiry, keyspace::event::HEXPIRED, protocol::Error};
use std::ops::Range;

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        flags: Flags::WRITE.or(Flags::FAST),
        acl: Acl::HASH,
        since: "9.0.0",
        complexity: "O(N), N the fields named",
        summary: "Shows values of fields and changes when they expire.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::UPDATE))],
        args: &[
            Arg::key("key"),
            Arg::one_of(
                "expiration",
                &[
                    Arg::int("seconds").after("EX"),
                    Arg::int("milliseconds").after("PX"),
                    Arg::unix_time("unix-time-seconds").after("EXAT"),
                    Arg::unix_time("unix-time-milliseconds").after("PXAT"),
                    Arg::token("persist", "PERSIST"),
                ],
            )
            .optional(),
            Arg::block("fields", &[Arg::int("numfields"), Arg::string("field").multiple()]).after("FIELDS"),
        ],
        ..Row::new("hgetex", -5, Group::Hash, hgetex)
    },
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        acl: Acl::HASH,
        since: "9.0.0",
        complexity: "O(N), N the fields set",
        summary: "Sets fields and when they expire.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::UPDATE))],
        args: &[
            Arg::key("key"),
            Arg::one_of("fields-condition", &[Arg::token("fnx", "FNX"), Arg::token("fxx", "FXX")]).optional(),
            Arg::one_of(
                "expiration",
                &[
                    Arg::int("seconds").after("EX"),
                    Arg::int("milliseconds").after("PX"),
                    Arg::unix_time("unix-time-seconds").after("EXAT"),
                    Arg::unix_time("unix-time-milliseconds").after("PXAT"),
                    Arg::token("keepttl", "KEEPTTL"),
                ],
            )
            .optional(),
            Arg::block(
                "fields",
                &[Arg::int("numfields"), Arg::block("data", &[Arg::string("field"), Arg::string("value")]).multiple()],
            )
            .after("FIELDS"),
        ],
        ..Row::new("hsetex", -6, Group::Hash, hsetex)
    },
    Row {
        flags: Flags::WRITE.or(Flags::FAST),
        acl: Acl::HASH,
        since: "9.1.0",
        complexity: "O(N), N the fields named",
        summary: "Shows values of fields and deletes the fields.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE))],
        args: &[
            Arg::key("key"),
            Arg::block("fields", &[Arg::int("numfields"), Arg::string("field").multiple()]).after("FIELDS"),
        ],
        ..Row::new("hgetdel", -5, Group::Hash, hgetdel)
    },
];

/// What becomes of the fields' expiry.
#[derive(Clone, Copy, PartialEq)]
enum Change {
    /// PERSIST, or nothing said about a field that is set.
    Clear,
    /// KEEPTTL, or nothing said about a field that is read.
    Keep,
    /// Unix ms.
    At(u64),
}

/// The options before FIELDS.
#[derive(Default)]
struct Options {
    fnx: bool,
    fxx: bool,
    change: Option<Change>,
}

impl Options {
    /// Parses the arguments `at`; `setting`: those of HSETEX, else of HGETEX.
    fn parse(ctx: &Ctx, at: Range<usize>, setting: bool) -> Result<Options, Error> {
        let mut o = Options::default();
        let mut i = at.start;
        while i < at.end {
            let unit = |seconds, absolute| Some(Unit { seconds, absolute });
            let timed = match () {
                () if ctx.is(i, "EX") => unit(true, false),
                () if ctx.is(i, "PX") => unit(false, false),
                () if ctx.is(i, "EXAT") => unit(true, true),
                () if ctx.is(i, "PXAT") => unit(false, true),
                () => None,
            };
            let change = match timed {
                Some(unit) if i + 1 < at.end => {
                    i += 1;
                    Change::At(time_arg(ctx, i, unit)?)
                }
                Some(_) => return Err(Error::SYNTAX),
                None if setting && ctx.is(i, "KEEPTTL") => Change::Keep,
                None if !setting && ctx.is(i, "PERSIST") => Change::Clear,
                None => {
                    let flag = match () {
                        () if setting && ctx.is(i, "FNX") && !o.fxx => &mut o.fnx,
                        () if setting && ctx.is(i, "FXX") && !o.fnx => &mut o.fxx,
                        () => return Err(Error::SYNTAX),
                    };
                    *flag = true;
                    i += 1;
                    continue;
                }
            };
            if o.change.replace(change).is_some() {
                return Err(Error::SYNTAX);
            }
            i += 1;
        }
        Ok(o)
    }
}

fn hgetex(ctx: &mut Ctx) -> Outcome {
    let (at, names) = fields(ctx, 2, 1)?;
    let change = Options::parse(ctx, 2..at, false)?.change.unwrap_or(Change::Keep);
    let (key, limits) = (ctx.key(1), limits(ctx));
    let past = matches!(change, Change::At(at_ms) if ctx.keys.is_past(at_ms as i64));
    let mut hash = ctx.keys.edit_hash(key, limits)?;
    if let Some(h) = &mut hash {
        h.drop_due(names.clone().map(|i| ctx.args.at(i)));
    }
    ctx.out.array(names.len());
    let mut changed = Fields::new();
    for i in names {
        let field = ctx.args.at(i);
        reply_value(&mut ctx.out, hash.as_ref().map(|h| h.get()), field);
        let Some(h) = hash.as_mut().filter(|h| h.get().get(field).is_some()) else { continue };
        let done = match change {
            Change::Keep => false,
            Change::Clear => h.persist(field),
            Change::At(_) if past => h.del(field),
            Change::At(at_ms) => {
                h.set_expiry(field, at_ms);
                true
            }
        };
        if done {
            changed.push(field);
        }
    }
    let n = changed.len() as u64;
    let event = if change == Change::Clear { HPERSIST } else { HEXPIRE };
    close_expired(hash, if past { n } else { 0 }, (event, if past { 0 } else { n }));
    match change {
        Change::Keep => {}
        Change::Clear => journal_fields(ctx, &[b"HPERSIST", key.bytes], true, &changed),
        Change::At(_) if past => journal_fields(ctx, &[b"HDEL", key.bytes], false, &changed),
        Change::At(at_ms) => {
            let mut time = itoa::Buffer::new();
            journal_fields(ctx, &[b"HPEXPIREAT", key.bytes, time.format(at_ms).as_bytes()], true, &changed);
        }
    }
    DONE
}

fn hsetex(ctx: &mut Ctx) -> Outcome {
    let (at, pairs) = fields(ctx, 2, 2)?;
    let options = Options::parse(ctx, 2..at, true)?;
    let (key, limits) = (ctx.key(1), limits(ctx));
    let past = matches!(options.change, Some(Change::At(at_ms)) if ctx.keys.is_past(at_ms as i64));
    let mut hash = ctx.keys.upsert_hash(key, limits)?;
    hash.drop_due(pairs.clone().step_by(2).map(|i| ctx.args.at(i)));
    let exists = |i: usize| hash.get().get(ctx.args.at(i)).is_some();
    let mut names = pairs.clone().step_by(2);
    if options.fnx && names.clone().any(exists) || options.fxx && !names.all(exists) {
        ctx.out.int(0);
        return DONE;
    }
    let names = pairs.step_by(2);
    let n = names.len() as u64;
    if past {
        let deleted: Fields = names.map(|i| ctx.args.at(i)).filter(|field| hash.del(field)).collect();
        match deleted.len() {
            0 => drop(hash),
            n => hash.changed(HEXPIRED, n as u64),
        }
        journal_fields(ctx, &[b"HDEL", key.bytes], false, &deleted);
        ctx.out.int(1);
        return DONE;
    }
    let expiry = match options.change {
        Some(Change::At(at_ms)) => NewExpiry::At(at_ms),
        Some(Change::Keep) => NewExpiry::Keep,
        Some(Change::Clear) | None => NewExpiry::Never,
    };
    hash.grow(names.len());
    for i in names {
        hash.set(ctx.args.at(i), ctx.args.at(i + 1), expiry);
    }
    if let NewExpiry::At(at_ms) = expiry {
        hash.raise(HSET);
        hash.changed(HEXPIRE, n);
        if ctx.journals() {
            let mut time = itoa::Buffer::new();
            let head = [&b"HSETEX"[..], key.bytes, b"PXAT", time.format(at_ms).as_bytes()];
            let args: Vec<&[u8]> = head.into_iter().chain(ctx.args.from(at)).collect();
            ctx.journal_instead(&args);
        }
    } else {
        hash.changed(HSET, n);
    }
    ctx.out.int(1);
    DONE
}

fn hgetdel(ctx: &mut Ctx) -> Outcome {
    if !ctx.is(2, "FIELDS") {
        return Err(Error::SYNTAX);
    }
    let names = counted(ctx, 3, 1).map_err(|e| if e == Error::NOT_INT { e } else { Error::SYNTAX })?;
    let (key, limits) = (ctx.key(1), limits(ctx));
    let mut hash = ctx.keys.edit_hash(key, limits)?;
    if let Some(h) = &mut hash {
        h.drop_due(names.clone().map(|i| ctx.args.at(i)));
    }
    ctx.out.array(names.len());
    let mut deleted = Fields::new();
    for i in names {
        let field = ctx.args.at(i);
        reply_value(&mut ctx.out, hash.as_ref().map(|h| h.get()), field);
        if hash.as_mut().is_some_and(|h| h.del(field)) {
            deleted.push(field);
        }
    }
    if let Some(hash) = hash.filter(|_| !deleted.is_empty()) {
        hash.changed(HDEL, deleted.len() as u64);
    }
    journal_fields(ctx, &[b"HDEL", key.bytes], false, &deleted);
    DONE
}
