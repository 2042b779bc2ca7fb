//! Walking packed bytes.

use super::{Item, Packed, codec};

/// The elements of packed bytes, from the front and, with back lengths, from the tail.
#[derive(Clone, Debug)]
pub struct Iter<'a, const BACK: bool> {
    /// Everything before the first element already given from the tail.
    bytes: &'a [u8],
    at: usize,
}

impl<'a, const BACK: bool> Iter<'a, BACK> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Iter { bytes, at }
    }

    /// Position of the element that `next` gives next (or the end).
    #[inline]
    pub fn position(&self) -> usize {
        self.at
    }

    /// Skips `n` elements without looking at them; stops at the end.
    pub fn skip_items(&mut self, n: usize) {
        for _ in 0..n {
            if self.at >= self.bytes.len() {
                return;
            }
            self.at = Packed::<BACK>::next(self.bytes, self.at);
        }
    }
}

impl<'a, const BACK: bool> Iterator for Iter<'a, BACK> {
    type Item = Item<'a>;

    #[inline]
    fn next(&mut self) -> Option<Item<'a>> {
        let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        if let Some((text, rest)) = codec::read_short(rest, usize::from(BACK)) {
            self.at = self.bytes.len() - rest.len();
            return Some(Item::Str(text));
        }
        let (item, size) = codec::read(rest);
        self.at += Packed::<BACK>::with_back(size);
        Some(item)
    }
}

impl<'a> DoubleEndedIterator for Iter<'a, true> {
    #[inline]
    fn next_back(&mut self) -> Option<Item<'a>> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let at = Packed::<true>::last(self.bytes)?;
        let (item, _) = codec::read(&self.bytes[at..]);
        self.bytes = &self.bytes[..at];
        Some(item)
    }
}
