//! The state of saving: what was asked for, what is under way, how it went.
//!
//! Commands and timers only leave requests here; the server's saving task carries them out
//! and reports. Clients that write look here too, while a snapshot is made: they wait when
//! too many pre-images have piled up, or for a large value that is yet to be saved, which
//! they ask for with [`Saving::hurry`].

use crate::{
    base::sync::Mutex,
    keyspace::{Held, shard::DbKey},
};
use std::sync::{
    Arc,
    atomic::{
        AtomicBool, AtomicU64,
        Ordering::{Relaxed, SeqCst},
    },
};

/// Clients that write wait while pre-images take more than this.
const KEPT_LIMIT_BYTES: u64 = 32 << 20;

/// Is shown the key space at the instant of each snapshot, and told whether that is to be the
/// base of an append-only file.
pub type Witness = Arc<dyn Fn(&mut Held, bool) + Send + Sync>;

/// Snapshots while they are made. See the module.
#[derive(Default)]
pub struct Saving {
    /// A snapshot is being made.
    snapshot: AtomicBool,
    kept_bytes: AtomicU64,
    kept_peak_bytes: AtomicU64,
    urgent: Mutex<Vec<DbKey>>,
    witness: Mutex<Option<Witness>>,
}

impl Saving {
    /// Says whether a snapshot is being made.
    pub fn set_snapshot(&self, on: bool) {
        if on {
            self.kept_peak_bytes.store(0, SeqCst);
        }
        self.urgent.lock().clear();
        self.snapshot.store(on, SeqCst);
    }

    /// Shows the instant of every snapshot from now on to `witness`: for tests that compare what
    /// a snapshot holds with what there was.
    pub fn set_witness(&self, witness: Witness) {
        *self.witness.lock() = Some(witness);
    }

    /// A snapshot begins. All locks are held.
    pub fn begins(&self, held: &mut Held, aof_base: bool) {
        let witness = self.witness.lock().clone();
        if let Some(witness) = witness {
            witness(held, aof_base);
        }
    }

    /// Whether a snapshot is being made.
    #[inline]
    pub fn is_snapshot(&self) -> bool {
        self.snapshot.load(Relaxed)
    }

    /// Counts pre-images kept (or, negative, collected).
    pub fn add_kept_bytes(&self, bytes: i64) {
        let now = self.kept_bytes.fetch_add(bytes as u64, SeqCst).wrapping_add(bytes as u64);
        self.kept_peak_bytes.fetch_max(now, SeqCst);
    }

    /// Bytes of pre-images not yet collected.
    pub fn kept_bytes(&self) -> u64 {
        self.kept_bytes.load(SeqCst)
    }

    /// The most bytes of pre-images there were during the last snapshot.
    pub fn kept_peak_bytes(&self) -> u64 {
        self.kept_peak_bytes.load(SeqCst)
    }

    /// Whether clients that write have to wait until pre-images are collected.
    pub fn is_full(&self) -> bool {
        self.kept_bytes() > KEPT_LIMIT_BYTES
    }

    /// Whether a client waits until the snapshot has got further.
    pub fn is_waited_for(&self) -> bool {
        self.is_full() || !self.urgent.lock().is_empty()
    }

    /// Asks for a large value to be saved next, because a client wants to change it.
    pub fn hurry(&self, db: u32, key: &[u8]) {
        let mut g = self.urgent.lock();
        if g.iter().all(|k| k.db != db || *k.key != *key) {
            g.push(DbKey::new(db, key));
        }
    }

    /// A value that was asked for.
    pub fn take_urgent(&self) -> Option<DbKey> {
        let mut g = self.urgent.lock();
        if g.is_empty() { None } else { Some(g.remove(0)) }
    }
}
