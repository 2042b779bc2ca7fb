//! Setting several strings at once.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Arg, Begin, Find, Flags, KeyFlags, KeySpec, Row},
    },
    options::{Condition, Dialect, MILLISECONDS, Options, SECONDS, UNIX_MILLISECONDS, UNIX_SECONDS},
    row,
    set::{store, store_or_expire, ttl_of},
};
use crate::{keyspace::string::Ttl, protocol::Error};

const DATA: Arg = Arg::block("data", &[Arg::key("key"), Arg::string("value")]).multiple();

/// This theme's commands.
pub const ROWS: &[Row] = &[
    Row {
        since: "1.0.1",
        complexity: "O(N) where N is the number of keys to set.",
        summary: "Sets the string values of several keys.",
        keys: &[KeySpec::range(1, -1, 2, KeyFlags::OW.or(KeyFlags::UPDATE))],
        args: &[DATA],
        tips: &["request_policy:multi_shard", "response_policy:all_succeeded"],
        ..row("mset", -3, Flags::WRITE.or(Flags::DENYOOM), mset)
    },
    Row {
        since: "1.0.1",
        complexity: "O(N) where N is the number of keys to set.",
        summary: "Sets the string values of several keys only if none of them exists.",
        keys: &[KeySpec::range(1, -1, 2, KeyFlags::OW.or(KeyFlags::INSERT))],
        args: &[DATA],
        ..row("msetnx", -3, Flags::WRITE.or(Flags::DENYOOM), msetnx)
    },
    Row {
        since: "9.1.0",
        complexity: "O(N) where N is the number of keys to set.",
        summary: "Sets the string values of several keys, with one condition and one expiry for all.",
        keys: &[KeySpec {
            flags: KeyFlags::OW.or(KeyFlags::UPDATE),
            begin: Begin::Index(1),
            find: Find::KeyNum { count_at: 0, first: 1, step: 2 },
            notes: "",
        }],
        args: &[
            Arg::int("numkeys"),
            DATA,
            Arg::one_of("condition", &[Arg::token("nx", "NX"), Arg::token("xx", "XX")]).optional(),
            Arg::one_of(
                "expiration",
                &[SECONDS, MILLISECONDS, UNIX_SECONDS, UNIX_MILLISECONDS, Arg::token("keepttl", "KEEPTTL")],
            )
            .optional(),
        ],
        tips: &["request_policy:multi_shard", "response_policy:all_succeeded"],
        ..row("msetex", -4, Flags::WRITE.or(Flags::DENYOOM), msetex)
    },
];

fn mset(ctx: &mut Ctx) -> Outcome {
    check_pairs(ctx)?;
    for i in (1..ctx.argc()).step_by(2) {
        store(ctx, i, i + 1, Ttl::Clear);
    }
    ctx.out.ok();
    DONE
}

fn msetnx(ctx: &mut Ctx) -> Outcome {
    check_pairs(ctx)?;
    let n = ctx.argc();
    let met = all(ctx, Condition::Missing, 1, n);
    if met {
        for i in (1..n).step_by(2) {
            store(ctx, i, i + 1, Ttl::Clear);
        }
    }
    ctx.out.int(met.into());
    DONE
}

fn check_pairs(ctx: &Ctx) -> Result<(), Error> {
    if ctx.argc().is_multiple_of(2) {
        return Err(Error::wrong_arity(ctx.row.name));
    }
    Ok(())
}

/// Whether every key among the pairs from argument `from` to before `to` is as the
/// condition demands.
fn all(ctx: &mut Ctx, condition: Condition, from: usize, to: usize) -> bool {
    let want = match condition {
        Condition::Missing => false,
        Condition::Present => true,
        _ => return true,
    };
    (from..to).step_by(2).all(|i| {
        let key = ctx.key(i);
        ctx.keys.exists(key) == want
    })
}

/// Writes what MSETEX did to the journal, with the time as unix time in ms. The pairs end
/// before argument `end`.
fn journal_set(ctx: &mut Ctx, end: usize, ttl: Ttl) {
    match ttl {
        // Keys were deleted, which is written already; or nothing was.
        Ttl::At(at) if ctx.keys.is_past(at as i64) => {}
        Ttl::At(at) if ctx.journals() => {
            let mut time = itoa::Buffer::new();
            let tail = [&b"PXAT"[..], time.format(at).as_bytes()];
            let args: Vec<&[u8]> = (0..end).map(|i| ctx.arg(i)).chain(tail).collect();
            ctx.journal_instead(&args);
        }
        _ => {}
    }
}

fn msetex(ctx: &mut Ctx) -> Outcome {
    const INVALID: Error = Error::Static("ERR invalid numkeys value");
    let n = ctx.int(1).ok().and_then(|n| usize::try_from(n).ok());
    let n = n.filter(|n| (1..=i32::MAX as usize).contains(n)).ok_or(INVALID)?;
    let end = 2 + 2 * n;
    if end > ctx.argc() {
        return Err(Error::wrong_arity(ctx.row.name));
    }
    let options = Options::parse(ctx, end, Dialect::MsetEx)?;
    let ttl = ttl_of(ctx, options.expiry)?;
    let met = all(ctx, options.condition, 2, end);
    if met {
        for i in (2..end).step_by(2) {
            store_or_expire(ctx, i, i + 1, ttl);
        }
        journal_set(ctx, end, ttl);
    }
    ctx.out.int(met.into());
    DONE
}
