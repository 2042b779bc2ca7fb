//! The grid: points to numbers and back.
//!
//! A cell of `step` s is one of 2^s times 2^s; its number has the bits of its row (latitude)
//! at even and those of its column (longitude) at odd places. The smallest cells, of step 26,
//! stand for points.

/// A place in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub longitude: f64,
    pub latitude: f64,
}

/// The steps of a point's number.
pub(super) const POINT_STEP: u32 = 26;
/// The latitude beyond which the grid does not go.
pub(super) const LATITUDE_MAX: f64 = 85.05112878;
pub(super) const LONGITUDE_MAX: f64 = 180.0;
/// The limits of the grid that others use for the same text.
const TEXT_LATITUDE_MAX: f64 = 90.0;
const TEXT_ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
const TEXT_LEN: usize = 11;

const EVEN: u64 = 0x5555_5555_5555_5555;
const ODD: u64 = !EVEN;

impl Point {
    /// Whether the grid has this place.
    pub fn is_valid(self) -> bool {
        self.longitude.abs() <= LONGITUDE_MAX && self.latitude.abs() <= LATITUDE_MAX
    }
}

/// A cell of the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    bits: u64,
    step: u32,
}

/// The edges of a cell in degrees.
#[derive(Clone, Copy, Debug)]
pub(super) struct Area {
    pub west: f64,
    pub east: f64,
    pub south: f64,
    pub north: f64,
}

/// Spreads 32 bits over the even places.
fn spread(v: u32) -> u64 {
    let mut v = u64::from(v);
    for (shift, mask) in [
        (16, 0x0000_ffff_0000_ffff),
        (8, 0x00ff_00ff_00ff_00ff),
        (4, 0x0f0f_0f0f_0f0f_0f0f),
        (2, 0x3333_3333_3333_3333),
        (1, EVEN),
    ] {
        v = (v | v << shift) & mask;
    }
    v
}

/// Gathers the bits at even places.
fn gather(v: u64) -> u32 {
    let mut v = v & EVEN;
    for (shift, mask) in [
        (1, 0x3333_3333_3333_3333),
        (2, 0x0f0f_0f0f_0f0f_0f0f),
        (4, 0x00ff_00ff_00ff_00ff),
        (8, 0x0000_ffff_0000_ffff),
        (16, 0x0000_0000_ffff_ffff),
    ] {
        v = (v | v >> shift) & mask;
    }
    v as u32
}

/// The number of the cell around a point in a grid that reaches to this latitude.
fn number(p: Point, step: u32, latitude_max: f64) -> u64 {
    let steps = (1u64 << step) as f64;
    let row = (p.latitude + latitude_max) / (latitude_max + latitude_max) * steps;
    let column = (p.longitude + LONGITUDE_MAX) / (LONGITUDE_MAX + LONGITUDE_MAX) * steps;
    spread(row as u32) | spread(column as u32) << 1
}

/// The number that stands for a point of the grid.
pub fn encode(p: Point) -> u64 {
    number(p, POINT_STEP, LATITUDE_MAX)
}

/// The point a number stands for: the middle of its cell.
pub fn decode(bits: u64) -> Point {
    let area = Cell { bits, step: POINT_STEP }.area();
    let middle = |a: f64, b: f64, max: f64| ((a + b) / 2.0).clamp(-max, max);
    Point {
        longitude: middle(area.west, area.east, LONGITUDE_MAX),
        latitude: middle(area.south, area.north, LATITUDE_MAX),
    }
}

/// The standard text for a point, 11 characters of which the last is always `0`.
pub fn text(p: Point) -> [u8; TEXT_LEN] {
    let bits = number(p, POINT_STEP, TEXT_LATITUDE_MAX);
    std::array::from_fn(|i| match i {
        // Ten characters take 50 of the 52 bits; the last has none of its own.
        10 => TEXT_ALPHABET[0],
        _ => TEXT_ALPHABET[(bits >> (52 - 5 * (i + 1)) & 0x1f) as usize],
    })
}

impl Cell {
    /// The cell of this step around a point.
    pub(super) fn around(p: Point, step: u32) -> Cell {
        Cell { bits: number(p, step, LATITUDE_MAX), step }
    }

    pub(super) fn area(self) -> Area {
        let edge = |n: f64, max: f64| -max + n / (1u64 << self.step) as f64 * (max + max);
        let (row, column) = (f64::from(gather(self.bits)), f64::from(gather(self.bits >> 1)));
        Area {
            west: edge(column, LONGITUDE_MAX),
            east: edge(column + 1.0, LONGITUDE_MAX),
            south: edge(row, LATITUDE_MAX),
            north: edge(row + 1.0, LATITUDE_MAX),
        }
    }

    /// The cell so many columns to the east and rows to the north, around the globe if need
    /// be; each is -1, 0 or 1.
    pub(super) fn neighbour(self, east: i32, north: i32) -> Cell {
        let all = u64::MAX >> (64 - 2 * self.step);
        let (columns, rows) = (self.bits & ODD, self.bits & EVEN);
        let moved = |bits: u64, by: i32, places: u64| match by {
            0 => bits,
            // Bits of the other coordinate are set, or clear, to hand a carry on.
            1 => bits.wrapping_add((!places & all).wrapping_add(1)) & places & all,
            _ => (bits | !places & all).wrapping_sub((!places & all).wrapping_add(1)) & places & all,
        };
        Cell { bits: moved(columns, east, ODD) | moved(rows, north, EVEN), ..self }
    }

    /// The numbers of the points in the cell: from the first, up to but without the second.
    pub fn range(self) -> (f64, f64) {
        let shift = 2 * POINT_STEP - 2 * self.step;
        ((self.bits << shift) as f64, ((self.bits + 1) << shift) as f64)
    }
}
