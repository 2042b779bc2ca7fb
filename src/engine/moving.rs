//! Keys on their way to another server: who waits for them, and how their journey ends.
//!
//! The look at what is claimed happens under the locks of the request's keys, where claims
//! are made as well, so no request slips between a claim and the look.

use super::{Engine, Worker};
use crate::{
    base::time::Now,
    commands::{
        keys::each_key,
        row::{Flags, Row, Scope},
        table::COMMANDS,
    },
    keyspace::{Held, Keys, event},
    persist::snapshot::is_large,
    session::{Args, clients::ClientInfo, moving::Claim, state::Transaction},
};

impl Engine {
    /// Whether a command has to wait because it names a key that is being moved, or changes
    /// whole databases. Its locks are held.
    #[inline]
    pub(super) fn waits_for_move(&self, row: &Row, args: Args) -> bool {
        self.shared.moving.is_any() && self.names_moving(row, args)
    }

    /// The same for what a transaction has queued, whose locks are held.
    pub(super) fn transaction_waits_for_move(&self, tx: &Transaction) -> bool {
        let waits = |(row, args): (&Row, Args)| self.names_moving(row, args);
        self.shared.moving.is_any()
            && tx.queue.iter().map(|q| (COMMANDS[q.command as usize].row, q.args.args())).any(waits)
    }

    #[cold]
    fn names_moving(&self, row: &Row, args: Args) -> bool {
        if row.scope == Scope::All && row.flags.has(Flags::WRITE) {
            return true;
        }
        let mut found = false;
        // Arguments in which no keys can be found are refused by the command.
        let _ = each_key(row, args, |i, _| found |= self.shared.moving.has(args.at(i)));
        found
    }

    /// Ends the journey of claimed keys: those that have `arrived` elsewhere are deleted, as
    /// `client` wished, and all are free again.
    ///
    /// # Errors
    /// With the claim, if a snapshot has to save a large one of them first: ask again in a
    /// millisecond.
    pub fn end_move(
        &self,
        w: &mut Worker,
        client: &ClientInfo,
        now: Now,
        db: u32,
        claim: Claim,
        arrived: &[&[u8]],
    ) -> Result<(), Claim> {
        w.refresh(&self.shared);
        let mut held = Held::new(&self.shared.keyspace);
        let space = held.space();
        let mut shards: Vec<usize> = claim.names().iter().map(|name| space.shard_of(space.hash(name))).collect();
        shards.sort_unstable();
        shards.dedup();
        held.set(&shards);
        if self.shared.saving.is_snapshot() && self.are_unsaved(&mut held, db, arrived) {
            return Err(claim);
        }
        w.changes.ops.begin(self.shared.journal.is_on());
        let (access, rng, changes) = (&mut w.access, &mut w.rng, &mut w.changes);
        let mut keys = Keys { held: &mut held, db, now: now.wall, access, rng, changes };
        let mut words = vec![&b"DEL"[..]];
        for name in arrived {
            let key = keys.key(name);
            // It may have expired or been evicted on the way.
            if keys.delete(key, event::DEL) {
                words.push(name);
            }
        }
        if words.len() > 1 {
            keys.changes.ops.instead(db, words.into_iter());
        }
        let passed_over = claim.end();
        self.commit(w, Some(client));
        w.changes.ready.extend(passed_over);
        self.settle(w, &mut held, now);
        Ok(())
    }

    /// Whether a large one of these values is yet to be saved; such values are asked for.
    fn are_unsaved(&self, held: &mut Held, db: u32, names: &[&[u8]]) -> bool {
        let mut found = false;
        for name in names {
            found |= self.is_unsaved(held, db, name);
        }
        found
    }

    /// Whether a value is large and yet to be saved by a snapshot, which is asked to hurry.
    pub(super) fn is_unsaved(&self, held: &mut Held, db: u32, name: &[u8]) -> bool {
        let (space, hash) = (held.space(), held.space().hash(name));
        let shard = held.shard(space.shard_of(hash));
        let unsaved = shard.is_being_saved()
            && shard.table(db).get(hash, name).is_some_and(|e| shard.is_unsaved(&e) && is_large(&e));
        if unsaved {
            self.shared.saving.hurry(db, name);
        }
        unsaved
    }
}
