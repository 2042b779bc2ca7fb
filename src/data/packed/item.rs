//! One element as its reader sees it: a byte string, or an integer that stands for its
//! decimal text.
//!
//! Clients only ever know byte strings. A text that is exactly what printing some `i64`
//! would give ("12", "-7", but not "012", "+1" or "-0") is kept as that integer, because
//! it packs into fewer bytes and needs no parsing when it is counted with. Every
//! comparison here is a comparison of texts, whatever the encoding on either side.

use crate::base::num::parse_i64;

/// An element of a packed sequence, borrowed from its bytes.
#[derive(Clone, Copy, Debug)]
pub enum Item<'a> {
    /// A byte string, stored as it is.
    Str(&'a [u8]),
    /// An integer, standing for its decimal text.
    Int(i64),
}

impl<'a> Item<'a> {
    /// The element that packs `text` best: an integer where the text is one exactly.
    #[inline]
    pub fn from_text(text: &'a [u8]) -> Item<'a> {
        match parse_i64(text) {
            Some(v) => Item::Int(v),
            None => Item::Str(text),
        }
    }

    /// Length of the text in bytes.
    #[inline]
    pub fn text_len(self) -> usize {
        match self {
            Item::Str(s) => s.len(),
            Item::Int(v) => int_text_len(v),
        }
    }

    /// Calls `f` with the text; nothing is allocated.
    #[inline]
    pub fn with_text<R>(self, f: impl FnOnce(&[u8]) -> R) -> R {
        match self {
            Item::Str(s) => f(s),
            Item::Int(v) => f(itoa::Buffer::new().format(v).as_bytes()),
        }
    }

    /// The text, borrowed from the element or, for an integer, printed into `buf`.
    #[inline]
    pub fn text(self, buf: &'a mut itoa::Buffer) -> &'a [u8] {
        match self {
            Item::Str(s) => s,
            Item::Int(v) => buf.format(v).as_bytes(),
        }
    }

    /// Appends the text to `out`.
    #[inline]
    pub fn append_to(self, out: &mut Vec<u8>) {
        self.with_text(|t| out.extend_from_slice(t));
    }

    /// The text in a vector of its own.
    pub fn to_vec(self) -> Vec<u8> {
        self.with_text(<[u8]>::to_vec)
    }

    /// The integer this element stands for, if its text is one exactly.
    #[inline]
    pub fn as_int(self) -> Option<i64> {
        match self {
            Item::Str(s) => parse_i64(s),
            Item::Int(v) => Some(v),
        }
    }
}

impl<'a> From<&'a [u8]> for Item<'a> {
    #[inline]
    fn from(text: &'a [u8]) -> Self {
        Item::from_text(text)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Item<'a> {
    #[inline]
    fn from(text: &'a [u8; N]) -> Self {
        Item::from_text(text)
    }
}

impl From<i64> for Item<'_> {
    #[inline]
    fn from(v: i64) -> Self {
        Item::Int(v)
    }
}

impl PartialEq for Item<'_> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        match (*self, *other) {
            (Item::Str(a), Item::Str(b)) => a == b,
            (Item::Int(a), Item::Int(b)) => a == b,
            (Item::Str(s), Item::Int(v)) | (Item::Int(v), Item::Str(s)) => parse_i64(s) == Some(v),
        }
    }
}

impl Eq for Item<'_> {}

impl PartialEq<[u8]> for Item<'_> {
    #[inline]
    fn eq(&self, text: &[u8]) -> bool {
        Needle::new(text).matches(*self)
    }
}

/// A text prepared for comparison with many elements: parsed once, compared cheaply.
#[derive(Clone, Copy, Debug)]
pub struct Needle<'a> {
    text: &'a [u8],
    int: Option<i64>,
}

impl<'a> Needle<'a> {
    /// Prepares `text`.
    #[inline]
    pub fn new(text: &'a [u8]) -> Needle<'a> {
        Needle { text, int: parse_i64(text) }
    }

    /// Whether `item` has this text.
    #[inline]
    pub fn matches(&self, item: Item<'_>) -> bool {
        match item {
            Item::Str(s) => s == self.text,
            Item::Int(v) => self.int == Some(v),
        }
    }
}

/// Length of the decimal text of `v`.
#[inline]
fn int_text_len(v: i64) -> usize {
    let digits = v.unsigned_abs().checked_ilog10().map_or(1, |log| log as usize + 1);
    digits + usize::from(v < 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_compare_across_encodings() {
        assert_eq!(Item::Int(12), Item::Str(b"12"));
        assert_ne!(Item::Int(12), Item::Str(b"012"));
        assert_ne!(Item::Str(b"12"), Item::Int(13));
        assert!(Needle::new(b"12").matches(Item::Str(b"12")));
        assert!(Item::Int(12) == *b"12".as_slice());
        assert_eq!(Item::Str(b"12").as_int(), Some(12));
    }

    proptest! {
        #[test]
        fn integers_round_trip(v: i64) {
            let text = v.to_string();
            prop_assert!(matches!(Item::from_text(text.as_bytes()), Item::Int(parsed) if parsed == v));
            prop_assert_eq!(Item::Int(v).text_len(), text.len());
            prop_assert_eq!(Item::Int(v).to_vec(), text.into_bytes());
        }
    }
}
