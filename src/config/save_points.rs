//! `save`: when to write a snapshot.

use super::directive::Kind;
use super::text::{is_none, joined, or_empty_quotes};
use super::value::{Line, Value, parse_lenient};

/// Write a snapshot once `changes` keys changed within `period_s` seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavePoint {
    pub period_s: u64,
    pub changes: u64,
}

/// `save`: lines of one file add up, the first replaces the defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavePoints(pub Vec<SavePoint>);

impl Default for SavePoints {
    fn default() -> Self {
        let point = |period_s, changes| SavePoint { period_s, changes };
        SavePoints(vec![point(3600, 1), point(300, 100), point(60, 10_000)])
    }
}

impl Value for SavePoints {
    fn parse(&mut self, words: &[&[u8]], kind: &Kind) -> Result<(), String> {
        self.0.clear();
        self.parse_again(words, kind)
    }

    fn parse_again(&mut self, words: &[&[u8]], _: &Kind) -> Result<(), String> {
        if is_none(words) {
            self.0.clear();
            return Ok(());
        }
        let invalid = || String::from("Invalid save parameters");
        if !words.len().is_multiple_of(2) {
            return Err(invalid());
        }
        for pair in words.chunks_exact(2) {
            let number = |word, min| parse_lenient(word).filter(|n| *n >= min).ok_or_else(invalid);
            let (period_s, changes) = (number(pair[0], 1)?, number(pair[1], 0)?);
            self.0.push(SavePoint { period_s: period_s.unsigned_abs(), changes: changes.unsigned_abs() });
        }
        Ok(())
    }

    fn print(&self, _: &Kind) -> Vec<u8> {
        joined(&self.0, |p| format!("{} {}", p.period_s, p.changes)).into_bytes()
    }

    fn lines(&self, _: &Self, kind: &Kind) -> Vec<Line> {
        vec![Line { text: or_empty_quotes(self.print(kind)), force: true }]
    }
}
