//! SAVE, BGSAVE, LASTSAVE, BGREWRITEAOF: what is asked of the saving task.

use super::{
    ctx::{Ctx, DONE, Outcome, ShellRequest, shell},
    row::{Acl, Arg, Flags, Group, Row},
};
use crate::{protocol::Error, session::jobs::Job};
use std::sync::atomic::Ordering::SeqCst;

const ADMIN: Flags = Flags::NO_ASYNC_LOADING.or(Flags::ADMIN).or(Flags::NOSCRIPT);

/// This family's commands.
pub const ROWS: &[Row] = &[
    Row {
        flags: ADMIN,
        complexity: "O(1)",
        summary: "Replaces the append-only file by one that makes the same data set, in the background.",
        ..Row::new("bgrewriteaof", 1, Group::Server, bgrewriteaof)
    },
    Row {
        flags: ADMIN,
        complexity: "O(1)",
        summary: "Writes a snapshot to disk, in the background.",
        args: &[Arg::one_of(
            "operation",
            &[Arg::token("schedule", "SCHEDULE").since("3.2.2"), Arg::token("cancel", "CANCEL").since("8.1.0")],
        )
        .optional()],
        history: &[("3.2.2", "SCHEDULE."), ("8.1.0", "CANCEL.")],
        ..Row::new("bgsave", -1, Group::Server, bgsave)
    },
    Row {
        flags: Flags::LOADING.or(Flags::STALE).or(Flags::FAST),
        acl: Acl::ADMIN.or(Acl::DANGEROUS),
        complexity: "O(1)",
        summary: "Tells when a snapshot was last written to disk.",
        tips: &["nondeterministic_output"],
        ..Row::new("lastsave", 1, Group::Server, lastsave)
    },
    Row {
        flags: ADMIN.or(Flags::NO_MULTI),
        complexity: "O(N) where N is the number of keys",
        summary: "Writes a snapshot to disk, and replies when that is done.",
        ..Row::new("save", 1, Group::Server, save)
    },
];

fn save(ctx: &mut Ctx) -> Outcome {
    match ctx.shared.jobs.begun() {
        Some(Job::Save) => Err(Error::SAVE_IN_PROGRESS),
        // A rewrite does not keep it from being done, only from being done now.
        _ => shell(ShellRequest::AwaitJob { ticket: ctx.shared.jobs.demand(Job::Save) }),
    }
}

fn bgsave(ctx: &mut Ctx) -> Outcome {
    let schedule = ctx.is(1, "SCHEDULE");
    if ctx.argc() == 2 && ctx.is(1, "CANCEL") {
        return cancel(ctx);
    }
    if ctx.argc() > 2 || ctx.argc() == 2 && !schedule {
        return Err(Error::SYNTAX);
    }
    if ctx.session.deny_blocking && ctx.shared.jobs.begun() != Some(Job::Save) {
        ctx.shared.jobs.schedule(Job::Save);
        ctx.out.simple("Background saving scheduled");
        return DONE;
    }
    match ctx.shared.jobs.start(Job::Save) {
        Ok(_) => ctx.out.simple("Background saving started"),
        Err(Job::Save) => return Err(Error::SAVE_IN_PROGRESS),
        Err(Job::Rewrite) if schedule => {
            ctx.shared.jobs.schedule(Job::Save);
            ctx.out.simple("Background saving scheduled");
        }
        Err(Job::Rewrite) => return Err(Error::REWRITE_IN_THE_WAY),
    }
    DONE
}

fn cancel(ctx: &mut Ctx) -> Outcome {
    match ctx.shared.jobs.cancel(Job::Save) {
        Some(true) => ctx.out.simple("Background saving cancelled"),
        Some(false) => ctx.out.simple("Scheduled background saving cancelled"),
        None => return Err(Error::NO_SAVE),
    }
    DONE
}

fn lastsave(ctx: &mut Ctx) -> Outcome {
    ctx.out.int(ctx.shared.last_save_s.load(SeqCst) as i64);
    DONE
}

fn bgrewriteaof(ctx: &mut Ctx) -> Outcome {
    let jobs = &ctx.shared.jobs;
    let started = match ctx.session.deny_blocking {
        true => Err(jobs.begun()),
        false => jobs.start(Job::Rewrite).map_err(Some),
    };
    ctx.out.simple(match started {
        Ok(_) => "Background append only file rewriting started",
        Err(Some(Job::Rewrite)) => return Err(Error::REWRITE_IN_PROGRESS),
        Err(_) => {
            jobs.schedule(Job::Rewrite);
            "Background append only file rewriting scheduled"
        }
    });
    DONE
}
