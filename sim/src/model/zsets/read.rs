//! Commands on sorted sets that look, and those that take away.

use super::{Aggregate, Score, ZSet, ZSetCommand};
use crate::model::{
    command::Key,
    members::{Member, name},
    reply::{Reply, WRONGTYPE},
    sets::Algebra,
    state::State,
    value::Value,
};
use std::rc::Rc;

impl State<'_> {
    /// `None` if the command has to wait.
    pub(in crate::model) fn run_zset(&mut self, command: &ZSetCommand) -> Option<Reply> {
        let waits = self.run_blocking_zset(command);
        let done = waits.unwrap_or_else(|| self.run_plain_zset(command).map(Some));
        done.unwrap_or_else(Some)
    }

    fn run_plain_zset(&mut self, command: &ZSetCommand) -> Result<Reply, Reply> {
        use ZSetCommand::*;
        Ok(match command {
            Add(k, flags, pairs) => self.add_scored(*k, *flags, pairs)?,
            IncrBy(k, by, m) => self.incr_score(*k, *by, *m)?,
            Rem(k, members) => self.retain(*k, |(_, m)| !members.contains(m))?,
            RemRange(k, by) => {
                let set = self.zset(*k)?;
                // What means nothing may do anything: the workload does not ask for that.
                let gone = by.of(&set, false).unwrap_or_default();
                self.retain(*k, |element| !gone.contains(element))?
            }
            Score(k, m) => score_or_nil(&self.zset(*k)?, *m),
            MScore(k, members) => {
                let set = self.zset(*k)?;
                Reply::Array(members.iter().map(|m| score_or_nil(&set, *m)).collect())
            }
            Rank { key, member, max, score } => {
                let set = self.zset(*key)?;
                match set.iter().position(|(_, m)| m == member) {
                    None if *score => Reply::NilArray,
                    None => Reply::Nil,
                    Some(rank) => {
                        let rank = Reply::count(if *max { set.len() - 1 - rank } else { rank });
                        if *score { Reply::Array(vec![rank, score_or_nil(&set, *member)]) } else { rank }
                    }
                }
            }
            Card(k) => Reply::count(self.zset(*k)?.len()),
            Scan(k) => {
                let mut all = self.zset(*k)?.to_vec();
                all.sort_by_key(|e| e.1);
                Reply::scanned(elements(&all, true))
            }
            RandMember(k, count, scores) => {
                let set = self.zset(*k)?;
                self.random_scored(&set, *count, *scores)
            }
            InterCard { keys, limit } => {
                let n = self.combine_scored(Algebra::Inter, keys, &[], Aggregate::Sum)?.len();
                Reply::count(if *limit > 0 { n.min(*limit) } else { n })
            }
            Count(k, by) => match by.of(&self.zset(*k)?, false) {
                Some(found) => Reply::count(found.len()),
                None => self.unspecified(),
            },
            Range { key, range, scores } => match range.of(&self.zset(*key)?) {
                Some(found) => elements(&found, *scores),
                None => self.unspecified(),
            },
            RangeStore { to, from, range } => self.store_range(*to, *from, range)?,
            Pop { key, max, count } => {
                let popped = self.pop_scored(*key, *max, count.unwrap_or(1))?;
                elements(&popped, true)
            }
            Combine { how, to, keys, weights, aggregate } => {
                let result = self.combine_scored(*how, keys, weights, *aggregate)?;
                match to {
                    Some(to) => self.store_zset(*to, result),
                    None => elements(&result, true),
                }
            }
            MPop { .. } | BPop { .. } | BMPop { .. } => unreachable!("it can wait: {command:?}"),
        })
    }

    /// A sorted set; an empty one if the key does not exist.
    pub(in crate::model) fn zset(&mut self, k: Key) -> Result<ZSet, Reply> {
        match self.slot(k).map(|s| &s.value) {
            None => Ok(ZSet::default()),
            Some(Value::ZSet(set)) => Ok(set.clone()),
            Some(_) => Err(WRONGTYPE),
        }
    }

    /// Which members are drawn is the server's choice: as many as were asked for, each with its
    /// own score, and none twice unless the count is negative.
    fn random_scored(&self, set: &ZSet, count: Option<i64>, scores: bool) -> Reply {
        if set.is_empty() {
            return if count.is_some() { Reply::Array(Vec::new()) } else { Reply::Nil };
        }
        let n = match count {
            None => 1,
            Some(n) if n < 0 => n.unsigned_abs() as usize,
            Some(n) => (n as usize).min(set.len()),
        };
        let scores = scores && count.is_some();
        let reply = |drawn: &[(Score, Member)]| match elements(drawn, scores) {
            Reply::Array(items) if count.is_none() => items.into_iter().next().unwrap_or(Reply::Nil),
            all => all,
        };
        let step = if scores { 2 } else { 1 };
        let drawn: Vec<(Score, Member)> = match self.seen() {
            Some(Reply::Array(items)) => items.iter().step_by(step).filter_map(|item| element(set, item)).collect(),
            Some(item) => element(set, item).into_iter().collect(),
            None => Vec::new(),
        };
        let mut distinct: Vec<Member> = drawn.iter().map(|e| e.1).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let fits = drawn.len() == n && (distinct.len() == n || count.is_some_and(|n| n < 0));
        // If what was seen does not fit, anything that does shows it.
        let other = || set.iter().cycle().take(n).copied().collect::<Vec<_>>();
        reply(&if fits { drawn } else { other() })
    }

    /// Whatever was seen is right.
    fn unspecified(&self) -> Reply {
        self.seen().cloned().unwrap_or(Reply::Nil)
    }

    /// Keeps what `keep` says; replies how many are gone.
    fn retain(&mut self, k: Key, keep: impl Fn(&(Score, Member)) -> bool) -> Result<Reply, Reply> {
        let mut set = self.zset(k)?;
        let before = set.len();
        if !set.iter().all(&keep) {
            Rc::make_mut(&mut set).retain(keep);
            let gone = before - set.len();
            self.put_value(k, Value::ZSet(set));
            return Ok(Reply::count(gone));
        }
        Ok(Reply::Int(0))
    }

    /// Takes up to so many elements off an end.
    pub(super) fn pop_scored(&mut self, k: Key, max: bool, count: usize) -> Result<Vec<(Score, Member)>, Reply> {
        let mut set = self.zset(k)?;
        let n = count.min(set.len());
        if n == 0 {
            return Ok(Vec::new());
        }
        let elements = Rc::make_mut(&mut set);
        let mut popped = if max { elements.split_off(elements.len() - n) } else { elements.drain(..n).collect() };
        if max {
            popped.reverse();
        }
        self.put_value(k, Value::ZSet(set));
        Ok(popped)
    }
}

/// The element that a reply names.
fn element(set: &[(Score, Member)], item: &Reply) -> Option<(Score, Member)> {
    let Reply::Bulk(text) = item else { return None };
    set.iter().find(|e| name(e.1) == *text).copied()
}

/// A member's score.
pub(super) fn score_of(set: &[(Score, Member)], m: Member) -> Option<Score> {
    set.iter().find(|e| e.1 == m).map(|e| e.0)
}

fn score_or_nil(set: &[(Score, Member)], m: Member) -> Reply {
    Reply::bulk_or_nil(score_of(set, m).map(Score::text))
}

/// Members, perhaps each with its score.
pub(super) fn elements(found: &[(Score, Member)], scores: bool) -> Reply {
    let mut flat = Vec::with_capacity(2 * found.len());
    for (score, m) in found {
        flat.push(Reply::Bulk(name(*m)));
        if scores {
            flat.push(Reply::Bulk(score.text()));
        }
    }
    Reply::Array(flat)
}
