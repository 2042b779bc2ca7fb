//! How many elements of each segment are tagged, so that a search for tagged elements can
//! pass over the rest of the table.
//!
//! Two levels of counts, for entries of the directory and for groups of 256 of them, let
//! the n-th tagged element of 100 million be found by adding up some thousand small
//! numbers. A segment counts in its first entry.

use crate::data::alloc::size_class;

/// Entries in a group.
const GROUP: usize = 256;

/// Counts of tagged elements. A directory without an array of entries has only the total.
pub(super) struct Tags {
    total: usize,
    entries: Vec<u32>,
    groups: Vec<u32>,
}

impl Tags {
    pub const fn new() -> Tags {
        Tags { total: 0, entries: Vec::new(), groups: Vec::new() }
    }

    #[inline]
    pub fn total(&self) -> usize {
        self.total
    }

    pub fn heap_bytes(&self) -> usize {
        size_class(size_of_val(&*self.entries)) + size_class(size_of_val(&*self.groups))
    }

    /// Changes the count of the segment that starts at `entry`.
    #[inline]
    pub fn add(&mut self, entry: usize, change: i32) {
        self.total = self.total.wrapping_add_signed(change as isize);
        if let Some(count) = self.entries.get_mut(entry) {
            *count = count.wrapping_add_signed(change);
            let group = &mut self.groups[entry / GROUP];
            *group = group.wrapping_add_signed(change);
        }
    }

    /// Moves `count` from one entry to another.
    pub fn transfer(&mut self, from: usize, to: usize, count: u32) {
        self.entries[from] -= count;
        self.entries[to] += count;
        self.groups[from / GROUP] -= count;
        self.groups[to / GROUP] += count;
    }

    /// Moves all that is counted in one entry to another.
    pub fn transfer_all(&mut self, from: usize, to: usize) {
        self.transfer(from, to, self.entries[from]);
    }

    /// Follows the directory when each entry becomes two.
    pub fn double(&mut self) {
        if self.entries.is_empty() {
            self.set_entries(vec![self.total as u32, 0]);
        } else {
            let mut entries = Vec::with_capacity(self.entries.len() * 2);
            entries.extend(self.entries.iter().flat_map(|count| [*count, 0]));
            self.set_entries(entries);
        }
    }

    /// Follows the directory when every second entry goes.
    pub fn halve(&mut self) {
        if self.entries.len() == 2 {
            self.entries = Vec::new();
            self.groups = Vec::new();
        } else {
            self.set_entries(self.entries.iter().step_by(2).copied().collect());
        }
    }

    fn set_entries(&mut self, entries: Vec<u32>) {
        self.groups = entries.chunks(GROUP).map(|group| group.iter().sum()).collect();
        self.entries = entries;
    }

    /// Panics unless the counts are these.
    #[cfg(test)]
    pub fn check(&self, counts: &[u32]) {
        assert_eq!(self.total, counts.iter().sum::<u32>() as usize);
        if counts.len() == 1 {
            assert!(self.entries.is_empty() && self.groups.is_empty());
        } else {
            assert_eq!(self.entries, counts);
            assert!(
                self.groups
                    .iter()
                    .copied()
                    .eq(counts.chunks(GROUP).map(|c| c.iter().sum()))
            );
            assert_eq!(self.entries.capacity(), self.entries.len());
            assert_eq!(self.groups.capacity(), self.groups.len());
        }
    }

    /// The first entry from `entry` on that has any tagged element.
    pub fn next_tagged(&self, mut entry: usize) -> Option<usize> {
        if self.entries.is_empty() {
            return (entry == 0 && self.total > 0).then_some(0);
        }
        while entry < self.entries.len() {
            if entry.is_multiple_of(GROUP) && self.groups[entry / GROUP] == 0 {
                entry += GROUP;
            } else if self.entries[entry] == 0 {
                entry += 1;
            } else {
                return Some(entry);
            }
        }
        None
    }

    /// The entry with the tagged element number `rank`, below the total, and the number of
    /// that element among those of the entry.
    pub fn find(&self, rank: usize) -> (usize, usize) {
        if self.entries.is_empty() {
            return (0, rank);
        }
        let (group, rank) = nth(self.groups.iter(), rank);
        let (entry, rank) = nth(self.entries[group * GROUP..].iter(), rank);
        (group * GROUP + entry, rank)
    }
}

/// In which of the counts number `rank` falls, and its number there.
fn nth<'a>(counts: impl Iterator<Item = &'a u32>, mut rank: usize) -> (usize, usize) {
    for (i, count) in counts.enumerate() {
        if rank < *count as usize {
            return (i, rank);
        }
        rank -= *count as usize;
    }
    panic!("a rank beyond the total")
}
