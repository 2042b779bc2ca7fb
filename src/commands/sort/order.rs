//! What SORT sorts: the elements' texts one after the other in one buffer, and for each a
//! weight to compare by.

use crate::{base::num::parse_f64, data::packed::Item};
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

    fn text(&self, place: Place) -> &[u8] {
        &self.bytes[place.start..place.start + place.len]
    }

    /// Element number `n`.
    pub fn get(&self, n: usize) -> &[u8] {
        self.text(self.places[n])
    }

    /// Sorts by numbers, and by text where they are equal, as far as `wanted` shows it.
    pub fn sort_by_number(&mut self, weights: Vec<f64>, descending: bool, wanted: Range<usize>) {
        self.sort(weights, wanted, |all, (a, x), (b, y)| {
            // No weight is a NaN.
            let order = x.partial_cmp(y).unwrap_or(Ordering::Equal).then_with(|| all.text(*a).cmp(all.text(*b)));
            if descending { order.reverse() } else { order }
        });
    }

    /// Sorts by texts of their own, those without any first, as far as `wanted` shows it.
    pub fn sort_by_text(&mut self, weights: Vec<Option<Vec<u8>>>, descending: bool, wanted: Range<usize>) {
        self.sort(weights, wanted, |_, (_, x), (_, y)| if descending { y.cmp(x) } else { x.cmp(y) });
    }

    /// Sorts by their text, as far as `wanted` shows it.
    pub fn sort_alphabetically(&mut self, descending: bool, wanted: Range<usize>) {
        let weights = vec![(); self.len()];
        self.sort(weights, wanted, |all, (a, ()), (b, ())| {
            let order = all.text(*a).cmp(all.text(*b));
            if descending { order.reverse() } else { order }
        });
    }

    /// Puts the elements in order, or at least those in `wanted` in their places.
    fn sort<W>(
        &mut self,
        weights: Vec<W>,
        wanted: Range<usize>,
        compare: impl Fn(&Elements, &(Place, W), &(Place, W)) -> Ordering,
    ) {
        let mut all: Vec<(Place, W)> = self.places.iter().copied().zip(weights).collect();
        let compare = |a: &(Place, W), b: &(Place, W)| compare(self, a, b);
        if wanted.len() == all.len() {
            all.sort_by(compare);
        } else if !wanted.is_empty() {
            // First what is behind the wanted goes there, then what is before them.
            if wanted.end < all.len() {
                all.select_nth_unstable_by(wanted.end, compare);
            }
            let front = &mut all[..wanted.end];
            front.select_nth_unstable_by(wanted.start, compare);
            front[wanted.start..].sort_by(compare);
        }
        self.places = all.into_iter().map(|(place, _)| place).collect();
    }
}

/// The number that a text stands for: as C's `strtod` reads it, which skips blanks, takes an
/// empty text for 0, sees nothing behind a zero byte, and complains of a loss of digits.
pub fn weight(text: &[u8]) -> Option<f64> {
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
            let weights = numbers.iter().map(|n| f64::from(n / 3)).collect();
            elements.sort_by_number(weights, descending, wanted.clone());
            for n in wanted {
                prop_assert_eq!(elements.get(n), sorted[n].1.as_bytes());
            }
        }
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
