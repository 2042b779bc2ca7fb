//! When fields expire: setting it, asking for it, taking it back.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
    },
    Fields, journal_fields, limits,
};
use crate::{
    base::num::parse_i64,
    data::hash::MAX_EXPIRY_MS,
    keyspace::{
        Event,
        event::HEXPIRED,
        hash::{HashMut, HashRef},
    },
    protocol::Error,
};
use std::ops::Range;

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        acl: Acl::HASH,
        since: "9.0.0",
        complexity: "O(N), N the fields named",
        summary: "Sets in how many seconds fields of a hash expire.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::UPDATE))],
        args: &[
            Arg::key("key"),
            Arg::int("seconds"),
            Arg::one_of(
                "condition",
                &[Arg::token("nx", "NX"), Arg::token("xx", "XX"), Arg::token("gt", "GT"), Arg::token("lt", "LT")],
            )
            .optional(),
            Arg::block("fields", &[Arg::int("numfields"), Arg::string("field").multiple()]).after("FIELDS"),
        ],
        ..Row::new("hexpire", -6, Group::Hash, hexpire)
    },
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        acl: Acl::HASH,
        since: "9.0.0",
        complexity: "O(N), N the fields named",
        summary: "Sets in how many milliseconds fields of a hash expire.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::UPDATE))],
        args: &[
            Arg::key("key"),
            Arg::int("milliseconds"),
            Arg::one_of(
                "condition",
                &[Arg::token("nx", "NX"), Arg::token("xx", "XX"), Arg::token("gt", "GT"), Arg::token("lt", "LT")],
            )
            .optional(),
            Arg::block("fields", &[Arg::int("numfields"), Arg::string("field").multiple()]).after("FIELDS"),
        ],
        ..Row::new("hpexpire", -6, Group::Hash, hpexpire)
    },
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        acl: Acl::HASH,
        since: "9.0.0",
        complexity: "O(N), N the fields named",
        summary: "Sets the Unix time in seconds at which fields of a hash expire.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::UPDATE))],
        args: &[
            Arg::key("key"),
            Arg::unix_time("unix-time-seconds"),
            Arg::one_of(
                "condition",
                &[Arg::token("nx", "NX"), Arg::token("xx", "XX"), Arg::token("gt", "GT"), Arg::token("lt", "LT")],
            )
            .optional(),
            Arg::block("fields", &[Arg::int("numfields"), Arg::string("field").multiple()]).after("FIELDS"),
        ],
        ..Row::new("hexpireat", -6, Group::Hash, hexpireat)
    },
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        acl: Acl::HASH,
        since: "9.0.0",
        complexity: "O(N), N the fields named",
        summary: "Sets the Unix time in milliseconds at which fields of a hash expire.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::UPDATE))],
        args: &[
            Arg::key("key"),
            Arg::unix_time("unix-time-milliseconds"),
            Arg::one_of(
                "condition",
                &[Arg::token("nx", "NX"), Arg::token("xx", "XX"), Arg::token("gt", "GT"), Arg::token("lt", "LT")],
            )
            .optional(),
            Arg::block("fields", &[Arg::int("numfields"), Arg::string("field").multiple()]).after("FIELDS"),
        ],
        ..Row::new("hpexpireat", -6, Group::Hash, hpexpireat)
    },
    Row {
        flags: Flags::READONLY.or(Flags::FAST),
        acl: Acl::HASH,
        since: "9.0.0",
        complexity: "O(N), N the fields named",
        summary: "Tells in how many seconds fields of a hash expire.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[
            Arg::key("key"),
            Arg::block("fields", &[Arg::int("numfields"), Arg::string("field").multiple()]).after("FIELDS"),
        ],
        ..Row::new("httl", -5, Group::Hash, httl)
    },
    Row {
        flags: Flags::READONLY.or(Flags::FAST),
        acl: Acl::HASH,
        since: "9.0.0",
        complexity: "O(N), N the fields named",
        summary: "Tells in how many milliseconds fields of a hash expire.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[
            Arg::key("key"),
            Arg::block("fields", &[Arg::int("numfields"), Arg::string("field").multiple()]).after("FIELDS"),
        ],
        ..Row::new("hpttl", -5, Group::Hash, hpttl)
    },
    Row {
        flags: Flags::READONLY.or(Flags::FAST),
        acl: Acl::HASH,
        since: "9.0.0",
        complexity: "O(N), N the fields named",
        summary: "Tells the Unix time in seconds at which fields of a hash expire.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[
            Arg::key("key"),
            Arg::block("fields", &[Arg::int("numfields"), Arg::string("field").multiple()]).after("FIELDS"),
        ],
        ..Row::new("hexpiretime", -5, Group::Hash, hexpiretime)
    },
    Row {
        flags: Flags::READONLY.or(Flags::FAST),
        acl: Acl::HASH,
        since: "9.0.0",
        complexity: "O(N), N the fields named",
        summary: "Tells the Unix time in milliseconds at which fields of a hash expire.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[
            Arg::key("key"),
            Arg::block("fields", &[Arg::int("numfields"), Arg::string("field").multiple()]).after("FIELDS"),
        ],
        ..Row::new("hpexpiretime", -5, Group::Hash, hpexpiretime)
    },
    Row {
        flags: Flags::WRITE.or(Flags::FAST),
        acl: Acl::HASH,
        since: "9.0.0",
        complexity: "O(N), N the fields named",
        summary: "Makes fields of a hash never expire.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::UPDATE))],
        args: &[
            Arg::key("key"),
            Arg::block("fields", &[Arg::int("numfields"), Arg::string("field").multiple()]).after("FIELDS"),
        ],
        ..Row::new("hpersist", -5, Group::Hash, hpersist)
    },
];

/// The event of giving fields an expiry.
pub(super) const HEXPIRE: Event = Event::hash("hexpire");
/// The event of taking it from them.
pub(super) const HPERSIST: Event = Event::hash("hpersist");

/// Argument `i` as the number of the `size` arguments each that follow it to the end;
/// returns the positions of these.
pub(super) fn counted(ctx: &Ctx, i: usize, size: usize) -> Result<Range<usize>, Error> {
    let n = parse_i64(ctx.arg(i)).ok_or(Error::NOT_INT)?;
    let rest = i + 1..ctx.argc();
    if n <= 0 || usize::try_from(n).ok().and_then(|n| n.checked_mul(size)) != Some(rest.len()) {
        return Err(NUMFIELDS);
    }
    Ok(rest)
}

const NUMFIELDS: Error =
    Error::Static("ERR numfields should be greater than 0 and match the provided number of fields");

/// Positions of the arguments that follow FIELDS and their number, and where FIELDS is,
/// searched from argument `from` on.
pub(super) fn fields(ctx: &Ctx, from: usize, size: usize) -> Result<(usize, Range<usize>), Error> {
    let at = (from..ctx.argc() - 1).find(|i| ctx.is(*i, "FIELDS")).ok_or(NUMFIELDS)?;
    Ok((at, counted(ctx, at + 1, size)?))
}

/// How a time is written.
#[derive(Clone, Copy)]
pub(super) struct Unit {
    pub seconds: bool,
    /// Not relative to now.
    pub absolute: bool,
}

/// Argument `i` as unix time in ms.
pub(super) fn time_arg(ctx: &Ctx, i: usize, unit: Unit) -> Result<u64, Error> {
    let n = parse_i64(ctx.arg(i)).ok_or(Error::NOT_INT)?;
    let ms = u64::try_from(n).ok().and_then(|n| n.checked_mul(if unit.seconds { 1000 } else { 1 }));
    let base = if unit.absolute { 0 } else { ctx.now.wall.0 };
    let at = ms.and_then(|ms| ms.checked_add(base)).filter(|at| *at <= MAX_EXPIRY_MS);
    at.ok_or_else(|| Error::invalid_expire(ctx.row.name))
}

fn hexpire(ctx: &mut Ctx) -> Outcome {
    set_expiry(ctx, Unit { seconds: true, absolute: false })
}

fn hpexpire(ctx: &mut Ctx) -> Outcome {
    set_expiry(ctx, Unit { seconds: false, absolute: false })
}

fn hexpireat(ctx: &mut Ctx) -> Outcome {
    set_expiry(ctx, Unit { seconds: true, absolute: true })
}

fn hpexpireat(ctx: &mut Ctx) -> Outcome {
    set_expiry(ctx, Unit { seconds: false, absolute: true })
}

/// NX, XX, GT and LT.
#[derive(Clone, Copy, Default)]
struct Condition {
    nx: bool,
    xx: bool,
    gt: bool,
    lt: bool,
}

impl Condition {
    fn parse(ctx: &Ctx, at: Range<usize>) -> Result<Condition, Error> {
        let mut c = Condition::default();
        for i in at {
            let flag = match () {
                () if ctx.is(i, "NX") => &mut c.nx,
                () if ctx.is(i, "XX") => &mut c.xx,
                () if ctx.is(i, "GT") => &mut c.gt,
                () if ctx.is(i, "LT") => &mut c.lt,
                () => return Err(Error::concat(&[b"ERR Unsupported option ", ctx.arg(i)])),
            };
            *flag = true;
        }
        match c {
            Condition { nx: true, xx, gt, lt } if xx || gt || lt => Err(Error::EXPIRE_NX_CONFLICT),
            Condition { gt: true, lt: true, .. } => Err(Error::EXPIRE_GT_LT),
            c => Ok(c),
        }
    }

    /// Whether an expiry may become `new`; none is later than any.
    fn allows(self, old: Option<u64>, new: u64) -> bool {
        !(self.nx && old.is_some()
            || self.xx && old.is_none()
            || self.gt && old.is_none_or(|old| new <= old)
            || self.lt && old.is_some_and(|old| new >= old))
    }
}

fn set_expiry(ctx: &mut Ctx, unit: Unit) -> Outcome {
    let (at, names) = fields(ctx, 3, 1)?;
    let condition = Condition::parse(ctx, 3..at)?;
    let at_ms = time_arg(ctx, 2, unit)?;
    let (key, limits, past) = (ctx.key(1), limits(ctx), ctx.keys.is_past(at_ms as i64));
    let mut hash = ctx.keys.edit_hash(key, limits)?;
    if let Some(h) = &mut hash {
        h.drop_due(names.clone().map(|i| ctx.args.at(i)));
    }
    ctx.out.array(names.len());
    let (mut set, mut deleted) = (0, Fields::new());
    for i in names {
        let field = ctx.args.at(i);
        let reply = match hash.as_mut().and_then(|h| Some((h.get().expiry_ms(field)?, h))) {
            None => -2,
            Some((old, _)) if !condition.allows(old, at_ms) => 0,
            Some((_, h)) if past => {
                h.del(field);
                deleted.push(field);
                2
            }
            Some((_, h)) => {
                h.set_expiry(field, at_ms);
                set += 1;
                1
            }
        };
        ctx.out.int(reply);
    }
    close_expired(hash, deleted.len() as u64, (HEXPIRE, set));
    journal_fields(ctx, &[b"HDEL", key.bytes], false, &deleted);
    if set > 0 && ctx.journals() {
        ctx.journal_with(&[(0, b"HPEXPIREAT"), (2, itoa::Buffer::new().format(at_ms).as_bytes())]);
    }
    DONE
}

/// Closes an edit that deleted fields because their time was given as past, and did
/// something else to others, each so many times.
pub(super) fn close_expired(hash: Option<HashMut>, deleted: u64, (event, others): (Event, u64)) {
    let Some(mut hash) = hash else { return };
    match (deleted, others) {
        (0, 0) => {}
        (0, _) => hash.changed(event, others),
        (_, 0) => hash.changed(HEXPIRED, deleted),
        _ => {
            hash.raise(HEXPIRED);
            hash.changed(event, deleted + others);
        }
    }
}

fn httl(ctx: &mut Ctx) -> Outcome {
    expiries(ctx, Unit { seconds: true, absolute: false })
}

fn hpttl(ctx: &mut Ctx) -> Outcome {
    expiries(ctx, Unit { seconds: false, absolute: false })
}

fn hexpiretime(ctx: &mut Ctx) -> Outcome {
    expiries(ctx, Unit { seconds: true, absolute: true })
}

fn hpexpiretime(ctx: &mut Ctx) -> Outcome {
    expiries(ctx, Unit { seconds: false, absolute: true })
}

fn expiries(ctx: &mut Ctx, unit: Unit) -> Outcome {
    let names = names(ctx)?;
    let (key, now) = (ctx.key(1), ctx.now.wall);
    let entry = ctx.keys.read_hash(key)?;
    let hash = entry.as_ref().map(|e| HashRef::of(e, now));
    ctx.out.array(names.len());
    for i in names {
        ctx.out.int(match hash.and_then(|h| h.expiry_ms(ctx.args.at(i))) {
            None => -2,
            Some(None) => -1,
            Some(Some(at)) => {
                let ms = if unit.absolute { at } else { at.saturating_sub(now.0) };
                (if unit.seconds { (ms + 500) / 1000 } else { ms }) as i64
            }
        });
    }
    DONE
}

/// Positions of the fields in `key FIELDS numfields field [field ...]`.
fn names(ctx: &Ctx) -> Result<Range<usize>, Error> {
    if !ctx.is(2, "FIELDS") {
        return Err(Error::SYNTAX);
    }
    counted(ctx, 3, 1)
}

fn hpersist(ctx: &mut Ctx) -> Outcome {
    let names = names(ctx)?;
    let (key, limits) = (ctx.key(1), limits(ctx));
    let mut hash = ctx.keys.edit_hash(key, limits)?;
    if let Some(h) = &mut hash {
        h.drop_due(names.clone().map(|i| ctx.args.at(i)));
    }
    ctx.out.array(names.len());
    let mut persisted = 0;
    for i in names {
        let field = ctx.args.at(i);
        let reply = match hash.as_mut().and_then(|h| Some((h.get().expiry_ms(field)?, h))) {
            None => -2,
            Some((None, _)) => -1,
            Some((Some(_), h)) => {
                h.persist(field);
                persisted += 1;
                1
            }
        };
        ctx.out.int(reply);
    }
    if let Some(hash) = hash.filter(|_| persisted > 0) {
        hash.changed(HPERSIST, persisted);
    }
    DONE
}
