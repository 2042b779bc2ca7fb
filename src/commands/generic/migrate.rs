//! MIGRATE: keys that go to another server.
//!
//! The command reads the keys and claims them; the shell carries them over, and deletes those
//! that arrived (`server::migrate`). Inside MULTI it is refused, unless there is nothing to
//! carry: nobody can wait for a network under locks.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome, ShellRequest, shell},
        row::{Acl, Arg, Begin, Find, Flags, KeyFlags, KeySpec, Row},
    },
    row,
};
use crate::{
    base::num::parse_i64,
    persist::{dump::dump, rdb::Format},
    protocol::Error,
    session::{
        Args,
        moving::{Cargo, Migration},
    },
};
use std::ops::Range;

const TAKEN: KeyFlags = KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE);
/// What a timeout of no time means.
const DEFAULT_TIMEOUT_MS: u64 = 1000;
/// A longer timeout is as good as none.
const LONGEST_TIMEOUT_MS: i64 = 1 << 40;
const OPTIONS_AT: usize = 6;

/// This theme's commands.
pub const ROWS: &[Row] = &[Row {
    since: "2.6.0",
    acl: Acl::KEYSPACE.or(Acl::DANGEROUS),
    complexity: "As DUMP and DEL here and RESTORE there; O(N) for the transfer of N bytes.",
    summary: "Moves keys to another server.",
    keys: &[
        KeySpec::at(3, TAKEN),
        KeySpec {
            flags: TAKEN.or(KeyFlags::INCOMPLETE),
            begin: Begin::Keyword("KEYS", -2),
            find: Find::Range { last: -1, step: 1, limit: 0 },
            notes: "",
        },
    ],
    computed_keys: Some(keys),
    args: &[
        Arg::string("host"),
        Arg::int("port"),
        Arg::one_of("key-selector", &[Arg::key("key"), Arg::token("empty-string", "\"\"")]),
        Arg::int("destination-db"),
        Arg::int("timeout"),
        Arg::token("copy", "COPY").optional().since("3.0.0"),
        Arg::token("replace", "REPLACE").optional().since("3.0.0"),
        Arg::one_of(
            "authentication",
            &[
                Arg::string("auth").after("AUTH").since("4.0.7"),
                Arg::block("auth2", &[Arg::string("username"), Arg::string("password")]).after("AUTH2").since("6.0.0"),
            ],
        )
        .optional(),
        Arg::key_of("keys", 1).after("KEYS").optional().multiple().since("3.0.6"),
    ],
    tips: &["nondeterministic_output"],
    history: &[("3.0.0", "COPY and REPLACE."), ("3.0.6", "KEYS."), ("4.0.7", "AUTH."), ("6.0.0", "AUTH2.")],
    ..row("migrate", -6, Flags::WRITE, migrate)
}];

/// How many arguments follow the option in argument `i`.
fn option_len(args: Args, i: usize) -> usize {
    match args.at(i) {
        word if word.eq_ignore_ascii_case(b"AUTH") => 1,
        word if word.eq_ignore_ascii_case(b"AUTH2") => 2,
        _ => 0,
    }
}

/// Where the keys are; nowhere if both places name some.
fn key_range(args: Args) -> Range<usize> {
    let mut i = OPTIONS_AT;
    while i < args.len() {
        if args.at(i).eq_ignore_ascii_case(b"KEYS") {
            return if args.at(3).is_empty() { i + 1..args.len() } else { 0..0 };
        }
        i += 1 + option_len(args, i);
    }
    3..4
}

fn keys(args: Args) -> Vec<(usize, KeyFlags)> {
    key_range(args).map(|i| (i, TAKEN)).collect()
}

/// Whether argument `i` is for the target's eyes only.
pub fn is_secret(args: Args, i: usize) -> bool {
    let mut at = OPTIONS_AT;
    while at < i && !args.at(at).eq_ignore_ascii_case(b"KEYS") {
        let len = option_len(args, at);
        if i <= at + len {
            return true;
        }
        at += 1 + len;
    }
    false
}

#[derive(Default)]
struct Options {
    copy: bool,
    replace: bool,
    credentials: Vec<Box<[u8]>>,
}

impl Options {
    fn parse(ctx: &Ctx) -> Result<Options, Error> {
        let (mut o, mut i) = (Options::default(), OPTIONS_AT);
        while i < ctx.argc() {
            let len = option_len(*ctx.args, i);
            if i + len >= ctx.argc() {
                return Err(Error::SYNTAX);
            } else if len > 0 {
                o.credentials = ctx.args.from(i + 1).take(len).map(Into::into).collect();
            } else if ctx.is(i, "COPY") {
                o.copy = true;
            } else if ctx.is(i, "REPLACE") {
                o.replace = true;
            } else if ctx.is(i, "KEYS") {
                return if ctx.arg(3).is_empty() { Ok(o) } else { Err(Error::MIGRATE_TWO_KEYS) };
            } else {
                return Err(Error::SYNTAX);
            }
            i += 1 + len;
        }
        Ok(o)
    }
}

fn migrate(ctx: &mut Ctx) -> Outcome {
    let o = Options::parse(ctx)?;
    let timeout = ctx.int(5)?;
    let database = ctx.int(4)?;
    let c = &ctx.config.persistence;
    let format = Format { version: c.rdb_version as u16, compress: c.rdbcompression };
    let mut cargo = Vec::new();
    for i in key_range(*ctx.args) {
        let key = ctx.key(i);
        if ctx.session.deny_blocking {
            if ctx.keys.exists(key) {
                return Err(Error::NOT_IN_MULTI);
            }
        } else if let Some(e) = ctx.keys.read(key) {
            let expiry_ms = e.expiry_ms();
            cargo.push(Cargo { key: key.bytes.into(), expiry_ms, payload: dump(&e, format) });
        }
    }
    if cargo.is_empty() {
        ctx.out.simple("NOKEY");
        return DONE;
    }
    let claim = (!o.copy).then(|| ctx.shared.moving.claim(cargo.iter().map(|c| &*c.key)));
    shell(ShellRequest::Migrate(Box::new(Migration {
        host: String::from_utf8_lossy(ctx.arg(1)).into_owned(),
        port: parse_i64(ctx.arg(2)).and_then(|n| u16::try_from(n).ok()).unwrap_or(0),
        database,
        timeout_ms: if timeout > 0 { timeout.min(LONGEST_TIMEOUT_MS) as u64 } else { DEFAULT_TIMEOUT_MS },
        credentials: o.credentials,
        replace: o.replace,
        db: ctx.keys.db,
        cargo,
        claim,
    })))
}
