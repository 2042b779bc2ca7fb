//! Directives that take several numbers.

use super::directive::Kind;
use super::text::{is_none, joined, or_empty_quotes};
use super::value::{Line, Value, parse_lenient};
use crate::base::num;

/// `oom-score-adj-values`: for a primary, a replica, a background child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OomScores(pub [i32; 3]);

impl Value for OomScores {
    fn parse(&mut self, words: &[&[u8]], _: &Kind) -> Result<(), String> {
        if words.len() != self.0.len() {
            return Err("wrong number of arguments".into());
        }
        for (score, word) in self.0.iter_mut().zip(words) {
            *score = parse_lenient(word)
                .filter(|n| (-2000..=2000).contains(n))
                .ok_or("Invalid oom-score-adj-values, elements must be between -2000 and 2000.")?
                as i32;
        }
        Ok(())
    }

    fn print(&self, _: &Kind) -> Vec<u8> {
        joined(self.0, |n| n.to_string()).into_bytes()
    }
}

/// `latency-tracking-info-percentiles`, each between 0 and 100.
#[derive(Clone, Debug, PartialEq)]
pub struct Percentiles(pub Vec<f64>);

impl Value for Percentiles {
    fn parse(&mut self, words: &[&[u8]], _: &Kind) -> Result<(), String> {
        self.0.clear();
        if is_none(words) {
            return Ok(());
        }
        for word in words {
            let number = num::parse_f64(word)
                .filter(|n| !n.is_nan())
                .ok_or("Invalid latency-tracking-info-percentiles parameters")?;
            if !(0.0..=100.0).contains(&number) {
                return Err("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]".into());
            }
            self.0.push(number);
        }
        Ok(())
    }

    fn print(&self, _: &Kind) -> Vec<u8> {
        let short = |n: &f64| format!("{n:.6}").trim_end_matches('0').trim_end_matches('.').to_owned();
        joined(&self.0, short).into_bytes()
    }

    fn lines(&self, _: &Self, kind: &Kind) -> Vec<Line> {
        vec![Line { text: or_empty_quotes(self.print(kind)), force: true }]
    }
}
