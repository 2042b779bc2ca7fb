//! EXEC: what MULTI queued, under one set of locks and at one instant.

use super::{Engine, Progress, Worker, call::Shards, dispatch::Step};
use crate::{
    base::{
        clock::{Clock, Ticking},
        time::Now,
    },
    commands::{
        ctx::{Flow, ShellRequest},
        row::Scope,
        table::{COMMANDS, Command},
    },
    keyspace::Held,
    protocol::{Error, Output, Reply},
    session::{Session, state::Transaction, watch::WatchSet},
};

impl Step {
    /// Has the shell do what a transaction's commands asked for, each with the replies behind its own.
    fn ask(mut asked: Vec<(ShellRequest, Output)>) -> Step {
        match asked.pop() {
            None => Step::Done,
            Some((request, rest)) if asked.is_empty() && rest.is_empty() => Step::Stop(Progress::Shell(request)),
            Some(last) => {
                asked.push(last);
                Step::Stop(Progress::Shell(ShellRequest::InTurn(asked)))
            }
        }
    }
}

impl Engine {
    /// Runs the session's transaction and replies its results. `None` if it has to wait for a
    /// key that is being moved, and nothing has happened yet.
    pub(super) fn exec(
        &self,
        w: &mut Worker,
        s: &mut Session,
        held: &mut Held,
        time: (&Ticking, &mut Now),
        exec: &Command,
        out: &mut Output,
    ) -> Option<Step> {
        let (clock, now) = time;
        let tx = s.transaction.take().expect("EXEC checked that MULTI is open");
        let watch = std::mem::take(&mut s.watch);
        if tx.aborted {
            watch.forget(held);
            self.error_reply(w, &mut Reply::new(out, s.resp3), &Error::EXECABORT);
            w.command_stats(&self.shared, exec.id).failed.add(1);
            return Some(Step::Done);
        }
        self.lock_transaction(held, &tx, &watch);
        if self.transaction_waits_for_move(&tx) {
            (s.transaction, s.watch) = (Some(tx), watch);
            return None;
        }
        if watch.is_dirty() || self.watched_expired(held, &watch, *now) {
            watch.forget(held);
            Reply::new(out, s.resp3).null_array();
            return Some(Step::Done);
        }
        Reply::new(out, s.resp3).array(tx.queue.len());
        s.deny_blocking = true;
        let (mut slept_ms, mut asked, mut flushed) = (0, Vec::<(ShellRequest, Output)>::new(), None);
        for q in &tx.queue {
            // What follows the shell's reply waits for it.
            let out = asked.last_mut().map_or(&mut *out, |(_, rest)| rest);
            let command = &COMMANDS[q.command as usize];
            let args = q.args.args();
            // A run-time error is one element of the reply; the others still run.
            let (began, written, mut next) = (clock.now(), out.total_written(), None);
            let flow = self.run(w, s, held, now, command, &args, None, out);
            let mut ended = clock.now();
            if let Ok(Flow::Shell(request)) = flow {
                match *request {
                    ShellRequest::Sleep { ms } => {
                        Reply::new(out, s.resp3).ok();
                        ended.mono.0 += ms * 1_000_000;
                        slept_ms += ms;
                    }
                    // It has replied.
                    request @ ShellRequest::AwaitFlushed { .. } => flushed = Some(request),
                    request if request.can_follow() => next = Some((request, Output::new())),
                    request => self.refuse_shell(w, request, &mut Reply::new(out, s.resp3)),
                }
            }
            self.publish_changes(w);
            let ns = ended.mono.0.saturating_sub(began.mono.0);
            self.record(w, &s.info, command, &args, (ns, &ended), out.total_written() - written);
            self.show(s, now, command, &args);
            asked.extend(next);
        }
        // Waiters are served when the transaction has ended, and for them it is then.
        *now = clock.now();
        self.sleep_after(now, slept_ms);
        s.deny_blocking = false;
        watch.forget(held);
        asked.extend(flushed.map(|request| (request, Output::new())));
        Some(Step::ask(asked))
    }

    /// Declines what a queued command asks of the shell: nobody can wait for it under locks.
    fn refuse_shell(&self, w: &Worker, request: ShellRequest, out: &mut Reply) {
        if let ShellRequest::Reconfigure { undo } = request {
            let restored: Result<(), ()> = self.shared.config.update(|c| {
                *c = *undo;
                Ok(())
            });
            debug_assert!(restored.is_ok());
        }
        self.error_reply(w, out, &Error::NOT_IN_MULTI);
    }

    /// Makes up for the DEBUG SLEEPs of a transaction, which holds locks and so cannot
    /// sleep: its consequences are drawn as late as if it had, and nobody's next command
    /// runs earlier.
    fn sleep_after(&self, now: &mut Now, slept_ms: u64) {
        if slept_ms > 0 {
            let now_ms = now.mono.0 / 1_000_000;
            self.shared.pause.set(now_ms, now_ms + slept_ms, true);
            now.mono.0 += slept_ms * 1_000_000;
            now.wall.0 += slept_ms;
        }
    }

    /// Ends the session's transaction because EXEC itself was refused; the error to reply.
    pub(super) fn abort(&self, s: &mut Session, held: &mut Held, reason: &Error) -> Error {
        s.transaction = None;
        std::mem::take(&mut s.watch).forget(held);
        let text = reason.text();
        Error::exec_abort(text.strip_prefix(b"ERR ").unwrap_or(text))
    }

    /// Takes every lock the transaction needs, or all of them if a command visits shards
    /// on its own.
    fn lock_transaction(&self, held: &mut Held, tx: &Transaction, watch: &WatchSet) {
        let mut shards = Shards::new();
        for q in &tx.queue {
            let row = COMMANDS[q.command as usize].row;
            match (row.scope(q.args.args()), self.shards_of(row, q.args.args())) {
                (Scope::Keys, Ok(more)) => shards.extend(more),
                _ => return held.all(),
            }
        }
        let space = held.space();
        shards.extend(watch.keys.iter().map(|k| space.shard_of(k.hash)));
        shards.sort_unstable();
        shards.dedup();
        held.set(&shards);
    }

    /// Whether a watched key has passed its expiry since it was watched, deleted or not.
    fn watched_expired(&self, held: &mut Held, watch: &WatchSet, now: Now) -> bool {
        watch.keys.iter().any(|k| {
            let at = held.space().shard_of(k.hash);
            let e = held.shard(at).table(k.key.db).get(k.hash, &k.key.key);
            e.is_some_and(|e| e.is_due(now.wall))
        })
    }
}
