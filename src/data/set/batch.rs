//! Members on their way through several sets, some at a time.
//!
//! A lookup in a large table waits for memory twice. For a batch of members the waits
//! overlap: first all buckets are asked for, then all blocks, and only then is anything
//! compared. The hashes are kept from one table to the next.

use super::SetTable;
use crate::base::hash::HashKey;
use crate::data::packed::Item;
use smallvec::SmallVec;

/// Most members of a batch: more misses than the processor can have in flight.
pub const BATCH: usize = 32;

/// See the module.
#[derive(Default)]
pub struct Batch<'a> {
    items: SmallVec<[Item<'a>; BATCH]>,
    /// Of the items, once somebody needed them.
    hashes: SmallVec<[u64; BATCH]>,
}

impl<'a> Batch<'a> {
    /// Replaces the members by the next ones of `source`; whether there were any.
    #[inline]
    pub fn refill(&mut self, source: &mut impl Iterator<Item = Item<'a>>) -> bool {
        self.items.clear();
        self.hashes.clear();
        self.items.extend(source.take(BATCH));
        !self.items.is_empty()
    }

    /// The members still there.
    pub fn items(&self) -> &[Item<'a>] {
        &self.items
    }

    /// Whether no member is left.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Keeps the members for which `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(Item<'a>) -> bool) {
        self.retain_at(|batch, n| keep(batch.items[n]));
    }

    fn retain_at(&mut self, mut keep: impl FnMut(&Self, usize) -> bool) {
        let (mut kept, hashed) = (0, !self.hashes.is_empty());
        for n in 0..self.items.len() {
            if keep(self, n) {
                self.items[kept] = self.items[n];
                if hashed {
                    self.hashes[kept] = self.hashes[n];
                }
                kept += 1;
            }
        }
        self.items.truncate(kept);
        self.hashes.truncate(kept);
    }

    fn hash(&mut self, key: HashKey) {
        if self.hashes.is_empty() {
            self.hashes.extend(self.items.iter().map(|item| item.with_text(|text| key.hash(text))));
        }
    }

    /// Keeps the members that are in `set`, if they are `wanted`, or that are not.
    pub(super) fn retain_in(&mut self, set: &SetTable, wanted: bool) {
        self.hash(set.key);
        self.hashes.iter().for_each(|hash| set.table.prefetch_bucket(*hash));
        self.hashes.iter().for_each(|hash| set.table.prefetch_block(*hash));
        self.retain_at(|batch, n| {
            let hash = batch.hashes[n];
            batch.items[n].with_text(|text| set.table.get(hash, text).is_some()) == wanted
        });
    }
}
