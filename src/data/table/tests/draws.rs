//! Draws are fair, whichever way they are made.

use super::*;

/// A generator of random numbers that is good enough to judge fairness by.
fn rng() -> impl FnMut() -> u64 {
    let mut n = 0u64;
    move || {
        n += 1;
        HashKey(99).hash(&n.to_le_bytes())
    }
}

/// Draws some 20 times per element and checks the spread: the counts' variance must be
/// about that of a Poisson distribution.
fn check<const HASHES: u8>(pair: &Pair<HASHES>, tagged: bool) {
    const MEAN: usize = 20;
    let len = if tagged { pair.table.tagged() } else { pair.table.len() };
    let mut counts = BTreeMap::new();
    let mut rng = rng();
    for _ in 0..len * MEAN {
        let drawn = match tagged {
            true => pair.table.random_tagged(&mut rng),
            false => pair.table.random(&mut rng),
        };
        let drawn = drawn.unwrap();
        assert!(!tagged || drawn.tag() != 0);
        *counts.entry(drawn.id()).or_insert(0usize) += 1;
    }
    assert_eq!(counts.len(), len);
    let square = |count: &usize| (count.abs_diff(MEAN) * count.abs_diff(MEAN)) as f64;
    let variance = counts.values().map(square).sum::<f64>() / len as f64 / MEAN as f64;
    let slack = 6.0 * (2.0 / len as f64).sqrt();
    assert!((variance - 1.0).abs() < slack, "{variance} of {len}, slack {slack}");
}

#[test]
#[cfg_attr(miri, ignore)]
fn draws_are_fair() {
    for len in [1, 2, 9, 100, 840, 1_000, 3_000, 4_100] {
        let mut pair = Pair::<HONEST>::new();
        (0..len).for_each(|key| pair.put(key, u8::from(key % 2 == 0)));
        check(&pair, false);
        check(&pair, true);
        (0..len).for_each(|key| pair.tag(key, u8::from(key % 16 == 0)));
        check(&pair, true);
    }
}

/// Segments of different depths have different numbers of entries.
#[test]
#[cfg_attr(miri, ignore)]
fn draws_from_segments_of_all_depths_are_fair() {
    let mut pair = Pair::<HONEST>::new();
    let mixed = |pair: &Pair<HONEST>| {
        let directory = &pair.table.directory;
        let shallow = |segment: &&Segment| segment.depth < directory.bits;
        let shallow = directory.segments().filter(shallow).count();
        shallow > 1 && directory.bits > 2 && !directory.oversize
    };
    let len = (0..10_000).find(|key| {
        pair.put(*key, u8::from(key % 2 == 0));
        mixed(&pair)
    });
    assert!(len.is_some());
    check(&pair, false);
    check(&pair, true);
}

#[test]
#[cfg_attr(miri, ignore)]
fn draws_from_lopsided_tables_are_fair() {
    let mut pair = Pair::<SKEWED>::new();
    (0..4_000).for_each(|key| pair.put(key, u8::from(key % 8 == 0)));
    check(&pair, false);
    check(&pair, true);
    (0..4_000).filter(|key| key % 4 != 0).for_each(|key| pair.remove(key));
    check(&pair, false);
    check(&pair, true);
    let mut pair = Pair::<ONE_PREFIX>::new();
    (0..1_500).for_each(|key| pair.put(key, u8::from(key % 8 == 0)));
    check(&pair, false);
    check(&pair, true);
}

#[test]
fn nothing_to_draw() {
    let mut pair = Pair::<HONEST>::new();
    assert!(pair.table.random(&mut rng()).is_none());
    (0..100).for_each(|key| pair.put(key, 0));
    assert!(pair.table.random_tagged(&mut rng()).is_none());
    assert!(pair.table.random(&mut rng()).is_some());
}

/// One tagged element in many is found by few draws and little counting.
#[test]
#[cfg_attr(miri, ignore)]
fn a_rare_tag_costs_one_draw() {
    let mut pair = Pair::<HONEST>::new();
    (0..50_000).for_each(|key| pair.put(key, u8::from(key == 31_415)));
    let (mut draws, mut rng) = (0, rng());
    for _ in 0..100 {
        let mut counted = || {
            draws += 1;
            rng()
        };
        assert_eq!(pair.table.random_tagged(&mut counted).unwrap().id(), 31_415);
    }
    assert_eq!(draws, 100);
}
