//! Limits on what clients may hold: output buffers by class, and all clients together.

use super::directive::Kind;
use super::text::joined;
use super::value::{Line, Value, parse_lenient};
use crate::base::{memory_size, num};

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
        OutputLimits { normal: limit(0, 0, 0), replica: limit(256, 64, 60), pubsub: limit(32, 8, 60) }
    }
}

impl OutputLimits {
    /// The limit of an ordinary client, or of one that subscribes.
    pub const fn of(&self, subscriber: bool) -> OutputLimit {
        if subscriber { self.pubsub } else { self.normal }
    }

    fn class(&mut self, name: &[u8]) -> Option<&mut OutputLimit> {
        match name.to_ascii_lowercase().as_slice() {
            b"normal" => Some(&mut self.normal),
            b"slave" | b"replica" => Some(&mut self.replica),
            b"pubsub" => Some(&mut self.pubsub),
            _ => None,
        }
    }

    fn classes(&self) -> [(&'static str, OutputLimit); 3] {
        [("normal", self.normal), ("replica", self.replica), ("pubsub", self.pubsub)]
    }
}

impl Value for OutputLimits {
    fn parse(&mut self, words: &[&[u8]], _: &Kind) -> Result<(), String> {
        if !words.len().is_multiple_of(4) {
            return Err("Wrong number of arguments in buffer limit configuration.".into());
        }
        for four in words.chunks_exact(4) {
            let limit = self.class(four[0]).ok_or("Invalid client class specified in buffer limit configuration.")?;
            let seconds = parse_lenient(four[3]).and_then(|n| u64::try_from(n).ok());
            let (Some(hard_bytes), Some(soft_bytes), Some(soft_s)) =
                (memory_size::parse(four[1]), memory_size::parse(four[2]), seconds)
            else {
                return Err("Error in hard, soft or soft_seconds setting in buffer limit configuration.".into());
            };
            *limit = OutputLimit { hard_bytes, soft_bytes, soft_s };
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
            Line { text, force: limit != default }
        };
        self.classes().into_iter().zip(default.classes()).map(line).collect()
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
            MemoryCap::PercentOfMaxmemory(percent) => (u128::from(maxmemory_bytes) * u128::from(percent) / 100) as u64,
        };
        (bytes != 0).then_some(bytes)
    }
}

impl Value for MemoryCap {
    fn parse(&mut self, words: &[&[u8]], kind: &Kind) -> Result<(), String> {
        let Kind::BytesOrPercent { max } = *kind else { unreachable!("a memory cap's row has its kind") };
        if let Some(bytes) = memory_size::parse(words[0]) {
            if i128::from(bytes) > max {
                return Err(format!("argument must be between -100 and {max} inclusive"));
            }
            *self = MemoryCap::Bytes(bytes);
            return Ok(());
        }
        let percent = words[0].strip_suffix(b"%").and_then(num::parse_i64).filter(|n| *n >= 0);
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
        vec![Line { text, force: self != default }]
    }
}
