//! One value as bytes, and back: in the format of database files.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
    },
    row,
};
use crate::{
    base::time::Wall,
    config::RdbVersionCheck,
    keyspace::{Entry, access::AccessPolicy, event},
    persist::{
        dump::{self, Refused},
        rdb::{self, Format},
    },
    protocol::Error,
};
use std::sync::atomic::Ordering::Relaxed;

/// This theme's commands.
pub const ROWS: &[Row] = &[
    Row {
        since: "2.6.0",
        complexity: "O(1) to access the key and O(N*M) to serialize it, where N is the number of its elements and M their average size.",
        summary: "Returns a serialized form of the value of a key.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[Arg::key("key")],
        tips: &["nondeterministic_output"],
        ..row("dump", 2, Flags::READONLY, dump)
    },
    RESTORE,
    Row {
        since: "3.0.0",
        group: Group::Server,
        summary: "Creates a key that moves between the nodes of a cluster.",
        name: "restore-asking",
        flags: RESTORE.flags.or(Flags::ASKING).or(Flags::SYSCMD),
        ..RESTORE
    },
];

const RESTORE: Row = Row {
    since: "2.6.0",
    acl: Acl::KEYSPACE.or(Acl::DANGEROUS),
    complexity: "O(1) to create the key and O(N*M) to rebuild the value, where N is the number of its elements and M their average size.",
    summary: "Creates a key from the serialized form of a value.",
    keys: &[KeySpec::at(1, KeyFlags::OW.or(KeyFlags::UPDATE))],
    args: &[
        Arg::key("key"),
        Arg::int("ttl"),
        Arg::string("serialized-value"),
        Arg::token("replace", "REPLACE").optional().since("3.0.0"),
        Arg::token("absttl", "ABSTTL").optional().since("5.0.0"),
        Arg::int("seconds").after("IDLETIME").optional().since("5.0.0"),
        Arg::int("frequency").after("FREQ").optional().since("5.0.0"),
    ],
    history: &[("3.0.0", "REPLACE."), ("5.0.0", "ABSTTL."), ("5.0.0", "IDLETIME and FREQ.")],
    ..row("restore", -4, Flags::WRITE.or(Flags::DENYOOM), restore)
};

fn dump(ctx: &mut Ctx) -> Outcome {
    let (key, c) = (ctx.key(1), &ctx.config.persistence);
    let format = Format { version: c.rdb_version as u16, compress: c.rdbcompression };
    match ctx.keys.read(key) {
        Some(e) => ctx.out.bulk(&dump::dump(&e, format)),
        None => ctx.out.null(),
    }
    DONE
}

/// RESTORE's options.
#[derive(Default)]
struct Options {
    replace: bool,
    absolute: bool,
    idle_s: Option<u64>,
    frequency: Option<u8>,
}

impl Options {
    fn parse(ctx: &Ctx) -> Result<Options, Error> {
        let (mut o, mut i) = (Options::default(), 4);
        while i < ctx.argc() {
            let more = i + 1 < ctx.argc();
            if ctx.is(i, "REPLACE") {
                o.replace = true;
            } else if ctx.is(i, "ABSTTL") {
                o.absolute = true;
            } else if ctx.is(i, "IDLETIME") && more && o.frequency.is_none() {
                i += 1;
                o.idle_s = Some(u64::try_from(ctx.int(i)?).map_err(|_| Error::IDLETIME_NEGATIVE)?);
            } else if ctx.is(i, "FREQ") && more && o.idle_s.is_none() {
                i += 1;
                o.frequency = Some(u8::try_from(ctx.int(i)?).map_err(|_| Error::FREQ_RANGE)?);
            } else {
                return Err(Error::SYNTAX);
            }
            i += 1;
        }
        Ok(o)
    }

    /// Sets the access clock, if one is given that the eviction policy works with.
    fn mark(&self, e: &mut Entry, access: &AccessPolicy, now: Wall) {
        match (self.idle_s, self.frequency) {
            (Some(idle_s), _) if !access.lfu => e.set_clock(access.with_idle(idle_s, now)),
            (_, Some(frequency)) if access.lfu => e.set_clock(access.with_frequency(frequency, now)),
            _ => {}
        }
    }
}

fn restore(ctx: &mut Ctx) -> Outcome {
    let o = Options::parse(ctx)?;
    let (key, now) = (ctx.key(1), ctx.now.wall);
    if !o.replace && ctx.keys.exists(key) {
        return Err(Error::BUSYKEY);
    }
    let ttl = u64::try_from(ctx.int(2)?).map_err(|_| Error::TTL_NEGATIVE)?;
    let limits = rdb::Limits::new(&ctx.config.encoding, ctx.keys.held.space().hash_key());
    let strict = ctx.config.persistence.rdb_version_check == RdbVersionCheck::Strict;
    let read = match ctx.shared.debug.skip_checksums.load(Relaxed) {
        true => dump::restore_unchecked,
        false => dump::restore,
    };
    let mut e = read(ctx.arg(3), key.bytes, &limits, strict).map_err(|refused| match refused {
        Refused::Envelope => Error::DUMP_ENVELOPE,
        Refused::Value(corrupt) => {
            let form = rdb::kind::name(ctx.arg(3)[0]);
            tracing::warn!("RESTORE: {form} integrity check failed: {corrupt}");
            Error::DUMP_VALUE
        }
    })?;
    let at_ms = (ttl > 0).then(|| if o.absolute { ttl } else { ttl.saturating_add(now.0) });
    if at_ms.is_some_and(|at| ctx.keys.is_past(i64::try_from(at).unwrap_or(i64::MAX))) {
        let lazy = ctx.config.memory.lazyfree_lazy_server_del;
        if ctx.keys.delete(key, event::DEL) {
            ctx.journal_deleted(key.bytes, lazy);
        }
    } else {
        e.set_expiry_ms(at_ms);
        o.mark(&mut e, ctx.keys.access, now);
        ctx.keys.put(key.hash, e, event::RESTORE);
        if let (Some(at), false, true) = (at_ms, o.absolute, ctx.journals()) {
            ctx.journal_with(&[(2, itoa::Buffer::new().format(at).as_bytes()), (ctx.argc(), b"ABSTTL")]);
        }
    }
    ctx.out.ok();
    DONE
}
