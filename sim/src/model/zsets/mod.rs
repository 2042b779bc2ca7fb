//! Commands on sorted sets.

mod add;
mod blocking;
mod range;
mod read;
pub mod score;
mod store;

use super::{
    command::Key,
    encode::Words,
    family::{Family, Name},
    members::Member,
    reply::Reply,
    sets::{Algebra, SCAN_COUNT},
};
pub use range::{By, Edge, Limit, Query};
pub use score::Score;
use std::rc::Rc;

/// A sorted set: scores and members in their order.
pub type ZSet = Rc<Vec<(Score, Member)>>;

/// ZADD's flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AddFlags {
    /// Only members that are not there yet, or only those that are.
    pub nx: bool,
    pub xx: bool,
    /// Only to raise, or only to lower a score.
    pub gt: bool,
    pub lt: bool,
    /// Changed members count, too.
    pub ch: bool,
    pub incr: bool,
}

/// How the scores of one member are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    Sum,
    Min,
    Max,
}

/// A command. `max` says that it begins at the high end.
#[derive(Clone, Debug)]
pub enum ZSetCommand {
    Add(Key, AddFlags, Vec<(Score, Member)>),
    IncrBy(Key, Score, Member),
    Rem(Key, Vec<Member>),
    /// ZREMRANGEBYRANK and its kin.
    RemRange(Key, By),
    Score(Key, Member),
    MScore(Key, Vec<Member>),
    Rank {
        key: Key,
        member: Member,
        max: bool,
        score: bool,
    },
    Card(Key),
    /// ZSCAN, asked for more than there is.
    Scan(Key),
    RandMember(Key, Option<i64>, bool),
    /// `limit` 0 is none.
    InterCard {
        keys: Vec<Key>,
        limit: usize,
    },
    /// ZCOUNT or ZLEXCOUNT.
    Count(Key, By),
    Range {
        key: Key,
        range: Query,
        scores: bool,
    },
    RangeStore {
        to: Key,
        from: Key,
        range: Query,
    },
    Pop {
        key: Key,
        max: bool,
        count: Option<usize>,
    },
    MPop {
        keys: Vec<Key>,
        max: bool,
        count: usize,
    },
    BPop {
        keys: Vec<Key>,
        max: bool,
        timeout_ms: u64,
    },
    BMPop {
        keys: Vec<Key>,
        max: bool,
        count: usize,
        timeout_ms: u64,
    },
    /// ZUNION and its kin; stored in `to`, if that is said. Weights are as many as keys, or none.
    Combine {
        how: Algebra,
        to: Option<Key>,
        keys: Vec<Key>,
        weights: Vec<Score>,
        aggregate: Aggregate,
    },
}

use ZSetCommand::*;

impl Family for ZSetCommand {
    fn each_key(&self, f: &mut dyn FnMut(Key)) {
        match self {
            Add(k, ..) | IncrBy(k, ..) | Rem(k, _) | RemRange(k, _) | Score(k, _) | MScore(k, _) => f(*k),
            Scan(k) | RandMember(k, ..) => f(*k),
            InterCard { keys, .. } => keys.iter().for_each(|k| f(*k)),
            Card(k) | Count(k, _) | Rank { key: k, .. } | Range { key: k, .. } | Pop { key: k, .. } => f(*k),
            RangeStore { to, from, .. } => [to, from].into_iter().for_each(|k| f(*k)),
            MPop { keys, .. } | BPop { keys, .. } | BMPop { keys, .. } => keys.iter().for_each(|k| f(*k)),
            Combine { to, keys, .. } => to.iter().chain(keys).for_each(|k| f(*k)),
        }
    }

    fn words(&self, w: &mut Words) {
        match self {
            Add(k, flags, pairs) => flags.words(w.word("ZADD").key(*k)).scored(pairs),
            IncrBy(k, by, m) => w.word("ZINCRBY").key(*k).scored(&[(*by, *m)]),
            Rem(k, members) => w.word("ZREM").key(*k).members(members),
            RemRange(k, by) => {
                w.word(by.pick(["ZREMRANGEBYRANK", "ZREMRANGEBYSCORE", "ZREMRANGEBYLEX"])).key(*k);
                by.words(w, false)
            }
            Score(k, m) => w.word("ZSCORE").key(*k).members(&[*m]),
            MScore(k, members) => w.word("ZMSCORE").key(*k).members(members),
            Rank { key, member, max, score } => {
                w.word(if *max { "ZREVRANK" } else { "ZRANK" }).key(*key).members(&[*member]);
                w.flag(*score, "WITHSCORE")
            }
            Card(k) => w.word("ZCARD").key(*k),
            Scan(k) => w.word("ZSCAN").key(*k).word("0").word("COUNT").int(SCAN_COUNT),
            RandMember(k, count, scores) => {
                w.word("ZRANDMEMBER").key(*k).ints(*count).flag(*scores && count.is_some(), "WITHSCORES")
            }
            InterCard { keys, limit } => {
                w.word("ZINTERCARD").int(keys.len() as i64).keys(keys);
                if *limit > 0 { w.word("LIMIT").int(*limit as i64) } else { w }
            }
            Count(k, by) => by.words(w.word(by.pick(["", "ZCOUNT", "ZLEXCOUNT"])).key(*k), false),
            Range { key, range, scores } => range.words(w.word("ZRANGE").key(*key)).flag(*scores, "WITHSCORES"),
            RangeStore { to, from, range } => range.words(w.word("ZRANGESTORE").key(*to).key(*from)),
            Pop { key, max, count } => {
                w.word(if *max { "ZPOPMAX" } else { "ZPOPMIN" }).key(*key).ints(count.map(|n| n as i64))
            }
            MPop { keys, max, count } => many(w.word("ZMPOP"), keys, *max, *count),
            BPop { keys, max, timeout_ms } => {
                w.word(if *max { "BZPOPMAX" } else { "BZPOPMIN" }).keys(keys).seconds(*timeout_ms)
            }
            BMPop { keys, max, count, timeout_ms } => many(w.word("BZMPOP").seconds(*timeout_ms), keys, *max, *count),
            Combine { how, to, keys, weights, aggregate } => {
                match to {
                    Some(k) => w.word(how.pick(["ZINTERSTORE", "ZUNIONSTORE", "ZDIFFSTORE"])).key(*k),
                    None => w.word(how.pick(["ZINTER", "ZUNION", "ZDIFF"])),
                };
                w.int(keys.len() as i64).keys(keys);
                if !weights.is_empty() {
                    w.word("WEIGHTS");
                    weights.iter().for_each(|s| _ = w.text(&s.text()));
                }
                if *how != Algebra::Diff && *aggregate != Aggregate::Sum {
                    w.word("AGGREGATE").word(if *aggregate == Aggregate::Min { "MIN" } else { "MAX" });
                }
                w.flag(to.is_none(), "WITHSCORES")
            }
        };
    }

    fn only_reads(&self) -> bool {
        let reads = matches!(self, Score(..) | MScore(..) | Rank { .. } | Card(_) | Count(..) | Range { .. });
        reads || matches!(self, Combine { to: None, .. } | Scan(_) | RandMember(..) | InterCard { .. })
    }

    fn was_inert(&self, reply: &Reply) -> bool {
        match self {
            Add(_, AddFlags { incr: true, .. }, _) | MPop { .. } => reply.is_nil(),
            Add(_, AddFlags { ch: true, .. }, _) | Rem(..) | RemRange(..) => *reply == Reply::Int(0),
            Pop { .. } => *reply == Reply::Array(Vec::new()),
            _ => false,
        }
    }

    fn timeout_ms(&self) -> Option<u64> {
        match self {
            BPop { timeout_ms, .. } | BMPop { timeout_ms, .. } => Some(*timeout_ms),
            _ => None,
        }
    }

    fn normalise(&self, reply: &mut Reply, name: Name) {
        reply.drop_signs_of_zeros();
        match self {
            // RESP3 has an array for each member and its score.
            Range { scores: true, .. } | Combine { to: None, .. } | Pop { count: Some(_), .. } => reply.flatten(),
            RandMember(_, Some(_), true) => reply.flatten(),
            Scan(_) => reply.sort_scanned_pairs(),
            MPop { keys, .. } | BPop { keys, .. } | BMPop { keys, .. } => reply.mark_first_key(keys, name),
            _ => {}
        }
    }
}

fn many<'w, 'n>(w: &'w mut Words<'n>, keys: &[Key], max: bool, count: usize) -> &'w mut Words<'n> {
    w.int(keys.len() as i64).keys(keys).word(if max { "MAX" } else { "MIN" }).word("COUNT").int(count as i64)
}

impl AddFlags {
    pub(in crate::model) fn words<'w, 'n>(self, w: &'w mut Words<'n>) -> &'w mut Words<'n> {
        let given = [self.nx, self.xx, self.gt, self.lt, self.ch, self.incr];
        let names = ["NX", "XX", "GT", "LT", "CH", "INCR"];
        given.into_iter().zip(names).fold(w, |w, (given, name)| w.flag(given, name))
    }
}
