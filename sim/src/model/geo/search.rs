//! GEOSEARCH, GEOSEARCHSTORE and the GEORADIUS commands.

use super::{
    UNITS, Unit, distance,
    sites::{Place, SITES, Site, metres},
};
use crate::model::{
    command::Key,
    encode::Words,
    members::{Member, name},
    reply::Reply,
    state::State,
    zsets::Score,
};
use bytes::Bytes;
use std::rc::Rc;

const NO_SUCH_MEMBER: Reply = Reply::Error(Bytes::from_static(b"ERR could not decode requested zset member"));

/// What is looked for, and where.
#[derive(Clone, Debug)]
pub struct Search {
    pub key: Key,
    /// Where the result goes, if it is stored.
    pub store: Option<Key>,
    pub shape: Shape,
    pub unit: Unit,
    /// Only stored results, and members without details, come without an order.
    pub order: Option<Order>,
    /// Most members; only with an order, or it would be anyone's guess which.
    pub count: Option<usize>,
    pub details: Details,
    /// One of the GEORADIUS commands, which know circles only.
    pub radius_command: bool,
}

/// The middle of a shape.
#[derive(Clone, Copy, Debug)]
pub enum Center {
    Site(Site),
    Member(Member),
}

/// Where to look; lengths are in the search's unit.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    Circle(Center, u32),
    /// Its width and height.
    Box(Center, u32, u32),
    /// A polygon that is a rectangle of these longitudes and latitudes (degrees).
    Region {
        west: i32,
        east: i32,
        south: i32,
        north: i32,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Nearest,
    Farthest,
}

/// What is replied of a member besides its name.
#[derive(Clone, Copy, Debug, Default)]
pub struct Details {
    pub distance: bool,
    pub hash: bool,
    pub point: bool,
}

impl Details {
    fn any(self) -> bool {
        self.distance || self.hash || self.point
    }
}

/// A member that was found, and how far from the middle (m).
type Found = (f64, Score, Member);

impl Search {
    pub(super) fn words(&self, w: &mut Words) {
        if self.radius_command {
            self.radius_words(w)
        } else {
            self.search_words(w)
        }
        w.flag(self.order == Some(Order::Nearest), "ASC").flag(self.order == Some(Order::Farthest), "DESC");
        if let Some(n) = self.count {
            w.word("COUNT").int(n as i64);
        }
        let Details { distance, hash, point } = self.details;
        w.flag(point, "WITHCOORD").flag(hash, "WITHHASH").flag(distance, "WITHDIST");
        if let (true, Some(to)) = (self.radius_command, self.store) {
            w.word("STORE").key(to);
        }
    }

    fn radius_words(&self, w: &mut Words) {
        let Shape::Circle(center, radius) = self.shape else { unreachable!("{self:?} is no circle") };
        // Odd radii read with the commands that cannot store.
        let names = match (center, self.store.is_none() && radius % 2 == 1) {
            (Center::Site(_), false) => "GEORADIUS",
            (Center::Site(_), true) => "GEORADIUS_RO",
            (Center::Member(_), false) => "GEORADIUSBYMEMBER",
            (Center::Member(_), true) => "GEORADIUSBYMEMBER_RO",
        };
        center.words(w.word(names).key(self.key)).int(radius.into()).word(UNITS[self.unit].0);
    }

    fn search_words(&self, w: &mut Words) {
        match self.store {
            Some(to) => w.word("GEOSEARCHSTORE").key(to).key(self.key),
            None => w.word("GEOSEARCH").key(self.key),
        };
        match self.shape {
            Shape::Circle(center, radius) => {
                center.option(w);
                w.word("BYRADIUS").int(radius.into()).word(UNITS[self.unit].0);
            }
            Shape::Box(center, width, height) => {
                w.word("BYBOX").int(width.into()).int(height.into()).word(UNITS[self.unit].0);
                center.option(w);
            }
            Shape::Region { west, east, south, north } => {
                w.word("BYPOLYGON").int(4);
                let corners = [(west, south), (east, south), (east, north), (west, north)];
                corners.iter().for_each(|(x, y)| _ = w.ints([i64::from(*x), i64::from(*y)]));
            }
        }
    }
}

impl Center {
    fn option(self, w: &mut Words) {
        self.words(w.word(if matches!(self, Center::Site(_)) { "FROMLONLAT" } else { "FROMMEMBER" }));
    }

    fn words<'w, 'n>(self, w: &'w mut Words<'n>) -> &'w mut Words<'n> {
        match self {
            Center::Site(s) => w.word(SITES[s].longitude).word(SITES[s].latitude),
            Center::Member(m) => w.members(&[m]),
        }
    }
}

impl Shape {
    /// The middle. A member is nowhere if its set does not exist.
    fn center(self, state: &mut State, k: Key) -> Result<Option<(f64, f64)>, Reply> {
        Ok(Some(match self {
            Shape::Circle(Center::Site(s), _) | Shape::Box(Center::Site(s), ..) => SITES[s].degrees(),
            // Distances from it are not asked for.
            Shape::Region { west, south, .. } => (west.into(), south.into()),
            Shape::Circle(Center::Member(m), _) | Shape::Box(Center::Member(m), ..) => match state.place(k, m)? {
                Some(place) => place.degrees(),
                None if state.zset(k)?.is_empty() => return Ok(None),
                None => return Err(NO_SUCH_MEMBER),
            },
        }))
    }

    fn contains(self, unit_m: f64, center: (f64, f64), point: (f64, f64)) -> bool {
        let ((x, y), (lon, lat)) = (center, point);
        match self {
            Shape::Circle(_, radius) => metres(center, point) <= f64::from(radius) * unit_m,
            Shape::Box(_, width, height) => {
                metres((x, y), (x, lat)) <= f64::from(height) * unit_m / 2.0
                    && metres((x, lat), (lon, lat)) <= f64::from(width) * unit_m / 2.0
            }
            Shape::Region { west, east, south, north } => {
                f64::from(west) < lon && lon < east.into() && f64::from(south) < lat && lat < north.into()
            }
        }
    }
}

impl State<'_> {
    pub(super) fn search(&mut self, s: &Search) -> Result<Reply, Reply> {
        let set = self.zset(s.key)?;
        let mut found: Vec<Found> = Vec::new();
        if let Some(center) = s.shape.center(self, s.key)? {
            for (score, m) in set.iter() {
                let point = Place::of(*score).degrees();
                if s.shape.contains(UNITS[s.unit].1, center, point) {
                    found.push((metres(center, point), *score, *m));
                }
            }
        }
        match s.order {
            // Members at one place stay in their order.
            Some(Order::Nearest) => found.sort_by(|a, b| a.0.total_cmp(&b.0)),
            Some(Order::Farthest) => found.sort_by(|a, b| b.0.total_cmp(&a.0)),
            None => found.sort_by_key(|f| f.2),
        }
        found.truncate(s.count.unwrap_or(usize::MAX));
        let Some(to) = s.store else {
            return Ok(Reply::Array(found.iter().map(|f| s.reply(f)).collect()));
        };
        let mut stored: Vec<(Score, Member)> = found.iter().map(|f| (f.1, f.2)).collect();
        stored.sort();
        Ok(self.store_zset(to, Rc::new(stored)))
    }
}

impl Search {
    fn reply(&self, (metres, score, m): &Found) -> Reply {
        let mut parts = vec![Reply::Bulk(name(*m))];
        if !self.details.any() {
            return parts.remove(0);
        }
        let place = Place::of(*score);
        if self.details.distance {
            parts.push(distance(*metres, self.unit));
        }
        if self.details.hash {
            parts.push(Reply::Int(place.hash));
        }
        if self.details.point {
            parts.push(place.reply());
        }
        Reply::Array(parts)
    }
}
