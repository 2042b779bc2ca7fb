//! Fair draws.
//!
//! A draw picks a point in a grid that has a row of `8 * SPLIT` slots for each directory
//! entry; a segment with several entries has its slots spread over all their rows, so each
//! slot has the same chance, and a point outside or on an empty slot is drawn again. Half
//! the points or so hit. Where they would not, in a table of odd hashes or when elements
//! with a tag are rare, the draw is a rank instead, found by adding up counts.

use super::directory::{Directory, SPLIT};
use super::segment::Segment;
use super::slot::{Slot, WIDTH};
use super::{Element, Table, View, ViewMut};

/// Points to draw before counting instead.
const TRIES: usize = 32;

impl<E: Element> Table<E> {
    /// A random element; each has the same chance. None if the table is empty.
    pub fn random(&self, rng: &mut impl FnMut() -> u64) -> Option<View<'_, E>> {
        let (first, at) = self.directory.draw(rng)?;
        Some(View::new(self.directory.slot(first, at)))
    }

    /// Takes a random element out; each has the same chance. None if the table is empty.
    /// Touches no block.
    pub fn pop_random(&mut self, rng: &mut impl FnMut() -> u64) -> Option<E> {
        let (first, at) = self.directory.draw(rng)?;
        let slot = self.directory.slot(first, at);
        Some(ViewMut::<E>::new(&mut self.directory, first, at, slot).remove())
    }

    /// A random element whose tag is not 0; each has the same chance. None if there is none.
    pub fn random_tagged(&self, rng: &mut impl FnMut() -> u64) -> Option<View<'_, E>> {
        let directory = &self.directory;
        let tagged = self.tagged();
        if tagged == 0 {
            return None;
        }
        let thrown = if tagged >= directory.len / 4 { directory.throw(rng, |slot| slot.tag() != 0) } else { None };
        let (first, at) = thrown.unwrap_or_else(|| {
            let (entry, rank) = directory.tags.find(below(rng(), tagged));
            (entry, pick(&directory.entries()[entry], rank, |slot| slot.tag() != 0))
        });
        Some(View::new(directory.slot(first, at)))
    }
}

impl Directory {
    /// Where a random element is: the first entry of its segment, and its slot there.
    fn draw(&self, rng: &mut impl FnMut() -> u64) -> Option<(usize, usize)> {
        if self.len == 0 {
            return None;
        }
        self.throw(rng, |slot| !slot.is_empty()).or_else(|| {
            let (mut rank, mut first) = (below(rng(), self.len), 0);
            while rank >= self.entries()[first].len as usize {
                rank -= self.entries()[first].len as usize;
                first = self.after(first);
            }
            Some((first, pick(&self.entries()[first], rank, |slot| !slot.is_empty())))
        })
    }

    /// Draws points until one hits a slot that is wanted.
    fn throw(&self, rng: &mut impl FnMut() -> u64, wanted: impl Fn(Slot) -> bool) -> Option<(usize, usize)> {
        // The rows are too short for a larger segment.
        let tries = if self.oversize { 0 } else { TRIES };
        for _ in 0..tries {
            let draw = rng();
            let entry = ((draw >> 1) >> (63 - self.bits)) as usize;
            let segment = &self.entries()[entry];
            let row = if self.bits == 0 { segment.n() } else { SPLIT } * WIDTH;
            let at = below(draw << 32, row * self.span(segment.depth));
            if segment.slots().get(at).is_some_and(|slot| wanted(*slot)) {
                return Some((self.first(entry), at));
            }
        }
        None
    }
}

/// Scales a draw to the numbers below `end`.
fn below(draw: u64, end: usize) -> usize {
    ((u128::from(draw) * end as u128) >> 64) as usize
}

/// The slot of the wanted element number `rank` of a segment.
fn pick(segment: &Segment, rank: usize, wanted: impl Fn(Slot) -> bool) -> usize {
    let mut slots = segment.slots().iter().enumerate().filter(|(_, slot)| wanted(**slot));
    slots.nth(rank).expect("the counts are right").0
}
