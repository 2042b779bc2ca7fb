//! Optimistic locking: the keys a client watches until its EXEC.
//!
//! All watched keys of a client share one flag, which also lies in the shards beside the
//! keys; whoever changes one of them sets it. A key that is watched after its expiry has
//! passed is removed first, so that its removal later on is no change.

use crate::keyspace::{
    Held, Key,
    shard::{DbKey, WatchFlag},
};
use std::sync::atomic::Ordering::Relaxed;

/// A watched key.
pub struct Watched {
    pub key: DbKey,
    pub hash: u64,
}

/// What a client watches.
#[derive(Default)]
pub struct WatchSet {
    pub keys: Vec<Watched>,
    /// Set by whoever changes one of them.
    pub flag: WatchFlag,
    /// About what watching costs.
    pub bytes: usize,
}

/// What a watched key costs beside its two copies of the name.
const WATCH_BYTES: usize = 96;

impl WatchSet {
    /// Whether one of the keys has changed.
    pub fn is_dirty(&self) -> bool {
        self.flag.load(Relaxed)
    }

    /// Watches one more key, whose shard is held and which has not expired.
    pub fn add(&mut self, held: &mut Held, db: u32, key: Key) {
        if self.keys.iter().any(|w| w.key.db == db && *w.key.key == *key.bytes) {
            return;
        }
        let (name, at) = (DbKey::new(db, key.bytes), held.space().shard_of(key.hash));
        held.shard(at).watch(name.clone(), self.flag.clone());
        self.bytes += WATCH_BYTES + 2 * key.bytes.len();
        self.keys.push(Watched { key: name, hash: key.hash });
    }

    /// Stops watching: one shard at a time, letting go of other locks, unless the shards
    /// are held already.
    pub fn forget(self, held: &mut Held) {
        for k in &self.keys {
            let at = held.space().shard_of(k.hash);
            if !held.holds(at) {
                held.release();
            }
            held.with(at, |shard| shard.unwatch(&k.key, &self.flag));
        }
    }
}
