//! Walking over a database: SCAN's cursor, random keys, counting.
//!
//! Nothing here needs more than one lock at a time, so a walk holds up nobody. The table
//! of each shard hands out cursors of 54 bits; the ten bits above them are the number of
//! the shard, and shards are walked in order. A cursor is thus valid for ever, even one
//! that was made up.
//!
//! A walk lets go of a shard before its command ends, and so before what it did is written
//! to the journal: while there is one, it leaves expired keys for others to remove.

use super::{
    block::Entry,
    keys::Keys,
    shard::{DbKey, MAX_SHARDS},
};
use crate::data::table::Element;

/// Bits of a table's cursor.
const TABLE_BITS: u32 = 54;
/// Expired keys that [`Keys::random`] may draw while it cannot remove them.
const MAX_TRIES: u32 = 100;
const _: () = assert!(MAX_SHARDS <= 1 << (64 - TABLE_BITS));

/// Names of keys, one after the other in one buffer.
#[derive(Default)]
pub struct Names {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Names {
    fn push(&mut self, name: &[u8]) {
        self.bytes.extend_from_slice(name);
        self.ends.push(self.bytes.len());
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The names in the order they were found.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(from, to)| &self.bytes[from..*to])
    }
}

impl Keys<'_, '_> {
    /// Some steps of a walk over the database: looks at about `count` keys from `cursor`
    /// on, puts the names of those that `wanted` picks into `names`, and returns the
    /// cursor to go on from, or 0 at the end. Expired keys that would have been picked are
    /// removed.
    pub fn scan(&mut self, cursor: u64, count: u64, wanted: impl Fn(&Entry) -> bool, names: &mut Names) -> u64 {
        let (space, db, now) = (self.held.space(), self.db, self.now);
        let (mut at, mut cursor) = ((cursor >> TABLE_BITS) as usize, cursor & ((1 << TABLE_BITS) - 1));
        // Sparse tables must not turn one command into a walk over everything.
        let (mut seen, mut steps, mut due) = (0, count.saturating_mul(10), Vec::new());
        while at < space.shards().len() {
            cursor = self.held.with(at, |shard| {
                if shard.table(db).is_empty() {
                    return 0;
                }
                steps = steps.saturating_sub(1);
                let next = shard.table(db).scan(cursor, |e| {
                    seen += 1;
                    if wanted(e) {
                        if e.is_due(now) {
                            due.push(DbKey::new(db, e.key()));
                        } else {
                            names.push(e.key());
                        }
                    }
                });
                if !self.changes.ops.is_on() {
                    due.drain(..).for_each(|k| shard.expire(&k, space.hash(&k.key), self.changes));
                }
                next
            });
            at += usize::from(cursor == 0);
            if seen >= count || steps == 0 {
                break;
            }
        }
        if at >= space.shards().len() { 0 } else { (at as u64) << TABLE_BITS | cursor }
    }

    /// The name of a random key, each equally likely.
    pub fn random(&mut self) -> Option<Vec<u8>> {
        let (space, db, now) = (self.held.space(), self.db, self.now);
        let mut tries = MAX_TRIES;
        loop {
            let lens: Vec<u64> = (0..space.shards().len()).map(|at| self.len_of(at)).collect();
            let total: u64 = lens.iter().sum();
            if total == 0 {
                return None;
            }
            let mut rank = self.rng.below(total);
            let at = lens.iter().position(|len| {
                let found = rank < *len;
                rank -= if found { 0 } else { *len };
                found
            });
            let found = self.held.with(at.expect("the lengths add up"), |shard| {
                let (name, due) = {
                    let e = shard.table(db).random(&mut || self.rng.next_u64())?;
                    (e.key().to_vec(), e.is_due(now))
                };
                if due && !self.changes.ops.is_on() {
                    shard.expire(&DbKey::new(db, &name), space.hash(&name), self.changes);
                }
                (!due).then_some(name)
            });
            // Nothing was found: an expired key, or another worker emptied the shard.
            if found.is_some() || tries == 0 {
                return found;
            }
            tries -= u32::from(self.changes.ops.is_on());
        }
    }

    /// How many keys the database holds, expired ones included.
    pub fn count(&mut self) -> u64 {
        (0..self.held.space().shards().len()).map(|at| self.len_of(at)).sum()
    }

    fn len_of(&mut self, at: usize) -> u64 {
        let db = self.db;
        self.held.with(at, |shard| shard.table(db).len() as u64)
    }

    /// Shows `f` every key that has not expired. Needs every lock.
    pub fn each(&mut self, mut f: impl FnMut(&Entry)) {
        for at in 0..self.held.space().shards().len() {
            let table = self.held.shard(at).table(self.db);
            table.iter().filter(|e| !e.is_due(self.now)).for_each(|e| f(&e));
        }
    }
}
