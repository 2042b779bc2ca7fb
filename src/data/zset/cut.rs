//! Removing the members of many ranks.
//!
//! Each costs the table two cache misses, its bucket and its block, which are asked for in
//! batches. Where far fewer members stay than go, it is those that stay whose places change: they
//! move to a new table and a new tree, and the old ones, with all that is to go, are left to
//! be freed by whoever has the time.

use super::member::{Member, Ref};
use super::tree::Tree;
use super::{Iter, ZSet};
use crate::data::table::Table;
use smallvec::SmallVec;
use std::mem;
use std::ops::Range;

/// Members whose blocks and buckets are on their way together.
const BATCH: usize = 32;

/// Moving a member costs as much as removing so many.
const MOVE_COST: usize = 3;

/// What was cut off a set, or all of one, to be freed.
pub struct Cut {
    /// May refer to members that live on elsewhere; nothing looks at what it refers to.
    tree: Tree,
    table: Table<Member>,
}

impl Cut {
    /// About how many allocations it has.
    pub fn free_effort(&self) -> usize {
        self.table.len()
    }

    /// Frees it, one node or member with each step.
    pub fn into_freed(self) -> impl Iterator<Item = ()> + Send {
        self.tree.into_freed().chain(self.table.into_iter().map(drop))
    }
}

impl From<ZSet> for Cut {
    fn from(set: ZSet) -> Cut {
        Cut { tree: set.tree, table: set.table }
    }
}

impl ZSet {
    /// Removes the members of these ranks, and returns what is to be freed if they are many.
    pub fn remove_range(&mut self, ranks: Range<usize>) -> Option<Cut> {
        if ranks.len() > BATCH && self.len() - ranks.len() < ranks.len() / MOVE_COST {
            return Some(self.leave(ranks));
        }
        let mut left = ranks.len();
        let mut gone: SmallVec<[(Ref, u64); BATCH]> = SmallVec::new();
        while left > 0 {
            let n = left.min(BATCH);
            // Backwards, so that the least member of a leaf, which its parent knows, seldom changes.
            for rank in (ranks.start..ranks.start + n).rev() {
                let member = self.tree.remove(rank);
                member.prefetch();
                gone.push((member, 0));
            }
            for (member, hash) in &mut gone {
                *hash = self.prefetch_bucket(member.name());
            }
            for (member, hash) in gone.drain(..) {
                let block = self.table.remove(hash, member.name()).expect("the table has every member");
                self.block_bytes -= block.heap_bytes();
            }
            left -= n;
        }
        None
    }

    /// Removes most of the members by moving the others.
    fn leave(&mut self, gone: Range<usize>) -> Cut {
        let mut cut = Cut::from(mem::replace(self, ZSet::new(self.key)));
        let all = cut.tree.len();
        let mut refs = Vec::with_capacity(all - gone.len());
        for staying in [0..gone.start, gone.end..all] {
            self.take_over(cut.tree.iter(staying, false), &mut cut.table, &mut refs);
        }
        self.tree = Tree::from_sorted(refs.into_iter());
        cut
    }

    /// Moves these members here from another table, and notes where they are for the tree.
    fn take_over(&mut self, mut members: Iter<'_>, from: &mut Table<Member>, refs: &mut Vec<Ref>) {
        let mut batch: SmallVec<[(&[u8], u64); BATCH]> = SmallVec::new();
        loop {
            batch.extend(members.by_ref().take(BATCH).map(|entry| (entry.member, 0)));
            if batch.is_empty() {
                return;
            }
            for (member, hash) in &mut batch {
                *hash = self.key.hash(member);
                from.prefetch_bucket(*hash);
            }
            for (member, hash) in batch.drain(..) {
                let block = from.remove(hash, member).expect("the table has every member");
                self.block_bytes += block.heap_bytes();
                // SAFETY: the block goes into the table, and leaves it only after the tree's reference.
                refs.push(unsafe { block.reference() });
                self.table.insert(hash, block);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::hash::HashKey;

    #[test]
    fn what_stays_is_the_same_whichever_way_the_rest_goes() {
        const LEN: usize = 2000;
        for gone in [0..LEN, 0..LEN - 1, 1..LEN, 100..1900, 0..40, 500..1400, 1990..LEN, 3..3] {
            let mut set = ZSet::new(HashKey(3));
            (0..LEN).for_each(|n| set.insert(format!("{:05}", n * 7919 % LEN).as_bytes(), (n % 50) as f64));
            let all: Vec<(f64, Vec<u8>)> = set.iter(0..LEN, false).map(|e| (e.score, e.member.to_vec())).collect();
            let cut = set.remove_range(gone.clone());
            assert_eq!(cut.is_some(), LEN - gone.len() < gone.len() / MOVE_COST, "{gone:?}");
            if let Some(cut) = cut {
                assert_eq!(cut.free_effort(), gone.len());
                assert!(cut.into_freed().count() > gone.len());
            }
            set.check();
            let kept = [&all[..gone.start], &all[gone.end..]].concat();
            assert!(
                set.iter(0..set.len(), false)
                    .eq(kept.iter().map(|(score, m)| super::super::Entry { score: *score, member: m }))
            );
            assert!(kept.iter().all(|(score, member)| set.score(member) == Some(*score)));
        }
    }
}
