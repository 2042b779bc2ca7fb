//! Which cells a search has to look into.

use super::cell::{Cell, LATITUDE_MAX, LONGITUDE_MAX, POINT_STEP, Point};
use super::{EARTH_RADIUS_M, Shape, degrees, distance_m, radians};
use smallvec::SmallVec;

/// Half the length of the equator on the map, in metres.
const MERCATOR_MAX_M: f64 = 20_037_726.37;

/// The least and the greatest coordinates of a shape, in degrees.
struct Bounds {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

impl Bounds {
    fn of(shape: &Shape) -> Bounds {
        match shape {
            Shape::Circle { center, radius_m } => Bounds::around(*center, *radius_m, *radius_m),
            Shape::Rectangle { center, width_m, height_m } => Bounds::around(*center, width_m / 2.0, height_m / 2.0),
            Shape::Polygon { corners, .. } => {
                let fold =
                    |of: fn(&Point) -> f64, pick: fn(f64, f64) -> f64, from| corners.iter().map(of).fold(from, pick);
                Bounds {
                    west: fold(|p| p.longitude, f64::min, LONGITUDE_MAX),
                    south: fold(|p| p.latitude, f64::min, LATITUDE_MAX),
                    east: fold(|p| p.longitude, f64::max, -LONGITUDE_MAX),
                    north: fold(|p| p.latitude, f64::max, -LATITUDE_MAX),
                }
            }
        }
    }

    /// So far to each side of a point; a degree of longitude is shortest on the side of the
    /// nearer pole.
    fn around(center: Point, width_m: f64, height_m: f64) -> Bounds {
        let up = degrees(height_m / EARTH_RADIUS_M);
        let poleward = if center.latitude < 0.0 { center.latitude - up } else { center.latitude + up };
        let aside = degrees(width_m / EARTH_RADIUS_M / radians(poleward).cos());
        Bounds {
            west: center.longitude - aside,
            south: center.latitude - up,
            east: center.longitude + aside,
            north: center.latitude + up,
        }
    }
}

/// How far a shape reaches from its center, in metres, at most.
fn reach_m(shape: &Shape, bounds: &Bounds) -> f64 {
    match shape {
        Shape::Circle { radius_m, .. } => *radius_m,
        Shape::Rectangle { width_m, height_m, .. } => {
            (width_m / 2.0 * (width_m / 2.0) + height_m / 2.0 * (height_m / 2.0)).sqrt()
        }
        Shape::Polygon { center, .. } => {
            let corners = [bounds.west, bounds.east].into_iter().flat_map(|longitude| {
                [bounds.north, bounds.south].map(|latitude| distance_m(*center, Point { longitude, latitude }))
            });
            corners.fold(0.0, f64::max)
        }
    }
}

/// The step of cells of which three in a row cover twice this reach.
fn step_for(reach_m: f64, latitude: f64) -> u32 {
    if reach_m == 0.0 {
        return POINT_STEP;
    }
    let (mut step, mut reach_m) = (1i32, reach_m);
    while reach_m < MERCATOR_MAX_M {
        reach_m *= 2.0;
        step += 1;
    }
    step -= 2;
    // Columns are narrower near the poles.
    step -= i32::from(latitude.abs() > 66.0) + i32::from(latitude.abs() > 80.0);
    step.clamp(1, POINT_STEP as i32) as u32
}

/// The cells whose points may be in a shape, in the order in which they are looked into.
pub fn cover(shape: &Shape) -> SmallVec<[Cell; 9]> {
    let bounds = Bounds::of(shape);
    let center = shape.center();
    let center = Point { latitude: center.latitude.clamp(-LATITUDE_MAX, LATITUDE_MAX), ..center };
    let mut step = step_for(reach_m(shape, &bounds), center.latitude);
    let mut cell = Cell::around(center, step);
    let too_small = cell.neighbour(0, 1).area().north < bounds.north
        || cell.neighbour(0, -1).area().south > bounds.south
        || cell.neighbour(1, 0).area().east < bounds.east
        || cell.neighbour(-1, 0).area().west > bounds.west;
    if step > 1 && too_small {
        step -= 1;
        cell = Cell::around(center, step);
    }
    let area = cell.area();
    let needless = |east: i32, north: i32| {
        step >= 2
            && (north < 0 && area.south < bounds.south
                || north > 0 && area.north > bounds.north
                || east < 0 && area.west < bounds.west
                || east > 0 && area.east > bounds.east)
    };
    let mut cells = SmallVec::from_elem(cell, 1);
    let mut last = None;
    for (east, north) in [(0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)] {
        let next = cell.neighbour(east, north);
        // On a coarse grid, neighbours on both sides are the same.
        if !needless(east, north) && last != Some(next) {
            cells.push(next);
            last = Some(next);
        }
    }
    cells
}
