//! Taking a table apart, segment by segment.
//!
//! Nothing is merged or moved on the way: a segment's elements are given out in the order of
//! their slots, with the blocks of those that follow already asked for, and its array is
//! freed when the last of them has gone. Whoever stops in between has freed what was given
//! out; dropping the iterator frees the rest.

use std::marker::PhantomData;
use std::mem::{self, ManuallyDrop};

use super::directory::Directory;
use super::segment::Segment;
use super::slot::AHEAD;
use super::view::handle;
use super::{Element, Table};
use crate::data::prefetch;

/// The elements of a table, owned.
pub struct IntoIter<E: Element> {
    directory: Directory,
    /// The first entry of the segment that is being emptied.
    entry: usize,
    /// Its slots up to here have been given out.
    at: usize,
    elements: PhantomData<E>,
}

// SAFETY: it owns the arrays and the elements it has not given out, as the table did.
unsafe impl<E: Element + Send> Send for IntoIter<E> {}

impl<E: Element> Table<E> {
    /// Leaves the table without anything, and gives out what it had.
    pub(super) fn take_apart(&mut self) -> IntoIter<E> {
        let directory = mem::replace(&mut self.directory, Directory::new());
        IntoIter { directory, entry: 0, at: 0, elements: PhantomData }
    }
}

impl<E: Element> IntoIterator for Table<E> {
    type Item = E;
    type IntoIter = IntoIter<E>;

    fn into_iter(mut self) -> IntoIter<E> {
        self.take_apart()
    }
}

impl<E: Element> Iterator for IntoIter<E> {
    type Item = E;

    #[inline]
    fn next(&mut self) -> Option<E> {
        loop {
            let slots = self.directory.entries().get(self.entry)?.slots();
            while let Some(slot) = slots.get(self.at) {
                if let Some(soon) = slots.get(self.at + AHEAD) {
                    prefetch::for_read(soon.block());
                }
                self.at += 1;
                if !slot.is_empty() {
                    // The slot is never looked at again: the element has one owner.
                    return Some(ManuallyDrop::into_inner(handle(*slot)));
                }
            }
            self.entry = self.directory.release(self.entry);
            self.at = 0;
        }
    }
}

impl<E: Element> Drop for IntoIter<E> {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}

impl Directory {
    /// Frees the array of the segment that starts at `first`, whose elements have new owners;
    /// the first entry of the next one. The counts are not kept: the directory is on its way out.
    fn release(&mut self, first: usize) -> usize {
        let (segment, after) = (self.entries()[first], self.after(first));
        self.store(first, Segment::empty(segment.depth));
        // SAFETY: `store` has overwritten every copy of the handle.
        unsafe { segment.free() }
        after
    }
}
