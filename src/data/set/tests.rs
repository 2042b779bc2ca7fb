//! The three forms against sets of the standard library.

use super::*;
use crate::data::packed::Item;
use proptest::prelude::*;
use std::collections::BTreeSet;

const KEY: HashKey = HashKey(5);

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => (-200i64..200).prop_map(|n| n.to_string().into_bytes()),
        2 => (0..60u8).prop_map(|n| format!("member{n:010}").into_bytes()),
        1 => (0usize..20, any::<u8>()).prop_map(|(n, b)| vec![b; n * 8]),
        1 => prop::collection::vec(any::<u8>(), 0..300),
    ]
}

/// Integers around the limits of the widths.
fn integer() -> impl Strategy<Value = i64> {
    let edges = [0, i16::MIN.into(), i16::MAX.into(), i32::MIN.into(), i32::MAX.into(), i64::MIN, i64::MAX];
    prop_oneof![
        4 => -40i64..40,
        2 => (prop::sample::select(edges.to_vec()), -2i64..=2).prop_map(|(n, d)| n.saturating_add(d)),
        1 => any::<i64>(),
    ]
}

fn rng() -> impl FnMut() -> u64 {
    let mut prng = crate::base::prng::Prng::new(9);
    move || prng.next_u64()
}

#[derive(Clone, Debug)]
enum Op {
    Add(Vec<u8>),
    Remove(Vec<u8>),
    Pop(usize),
    Clone,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => text().prop_map(Op::Add),
        3 => text().prop_map(Op::Remove),
        1 => (0usize..40).prop_map(Op::Pop),
        1 => Just(Op::Clone),
    ]
}

fn texts(set: &SetTable) -> BTreeSet<Vec<u8>> {
    let all: Vec<_> = set.iter().map(<[u8]>::to_vec).collect();
    let distinct: BTreeSet<_> = all.iter().cloned().collect();
    assert_eq!(distinct.len(), all.len());
    distinct
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_table_agrees_with_a_set(ops in prop::collection::vec(op(), 1..150)) {
        let (mut set, mut model, mut rng) = (SetTable::new(KEY), BTreeSet::new(), rng());
        for op in ops {
            match op {
                Op::Add(t) => prop_assert_eq!(set.add(&t), model.insert(t)),
                Op::Remove(t) => prop_assert_eq!(set.remove(&t), model.remove(&t)),
                Op::Pop(n) => {
                    let mut popped = Vec::new();
                    set.pop_random(n, &mut rng, |t| popped.push(t.to_vec()));
                    prop_assert_eq!(popped.len(), n.min(model.len()));
                    popped.iter().for_each(|t| assert!(model.remove(t)));
                }
                Op::Clone => set = set.clone(),
            }
            set.check();
            prop_assert_eq!(set.len(), model.len());
            prop_assert_eq!(&texts(&set), &model);
            prop_assert!(model.iter().all(|t| set.contains(t)) && !set.contains(b"absent"));
            let random = set.random(&mut rng);
            prop_assert_eq!(random.is_none(), model.is_empty());
            prop_assert!(random.is_none_or(|t| model.contains(t)));
        }
        assert_eq!(set.into_freed().count(), model.len());
    }

    #[test]
    fn integers_agree_with_a_set(ops in prop::collection::vec((integer(), any::<bool>()), 1..80)) {
        let (mut bytes, mut model) = (Vec::new(), BTreeSet::new());
        for (v, add) in ops {
            if add {
                prop_assert_eq!(ints::insert(&mut bytes, v), model.insert(v));
            } else {
                prop_assert_eq!(ints::remove(&mut bytes, v), model.remove(&v));
            }
            prop_assert!(ints::iter(&bytes).eq(model.iter().copied()));
            prop_assert_eq!(ints::len(&bytes), model.len());
            prop_assert_eq!(ints::validate(&bytes), Ok(model.len()));
            prop_assert_eq!(bytes.is_empty(), model.is_empty());
            for (n, v) in model.iter().enumerate() {
                prop_assert_eq!(ints::get(&bytes, n), *v);
            }
            prop_assert_eq!(ints::contains(&bytes, v), add);
        }
        let all: Vec<i64> = model.into_iter().collect();
        prop_assert!(ints::iter(&ints::collect(&all)).eq(all));
    }

    #[test]
    fn packed_members_agree_with_a_set(ops in prop::collection::vec((text(), any::<bool>()), 1..60)) {
        let (mut bytes, mut model) = (Vec::new(), Vec::<Vec<u8>>::new());
        for (t, add) in ops {
            let at = model.iter().position(|m| *m == t);
            match packed::find(&bytes, &t) {
                Err(count) => {
                    prop_assert_eq!((at, count), (None, model.len()));
                    if add {
                        packed::push(&mut bytes, Item::from_text(&t));
                        model.push(t);
                    }
                }
                Ok(_) if !add => {
                    prop_assert!(packed::remove(&mut bytes, &t));
                    model.remove(at.expect("found"));
                }
                Ok(_) => prop_assert!(at.is_some()),
            }
            prop_assert_eq!(packed::len(&bytes), model.len());
            prop_assert_eq!(packed::validate(&bytes), Ok(model.len()));
            for (n, t) in model.iter().enumerate() {
                prop_assert_eq!(packed::nth(&bytes, n).1.to_vec(), t.clone());
            }
        }
    }

    #[test]
    fn foreign_bytes_are_refused_or_sound(bytes in prop::collection::vec(any::<u8>(), 0..40), width in 0u8..10) {
        let mut ints = bytes.clone();
        if let Some(first) = ints.first_mut() {
            *first = width;
        }
        if let Ok(len) = ints::validate(&ints) {
            prop_assert_eq!(ints::iter(&ints).collect::<BTreeSet<_>>().len(), len);
        }
        if let Ok(len) = packed::validate(&bytes) {
            prop_assert_eq!(packed::len(&bytes), len);
            for n in 0..len {
                let (at, member) = packed::nth(&bytes, n);
                prop_assert_eq!(packed::find(&bytes, &member.to_vec()), Ok(at));
            }
        }
    }

    #[test]
    fn a_batch_is_what_sets_have(a in prop::collection::btree_set(text(), 0..150), b in prop::collection::btree_set(text(), 0..150)) {
        let mut table = SetTable::new(KEY);
        b.iter().for_each(|t| _ = table.add(t));
        for wanted in [true, false] {
            let (mut batch, mut left) = (Batch::default(), BTreeSet::new());
            // Integers reach a table as such from sets of another form.
            let mut items = a.iter().enumerate().map(|(n, t)| if n % 2 == 0 { Item::from_text(t) } else { Item::Str(t) });
            while batch.refill(&mut items) {
                batch.retain(|item| item.text_len() != 7);
                table.retain(&mut batch, wanted);
                table.retain(&mut batch, wanted);
                left.extend(batch.items().iter().map(|item| item.to_vec()));
            }
            let want: BTreeSet<_> = a.iter().filter(|t| t.len() != 7 && b.contains(*t) == wanted).cloned().collect();
            prop_assert_eq!(left, want);
        }
    }
}

#[test]
fn what_is_no_set_is_refused() {
    for bytes in [&[2][..], &[3, 0, 0, 0], &[2, 1], &[2, 1, 0, 1, 0], &[2, 2, 0, 1, 0], &[0], &[4, 1, 0]] {
        assert_eq!(ints::validate(bytes), Err(ints::Malformed), "{bytes:?}");
    }
    // The integer 5 and the text "5" are one member.
    assert_eq!(packed::validate(&[5, 0x81, b'5']).map_err(|e| e.at), Err(1));
    assert_eq!(packed::validate(&[5, 0x81, b'6']), Ok(2));
    assert!(packed::validate(&[0x85, b'x']).is_err());
}

#[test]
fn a_member_of_16_bytes_costs_26() {
    let mut set = SetTable::new(KEY);
    for n in 0..100_000u32 {
        set.add(format!("{n:016}").as_bytes());
    }
    let bytes = set.heap_bytes() as f64 / 100_000.0;
    assert!((24.0..27.0).contains(&bytes), "{bytes}");
}

#[test]
fn popping_is_fair() {
    let mut counts = [0u32; 40];
    let mut rng = rng();
    for _ in 0..2000 {
        let mut set = SetTable::new(KEY);
        (0..40u8).for_each(|n| _ = set.add(&[n]));
        set.pop_random(10, &mut rng, |t| counts[usize::from(t[0])] += 1);
    }
    // 500 each; the standard deviation is about 19.
    assert!(counts.iter().all(|c| (400..600).contains(c)), "{counts:?}");
}

#[test]
fn a_scan_sees_what_stays() {
    let mut set = SetTable::new(KEY);
    let name = |n: u32| format!("m{n}").into_bytes();
    (0..5000).for_each(|n| _ = set.add(&name(n)));
    let (mut cursor, mut seen, mut n) = (0, BTreeSet::new(), 0);
    loop {
        cursor = set.scan(cursor, |t| _ = seen.insert(t.to_vec()));
        if cursor == 0 {
            break;
        }
        // Odd members go, and others come: it shrinks, then grows.
        for _ in 0..10 {
            if n < 2500 {
                set.remove(&name(2 * n + 1));
            } else {
                set.add(&name(10_000 + n));
            }
            n += 1;
        }
    }
    assert!((0..2500).all(|n| seen.contains(&name(2 * n))));
    set.check();
}
