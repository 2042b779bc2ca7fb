//! Blocking commands: waiting for a key, being served, giving up.
//!
//! A client that finds nothing registers under the locks of its keys, so no push can slip
//! between its look and its wait. Whoever makes the key ready runs the waiting command on
//! the client's behalf, first come first served, before its own reply leaves. Serving may
//! need other locks than the ones at hand (BLMOVE's destination); they are then released
//! and the right ones taken, and the waiter looks again: somebody else may have been
//! faster, which only means that it goes on waiting.

use super::{Engine, Worker};
use crate::{
    base::time::{Mono, Now},
    commands::{
        ctx::{Block, Flow},
        table::{COMMANDS, Command},
    },
    keyspace::{
        Held,
        shard::{DbKey, Waiter},
    },
    protocol::{Error, Output, Reply},
    session::{
        Args, Session,
        blocked::{Blocked, State},
        clients::flag,
        mailbox::Msg,
    },
};
use std::sync::{Arc, atomic::Ordering::Relaxed};

impl Engine {
    /// Makes the session wait for one of the keys. Their locks are held.
    pub(super) fn block(&self, s: &mut Session, held: &mut Held, command: &'static Command, args: Args, b: Block) {
        let space = held.space();
        let mut keys: Vec<(usize, DbKey)> = Vec::with_capacity(b.keys.len());
        for &i in &b.keys {
            let at = space.shard_of(space.hash(args.at(i)));
            let key = DbKey::new(s.db, args.at(i));
            held.shard(at).wait(key.clone(), Waiter { client: s.id(), or_loss: b.or_loss });
            keys.push((at, key));
        }
        let shards = self.shards_of(command.row, args).expect("the command just ran with these keys");
        let mut waiter = Blocked::new(s, command.id, b.args.unwrap_or_else(|| args.to_owned()));
        waiter.keys = keys;
        waiter.shards = shards.to_vec();
        waiter.deadline = b.deadline;
        (waiter.want, waiter.or_loss, waiter.on_timeout) = (b.want, b.or_loss, b.on_timeout);
        let waiter = Arc::new(waiter);
        self.shared.blocked.insert(waiter.clone());
        s.info.set_flag(flag::BLOCKED, true);
        s.blocked = Some(waiter);
    }

    /// Serves the clients that wait for keys which have become ready, and those that wait
    /// for what serving them makes ready.
    pub(super) fn serve_ready(&self, w: &mut Worker, held: &mut Held, now: Now) {
        let mut at = 0;
        let mut ready = std::mem::take(&mut w.changes.ready);
        while at < ready.len() {
            let key = ready[at].clone();
            at += 1;
            self.serve_key(w, held, now, &key);
            ready.append(&mut w.changes.ready);
        }
    }

    fn serve_key(&self, w: &mut Worker, held: &mut Held, now: Now, key: &DbKey) {
        let space = held.space();
        let hash = space.hash(&key.key);
        let at = space.shard_of(hash);
        if !held.holds(at) {
            held.one(at);
        }
        let mut gone = false;
        for waiter in held.shard(at).waiters(key).to_vec() {
            // Thousands may wait for the elements of one list, and one push serves one of them.
            if gone && !waiter.or_loss {
                continue;
            }
            let Some(b) = self.shared.blocked.get(waiter.client) else { continue };
            held.set(&b.shards);
            let found = held.shard(at).table(key.db).get(hash, &key.key).map(|e| e.type_of());
            gone = found.is_none();
            if self.waits_for_move(COMMANDS[b.command as usize].row, b.args.args()) {
                self.shared.moving.pass_over(key);
                continue;
            }
            if (b.or_loss || found == Some(b.want)) && b.claim(State::Served) {
                self.serve(w, held, now, &b);
            }
        }
    }

    /// Runs a waiting command on behalf of its client.
    fn serve(&self, w: &mut Worker, held: &mut Held, now: Now, b: &Arc<Blocked>) {
        let mut s = Session::new(b.info.clone(), true);
        (s.db, s.resp3) = (b.db, b.resp3);
        let mut out = Output::new();
        let command = &COMMANDS[b.command as usize];
        let flow = self.run(w, &mut s, held, &now, command, &b.args.args(), None, &mut out);
        self.commit(w, Some(&b.info));
        match flow {
            Ok(Flow::Block(_)) => {
                if b.unclaim() {
                    self.leave_queues(held, b);
                } else {
                    // Its time may have run out while it was claimed.
                    b.info.mailbox.post(Msg::Nudge);
                }
            }
            _ => {
                self.leave_queues(held, b);
                // Its time is part of the command that made the key ready.
                self.record(w, &b.info, command, &b.args.args(), (0, &now), out.total_written());
                b.info.mailbox.post(Msg::Unblocked(out.to_vec().into()));
            }
        }
        self.publish_changes(w);
    }

    /// Ends the session's wait if its deadline has passed; whether it has ended. Somebody
    /// who serves it at the same time may be faster.
    pub fn on_deadline(&self, s: &mut Session, now: Mono, out: &mut Output) -> bool {
        let due = |b: &&Arc<Blocked>| b.deadline.is_some_and(|d| d <= now) && b.claim(State::Ended);
        let Some(b) = s.blocked.as_ref().filter(due).cloned() else { return false };
        self.finish_wait(s, &b, None, out);
        true
    }

    /// What follows once a wait has been claimed as ended.
    pub(super) fn finish_wait(&self, s: &mut Session, b: &Blocked, error: Option<&Error>, out: &mut Output) {
        self.forget_wait(b);
        s.blocked = None;
        s.info.set_flag(flag::BLOCKED, false);
        let stats = &self.shared.workers[s.info.worker];
        let command = &stats.per_command[b.command as usize];
        stats.commands.add(1);
        command.called(0);
        s.info.commands.fetch_add(1, Relaxed);
        let mark = out.mark();
        let mut reply = Reply::new(out, s.resp3);
        match error {
            Some(e) => {
                self.count_error(s.info.worker, e);
                command.failed.add(1);
                reply.error(e);
            }
            None => b.on_timeout.write(&mut reply),
        }
        if b.silent {
            out.truncate(mark);
        }
    }

    /// Takes a client out of the queues it waits in; its locks are held.
    fn leave_queues(&self, held: &mut Held, b: &Blocked) {
        for (at, k) in &b.keys {
            held.shard(*at).unwait(k, b.info.id);
        }
        self.shared.blocked.remove(b.info.id);
    }

    /// Takes a client out of the queues it waits in, one lock at a time.
    pub(super) fn forget_wait(&self, b: &Blocked) {
        for (at, key) in &b.keys {
            self.shared.keyspace.shards()[*at].lock().unwait(key, b.info.id);
        }
        self.shared.blocked.remove(b.info.id);
    }
}
