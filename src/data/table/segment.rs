//! A segment: an array of any number `n` of buckets, holding the elements of one range of
//! hashes.
//!
//! An element's home is bucket `fingerprint * n >> 16`. An element that finds its home
//! full goes to the next bucket that is not, around the end. So a search walks from the
//! home and stops at the first bucket that is not full; and a removal that makes room in
//! a full bucket pulls back an element that had to walk past it, which leaves no
//! tombstones. Since the home follows from the fingerprint in the slot, a segment is
//! rebuilt at another size by moving words, without a look at the elements.
//!
//! `n` steps through the sizes for which the array is exactly one of the allocator's
//! classes: 1 to 8, then four per doubling. A step adds 14 to 25 per cent, which keeps an
//! array 75 to 94 per cent full while it grows, whatever its size.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ptr::NonNull;

use super::slot::{Bucket, Slot, WIDTH};
use crate::data::alloc::size_class;
use crate::data::prefetch;

/// The largest array, in buckets. Only hundreds of thousands of keys with nearly the same
/// hash fill it, which no keyed hash yields.
const MAX_BUCKETS: usize = 7 << 13;

/// An array of buckets and its place in the directory. A plain handle: the directory keeps
/// copies of it and frees the array.
#[derive(Clone, Copy)]
pub(super) struct Segment {
    base: NonNull<Bucket>,
    /// Elements held. Right only in the first of the directory's copies, 0 in the others.
    pub len: u32,
    n: u16,
    /// Leading hash bits that all elements share.
    pub depth: u8,
}

impl Segment {
    /// A segment without an array.
    pub const fn empty(depth: u8) -> Segment {
        Segment { base: NonNull::dangling(), len: 0, n: 0, depth }
    }

    /// A segment of `n` empty buckets.
    pub fn allocate(n: usize, depth: u8) -> Segment {
        assert!(n <= MAX_BUCKETS, "half a million keys share one hash");
        if n == 0 {
            return Segment::empty(depth);
        }
        // SAFETY: the layout has a size. Zero bytes are empty slots.
        let base = unsafe { alloc_zeroed(Self::layout(n)) };
        let Some(base) = NonNull::new(base.cast()) else { handle_alloc_error(Self::layout(n)) };
        Segment { base, len: 0, n: n as u16, depth }
    }

    /// The handle for the entries after the first.
    pub fn copy(&self) -> Segment {
        Segment { len: 0, ..*self }
    }

    /// Frees the array.
    ///
    /// # Safety
    /// No copy of this segment is used again.
    pub unsafe fn free(self) {
        if self.n != 0 {
            // SAFETY: `allocate` made the array with this layout; the caller lets go of it.
            unsafe { dealloc(self.base.as_ptr().cast(), Self::layout(self.n())) }
        }
    }

    fn layout(n: usize) -> Layout {
        Layout::array::<Bucket>(n).expect("bounded by MAX_BUCKETS")
    }

    /// Number of buckets.
    #[inline]
    pub fn n(&self) -> usize {
        usize::from(self.n)
    }

    pub fn heap_bytes(&self) -> usize {
        size_class(self.n() * size_of::<Bucket>())
    }

    #[inline]
    pub fn buckets(&self) -> &[Bucket] {
        // SAFETY: `base` points to `n` initialised buckets (dangling for none), which the
        // directory that lends `self` owns.
        unsafe { std::slice::from_raw_parts(self.base.as_ptr(), self.n()) }
    }

    #[inline]
    fn buckets_mut(&mut self) -> &mut [Bucket] {
        // SAFETY: as in `buckets`; the directory that lends `self` is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.base.as_ptr(), self.n()) }
    }

    /// All slots in order, the empty ones too.
    #[inline]
    pub fn slots(&self) -> &[Slot] {
        self.buckets().as_flattened_slots()
    }

    /// Overwrites slot `at` with an element of the same fingerprint.
    #[inline]
    pub fn set(&mut self, at: usize, slot: Slot) {
        self.buckets_mut()[at / WIDTH].slots[at % WIDTH] = slot;
    }

    #[inline]
    pub fn home(&self, fingerprint: u16) -> usize {
        (usize::from(fingerprint) * self.n()) >> 16
    }

    #[inline]
    pub fn next(&self, bucket: usize) -> usize {
        if bucket + 1 == self.n() { 0 } else { bucket + 1 }
    }

    /// Buckets from `from` forward to `to`, around the end.
    #[inline]
    fn distance(&self, from: usize, to: usize) -> usize {
        if to >= from { to - from } else { to + self.n() - from }
    }

    /// The slot with this fingerprint for which `is_it` holds, and its index.
    #[inline(always)]
    pub fn find(&self, fingerprint: u16, is_it: impl Fn(Slot) -> bool) -> Option<(usize, Slot)> {
        let at = self.home(fingerprint);
        let bucket = self.buckets().get(at)?;
        match bucket.find(fingerprint, &is_it) {
            Some((i, slot)) => Some((at * WIDTH + i, slot)),
            None if bucket.is_full() => self.find_after(at, fingerprint, &is_it),
            None => None,
        }
    }

    /// [`Segment::find`] in the buckets behind a full one, where few elements are.
    #[inline(never)]
    fn find_after(&self, home: usize, fingerprint: u16, is_it: &impl Fn(Slot) -> bool) -> Option<(usize, Slot)> {
        let mut at = self.next(home);
        while at != home {
            let bucket = &self.buckets()[at];
            if let Some((i, slot)) = bucket.find(fingerprint, is_it) {
                return Some((at * WIDTH + i, slot));
            }
            if !bucket.is_full() {
                return None;
            }
            at = self.next(at);
        }
        None
    }

    /// Prefetches the home bucket.
    #[inline]
    pub fn prefetch_bucket(&self, fingerprint: u16) {
        prefetch::for_read(self.base.as_ptr().wrapping_add(self.home(fingerprint)));
    }

    /// Prefetches the block of the first match in the home bucket.
    #[inline]
    pub fn prefetch_block(&self, fingerprint: u16) {
        if let Some(bucket) = self.buckets().get(self.home(fingerprint)) {
            let matches = bucket.matches(fingerprint);
            if matches != 0 {
                prefetch::for_read(bucket.slots[matches.trailing_zeros() as usize % WIDTH].block());
            }
        }
    }

    /// Adds an element, for which there must be room, and says in which slot it now is.
    #[inline]
    pub fn place(&mut self, slot: Slot) -> usize {
        debug_assert!((self.len as usize) < self.n() * WIDTH);
        let mut at = self.home(slot.fingerprint());
        while self.buckets()[at].is_full() {
            at = self.next(at);
        }
        let bucket = &mut self.buckets_mut()[at];
        let i = bucket.len();
        bucket.slots[i] = slot;
        self.len += 1;
        at * WIDTH + i
    }

    /// Takes the element in slot `at` out.
    pub fn take(&mut self, at: usize) -> Slot {
        let mut hole = at / WIDTH;
        let mut was_full = self.buckets()[hole].is_full();
        let taken = self.buckets_mut()[hole].take(at % WIDTH);
        self.len -= 1;
        let mut from = self.next(hole);
        while was_full && from != hole {
            let bucket = &self.buckets()[from];
            was_full = bucket.is_full();
            // Whoever walked at least from the hole to here can go back to the hole.
            let walk = self.distance(hole, from);
            let walked = |slot: &Slot| self.distance(self.home(slot.fingerprint()), from) >= walk;
            if let Some(i) = bucket.elements().iter().position(walked) {
                let moved = self.buckets_mut()[from].take(i);
                self.buckets_mut()[hole].slots[WIDTH - 1] = moved;
                hole = from;
            }
            from = self.next(from);
        }
        taken
    }

    /// Adds all elements of `other`, for which there must be room.
    pub fn place_all(&mut self, other: &Segment) {
        for bucket in other.buckets() {
            for slot in bucket.elements() {
                self.place(*slot);
            }
        }
    }

    /// Whether one more element makes the array too full.
    #[inline]
    pub fn must_grow(&self) -> bool {
        self.len as usize >= most(self.n())
    }
}

/// The slots of a slice of buckets as one slice.
trait Flatten {
    fn as_flattened_slots(&self) -> &[Slot];
}

impl Flatten for [Bucket] {
    #[inline]
    fn as_flattened_slots(&self) -> &[Slot] {
        // SAFETY: a bucket is exactly `WIDTH` slots, without padding.
        unsafe { std::slice::from_raw_parts(self.as_ptr().cast(), self.len() * WIDTH) }
    }
}

/// The most elements for `n` buckets: 15/16 of the slots, all of them in a single bucket.
#[inline]
fn most(n: usize) -> usize {
    if n <= 1 { n * WIDTH } else { n * WIDTH - n / 2 }
}

/// The least number of buckets of the ladder that is at least `n`.
fn ladder(n: usize) -> usize {
    if n <= WIDTH { n } else { n.next_multiple_of(1 << ((n - 1).ilog2() - 2)) }
}

/// The next larger number of buckets.
pub(super) fn above(n: usize) -> usize {
    ladder(n + 1)
}

/// The next smaller number of buckets.
pub(super) fn below(n: usize) -> usize {
    if n <= WIDTH { n.saturating_sub(1) } else { n - (1 << ((n - 1).ilog2() - 2)) }
}

/// The number of buckets for an array that is to hold `len` elements for now: at most 7/8
/// of the slots are taken.
pub(super) fn fit(len: usize) -> usize {
    ladder(len.div_ceil(WIDTH - 1))
}
