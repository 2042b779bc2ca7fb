//! The trace hash: two runs of one seed must agree on it.
//!
//! Every network and disk event, every clock reading and every random number handed to the
//! server is mixed in together with the virtual time at which it happened, so that runs which
//! differ anywhere soon differ here. Each plugin keeps its own trace; a run's hash combines
//! them.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// An order-sensitive hash of what happened. The simulation is one thread: the atomics are
/// there because madsim's plugins must be `Sync`, not because anybody races.
#[derive(Debug)]
pub struct Trace {
    hash: AtomicU64,
    events: AtomicU64,
}

impl Default for Trace {
    fn default() -> Trace {
        Trace { hash: AtomicU64::new(0x9E37_79B9_7F4A_7C15), events: AtomicU64::new(0) }
    }
}

impl Trace {
    /// Mixes in one event: when it happened and what it was.
    #[inline]
    pub fn note(&self, now_ns: u64, what: [u64; 3]) {
        let mut hash = self.hash.load(Relaxed);
        for word in [now_ns, what[0], what[1], what[2]] {
            hash = mix(hash, word);
        }
        self.hash.store(hash, Relaxed);
        self.events.store(self.events.load(Relaxed) + 1, Relaxed);
    }

    /// The hash so far.
    pub fn hash(&self) -> u64 {
        self.hash.load(Relaxed)
    }

    /// Events so far.
    pub fn events(&self) -> u64 {
        self.events.load(Relaxed)
    }
}

/// One step of a multiply-rotate hash.
#[inline]
pub fn mix(hash: u64, word: u64) -> u64 {
    (hash ^ word).wrapping_mul(0xFF51_AFD7_ED55_8CCD).rotate_left(29)
}

/// A hash of some payload, the same in every process.
#[inline]
pub fn digest(bytes: &[u8]) -> u64 {
    norn::base::hash::HashKey(0).hash(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_time_and_content_matter() {
        let run = |events: &[(u64, [u64; 3])]| {
            let trace = Trace::default();
            for (t, what) in events {
                trace.note(*t, *what);
            }
            trace.hash()
        };
        let (a, b) = ((1, [1, 2, 3]), (2, [4, 5, 6]));
        assert_eq!(run(&[a, b]), run(&[a, b]));
        assert_ne!(run(&[a, b]), run(&[b, a]));
        assert_ne!(run(&[a]), run(&[(2, a.1)]));
        assert_ne!(run(&[a]), run(&[a, a]));
    }
}
