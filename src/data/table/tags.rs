//! How many elements of each segment are tagged, so that a search for tagged elements can
//! pass over the rest of the table.
//!
//! Two levels of counts, for entries of the directory and for groups of 256 of them, let
//! the n-th tagged element of 100 million be found by adding up some thousand small
//! numbers. A segment counts in its first entry.

use crate::data::alloc::size_class;

/// Entries in a group.
const GROUP: usize = 256;

/// Bits of a tag.
pub(super) const BITS: usize = 3;

/// Counts of tagged elements.
pub(super) struct Tags {
    total: usize,
    /// How many elements have each bit.
    by_bit: [usize; BITS],
    /// None for a directory of one segment, where the total says all.
    levels: Option<Box<Levels>>,
}

struct Levels {
    entries: Vec<u32>,
    groups: Vec<u32>,
}

impl Levels {
    fn new(entries: Vec<u32>) -> Box<Levels> {
        let groups = entries.chunks(GROUP).map(|group| group.iter().sum()).collect();
        Box::new(Levels { entries, groups })
    }

    #[inline]
    fn add(&mut self, entry: usize, change: i32) {
        let (count, group) = (&mut self.entries[entry], &mut self.groups[entry / GROUP]);
        *count = count.wrapping_add_signed(change);
        *group = group.wrapping_add_signed(change);
    }
}

impl Tags {
    pub const fn new() -> Tags {
        Tags { total: 0, by_bit: [0; BITS], levels: None }
    }

    #[inline]
    pub fn total(&self) -> usize {
        self.total
    }

    /// How many elements have this bit in their tag.
    pub fn with_bit(&self, bit: usize) -> usize {
        self.by_bit[bit]
    }

    /// Follows an element of the segment that starts at `entry` from one tag to another;
    /// 0 if it was not there, or is no longer.
    #[inline]
    pub fn retag(&mut self, entry: usize, old: u8, new: u8) {
        if old == new {
            return;
        }
        for (bit, count) in self.by_bit.iter_mut().enumerate() {
            *count = *count + usize::from(new >> bit & 1) - usize::from(old >> bit & 1);
        }
        let change = i32::from(new != 0) - i32::from(old != 0);
        if change != 0 {
            self.add(entry, change);
        }
    }

    pub fn heap_bytes(&self) -> usize {
        self.levels.as_ref().map_or(0, |levels| {
            size_class(size_of::<Levels>())
                + size_class(size_of_val(&*levels.entries))
                + size_class(size_of_val(&*levels.groups))
        })
    }

    /// Changes the count of the segment that starts at `entry`.
    fn add(&mut self, entry: usize, change: i32) {
        self.total = self.total.wrapping_add_signed(change as isize);
        if let Some(levels) = &mut self.levels {
            levels.add(entry, change);
        }
    }

    /// Moves `count` from one entry to another.
    pub fn transfer(&mut self, from: usize, to: usize, count: u32) {
        if let Some(levels) = &mut self.levels {
            levels.add(from, -(count as i32));
            levels.add(to, count as i32);
        }
    }

    /// Moves all that is counted in one entry to another.
    pub fn transfer_all(&mut self, from: usize, to: usize) {
        let count = self.levels.as_ref().map_or(0, |levels| levels.entries[from]);
        self.transfer(from, to, count);
    }

    /// Follows the directory when each entry becomes two.
    pub fn double(&mut self) {
        let mut entries = Vec::new();
        match &self.levels {
            None => entries = vec![self.total as u32, 0],
            Some(levels) => {
                entries.reserve_exact(levels.entries.len() * 2);
                entries.extend(levels.entries.iter().flat_map(|count| [*count, 0]));
            }
        }
        self.levels = Some(Levels::new(entries));
    }

    /// Follows the directory when every second entry goes.
    pub fn halve(&mut self) {
        if let Some(levels) = self.levels.take_if(|levels| levels.entries.len() > 2) {
            let entries = levels.entries.iter().step_by(2).copied().collect();
            self.levels = Some(Levels::new(entries));
        } else {
            self.levels = None;
        }
    }

    /// Panics unless the counts are these.
    #[cfg(any(test, fuzzing))]
    pub fn check(&self, counts: &[u32], by_bit: [usize; BITS]) {
        assert_eq!(self.by_bit, by_bit);
        assert_eq!(self.total, counts.iter().sum::<u32>() as usize);
        assert_eq!(self.levels.is_none(), counts.len() == 1);
        if let Some(levels) = &self.levels {
            assert_eq!(levels.entries, counts);
            let groups = counts.chunks(GROUP).map(|group| group.iter().sum::<u32>());
            assert!(levels.groups.iter().copied().eq(groups));
            assert_eq!(levels.entries.capacity(), levels.entries.len());
            assert_eq!(levels.groups.capacity(), levels.groups.len());
        }
    }

    /// The first entry from `entry` on that has any tagged element.
    pub fn next_tagged(&self, mut entry: usize) -> Option<usize> {
        let Some(levels) = &self.levels else {
            return (entry == 0 && self.total > 0).then_some(0);
        };
        while entry < levels.entries.len() {
            if entry.is_multiple_of(GROUP) && levels.groups[entry / GROUP] == 0 {
                entry += GROUP;
            } else if levels.entries[entry] == 0 {
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
        let Some(levels) = &self.levels else {
            return (0, rank);
        };
        let (group, rank) = nth(&levels.groups, rank);
        let (entry, rank) = nth(&levels.entries[group * GROUP..], rank);
        (group * GROUP + entry, rank)
    }
}

/// In which of the counts number `rank` falls, and its number there.
fn nth(counts: &[u32], mut rank: usize) -> (usize, usize) {
    for (i, count) in counts.iter().enumerate() {
        if rank < *count as usize {
            return (i, rank);
        }
        rank -= *count as usize;
    }
    panic!("a rank beyond the total")
}
