//! The way in for keys that come from a file: they are no change that anybody has to hear of.

use super::{block::Entry, shard::Shard};
use crate::data::table::Element;

impl Shard {
    /// A hint that a key with this hash is about to be loaded.
    #[inline]
    pub fn expect(&self, db: u32, hash: u64) {
        self.table(db).prefetch_bucket(hash);
    }

    /// Stores an entry under its own name. If there is such a key it is replaced if `replace`
    /// says so; otherwise nothing is done and false returned. Only the account is kept: no
    /// event, no watcher, no waiter, nothing for the journal.
    pub fn load(&mut self, db: u32, hash: u64, mut entry: Entry, replace: bool) -> bool {
        let Shard { dbs, meta } = self;
        entry.set_epoch(meta.epoch);
        let (table, bytes) = (&mut dbs[db as usize], entry.heap_bytes());
        if let Some(mut slot) = table.get_mut(hash, entry.key()) {
            if replace {
                let mut old = slot.replace(entry);
                meta.preserve(db, &mut old);
                meta.account(db, old.heap_bytes(), bytes);
                meta.resized = true;
            }
            return replace;
        }
        meta.account(db, 0, bytes);
        meta.resized = true;
        table.insert(hash, entry);
        true
    }
}
