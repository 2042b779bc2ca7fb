//! Both forms of the sorted set against a vector kept in order.

use super::range::{LexRange, ScoreRange};
use super::*;
use crate::data::packed::{Item, Packed};
use proptest::prelude::*;
use std::collections::BTreeMap;

const KEY: HashKey = HashKey(7);

/// Name to score.
type Model = BTreeMap<Vec<u8>, f64>;

#[derive(Debug, Clone)]
enum Op {
    Put(Vec<u8>, f64),
    Del(Vec<u8>),
    RemoveRange(usize, usize),
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        9 => (0u32..400).prop_map(|n| format!("member{n}").into_bytes()),
        3 => (0u32..9).prop_map(|n| n.to_string().into_bytes()),
        1 => (250usize..260).prop_map(|n| vec![b'm'; n]),
    ]
}

fn score() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (-5i32..5).prop_map(f64::from),
        2 => (-50i32..50).prop_map(|n| f64::from(n) / 8.0),
        1 => prop::sample::select(vec![f64::INFINITY, f64::NEG_INFINITY, -0.0, 1e300, 4.6e18, 9.3e18, -1e19]),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (name(), score()).prop_map(|(m, s)| Op::Put(m, s)),
        3 => name().prop_map(Op::Del),
        1 => (0usize..400, 0usize..60).prop_map(|(at, n)| Op::RemoveRange(at, n)),
    ]
}

fn ordered(model: &Model) -> Vec<(f64, Vec<u8>)> {
    let mut all: Vec<_> = model.iter().map(|(m, s)| (*s, m.clone())).collect();
    all.sort_by(|a, b| a.partial_cmp(b).unwrap());
    all
}

fn apply(set: &mut ZSet, model: &mut Model, op: &Op) {
    match op {
        Op::Put(m, s) => {
            assert_eq!(set.score(m), model.get(m).copied());
            match model.insert(m.clone(), *s) {
                Some(_) => set.set_score(m, *s),
                None => set.insert(m, *s),
            }
        }
        Op::Del(m) => assert_eq!(set.remove(m), model.remove(m)),
        Op::RemoveRange(at, n) => {
            let end = (at + n).min(model.len());
            let ranks = *at.min(&end)..end;
            _ = set.remove_range(ranks.clone());
            for (_, m) in &ordered(model)[ranks] {
                model.remove(m);
            }
        }
    }
}

/// What an iterator gives, one by one; `for_each` has a way of its own and must give the same.
fn pairs<'a>(entries: impl Fn() -> Iter<'a>) -> Vec<(f64, Vec<u8>)> {
    let (mut all, mut each) = (Vec::new(), Vec::new());
    for e in entries() {
        all.push((e.score, e.member.to_vec()));
    }
    entries().for_each(|e| each.push((e.score, e.member.to_vec())));
    assert_eq!(all, each);
    all
}

fn compare(set: &ZSet, model: &Model) {
    set.check();
    let all = ordered(model);
    assert_eq!(pairs(|| set.iter(0..set.len(), false)), all);
    let mut reversed = pairs(|| set.iter(0..set.len(), true));
    reversed.reverse();
    assert_eq!(reversed, all);
    for (rank, (score, member)) in all.iter().enumerate() {
        assert_eq!(set.rank(Entry { score: *score, member }), rank);
        assert_eq!(set.nth(rank), Entry { score: *score, member });
    }
    for at in (0..all.len()).step_by(7) {
        let end = all.len().min(at + 90);
        assert_eq!(pairs(|| set.iter(at..end, false)), all[at..end]);
        let mut down = pairs(|| set.iter(at..end, true));
        down.reverse();
        assert_eq!(down, all[at..end]);
    }
    for bound in [-3.0, 0.0, 2.5, f64::INFINITY] {
        let want = all.iter().filter(|(s, _)| *s < bound).count();
        assert_eq!(set.count_scores_before(|s| s < bound), want);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_large_set_agrees_with_a_map(ops in prop::collection::vec(op(), 1..900)) {
        let (mut set, mut model) = (ZSet::new(KEY), Model::new());
        for (n, op) in ops.iter().enumerate() {
            apply(&mut set, &mut model, op);
            if n % 50 == 0 {
                compare(&set, &model);
            }
        }
        compare(&set, &model);
        compare(&set.clone(), &model);
        let (mut scanned, mut cursor) = (Model::new(), 0);
        loop {
            cursor = set.scan(cursor, |e| assert!(scanned.insert(e.member.to_vec(), e.score).is_none()));
            if cursor == 0 {
                break;
            }
        }
        prop_assert_eq!(scanned, model);
    }

    #[test]
    fn a_set_built_at_once_is_the_same(puts in prop::collection::vec((name(), score()), 0..500)) {
        let (mut set, mut model) = (Builder::new(KEY), Model::new());
        for (m, s) in &puts {
            set.merge(m, *s, |old| old.min(*s));
            model.entry(m.clone()).and_modify(|old| *old = old.min(*s)).or_insert(*s);
        }
        prop_assert_eq!(set.len(), model.len());
        compare(&set.finish(), &model);
    }

    #[test]
    fn the_packed_form_agrees_with_a_map(ops in prop::collection::vec(op(), 1..60), min in score(), max in score()) {
        let (mut bytes, mut model) = (Vec::new(), Model::new());
        for op in &ops {
            match op {
                Op::Put(m, s) => {
                    let located = packed::locate(&bytes, m, *s);
                    prop_assert_eq!(located.len, model.len());
                    let old = model.insert(m.clone(), *s);
                    prop_assert_eq!(located.found.map(|(_, s)| s), old);
                    if let Some((at, _)) = located.found {
                        packed::remove(&mut bytes, at);
                    }
                    let place = packed::locate(&bytes, m, *s).place;
                    packed::insert(&mut bytes, place, m, *s);
                }
                Op::Del(m) => {
                    let found = packed::locate(&bytes, m, 0.0).found;
                    prop_assert_eq!(found.map(|(_, s)| s), model.remove(m));
                    if let Some((at, _)) = found {
                        packed::remove(&mut bytes, at);
                    }
                }
                Op::RemoveRange(at, n) => {
                    let end = (at + n).min(model.len());
                    let ranks = *at.min(&end)..end;
                    packed::remove_range(&mut bytes, ranks.clone());
                    for (_, m) in &ordered(&model)[ranks] {
                        model.remove(m);
                    }
                }
            }
            prop_assert_eq!(packed::validate(&bytes), Ok(model.len()));
        }
        let all = ordered(&model);
        let got: Vec<_> = packed::iter(&bytes).map(|(m, s)| (s, m.to_vec())).collect();
        prop_assert_eq!(&got, &all);
        for (rank, (s, m)) in all.iter().enumerate() {
            prop_assert_eq!(packed::rank(&bytes, m), Some((rank, *s)));
            prop_assert_eq!(packed::score(&bytes, m), Some(*s));
        }
        let range = ScoreRange { min, max, above_min: true, below_max: false };
        let start = packed::count_before(&bytes, |s| range.is_below(s));
        prop_assert_eq!(start, all.iter().filter(|(s, _)| *s <= min).count());
        compare(&packed::to_zset(&bytes, KEY), &model);
        let mut listpack = Vec::new();
        packed::to_listpack(&bytes, &mut listpack);
        prop_assert_eq!(packed::from_listpack(&listpack), Ok(bytes));
    }

    #[test]
    fn foreign_bytes_are_checked(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(len) = packed::validate(&bytes) {
            prop_assert_eq!(packed::iter(&bytes).count(), len);
            packed::to_zset(&bytes, KEY).check();
        }
        if let Ok(made) = packed::from_listpack(&bytes) {
            prop_assert!(packed::validate(&made).is_ok());
        }
    }
}

#[test]
fn names_in_a_range_of_a_small_set() {
    let mut bytes = Vec::new();
    for name in [b"a", b"b", b"c", b"d"] {
        let end = bytes.len();
        packed::insert(&mut bytes, end, name, 0.0);
    }
    let ranks = |min: &str, max: &str, reverse| {
        packed::lex_range(&bytes, &LexRange::parse(min.as_bytes(), max.as_bytes()).unwrap(), reverse)
    };
    for reverse in [false, true] {
        assert_eq!(ranks("-", "+", reverse), 0..4);
        assert_eq!(ranks("[b", "(d", reverse), 1..3);
        assert_eq!(ranks("(d", "+", reverse), 0..0);
        assert!(ranks("[bb", "[bc", reverse).is_empty());
    }
}

#[test]
fn a_listpack_with_scores_that_are_none_is_refused() {
    let listpack = |items: &[&str]| {
        let mut bytes = Vec::new();
        items.iter().for_each(|item| Packed::<true>::push_back(&mut bytes, Item::from_text(item.as_bytes())));
        packed::from_listpack(&bytes).map(|b| packed::len(&b))
    };
    assert_eq!(listpack(&["b", "1.5", "a", "2", "c", "inf"]), Ok(3));
    assert_eq!(listpack(&["b", "1", "a", "-3"]), Ok(2));
    for wrong in [&["a"][..], &["a", "x"], &["a", "nan"], &["a", "1", "a", "2"]] {
        assert!(listpack(wrong).is_err(), "{wrong:?}");
    }
}

/// A set filled in order, in reverse order and at random costs what the module's head says.
#[test]
fn memory_per_member() {
    let name = |n: usize| format!("member:{n:09}");
    let per_member = |order: &mut dyn Iterator<Item = usize>| {
        let mut set = ZSet::new(KEY);
        order.for_each(|n| set.insert(name(n).as_bytes(), n as f64));
        set.check();
        set.heap_bytes() as f64 / set.len() as f64
    };
    let n = 30_011;
    let up = per_member(&mut (0..n));
    let down = per_member(&mut (0..n).rev());
    let mixed = per_member(&mut (0..n).map(|i| i * 7919 % n));
    assert!(up < 49.5 && down < 49.5 && mixed < 51.0, "{up} {down} {mixed}");
}
