//! Bytes that somebody else wrote, as a small sorted set and as a listpack of one: the checks
//! never panic, and whatever they let through can be read, changed and made large.
//!
//! The changes are made on the packed and on the large form and on a plain map, and must
//! agree after each step.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use norn::{
    base::hash::HashKey,
    data::zset::{Entry, ZSet, packed},
};
use std::collections::BTreeMap;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    /// The bytes are a listpack's.
    listpack: bool,
    bytes: &'a [u8],
    changes: Vec<Change<'a>>,
}

#[derive(Arbitrary, Debug)]
enum Change<'a> {
    Put(&'a [u8], f64),
    Small(u8, i8),
    Remove(&'a [u8]),
    /// Takes away the member at a rank that is taken modulo the length.
    Pop(u8),
}

fuzz_target!(|input: Input| {
    let bytes = if input.listpack { packed::from_listpack(input.bytes) } else { Ok(input.bytes.to_vec()) };
    let Ok(mut bytes) = bytes else { return };
    let Ok(len) = packed::validate(&bytes) else {
        return assert!(!input.listpack, "a conversion gives a valid set");
    };
    let mut large = packed::to_zset(&bytes, HashKey(1));
    assert_eq!(large.len(), len);
    let mut model: BTreeMap<Vec<u8>, f64> = packed::iter(&bytes).map(|(m, s)| (m.to_vec(), s)).collect();
    compare(&bytes, &large, &model);
    for change in &input.changes {
        match change {
            Change::Put(member, score) if !score.is_nan() => put(&mut bytes, &mut large, &mut model, member, *score),
            Change::Put(..) => {}
            Change::Small(member, score) => {
                put(&mut bytes, &mut large, &mut model, &[*member], f64::from(*score) / 4.0)
            }
            Change::Remove(member) => remove(&mut bytes, &mut large, &mut model, member),
            Change::Pop(_) if model.is_empty() => {}
            Change::Pop(n) => {
                let rank = usize::from(*n) % model.len();
                let member = large.nth(rank).member.to_vec();
                large.remove_range(rank..rank + 1);
                packed::remove_range(&mut bytes, rank..rank + 1);
                model.remove(&member);
            }
        }
        compare(&bytes, &large, &model);
    }
    let mut listpack = Vec::new();
    packed::to_listpack(&bytes, &mut listpack);
    assert_eq!(packed::from_listpack(&listpack).map(|b| packed::len(&b)), Ok(model.len()));
});

fn put(bytes: &mut Vec<u8>, large: &mut ZSet, model: &mut BTreeMap<Vec<u8>, f64>, member: &[u8], score: f64) {
    let found = packed::locate(bytes, member, score).found;
    assert_eq!(found.map(|(_, score)| score), model.get(member).copied());
    if let Some((at, _)) = found {
        packed::remove(bytes, at);
    }
    let place = packed::locate(bytes, member, score).place;
    packed::insert(bytes, place, member, score);
    match model.insert(member.to_vec(), score) {
        Some(_) => large.set_score(member, score),
        None => large.insert(member, score),
    }
}

fn remove(bytes: &mut Vec<u8>, large: &mut ZSet, model: &mut BTreeMap<Vec<u8>, f64>, member: &[u8]) {
    let score = model.remove(member);
    assert_eq!(large.remove(member), score);
    let found = packed::locate(bytes, member, 0.0).found;
    assert_eq!(found.map(|(_, score)| score), score);
    if let Some((at, _)) = found {
        packed::remove(bytes, at);
    }
}

fn compare(bytes: &[u8], large: &ZSet, model: &BTreeMap<Vec<u8>, f64>) {
    assert_eq!(packed::validate(bytes), Ok(model.len()));
    large.check();
    let mut want: Vec<(f64, &[u8])> = model.iter().map(|(m, s)| (*s, m.as_slice())).collect();
    want.sort_by(|a, b| a.partial_cmp(b).expect("no score is a NaN"));
    let entry = |(score, member): &(f64, Vec<u8>)| (*score, member.clone());
    let small: Vec<(f64, Vec<u8>)> = packed::iter(bytes).map(|(m, s)| (s, m.to_vec())).collect();
    let tree: Vec<(f64, Vec<u8>)> =
        large.iter(0..large.len(), false).map(|e: Entry| (e.score, e.member.to_vec())).collect();
    assert!(small.iter().map(entry).eq(tree.iter().map(entry)));
    assert!(tree.iter().map(|(s, m)| (*s, m.as_slice())).eq(want));
}
