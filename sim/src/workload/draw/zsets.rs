//! Commands on sorted sets.

use super::{Draw, Table, pick};
use crate::model::{
    command::Command,
    sets::Algebra,
    zsets::{AddFlags, Aggregate, By, Edge, Query, Score, ZSetCommand::*},
};

pub(super) const ZSETS: Table = &[
    (11, |d, key| {
        let pairs = (0..1 + d.rng.below(3)).map(|_| (d.score(), d.member())).collect();
        Command::OfZSet(Add(key, AddFlags::default(), pairs))
    }),
    (4, |d, key| {
        let flags = d.add_flags();
        let n = if flags.incr { 1 } else { 1 + d.rng.below(3) };
        Command::OfZSet(Add(key, flags, (0..n).map(|_| (d.score(), d.member())).collect()))
    }),
    (2, |d, key| Command::OfZSet(IncrBy(key, d.score(), d.member()))),
    (2, |d, key| Command::OfZSet(Rem(key, d.some_members()))),
    (1, |d, key| {
        let by = d.by_rank_or_score();
        Command::OfZSet(RemRange(key, by))
    }),
    (1, |d, key| Command::OfZSet(Score(key, d.member()))),
    (1, |d, key| Command::OfZSet(MScore(key, d.some_members()))),
    (2, |d, key| Command::OfZSet(Rank { key, member: d.member(), max: d.one_in(2), score: d.one_in(2) })),
    (1, |_, key| Command::OfZSet(Card(key))),
    (1, |_, key| Command::OfZSet(Scan(key))),
    (1, |d, key| {
        let count = d.one_in(2).then(|| d.index());
        Command::OfZSet(RandMember(key, count, d.one_in(2)))
    }),
    (1, |d, _| Command::OfZSet(InterCard { keys: d.some_keys(), limit: d.rng.below(3) as usize })),
    (1, |d, key| {
        let by = pick(d.rng, &[true, false]);
        let by = if by && d.one_score() { d.by_lex() } else { d.by_score() };
        Command::OfZSet(Count(key, by))
    }),
    (3, |d, key| {
        let range = d.query();
        let scores = d.one_in(2) && !matches!(range.by, By::Lex(..));
        Command::OfZSet(Range { key, range, scores })
    }),
    (1, |_, key| Command::OfZSet(Range { key, range: Query::ALL, scores: true })),
    (1, |d, key| {
        let range = Query { by: d.by_rank_or_score(), ..d.query() };
        let limit = range.limit.filter(|_| !matches!(range.by, By::Rank(..)));
        Command::OfZSet(RangeStore { to: key, from: d.key(), range: Query { limit, ..range } })
    }),
    (3, |d, key| Command::OfZSet(Pop { key, max: d.one_in(2), count: None })),
    (1, |d, key| Command::OfZSet(Pop { key, max: d.one_in(2), count: Some(d.count()) })),
    (1, |d, _| Command::OfZSet(MPop { keys: d.some_keys(), max: d.one_in(2), count: d.count() })),
    (2, |d, key| {
        // Three sums of infinities depend on their order.
        let keys: Vec<_> = (0..1 + d.rng.below(2)).map(|_| d.key()).collect();
        let how = d.algebra();
        let weighted = how != Algebra::Diff && d.one_in(2);
        let weights = keys.iter().filter(|_| weighted).map(|_| d.weight()).collect();
        let aggregate = pick(d.rng, &[Aggregate::Sum, Aggregate::Min, Aggregate::Max]);
        let to = (!d.one_in(3)).then_some(key);
        Command::OfZSet(Combine { how, to, keys, weights, aggregate })
    }),
];

pub(super) const BLOCKING: Table = &[
    (2, |d, key| Command::OfZSet(BPop { keys: d.keys_with(key), max: d.one_in(2), timeout_ms: d.timeout_ms() })),
    (1, |d, key| {
        let (keys, count) = (d.keys_with(key), 1 + d.rng.below(2) as usize);
        Command::OfZSet(BMPop { keys, max: d.one_in(2), count, timeout_ms: d.timeout_ms() })
    }),
];

impl Draw<'_> {
    /// Whether all scores of the group are the same, so that names decide.
    fn one_score(&self) -> bool {
        self.group % 3 == 1
    }

    fn score(&mut self) -> Score {
        match self.rng.below(24) {
            _ if self.one_score() => Score::ZERO,
            0 => Score::MAX,
            1 => Score::MIN,
            2 => Score::halves(200_000_000_001),
            _ => Score::halves(self.rng.below(12) as i64 - 4),
        }
    }

    /// Not zero: what that makes of an infinity depends on the order of the sources.
    fn weight(&mut self) -> Score {
        Score::halves(pick(self.rng, &[2, 2, 2, -2]))
    }

    fn add_flags(&mut self) -> AddFlags {
        let all = [
            AddFlags { nx: true, ..AddFlags::default() },
            AddFlags { xx: true, ..AddFlags::default() },
            AddFlags { gt: true, ..AddFlags::default() },
            AddFlags { lt: true, ..AddFlags::default() },
            AddFlags { gt: true, xx: true, ..AddFlags::default() },
        ];
        let ch = self.one_in(2);
        AddFlags { ch, incr: self.one_in(4), ..pick(self.rng, &all) }
    }

    fn edge<T>(&mut self, x: T) -> Edge<T> {
        match self.rng.below(6) {
            0 => Edge::First,
            1 => Edge::Last,
            2 => Edge::Without(x),
            _ => Edge::With(x),
        }
    }

    fn by_score(&mut self) -> By {
        let (a, b) = (self.score(), self.score());
        By::Score(self.edge(a), self.edge(b))
    }

    fn by_lex(&mut self) -> By {
        let (a, b) = (self.member(), self.member());
        By::Lex(self.edge(a), self.edge(b))
    }

    fn by_rank_or_score(&mut self) -> By {
        if self.one_in(2) { By::Rank(self.index(), self.index()) } else { self.by_score() }
    }

    fn query(&mut self) -> Query {
        let by = if self.one_score() && self.one_in(2) { self.by_lex() } else { self.by_rank_or_score() };
        let limited = !matches!(by, By::Rank(..)) && self.one_in(3);
        let limit = limited.then(|| (self.rng.below(3) as usize, self.rng.below(5) as i64 - 1));
        Query { by, rev: self.one_in(2), limit }
    }
}
