//! Geo commands, on sorted sets whose members are at [`sites`] and nowhere else.
//!
//! A map is a sorted set like any other: clients pop from it and wait for it, and what a
//! search stores can serve them. Here a search looks at every member; which cells a server
//! looks at, and in which order, is its own affair, so that the order of what is found is
//! part of a reply only where it was asked for.

mod search;
pub mod sites;

use super::{
    command::Key,
    encode::Words,
    family::{Family, Name},
    members::Member,
    reply::Reply,
    state::State,
    zsets::{AddFlags, Score, ZSetCommand},
};
use bytes::Bytes;
pub use search::{Center, Details, Order, Search, Shape};
use sites::{Place, SITES, Site, metres};

/// Units of length: their names and their metres.
pub const UNITS: [(&str, f64); 4] = [("m", 1.0), ("km", 1000.0), ("FT", 0.3048), ("mi", 1609.34)];

/// A unit's number in [`UNITS`].
pub type Unit = usize;

/// A command.
#[derive(Clone, Debug)]
pub enum GeoCommand {
    /// GEOADD; of the flags those that it has.
    Add(Key, AddFlags, Vec<(Site, Member)>),
    Pos(Key, Vec<Member>),
    Hash(Key, Vec<Member>),
    Dist(Key, Member, Member, Unit),
    /// GEOSEARCH and its kin.
    Search(Search),
}

use GeoCommand::*;

impl Family for GeoCommand {
    fn each_key(&self, f: &mut dyn FnMut(Key)) {
        match self {
            Add(k, ..) | Pos(k, _) | Hash(k, _) | Dist(k, ..) => f(*k),
            Search(s) => s.store.iter().chain([&s.key]).for_each(|k| f(*k)),
        }
    }

    fn words(&self, w: &mut Words) {
        match self {
            Add(k, flags, places) => {
                flags.words(w.word("GEOADD").key(*k));
                for (site, member) in places {
                    w.word(SITES[*site].longitude).word(SITES[*site].latitude).members(&[*member]);
                }
            }
            Pos(k, members) => _ = w.word("GEOPOS").key(*k).members(members),
            Hash(k, members) => _ = w.word("GEOHASH").key(*k).members(members),
            Dist(k, a, b, unit) => _ = w.word("GEODIST").key(*k).members(&[*a, *b]).word(UNITS[*unit].0),
            Search(s) => s.words(w),
        }
    }

    fn only_reads(&self) -> bool {
        match self {
            Add(..) => false,
            Pos(..) | Hash(..) | Dist(..) => true,
            Search(s) => s.store.is_none(),
        }
    }

    fn was_inert(&self, reply: &Reply) -> bool {
        matches!(self, Add(_, AddFlags { ch: true, .. }, _)) && *reply == Reply::Int(0)
    }

    fn normalise(&self, reply: &mut Reply, _name: Name) {
        if let Search(s) = self
            && s.order.is_none()
        {
            reply.sort_texts();
        }
    }
}

impl State<'_> {
    pub(super) fn run_geo(&mut self, command: &GeoCommand) -> Result<Reply, Reply> {
        Ok(match command {
            Add(k, flags, places) => {
                let pairs: Vec<(Score, Member)> = places.iter().map(|(s, m)| (SITES[*s].score(), *m)).collect();
                return self.run_zset(&ZSetCommand::Add(*k, *flags, pairs)).ok_or(Reply::Nil);
            }
            Pos(k, members) => self.of_each(*k, members, Place::reply, Reply::NilArray)?,
            Hash(k, members) => {
                self.of_each(*k, members, |p| Reply::Bulk(Bytes::from_static(p.text.as_bytes())), Reply::Nil)?
            }
            Dist(k, a, b, unit) => match (self.place(*k, *a)?, self.place(*k, *b)?) {
                (Some(a), Some(b)) => distance(metres(a.degrees(), b.degrees()), *unit),
                _ => Reply::Nil,
            },
            Search(s) => return self.search(s),
        })
    }

    fn place(&mut self, k: Key, member: Member) -> Result<Option<&'static Place>, Reply> {
        let set = self.zset(k)?;
        Ok(set.iter().find(|e| e.1 == member).map(|e| Place::of(e.0)))
    }

    /// What is known of each member's place, `missing` of those that are nowhere.
    fn of_each(
        &mut self,
        k: Key,
        members: &[Member],
        known: impl Fn(&Place) -> Reply,
        missing: Reply,
    ) -> Result<Reply, Reply> {
        let one = |m: &Member| Ok(self.place(k, *m)?.map_or(missing.clone(), &known));
        members.iter().map(one).collect::<Result<_, _>>().map(Reply::Array)
    }
}

/// A length as replied.
fn distance(metres: f64, unit: Unit) -> Reply {
    Reply::Bulk(Bytes::from(format!("{:.4}", metres / UNITS[unit].1)))
}
