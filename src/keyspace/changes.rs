//! What a command changed, as the door recorded it.
//!
//! `engine` reads this after a command (while the shard locks are still held) and derives
//! everything that follows from it: keyspace notifications, blocked clients to serve,
//! values to free off the path, and whether the data set became dirty.

use super::{
    block::Entry,
    event::{Event, Raised},
    garbage::Garbage,
    object::Object,
    ops::Ops,
    shard::DbKey,
};
use crate::config::NotifyFlags;

/// Values with more allocations than this are freed away from the command.
const LAZY_FREE_EFFORT: usize = 64;

/// The record of one command's changes.
#[derive(Default)]
pub struct Changes {
    /// Number of changes, as INFO's `rdb_changes_since_last_save` counts them.
    pub dirty: u64,
    /// Writers are paused, so an expired key is hidden but not removed.
    pub keep_expired: bool,
    /// Keys that reading commands found, and that they did not.
    pub hits: u64,
    pub misses: u64,
    /// Classes of events somebody listens to; others are not recorded.
    pub notify: NotifyFlags,
    /// Events in the order they happened.
    pub raised: Vec<Raised>,
    /// Keys that changed and that a blocked client waits for.
    pub ready: Vec<DbKey>,
    /// Values to be freed elsewhere.
    pub garbage: Vec<Garbage>,
    /// What is written to the journal.
    pub ops: Ops,
}

impl Changes {
    /// Records an event, if anyone listens to its class.
    #[inline]
    pub fn raise(&mut self, event: Event, db: u32, key: &[u8]) {
        if self.notify.wants(event.class) {
            self.raised.push(Raised { event, db, key: key.into() });
        }
    }

    /// Frees an entry now if that is cheap, later if not.
    #[inline]
    pub fn discard(&mut self, entry: Entry) {
        if entry.object().is_some_and(|o| o.free_effort() > LAZY_FREE_EFFORT) {
            self.garbage.push(Garbage::entry(entry));
        }
    }

    /// As [`Changes::discard`], for part of a value.
    pub fn discard_part(&mut self, part: Garbage) {
        if part.effort > LAZY_FREE_EFFORT as u64 {
            self.garbage.push(part.uncounted());
        }
    }

    /// As [`Changes::discard`], for part of a value that is an object of its own now.
    pub fn discard_cut_off(&mut self, part: Object) {
        if part.free_effort() > LAZY_FREE_EFFORT {
            self.garbage.push(Garbage::object(part).uncounted());
        }
    }

    /// As [`Changes::discard`], for a value taken out of its entry.
    pub fn discard_object(&mut self, object: Object) {
        if object.free_effort() > LAZY_FREE_EFFORT {
            self.garbage.push(Garbage::object(object));
        }
    }

    /// Whether nothing follows from this record.
    #[inline]
    pub fn is_quiet(&self) -> bool {
        self.raised.is_empty() && self.ready.is_empty() && self.garbage.is_empty()
    }
}
