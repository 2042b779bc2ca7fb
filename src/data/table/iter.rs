//! Walks over all elements.

use std::marker::PhantomData;

use super::directory::Directory;
use super::segment::Segment;
use super::slot::{AHEAD, Slot};
use super::{Element, View};
use crate::data::prefetch;

impl Directory {
    /// Every segment once.
    pub fn segments(&self) -> impl Iterator<Item = &Segment> {
        let mut i = 0;
        std::iter::from_fn(move || {
            let segment = self.entries().get(i)?;
            i = self.after(i);
            Some(segment)
        })
    }
}

/// An iterator over all elements of a table.
pub struct Iter<'a, E> {
    directory: &'a Directory,
    /// The entry after the segment that `slots` are of.
    entry: usize,
    slots: std::slice::Iter<'a, Slot>,
    elements: PhantomData<&'a E>,
}

impl<'a, E> Iter<'a, E> {
    pub(super) fn new(directory: &'a Directory) -> Self {
        Iter { directory, entry: 0, slots: [].iter(), elements: PhantomData }
    }
}

impl<'a, E: Element> Iterator for Iter<'a, E> {
    type Item = View<'a, E>;

    #[inline]
    fn next(&mut self) -> Option<View<'a, E>> {
        loop {
            if let Some(slot) = self.slots.find(|slot| !slot.is_empty()) {
                if let Some(soon) = self.slots.as_slice().get(AHEAD) {
                    prefetch::for_read(soon.block());
                }
                return Some(View::new(*slot));
            }
            let segment = self.directory.entries().get(self.entry)?;
            self.entry = self.directory.after(self.entry);
            self.slots = segment.slots().iter();
        }
    }
}
