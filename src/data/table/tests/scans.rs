//! A scan sees whatever stays, whatever else comes and goes.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// Scans a table in which keys `0..stay` stay, all tagged, while the keys above come and
/// go as `ops` say, one op every few steps.
fn scan<const HASHES: u8>(stay: u32, before: &[Op], ops: &[Op], every: usize, tagged: bool) {
    let mut pair = Pair::<HASHES>::new();
    let shift = |op: &Op| match *op {
        Op::Put(from, n, tag) => Op::Put(stay + from, n, tag),
        Op::Remove(from, n) => Op::Remove(stay + from, n),
        Op::Tag(from, n, tag) => Op::Tag(stay + from, n, tag),
        // That could drop what must stay.
        Op::TakeApart(n) => Op::Remove(stay, n as u32),
    };
    before.iter().for_each(|op| pair.apply(&shift(op)));
    (0..stay).for_each(|key| pair.put(key, 1 + (key % 7) as u8));
    let mut seen = BTreeSet::new();
    let mut ops = ops.iter();
    let mut cursor = 0;
    for step in 1.. {
        assert!(step < 100_000, "the scan does not end");
        let visit = |item: &Item<HASHES>| {
            assert_eq!(pair.model.get(&item.id()), Some(&item.tag()));
            assert!(!tagged || item.tag() != 0);
            seen.insert(item.id());
        };
        cursor = match tagged {
            true => pair.table.scan_tagged(cursor, visit),
            false => pair.table.scan(cursor, visit),
        };
        assert!(cursor < 1 << 54);
        if cursor == 0 {
            break;
        }
        if step % every == 0 {
            ops.next().into_iter().for_each(|op| pair.apply(&shift(op)));
        }
    }
    assert!((0..stay).all(|key| seen.contains(&key)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 1 } else { 16 }))]

    #[test]
    #[cfg_attr(miri, ignore)]
    fn scans_miss_nothing(
        before in prop::collection::vec(op(8_000, 5_000), 0..3),
        ops in prop::collection::vec(op(8_000, 5_000), 0..20),
        every in 1usize..60,
        tagged: bool,
    ) {
        scan::<HONEST>(800, &before, &ops, every, tagged);
        scan::<SKEWED>(800, &before, &ops, every, tagged);
    }

    #[test]
    fn small_scans_miss_nothing(
        ops in prop::collection::vec(op(60, 40), 0..20),
        every in 1usize..4,
        tagged: bool,
    ) {
        scan::<HONEST>(20, &[], &ops, every, tagged);
        scan::<CONSTANT>(20, &[], &ops, every, tagged);
        scan::<LAST_FINGERPRINT>(20, &[], &ops, every, tagged);
    }

    #[test]
    fn any_number_is_a_cursor(cursor: u64, len in 0u32..3_000) {
        let mut pair = Pair::<HONEST>::new();
        (0..if cfg!(miri) { len % 50 } else { len }).for_each(|key| pair.put(key, (key % 2) as u8));
        let mut at = cursor;
        let mut steps = 0;
        while steps == 0 || at != 0 {
            at = pair.table.scan(at, |_| ());
            steps += 1;
            assert!(steps <= 2 + len as usize);
        }
        assert!(pair.table.scan_tagged(cursor, |_| ()) < 1 << 54);
    }
}

/// Without changes, each element is visited once, in steps of about a bucket.
#[test]
fn a_quiet_scan_visits_each_element_once() {
    let mut pair = Pair::<HONEST>::new();
    (0..if cfg!(miri) { 100 } else { 10_000 }).for_each(|key| pair.put(key, (key % 3) as u8));
    for tagged in [false, true] {
        let mut seen = BTreeMap::new();
        let (mut cursor, mut most) = (0, 0);
        loop {
            let mut visited = 0;
            let visit = |item: &Item| {
                visited += 1;
                *seen.entry(item.id()).or_insert(0) += 1;
            };
            cursor = match tagged {
                true => pair.table.scan_tagged(cursor, visit),
                false => pair.table.scan(cursor, visit),
            };
            most = most.max(visited);
            if cursor == 0 {
                break;
            }
        }
        assert!(seen.values().all(|times| *times == 1));
        assert_eq!(seen.len(), if tagged { pair.table.tagged() } else { pair.table.len() });
        assert!(most <= 30, "{most}");
    }
}

/// A scan for one tagged element among many takes few steps.
#[test]
#[cfg_attr(miri, ignore)]
fn a_tagged_scan_passes_over_the_rest() {
    let mut pair = Pair::<HONEST>::new();
    (0..100_000).for_each(|key| pair.put(key, u8::from(key == 77_777)));
    let (mut cursor, mut steps, mut seen) = (0, 0, 0);
    loop {
        cursor = pair.table.scan_tagged(cursor, |item| {
            assert_eq!(item.id(), 77_777);
            seen += 1;
        });
        steps += 1;
        if cursor == 0 {
            break;
        }
    }
    assert_eq!(seen, 1);
    assert!(steps < 150, "{steps}");
}
