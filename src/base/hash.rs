//! The keyed hash of the key space.
//!
//! One 64-bit hash per key is computed once and travels with the command: its high bits
//! pick the shard and the table segment, its low 16 bits are the slot's fingerprint. The
//! key of the hash is drawn from `Env` at start, so that clients cannot aim collisions at
//! us and a simulated run still replays.

use std::hash::{BuildHasher, Hasher};

/// The secret that keys every hash of one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashKey(pub u64);

impl HashKey {
    /// The 64-bit hash of `bytes` under this key.
    #[inline]
    pub fn hash(self, bytes: &[u8]) -> u64 {
        let mut h = foldhash::quality::FixedState::with_seed(self.0).build_hasher();
        h.write(bytes);
        h.finish()
    }
}

/// A hasher state for ordinary maps: fixed, so that every run iterates alike.
pub type MapState = foldhash::fast::FixedState;
/// The hash map of this code base: deterministic iteration, unlike the standard one.
pub type HashMap<K, V> = hashbrown::HashMap<K, V, MapState>;
/// The hash set of this code base.
pub type HashSet<K> = hashbrown::HashSet<K, MapState>;
