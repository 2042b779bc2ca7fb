//! An open key: the one door through which an existing value changes.
//!
//! An [`Edit`] measures the entry when it opens and when it closes, so the memory account
//! cannot be forgotten. [`Edit::changed`] closes it with the name of what happened, which
//! is also when watchers, waiters and listeners are recorded; merely dropping it says that
//! nothing a client could see has changed (a conversion of the encoding, say), and undoes
//! the making of a key. A collection left empty ceases to exist either way, unless it is a
//! stream.

use super::{
    block::{Entry, Weight},
    changes::Changes,
    event::{self, Event},
    shard::Meta,
};
use crate::{
    base::time::Wall,
    data::table::{Element, ViewMut},
};

/// An open key; see the module.
pub struct Edit<'a> {
    slot: Option<ViewMut<'a, Entry>>,
    meta: &'a mut Meta,
    changes: &'a mut Changes,
    db: u32,
    /// Frozen time of the command.
    pub now: Wall,
    before: Weight,
    created: bool,
    /// The key is new, and its event has not been raised.
    unannounced: bool,
    /// The account is right; the slot is written back when the edit is dropped.
    closed: bool,
}

impl<'a> Edit<'a> {
    /// With `created` the key did not exist before.
    #[inline(always)]
    pub(super) fn new(
        mut slot: ViewMut<'a, Entry>,
        meta: &'a mut Meta,
        changes: &'a mut Changes,
        db: u32,
        now: Wall,
        created: bool,
    ) -> Self {
        meta.preserve(db, &mut slot);
        let before = slot.weight();
        Edit { slot: Some(slot), meta, changes, db, now, before, created, unannounced: created, closed: false }
    }

    /// Whether this edit made the key.
    pub fn is_created(&self) -> bool {
        self.created
    }

    /// The key's entry.
    #[inline]
    pub fn entry(&self) -> &Entry {
        self.slot.as_ref().expect("the edit is open")
    }

    /// The key's entry, to be changed.
    #[inline]
    pub fn entry_mut(&mut self) -> &mut Entry {
        self.slot.as_mut().expect("the edit is open")
    }

    /// Drops a large value that is about to be replaced, away from this command.
    pub fn discard_value(&mut self) {
        if let Some(o) = self.slot.as_mut().and_then(|s| s.take_object()) {
            self.changes.discard_object(o);
        }
    }

    /// The command's record, for dropping what was cut off the value.
    pub(super) fn changes(&mut self) -> &mut Changes {
        self.changes
    }

    /// Closes the edit: `event` happened to the key.
    #[inline]
    pub fn changed(self, event: Event) {
        self.changed_by(event, 1);
    }

    /// Closes the edit: `event` happened to the key, and counts as `changes` changes (none,
    /// if another key's part of the same change counts, or time did it).
    pub fn changed_by(mut self, event: Event, changes: u64) {
        if self.meta.is_heeded() || self.changes.notify.wants_any() {
            self.tell(event);
        }
        self.changes.dirty += changes;
        let slot = self.slot.as_ref().expect("the edit is open");
        let weight = slot.weigh();
        if weight.1 {
            self.changes.raise(event::DEL, self.db, slot.key());
        }
        self.close(weight);
    }

    /// Tells all who may want to hear of it that `event` happened.
    #[cold]
    fn tell(&mut self, event: Event) {
        self.announce();
        let slot = self.slot.as_ref().expect("the edit is open");
        self.meta.mark_watched(self.db, slot.key());
        self.meta.wake(self.changes, self.db, slot.key());
        self.changes.raise(event, self.db, slot.key());
    }

    /// Closes the edit of something that is no concern of those who watch the key or wait
    /// for it: a stream's groups. Its events have been raised; it counts as `changes` changes.
    pub fn changed_aside(mut self, changes: u64) {
        self.announce();
        self.changes.dirty += changes;
        self.close(self.entry().weigh());
    }

    /// Closes the edit of a value in a way that has no event, although who watches the key
    /// is told; it counts as `changes` changes.
    pub fn changed_unheard(self, changes: u64) {
        let slot = self.slot.as_ref().expect("the edit is open");
        self.meta.mark_watched(self.db, slot.key());
        self.changed_aside(changes);
    }

    /// Has those who wait for the key look again, once the command has ended.
    pub fn wake(&mut self) {
        let slot = self.slot.as_ref().expect("the edit is open");
        self.meta.wake(self.changes, self.db, slot.key());
    }

    /// Raises one more event about this key, before the edit closes.
    pub fn raise(&mut self, event: Event) {
        self.announce();
        let slot = self.slot.as_ref().expect("the edit is open");
        self.changes.raise(event, self.db, slot.key());
    }

    /// Raises the event of a new key, before all others.
    fn announce(&mut self) {
        if std::mem::take(&mut self.unannounced) {
            let slot = self.slot.as_ref().expect("the edit is open");
            self.changes.raise(event::NEW, self.db, slot.key());
        }
    }

    /// Whether somebody reads the journal.
    pub fn journals(&self) -> bool {
        self.changes.ops.is_on()
    }

    /// Tells the journal that fields of this hash are gone, before what follows it.
    pub(super) fn journal_gone(&mut self, fields: &[&[u8]]) {
        if self.journals() && !fields.is_empty() {
            let slot = self.slot.as_ref().expect("the edit is open");
            let args = [&[b"HDEL", slot.key()], fields].concat();
            self.changes.ops.push(self.db, args.into_iter());
        }
    }

    /// Counts fields of a hash that time removed.
    pub fn count_expired_fields(&mut self, fields: u64) {
        self.meta.stats.expired_fields += fields;
    }

    /// Closes the edit by deleting the key.
    pub fn delete(mut self, event: Event) {
        let slot = self.slot.as_ref().expect("the edit is open");
        self.meta.touched(self.changes, self.db, slot.key(), event);
        self.remove();
    }

    /// Brings the account up to date with what the entry weighs, and whether it is empty. A
    /// slot that stays is not moved for that: it is large for something that happens with each
    /// write.
    #[inline(always)]
    fn close(&mut self, (weight, empty): (Weight, bool)) {
        if empty {
            self.remove();
        } else {
            let slot = self.slot.as_mut().expect("the edit is open");
            // The value may be in another block than the one that was opened.
            if slot.epoch() != self.meta.epoch {
                slot.set_epoch(self.meta.epoch);
            }
            if weight != self.before {
                self.meta.account(self.db, self.before.heap_bytes(), weight.heap_bytes());
            }
        }
        self.closed = true;
    }

    #[cold]
    fn remove(&mut self) {
        let slot = self.slot.take().expect("the edit is open");
        self.meta.account(self.db, self.before.heap_bytes(), 0);
        self.meta.resized = true;
        self.changes.discard(slot.remove());
        self.closed = true;
    }
}

impl Drop for Edit<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.closed {
            return;
        }
        let (weight, empty) = self.entry().weigh();
        self.close((weight, empty || self.unannounced));
    }
}
