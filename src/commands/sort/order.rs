//! What SORT sorts: the elements' texts one after the other in one buffer, and for each a
//! weight to compare by.

use crate::{
    base::num::{parse_f64, parse_i64},
    data::packed::Item,
};
use std::{cmp::Ordering, ops::Range};

/// The elements, and where each stands in the buffer.
#[derive(Default)]
pub struct Elements {
    bytes: Vec<u8>,
    places: Vec<Place>,
}

/// A text in the buffer.
#[derive(Clone, Copy, Default)]
struct Place {
    start: usize,
    len: usize,
}

impl Place {
    fn of(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start..self.start + self.len]
    }
}

impl Elements {
    /// Adds one at the end.
    pub fn push(&mut self, item: Item) {
        let start = self.bytes.len();
        item.append_to(&mut self.bytes);
        self.places.push(Place { start, len: self.bytes.len() - start });
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Element number `n`.
    pub fn get(&self, n: usize) -> &[u8] {
        self.places[n].of(&self.bytes)
    }

    /// Sorts by numbers, and by text where they are equal, as far as `wanted` shows it.
    pub fn sort_by_number(&mut self, weights: &[f64], descending: bool, wanted: Range<usize>) {
        self.sort_by_key(weights.iter().copied().map(ascending).collect(), descending, wanted);
    }

    /// Sorts by text, as far as `wanted` shows it.
    pub fn sort_alphabetically(&mut self, descending: bool, wanted: Range<usize>) {
        let keys = (0..self.len()).map(|n| prefix(self.get(n))).collect();
        self.sort_by_key(keys, descending, wanted);
    }

    /// Sorts by texts of their own, those without any first, as far as `wanted` shows it.
    pub fn sort_by_text(&mut self, weights: Vec<Option<Vec<u8>>>, descending: bool, wanted: Range<usize>) {
        self.sort(weights, wanted, |(x, _), (y, _)| if descending { y.cmp(x) } else { x.cmp(y) });
    }

    /// Sorts by one word each, which mostly decides, and by text where it does not.
    fn sort_by_key(&mut self, keys: Vec<u64>, descending: bool, wanted: Range<usize>) {
        let (bytes, places) = (std::mem::take(&mut self.bytes), self.places.clone());
        let text = |n: u32| places[n as usize].of(&bytes);
        self.sort(keys, wanted, |(x, a), (y, b)| {
            let order = x.cmp(y).then_with(|| text(*a).cmp(text(*b)));
            if descending { order.reverse() } else { order }
        });
        self.bytes = bytes;
    }

    /// Puts the elements in order, or at least those in `wanted` in their places.
    fn sort<W>(&mut self, weights: Vec<W>, wanted: Range<usize>, compare: impl Fn(&(W, u32), &(W, u32)) -> Ordering) {
        assert!(weights.len() <= u32::MAX as usize, "four billion elements are not sorted in memory");
        let mut all: Vec<(W, u32)> = weights.into_iter().zip(0..).collect();
        // Elements of the same weight and text cannot be told apart, and others of the same
        // weight stay as they come.
        let compare = |a: &(W, u32), b: &(W, u32)| compare(a, b).then(a.1.cmp(&b.1));
        if wanted.len() == all.len() {
            all.sort_unstable_by(compare);
        } else if !wanted.is_empty() {
            // First what is behind the wanted goes there, then what is before them.
            if wanted.end < all.len() {
                all.select_nth_unstable_by(wanted.end, compare);
            }
            let front = &mut all[..wanted.end];
            front.select_nth_unstable_by(wanted.start, compare);
            front[wanted.start..].sort_unstable_by(compare);
        }
        self.places = all.iter().map(|(_, n)| self.places[*n as usize]).collect();
    }
}

/// A word for a number: one is the smaller if the other is, and 0 and -0 have the same.
fn ascending(number: f64) -> u64 {
    let bits = (number + 0.0).to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

/// A word for how a text begins: none is the smaller if its text is the larger.
fn prefix(text: &[u8]) -> u64 {
    let mut first = [0; 8];
    let len = text.len().min(8);
    first[..len].copy_from_slice(&text[..len]);
    u64::from_be_bytes(first)
}

/// The number that a text stands for: as C's `strtod` reads it, which skips blanks, takes an
/// empty text for 0, sees nothing behind a zero byte, and complains of a loss of digits.
pub fn weight(text: &[u8]) -> Option<f64> {
    if let Some(n) = parse_i64(text) {
        return Some(n as f64);
    }
    let text = text.split(|b| *b == 0).next().unwrap_or_default();
    let blanks = text.iter().take_while(|b| b.is_ascii_whitespace() || **b == b'\x0b').count();
    if text.is_empty() { Some(0.0) } else { parse_f64(&text[blanks..]).filter(|n| !n.is_subnormal()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_part_is_that_of_the_whole(
            numbers in prop::collection::vec(-20i32..20, 1..60),
            from in 0usize..60,
            len in 0usize..60,
            descending: bool,
        ) {
            let wanted = from.min(numbers.len())..(from + len).min(numbers.len()).max(from.min(numbers.len()));
            let mut sorted: Vec<(i32, String)> = numbers.iter().map(|n| (n / 3, n.to_string())).collect();
            sorted.sort();
            if descending {
                sorted.reverse();
            }
            let mut elements = Elements::default();
            numbers.iter().for_each(|n| elements.push(Item::Int((*n).into())));
            let weights: Vec<f64> = numbers.iter().map(|n| f64::from(n / 3)).collect();
            elements.sort_by_number(&weights, descending, wanted.clone());
            for n in wanted {
                prop_assert_eq!(elements.get(n), sorted[n].1.as_bytes());
            }
        }
    }

    #[test]
    fn words_keep_the_order() {
        let numbers = [f64::NEG_INFINITY, -1e300, -1.5, -1.0, -1e-300, 0.0, 1e-300, 1.0, 1.5, f64::INFINITY];
        assert!(numbers.map(ascending).is_sorted_by(|a, b| a < b));
        assert_eq!(ascending(-0.0), ascending(0.0));
        let texts = [&b""[..], b"\0", b"a", b"aaaaaaaa", b"aaaaaaaab", b"b", b"\xff"];
        assert!(texts.map(prefix).is_sorted());
    }

    #[test]
    fn weights_are_read_as_c_does() {
        assert_eq!(weight(b""), Some(0.0));
        assert_eq!(weight(b" \t1.5"), Some(1.5));
        assert_eq!(weight(b"2\0x"), Some(2.0));
        assert_eq!(weight(b"-inf"), Some(f64::NEG_INFINITY));
        for text in [&b" "[..], b"1x", b"1 ", b"x", b"nan", b"-", b"1e400", b"5e-324"] {
            assert_eq!(weight(text), None, "{text:?}");
        }
    }
}
