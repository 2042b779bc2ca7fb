//! Walks over all elements.

use std::marker::PhantomData;

use super::directory::Directory;
use super::segment::Segment;
use super::slot::{AHEAD, Slot, WIDTH};
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

    /// Where some element is: the first entry of its segment, and its slot there. Taking
    /// these elements out one by one empties the table from its end.
    pub fn any(&self) -> Option<(usize, usize)> {
        if self.len == 0 {
            return None;
        }
        // Neighbours are merged as they empty, so few segments at the end have nothing left.
        let mut first = self.first(self.entries().len() - 1);
        while self.entries()[first].len == 0 {
            first = self.first(first - 1);
        }
        let segment = &self.entries()[first];
        // Start at a place that moves about, lest an emptied stretch be walked ever again.
        let mut at = segment.home((self.len as u16).wrapping_mul(0x9e37));
        while segment.buckets()[at].len() == 0 {
            at = segment.next(at);
        }
        Some((first, at * WIDTH + segment.buckets()[at].len() - 1))
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
