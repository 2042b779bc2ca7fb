//! ZADD and ZINCRBY.

use super::{AddFlags, Score, ZSet, read::score_of};
use crate::model::{
    command::Key,
    members::Member,
    reply::{NOT_A_SCORE, Reply},
    state::State,
    value::Value,
};
use std::rc::Rc;

impl State<'_> {
    pub(super) fn add_scored(&mut self, k: Key, flags: AddFlags, pairs: &[(Score, Member)]) -> Result<Reply, Reply> {
        let mut set = self.zset(k)?;
        let before = set.clone();
        let (mut added, mut updated, mut last) = (0, 0, None);
        for (score, m) in pairs {
            let old = score_of(&set, *m);
            last = flags.decide(old, *score)?;
            match (old, last) {
                (None, Some(_)) => added += 1,
                (Some(old), Some(new)) if old != new => updated += 1,
                _ => continue,
            }
            put(&mut set, *m, last.expect("it was decided"));
        }
        if !Rc::ptr_eq(&before, &set) {
            self.put_value(k, Value::ZSet(set));
        }
        Ok(match flags {
            AddFlags { incr: true, .. } => Reply::bulk_or_nil(last.map(Score::text)),
            AddFlags { ch: true, .. } => Reply::Int(added + updated),
            _ => Reply::Int(added),
        })
    }

    pub(super) fn incr_score(&mut self, k: Key, by: Score, m: Member) -> Result<Reply, Reply> {
        self.add_scored(k, AddFlags { incr: true, ..AddFlags::default() }, &[(by, m)])
    }
}

impl AddFlags {
    /// The score that a member is to have; `None` if it keeps what it has.
    fn decide(self, old: Option<Score>, given: Score) -> Result<Option<Score>, Reply> {
        let Some(old) = old else { return Ok((!self.xx).then_some(given)) };
        if self.nx {
            return Ok(None);
        }
        let new = if self.incr { old.plus(given).ok_or(NOT_A_SCORE)? } else { given };
        let refused = self.gt && new <= old || self.lt && new >= old;
        Ok((!refused).then_some(new))
    }
}

/// Gives a member a score.
pub(super) fn put(set: &mut ZSet, m: Member, score: Score) {
    let set = Rc::make_mut(set);
    set.retain(|e| e.1 != m);
    let at = set.partition_point(|e| *e < (score, m));
    set.insert(at, (score, m));
}
