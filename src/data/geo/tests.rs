//! Known places and distances, and searches against looking at every point.

use super::*;
use proptest::prelude::*;

const PALERMO: Point = Point { longitude: 13.361389, latitude: 38.115556 };
const CATANIA: Point = Point { longitude: 15.087269, latitude: 37.502669 };

#[test]
fn known_places() {
    assert_eq!(encode(PALERMO), 3479099956230698);
    assert_eq!(encode(CATANIA), 3479447370796909);
    assert_eq!(&text(decode(3479099956230698)), b"sqc8b49rny0");
    assert_eq!(&text(decode(3479447370796909)), b"sqdtr74hyu0");
    let between = distance_m(decode(encode(PALERMO)), decode(encode(CATANIA)));
    assert_eq!(format!("{between:.4}"), "166274.1516");
    let here = decode(encode(CATANIA));
    assert_eq!(distance_m(here, here), 0.0);
}

#[test]
fn a_polygon_knows_inside_from_outside() {
    let p = |longitude, latitude| Point { longitude, latitude };
    // A U, open to the north.
    let u =
        Shape::polygon(vec![p(0., 0.), p(4., 0.), p(4., 4.), p(3., 4.), p(3., 1.), p(1., 1.), p(1., 4.), p(0., 4.)]);
    for (inside, point) in [(true, p(0.5, 3.0)), (true, p(2.0, 0.5)), (false, p(2.0, 3.0)), (false, p(5.0, 1.0))] {
        assert_eq!(u.distance_within(point).is_some(), inside, "{point:?}");
    }
}

fn point() -> impl Strategy<Value = Point> {
    (-179.9f64..179.9, -84.0f64..84.0).prop_map(|(longitude, latitude)| Point { longitude, latitude })
}

/// A point some degrees from `center`, still on the map.
fn near(center: Point, (east, north): (f64, f64)) -> Point {
    Point {
        longitude: (center.longitude + east).clamp(-180.0, 180.0),
        latitude: (center.latitude + north).clamp(-85.0, 85.0),
    }
}

proptest! {
    #[test]
    fn a_number_is_a_point_to_within_a_metre(p in point()) {
        let back = decode(encode(p));
        prop_assert!(distance_m(p, back) < 1.0);
        prop_assert_eq!(encode(back), encode(p));
    }

    #[test]
    fn a_search_misses_nothing(
        center in point(),
        radius_m in prop_oneof![0.0f64..1000.0, 1000.0f64..300_000.0],
        offsets in prop::collection::vec((-4.0f64..4.0, -3.0f64..3.0), 40),
    ) {
        // Near the poles and the date line Valkey misses points; that is as it should be.
        prop_assume!(center.latitude.abs() < 60.0 && center.longitude.abs() < 170.0);
        let shapes = [
            Shape::Circle { center, radius_m },
            Shape::Rectangle { center, width_m: radius_m * 2.0, height_m: radius_m },
            Shape::polygon(offsets[..5].iter().map(|o| near(center, *o)).collect()),
        ];
        for shape in shapes {
            let cells = cover(&shape);
            for o in &offsets {
                let number = encode(near(center, *o));
                if shape.distance_within(decode(number)).is_some() {
                    let score = number as f64;
                    let covered = cells.iter().map(|c| c.range()).filter(|(min, max)| *min <= score && score < *max).count();
                    prop_assert!(covered >= 1, "{:?} in {:?}", decode(number), shape);
                }
            }
        }
    }
}
