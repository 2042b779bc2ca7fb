use super::*;
use crate::{
    base::{prng::Prng, time::Wall},
    keyspace::{Held, access::AccessPolicy, changes::Changes, shard::Keyspace},
};
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Op {
    Put(u8, f64),
    Add(u8, f64),
    Del(u8),
    RemoveRange(usize, usize),
}

fn score() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (-4i32..4).prop_map(f64::from),
        2 => (-40i32..40).prop_map(|n| f64::from(n) / 16.0),
        1 => Just(f64::INFINITY),
    ]
}

fn op(members: u8) -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (0..members, score()).prop_map(|(m, s)| Op::Put(m, s)),
        3 => (0..members, score()).prop_map(|(m, s)| Op::Add(m, s)),
        3 => (0..members).prop_map(Op::Del),
        1 => (0usize..20, 0usize..6).prop_map(|(at, n)| Op::RemoveRange(at, n)),
    ]
}

type Model = BTreeMap<Vec<u8>, f64>;

fn name(m: u8) -> Vec<u8> {
    if m.is_multiple_of(3) { m.to_string().into_bytes() } else { format!("member{m}").into_bytes() }
}

fn ordered(model: &Model) -> Vec<(f64, Vec<u8>)> {
    let mut all: Vec<_> = model.iter().map(|(m, s)| (*s, m.clone())).collect();
    all.sort_by(|a, b| a.partial_cmp(b).unwrap());
    all
}

const EVENT: Event = Event::zset("zadd");

fn apply(keys: &mut Keys, model: &mut Model, limits: ZsetLimits, op: Op) {
    let key = keys.key(b"a sorted set");
    match op {
        Op::Put(m, s) => {
            let mut set = keys.upsert_zset(key, limits).unwrap();
            assert_eq!(set.put(&name(m), s, |_| Some(s)), (model.insert(name(m), s), Some(s)));
            set.changed(EVENT, 1);
        }
        Op::Add(m, s) => {
            let Some(mut set) = keys.edit_zset(key, limits).unwrap() else { return };
            let old = model.get(&name(m)).copied();
            let new = old.map(|old| old + s);
            assert_eq!(set.put(&name(m), s, |old| Some(old? + s)), (old, new));
            if let Some(new) = new {
                model.insert(name(m), new);
            }
        }
        Op::Del(m) => {
            let Some(mut set) = keys.edit_zset(key, limits).unwrap() else { return };
            assert_eq!(set.remove(&name(m)), model.remove(&name(m)).is_some());
        }
        Op::RemoveRange(at, n) => {
            let Some(mut set) = keys.edit_zset(key, limits).unwrap() else { return };
            let end = (at + n).min(model.len());
            let ranks = at.min(end)..end;
            set.remove_range(ranks.clone());
            for (_, m) in &ordered(model)[ranks] {
                model.remove(m);
            }
        }
    }
}

fn compare(keys: &mut Keys, model: &Model, limits: ZsetLimits) {
    let key = keys.key(b"a sorted set");
    let Some(e) = keys.read_zset(key).unwrap() else {
        return assert!(model.is_empty(), "only an empty set ceases to exist");
    };
    let (set, all) = (ZsetRef::of(&e), ordered(model));
    let texts = |members: Members| members.map(|(m, s)| (s, m.to_vec())).collect::<Vec<_>>();
    assert_eq!(texts(set.all()), all);
    assert_eq!(set.len(), all.len());
    for start in 0..all.len() {
        for end in [start, start + 1, all.len()] {
            assert_eq!(texts(set.range(start..end, false)), all[start..end]);
            let down: Vec<_> = all[start..end].iter().rev().cloned().collect();
            assert_eq!(texts(set.range(start..end, true)), down);
        }
    }
    for (rank, (score, member)) in all.iter().enumerate() {
        assert_eq!(set.rank(member), Some((rank, *score)));
        assert_eq!(set.score(member), Some(*score));
        let one = ScoreRange { min: *score, max: *score, above_min: false, below_max: false };
        let same = all.iter().filter(|(s, _)| s == score).count();
        let ranks = set.score_range(&one);
        assert!(ranks.len() == same && ranks.contains(&rank));
        let above = ScoreRange { min: *score, max: f64::INFINITY, above_min: true, below_max: false };
        assert_eq!(set.score_range(&above), ranks.end..all.len());
    }
    if let ZsetRef::Packed(bytes) = set {
        assert_eq!(packed::validate(bytes), Ok(all.len()));
        assert!(all.len() <= limits.members && all.iter().all(|(_, m)| m.len() <= limits.text_bytes));
    }
}

fn behaves(ops: Vec<Op>, limits: ZsetLimits) {
    let space = Keyspace::new(HashKey(1), 1, 1);
    let mut held = Held::new(&space);
    held.all();
    let mut access = AccessPolicy { lfu: false, lfu_log_factor: 10, lfu_decay_minutes: 1, touch: true, ahead_ms: 0 };
    let (mut rng, mut changes, mut model) = (Prng::new(1), Changes::default(), Model::new());
    for op in ops {
        let mut keys =
            Keys { held: &mut held, db: 0, now: Wall(1), access: &mut access, rng: &mut rng, changes: &mut changes };
        apply(&mut keys, &mut model, limits, op);
        compare(&mut keys, &model, limits);
        let shard = held.shard(0);
        shard.check_account();
        for e in shard.table(0).iter() {
            if let Some(Object::ZSet(set)) = e.object() {
                set.check();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn behaves_like_a_map(ops in prop::collection::vec(op(12), 1..100), members in 0usize..12, text_bytes in 6usize..10) {
        behaves(ops, ZsetLimits { members, text_bytes });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn a_large_one_too(ops in prop::collection::vec(op(200), 100..300)) {
        behaves(ops, ZsetLimits { members: 30, text_bytes: 64 });
    }
}

#[test]
fn names_in_a_range() {
    let space = Keyspace::new(HashKey(1), 1, 1);
    let limits = |members| ZsetLimits { members, text_bytes: 64 };
    for limits in [limits(0), limits(10)] {
        let mut builder = Builder::new(space.hash_key());
        ["a", "b", "c", "d", "e"].iter().for_each(|name| builder.add(name.as_bytes(), 0.0));
        let e = entry_of(b"key", builder, limits);
        let ranks = |min: &str, max: &str| {
            ZsetRef::of(&e).lex_range(&LexRange::parse(min.as_bytes(), max.as_bytes()).unwrap(), false)
        };
        assert_eq!(ranks("-", "+"), 0..5);
        assert_eq!(ranks("(a", "[c"), 1..3);
        assert_eq!(ranks("[d", "(d").len(), 0);
        assert_eq!(ranks("+", "-").len(), 0);
        assert_eq!(ranks("[x", "+").len(), 0);
    }
}
