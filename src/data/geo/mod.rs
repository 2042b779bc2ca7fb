//! Points on the earth as 52-bit numbers, and searches among them.
//!
//! Longitude and latitude, each cut into 2^26 steps, are interleaved bit by bit ([`cell`]):
//! so points near each other mostly have numbers near each other, and the points of a cell
//! of the grid are those in one range of numbers. A search covers its shape with a cell of
//! about the shape's size and those around it that it may reach into ([`cover`]), and looks
//! at every point in their ranges ([`Shape::distance_within`]).
//!
//! All arithmetic is in doubles, in the order in which Valkey does it, because distances
//! are shown to the tenth of a millimetre.

mod cell;
mod cover;

#[cfg(test)]
mod tests;

pub use cell::{Cell, Point, decode, encode, text};
pub use cover::cover;

/// The earth's mean radius in metres.
const EARTH_RADIUS_M: f64 = 6_372_797.560856;
const RADIANS: f64 = std::f64::consts::PI / 180.0;

fn radians(degrees: f64) -> f64 {
    degrees * RADIANS
}

fn degrees(radians: f64) -> f64 {
    radians / RADIANS
}

/// Metres between two points on one meridian.
fn latitude_distance_m(a: f64, b: f64) -> f64 {
    EARTH_RADIUS_M * (radians(b) - radians(a)).abs()
}

/// Metres between two points along a great circle, by the haversine formula.
pub fn distance_m(a: Point, b: Point) -> f64 {
    let v = ((radians(b.longitude) - radians(a.longitude)) / 2.0).sin();
    if v == 0.0 {
        return latitude_distance_m(a.latitude, b.latitude);
    }
    let (from, to) = (radians(a.latitude), radians(b.latitude));
    let u = ((to - from) / 2.0).sin();
    let h = u * u + from.cos() * to.cos() * v * v;
    2.0 * EARTH_RADIUS_M * h.sqrt().asin()
}

/// What a search looks for points in. Lengths are in metres.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    Circle { center: Point, radius_m: f64 },
    Rectangle { center: Point, width_m: f64, height_m: f64 },
    Polygon { center: Point, corners: Vec<Point> },
}

impl Shape {
    /// A polygon with these corners, of which there is at least one; its center is the mean
    /// of the corners as points in space, seen from the earth's center.
    pub fn polygon(corners: Vec<Point>) -> Shape {
        let (mut x, mut y, mut z) = (0.0, 0.0, 0.0);
        for corner in &corners {
            let (longitude, latitude) = (radians(corner.longitude), radians(corner.latitude));
            x += EARTH_RADIUS_M * latitude.cos() * longitude.cos();
            y += EARTH_RADIUS_M * latitude.cos() * longitude.sin();
            z += EARTH_RADIUS_M * latitude.sin();
        }
        let n = corners.len() as f64;
        let (x, y, z): (f64, f64, f64) = (x / n, y / n, z / n);
        let (longitude, latitude) = (y.atan2(x), z.atan2((x * x + y * y).sqrt()));
        let center = Point { longitude: degrees(longitude), latitude: degrees(latitude) };
        Shape::Polygon { center, corners }
    }

    /// The point from which distances are measured.
    pub fn center(&self) -> Point {
        match self {
            Shape::Circle { center, .. } | Shape::Rectangle { center, .. } | Shape::Polygon { center, .. } => *center,
        }
    }

    /// Metres from the center to `point`, if that is inside.
    pub fn distance_within(&self, point: Point) -> Option<f64> {
        let distance = distance_m(self.center(), point);
        let inside = match self {
            Shape::Circle { radius_m, .. } => distance <= *radius_m,
            Shape::Rectangle { center, width_m, height_m } => {
                let aside = Point { longitude: center.longitude, ..point };
                latitude_distance_m(point.latitude, center.latitude) <= height_m / 2.0
                    && distance_m(point, aside) <= width_m / 2.0
            }
            Shape::Polygon { corners, .. } => encloses(corners, point),
        };
        inside.then_some(distance)
    }
}

/// Whether a point is inside a polygon on the plane of longitude and latitude: whether a ray
/// from it eastwards crosses an odd number of sides.
fn encloses(corners: &[Point], point: Point) -> bool {
    let before = corners.iter().cycle().skip(corners.len().saturating_sub(1));
    let crossed = corners.iter().zip(before).filter(|(a, b)| {
        let spans = (a.latitude > point.latitude) != (b.latitude > point.latitude);
        let slope = (b.longitude - a.longitude) * (point.latitude - a.latitude) / (b.latitude - a.latitude);
        spans && point.longitude < slope + a.longitude
    });
    crossed.count() % 2 == 1
}
