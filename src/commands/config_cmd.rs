//! CONFIG: reading and changing the live configuration.
//!
//! A change is made on a copy under the configuration's lock and becomes visible as a
//! whole; every worker takes it over before its next command. What has to follow outside,
//! which is other sockets to listen on, more files, another title, is the shell's work: it
//! replies, and puts the old values back if it fails.

use super::{
    ctx::{Ctx, DONE, Outcome, ShellRequest, shell},
    help,
    row::{Acl, Arg, Flags, Group, Row, Run, Scope},
};
use crate::{
    config::{self, Config, Directive},
    protocol::Error,
    session::stats::WorkerStats,
};
use std::sync::atomic::Ordering::Relaxed;

const ADMIN: Flags = Flags::ADMIN.or(Flags::NOSCRIPT).or(Flags::LOADING).or(Flags::STALE);
const EVERYWHERE: &[&str] = &["request_policy:all_nodes", "response_policy:all_succeeded"];

/// This family's commands.
pub const ROWS: &[Row] = &[Row {
    since: "2.0.0",
    complexity: "Depends on subcommand.",
    summary: "A container for server configuration commands.",
    subs: SUBS,
    ..Row::new("config", -2, Group::Server, help::container)
}];

const fn admin(name: &'static str, arity: i16, since: &'static str, run: Run) -> Row {
    Row { flags: ADMIN, complexity: "O(1)", since, ..Row::new(name, arity, Group::Server, run) }
}

const SUBS: &[Row] = &[
    Row {
        complexity: "O(N) when N is the number of configuration parameters provided",
        summary: "Returns the values of directives.",
        args: &[Arg::string("parameter").multiple()],
        history: &[("7.0.0", "Several patterns may be given.")],
        ..admin("get", -3, "2.0.0", get)
    },
    help::row(Group::Server, Acl::NONE),
    Row {
        summary: "Sets the counters that INFO shows back to zero.",
        tips: EVERYWHERE,
        scope: Scope::Each,
        ..admin("resetstat", 2, "2.0.0", resetstat)
    },
    Row {
        summary: "Brings the configuration file up to date.",
        tips: EVERYWHERE,
        ..admin("rewrite", 2, "2.8.0", rewrite)
    },
    Row {
        complexity: "O(N) when N is the number of configuration parameters provided",
        summary: "Sets directives, all of them or none.",
        args: &[Arg::block("data", &[Arg::string("parameter"), Arg::string("value")]).multiple()],
        tips: EVERYWHERE,
        history: &[("7.0.0", "Several directives may be set at once.")],
        ..admin("set", -4, "2.0.0", set)
    },
];

fn get(ctx: &mut Ctx) -> Outcome {
    let patterns: Vec<&[u8]> = ctx.args.from(2).collect();
    let found = config::get(ctx.config, &patterns);
    ctx.out.map(found.len());
    for (name, value) in found {
        ctx.out.bulk(&name);
        ctx.out.bulk(&value);
    }
    DONE
}

/// Besides `bind`, `port` and `dir`, directives that have the shell act.
const OUTSIDE: &[&str] = &["maxclients", "proc-title-template", "appendonly", "aof-disable-auto-gc"];

fn set(ctx: &mut Ctx) -> Outcome {
    if ctx.argc() % 2 == 1 {
        return Err(Error::SYNTAX);
    }
    let words: Vec<&[u8]> = ctx.args.from(2).collect();
    let pairs: Vec<(&[u8], &[u8])> = words.chunks_exact(2).map(|p| (p[0], p[1])).collect();
    let protected_allowed = ctx.session.info.may(ctx.config.security.enable_protected_configs);
    let context = config::set::Context { protected_allowed, loading: ctx.shared.loading.is_on() };
    let in_transaction = ctx.session.deny_blocking;
    let undo = ctx.shared.config.update(|c: &mut Config| {
        let before = c.clone();
        let changed = config::set(c, &pairs, context).map_err(refusal)?;
        let any = |names: &[&str]| changed.iter().any(|d: &&Directive| names.contains(&d.spec.name));
        // The shell cannot be waited for in the middle of a transaction.
        match (in_transaction, any(&["bind", "port", "dir"])) {
            (true, true) => Err(Error::NOT_IN_MULTI),
            (true, false) => Ok(None),
            (false, moves) => Ok((moves || any(OUTSIDE)).then_some(before)),
        }
    })?;
    match undo {
        Some(before) => shell(ShellRequest::Reconfigure { undo: Box::new(before) }),
        None => {
            ctx.out.ok();
            DONE
        }
    }
}

fn refusal(e: config::set::Error) -> Error {
    match e {
        config::set::Error::Unknown(name) => Error::config_unknown(&name),
        config::set::Error::Loading => Error::LOADING,
        config::set::Error::Failed(name, reason) => Error::config_set_failed(&name, &reason),
    }
}

fn resetstat(ctx: &mut Ctx) -> Outcome {
    let shared = ctx.shared;
    shared.workers.iter().for_each(WorkerStats::reset);
    for shard in 0..shared.keyspace.shards().len() {
        ctx.keys.held.with(shard, |s| s.reset_stats());
    }
    shared.errors.lock().clear();
    shared.rates.lock().reset();
    shared.upkeep.lock().reset();
    shared.graveyard.reset_freed();
    shared.evicted_clients.store(0, Relaxed);
    ctx.out.ok();
    DONE
}

fn rewrite(ctx: &mut Ctx) -> Outcome {
    write_file(ctx, false)
}

/// Has the configuration file rewritten; with `all`, defaults are written too.
///
/// # Errors
/// There is no such file.
pub(super) fn write_file(ctx: &mut Ctx, all: bool) -> Outcome {
    let path = ctx.shared.boot.config_file.clone();
    if path.is_empty() {
        return Err(Error::NO_CONFIG_FILE);
    }
    shell(ShellRequest::WriteConfig { path, all })
}
