//! The checks between a request and its execution, in Valkey's order.

use super::{Engine, Progress, Worker};
use crate::{
    base::{clock::Ticking, time::Now},
    commands::{
        row::Flags,
        table::{COMMANDS, Command},
    },
    keyspace::Held,
    protocol::{Error, Output, Reply},
    session::{
        Args, Session,
        state::{Queued, ReplyMode},
    },
};
use std::sync::atomic::Ordering::Relaxed;

/// One request, looked up.
pub(super) struct Request<'a> {
    pub args: Args<'a>,
    pub command: Option<&'static Command>,
    /// Position and hash of the first key.
    pub first_key: Option<(usize, u64)>,
}

/// Whether the session goes on with its next request.
pub(super) enum Step {
    Done,
    /// Nothing has happened: the same request again in a millisecond.
    Later,
    Stop(Progress),
}

impl Engine {
    /// The command a client means by `name`, after renames.
    pub(super) fn find(&self, name: &[u8]) -> Option<&'static Command> {
        self.renames.find(name)
    }

    /// Executes or refuses one request, and writes its reply unless the client wants none.
    #[inline(always)]
    pub(super) fn dispatch(
        &self,
        w: &mut Worker,
        s: &mut Session,
        held: &mut Held,
        time: (&Ticking, &mut Now),
        r: &Request,
        out: &mut Output,
    ) -> Step {
        if s.reply_mode == ReplyMode::On {
            self.admit(w, s, held, time, r, out)
        } else {
            self.dispatch_muted(w, s, held, time, r, out)
        }
    }

    /// As [`Engine::dispatch`], apart from the code that runs with every request.
    #[inline(never)]
    pub(super) fn dispatch_apart(
        &self,
        w: &mut Worker,
        s: &mut Session,
        held: &mut Held,
        time: (&Ticking, &mut Now),
        r: &Request,
        out: &mut Output,
    ) -> Step {
        if s.reply_mode == ReplyMode::On {
            self.admit_apart(w, s, held, time, r, out)
        } else {
            self.dispatch_muted(w, s, held, time, r, out)
        }
    }

    /// As [`Engine::dispatch`] for a client that does not want all replies.
    #[cold]
    fn dispatch_muted(
        &self,
        w: &mut Worker,
        s: &mut Session,
        held: &mut Held,
        time: (&Ticking, &mut Now),
        r: &Request,
        out: &mut Output,
    ) -> Step {
        let mode = s.reply_mode;
        if s.reply_mode == ReplyMode::SkipNext {
            s.reply_mode = ReplyMode::Skip;
        }
        let (mark, silent) = (out.mark(), !replies_by_pushes(s, r));
        let step = self.admit_apart(w, s, held, time, r, out);
        if matches!(step, Step::Later) {
            s.reply_mode = mode;
            return step;
        }
        if s.reply_mode != ReplyMode::On && silent {
            out.truncate(mark);
            s.shell_is_silent = matches!(step, Step::Stop(Progress::Shell(_)));
        }
        if s.reply_mode == ReplyMode::Skip {
            s.reply_mode = ReplyMode::On;
        }
        step
    }

    #[inline(always)]
    fn admit(
        &self,
        w: &mut Worker,
        s: &mut Session,
        held: &mut Held,
        time: (&Ticking, &mut Now),
        r: &Request,
        out: &mut Output,
    ) -> Step {
        let command = match self.check(w, s, held, (time.0, *time.1), r) {
            Ok(c) => c,
            Err((command, e)) => return self.refuse(w, s, held, (command, e), out),
        };
        s.info.last_command.store(command.id + 1, Relaxed);
        if let Some(tx) = &mut s.transaction
            && !command.row.flags.has(Flags::IN_MULTI)
        {
            let args = r.args.to_owned();
            tx.queue_bytes += args.heap_bytes();
            tx.queue.push(Queued { command: command.id, args });
            Reply::new(out, s.resp3).simple("QUEUED");
            return Step::Done;
        }
        let first_key = if command.parent.is_some() { None } else { r.first_key };
        self.call(w, s, held, time, (command, first_key), &r.args, out)
    }

    /// [`Engine::admit`], apart from the code that runs with every request.
    #[inline(never)]
    fn admit_apart(
        &self,
        w: &mut Worker,
        s: &mut Session,
        held: &mut Held,
        time: (&Ticking, &mut Now),
        r: &Request,
        out: &mut Output,
    ) -> Step {
        self.admit(w, s, held, time, r, out)
    }

    /// Replies why a request is refused.
    #[cold]
    fn refuse(
        &self,
        w: &Worker,
        s: &mut Session,
        held: &mut Held,
        (command, mut e): (Option<&Command>, Error),
        out: &mut Output,
    ) -> Step {
        if command.is_some_and(|c| c.row.name == "exec") {
            e = self.abort(s, held, &e);
        }
        if let Some(tx) = &mut s.transaction {
            tx.aborted = true;
        }
        if let Some(c) = command {
            w.command_stats(&self.shared, c.id).rejected.add(1);
        }
        self.error_reply(w, &mut Reply::new(out, s.resp3), &e);
        Step::Done
    }

    /// Everything that can refuse a request before it is queued or executed.
    #[inline(always)]
    fn check(
        &self,
        w: &mut Worker,
        s: &mut Session,
        held: &mut Held,
        time: (&Ticking, Now),
        r: &Request,
    ) -> Result<&'static Command, (Option<&'static Command>, Error)> {
        let args = r.args;
        let Some(mut command) = r.command else {
            return Err((None, Error::unknown_command(args.at(0), args.from(1))));
        };
        if !command.row.subs.is_empty() && args.len() > 1 {
            match command.sub(args.at(1)) {
                Some(sub) => command = sub,
                None => return Err((None, Error::unknown_subcommand(command.row.name, args.at(1)))),
            }
        }
        let (row, refuse) = (command.row, |e| Err((Some(command), e)));
        if !row.accepts(args.len()) {
            return refuse(Error::wrong_arity(&command.full_name()));
        }
        if !s.is_let_in(&w.config) && !row.flags.has(Flags::NO_AUTH) {
            return refuse(Error::NOAUTH);
        }
        if s.transaction.is_some() && row.flags.has(Flags::NO_MULTI) {
            return refuse(Error::NOT_IN_MULTI);
        }
        let loading = self.shared.loading.is_on();
        if w.config.memory.maxmemory_bytes > 0
            && !loading
            && let Err(e) = self.make_room(w, s, held, time.0, time.1, command)
        {
            return refuse(e);
        }
        if row.flags.has(Flags::DEBUG) && !s.info.may(w.config.security.enable_debug_command) {
            return refuse(Error::DEBUG_NOT_ALLOWED);
        }
        if (self.shared.aof.is_failing() || self.shared.save_failed.load(Relaxed))
            && (would_run(s, command, Flags::WRITE) || row.name == "ping")
            && let Some(e) = self.disk_error(w)
        {
            return refuse(e);
        }
        if w.config.replication.min_replicas_to_write > 0 && would_run(s, command, Flags::WRITE) {
            // There is no replication yet, so no replica is ever good enough.
            return refuse(Error::NOREPLICAS);
        }
        if !s.resp3 && s.is_subscriber() && !row.flags.has(Flags::IN_SUBSCRIBE) {
            return refuse(Error::only_subscribe_allowed(&command.full_name()));
        }
        if loading && (!row.flags.has(Flags::LOADING) || would_run_without(s, command, Flags::LOADING)) {
            return refuse(Error::LOADING);
        }
        Ok(command)
    }

    /// Why nothing may be written at the moment: it could not be made durable.
    #[cold]
    fn disk_error(&self, w: &Worker) -> Option<Error> {
        let p = &w.config.persistence;
        if self.shared.save_failed.load(Relaxed) && p.stop_writes_on_bgsave_error && !p.save.0.is_empty() {
            return Some(Error::MISCONF);
        }
        let aof = &self.shared.aof;
        aof.is_failing().then(|| Error::new(format!("MISCONF Errors writing to the AOF file: {}", aof.error())))
    }

    /// Replies an error and counts it.
    pub(super) fn error_reply(&self, w: &Worker, out: &mut Reply, e: &Error) {
        self.count_error(w.index, e);
        out.error(e);
    }

    /// Counts an error reply of a worker.
    pub(super) fn count_error(&self, worker: usize, e: &Error) {
        self.shared.workers[worker].error_replies.add(1);
        self.shared.count_error(&String::from_utf8_lossy(e.code()));
    }
}

/// Whether EXEC is about to run a command that lacks the flag.
fn would_run_without(s: &Session, c: &Command, flag: Flags) -> bool {
    let lacks = |q: &Queued| !COMMANDS[q.command as usize].row.flags.has(flag);
    c.row.name == "exec" && s.transaction.as_ref().is_some_and(|t| t.queue.iter().any(lacks))
}

/// Whether the command, or one that EXEC is about to run, has the flag.
pub(super) fn would_run(s: &Session, c: &Command, flag: Flags) -> bool {
    let queued = |q: &Queued| COMMANDS[q.command as usize].row.flags.has(flag);
    c.row.flags.has(flag) || c.row.name == "exec" && s.transaction.as_ref().is_some_and(|t| t.queue.iter().any(queued))
}

/// Whether the reply will be push messages, which CLIENT REPLY does not silence.
fn replies_by_pushes(s: &Session, r: &Request) -> bool {
    let manages = |c: &Command| c.row.flags.has(Flags::PUBSUB.or(Flags::IN_SUBSCRIBE)) && c.row.accepts(r.args.len());
    s.authenticated && s.transaction.is_none() && r.command.is_some_and(manages)
}
