//! Scores of sorted sets: numbers that can be compared, hashed and written.

use bytes::Bytes;
use std::{
    cmp::Ordering,
    hash::{Hash, Hasher},
};

/// A score; never NaN and never the negative zero. The workload draws halves, so that sums
/// are exact and their text is short.
#[derive(Clone, Copy, Debug)]
pub struct Score(f64);

impl Score {
    pub const ZERO: Score = Score(0.0);
    pub const ONE: Score = Score(1.0);
    pub const MAX: Score = Score(f64::INFINITY);
    pub const MIN: Score = Score(f64::NEG_INFINITY);

    /// So many halves.
    pub fn halves(n: i64) -> Score {
        Score(n as f64 / 2.0)
    }

    /// The sum, if it is a number.
    pub fn plus(self, other: Score) -> Option<Score> {
        Score::new(self.0 + other.0)
    }

    /// The product, if it is a number.
    pub fn times(self, other: Score) -> Option<Score> {
        Score::new(self.0 * other.0)
    }

    fn new(x: f64) -> Option<Score> {
        (!x.is_nan()).then_some(Score(x + 0.0))
    }

    /// As servers write it.
    pub fn text(self) -> Bytes {
        Bytes::from(self.0.to_string())
    }
}

impl Ord for Score {
    fn cmp(&self, other: &Score) -> Ordering {
        self.0.partial_cmp(&other.0).expect("scores are numbers")
    }
}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Score) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Score {
    fn eq(&self, other: &Score) -> bool {
        self.0 == other.0
    }
}

impl Eq for Score {}

impl Hash for Score {
    fn hash<H: Hasher>(&self, h: &mut H) {
        self.0.to_bits().hash(h);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_have_one_text() {
        let minus = Score::halves(-2);
        let texts = [Score::halves(3), Score::halves(-4), Score::MAX, Score::MIN, Score::ZERO.times(minus).unwrap()];
        assert_eq!(texts.map(|s| String::from_utf8(s.text().to_vec()).unwrap()), ["1.5", "-2", "inf", "-inf", "0"]);
        assert_eq!((Score::MAX.plus(Score::MIN), Score::MIN.times(Score::ZERO)), (None, None));
        assert!(Score::MIN < Score::halves(-1) && Score::halves(1) < Score::MAX);
    }
}
