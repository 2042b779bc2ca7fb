//! Epochs: which values a snapshot has yet to save.
//!
//! Every entry carries one bit, the parity of the epoch in which it was last saved or changed.
//! Between snapshots it equals its shard's. A snapshot begins by turning the parity of all
//! shards, under all their locks: now every entry that exists belongs to the snapshot and
//! says so, and every entry made later does not. Saving an entry turns its bit, in whatever
//! order, so it is saved exactly once however the tables grow and shrink meanwhile.
//!
//! Whoever changes, replaces or removes an entry first hands what it was to the snapshot's
//! [`Keep`]: this is the pre-image. The one door to change calls [`Meta::preserve`], which
//! costs one comparison of a byte that is at hand. Tables that are flushed are handed over whole.
//!
//! When a shard has been walked to its end all its bits agree again. A snapshot that is given
//! up is therefore walked to its end too, saving nothing.

use super::{
    block::Entry,
    shard::{Meta, Shard},
};
use crate::data::table::{Table, ViewMut};

/// What a snapshot does with values that are about to change in one shard.
pub trait Keep: Send {
    /// Saves an entry of a database as it is now.
    fn keep(&mut self, db: u32, e: &Entry);
    /// Takes over the table of a database that is flushed, unless nothing in it is to be saved.
    fn keep_table(&mut self, db: u32, table: Table<Entry>) -> Option<Table<Entry>>;
    /// Two databases change their places.
    fn swap(&mut self, a: u32, b: u32);
}

impl Meta {
    /// Saves a value for the snapshot that is being made, unless it has been or there is none.
    #[inline]
    pub(super) fn preserve(&mut self, db: u32, e: &mut Entry) {
        if e.epoch() != self.epoch {
            self.preserve_now(db, e);
        }
    }

    #[cold]
    fn preserve_now(&mut self, db: u32, e: &mut Entry) {
        if let Some(keeper) = &mut self.keeper {
            keeper.keep(db, e);
        }
        e.set_epoch(self.epoch);
    }
}

impl Shard {
    /// Begins a snapshot of this shard. The caller holds all shards' locks.
    ///
    /// # Panics
    /// If another one is not at its end.
    pub fn begin_epoch(&mut self, keeper: Box<dyn Keep>) {
        assert!(self.meta.keeper.is_none(), "one snapshot at a time");
        self.meta.epoch = !self.meta.epoch;
        self.meta.keeper = Some(keeper);
    }

    /// Ends the snapshot of this shard, all of which has been walked.
    pub fn end_epoch(&mut self) {
        self.meta.keeper = None;
    }

    /// Whether a snapshot of this shard is being made.
    #[inline]
    pub fn is_being_saved(&self) -> bool {
        self.meta.keeper.is_some()
    }

    /// Whether an entry of this shard has yet to be saved.
    #[inline]
    pub fn is_unsaved(&self, e: &Entry) -> bool {
        e.epoch() != self.meta.epoch
    }

    /// The table of a database, for the walk of a snapshot.
    pub fn table_to_save(&mut self, db: u32) -> &mut Table<Entry> {
        &mut self.dbs[db as usize]
    }

    /// The parity of entries that have been saved.
    pub fn epoch(&self) -> bool {
        self.meta.epoch
    }
}

/// One step of a walk over a table's entries that have yet to be saved, as [`Table::scan`];
/// `save` says whether it has saved one, or leaves it for later.
pub fn walk(table: &mut Table<Entry>, epoch: bool, cursor: u64, mut save: impl FnMut(&Entry) -> bool) -> u64 {
    table.scan_mut(cursor, |e| {
        if e.epoch() != epoch && save(e) {
            e.set_epoch(epoch);
        }
    })
}

/// The entry of a table with this key, if it has yet to be saved.
pub fn unsaved<'t>(table: &'t mut Table<Entry>, epoch: bool, hash: u64, key: &[u8]) -> Option<Unsaved<'t>> {
    let slot = table.get_mut(hash, key)?;
    (slot.epoch() != epoch).then_some(Unsaved { slot, epoch })
}

/// An entry that has yet to be saved.
pub struct Unsaved<'a> {
    slot: ViewMut<'a, Entry>,
    epoch: bool,
}

impl Unsaved<'_> {
    /// The entry.
    pub fn entry(&self) -> &Entry {
        &self.slot
    }

    /// Notes that it has been saved.
    pub fn saved(mut self) {
        self.slot.set_epoch(self.epoch);
    }
}
