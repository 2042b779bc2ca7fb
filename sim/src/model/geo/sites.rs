//! The places that the workload knows.
//!
//! Each is the middle of a cell of the grid that scores number, so that what a server stores
//! is exactly what it was sent. Their numbers and texts are what redis-server 7.0 makes of
//! them. Two are fourteen metres apart, others kilometres and continents; no two distances
//! from a place are the same, so that an order by distance is one.

use super::super::{reply::Reply, zsets::Score};
use bytes::Bytes;

/// A place: its number in [`SITES`].
pub type Site = usize;

/// How long a degree and everything else is.
const EARTH_RADIUS_M: f64 = 6_372_797.560856;

/// What is known of a place.
pub struct Place {
    pub longitude: &'static str,
    pub latitude: &'static str,
    pub hash: i64,
    pub text: &'static str,
}

const fn place(longitude: &'static str, latitude: &'static str, hash: i64, text: &'static str) -> Place {
    Place { longitude, latitude, hash, text }
}

pub const SITES: [Place; 8] = [
    place("13.36138933897018433", "38.11555639549629859", 3479099956230698, "sqc8b49rny0"),
    place("13.36149126291275024", "38.11565524962151841", 3479099956253853, "sqc8b49xc30"),
    place("13.37200015783309937", "38.12999923666220781", 3479100690139654, "sqc8bm35q50"),
    place("15.08726745843887329", "37.50266842333162032", 3479447370796909, "sqdtr74hyu0"),
    place("-74.0060010552406311", "40.71279898695150479", 1791873974549446, "dr5regw3pp0"),
    place("-0.12760072946548462", "51.50720053692975853", 2163557714838307, "gcpvj0e54w0"),
    place("151.20929986238479614", "-33.86880091934155956", 3252046221964352, "r3gx2f77bj0"),
    place("2.35219806432723999", "48.8565995303492997", 3663832779122514, "u09tvw0f640"),
];

impl Place {
    /// The place whose number a score is.
    pub fn of(score: Score) -> &'static Place {
        SITES.iter().find(|p| p.score() == score).expect("maps hold nothing but places")
    }

    /// Its score.
    pub fn score(&self) -> Score {
        Score::halves(2 * self.hash)
    }

    /// Longitude and latitude, as replied.
    pub fn reply(&self) -> Reply {
        Reply::Array([self.longitude, self.latitude].map(|t| Reply::Bulk(Bytes::from_static(t.as_bytes()))).to_vec())
    }

    /// Longitude and latitude, in degrees.
    pub fn degrees(&self) -> (f64, f64) {
        (self.longitude.parse().expect("it is a number"), self.latitude.parse().expect("it is a number"))
    }
}

/// Metres between two points (degrees), by the haversine formula.
pub fn metres((lon_a, lat_a): (f64, f64), (lon_b, lat_b): (f64, f64)) -> f64 {
    let half_sine_squared = |a: f64, b: f64| ((b - a).to_radians() / 2.0).sin().powi(2);
    let h = half_sine_squared(lat_a, lat_b)
        + lat_a.to_radians().cos() * lat_b.to_radians().cos() * half_sine_squared(lon_a, lon_b);
    2.0 * EARTH_RADIUS_M * h.sqrt().asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_known_and_differ() {
        // From GEODIST of redis-server 7.0.
        let far = [0.0, 14.1579, 1855.4304, 166274.1516, 7177678.2780, 1824398.2791, 16230616.4547, 1485554.0159];
        for (site, far) in SITES.iter().zip(far) {
            assert!((metres(SITES[0].degrees(), site.degrees()) - far).abs() < 0.0001, "{far}");
        }
        for from in &SITES {
            let mut all: Vec<f64> = SITES.iter().map(|to| metres(from.degrees(), to.degrees())).collect();
            all.sort_by(f64::total_cmp);
            assert!(all.windows(2).all(|pair| pair[1] - pair[0] > 0.01), "{all:?}");
        }
        let hashes = SITES.iter().map(|p| p.hash);
        assert!(hashes.into_iter().all(|n| Score::halves(2 * n).text() == n.to_string()));
    }
}
