//! Walking a list, and searching it by value.

use std::collections::vec_deque;

use super::node::{Node, NodeIter};
use crate::data::packed::{Item, Needle};

/// The elements of a range of a list, from either end.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    pub(super) front: NodeIter<'a>,
    /// The nodes strictly between those of `front` and `back`.
    pub(super) middle: vec_deque::Iter<'a, Node>,
    pub(super) back: NodeIter<'a>,
    pub(super) remaining: usize,
}

impl<'a> Iterator for Iter<'a> {
    type Item = Item<'a>;

    #[inline]
    fn next(&mut self) -> Option<Item<'a>> {
        self.remaining = self.remaining.checked_sub(1)?;
        loop {
            if let Some(item) = self.front.next() {
                return Some(item);
            }
            match self.middle.next() {
                Some(node) => self.front = node.range(0, node.count()),
                None => return self.back.next(),
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.remaining, Some(self.remaining))
    }
}

impl DoubleEndedIterator for Iter<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        self.remaining = self.remaining.checked_sub(1)?;
        loop {
            if let Some(item) = self.back.next_back() {
                return Some(item);
            }
            match self.middle.next_back() {
                Some(node) => self.back = node.range(0, node.count()),
                None => return self.front.next_back(),
            }
        }
    }
}

impl ExactSizeIterator for Iter<'_> {}

/// A search for the positions of a value, as LPOS describes it.
#[derive(Clone, Copy, Debug)]
pub struct PositionQuery<'a> {
    /// The text looked for.
    pub text: &'a [u8],
    /// The match to start with: 1 is the first from the head, -1 the first from the tail.
    /// Never 0.
    pub rank: i64,
    /// How many matches to report; 0 for all.
    pub count: usize,
    /// How many elements to look at; 0 for all.
    pub max_len: usize,
}

impl PositionQuery<'_> {
    /// Reports the positions, counted from the head, of matches among `items`, which are the
    /// `len` elements of a whole list.
    pub fn run<'i>(
        &self,
        mut items: impl DoubleEndedIterator<Item = Item<'i>>,
        len: usize,
        mut found: impl FnMut(usize),
    ) {
        let unlimited = |n: usize| if n == 0 { usize::MAX } else { n };
        let needle = Needle::new(self.text);
        let mut to_skip = self.rank.unsigned_abs() - 1;
        let mut left = unlimited(self.count);
        for n in 0..len.min(unlimited(self.max_len)) {
            let (item, index) = if self.rank > 0 { (items.next(), n) } else { (items.next_back(), len - 1 - n) };
            if !needle.matches(item.expect("as many elements as counted")) {
                continue;
            }
            if to_skip > 0 {
                to_skip -= 1;
                continue;
            }
            found(index);
            left -= 1;
            if left == 0 {
                return;
            }
        }
    }
}
