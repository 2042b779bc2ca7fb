//! The large sorted set: a table of members for finding them by name, and a tree of
//! references to the same blocks for their order.
//!
//! A small sorted set is pairs in one packed sequence inside its key's block ([`packed`]).
//! A large one is a [`ZSet`]. Each member is one block with its score and name ([`member`]),
//! which the table owns and the tree ([`tree`]) refers to. Members are ordered by score, and
//! by the bytes of their names where scores are equal; a score is never a NaN. Every range a
//! client can ask for, by rank, score or name, becomes a range of ranks ([`range`] and
//! [`ZSet::count_before`]), found in logarithmic time.
//!
//! A million members of 16 bytes take 49 bytes each: 32 for the block, 9.7 for the table, 7.5
//! for the tree; 48 when they come in order.

mod build;
mod cut;
mod member;
pub mod packed;
pub mod range;
mod tree;

#[cfg(test)]
mod tests;

pub use build::Builder;
pub use cut::Cut;
pub use tree::Iter;

use crate::base::hash::HashKey;
use crate::data::table::{Element, Table};
use member::Member;
use std::ops::Range;
use tree::Tree;

/// A member and its score, borrowed from a set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry<'a> {
    pub score: f64,
    pub member: &'a [u8],
}

/// A sorted set of any size.
pub struct ZSet {
    /// Owns the members. What the tree refers to is always in here.
    table: Table<Member>,
    tree: Tree,
    key: HashKey,
    /// Heap bytes of the members' blocks.
    block_bytes: usize,
}

impl ZSet {
    /// A set without members; `key` keys its table.
    pub fn new(key: HashKey) -> ZSet {
        ZSet { table: Table::new(key), tree: Tree::new(), key, block_bytes: 0 }
    }

    /// Number of members.
    #[inline]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Heap bytes behind this value, as the allocator rounds them. Constant time.
    pub fn heap_bytes(&self) -> usize {
        self.table.heap_bytes() + self.block_bytes + self.tree.heap_bytes()
    }

    /// A hint that `member` is about to be looked up: asks for its bucket. Returns its hash.
    pub fn prefetch_bucket(&self, member: &[u8]) -> u64 {
        let hash = self.key.hash(member);
        self.table.prefetch_bucket(hash);
        hash
    }

    /// Asks for the block of what has this hash, in a bucket asked for some time ago.
    pub fn prefetch_block(&self, hash: u64) {
        self.table.prefetch_block(hash);
    }

    /// The score of `member`.
    #[inline]
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        self.table.get(self.key.hash(member), member).map(|m| m.score())
    }

    /// Adds a member that is not there yet.
    pub fn insert(&mut self, member: &[u8], score: f64) {
        let block = Member::new(member, score);
        self.block_bytes += block.heap_bytes();
        // SAFETY: the block goes into the table, and leaves it only after the tree's reference.
        let reference = unsafe { block.reference() };
        self.table.insert(self.key.hash(member), block);
        self.tree.insert(reference);
    }

    /// Gives `member`, which is there, another score.
    pub fn set_score(&mut self, member: &[u8], score: f64) {
        let mut found = self.table.get_mut(self.key.hash(member), member).expect("the member is there");
        let old = Entry { score: found.score(), member };
        let reference = self.tree.take(old).expect("the tree has every member");
        found.set_score(score);
        drop(found);
        self.tree.insert(reference);
    }

    /// Removes `member`; its score, if it was there.
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        let found = self.table.get_mut(self.key.hash(member), member)?;
        let score = found.score();
        self.tree.take(Entry { score, member }).expect("the tree has every member");
        self.block_bytes -= found.heap_bytes();
        drop(found.remove());
        Some(score)
    }

    /// The rank of a member that is there, counted from the lowest.
    pub fn rank(&self, place: Entry<'_>) -> usize {
        self.tree.rank(place)
    }

    /// How many members come before the first for which `before` does not hold; it holds for
    /// a prefix of the order.
    pub fn count_before(&self, before: impl Fn(Entry<'_>) -> bool) -> usize {
        self.tree.count_before(|score, r| before(Entry { score, member: r.name() }))
    }

    /// As [`ZSet::count_before`], by score alone.
    pub fn count_scores_before(&self, before: impl Fn(f64) -> bool) -> usize {
        self.tree.count_before(|score, _| before(score))
    }

    /// Member number `rank`, counted from the lowest, which must be less than `len`.
    pub fn nth(&self, rank: usize) -> Entry<'_> {
        self.tree.nth(rank).entry()
    }

    /// The members of these ranks, the highest first if `reverse`.
    #[inline]
    pub fn iter(&self, ranks: Range<usize>, reverse: bool) -> Iter<'_> {
        self.tree.iter(ranks, reverse)
    }

    /// One step of a scan; see `Table::scan` for what it guarantees. The first cursor is 0,
    /// and so is the one after the last step.
    pub fn scan(&self, cursor: u64, mut visit: impl FnMut(Entry<'_>)) -> u64 {
        self.table.scan(cursor, |m| visit(Entry { score: m.score(), member: m.key() }))
    }

    /// Panics unless the tree is in order, has what the table has, and the accounts are
    /// exact. For tests and fuzzers: walks everything.
    pub fn check(&self) {
        #[cfg(any(test, fuzzing))]
        {
            self.table.check();
            self.tree.check();
        }
        let blocks: usize = self.table.iter().map(|m| m.heap_bytes()).sum();
        assert_eq!(self.block_bytes, blocks, "the account of the blocks");
        assert_eq!(self.tree.len(), self.table.len(), "table and tree have the same members");
        for entry in self.iter(0..self.len(), false) {
            assert_eq!(self.score(entry.member), Some(entry.score), "the tree has what the table has");
        }
    }
}

impl Clone for ZSet {
    fn clone(&self) -> ZSet {
        let mut copy = Builder::new(self.key);
        self.iter(0..self.len(), false).for_each(|e| copy.add(e.member, e.score));
        copy.finish()
    }
}
