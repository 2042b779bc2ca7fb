//! Commands on maps: sorted sets whose members are at known places.
//!
//! Of the sorted sets' commands those are drawn that leave scores as they are.

use super::{Draw, Table, keys, pick};
use crate::model::{
    command::{Command, Key},
    geo::{Center, Details, GeoCommand::*, Order, Search as Wanted, Shape, UNITS, sites::SITES},
    sets::Algebra,
    zsets::{AddFlags, Aggregate, By, Query, ZSetCommand},
};

const MAPS: Table = &[
    (12, |d, key| {
        let places = (0..d.count()).map(|_| (d.site(), d.member())).collect();
        Command::OfGeo(Add(key, d.geo_flags(), places))
    }),
    (2, |d, key| Command::OfGeo(Pos(key, d.some_members()))),
    (1, |d, key| Command::OfGeo(Hash(key, d.some_members()))),
    (3, |d, key| Command::OfGeo(Dist(key, d.member(), d.member(), d.unit_of_length()))),
    (6, |d, key| d.search(key, false)),
    (4, |d, key| d.search(key, true)),
    (2, |d, key| Command::OfZSet(ZSetCommand::Rem(key, d.some_members()))),
    (2, |d, key| Command::OfZSet(ZSetCommand::Pop { key, max: d.one_in(2), count: None })),
    (1, |d, _| Command::OfZSet(ZSetCommand::MPop { keys: d.some_keys(), max: d.one_in(2), count: d.count() })),
    (1, |_, key| Command::OfZSet(ZSetCommand::Range { key, range: Query::ALL, scores: true })),
    (1, |d, key| {
        let range = Query { by: By::Rank(d.index(), d.index()), rev: d.one_in(2), limit: None };
        Command::OfZSet(ZSetCommand::RangeStore { to: key, from: d.key(), range })
    }),
    (1, |d, key| {
        let aggregate = pick(d.rng, &[Aggregate::Min, Aggregate::Max]);
        let (how, keys) = (pick(d.rng, &[Algebra::Inter, Algebra::Union, Algebra::Diff]), d.some_keys());
        Command::OfZSet(ZSetCommand::Combine { how, to: Some(key), keys, weights: Vec::new(), aggregate })
    }),
    (1, |_, key| Command::Del(vec![key])),
];

const BLOCKING: Table = &[(1, |d, key| {
    Command::OfZSet(ZSetCommand::BPop { keys: d.keys_with(key), max: d.one_in(2), timeout_ms: d.timeout_ms() })
})];

impl Draw<'_> {
    /// A command for a group whose keys are maps.
    pub(super) fn map(&mut self, key: Key) -> Command {
        let table = match self.rng.below(10) {
            0 => keys::KEYS,
            1 if self.keys > 1 => keys::MOVES,
            2 => keys::EXPIRY,
            3 | 4 if !self.calm => BLOCKING,
            _ => MAPS,
        };
        self.one_of(table, key)
    }

    fn site(&mut self) -> usize {
        self.rng.below(SITES.len() as u64) as usize
    }

    fn unit_of_length(&mut self) -> usize {
        self.rng.below(UNITS.len() as u64) as usize
    }

    fn geo_flags(&mut self) -> AddFlags {
        let which = self.rng.below(6);
        AddFlags { nx: which == 0, xx: which == 1, ch: self.one_in(3), ..AddFlags::default() }
    }

    fn shape(&mut self) -> Shape {
        let center = if self.one_in(3) { Center::Member(self.member()) } else { Center::Site(self.site()) };
        let lengths = [1, 20, 301, 5_000, 40_001, 700_000];
        let (a, b) = (pick(self.rng, &lengths), pick(self.rng, &lengths));
        match self.rng.below(4) {
            0 => Shape::Box(center, a, b),
            1 => {
                let (west, south) = (pick(self.rng, &[-80, -1, 2, 14]), pick(self.rng, &[-40, 38, 40]));
                let (east, north) = (west + pick(self.rng, &[3, 20]), south + pick(self.rng, &[1, 20]));
                Shape::Region { west, east, south, north }
            }
            _ => Shape::Circle(center, a),
        }
    }

    fn search(&mut self, key: Key, stored: bool) -> Command {
        let shape = self.shape();
        let store = stored.then(|| self.key());
        // The middle of a region is not for the model to know.
        let ordered = !matches!(shape, Shape::Region { .. }) && self.one_in(2);
        let order = ordered.then(|| pick(self.rng, &[Order::Nearest, Order::Farthest]));
        let detailed = order.is_some() && !stored;
        let mut detail = || detailed && self.one_in(2);
        let details = Details { distance: detail(), hash: detail(), point: detail() };
        let count = (ordered && self.one_in(2)).then(|| self.count());
        let radius_command = matches!(shape, Shape::Circle(..)) && self.one_in(3);
        Command::OfGeo(Search(Wanted {
            key,
            store,
            shape,
            unit: self.unit_of_length(),
            order,
            count,
            details,
            radius_command,
        }))
    }
}
