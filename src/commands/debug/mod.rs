//! DEBUG: looking behind the curtain, for tests. Only for those whom
//! `enable-debug-command` lets in.
//!
//! One command in the table, as in Valkey: its subcommands are found here. They run under
//! every lock, which is the simplest way to let each look at whatever it names.

mod digest;
mod inspect;
mod protocol;

use super::{
    config_cmd,
    ctx::{Again, Ctx, DONE, Outcome, ShellRequest, shell},
    row::{Flags, Group, Row, Scope},
};
use crate::{
    base::{
        glob, memory_size,
        num::{parse_f64, parse_i64},
    },
    config::NotifyFlags,
    keyspace::{Event, string},
    protocol::Error,
};
use std::sync::atomic::Ordering::SeqCst;

/// This family's commands.
pub const ROWS: &[Row] = &[Row {
    flags: Flags::ADMIN.or(Flags::NOSCRIPT).or(Flags::LOADING).or(Flags::STALE).or(Flags::DEBUG).or(Flags::SYSCMD),
    complexity: "Depends on subcommand.",
    summary: "A container for debugging commands.",
    scope: Scope::All,
    ..Row::new("debug", -2, Group::Server, debug)
}];

/// A subcommand: its name, the fewest and most arguments that DEBUG may have with it
/// (itself included), its function, and its lines in HELP.
struct Sub {
    name: &'static str,
    args: (usize, usize),
    run: fn(&mut Ctx) -> Outcome,
    help: [&'static str; 2],
}

const fn sub(name: &'static str, args: (usize, usize), run: fn(&mut Ctx) -> Outcome, help: [&'static str; 2]) -> Sub {
    Sub { name, args, run, help }
}

const ANY: usize = usize::MAX;

const SUBS: &[Sub] = &[
    sub(
        "AOF-FLUSH-SLEEP",
        (3, 3),
        aof_flush_sleep,
        [" <microseconds>", "    Wait so long before each write to the append-only file."],
    ),
    sub(
        "CONFIG-REWRITE-FORCE-ALL",
        (2, 2),
        |ctx| config_cmd::write_file(ctx, true),
        ["", "    Write every directive into the configuration file, defaults too."],
    ),
    sub("DIGEST", (2, 2), digest::all, ["", "    Show a signature of everything in all databases."]),
    sub("DIGEST-VALUE", (2, ANY), digest::values, [" <key> [<key> ...]", "    Show a signature of each value."]),
    sub("ERROR", (3, 3), error, [" <string>", "    Reply this error."]),
    sub("HTSTATS", (3, 4), inspect::table, [" <dbid> [full]", "    Describe a database's key table."]),
    sub(
        "HTSTATS-KEY",
        (3, 4),
        inspect::value_table,
        [" <key> [full]", "    Describe the table that a value is kept in."],
    ),
    sub(
        "LOADAOF",
        (2, 2),
        |_| shell(ShellRequest::LoadAgain(Again::Aof)),
        ["", "    Write out the append-only file, and load the data set from it again."],
    ),
    sub("LOG", (3, 3), log, [" <message>", "    Write a line to the server's log."]),
    sub("OBJECT", (3, 4), inspect::object, [" <key> [fast]", "    Describe a key and how its value is kept."]),
    sub("PAUSE-CRON", (3, 3), pause_cron, [" <0|1>", "    Stop periodic work, or go on with it."]),
    sub("POPULATE", (3, 5), populate, [" <count> [<prefix>] [<size>]", "    Make string keys named key:<num>."]),
    sub("PROTOCOL", (3, 3), protocol::example, [" <type>", "    Reply an example of a protocol type."]),
    sub(
        "QUICKLIST-PACKED-THRESHOLD",
        (3, 3),
        packed_threshold,
        [" <size>", "    Give list elements of this size a node of their own; 0 restores the default."],
    ),
    sub(
        "RELOAD",
        (2, ANY),
        reload,
        [
            " [MERGE] [NOFLUSH] [NOSAVE]",
            "    Save the data set and load it again; NOFLUSH and MERGE keep what is there.",
        ],
    ),
    sub(
        "REPLYBUFFER",
        (4, 4),
        reply_buffer,
        [" <PEAK-RESET-TIME|RESIZING> <value>", "    Accepted; clients have no reply buffers that change their size."],
    ),
    sub("SET-ACTIVE-EXPIRE", (3, 3), active_expire, [" <0|1>", "    Stop expiring keys in the background, or go on."]),
    sub(
        "SET-SKIP-CHECKSUM-VALIDATION",
        (3, 3),
        skip_checksums,
        [" <0|1>", "    Take values and files whatever their checksum says, or check again."],
    ),
    sub("SLEEP", (3, 3), sleep, [" <seconds>", "    Do nothing for a time, which may be a fraction."]),
    sub("STRINGMATCH-LEN", (4, 4), string_match, [" <pattern> <string>", "    Tell whether a pattern matches."]),
];

fn debug(ctx: &mut Ctx) -> Outcome {
    if ctx.is(1, "HELP") && ctx.argc() == 2 {
        return help(ctx);
    }
    let fits = |s: &&Sub| ctx.is(1, s.name) && (s.args.0..=s.args.1).contains(&ctx.argc());
    match SUBS.iter().find(fits) {
        Some(sub) => (sub.run)(ctx),
        None => Err(Error::subcommand_syntax("debug", ctx.arg(1))),
    }
}

fn help(ctx: &mut Ctx) -> Outcome {
    ctx.out.array(2 * SUBS.len() + 3);
    ctx.out.simple("DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    for Sub { name, help: [args, what], .. } in SUBS {
        ctx.out.simple(&format!("{name}{args}"));
        ctx.out.simple(what);
    }
    ctx.out.simple("HELP");
    ctx.out.simple("    Print this help.");
    DONE
}

fn aof_flush_sleep(ctx: &mut Ctx) -> Outcome {
    let us = parse_i64(ctx.arg(2)).ok_or(Error::NOT_INT)?;
    ctx.shared.debug.aof_flush_sleep_us.store(us.max(0) as u64, SeqCst);
    ctx.out.ok();
    DONE
}

/// Whether argument 2 is a number other than zero, read as leniently as C's `atoi`.
fn switch(ctx: &Ctx) -> bool {
    let digits = ctx.arg(2).iter().skip_while(|b| matches!(b, b'+' | b'-')).take_while(|b| b.is_ascii_digit());
    digits.into_iter().any(|d| *d != b'0')
}

fn active_expire(ctx: &mut Ctx) -> Outcome {
    ctx.shared.debug.active_expire.store(switch(ctx), SeqCst);
    ctx.out.ok();
    DONE
}

fn skip_checksums(ctx: &mut Ctx) -> Outcome {
    ctx.shared.debug.skip_checksums.store(switch(ctx), SeqCst);
    ctx.out.ok();
    DONE
}

fn pause_cron(ctx: &mut Ctx) -> Outcome {
    ctx.shared.debug.pause_cron.store(switch(ctx), SeqCst);
    ctx.out.ok();
    DONE
}

fn sleep(ctx: &mut Ctx) -> Outcome {
    let seconds = parse_f64(ctx.arg(2)).unwrap_or(0.0).clamp(0.0, 1e9);
    shell(ShellRequest::Sleep { ms: (seconds * 1000.0) as u64 })
}

fn reload(ctx: &mut Ctx) -> Outcome {
    let (mut save, mut flush) = (true, true);
    for i in 2..ctx.argc() {
        match () {
            () if ctx.is(i, "NOSAVE") => save = false,
            () if ctx.is(i, "NOFLUSH") || ctx.is(i, "MERGE") => flush = false,
            () => return Err(Error::new("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.")),
        }
    }
    shell(ShellRequest::LoadAgain(Again::Rdb { save, flush }))
}

fn error(ctx: &mut Ctx) -> Outcome {
    Err(Error::new(ctx.arg(2)))
}

fn log(ctx: &mut Ctx) -> Outcome {
    tracing::warn!("DEBUG LOG: {}", String::from_utf8_lossy(ctx.arg(2)));
    ctx.out.ok();
    DONE
}

fn string_match(ctx: &mut Ctx) -> Outcome {
    let matches = glob::matches(ctx.arg(2), ctx.arg(3), false);
    ctx.out.int(i64::from(matches));
    DONE
}

fn packed_threshold(ctx: &mut Ctx) -> Outcome {
    let refused = || Error::err("argument must be a memory value bigger than 1 and smaller than 4gb");
    let bytes = memory_size::parse(ctx.arg(2)).filter(|n| *n < 1 << 32).ok_or_else(refused)?;
    ctx.shared.debug.large_element_bytes.store(bytes as u32, SeqCst);
    ctx.out.ok();
    DONE
}

/// Reply buffers go from client to client, so there is nothing to switch.
fn reply_buffer(ctx: &mut Ctx) -> Outcome {
    let number = |ctx: &Ctx| parse_i64(ctx.arg(3)).map(drop).ok_or(Error::NOT_INT);
    match () {
        () if ctx.is(2, "RESIZING") => number(ctx)?,
        () if ctx.is(2, "PEAK-RESET-TIME") && (ctx.is(3, "NEVER") || ctx.is(3, "RESET")) => {}
        () if ctx.is(2, "PEAK-RESET-TIME") => number(ctx)?,
        () => return Err(Error::subcommand_syntax("debug", ctx.arg(1))),
    }
    ctx.out.ok();
    DONE
}

/// The keys that POPULATE makes appear without an event of their own.
const QUIET: Event = Event { class: NotifyFlags::NONE, name: "" };

fn populate(ctx: &mut Ctx) -> Outcome {
    let positive = |ctx: &Ctx, i| match parse_i64(ctx.arg(i)) {
        Some(n) if n >= 0 => Ok(n as usize),
        Some(_) => Err(Error::MUST_BE_POSITIVE),
        None => Err(Error::NOT_INT),
    };
    let count = positive(ctx, 2)?;
    let prefix = ctx.args.get(3).unwrap_or(b"key");
    let size = if ctx.argc() == 5 { positive(ctx, 4)? } else { 0 };
    for i in 0..count {
        let name = [prefix, format!(":{i}").as_bytes()].concat();
        let key = ctx.keys.key(&name);
        if ctx.keys.exists(key) {
            continue;
        }
        let mut value = format!("value:{i}").into_bytes();
        if size > 0 {
            value.resize(size, 0);
        }
        let entry = string::entry(&name, &value, None);
        ctx.keys.put(key.hash, entry, QUIET);
    }
    ctx.out.ok();
    DONE
}
