//! Executing a command: its locks, its function, and what follows from what it changed.

use super::{Engine, Progress, Worker, dispatch::Step};
use crate::{
    base::{clock::Ticking, time::Now},
    commands::{
        ctx::{Ctx, Flow, ShellRequest},
        keys::{Invalid, each_key},
        row::{Row, Scope},
        table::{Command, Locks},
    },
    keyspace::{Held, Keys},
    protocol::{Error, Output, Reply},
    session::{Args, Session},
};
use smallvec::SmallVec;

/// Ascending shard numbers without repeats.
pub(super) type Shards = SmallVec<[usize; 8]>;

impl Engine {
    /// Executes one command that passed every check. Arguments and time are lent: copying what has
    /// just been written in smaller pieces stalls the processor.
    #[allow(clippy::too_many_arguments)]
    #[inline(always)]
    pub(super) fn call(
        &self,
        w: &mut Worker,
        s: &mut Session,
        held: &mut Held,
        time: (&Ticking, &mut Now),
        (command, first_key): (&'static Command, Option<(usize, u64)>),
        args: &Args,
        out: &mut Output,
    ) -> Step {
        let (clock, now) = time;
        w.changes.keep_expired = self.shared.pause.is_on(*now);
        self.lock(held, command, *args, first_key);
        if self.waits_for_move(command.row, *args) {
            return Step::Later;
        }
        let (began, written) = (now.mono, out.total_written());
        let flow = self.run(w, s, held, now, command, args, first_key, out);
        let step = match flow {
            Ok(Flow::Done) | Err(()) => Step::Done,
            Ok(Flow::Exec) => match self.exec(w, s, held, (clock, now), command, out) {
                Some(step) => step,
                None => return Step::Later,
            },
            Ok(Flow::Block(b)) => {
                self.block(s, held, command, *args, *b);
                Step::Stop(Progress::Blocked)
            }
            Ok(Flow::Shell(request)) => Step::Stop(Progress::Shell(*request)),
        };
        self.commit(w, Some(&s.info));
        if w.changes.is_quiet() {
            self.publish_dirty(w);
        } else {
            self.settle(w, held, *now);
        }
        clock.advance(now);
        let mut ns = now.mono.0.saturating_sub(began.0);
        match &step {
            // Counted when it has been served.
            _ if s.blocked.is_some() => {
                self.show(s, now, command, args);
                return step;
            }
            // The sleep is part of the command.
            Step::Stop(Progress::Shell(ShellRequest::Sleep { ms })) => ns += ms * 1_000_000,
            _ => {}
        }
        self.record(w, &s.info, command, args, (ns, now), out.total_written() - written);
        self.show(s, now, command, args);
        step
    }

    /// Runs a command's function under locks already taken. `Err` once it has replied an
    /// error.
    #[allow(clippy::too_many_arguments)]
    #[inline(always)]
    pub(super) fn run(
        &self,
        w: &mut Worker,
        s: &mut Session,
        held: &mut Held,
        now: &Now,
        command: &'static Command,
        args: &Args,
        first_key: Option<(usize, u64)>,
        out: &mut Output,
    ) -> Result<Flow, ()> {
        let mark = out.mark();
        let resp3 = s.resp3;
        w.access.touch = !s.no_touch;
        let db = s.db;
        w.changes.ops.begin(self.shared.journal.is_on());
        let mut ctx = Ctx {
            args,
            row: command.row,
            command: command.id,
            keys: Keys {
                held,
                db: s.db,
                now: now.wall,
                access: &mut w.access,
                rng: &mut w.rng,
                changes: &mut w.changes,
            },
            out: Reply::new(out, resp3),
            session: s,
            now,
            config: &w.config,
            shared: &self.shared,
            renames: &self.renames,
            worker: w.index,
            first_key,
        };
        let outcome = (command.row.run)(&mut ctx);
        if w.changes.dirty > 0 && w.changes.ops.wants_command() {
            w.changes.ops.push(db, args.from(0));
        }
        match outcome {
            Ok(flow) => Ok(flow),
            Err(e) => {
                out.truncate(mark);
                self.failed(w, command, &mut Reply::new(out, resp3), &e);
                Err(())
            }
        }
    }

    /// Replies the error a command ended with, and counts it.
    #[cold]
    fn failed(&self, w: &Worker, command: &Command, out: &mut Reply, e: &Error) {
        self.error_reply(w, out, e);
        w.command_stats(&self.shared, command.id).failed.add(1);
    }

    /// Takes the locks a command needs.
    #[inline(always)]
    pub(super) fn lock(&self, held: &mut Held, command: &Command, args: Args, first_key: Option<(usize, u64)>) {
        match (command.locks, first_key) {
            (Locks::FirstKey, Some((_, hash))) => held.one(held.space().shard_of(hash)),
            (Locks::Nothing, _) => {}
            _ => self.lock_all_of(held, command.row, args),
        }
    }

    fn lock_all_of(&self, held: &mut Held, row: &Row, args: Args) {
        match row.scope(args) {
            Scope::All => held.all(),
            Scope::Each => held.release(),
            Scope::Keys => {
                match self.shards_of(row, args) {
                    Ok(shards) => held.set(&shards),
                    // The command will refuse its arguments; let it see whatever it looks at.
                    Err(Invalid) => held.all(),
                }
            }
        }
    }

    /// The shards of all keys a request names.
    pub(super) fn shards_of(&self, row: &Row, args: Args) -> Result<Shards, Invalid> {
        let space = &self.shared.keyspace;
        let mut shards = Shards::new();
        each_key(row, args, |i, _| shards.push(space.shard_of(space.hash(args.at(i)))))?;
        shards.sort_unstable();
        shards.dedup();
        Ok(shards)
    }
}
