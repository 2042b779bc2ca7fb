//! Sorted sets made of others.

use super::{Aggregate, Query, Score, ZSet, add::put, read::score_of};
use crate::model::{
    command::Key,
    members::{Member, iter},
    reply::{Reply, WRONGTYPE},
    sets::Algebra,
    state::{Slot, State},
    value::Value,
};
use std::rc::Rc;

impl State<'_> {
    pub(super) fn store_range(&mut self, to: Key, from: Key, range: &Query) -> Result<Reply, Reply> {
        let mut found = range.of(&self.zset(from)?).expect("the workload stores only what means something");
        found.sort();
        Ok(self.store_zset(to, Rc::new(found)))
    }

    /// Puts a result in the place of whatever its key held; replies its size.
    pub(in crate::model) fn store_zset(&mut self, to: Key, result: ZSet) -> Reply {
        let len = result.len();
        if len > 0 {
            self.put(to, Some(Slot { value: Value::ZSet(result), due: None }));
        } else {
            self.delete(to);
        }
        Reply::count(len)
    }

    pub(super) fn combine_scored(
        &mut self,
        how: Algebra,
        keys: &[Key],
        weights: &[Score],
        aggregate: Aggregate,
    ) -> Result<ZSet, Reply> {
        let mut sources = Vec::new();
        for (i, k) in keys.iter().enumerate() {
            let weight = weights.get(i).copied().unwrap_or(Score::ONE);
            let weigh = |(s, m): (Score, Member)| (s.times(weight).unwrap_or(Score::ZERO), m);
            sources.push(self.scored(*k)?.into_iter().map(weigh).collect::<Vec<_>>());
        }
        let mut result = ZSet::default();
        let has = |source: &Vec<(Score, Member)>, m| score_of(source, m).is_some();
        for &(score, m) in sources.iter().flatten() {
            let belongs = match how {
                Algebra::Union => true,
                Algebra::Inter => sources.iter().all(|s| has(s, m)),
                Algebra::Diff => has(&sources[0], m) && !sources[1..].iter().any(|s| has(s, m)),
            };
            if belongs && score_of(&result, m).is_none() {
                let scores = sources.iter().filter_map(|s| score_of(s, m));
                let joined = scores.reduce(|a, b| aggregate.join(a, b)).unwrap_or(score);
                put(&mut result, m, joined);
            }
        }
        Ok(result)
    }

    /// The elements of a sorted set, or of a set, whose members all count one.
    fn scored(&mut self, k: Key) -> Result<Vec<(Score, Member)>, Reply> {
        match self.slot(k).map(|s| &s.value) {
            None => Ok(Vec::new()),
            Some(Value::ZSet(set)) => Ok(set.to_vec()),
            Some(Value::Set(set)) => Ok(iter(*set).map(|m| (Score::ONE, m)).collect()),
            Some(_) => Err(WRONGTYPE),
        }
    }
}

impl Aggregate {
    fn join(self, a: Score, b: Score) -> Score {
        match self {
            Aggregate::Sum => a.plus(b).unwrap_or(Score::ZERO),
            Aggregate::Min => a.min(b),
            Aggregate::Max => a.max(b),
        }
    }
}
