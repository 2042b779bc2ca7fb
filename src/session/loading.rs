//! How far the loading of the data set has come. While it lasts, commands that do not
//! say that they can do without data are refused.

use crate::base::time::Wall;
use std::sync::atomic::{
    AtomicBool, AtomicU64,
    Ordering::{Relaxed, SeqCst},
};

/// See the module.
#[derive(Default, Debug)]
pub struct Loading {
    on: AtomicBool,
    started_ms: AtomicU64,
    total_bytes: AtomicU64,
    loaded_bytes: AtomicU64,
    saved_used_bytes: AtomicU64,
    keys_loaded: AtomicU64,
    keys_expired: AtomicU64,
}

/// What is known at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// When it began, unix s.
    pub started_s: u64,
    /// Length of the file that is being loaded, and how much of it has been.
    pub total_bytes: u64,
    pub loaded_bytes: u64,
    /// The memory that was in use when the file was written, as it says.
    pub saved_used_bytes: u64,
    pub percent: f64,
    /// How long it is going to take at the present pace.
    pub eta_s: u64,
}

impl Loading {
    /// Loading begins. A file that is being loaded says so with [`Loading::file`].
    pub fn start(&self, now: Wall) {
        self.started_ms.store(now.0, Relaxed);
        self.file(0);
        self.on.store(true, SeqCst);
    }

    /// Loading has ended: all commands are welcome.
    pub fn stop(&self) {
        self.on.store(false, SeqCst);
    }

    /// Whether the data set is being loaded.
    #[inline]
    pub fn is_on(&self) -> bool {
        self.on.load(Relaxed)
    }

    /// A file of this length is loaded from here on.
    pub fn file(&self, total_bytes: u64) {
        self.total_bytes.store(total_bytes, Relaxed);
        for n in [&self.loaded_bytes, &self.saved_used_bytes, &self.keys_loaded, &self.keys_expired] {
            n.store(0, Relaxed);
        }
    }

    /// So much of the file has been taken up.
    pub fn reached(&self, bytes: u64) {
        self.loaded_bytes.store(bytes, Relaxed);
    }

    /// So much more has been taken up.
    pub fn advance(&self, bytes: u64) {
        self.loaded_bytes.fetch_add(bytes, Relaxed);
    }

    /// The memory in use when the file was written.
    pub fn saved_with(&self, used_bytes: u64) {
        self.saved_used_bytes.store(used_bytes, Relaxed);
    }

    /// So many more keys were loaded, or left out because they had expired.
    pub fn add_keys(&self, loaded: u64, expired: u64) {
        self.keys_loaded.fetch_add(loaded, Relaxed);
        self.keys_expired.fetch_add(expired, Relaxed);
    }

    /// Keys of the last file that were loaded, and that had expired.
    pub fn keys(&self) -> (u64, u64) {
        (self.keys_loaded.load(Relaxed), self.keys_expired.load(Relaxed))
    }

    /// How far it has come.
    pub fn progress(&self, now: Wall) -> Progress {
        let read = |n: &AtomicU64| n.load(Relaxed);
        let (total, loaded) = (read(&self.total_bytes), read(&self.loaded_bytes));
        let elapsed_s = now.0.saturating_sub(read(&self.started_ms)) / 1000;
        let percent = if total == 0 { 0.0 } else { loaded as f64 / total as f64 * 100.0 };
        // Nothing is known in the first second.
        let eta_s = if elapsed_s == 0 { 1 } else { elapsed_s * total.saturating_sub(loaded) / (loaded + 1) };
        Progress {
            started_s: read(&self.started_ms) / 1000,
            total_bytes: total,
            loaded_bytes: loaded,
            saved_used_bytes: read(&self.saved_used_bytes),
            percent,
            eta_s,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_estimated_from_the_pace() {
        let l = Loading::default();
        l.start(Wall(5000));
        assert!(l.is_on());
        l.file(400);
        l.reached(100);
        l.add_keys(3, 1);
        l.add_keys(2, 0);
        let p = l.progress(Wall(15_500));
        assert_eq!((p.started_s, p.total_bytes, p.loaded_bytes, p.percent), (5, 400, 100, 25.0));
        assert_eq!((p.eta_s, l.progress(Wall(5900)).eta_s), (29, 1));
        assert_eq!(l.keys(), (5, 1));
        l.stop();
        assert!(!l.is_on());
    }
}
