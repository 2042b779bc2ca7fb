//! Both forms of the hash against an ordered map.

use std::collections::BTreeMap;

use super::*;
use crate::data::packed::Item;
use proptest::prelude::*;

const KEY: HashKey = HashKey(7);

/// What a field holds: value and expiry.
type Model = BTreeMap<Vec<u8>, (Vec<u8>, Option<u64>)>;

#[derive(Debug, Clone)]
enum Op {
    Put(Vec<u8>, Vec<u8>, NewExpiry),
    Del(Vec<u8>),
    SetExpiry(Vec<u8>, u64),
    Persist(Vec<u8>),
    RemoveDue(Vec<u8>, u64),
    Expire(u64, usize),
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        9 => (0u32..40).prop_map(|n| format!("field{n}").into_bytes()),
        3 => (0u32..9).prop_map(|n| n.to_string().into_bytes()),
        1 => (250usize..260).prop_map(|n| vec![b'f'; n]),
    ]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![any::<i32>().prop_map(|v| v.to_string().into_bytes()), (0usize..300).prop_map(|n| vec![b'v'; n]),]
}

fn op() -> impl Strategy<Value = Op> {
    let expiry = prop_oneof![Just(NewExpiry::Keep), Just(NewExpiry::Never), (0u64..100).prop_map(NewExpiry::At)];
    prop_oneof![
        8 => (name(), value(), expiry).prop_map(|(f, v, e)| Op::Put(f, v, e)),
        2 => name().prop_map(Op::Del),
        3 => (name(), 0u64..100).prop_map(|(f, at)| Op::SetExpiry(f, at)),
        1 => name().prop_map(Op::Persist),
        1 => (name(), 0u64..100).prop_map(|(f, now)| Op::RemoveDue(f, now)),
        2 => (0u64..100, 0usize..20).prop_map(|(now, budget)| Op::Expire(now, budget)),
    ]
}

fn due(expiry: Option<u64>, now: u64) -> bool {
    expiry.is_some_and(|at| now > at)
}

fn apply(hash: &mut HashTable, model: &mut Model, op: &Op) {
    match op {
        Op::Put(f, v, expiry) => {
            let old = model.get(f).and_then(|(_, at)| *at);
            let at = match expiry {
                NewExpiry::Keep => old,
                NewExpiry::Never => None,
                NewExpiry::At(at) => Some(*at),
            };
            assert_eq!(hash.put(f, v, *expiry), model.insert(f.clone(), (v.clone(), at)).is_none());
        }
        Op::Del(f) => assert_eq!(hash.del(f), model.remove(f).is_some()),
        Op::SetExpiry(f, at) => {
            assert_eq!(hash.set_expiry(f, *at), model.contains_key(f));
            model.entry(f.clone()).and_modify(|(_, old)| *old = Some(*at));
        }
        Op::Persist(f) => {
            let had = model.get_mut(f).and_then(|(_, at)| at.take());
            assert_eq!(hash.persist(f), had.is_some());
        }
        Op::RemoveDue(f, now) => {
            let is_due = model.get(f).is_some_and(|(_, at)| due(*at, *now));
            assert_eq!(hash.remove_due(f, *now), is_due);
            if is_due {
                model.remove(f);
            }
        }
        Op::Expire(now, budget) => {
            let mut gone = Vec::new();
            let count = hash.expire(*now, *budget, |f, v| gone.push((f.to_vec(), v.to_vec())));
            assert_eq!(count, gone.len());
            for (f, v) in gone {
                let (value, at) = model.remove(&f).expect("removed only what was there");
                assert!(value == v && due(at, *now));
            }
            let left = model.values().any(|(_, at)| due(*at, *now));
            assert!(!left || hash.next_expiry_ms().is_some_and(|at| at < *now), "nobody would look again");
        }
    }
}

fn check(hash: &HashTable, model: &Model) {
    hash.check();
    assert_eq!(hash.len(), model.len());
    for (f, (v, at)) in model {
        assert_eq!(hash.entry(f), Some(Entry { field: f, value: v, expiry_ms: *at }));
        assert_eq!(hash.expiry_ms(f), *at);
        assert_eq!(hash.get_live(f, 50), (!due(*at, 50)).then_some(v.as_slice()));
    }
    let names = |entries: &mut dyn Iterator<Item = Entry<'_>>| {
        let mut names: Vec<Vec<u8>> = entries.map(|e| e.field.to_vec()).collect();
        names.sort();
        names
    };
    assert!(names(&mut hash.iter()).iter().eq(model.keys()));
    let live = model.iter().filter(|(_, (_, at))| !due(*at, 50)).map(|(f, _)| f);
    assert!(names(&mut hash.iter_live(50)).iter().eq(live));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn agrees_with_a_map(ops in prop::collection::vec(op(), 1..150)) {
        let (mut hash, mut model) = (HashTable::new(KEY), Model::new());
        for op in &ops {
            apply(&mut hash, &mut model, op);
            check(&hash, &model);
        }
        assert_eq!(hash.into_freed().count(), model.len());
    }

    #[test]
    fn the_packed_form_agrees_with_a_map(ops in prop::collection::vec((name(), prop::option::of(value())), 1..60)) {
        let (mut bytes, mut model) = (Vec::new(), BTreeMap::new());
        for (f, v) in ops {
            match v {
                Some(v) => {
                    {
                    let new = model.insert(f.clone(), v.clone()).is_none();
                    prop_assert_eq!(packed::set(&mut bytes, &f, v.as_slice()), new.then_some(model.len()));
                }
                }
                None => prop_assert_eq!(packed::del(&mut bytes, &f), model.remove(&f).is_some()),
            }
            prop_assert_eq!(packed::len(&bytes), model.len());
        }
        for (f, v) in &model {
            prop_assert_eq!(packed::get(&bytes, f), Some(Item::from_text(v)));
        }
        prop_assert!(packed::get(&bytes, b"absent").is_none());
        let pairs: BTreeMap<_, _> = packed::iter(&bytes).map(|(f, v)| (f.to_vec(), v.to_vec())).collect();
        prop_assert_eq!(&pairs, &model);
        for (n, (f, _)) in packed::iter(&bytes).enumerate() {
            prop_assert_eq!(packed::nth(&bytes, n).map(|(f, _)| f), Some(f));
        }
        prop_assert!(packed::nth(&bytes, model.len()).is_none());
        let table = packed::to_table(&bytes, KEY);
        table.check();
        let stored: BTreeMap<_, _> = table.iter().map(|e| (e.field.to_vec(), e.value.to_vec())).collect();
        prop_assert_eq!(stored, model);
    }
}

#[test]
fn many_fields_scan_draw_and_expire() {
    let mut hash = HashTable::new(KEY);
    for n in 0..20_000u64 {
        let expiry = if n % 4 == 0 { NewExpiry::At(n) } else { NewExpiry::Never };
        assert!(hash.put(format!("field{n}").as_bytes(), b"abc", expiry));
    }
    hash.check();
    assert_eq!((hash.expiring(), hash.next_expiry_ms()), (5000, Some(0)));

    let (mut cursor, mut seen) = (0, std::collections::BTreeSet::new());
    loop {
        cursor = hash.scan(cursor, |e| {
            seen.insert(e.field.to_vec());
        });
        if cursor == 0 {
            break;
        }
    }
    assert_eq!(seen.len(), 20_000);

    let mut state = 1u64;
    let mut rng = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        state ^ state >> 29
    };
    for _ in 0..100 {
        assert!(!hash.random_live(10_001, &mut rng).unwrap().is_due(10_001));
    }

    let (mut removed, mut slices) = (0, 0);
    while hash.next_expiry_ms().is_some_and(|at| at < 10_001) {
        removed += hash.expire(10_001, 100, |_, value| assert_eq!(value, b"abc"));
        slices += 1;
    }
    // The fields with the numbers 0, 4, 8 ... 10000.
    assert_eq!(removed, 2501);
    assert!(slices >= 50, "{slices} slices of 100 for 5000 fields");
    assert_eq!(hash.next_expiry_ms(), Some(10_004));
    hash.check();
}

#[test]
fn a_field_is_alive_in_its_last_millisecond() {
    let mut hash = HashTable::new(KEY);
    hash.put(b"f", b"v", NewExpiry::At(1000));
    assert_eq!(hash.get_live(b"f", 1000), Some(b"v".as_slice()));
    assert_eq!(hash.expire(1000, 10, |_, _| ()), 0);
    assert_eq!(hash.get_live(b"f", 1001), None);
    assert_eq!(hash.random_live(1001, &mut || 0), None);
    assert_eq!(hash.get(b"f"), Some(b"v".as_slice()));
    assert_eq!(hash.expire(1001, 10, |_, _| ()), 1);
    assert!(hash.is_empty());
}
