//! Small commands about the server: LOLWUT, ROLE, SHUTDOWN, TIME.

use super::{
    ctx::{Ctx, DONE, Outcome, ShellRequest, shell},
    row::{Acl, Arg, Flags, Group, Row},
};
use crate::{
    base::{num::parse_f64, prng::Prng, version},
    protocol::Error,
};
use std::fmt::Write;

/// This family's commands.
pub const ROWS: &[Row] = &[
    Row {
        flags: Flags::READONLY.or(Flags::FAST),
        since: "5.0.0",
        summary: "Weaves a little, and tells the version.",
        args: &[Arg::int("version").after("VERSION").optional()],
        ..Row::new("lolwut", -1, Group::Server, lolwut)
    },
    Row {
        flags: Flags::NOSCRIPT.or(Flags::LOADING).or(Flags::STALE).or(Flags::FAST),
        acl: Acl::ADMIN.or(Acl::DANGEROUS),
        since: "2.8.12",
        complexity: "O(1)",
        summary: "Tells the server's part in replication.",
        ..Row::new("role", 1, Group::Server, role)
    },
    Row {
        flags: Flags::ADMIN
            .or(Flags::NOSCRIPT)
            .or(Flags::LOADING)
            .or(Flags::STALE)
            .or(Flags::NO_MULTI)
            .or(Flags::ALLOW_BUSY),
        complexity: "O(N) when saving, where N is the number of keys, otherwise O(1)",
        summary: "Ends the server.",
        args: &[Arg::one_of("abort-selector", SHUTDOWN_ARGS).optional()],
        history: &[("7.0.0", "NOW, FORCE and ABORT.")],
        ..Row::new("shutdown", -1, Group::Server, shutdown)
    },
    Row {
        flags: Flags::LOADING.or(Flags::STALE).or(Flags::FAST),
        since: "2.6.0",
        complexity: "O(1)",
        summary: "Returns the server's clock: seconds and microseconds.",
        tips: &["nondeterministic_output"],
        ..Row::new("time", 1, Group::Server, time)
    },
];

const SHUTDOWN_ARGS: &[Arg] = &[
    Arg::block(
        "save-selector-block",
        &[
            Arg::one_of("save-selector", &[Arg::token("nosave", "NOSAVE"), Arg::token("save", "SAVE")]).optional(),
            Arg::token("now", "NOW").since("7.0.0").optional(),
            Arg::token("force", "FORCE").since("7.0.0").optional(),
        ],
    ),
    Arg::token("abort", "ABORT").since("7.0.0"),
];

fn time(ctx: &mut Ctx) -> Outcome {
    let us = ctx.now.unix_us();
    ctx.out.array(2);
    ctx.out.bulk_int((us / 1_000_000) as i64);
    ctx.out.bulk_int((us % 1_000_000) as i64);
    DONE
}

fn role(ctx: &mut Ctx) -> Outcome {
    ctx.out.array(3);
    ctx.out.bulk(b"master");
    ctx.out.int(0);
    ctx.out.array(0);
    DONE
}

fn shutdown(ctx: &mut Ctx) -> Outcome {
    let (mut save, mut nosave, mut abort, mut now, mut force) = (false, false, false, false, false);
    for i in 1..ctx.argc() {
        match () {
            () if ctx.is(i, "SAVE") => save = true,
            () if ctx.is(i, "NOSAVE") => nosave = true,
            () if ctx.is(i, "ABORT") => abort = true,
            // There are no replicas to wait for.
            () if ctx.is(i, "NOW") => now = true,
            () if ctx.is(i, "FORCE") => force = true,
            () => return Err(Error::SYNTAX),
        }
    }
    match () {
        () if abort && (save || nosave || now || force) || save && nosave => Err(Error::SYNTAX),
        () if abort && ctx.shared.abort_shutdown() => {
            tracing::info!("Shutdown manually aborted.");
            ctx.out.ok();
            DONE
        }
        () if abort => Err(Error::NO_SHUTDOWN),
        () => shell(ShellRequest::Shutdown { save: (save || nosave).then_some(save), force }),
    }
}

/// Widest and highest piece of LOLWUT, in characters.
const MOST_COLUMNS: i64 = 160;
const MOST_ROWS: i64 = 80;

fn lolwut(ctx: &mut Ctx) -> Outcome {
    let chosen = ctx.is(1, "VERSION") && ctx.argc() >= 3;
    let (version, from) = if chosen { (ctx.int(2)?, 3) } else { (9, 1) };
    let more = ctx.argc() - from;
    // Every version weaves the same cloth, but each has its own arguments: integers, of which two are
    // a size, then numbers.
    let (integers, numbers) = match version {
        5 => (3, 0),
        6 => (2, 0),
        9 if !matches!(more, 0 | 2 | 4) => return Err(Error::LOLWUT_USAGE),
        9 => (2, 2),
        _ => (0, 0),
    };
    let mut size = [64, 16, 0];
    for (i, n) in size.iter_mut().enumerate().take(integers.min(more)) {
        *n = ctx.int(from + i)?;
    }
    for i in integers..more.min(integers + numbers) {
        parse_f64(ctx.arg(from + i)).ok_or(Error::NOT_FLOAT)?;
    }
    let (columns, rows) = (size[0].clamp(1, MOST_COLUMNS) as usize, size[1].clamp(1, MOST_ROWS) as usize);
    let mut text = weave(columns, rows, ctx.keys.rng);
    write!(text, "\nThree sisters weave, one seed decides. Valkey ver. {}\n", version::VALKEY).expect("fits");
    ctx.out.verbatim("txt", text.as_bytes());
    DONE
}

/// A cloth: each row of threads follows from the one above by a rule drawn at random.
fn weave(columns: usize, rows: usize, rng: &mut Prng) -> String {
    const THREADS: [&str; 4] = [" ", "░", "▒", "▓"];
    let rule = rng.next_u64();
    let mut above: Vec<usize> = (0..columns).map(|_| rng.below(4) as usize).collect();
    let mut cloth = String::new();
    for _ in 0..rows {
        cloth.extend(above.iter().map(|t| THREADS[*t]));
        cloth.push('\n');
        let at = |i: usize| above[i % columns];
        above = (0..columns)
            .map(|i| {
                let seen = at(i + columns - 1) + 4 * at(i) + 16 * at(i + 1);
                (rule.rotate_left(seen as u32) & 3) as usize
            })
            .collect();
    }
    cloth
}
