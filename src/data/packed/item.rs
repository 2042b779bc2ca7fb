//! One element as its reader sees it: a byte string, or an integer that stands for its
//! decimal text.
//!
//! Clients only ever know byte strings. A text that is exactly what printing some `i64`
//! would give ("12", "-7", but not "012", "+1" or "-0") is kept as that integer, because
//! it packs into fewer bytes and needs no parsing when it is counted with. Every
//! comparison here is a comparison of texts, whatever the encoding on either side.

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
        match parse_int(text) {
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
            Item::Str(s) => parse_int(s),
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
            (Item::Str(s), Item::Int(v)) | (Item::Int(v), Item::Str(s)) => parse_int(s) == Some(v),
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
        Needle {
            text,
            int: parse_int(text),
        }
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

/// Longest decimal text of an `i64`: "-9223372036854775808".
const INT_TEXT_MAX: usize = 20;

/// The integer whose decimal text is exactly `text`, so that printing it gives `text` back.
#[inline]
pub fn parse_int(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [] => return None,
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    match digits {
        [b'0'] if !negative => return Some(0),
        [b'1'..=b'9', ..] if text.len() <= INT_TEXT_MAX => {}
        _ => return None,
    }
    // At most 20 digits: 19 of them cannot overflow a u64, the last one may.
    let mut magnitude: u64 = 0;
    for &d in digits {
        if !d.is_ascii_digit() {
            return None;
        }
        magnitude = magnitude
            .checked_mul(10)?
            .checked_add(u64::from(d - b'0'))?;
    }
    if negative {
        0i64.checked_sub_unsigned(magnitude)
    } else {
        i64::try_from(magnitude).ok()
    }
}

/// Length of the decimal text of `v`.
#[inline]
fn int_text_len(v: i64) -> usize {
    let digits = v
        .unsigned_abs()
        .checked_ilog10()
        .map_or(1, |log| log as usize + 1);
    digits + usize::from(v < 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parses_only_exact_texts() {
        for (text, want) in [
            ("0", Some(0)),
            ("-1", Some(-1)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("-9223372036854775809", None),
            ("18446744073709551616", None),
            ("99999999999999999999", None),
            ("", None),
            ("-", None),
            ("-0", None),
            ("+1", None),
            ("01", None),
            ("1 ", None),
            (" 1", None),
            ("1.0", None),
            ("--1", None),
        ] {
            assert_eq!(parse_int(text.as_bytes()), want, "{text}");
        }
    }

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
            prop_assert_eq!(parse_int(text.as_bytes()), Some(v));
            prop_assert_eq!(Item::Int(v).text_len(), text.len());
            prop_assert_eq!(Item::Int(v).to_vec(), text.into_bytes());
        }

        #[test]
        fn what_parses_prints_back(text in "-?[0-9]{1,21}") {
            if let Some(v) = parse_int(text.as_bytes()) {
                prop_assert_eq!(v.to_string(), text);
            } else {
                prop_assert!(text.parse::<i64>().map_or(true, |v| v.to_string() != text));
            }
        }
    }
}
