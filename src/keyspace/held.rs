//! The shard locks one worker holds.
//!
//! Locks are taken in ascending shard order and all released before others are taken, so
//! any parallel run equals some serial one and nobody deadlocks. A lock is kept from one
//! pipelined command to the next while they need the same shards.

use super::shard::{Keyspace, Shard, ShardGuard};
use smallvec::SmallVec;

/// No number of a shard.
const NOT_ONE: usize = usize::MAX;

/// Held shard locks, ascending.
pub struct Held<'e> {
    space: &'e Keyspace,
    /// The shard that is held alone, [`NOT_ONE`] if none or several are: looked at with every
    /// command and every key.
    only: usize,
    guards: SmallVec<[(usize, ShardGuard<'e>); 2]>,
}

impl<'e> Held<'e> {
    /// Nothing held yet.
    pub fn new(space: &'e Keyspace) -> Held<'e> {
        Held { space, only: NOT_ONE, guards: SmallVec::new() }
    }

    /// The key space whose locks these are.
    pub fn space(&self) -> &'e Keyspace {
        self.space
    }

    /// Holds exactly one shard afterwards.
    #[inline]
    pub fn one(&mut self, shard: usize) {
        if self.only != shard {
            self.take_one(shard);
        }
    }

    fn take_one(&mut self, shard: usize) {
        self.release();
        self.guards.push((shard, self.space.shards()[shard].lock()));
        self.only = shard;
    }

    /// Holds exactly these shards afterwards; `shards` ascends without repeats.
    pub fn set(&mut self, shards: &[usize]) {
        assert!(shards.is_sorted_by(|a, b| a < b), "locks are taken in ascending order");
        if self.guards.iter().map(|(i, _)| i).eq(shards) {
            return;
        }
        self.release();
        for &i in shards {
            self.guards.push((i, self.space.shards()[i].lock()));
        }
        self.note_only();
    }

    fn note_only(&mut self) {
        self.only = if let [(shard, _)] = self.guards.as_slice() { *shard } else { NOT_ONE };
    }

    /// Holds every shard afterwards.
    pub fn all(&mut self) {
        if !self.holds_all() {
            self.release();
            self.guards.extend(self.space.shards().iter().map(|s| s.lock()).enumerate());
            self.note_only();
        }
    }

    /// Whether this shard is held.
    #[inline]
    pub fn holds(&self, shard: usize) -> bool {
        self.guards.iter().any(|(i, _)| *i == shard)
    }

    /// Shows `f` the shard of a hash if that needs no waiting: for hints only.
    #[inline]
    pub fn glance(&mut self, hash: u64, f: impl FnOnce(&Shard)) {
        let shard = self.space.shard_of(hash);
        if let Some((_, g)) = self.guards.iter().find(|(i, _)| *i == shard) {
            f(g);
        } else if let Some(shard) = self.whole() {
            f(shard);
        } else {
            self.space.shards()[shard].glance(f);
        }
    }

    /// The shard that is the whole key space, if there is but one: it is held afterwards.
    #[inline]
    pub fn whole(&mut self) -> Option<&Shard> {
        if self.space.shards().len() > 1 {
            return None;
        }
        self.one(0);
        Some(&self.guards[0].1)
    }

    /// Whether every shard is held.
    pub fn holds_all(&self) -> bool {
        self.guards.len() == self.space.shards().len()
    }

    /// Lets go of everything.
    #[inline]
    pub fn release(&mut self) {
        self.only = NOT_ONE;
        self.guards.clear();
    }

    /// Makes the memory accounts of the held shards readable to everybody, as releasing
    /// them would.
    pub fn publish(&mut self) {
        self.guards.iter_mut().for_each(|(_, g)| g.publish());
    }

    /// A held shard.
    ///
    /// # Panics
    /// If it is not held: a command reached for a key that its row does not declare.
    #[inline]
    pub fn shard(&mut self, shard: usize) -> &mut Shard {
        let at = if self.only == shard { 0 } else { self.place_of(shard) };
        &mut self.guards[at].1
    }

    /// Where among the guards the shard's is.
    fn place_of(&self, shard: usize) -> usize {
        if self.holds_all() {
            return shard;
        }
        self.guards.iter().position(|(i, _)| *i == shard).expect("the key's shard is locked")
    }

    /// A held shard, to be read: several of them may be at once.
    ///
    /// # Panics
    /// As [`Held::shard`].
    pub fn peek(&self, shard: usize) -> &Shard {
        let held = self.guards.iter().find(|(i, _)| *i == shard);
        &held.expect("the key's shard is locked").1
    }

    /// Runs `f` on one shard, taking its lock for just that long when nothing is held.
    ///
    /// # Panics
    /// If some other set of locks is held: taking one more would break their order.
    pub fn with<T>(&mut self, shard: usize, f: impl FnOnce(&mut Shard) -> T) -> T {
        if self.guards.is_empty() { f(&mut self.space.shards()[shard].lock()) } else { f(self.shard(shard)) }
    }
}
