//! Eviction: choosing keys to give up when memory is at its limit.
//!
//! Exact LRU would cost every key a list; instead a few keys are drawn at random and the
//! best of them kept in a small pool of candidates from earlier draws, so that over time
//! the pool holds keys near the very end of the order. A candidate is looked at again
//! before it goes: one that was used or changed since it was drawn is passed over.

use super::{
    access::AccessPolicy,
    block::{Entry, TAG_EXPIRES},
    changes::Changes,
    event,
    shard::Shard,
};
use crate::{
    base::{hash::HashKey, prng::Prng, time::Wall},
    config::MaxmemoryPolicy,
    data::table::{Element, Table, View},
};

/// Most candidates a pool remembers.
const POOL: usize = 16;
/// Draws among keys that expire in some way before they are looked at in order.
const DRAWS: usize = 8;
/// Most keys looked at in order to find one that expires as a whole.
const LOOKED_AT: usize = 1000;

/// How keys are chosen.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    pub policy: MaxmemoryPolicy,
    /// Keys drawn at a time.
    pub samples: usize,
    pub access: AccessPolicy,
    /// The journal says UNLINK and not DEL.
    pub lazy: bool,
}

impl Rule {
    /// Whether only keys that expire may go.
    fn volatile(&self) -> bool {
        use MaxmemoryPolicy::*;
        matches!(self.policy, VolatileLru | VolatileLfu | VolatileRandom | VolatileTtl)
    }

    /// Whether any key is as good as another.
    pub fn is_random(&self) -> bool {
        matches!(self.policy, MaxmemoryPolicy::AllkeysRandom | MaxmemoryPolicy::VolatileRandom)
    }

    /// How gladly a key is given up: the higher, the sooner. `None` if it may not go.
    fn score(&self, e: &Entry, now: Wall) -> Option<u64> {
        use MaxmemoryPolicy::*;
        let expiry_ms = e.expiry_ms();
        if self.volatile() && expiry_ms.is_none() {
            return None;
        }
        Some(match self.policy {
            AllkeysLru | VolatileLru => self.access.idle_s(e.clock(), now),
            AllkeysLfu | VolatileLfu => u64::from(255 - self.access.frequency(e.clock(), now)),
            VolatileTtl => u64::MAX - expiry_ms.unwrap_or(u64::MAX),
            AllkeysRandom | VolatileRandom | NoEviction => 0,
        })
    }

    /// A random key of `table` that may go.
    fn draw<'t>(&self, table: &'t Table<Entry>, key: HashKey, rng: &mut Prng) -> Option<View<'t, Entry>> {
        let mut random = || rng.next_u64();
        if !self.volatile() {
            return table.random(&mut random);
        }
        // Hashes with expiring fields carry a tag as well.
        let mut tries = (0..DRAWS).map_while(|_| table.random_tagged(&mut random));
        tries.find(|e| e.tag() & TAG_EXPIRES != 0).or_else(|| first_that_expires(table, key))
    }
}

/// Some key that expires as a whole, looked for in order: such keys are rare.
fn first_that_expires(table: &Table<Entry>, key: HashKey) -> Option<View<'_, Entry>> {
    let (mut cursor, mut seen, mut found): (u64, usize, Option<Box<[u8]>>) = (0, 0, None);
    if table.tagged() == 0 {
        return None;
    }
    loop {
        cursor = table.scan_tagged(cursor, |e| {
            seen += 1;
            if found.is_none() && e.tag() & TAG_EXPIRES != 0 {
                found = Some(e.key().into());
            }
        });
        match found {
            Some(name) => return table.get(key.hash(&name), &name),
            None if cursor == 0 || seen >= LOOKED_AT => return None,
            None => {}
        }
    }
}

/// A key that may be evicted.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub hash: u64,
    db: u32,
    key: Box<[u8]>,
    score: u64,
}

/// The best candidates so far, the best one last. One per worker.
#[derive(Default)]
pub struct Pool {
    candidates: Vec<Candidate>,
    policy: Option<MaxmemoryPolicy>,
}

impl Pool {
    /// Forgets candidates that were chosen under another policy.
    pub fn follow(&mut self, policy: MaxmemoryPolicy) {
        if self.policy != Some(policy) {
            self.candidates.clear();
            self.policy = Some(policy);
        }
    }

    /// Takes the best candidate out.
    pub fn take(&mut self) -> Option<Candidate> {
        self.candidates.pop()
    }

    fn add(&mut self, score: u64, db: u32, key: &[u8], hash: u64) {
        let v = &mut self.candidates;
        let mut at = v.partition_point(|c| c.score < score);
        if v.len() == POOL {
            if at == 0 {
                return;
            }
            v.remove(0);
            at -= 1;
        }
        v.insert(at, Candidate { hash, db, key: key.into(), score });
    }
}

impl Shard {
    /// Draws keys from every database into the pool, from none more than it has; returns
    /// how many were drawn.
    pub fn sample(&self, rule: &Rule, now: Wall, key: HashKey, rng: &mut Prng, pool: &mut Pool) -> usize {
        let mut drawn = 0;
        for (db, table) in self.dbs.iter().enumerate().filter(|(_, t)| !t.is_empty()) {
            for _ in 0..rule.samples.min(if rule.volatile() { table.tagged() } else { table.len() }) {
                let Some(e) = rule.draw(table, key, rng) else { break };
                drawn += 1;
                if let Some(score) = rule.score(&e, now) {
                    pool.add(score, db as u32, e.key(), key.hash(e.key()));
                }
            }
        }
        drawn
    }

    /// Evicts a candidate, unless it is gone or no longer as good a choice as it was.
    /// Returns the heap bytes that are free now.
    pub fn evict(&mut self, c: &Candidate, rule: &Rule, now: Wall, changes: &mut Changes) -> Option<usize> {
        let e = self.dbs[c.db as usize].get(c.hash, &c.key)?;
        if rule.score(&e, now)? < c.score {
            return None;
        }
        Some(self.give_up(c.db, c.hash, &c.key, rule.lazy, changes))
    }

    /// Evicts a random key, from a random database that has one.
    pub fn evict_random(&mut self, rule: &Rule, key: HashKey, rng: &mut Prng, changes: &mut Changes) -> Option<usize> {
        let n = self.dbs.len();
        let first = rng.below(n as u64) as usize;
        let drawn = (0..n).map(|i| (first + i) % n).find_map(|db| {
            let name: Box<[u8]> = rule.draw(&self.dbs[db], key, rng)?.key().into();
            Some((db as u32, name))
        });
        let (db, name) = drawn?;
        Some(self.give_up(db, key.hash(&name), &name, rule.lazy, changes))
    }

    fn give_up(&mut self, db: u32, hash: u64, name: &[u8], lazy: bool, changes: &mut Changes) -> usize {
        let mut gone = self.dbs[db as usize].remove(hash, name).expect("it was found under this lock");
        self.meta.preserve(db, &mut gone);
        let bytes = gone.heap_bytes();
        self.meta.account(db, bytes, 0);
        self.meta.resized = true;
        self.meta.stats.evicted += 1;
        self.meta.mark_watched(db, name);
        self.meta.wake(changes, db, name);
        changes.raise(event::EVICTED, db, name);
        changes.ops.push_removal(db, name, lazy);
        changes.discard(gone);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_keeps_the_best() {
        let mut pool = Pool::default();
        for score in [5, 40, 3, 9, 17, 1, 2, 8, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 0, 10] {
            pool.add(score, 0, b"k", 0);
        }
        let taken: Vec<u64> = std::iter::from_fn(|| pool.take()).map(|c| c.score).collect();
        assert_eq!(taken, [40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 17, 10, 9, 8, 5]);
    }

    #[test]
    fn another_policy_begins_anew() {
        let mut pool = Pool::default();
        pool.follow(MaxmemoryPolicy::AllkeysLru);
        pool.add(1, 0, b"k", 0);
        pool.follow(MaxmemoryPolicy::AllkeysLru);
        assert!(pool.take().is_some());
        pool.add(1, 0, b"k", 0);
        pool.follow(MaxmemoryPolicy::AllkeysLfu);
        assert!(pool.take().is_none());
    }
}
