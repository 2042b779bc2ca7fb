//! Emptying databases.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome, ShellRequest, shell},
        row::{Acl, Arg, Flags, Group, Row, Run, Scope},
    },
    row,
};
use crate::{protocol::Error, session::jobs::Job};

const ARGS: &[Arg] = &[Arg::one_of(
    "flush-type",
    &[Arg::token("async", "ASYNC").since("4.0.0"), Arg::token("sync", "SYNC").since("6.2.0")],
)
.optional()];

const fn flush_row(name: &'static str, run: Run) -> Row {
    Row {
        acl: Acl::KEYSPACE.or(Acl::DANGEROUS),
        group: Group::Server,
        args: ARGS,
        tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
        history: &[("4.0.0", "ASYNC."), ("6.2.0", "SYNC.")],
        scope: Scope::All,
        ..row(name, -1, Flags::WRITE, run)
    }
}

/// This theme's commands.
pub const ROWS: &[Row] = &[
    Row {
        complexity: "O(N) where N is the total number of keys in all databases",
        summary: "Removes all keys from all databases.",
        ..flush_row("flushall", flushall)
    },
    Row {
        complexity: "O(N) where N is the number of keys in the selected database",
        summary: "Removes all keys from the current database.",
        ..flush_row("flushdb", flushdb)
    },
];

fn flushall(ctx: &mut Ctx) -> Outcome {
    let lazy = is_lazy(ctx)?;
    for db in 0..ctx.shared.keyspace.databases() {
        ctx.keys.flush(db, lazy);
    }
    // A snapshot of what is gone is of no use, and the one on disk would bring it back.
    ctx.shared.jobs.abandon(Job::Save);
    // Even if there was nothing, as the server does that others know.
    ctx.journal_with(&[]);
    let saved = save_nothing(ctx);
    replied(ctx, lazy, saved)
}

fn flushdb(ctx: &mut Ctx) -> Outcome {
    let lazy = is_lazy(ctx)?;
    ctx.keys.flush(ctx.session.db, lazy);
    ctx.journal_with(&[]);
    replied(ctx, lazy, None)
}

/// Has the file on disk replaced by one without keys, if there are save points; the ticket of
/// the job that the reply waits for.
fn save_nothing(ctx: &Ctx) -> Option<u64> {
    let jobs = &ctx.shared.jobs;
    if ctx.config.persistence.save.0.is_empty() || ctx.shared.loading.is_on() {
        return None;
    }
    if jobs.is_under_way(Job::Rewrite) && ctx.shared.journal.is_on() {
        // That may take long, and the log has the keys removed already.
        jobs.schedule(Job::Save);
        return None;
    }
    Some(jobs.demand(Job::Save))
}

/// Memory is always given back away from the locks; but who asked for it to be done before
/// the reply waits for that.
fn replied(ctx: &mut Ctx, lazy: bool, saved: Option<u64>) -> Outcome {
    ctx.out.ok();
    let freed = !lazy && !ctx.session.deny_blocking && !ctx.keys.changes.garbage.is_empty();
    let waits = freed || saved.is_some();
    if waits { shell(ShellRequest::AwaitFlushed { freed, saved }) } else { DONE }
}

/// Whether memory is to be given back in the background.
fn is_lazy(ctx: &Ctx) -> Result<bool, Error> {
    match ctx.argc() {
        1 => Ok(ctx.config.memory.lazyfree_lazy_user_flush),
        2 if ctx.is(1, "SYNC") => Ok(false),
        2 if ctx.is(1, "ASYNC") => Ok(true),
        _ => Err(Error::SYNTAX),
    }
}
