//! Entry ids: milliseconds and a sequence number, in the text forms that clients write.
//!
//! Texts are read as leniently as Valkey reads them. The canonical form is the fast path;
//! what it refuses goes by C's `strtoull`, which also takes blanks in front, a sign and
//! leading zeros. A text ends at its first NUL byte.

/// The id of an entry, ordered by time and then by sequence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    /// Unix time in milliseconds, or whatever the client chose.
    pub ms: u64,
    pub seq: u64,
}

/// Longest text that can be an id.
const MAX_TEXT_BYTES: usize = 127;

/// An id given for a new entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewId {
    /// `*`
    Auto,
    /// `ms-*`
    AutoSeq(u64),
    Given(Id),
}

impl Id {
    pub const MIN: Id = Id { ms: 0, seq: 0 };
    pub const MAX: Id = Id { ms: u64::MAX, seq: u64::MAX };

    pub const fn new(ms: u64, seq: u64) -> Id {
        Id { ms, seq }
    }

    /// The id after this one, if there is one.
    pub fn next(self) -> Option<Id> {
        match self.seq.checked_add(1) {
            Some(seq) => Some(Id { seq, ..self }),
            None => Some(Id::new(self.ms.checked_add(1)?, 0)),
        }
    }

    /// The id before this one, if there is one.
    pub fn prev(self) -> Option<Id> {
        match self.seq.checked_sub(1) {
            Some(seq) => Some(Id { seq, ..self }),
            None => Some(Id::new(self.ms.checked_sub(1)?, u64::MAX)),
        }
    }

    /// The id that `text` means; without a sequence, that is `missing_seq`.
    pub fn parse(text: &[u8], missing_seq: u64) -> Option<Id> {
        match split(text)? {
            (ms, None) => Some(Id::new(number(ms)?, missing_seq)),
            (ms, Some(seq)) => Some(Id::new(number(ms)?, number(seq)?)),
        }
    }

    /// As [`Id::parse`], with `-` and `+` for the smallest and the greatest id.
    pub fn parse_bound(text: &[u8], missing_seq: u64) -> Option<Id> {
        match text {
            b"-" => Some(Id::MIN),
            b"+" => Some(Id::MAX),
            _ => Id::parse(text, missing_seq),
        }
    }

    /// The id that `text` means for a new entry, `ms-*` included (`*` is the caller's).
    pub fn parse_new(text: &[u8]) -> Option<NewId> {
        match split(text)? {
            (ms, Some(b"*")) => Some(NewId::AutoSeq(number(ms)?)),
            _ => Id::parse(text, 0).map(NewId::Given),
        }
    }

    /// Calls `f` with the canonical text.
    #[inline]
    pub fn with_text<R>(self, f: impl FnOnce(&[u8]) -> R) -> R {
        let (mut ms, mut seq) = (itoa::Buffer::new(), itoa::Buffer::new());
        let (ms, seq) = (ms.format(self.ms).as_bytes(), seq.format(self.seq).as_bytes());
        let mut text = [b'-'; 41];
        text[..ms.len()].copy_from_slice(ms);
        let len = ms.len() + 1 + seq.len();
        text[ms.len() + 1..len].copy_from_slice(seq);
        f(&text[..len])
    }
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.ms, self.seq)
    }
}

/// The parts before and after the first dash.
fn split(text: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    if text.len() > MAX_TEXT_BYTES {
        return None;
    }
    let text = &text[..memchr::memchr(0, text).unwrap_or(text.len())];
    Some(match memchr::memchr(b'-', text) {
        Some(dash) => (&text[..dash], Some(&text[dash + 1..])),
        None => (text, None),
    })
}

#[inline]
fn number(text: &[u8]) -> Option<u64> {
    crate::base::num::parse_u64(text).or_else(|| lenient_number(text))
}

/// What `strtoull` makes of the whole text; a negative canonical integer is refused.
fn lenient_number(text: &[u8]) -> Option<u64> {
    if crate::base::num::parse_i64(text).is_some() {
        return None;
    }
    let is_blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r');
    let start = text.iter().position(|b| !is_blank(b))?;
    let (negative, digits) = match &text[start..] {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return None;
    }
    let mut n = 0u64;
    for &b in digits {
        if !b.is_ascii_digit() {
            return None;
        }
        n = n.checked_mul(10)?.checked_add(u64::from(b - b'0'))?;
    }
    Some(if negative { n.wrapping_neg() } else { n })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let id = |text: &str| Id::parse(text.as_bytes(), 7);
        assert_eq!(id("5-3"), Some(Id::new(5, 3)));
        assert_eq!(id("5"), Some(Id::new(5, 7)));
        assert_eq!(id("18446744073709551615-18446744073709551615"), Some(Id::MAX));
        for bad in ["", "-", "+", "-5", "5-", "a", "5-a", "5-3-2", "18446744073709551616", "5-*", "5--3", "5-3 "] {
            assert_eq!(id(bad), None, "{bad}");
        }
        assert_eq!(id(" 05-+03"), Some(Id::new(5, 3)));
        assert_eq!(id("5--03"), Some(Id::new(5, 3u64.wrapping_neg())));
        assert_eq!(Id::parse(b"5-3\0x", 0), Some(Id::new(5, 3)));
        assert_eq!(Id::parse(&[b'0'; 128], 0), None);
        assert_eq!(Id::parse_bound(b"-", 9), Some(Id::MIN));
        assert_eq!(Id::parse_bound(b"+", 9), Some(Id::MAX));
        assert_eq!(Id::parse_new(b"5-*"), Some(NewId::AutoSeq(5)));
        assert_eq!(Id::parse_new(b"5"), Some(NewId::Given(Id::new(5, 0))));
        assert_eq!(Id::parse_new(b"*"), None);
    }

    #[test]
    fn neighbours() {
        assert_eq!(Id::MAX.next(), None);
        assert_eq!(Id::MIN.prev(), None);
        assert_eq!(Id::new(1, u64::MAX).next(), Some(Id::new(2, 0)));
        assert_eq!(Id::new(2, 0).prev(), Some(Id::new(1, u64::MAX)));
        Id::MAX.with_text(|t| assert_eq!(t, Id::MAX.to_string().as_bytes()));
        Id::new(1, 20).with_text(|t| assert_eq!(t, b"1-20"));
    }
}
