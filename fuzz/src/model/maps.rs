//! Maps: sorted sets whose scores number cells of a grid. A search looks at every member.
//!
//! Where rounding decides (a member on the very edge of a shape, two as far away as each
//! other), and where scores number no cell, the model has no opinion. Stored distances and
//! ANY are not said here.

use super::{
    Done, Expect, Model, Outcome,
    cells::{Place, is_valid, metres, middle, number, text},
    number::{float, int},
    zsets::Flags,
};
use crate::dump::Scored;
use norn::protocol::value::Value;

pub const KNOWN: &[&str] = &[
    "geoadd",
    "geopos",
    "geohash",
    "geodist",
    "geosearch",
    "geosearchstore",
    "georadius",
    "georadius_ro",
    "georadiusbymember",
    "georadiusbymember_ro",
];
/// Words that make what a search does nobody's business but the server's.
pub const UNSAID: &[&[u8]] = &[b"ANY", b"STOREDIST"];

const UNITS: [(&str, f64); 4] = [("M", 1.0), ("KM", 1000.0), ("FT", 0.3048), ("MI", 1609.34)];
/// Distances are replied with four digits behind the point.
const DISTANCE_ERROR: f64 = 1.0e-4;
const DEGREES_ERROR: f64 = 1.0e-9;
/// Closer to an edge, or to each other, rounding decides.
const DOUBT_M: f64 = 1.0e-3;

type Words<'a> = &'a [Vec<u8>];

fn bad() -> Expect {
    Expect::error("")
}

#[derive(Clone)]
enum Shape {
    Circle(f64),
    Rectangle(f64, f64),
    Polygon(Vec<Place>),
}

/// A search.
#[derive(Default)]
struct Search {
    center: Option<Place>,
    /// Lengths are in metres.
    shape: Option<Shape>,
    unit_m: f64,
    distance: bool,
    hash: bool,
    point: bool,
    nearest: bool,
    farthest: bool,
    count: Option<usize>,
    store: Option<Vec<u8>>,
}

/// A member, how far away it is (m), and its score.
struct Found {
    member: Vec<u8>,
    metres: f64,
    score: u64,
}

impl Model {
    pub(super) fn maps(&mut self, name: &str, args: Words) -> Outcome {
        let key = &args[0];
        let done = match name {
            "geoadd" => Some(self.add_places(key, &args[1..])?),
            "geodist" => self.distance(key, &args[1..])?,
            "geopos" => self.each_place(key, &args[1..], Value::NullArray, point)?,
            "geohash" => self.each_place(key, &args[1..], Value::NullBulk, |p| Expect::bulk(Some(text(p))))?,
            _ => self.search(name, args)?,
        };
        self.lost |= done.is_none() && (name.ends_with("store") || args.iter().any(|w| is(w, "STORE")));
        Ok(Done::Reply(done.unwrap_or(Expect::Anything)))
    }

    /// `[NX|XX] [CH] longitude latitude member ...`.
    fn add_places(&mut self, key: &[u8], mut args: Words) -> Result<Expect, Expect> {
        let mut flags = Flags::default();
        while let Some((word, rest)) = args.split_first() {
            match word.to_ascii_uppercase().as_slice() {
                b"NX" => flags.nx = true,
                b"XX" => flags.xx = true,
                b"CH" => flags.ch = true,
                _ => break,
            }
            args = rest;
        }
        if args.is_empty() || !args.len().is_multiple_of(3) || flags.nx && flags.xx {
            return Err(bad());
        }
        let pairs: Result<Vec<_>, _> =
            args.chunks(3).map(|w| Ok((number(place(&w[0], &w[1])?) as f64, w[2].clone()))).collect();
        self.put_scores(key, flags, &pairs?)
    }

    fn distance(&mut self, key: &[u8], args: Words) -> Result<Option<Expect>, Expect> {
        let unit_m = match args {
            [_, _] => 1.0,
            [_, _, unit] => metres_of(unit)?,
            _ => return Err(bad()),
        };
        let set = self.scored(key)?;
        let score = |m: &Vec<u8>| set.iter().find(|(_, n)| n == m).map(|(bits, _)| f64::from_bits(*bits));
        let (Some(a), Some(b)) = (score(&args[0]), score(&args[1])) else {
            return Ok(Some(Expect::Is(Value::NullBulk)));
        };
        Ok(middle(a).zip(middle(b)).map(|(a, b)| Expect::Near(metres(a, b) / unit_m, DISTANCE_ERROR)))
    }

    /// Says something about the place of each member.
    fn each_place(
        &mut self,
        key: &[u8],
        members: Words,
        none: Value,
        say: fn(Place) -> Expect,
    ) -> Result<Option<Expect>, Expect> {
        let set = self.scored(key)?;
        let one = |m: &Vec<u8>| match set.iter().find(|(_, n)| n == m) {
            None => Expect::Is(none.clone()),
            Some((bits, _)) => middle(f64::from_bits(*bits)).map_or(Expect::Anything, say),
        };
        Ok(Some(Expect::Array(members.iter().map(one).collect())))
    }

    /// `None`: nobody knows.
    fn search(&mut self, name: &str, args: Words) -> Result<Option<Expect>, Expect> {
        let from = if name == "geosearchstore" { &args[1] } else { &args[0] };
        let set = self.scored(from)?;
        let Some(search) = Search::parse(name, args, &set)? else { return Ok(None) };
        let Some(found) = search.of(&set) else { return Ok(None) };
        if let Some(to) = &search.store {
            return Ok(Some(self.store_scored(to, found.into_iter().map(|f| (f.score, f.member)).collect())));
        }
        let replies = found.iter().map(|f| search.reply(f)).collect();
        Ok(Some(if search.is_ordered() { Expect::Array(replies) } else { Expect::AnyOrder(replies) }))
    }
}

/// Reads words from the front.
struct Reader<'a>(Words<'a>);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<Words<'a>, Expect> {
        let (taken, rest) = self.0.split_at_checked(n).ok_or_else(bad)?;
        self.0 = rest;
        Ok(taken)
    }

    fn word(&mut self) -> Result<&'a Vec<u8>, Expect> {
        Ok(&self.take(1)?[0])
    }

    fn place(&mut self) -> Result<Place, Expect> {
        let w = self.take(2)?;
        place(&w[0], &w[1])
    }

    /// `N` lengths and their unit, as metres; and those of the unit.
    fn lengths<const N: usize>(&mut self) -> Result<([f64; N], f64), Expect> {
        let words = self.take(N)?;
        let unit_m = metres_of(self.word()?)?;
        let mut lengths = [0.0; N];
        for (length, word) in lengths.iter_mut().zip(words) {
            *length = float(word)? * unit_m;
        }
        if lengths.iter().any(|n| *n < 0.0) { Err(bad()) } else { Ok((lengths, unit_m)) }
    }
}

impl Search {
    /// `None`: it depends on a score that is no place.
    fn parse(name: &str, args: Words, set: &Scored) -> Result<Option<Search>, Expect> {
        let mut s = Search { unit_m: 1.0, ..Search::default() };
        let mut words = Reader(&args[1..]);
        let (radius, by_member) = (name.starts_with("georadius"), name.contains("bymember"));
        let mut known = true;
        // Where a member is, if its set exists.
        let mut member_place = |word: &Vec<u8>| match set.iter().find(|(_, m)| m == word) {
            None if set.is_empty() => Ok((0.0, 0.0)),
            None => Err(bad()),
            Some((bits, _)) => {
                let middle = middle(f64::from_bits(*bits));
                known &= middle.is_some();
                Ok(middle.unwrap_or_default())
            }
        };
        if by_member && set.is_empty() {
            words.take(3)?;
        } else if radius {
            s.center = Some(if by_member { member_place(words.word()?)? } else { words.place()? });
            let ([length], unit_m) = words.lengths()?;
            (s.shape, s.unit_m) = (Some(Shape::Circle(length)), unit_m);
        } else if name == "geosearchstore" {
            s.store = Some(args[0].clone());
            words.take(1)?;
        }
        let (mut of_member, mut of_place) = (false, false);
        while !words.0.is_empty() {
            let word = words.word()?.to_ascii_uppercase();
            let polygon = matches!(s.shape, Some(Shape::Polygon(_)));
            match word.as_slice() {
                b"WITHDIST" => s.distance = true,
                b"WITHHASH" => s.hash = true,
                b"WITHCOORD" => s.point = true,
                b"ASC" => (s.nearest, s.farthest) = (true, false),
                b"DESC" => (s.nearest, s.farthest) = (false, true),
                b"COUNT" => {
                    let n = int(words.word()?).and_then(|n| usize::try_from(n).ok());
                    s.count = Some(n.filter(|n| *n > 0).ok_or_else(bad)?);
                }
                b"STORE" if radius && !name.ends_with("_ro") => s.store = Some(words.word()?.clone()),
                b"FROMMEMBER" if !radius && !polygon && !of_place => {
                    (s.center, of_member) = (Some(member_place(words.word()?)?), true);
                }
                b"FROMLONLAT" if !radius && !polygon && !of_member => {
                    (s.center, of_place) = (Some(words.place()?), true);
                }
                b"BYRADIUS" if !radius && matches!(s.shape, None | Some(Shape::Circle(_))) => {
                    let ([length], unit_m) = words.lengths()?;
                    (s.shape, s.unit_m) = (Some(Shape::Circle(length)), unit_m);
                }
                b"BYBOX" if !radius && matches!(s.shape, None | Some(Shape::Rectangle(..))) => {
                    let ([width, height], unit_m) = words.lengths()?;
                    (s.shape, s.unit_m) = (Some(Shape::Rectangle(width, height)), unit_m);
                }
                b"BYPOLYGON" if !radius && s.center.is_none() && (s.shape.is_none() || polygon) => {
                    let n = int(words.word()?).and_then(|n| usize::try_from(n).ok()).filter(|n| *n >= 3);
                    let n = n.filter(|n| 2 * n <= words.0.len()).ok_or_else(bad)?;
                    s.shape = Some(Shape::Polygon((0..n).map(|_| words.place()).collect::<Result<_, _>>()?));
                }
                _ => return Err(bad()),
            }
        }
        s.settle(radius)?;
        Ok(known.then_some(s))
    }

    /// What the options as a whole must be, and what follows from them.
    fn settle(&mut self, radius: bool) -> Result<(), Expect> {
        let details = self.distance || self.hash || self.point;
        let complete = match &self.shape {
            Some(Shape::Polygon(_)) => true,
            shape => radius || shape.is_some() && self.center.is_some(),
        };
        if !complete || details && self.store.is_some() {
            return Err(bad());
        }
        self.nearest |= self.count.is_some() && !self.farthest;
        if let Some(Shape::Polygon(corners)) = &self.shape {
            self.center = Some(mean(corners));
        }
        Ok(())
    }

    fn is_ordered(&self) -> bool {
        self.nearest || self.farthest
    }

    /// Who is found, in order; `None` if rounding decides.
    fn of(&self, set: &Scored) -> Option<Vec<Found>> {
        let (Some(center), Some(shape)) = (self.center, &self.shape) else { return Some(Vec::new()) };
        let mut found = Vec::new();
        for (score, member) in set {
            let place = middle(f64::from_bits(*score))?;
            if shape.contains(center, place)? {
                found.push(Found { member: member.clone(), metres: metres(center, place), score: *score });
            }
        }
        if self.is_ordered() {
            found.sort_by(|a, b| a.metres.total_cmp(&b.metres));
            if found.windows(2).any(|w| w[0].score != w[1].score && w[1].metres - w[0].metres < DOUBT_M) {
                return None;
            }
            if self.farthest {
                // Those at one place stay in their order.
                found.sort_by(|a, b| b.metres.total_cmp(&a.metres));
            }
        }
        found.truncate(self.count.unwrap_or(usize::MAX));
        Some(found)
    }

    fn reply(&self, f: &Found) -> Expect {
        let score = f64::from_bits(f.score);
        let mut parts = vec![Expect::bulk(Some(&f.member))];
        if self.distance {
            parts.push(Expect::Near(f.metres / self.unit_m, DISTANCE_ERROR));
        }
        if self.hash {
            parts.push(Expect::int(score as i64));
        }
        if self.point {
            parts.push(point(middle(score).expect("it was found at a place")));
        }
        if parts.len() == 1 { parts.remove(0) } else { Expect::Array(parts) }
    }
}

impl Shape {
    /// Whether a place is inside; `None` if rounding decides.
    fn contains(&self, center: Place, place: Place) -> Option<bool> {
        let within = |length: f64, max: f64| {
            (length == max || (length - max).abs() > DOUBT_M.max(max * 1e-12)).then_some(length <= max)
        };
        match self {
            Shape::Circle(radius) => within(metres(center, place), *radius),
            Shape::Rectangle(width, height) => {
                let up = within(metres(place, (place.0, center.1)), height / 2.0)?;
                Some(within(metres(place, (center.0, place.1)), width / 2.0)? && up)
            }
            Shape::Polygon(corners) => {
                let mut inside = false;
                for (i, a) in corners.iter().enumerate() {
                    let b = corners[(i + 1) % corners.len()];
                    if (a.1 - place.1).abs() < DEGREES_ERROR {
                        return None;
                    }
                    if (a.1 > place.1) != (b.1 > place.1) {
                        let crossing = a.0 + (b.0 - a.0) * (place.1 - a.1) / (b.1 - a.1);
                        if (crossing - place.0).abs() < DEGREES_ERROR {
                            return None;
                        }
                        inside ^= place.0 < crossing;
                    }
                }
                Some(inside)
            }
        }
    }
}

/// The direction in which the corners' mean lies, seen from the middle of the earth.
fn mean(corners: &[Place]) -> Place {
    let sum = corners.iter().fold([0.0; 3], |[x, y, z], (longitude, latitude)| {
        let (lon, lat) = (longitude.to_radians(), latitude.to_radians());
        [x + lat.cos() * lon.cos(), y + lat.cos() * lon.sin(), z + lat.sin()]
    });
    (sum[1].atan2(sum[0]).to_degrees(), sum[2].atan2(sum[0].hypot(sum[1])).to_degrees())
}

fn is(word: &[u8], name: &str) -> bool {
    word.eq_ignore_ascii_case(name.as_bytes())
}

fn metres_of(unit: &[u8]) -> Result<f64, Expect> {
    UNITS.iter().find(|(name, _)| is(unit, name)).map(|(_, metres)| *metres).ok_or_else(bad)
}

fn place(longitude: &[u8], latitude: &[u8]) -> Result<Place, Expect> {
    Some((float(longitude)?, float(latitude)?)).filter(|p| is_valid(*p)).ok_or_else(bad)
}

/// A place as it is replied.
fn point(place: Place) -> Expect {
    Expect::Array(vec![Expect::Near(place.0, DEGREES_ERROR), Expect::Near(place.1, DEGREES_ERROR)])
}
