//! Scans in small steps that survive whatever happens to the table in between.
//!
//! A scan goes through the segments in the order of their hash prefixes, and through each
//! in the order of fingerprints, one home bucket per step. Both orders are properties of
//! the keys and not of the arrays, so a cursor is a point in them:
//!
//! ```text
//! 53            22 21            6 5     0
//! | prefix, 32 bits | fingerprint | depth |
//! ```
//!
//! It says: the segments before the prefix are done, and so are the smaller fingerprints in
//! the segment of this depth at this prefix. When that segment has been resized or split,
//! the scan goes on at the same fingerprint, in the first of its parts. When it has been
//! merged with segments after it, which are not done, the result is begun anew; when only
//! with segments before it, the scan goes on. So an element that stays is never missed, and
//! is seen twice only after a split or a merge.

use super::directory::{CALLER_BITS, Directory, MAX_BITS};
use super::slot::Slot;
use super::view::handle;
use super::{Element, Table};
use crate::data::prefetch;
use std::mem::ManuallyDrop;

const FINGERPRINT_AT: u32 = 6;
const PREFIX_AT: u32 = 22;
const _: () = assert!(PREFIX_AT + MAX_BITS == 64 - CALLER_BITS);

impl<E: Element> Table<E> {
    /// One step of a scan: visits the elements of about one bucket, and returns the cursor
    /// for the next step. The first cursor is 0, and so is the one after the last step. A
    /// cursor takes 54 bits; any number is a valid one.
    ///
    /// An element that is in the table from the first step to the last is visited at least
    /// once, even if the table grows or shrinks between the steps.
    pub fn scan(&self, cursor: u64, mut visit: impl FnMut(&E)) -> u64 {
        let (first, fingerprint) = Cursor::decode(cursor).resume(&self.directory);
        self.step(first, fingerprint, |slot| !slot.is_empty(), &mut |e| visit(&e))
    }

    /// Like [`scan`](Self::scan), for elements that may be changed as long as that moves no
    /// block and changes no tag.
    pub fn scan_mut(&mut self, cursor: u64, mut visit: impl FnMut(&mut E)) -> u64 {
        let (first, fingerprint) = Cursor::decode(cursor).resume(&self.directory);
        let mut changed = |mut e: ManuallyDrop<E>| {
            let before = (e.key().as_ptr(), e.tag());
            visit(&mut e);
            debug_assert_eq!(before, (e.key().as_ptr(), e.tag()), "the table would not notice");
        };
        self.step(first, fingerprint, |slot| !slot.is_empty(), &mut changed)
    }

    /// Like [`scan`](Self::scan), for the elements whose tag is not 0, without touching the
    /// others. Passes over parts of the table that have none.
    pub fn scan_tagged(&self, cursor: u64, mut visit: impl FnMut(&E)) -> u64 {
        let directory = &self.directory;
        let (first, fingerprint) = Cursor::decode(cursor).resume(directory);
        match directory.tags.next_tagged(first) {
            None => 0,
            Some(next) => {
                let fingerprint = if next == first { fingerprint } else { 0 };
                self.step(next, fingerprint, |slot| slot.tag() != 0, &mut |e| visit(&e))
            }
        }
    }

    /// Visits the wanted elements of the segment that starts at `first`, from `from` on,
    /// that have the same home as `from`.
    fn step(
        &self,
        first: usize,
        from: u32,
        wanted: impl Fn(Slot) -> bool,
        visit: &mut dyn FnMut(ManuallyDrop<E>),
    ) -> u64 {
        let directory = &self.directory;
        let segment = &directory.entries()[first];
        if segment.n() > 0 {
            let home = segment.home(from as u16);
            // The first fingerprint whose home is the next bucket.
            let end = ((home as u32 + 1) << 16).div_ceil(segment.n() as u32);
            let wanted = |slot: &Slot| wanted(*slot) && (from..end).contains(&u32::from(slot.fingerprint()));
            let mut at = home;
            for _ in 0..segment.n() {
                let bucket = &segment.buckets()[at];
                for slot in bucket.slots.iter().filter(|slot| wanted(slot)) {
                    prefetch::for_read(slot.block());
                }
                for slot in bucket.slots.iter().filter(|slot| wanted(slot)) {
                    visit(handle::<E>(*slot));
                }
                if !bucket.is_full() {
                    break;
                }
                at = segment.next(at);
            }
            if end <= u32::from(u16::MAX) {
                return Cursor::at(directory, first, end).encode();
            }
        }
        match directory.after(first) {
            next if next == directory.entries().len() => 0,
            next => Cursor::at(directory, next, 0).encode(),
        }
    }
}

#[derive(Clone, Copy)]
struct Cursor {
    /// The hash bits after the caller's.
    prefix: u32,
    /// At most 0xffff.
    fingerprint: u32,
    depth: u8,
}

impl Cursor {
    /// The point before this fingerprint in the segment that starts at `first`.
    fn at(directory: &Directory, first: usize, fingerprint: u32) -> Cursor {
        let prefix = ((first as u64) << (MAX_BITS - u32::from(directory.bits))) as u32;
        Cursor { prefix, fingerprint, depth: directory.entries()[first].depth }
    }

    fn encode(self) -> u64 {
        u64::from(self.prefix) << PREFIX_AT | u64::from(self.fingerprint) << FINGERPRINT_AT | u64::from(self.depth)
    }

    fn decode(cursor: u64) -> Cursor {
        Cursor {
            prefix: (cursor >> PREFIX_AT) as u32,
            fingerprint: (cursor >> FINGERPRINT_AT) as u32 & 0xffff,
            depth: (cursor as u8 & 0x3f).min(MAX_BITS as u8),
        }
    }

    /// The end of the range of prefixes that share this one's first `depth` bits.
    fn end(self, depth: u8) -> u64 {
        let span = 1u64 << (MAX_BITS - u32::from(depth));
        (u64::from(self.prefix) & !(span - 1)) + span
    }

    /// The segment to go on in, by its first entry, and the first fingerprint not done.
    fn resume(self, directory: &Directory) -> (usize, u32) {
        let first = directory.first(directory.index(u64::from(self.prefix) << PREFIX_AT));
        let depth = directory.entries()[first].depth;
        let merged_with_later = depth < self.depth && self.end(depth) > self.end(self.depth);
        (first, if merged_with_later { 0 } else { self.fingerprint })
    }
}
