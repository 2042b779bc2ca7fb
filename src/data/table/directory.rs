//! The directory: which segment holds which range of hashes.
//!
//! It is an array of `2^bits` segment handles, indexed by leading bits of the hash. A
//! segment of depth `d` holds the hashes that share `d` leading bits, and so appears in
//! `2^(bits - d)` consecutive entries; the first of them keeps its element count. Handles
//! are stored by value: a lookup goes from the entry straight to the bucket. A table of
//! one segment has no array; the handle lies in the table itself.
//!
//! The top ten bits of a hash are the caller's, to pick a shard: they are the same for all
//! keys of one table. The next 32 index the directory, and the low 16 are fingerprints.
//!
//! A segment that is full at `SPLIT` buckets is split in two by one more bit, which
//! rehashes its keys, some 800. If its depth is already `bits`, the directory is doubled
//! first: a copy of 20 bytes per entry, with one entry per some 500 elements. Removals
//! undo all this: arrays are shrunk, halves merged, the directory halved.

use super::segment::{Segment, above, below, fit};
use super::slot::{Slot, WIDTH};
use super::tags::Tags;
use crate::data::alloc::size_class;

/// Leading bits of a hash that belong to the caller.
pub(super) const CALLER_BITS: u32 = 10;
/// The most bits that index the directory.
pub(super) const MAX_BITS: u32 = 32;
/// A segment that is full with this many buckets is split, not grown; the halves fit in 64.
pub(super) const SPLIT: usize = 112;
/// Two halves with at most this many elements together are merged.
const MERGE: u32 = 400;

/// Hands every element of a segment on, together with the hash of its key.
pub(super) type Rehash<'a> = dyn Fn(&Segment, &mut dyn FnMut(Slot, u64)) + 'a;

pub(super) struct Directory {
    /// The only segment, while `bits` is 0.
    root: Segment,
    /// The `2^bits` entries, unless `bits` is 0.
    entries: Option<Box<[Segment]>>,
    /// Segments of depth `bits`.
    deepest: u32,
    pub bits: u8,
    /// Whether a segment may have more than `SPLIT` buckets.
    pub oversize: bool,
    /// Elements in all segments.
    pub len: usize,
    pub tags: Tags,
    /// Bytes of all arrays and of the directory, as the allocator rounds them.
    pub heap_bytes: usize,
}

impl Directory {
    pub const fn new() -> Directory {
        Directory {
            root: Segment::empty(0),
            entries: None,
            deepest: 1,
            bits: 0,
            oversize: false,
            len: 0,
            tags: Tags::new(),
            heap_bytes: 0,
        }
    }

    /// All entries.
    #[inline]
    pub fn entries(&self) -> &[Segment] {
        match &self.entries {
            Some(entries) => entries,
            None => std::slice::from_ref(&self.root),
        }
    }

    #[inline]
    fn entries_mut(&mut self) -> &mut [Segment] {
        match &mut self.entries {
            Some(entries) => entries,
            None => std::slice::from_mut(&mut self.root),
        }
    }

    /// The entry for a hash.
    #[inline]
    pub fn index(&self, hash: u64) -> usize {
        // Two shifts, since a shift by 64 - 0 would overflow.
        ((hash << CALLER_BITS >> 1) >> (63 - self.bits)) as usize
    }

    #[inline]
    pub fn segment(&self, hash: u64) -> &Segment {
        &self.entries()[self.index(hash)]
    }

    /// Entries a segment of this depth takes.
    #[inline]
    pub fn span(&self, depth: u8) -> usize {
        1 << (self.bits - depth)
    }

    /// The first entry of the segment that is in entry `i`.
    #[inline]
    pub fn first(&self, i: usize) -> usize {
        i & !(self.span(self.entries()[i].depth) - 1)
    }

    /// The first entry of the segment after the one that starts at `first`; the number of
    /// entries after the last.
    #[inline]
    pub fn after(&self, first: usize) -> usize {
        first + self.span(self.entries()[first].depth)
    }

    /// Writes a segment to all its entries.
    pub(super) fn store(&mut self, first: usize, segment: Segment) {
        let span = self.span(segment.depth);
        let entries = &mut self.entries_mut()[first..first + span];
        entries.fill(segment.copy());
        entries[0] = segment;
    }

    /// Puts `new` in the place of the segment that starts at `first` and moves its elements.
    fn rebuild(&mut self, first: usize, n: usize) {
        let old = self.entries()[first];
        let mut new = Segment::allocate(n, old.depth);
        new.place_all(&old);
        self.oversize |= n > SPLIT;
        self.heap_bytes = self.heap_bytes + new.heap_bytes() - old.heap_bytes();
        self.store(first, new);
        // SAFETY: `store` has overwritten every copy of the handle.
        unsafe { old.free() }
    }

    /// Makes room for one more element with this hash and returns its segment's first
    /// entry.
    #[inline]
    pub fn reserve(&mut self, hash: u64, rehash: &Rehash) -> usize {
        loop {
            let first = self.first(self.index(hash));
            if !self.entries()[first].must_grow() {
                return first;
            }
            self.grow(first, rehash);
        }
    }

    #[cold]
    fn grow(&mut self, first: usize, rehash: &Rehash) {
        let segment = self.entries()[first];
        if segment.n() >= SPLIT && self.may_split(segment.depth) {
            self.split(first, rehash);
        } else {
            self.rebuild(first, above(segment.n()));
        }
    }

    /// Keys may share leading bits by design or by accident. Then splits do not help, and a
    /// segment grows instead when the directory would have too little to hold.
    fn may_split(&self, depth: u8) -> bool {
        depth < self.bits || (u32::from(self.bits) < MAX_BITS && self.len >> (self.bits + 1) >= 32)
    }

    fn split(&mut self, first: usize, rehash: &Rehash) {
        let mut first = first;
        let old = self.entries()[first];
        if old.depth == self.bits {
            self.double();
            first *= 2;
        }
        let depth = old.depth + 1;
        let shift = 64 - CALLER_BITS - u32::from(depth);
        let mut sides = Vec::with_capacity(old.len as usize);
        let mut lens = [0, 0];
        rehash(&old, &mut |slot, hash| {
            let side = (hash >> shift & 1) as usize;
            lens[side] += 1;
            sides.push((slot, side));
        });
        let mut halves = lens.map(|len| Segment::allocate(fit(len), depth));
        let mut tagged = [0, 0];
        for (slot, side) in sides {
            halves[side].place(slot);
            tagged[side] += u32::from(slot.tag() != 0);
        }
        let second = first + self.span(depth);
        self.heap_bytes -= old.heap_bytes();
        for (at, half) in [first, second].into_iter().zip(halves) {
            self.heap_bytes += half.heap_bytes();
            self.oversize |= half.n() > SPLIT;
            self.store(at, half);
        }
        self.tags.transfer(first, second, tagged[1]);
        if depth == self.bits {
            self.deepest += 2;
        }
        // SAFETY: `store` has overwritten every copy of the handle.
        unsafe { old.free() }
    }

    /// Doubles the number of entries.
    fn double(&mut self) {
        let mut entries = Vec::with_capacity(self.entries().len() * 2);
        for segment in self.entries() {
            entries.push(*segment);
            entries.push(segment.copy());
        }
        self.set_entries(entries);
        self.tags.double();
        self.heap_bytes += self.tags.heap_bytes();
        self.deepest = 0;
    }

    /// Halves the number of entries, while no segment needs the last bit and the directory
    /// is so sparse that it will not soon be doubled again.
    fn halve(&mut self) {
        while self.deepest == 0 && self.bits > 0 && self.len >> self.bits <= 256 {
            let entries: Vec<_> = self.entries().iter().step_by(2).copied().collect();
            self.set_entries(entries);
            self.tags.halve();
            self.heap_bytes += self.tags.heap_bytes();
            let deepest = self.segments().filter(|segment| segment.depth == self.bits);
            self.deepest = deepest.count() as u32;
        }
    }

    /// Installs a directory of another size; the caller adds the bytes of its new tags.
    fn set_entries(&mut self, entries: Vec<Segment>) {
        self.heap_bytes -= self.entries_bytes() + self.tags.heap_bytes();
        self.bits = entries.len().ilog2() as u8;
        self.root = entries[0];
        self.entries = (self.bits > 0).then(|| entries.into_boxed_slice());
        self.heap_bytes += self.entries_bytes();
    }

    fn entries_bytes(&self) -> usize {
        self.entries.as_ref().map_or(0, |entries| size_class(size_of_val(&**entries)))
    }

    /// Bytes of the directory itself.
    #[cfg(any(test, fuzzing))]
    pub fn own_bytes(&self) -> usize {
        self.entries_bytes() + self.tags.heap_bytes()
    }

    #[cfg(any(test, fuzzing))]
    pub fn deepest(&self) -> u32 {
        self.deepest
    }

    /// Adds an element to the segment that starts at `first`, which has room; returns the
    /// index of its slot.
    #[inline]
    pub fn place(&mut self, first: usize, slot: Slot) -> usize {
        let at = self.entries_mut()[first].place(slot);
        self.len += 1;
        self.tags.retag(first, 0, slot.tag());
        at
    }

    /// The slot `at` of the segment that starts at `first`.
    #[inline]
    pub fn slot(&self, first: usize, at: usize) -> Slot {
        self.entries()[first].slots()[at]
    }

    /// Overwrites a slot with the new place and tag of the same element.
    #[inline]
    pub fn set_slot(&mut self, first: usize, at: usize, slot: Slot) {
        let old = self.slot(first, at);
        if old != slot {
            debug_assert_eq!(old.fingerprint(), slot.fingerprint());
            self.entries_mut()[first].set(at, slot);
            self.tags.retag(first, old.tag(), slot.tag());
        }
    }

    /// Takes out the element in slot `at` of the segment that starts at `first`.
    pub fn take(&mut self, first: usize, at: usize) -> Slot {
        let segment = &mut self.entries_mut()[first];
        let slot = segment.take(at);
        let segment = *segment;
        self.len -= 1;
        self.tags.retag(first, slot.tag(), 0);
        if segment.len <= MERGE && segment.depth > 0 && self.merge(first) {
            self.halve();
        } else if segment.len as usize <= below(segment.n()) * (WIDTH - 1) {
            self.rebuild(first, below(segment.n()));
        }
        slot
    }

    /// Merges the segment that starts at `first` with its other half, and the result with
    /// its own, as long as the halves are small enough. Says whether it did.
    fn merge(&mut self, mut first: usize) -> bool {
        let mut merged = false;
        loop {
            let segment = self.entries()[first];
            if segment.depth == 0 {
                return merged;
            }
            let span = self.span(segment.depth);
            let (left, right) = (first & !span, first | span);
            let halves = [self.entries()[left], self.entries()[right]];
            let len = halves[0].len + halves[1].len;
            if halves[0].depth != halves[1].depth || len > MERGE {
                return merged;
            }
            let mut whole = Segment::allocate(fit(len as usize), segment.depth - 1);
            if segment.depth == self.bits {
                self.deepest -= 2;
            }
            for half in halves {
                whole.place_all(&half);
                self.heap_bytes -= half.heap_bytes();
            }
            self.heap_bytes += whole.heap_bytes();
            self.store(left, whole);
            self.tags.transfer_all(right, left);
            for half in halves {
                // SAFETY: `store` has overwritten every copy of both handles.
                unsafe { half.free() }
            }
            merged = true;
            first = left;
        }
    }
}

impl Drop for Directory {
    /// Frees the arrays; the table has dropped the elements.
    fn drop(&mut self) {
        let mut i = 0;
        while i < self.entries().len() {
            let segment = self.entries()[i];
            i = self.after(i);
            // SAFETY: every segment is visited once, and the directory goes away.
            unsafe { segment.free() }
        }
    }
}
