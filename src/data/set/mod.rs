//! Sets in three forms: sorted integers ([`ints`]) and a packed sequence ([`packed`]), both
//! within their key's block, and the large [`SetTable`]: the same growing table as the key
//! space, with one heap block per member (`member`).

mod batch;
pub mod ints;
mod member;
pub mod packed;

#[cfg(test)]
mod tests;

pub use batch::{BATCH, Batch};

use crate::base::hash::HashKey;
use crate::data::table::Table;
use member::Member;
use smallvec::SmallVec;

/// A set of any size.
pub struct SetTable {
    table: Table<Member>,
    key: HashKey,
    /// Heap bytes of the members' blocks.
    block_bytes: usize,
}

impl SetTable {
    /// A set without members; `key` keys its table.
    pub fn new(key: HashKey) -> SetTable {
        SetTable { table: Table::new(key), key, block_bytes: 0 }
    }

    /// Number of members.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Heap bytes behind this value, as the allocator rounds them. Constant time.
    pub fn heap_bytes(&self) -> usize {
        self.table.heap_bytes() + self.block_bytes
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

    /// Whether `member` is in the set.
    #[inline]
    pub fn contains(&self, member: &[u8]) -> bool {
        self.table.get(self.key.hash(member), member).is_some()
    }

    /// Leaves in `batch` the members that are in the set, if they are `wanted`, or those that
    /// are not.
    pub fn retain(&self, batch: &mut Batch, wanted: bool) {
        batch.retain_in(self, wanted);
    }

    /// Adds `member`; whether it is new.
    #[inline]
    pub fn add(&mut self, member: &[u8]) -> bool {
        let hash = self.key.hash(member);
        let (stored, new) = self.table.get_or_insert_with(hash, member, || Member::new(member));
        if new {
            self.block_bytes += stored.heap_bytes();
        }
        new
    }

    /// Removes `member`; whether it was there.
    #[inline]
    pub fn remove(&mut self, member: &[u8]) -> bool {
        let gone = self.table.remove(self.key.hash(member), member);
        self.let_go(gone.as_ref())
    }

    /// Takes a removed member off the account; whether there is one.
    #[inline]
    fn let_go(&mut self, gone: Option<&Member>) -> bool {
        self.block_bytes -= gone.map_or(0, Member::heap_bytes);
        gone.is_some()
    }

    /// All members, in no particular order.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.table.iter().map(Member::lend)
    }

    /// One step of a scan; see `Table::scan` for what it guarantees. The first cursor is 0,
    /// and so is the one after the last step.
    pub fn scan(&self, cursor: u64, mut visit: impl FnMut(&[u8])) -> u64 {
        self.table.scan(cursor, |member| visit(member.text()))
    }

    /// A random member; each has the same chance.
    pub fn random(&self, rng: &mut impl FnMut() -> u64) -> Option<&[u8]> {
        self.table.random(rng).map(Member::lend)
    }

    /// Removes `count` random members, or all if there are fewer, each shown to `popped`;
    /// every selection has the same chance.
    pub fn pop_random(&mut self, count: usize, rng: &mut impl FnMut() -> u64, mut popped: impl FnMut(&[u8])) {
        let mut left = count.min(self.len());
        let mut gone: SmallVec<[Member; BATCH]> = SmallVec::new();
        while left > 0 {
            // The blocks of some are on their way while others are drawn.
            for _ in 0..left.min(BATCH) {
                let member = self.table.pop_random(rng).expect("so many members");
                member.prefetch();
                gone.push(member);
            }
            left -= gone.len();
            for member in gone.drain(..) {
                self.let_go(Some(&member));
                popped(member.text());
            }
        }
    }

    /// Frees the set, one member with each step.
    pub fn into_freed(self) -> impl Iterator<Item = ()> + Send {
        self.table.into_iter().map(drop)
    }

    /// Panics unless the account is exact. For tests and fuzzers: walks everything.
    pub fn check(&self) {
        #[cfg(any(test, fuzzing))]
        self.table.check();
        let blocks: usize = self.table.iter().map(|member| member.heap_bytes()).sum();
        assert_eq!(self.block_bytes, blocks, "the account of heap bytes");
    }
}

impl Clone for SetTable {
    fn clone(&self) -> SetTable {
        let mut copy = SetTable::new(self.key);
        self.iter().for_each(|member| _ = copy.add(member));
        copy
    }
}
