//! Values with a syntax of their own: save points, output buffer limits, addresses, scores, percentiles.

use super::directive::Kind;
use super::value::{Line, Value, parse_lenient};
use crate::base::{memory_size, num};

fn joined<T>(items: impl IntoIterator<Item = T>, text: impl Fn(T) -> String) -> String {
    items.into_iter().map(text).collect::<Vec<_>>().join(" ")
}

/// A single empty word stands for "none".
fn is_none(words: &[&[u8]]) -> bool {
    matches!(words, [word] if word.is_empty())
}

fn or_empty_quotes(text: Vec<u8>) -> Vec<u8> {
    if text.is_empty() {
        b"\"\"".to_vec()
    } else {
        text
    }
}

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
            let number = |word, min| {
                parse_lenient(word)
                    .filter(|n| *n >= min)
                    .ok_or_else(invalid)
            };
            let (period_s, changes) = (number(pair[0], 1)?, number(pair[1], 0)?);
            self.0.push(SavePoint {
                period_s: period_s.unsigned_abs(),
                changes: changes.unsigned_abs(),
            });
        }
        Ok(())
    }

    fn print(&self, _: &Kind) -> Vec<u8> {
        joined(&self.0, |p| format!("{} {}", p.period_s, p.changes)).into_bytes()
    }

    fn lines(&self, _: &Self, kind: &Kind) -> Vec<Line> {
        vec![Line {
            text: or_empty_quotes(self.print(kind)),
            force: true,
        }]
    }
}

/// When a client that does not read its replies is disconnected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputLimit {
    /// At once when its output exceeds this; 0: never.
    pub hard_bytes: u64,
    /// When its output exceeds this for `soft_s` seconds on end; 0: never.
    pub soft_bytes: u64,
    pub soft_s: u64,
}

/// `client-output-buffer-limit` for each class of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputLimits {
    pub normal: OutputLimit,
    pub replica: OutputLimit,
    pub pubsub: OutputLimit,
}

impl Default for OutputLimits {
    fn default() -> Self {
        let limit = |hard_mb: u64, soft_mb: u64, soft_s| OutputLimit {
            hard_bytes: hard_mb << 20,
            soft_bytes: soft_mb << 20,
            soft_s,
        };
        OutputLimits {
            normal: limit(0, 0, 0),
            replica: limit(256, 64, 60),
            pubsub: limit(32, 8, 60),
        }
    }
}

impl OutputLimits {
    fn class(&mut self, name: &[u8]) -> Option<&mut OutputLimit> {
        match name.to_ascii_lowercase().as_slice() {
            b"normal" => Some(&mut self.normal),
            b"slave" | b"replica" => Some(&mut self.replica),
            b"pubsub" => Some(&mut self.pubsub),
            _ => None,
        }
    }

    fn classes(&self) -> [(&'static str, OutputLimit); 3] {
        [
            ("normal", self.normal),
            ("replica", self.replica),
            ("pubsub", self.pubsub),
        ]
    }
}

impl Value for OutputLimits {
    fn parse(&mut self, words: &[&[u8]], _: &Kind) -> Result<(), String> {
        if !words.len().is_multiple_of(4) {
            return Err("Wrong number of arguments in buffer limit configuration.".into());
        }
        for four in words.chunks_exact(4) {
            let limit = self
                .class(four[0])
                .ok_or("Invalid client class specified in buffer limit configuration.")?;
            let seconds = parse_lenient(four[3]).and_then(|n| u64::try_from(n).ok());
            let (Some(hard_bytes), Some(soft_bytes), Some(soft_s)) = (
                memory_size::parse(four[1]),
                memory_size::parse(four[2]),
                seconds,
            ) else {
                return Err(
                    "Error in hard, soft or soft_seconds setting in buffer limit configuration."
                        .into(),
                );
            };
            *limit = OutputLimit {
                hard_bytes,
                soft_bytes,
                soft_s,
            };
        }
        Ok(())
    }

    fn print(&self, _: &Kind) -> Vec<u8> {
        joined(self.classes(), |(name, l)| {
            // CONFIG GET still uses the old name that clients know.
            let name = if name == "replica" { "slave" } else { name };
            format!("{name} {} {} {}", l.hard_bytes, l.soft_bytes, l.soft_s)
        })
        .into_bytes()
    }

    fn lines(&self, default: &Self, _: &Kind) -> Vec<Line> {
        let line = |((name, limit), (_, default)): ((&str, OutputLimit), (&str, OutputLimit))| {
            let [hard, soft] = [limit.hard_bytes, limit.soft_bytes].map(memory_size::text);
            let text = format!("{name} {hard} {soft} {}", limit.soft_s).into_bytes();
            Line {
                text,
                force: limit != default,
            }
        };
        self.classes()
            .into_iter()
            .zip(default.classes())
            .map(line)
            .collect()
    }
}

/// `bind`: addresses to listen on; `*` is every IPv4 address, `::*` every IPv6 one, and a leading `-` makes
/// an address that does not exist no error. None: no TCP listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindAddresses(pub Vec<String>);

impl Default for BindAddresses {
    fn default() -> Self {
        BindAddresses(vec!["*".into(), "-::*".into()])
    }
}

/// Most addresses that `bind` takes.
const MAX_BIND_ADDRESSES: usize = 16;

impl Value for BindAddresses {
    fn parse(&mut self, words: &[&[u8]], _: &Kind) -> Result<(), String> {
        if words.len() > MAX_BIND_ADDRESSES {
            return Err("Too many bind addresses specified.".into());
        }
        self.0.clear();
        if !is_none(words) {
            self.0.extend(
                words
                    .iter()
                    .map(|w| String::from_utf8_lossy(w).into_owned()),
            );
        }
        Ok(())
    }

    fn print(&self, _: &Kind) -> Vec<u8> {
        self.0.join(" ").into_bytes()
    }

    fn lines(&self, default: &Self, kind: &Kind) -> Vec<Line> {
        if self == default {
            return Vec::new();
        }
        vec![Line {
            text: or_empty_quotes(self.print(kind)),
            force: true,
        }]
    }
}

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
            let number = std::str::from_utf8(word)
                .ok()
                .and_then(|w| w.parse::<f64>().ok());
            let number = number
                .filter(|n| !n.is_nan())
                .ok_or("Invalid latency-tracking-info-percentiles parameters")?;
            if !(0.0..=100.0).contains(&number) {
                return Err(
                    "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]"
                        .into(),
                );
            }
            self.0.push(number);
        }
        Ok(())
    }

    fn print(&self, _: &Kind) -> Vec<u8> {
        let short = |n: &f64| {
            format!("{n:.6}")
                .trim_end_matches('0')
                .trim_end_matches('.')
                .to_owned()
        };
        joined(&self.0, short).into_bytes()
    }

    fn lines(&self, _: &Self, kind: &Kind) -> Vec<Line> {
        vec![Line {
            text: or_empty_quotes(self.print(kind)),
            force: true,
        }]
    }
}

/// `replicaof`: the host and port of the primary, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrimaryAddress(pub Option<(String, u16)>);

impl Value for PrimaryAddress {
    fn parse(&mut self, words: &[&[u8]], _: &Kind) -> Result<(), String> {
        let [host, port] = words else {
            return Err("wrong number of arguments".into());
        };
        self.0 = None;
        if host.eq_ignore_ascii_case(b"no") && port.eq_ignore_ascii_case(b"one") {
            return Ok(());
        }
        let port = parse_lenient(port)
            .and_then(|n| u16::try_from(n).ok())
            .ok_or("Invalid primary port")?;
        self.0 = Some((String::from_utf8_lossy(host).into_owned(), port));
        Ok(())
    }

    fn print(&self, _: &Kind) -> Vec<u8> {
        self.0
            .as_ref()
            .map(|(host, port)| format!("{host} {port}").into_bytes())
            .unwrap_or_default()
    }

    fn lines(&self, _: &Self, kind: &Kind) -> Vec<Line> {
        self.0
            .iter()
            .map(|_| Line {
                text: self.print(kind),
                force: true,
            })
            .collect()
    }
}

/// A limit given in bytes or as a share of `maxmemory`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryCap {
    /// 0: no limit.
    Bytes(u64),
    /// 1 to 100.
    PercentOfMaxmemory(u8),
}

impl MemoryCap {
    /// The limit in bytes under a given `maxmemory`; `None` if there is none.
    pub fn limit_bytes(self, maxmemory_bytes: u64) -> Option<u64> {
        let bytes = match self {
            MemoryCap::Bytes(bytes) => bytes,
            MemoryCap::PercentOfMaxmemory(percent) => {
                (u128::from(maxmemory_bytes) * u128::from(percent) / 100) as u64
            }
        };
        (bytes != 0).then_some(bytes)
    }
}

impl Value for MemoryCap {
    fn parse(&mut self, words: &[&[u8]], kind: &Kind) -> Result<(), String> {
        let Kind::BytesOrPercent { max } = *kind else {
            unreachable!("a memory cap's row has its kind")
        };
        if let Some(bytes) = memory_size::parse(words[0]) {
            if i128::from(bytes) > max {
                return Err(format!("argument must be between -100 and {max} inclusive"));
            }
            *self = MemoryCap::Bytes(bytes);
            return Ok(());
        }
        let percent = words[0]
            .strip_suffix(b"%")
            .and_then(num::parse_i64)
            .filter(|n| *n >= 0);
        *self = match percent {
            None => return Err("argument must be a memory or percent value".into()),
            Some(0) => MemoryCap::Bytes(0),
            Some(n @ 1..=100) => MemoryCap::PercentOfMaxmemory(n as u8),
            Some(_) => return Err("percentage argument must be less or equal to 100".into()),
        };
        Ok(())
    }

    fn print(&self, _: &Kind) -> Vec<u8> {
        match self {
            MemoryCap::Bytes(bytes) => bytes.to_string().into_bytes(),
            MemoryCap::PercentOfMaxmemory(percent) => format!("{percent}%").into_bytes(),
        }
    }

    fn lines(&self, default: &Self, kind: &Kind) -> Vec<Line> {
        let text = match self {
            MemoryCap::Bytes(bytes) => memory_size::text(*bytes).into_bytes(),
            MemoryCap::PercentOfMaxmemory(_) => self.print(kind),
        };
        vec![Line {
            text,
            force: self != default,
        }]
    }
}
