//! What a search asks for.

use super::{length_arg, point_arg, point_of, unit_arg};
use crate::{
    base::num::parse_i64,
    data::geo::{Point, Shape},
    keyspace::zset::ZsetRef,
    protocol::Error,
    session::Args,
};

/// Which arguments a command takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// GEORADIUS and its kin: a center and a radius first.
    Radius { member: bool, stores: bool },
    /// GEOSEARCH and GEOSEARCHSTORE: options only.
    Search { stores: bool },
}

/// Which members come first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Nearest,
    Farthest,
}

/// See the module.
pub(super) struct Request {
    /// None if the sorted set does not exist, whose members might be needed for it.
    pub shape: Option<Shape>,
    /// Metres in the unit of distances.
    pub unit_m: f64,
    pub distances: bool,
    pub hashes: bool,
    pub points: bool,
    pub order: Option<Order>,
    pub count: Option<usize>,
    /// Any members will do, not only the nearest.
    pub any: bool,
    /// The argument with the key to store the result under.
    pub store: Option<usize>,
    /// Distances are stored as scores.
    pub store_distances: bool,
}

/// The outline of a shape whose center is given apart.
enum Outline {
    Circle(f64),
    Rectangle(f64, f64),
    Polygon(Vec<Point>),
}

/// Where the center is.
#[derive(Clone, Copy)]
enum Center {
    /// Where a member is; unknown if the sorted set does not exist.
    Member(Option<Point>),
    Place(Point),
}

/// Reads the arguments one after the other.
struct Parser<'a> {
    args: Args<'a>,
    set: Option<ZsetRef<'a>>,
    at: usize,
    family: Family,
    request: Request,
    center: Option<Center>,
    outline: Option<Outline>,
}

impl Request {
    /// Reads the arguments of a command of this family.
    ///
    /// # Errors
    /// As Valkey's.
    pub fn parse(args: Args, family: Family, set: Option<ZsetRef>) -> Result<Request, Error> {
        let request = Request {
            shape: None,
            unit_m: 1.0,
            distances: false,
            hashes: false,
            points: false,
            order: None,
            count: None,
            any: false,
            store: None,
            store_distances: false,
        };
        let mut p = Parser { args, set, at: 2, family, request, center: None, outline: None };
        match family {
            Family::Radius { member, .. } => p.fixed(member)?,
            Family::Search { stores: true } => (p.at, p.request.store) = (3, Some(1)),
            Family::Search { stores: false } => {}
        }
        while p.at < args.len() {
            if !p.flag() && !p.option()? && !p.shape_option()? {
                return Err(Error::SYNTAX);
            }
        }
        p.finish()
    }
}

impl<'a> Parser<'a> {
    fn is(&self, word: &str) -> bool {
        self.args.at(self.at).eq_ignore_ascii_case(word.as_bytes())
    }

    /// Whether at least so many arguments follow.
    fn has(&self, more: usize) -> bool {
        self.at + more < self.args.len()
    }

    fn member_point(&self, i: usize) -> Result<Option<Point>, Error> {
        let Some(set) = self.set else { return Ok(None) };
        let point = point_of(set, self.args.at(i));
        Ok(Some(point.ok_or(Error::Static("ERR could not decode requested zset member"))?))
    }

    /// The center and radius of GEORADIUS and its kin.
    fn fixed(&mut self, member: bool) -> Result<(), Error> {
        if member && self.set.is_none() {
            self.at = 5;
            return Ok(());
        }
        let center =
            if member { Center::Member(self.member_point(2)?) } else { Center::Place(point_arg(self.args, 2)?) };
        let radius_at = if member { 3 } else { 4 };
        self.circle(radius_at)?;
        self.center = Some(center);
        self.at = radius_at + 2;
        Ok(())
    }

    /// A radius in argument `i` and its unit in the next.
    fn circle(&mut self, i: usize) -> Result<(), Error> {
        let radius = length_arg(self.args, i, "ERR need numeric radius")?;
        if radius < 0.0 {
            return Err(Error::Static("ERR radius cannot be negative"));
        }
        self.request.unit_m = unit_arg(self.args, i + 1)?;
        self.outline = Some(Outline::Circle(radius));
        Ok(())
    }

    /// A width in argument `i`, a height, and their unit.
    fn rectangle(&mut self, i: usize) -> Result<(), Error> {
        let width = length_arg(self.args, i, "ERR need numeric width")?;
        let height = length_arg(self.args, i + 1, "ERR need numeric height")?;
        if width < 0.0 || height < 0.0 {
            return Err(Error::Static("ERR height or width cannot be negative"));
        }
        self.request.unit_m = unit_arg(self.args, i + 2)?;
        self.outline = Some(Outline::Rectangle(width, height));
        Ok(())
    }

    /// A number of corners in argument `i`, and the corners.
    fn polygon(&mut self, i: usize) -> Result<usize, Error> {
        let n = parse_i64(self.args.at(i)).and_then(|n| i32::try_from(n).ok());
        let n = n.ok_or(Error::Static("ERR invalid number of vertices"))?;
        let room = (self.args.len() - i - 1) / 2;
        let n = usize::try_from(n).ok().filter(|n| (3..=room).contains(n));
        let n = n.ok_or(Error::Static("ERR GEOSEARCH BYPOLYGON must have at least 3 vertices"))?;
        let corners = (0..n).map(|corner| point_arg(self.args, i + 1 + 2 * corner)).collect::<Result<_, _>>()?;
        self.outline = Some(Outline::Polygon(corners));
        Ok(n)
    }

    /// An option of one word.
    fn flag(&mut self) -> bool {
        match () {
            () if self.is("WITHDIST") => self.request.distances = true,
            () if self.is("WITHHASH") => self.request.hashes = true,
            () if self.is("WITHCOORD") => self.request.points = true,
            () if self.is("ANY") => self.request.any = true,
            () if self.is("ASC") => self.request.order = Some(Order::Nearest),
            () if self.is("DESC") => self.request.order = Some(Order::Farthest),
            () if self.is("STOREDIST") && self.family == (Family::Search { stores: true }) => {
                self.request.store_distances = true;
            }
            () => return false,
        }
        self.at += 1;
        true
    }

    /// COUNT, STORE and STOREDIST with their values.
    fn option(&mut self) -> Result<bool, Error> {
        let stores = matches!(self.family, Family::Radius { stores: true, .. });
        if !self.has(1) {
            return Ok(false);
        }
        if self.is("COUNT") {
            let n = parse_i64(self.args.at(self.at + 1)).ok_or(Error::NOT_INT)?;
            let n = usize::try_from(n).ok().filter(|n| *n > 0);
            self.request.count = Some(n.ok_or(Error::Static("ERR COUNT must be > 0"))?);
        } else if stores && (self.is("STORE") || self.is("STOREDIST")) {
            self.request.store_distances = self.is("STOREDIST");
            self.request.store = Some(self.at + 1);
        } else {
            return Ok(false);
        }
        self.at += 2;
        Ok(true)
    }

    /// The options by which GEOSEARCH is told where to look.
    fn shape_option(&mut self) -> Result<bool, Error> {
        if !matches!(self.family, Family::Search { .. }) {
            return Ok(false);
        }
        let value = self.at + 1;
        let is_polygon = matches!(self.outline, Some(Outline::Polygon(_)));
        let other_than = |circle: bool| match self.outline {
            None => false,
            Some(Outline::Circle(_)) => !circle,
            Some(Outline::Rectangle(..)) => circle,
            Some(Outline::Polygon(_)) => true,
        };
        let taken = match () {
            () if self.is("FROMMEMBER")
                && self.has(1)
                && !is_polygon
                && !matches!(self.center, Some(Center::Place(_))) =>
            {
                self.center = Some(Center::Member(self.member_point(value)?));
                1
            }
            () if self.is("FROMLONLAT")
                && self.has(2)
                && !is_polygon
                && !matches!(self.center, Some(Center::Member(_))) =>
            {
                self.center = Some(Center::Place(point_arg(self.args, value)?));
                2
            }
            () if self.is("BYRADIUS") && self.has(2) && !other_than(true) => {
                self.circle(value)?;
                2
            }
            () if self.is("BYBOX") && self.has(3) && !other_than(false) => {
                self.rectangle(value)?;
                3
            }
            () if self.is("BYPOLYGON") && self.has(2) && self.center.is_none() => {
                if self.outline.is_some() && !is_polygon {
                    return Ok(false);
                }
                1 + 2 * self.polygon(value)?
            }
            () => return Ok(false),
        };
        self.at = value + taken;
        Ok(true)
    }

    fn finish(self) -> Result<Request, Error> {
        let Parser { args, family, mut request, center, outline, set, .. } = self;
        let searches = matches!(family, Family::Search { .. });
        if request.store.is_some() && (request.distances || request.hashes || request.points) {
            let what = if searches { "GEOSEARCHSTORE" } else { "STORE option in GEORADIUS" };
            return Err(Error::err(format!("{what} is not compatible with WITHDIST, WITHHASH and WITHCOORD options")));
        }
        let is_polygon = matches!(outline, Some(Outline::Polygon(_)));
        if searches && center.is_none() && !is_polygon {
            let text = b"ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for ";
            return Err(Error::concat(&[text, args.at(0)]));
        }
        if searches && outline.is_none() {
            let text = b"ERR exactly one of BYRADIUS, BYBOX and BYPOLYGON can be specified for ";
            return Err(Error::concat(&[text, args.at(0)]));
        }
        if request.any && request.count.is_none() {
            return Err(Error::Static("ERR the ANY argument requires COUNT argument"));
        }
        if request.count.is_some() && request.order.is_none() && !request.any {
            request.order = Some(Order::Nearest);
        }
        let unit_m = request.unit_m;
        let center = match center {
            Some(Center::Place(point)) => Some(point),
            Some(Center::Member(point)) => point,
            None => None,
        };
        request.shape = match (outline, center) {
            _ if set.is_none() => None,
            (Some(Outline::Circle(radius)), Some(center)) => Some(Shape::Circle { center, radius_m: radius * unit_m }),
            (Some(Outline::Rectangle(width, height)), Some(center)) => {
                Some(Shape::Rectangle { center, width_m: width * unit_m, height_m: height * unit_m })
            }
            (Some(Outline::Polygon(corners)), _) => Some(Shape::polygon(corners)),
            _ => None,
        };
        Ok(request)
    }
}
