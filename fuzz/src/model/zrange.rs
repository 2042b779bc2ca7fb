//! Ranges of sorted sets: by rank, by score, by name.

use super::{
    Expect,
    lists::range,
    number::{float, int},
};
use crate::dump::Scored;

type Members = [(u64, Vec<u8>)];

/// The ends of a range.
pub enum Bounds {
    Rank(i64, i64),
    /// Scores, and whether they are left out themselves.
    Score((f64, bool), (f64, bool)),
    Name(Name, Name),
}

/// An end of a range of names.
pub enum Name {
    Least,
    Most,
    With(Vec<u8>),
    Without(Vec<u8>),
}

impl Bounds {
    /// Of scores or of names.
    pub fn parse(by_name: bool, low: &[u8], high: &[u8]) -> Result<Bounds, Expect> {
        Ok(if by_name { Bounds::Name(name(low)?, name(high)?) } else { Bounds::Score(score(low)?, score(high)?) })
    }

    /// The members between; nothing is known of a range of names if scores differ.
    pub fn of(&self, set: &Members) -> Option<Scored> {
        let within = |(bits, member): &&(u64, Vec<u8>)| match self {
            Bounds::Rank(..) => unreachable!("it is taken by place"),
            Bounds::Score((low, not_low), (high, not_high)) => {
                let x = f64::from_bits(*bits);
                (if *not_low { x > *low } else { x >= *low }) && (if *not_high { x < *high } else { x <= *high })
            }
            Bounds::Name(low, high) => low.is_before(member) && high.is_behind(member),
        };
        match self {
            Bounds::Rank(start, end) => Some(set[range(set.len(), *start, *end)].to_vec()),
            Bounds::Name(..) if set.iter().any(|e| e.0 != set[0].0) => None,
            _ => Some(set.iter().filter(within).cloned().collect()),
        }
    }
}

impl Name {
    fn is_before(&self, member: &[u8]) -> bool {
        match self {
            Name::Least => true,
            Name::Most => false,
            Name::With(text) => member >= text.as_slice(),
            Name::Without(text) => member > text.as_slice(),
        }
    }

    fn is_behind(&self, member: &[u8]) -> bool {
        match self {
            Name::Least => false,
            Name::Most => true,
            Name::With(text) => member <= text.as_slice(),
            Name::Without(text) => member < text.as_slice(),
        }
    }
}

/// What ZRANGE and its older kin ask for.
pub struct Query {
    bounds: Bounds,
    reverse: bool,
    limit: Option<(i64, i64)>,
    pub scores: bool,
}

impl Query {
    /// The arguments of the command `command_name`, the key first.
    pub fn parse(command_name: &str, args: &[Vec<u8>]) -> Result<Query, Expect> {
        let bad = || Expect::error("");
        let older = command_name != "zrange";
        let mut reverse = command_name.starts_with("zrev");
        let (mut by_score, mut by_name) = (command_name.ends_with("byscore"), command_name.ends_with("bylex"));
        let (mut limit, mut scores) = (None, false);
        let mut rest = &args[3..];
        while let Some((word, after)) = rest.split_first() {
            let fresh = !older && !by_score && !by_name;
            rest = after;
            match word.to_ascii_uppercase().as_slice() {
                b"WITHSCORES" => scores = true,
                b"REV" if !older && !reverse => reverse = true,
                b"BYSCORE" if fresh => by_score = true,
                b"BYLEX" if fresh => by_name = true,
                b"LIMIT" if after.len() >= 2 => {
                    limit = Some((int(&after[0]).ok_or_else(bad)?, int(&after[1]).ok_or_else(bad)?));
                    rest = &after[2..];
                }
                _ => return Err(bad()),
            }
        }
        let by_rank = !by_score && !by_name;
        if limit.is_some_and(|l: (i64, i64)| l.1 != -1) && by_rank || scores && by_name {
            return Err(bad());
        }
        let (mut low, mut high) = (&args[1], &args[2]);
        if reverse && !by_rank {
            (low, high) = (high, low);
        }
        let bounds = match by_rank {
            true => Bounds::Rank(int(low).ok_or_else(bad)?, int(high).ok_or_else(bad)?),
            false => Bounds::parse(by_name, low, high)?,
        };
        Ok(Query { bounds, reverse, limit, scores })
    }

    /// What it finds, if that is known.
    pub fn of(&self, set: &Members) -> Option<Scored> {
        let mut set = set.to_vec();
        if self.reverse && matches!(self.bounds, Bounds::Rank(..)) {
            set.reverse();
            return self.bounds.of(&set);
        }
        let mut found = self.bounds.of(&set)?;
        if self.reverse {
            found.reverse();
        }
        if let Some((skip, count)) = self.limit.filter(|_| !matches!(self.bounds, Bounds::Rank(..))) {
            let skip = usize::try_from(skip).unwrap_or(usize::MAX);
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            found = found.into_iter().skip(skip).take(count).collect();
        }
        Some(found)
    }
}

fn score(text: &[u8]) -> Result<(f64, bool), Expect> {
    match text.strip_prefix(b"(") {
        Some(text) => Ok((float(text)?, true)),
        None => Ok((float(text)?, false)),
    }
}

fn name(text: &[u8]) -> Result<Name, Expect> {
    match text {
        b"-" => Ok(Name::Least),
        b"+" => Ok(Name::Most),
        [b'[', text @ ..] => Ok(Name::With(text.to_vec())),
        [b'(', text @ ..] => Ok(Name::Without(text.to_vec())),
        _ => Err(Expect::error("")),
    }
}
