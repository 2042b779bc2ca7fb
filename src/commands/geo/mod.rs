//! Geo commands: points kept as members of sorted sets, and searches among them.

pub mod points;
mod request;
pub mod search;

use super::row::Arg;
use crate::{
    base::num::parse_f64,
    data::geo::{Point, decode},
    keyspace::zset::ZsetRef,
    protocol::{Error, Reply},
    session::Args,
};

/// A unit of length, as [`unit_arg`] takes it.
const UNIT: Arg = Arg::one_of(
    "unit",
    &[Arg::token("m", "m"), Arg::token("km", "km"), Arg::token("ft", "ft"), Arg::token("mi", "mi")],
);

/// A longitude in argument `i` and a latitude in the next.
fn point_arg(args: Args, i: usize) -> Result<Point, Error> {
    let longitude = parse_f64(args.at(i)).ok_or(Error::NOT_FLOAT)?;
    let latitude = parse_f64(args.at(i + 1)).ok_or(Error::NOT_FLOAT)?;
    let point = Point { longitude, latitude };
    if !point.is_valid() {
        return Err(Error::err(format!("invalid longitude,latitude pair {longitude:.6},{latitude:.6}")));
    }
    Ok(point)
}

/// Argument `i` as a number; anything else is the error `message`.
fn length_arg(args: Args, i: usize, message: &'static str) -> Result<f64, Error> {
    parse_f64(args.at(i)).ok_or(Error::Static(message))
}

/// Argument `i` as a unit: its length in metres.
fn unit_arg(args: Args, i: usize) -> Result<f64, Error> {
    let units = [("m", 1.0), ("km", 1000.0), ("ft", 0.3048), ("mi", 1609.34)];
    let found = units.iter().find(|(name, _)| args.at(i).eq_ignore_ascii_case(name.as_bytes()));
    let unsupported = Error::Static("ERR unsupported unit provided. please use M, KM, FT, MI");
    found.map(|(_, metres)| *metres).ok_or(unsupported)
}

/// Where a member is.
fn point_of(set: ZsetRef, member: &[u8]) -> Option<Point> {
    set.score(member).map(|score| decode(score as u64))
}

/// Replies a distance with four decimals.
fn reply_distance(out: &mut Reply, distance: f64) {
    let n = (distance * 10_000.0).round_ties_even() as i64;
    out.bulk_fmt(format_args!("{}.{:04}", n / 10_000, n % 10_000));
}

/// Replies a longitude and a latitude.
fn reply_point(out: &mut Reply, point: Point) {
    out.array(2);
    out.human_double(point.longitude);
    out.human_double(point.latitude);
}
