//! The grid that numbers places on the earth, one bit after the other.

/// A place: longitude and latitude in degrees.
pub type Place = (f64, f64);

const STEPS: u32 = 26;
const LONGITUDE_MAX: f64 = 180.0;
const LATITUDE_MAX: f64 = 85.05112878;
/// Texts are those of a grid that reaches to the poles.
const TEXT_LATITUDE_MAX: f64 = 90.0;
const TEXT_DIGITS: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
const EARTH_RADIUS_M: f64 = 6_372_797.560856;

/// Whether the grid has this place.
pub fn is_valid((longitude, latitude): Place) -> bool {
    longitude.abs() <= LONGITUDE_MAX && latitude.abs() <= LATITUDE_MAX
}

/// The number of the cell around a place: bits of the column and of the row take turns, the
/// column's first.
pub fn number(place: Place) -> u64 {
    number_in(place, LATITUDE_MAX)
}

fn number_in((longitude, latitude): Place, latitude_max: f64) -> u64 {
    let step = |x: f64, max: f64| ((x + max) / (2.0 * max) * f64::from(1 << STEPS)) as u32;
    let (column, row) = (step(longitude, LONGITUDE_MAX), step(latitude, latitude_max));
    (0..STEPS).rev().fold(0, |n, bit| n << 2 | u64::from(column >> bit & 1) << 1 | u64::from(row >> bit & 1))
}

/// The middle of the cell that a score numbers; `None` for scores that are no such number.
pub fn middle(score: f64) -> Option<Place> {
    if score.fract() != 0.0 || !(0.0..f64::from(1 << STEPS) * f64::from(1 << STEPS)).contains(&score) {
        return None;
    }
    let n = score as u64;
    let gather = |first: u32| (0..STEPS).rev().fold(0u32, |v, bit| v << 1 | (n >> (2 * bit + first) & 1) as u32);
    let place = |step: u32, max: f64| (f64::from(step) + 0.5) / f64::from(1 << STEPS) * 2.0 * max - max;
    Some((place(gather(1), LONGITUDE_MAX), place(gather(0), LATITUDE_MAX)))
}

/// The usual text of a place: eleven digits of five bits, for the last of which there are none.
pub fn text(place: Place) -> Vec<u8> {
    let n = number_in(place, TEXT_LATITUDE_MAX);
    let digits = (1..=10).map(|i| TEXT_DIGITS[(n >> (2 * STEPS - 5 * i) & 31) as usize]);
    digits.chain([b'0']).collect()
}

/// Metres between two places, by the haversine formula.
pub fn metres(a: Place, b: Place) -> f64 {
    let half_sine_squared = |a: f64, b: f64| ((b - a).to_radians() / 2.0).sin().powi(2);
    let across = a.1.to_radians().cos() * b.1.to_radians().cos() * half_sine_squared(a.0, b.0);
    2.0 * EARTH_RADIUS_M * (half_sine_squared(a.1, b.1) + across).sqrt().asin()
}
