//! What clients ask for: ranges of scores and of names, and how they are written.

use crate::base::num::parse_f64;

/// Scores between two bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreRange {
    pub min: f64,
    pub max: f64,
    /// Whether the bound itself is left out.
    pub above_min: bool,
    pub below_max: bool,
}

impl ScoreRange {
    /// The range from `min` to `max`, each a number, after `(` if it is left out itself.
    pub fn parse(min: &[u8], max: &[u8]) -> Option<ScoreRange> {
        let ((min, above_min), (max, below_max)) = (score_bound(min)?, score_bound(max)?);
        Some(ScoreRange { min, max, above_min, below_max })
    }

    /// Whether a score is too low.
    #[inline]
    pub fn is_below(&self, score: f64) -> bool {
        if self.above_min { score <= self.min } else { score < self.min }
    }

    /// Whether a score is too high.
    #[inline]
    pub fn is_above(&self, score: f64) -> bool {
        if self.below_max { score >= self.max } else { score > self.max }
    }
}

fn score_bound(text: &[u8]) -> Option<(f64, bool)> {
    match text {
        [b'(', number @ ..] => Some((lenient_f64(number)?, true)),
        number => Some((lenient_f64(number)?, false)),
    }
}

/// A number as C's `strtod` reads it, which Valkey leaves bounds to: nothing at all is 0,
/// spaces may come first, and what is too large is infinite.
fn lenient_f64(text: &[u8]) -> Option<f64> {
    if text.is_empty() {
        return Some(0.0);
    }
    let is_space = |b: &u8| matches!(b, b' ' | b'\t'..=b'\r');
    let start = text.iter().position(|b| !is_space(b)).unwrap_or(text.len());
    let number = &text[start..];
    parse_f64(number).or_else(|| {
        // What the strict parser refuses for its size alone is made of these.
        let decimal = |b: &u8| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-');
        let text = std::str::from_utf8(number).ok().filter(|_| number.iter().all(decimal))?;
        text.parse().ok()
    })
}

/// One bound of a range of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LexBound<'a> {
    /// Before all names.
    Lowest,
    /// After all names.
    Highest,
    /// This name, itself included.
    Including(&'a [u8]),
    /// This name, itself left out.
    Excluding(&'a [u8]),
}

/// Names between two bounds, in the order of their bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LexRange<'a> {
    pub min: LexBound<'a>,
    pub max: LexBound<'a>,
}

impl<'a> LexRange<'a> {
    /// The range from `min` to `max`: `-`, `+`, or a name after `[` or, left out itself, `(`.
    pub fn parse(min: &'a [u8], max: &'a [u8]) -> Option<LexRange<'a>> {
        Some(LexRange { min: lex_bound(min)?, max: lex_bound(max)? })
    }

    /// Whether a name is too low.
    #[inline]
    pub fn is_below(&self, name: &[u8]) -> bool {
        match self.min {
            LexBound::Lowest => false,
            LexBound::Highest => true,
            LexBound::Including(min) => name < min,
            LexBound::Excluding(min) => name <= min,
        }
    }

    /// Whether a name is too high.
    #[inline]
    pub fn is_above(&self, name: &[u8]) -> bool {
        match self.max {
            LexBound::Lowest => true,
            LexBound::Highest => false,
            LexBound::Including(max) => name > max,
            LexBound::Excluding(max) => name >= max,
        }
    }

    /// Whether no name can be in the range.
    pub fn is_empty(&self) -> bool {
        use LexBound::*;
        match (self.min, self.max) {
            (Highest, _) | (_, Lowest) => true,
            (Lowest, _) | (_, Highest) => false,
            (Including(min), Including(max)) => min > max,
            (Including(min) | Excluding(min), Including(max) | Excluding(max)) => min >= max,
        }
    }
}

fn lex_bound(text: &[u8]) -> Option<LexBound<'_>> {
    match text {
        b"-" => Some(LexBound::Lowest),
        b"+" => Some(LexBound::Highest),
        [b'[', name @ ..] => Some(LexBound::Including(name)),
        [b'(', name @ ..] => Some(LexBound::Excluding(name)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_read_as_leniently_as_strtod_does() {
        let bound = |text: &str| score_bound(text.as_bytes());
        assert_eq!(bound("1.5"), Some((1.5, false)));
        assert_eq!(bound("(-1e3"), Some((-1000.0, true)));
        assert_eq!(bound(""), Some((0.0, false)));
        assert_eq!(bound("("), Some((0.0, true)));
        assert_eq!(bound("  2"), Some((2.0, false)));
        assert_eq!(bound("-inf"), Some((f64::NEG_INFINITY, false)));
        assert_eq!(bound("(+Infinity"), Some((f64::INFINITY, true)));
        assert_eq!(bound("1e400"), Some((f64::INFINITY, false)));
        assert_eq!(bound("-1e400"), Some((f64::NEG_INFINITY, false)));
        assert_eq!(bound("1e-400"), Some((0.0, false)));
        assert_eq!(bound("0x10"), Some((16.0, false)));
        for wrong in ["nan", "1 ", " ", "((1", "abc", "1a", "e", ".", "-", "1e"] {
            assert_eq!(bound(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_between() {
        let range = |min: &'static str, max: &'static str| LexRange::parse(min.as_bytes(), max.as_bytes());
        let open = range("(a", "(c").unwrap();
        assert!(open.is_below(b"a") && !open.is_below(b"aa") && open.is_above(b"c") && !open.is_above(b"b"));
        let closed = range("[a", "[c").unwrap();
        assert!(!closed.is_below(b"a") && !closed.is_above(b"c") && closed.is_above(b"ca"));
        let never = range("+", "-").unwrap();
        assert!(never.is_below(b"x") && never.is_above(b"x") && never.is_empty());
        assert!(range("(a", "[a").unwrap().is_empty() && !range("[a", "[a").unwrap().is_empty());
        assert!(range("-", "+").is_some_and(|all| !all.is_empty()));
        assert_eq!((range("a", "[b"), range("[a", "++"), range("", "+")), (None, None, None));
    }
}
