//! Making a sorted set of many members at once: the order is made in the end, by sorting.

use super::member::{Member, Ref};
use super::tree::Tree;
use super::{Entry, ZSet};
use crate::base::hash::HashKey;
use crate::data::table::Table;

/// A sorted set without its order.
pub struct Builder {
    table: Table<Member>,
    key: HashKey,
    block_bytes: usize,
    /// All members, in the order in which they came.
    refs: Vec<Ref>,
}

impl Builder {
    /// No members; `key` keys the table.
    pub fn new(key: HashKey) -> Builder {
        Builder { table: Table::new(key), key, block_bytes: 0, refs: Vec::new() }
    }

    /// Number of members.
    pub fn len(&self) -> usize {
        self.refs.len()
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.refs.is_empty()
    }

    /// Adds a member that is not there yet.
    pub fn add(&mut self, member: &[u8], score: f64) {
        let block = Member::new(member, score);
        self.block_bytes += block.heap_bytes();
        // SAFETY: the block stays in the table for as long as the reference is in `refs`, and
        // both go on into the set.
        self.refs.push(unsafe { block.reference() });
        self.table.insert(self.key.hash(member), block);
    }

    /// Adds `member`, or, if it is there, changes its score to what `combine` makes of it.
    pub fn merge(&mut self, member: &[u8], score: f64, combine: impl FnOnce(f64) -> f64) {
        let make = || Member::new(member, score);
        let (mut stored, new) = self.table.get_or_insert_with(self.key.hash(member), member, make);
        if new {
            self.block_bytes += stored.heap_bytes();
            // SAFETY: as in `add`.
            self.refs.push(unsafe { stored.reference() });
        } else {
            let combined = combine(stored.score());
            stored.set_score(combined);
        }
    }

    /// The set of these members.
    pub fn finish(self) -> ZSet {
        let Builder { table, key, block_bytes, refs } = self;
        let sorted = |a: &(f64, Ref), b: &(f64, Ref)| {
            let by_score = a.0.partial_cmp(&b.0).expect("a score is a number");
            by_score.then_with(|| a.1.name().cmp(b.1.name()))
        };
        let mut order: Vec<(f64, Ref)> = refs.into_iter().map(|r| (r.score(), r)).collect();
        if !order.is_sorted_by(|a, b| sorted(a, b).is_lt()) {
            order.sort_unstable_by(sorted);
        }
        let tree = Tree::from_sorted(order.into_iter().map(|(_, r)| r));
        ZSet { table, tree, key, block_bytes }
    }

    /// The members, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        self.refs.iter().map(|r| r.entry())
    }
}
