//! How the append-only file is doing, for those who do not write it: INFO, the checks before
//! a command, whoever decides on a rewrite.

use crate::base::sync::Mutex;
use std::sync::atomic::{
    AtomicBool, AtomicU64,
    Ordering::{Relaxed, SeqCst},
};

/// See the module.
#[derive(Default)]
pub struct AofStatus {
    /// Base and commands together, in bytes.
    pub current_bytes: AtomicU64,
    /// The same right after the last rewrite, or what the base had at the start.
    pub base_bytes: AtomicU64,
    /// A sync of the file is under way.
    pub syncing: AtomicBool,
    /// Offset of the journal up to which commands are in the file.
    pub written: AtomicU64,
    /// Offset up to which they are durable.
    pub synced: AtomicU64,
    failing: AtomicBool,
    error: Mutex<String>,
    wants_rewrite: AtomicBool,
    initial: AtomicBool,
}

impl AofStatus {
    /// Whether the last attempt to write or sync failed; clients that write are refused.
    #[inline]
    pub fn is_failing(&self) -> bool {
        self.failing.load(Relaxed)
    }

    /// Why, in the operating system's words.
    pub fn error(&self) -> String {
        self.error.lock().clone()
    }

    /// Notes a failure, or with `None` that all is well again.
    pub fn set_error(&self, error: Option<&str>) {
        *self.error.lock() = error.unwrap_or_default().to_owned();
        self.failing.store(error.is_some(), SeqCst);
    }

    /// Whether only a new base makes the file trustworthy again: a sync of it has failed.
    pub fn wants_rewrite(&self) -> bool {
        self.wants_rewrite.load(SeqCst)
    }

    /// Whether the file is being made that is to hold the data set: until then nothing does.
    pub fn is_initial(&self) -> bool {
        self.initial.load(SeqCst)
    }

    /// Says so.
    pub fn set_initial(&self, initial: bool) {
        self.initial.store(initial, SeqCst);
    }

    /// Asks for a rewrite, or says that it has been done.
    pub fn set_wants_rewrite(&self, wants: bool) {
        self.wants_rewrite.store(wants, SeqCst);
    }
}
