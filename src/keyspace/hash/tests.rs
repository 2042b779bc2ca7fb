use super::*;
use crate::{
    data::table::Element,
    keyspace::{Held, access::AccessPolicy, block::TAG_FIELDS_EXPIRE, changes::Changes, expire, shard::Keyspace},
};
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Op {
    Set(u8, Vec<u8>, NewExpiry),
    Del(u8),
    Expire(u8, u64),
    Persist(u8),
    /// Time passes.
    Wait(u64),
    /// Active expiry runs with this budget.
    Sweep(usize),
}

const START: u64 = 1000;

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => any::<i16>().prop_map(|n| n.to_string().into_bytes()),
        2 => prop::collection::vec(any::<u8>(), 0..12),
        1 => (20usize..40).prop_map(|n| vec![b'v'; n]),
    ]
}

fn op(fields: u8) -> impl Strategy<Value = Op> {
    let field = 0..fields;
    let expiry = prop_oneof![
        6 => Just(NewExpiry::Never),
        2 => Just(NewExpiry::Keep),
        1 => (START..START + 400).prop_map(NewExpiry::At),
    ];
    prop_oneof![
        10 => (field.clone(), value(), expiry).prop_map(|(f, v, e)| Op::Set(f, v, e)),
        3 => field.clone().prop_map(Op::Del),
        1 => (field.clone(), START..START + 400).prop_map(|(f, at)| Op::Expire(f, at)),
        1 => field.prop_map(Op::Persist),
        1 => (0u64..60).prop_map(Op::Wait),
        1 => (1usize..20).prop_map(Op::Sweep),
    ]
}

type Model = BTreeMap<Vec<u8>, (Vec<u8>, Option<u64>)>;

fn name(f: u8) -> Vec<u8> {
    if f.is_multiple_of(3) { f.to_string().into_bytes() } else { format!("field{f}").into_bytes() }
}

/// Applies `op` to the model and, through an edit, to the hash.
fn apply(keys: &mut Keys, model: &mut Model, limits: HashLimits, op: Op) {
    let (key, now) = (keys.key(b"a hash"), keys.now.0);
    let live = |model: &Model, f: &[u8]| model.get(f).filter(|(_, at)| at.is_none_or(|at| at >= now)).cloned();
    match op {
        Op::Set(f, v, expiry) => {
            let (f, mut hash) = (name(f), keys.upsert_hash(key, limits).unwrap());
            hash.drop_due([&*f].into_iter());
            let old = live(model, &f);
            let at = match expiry {
                NewExpiry::Never => None,
                NewExpiry::Keep => old.as_ref().and_then(|(_, at)| *at),
                NewExpiry::At(at) => Some(at),
            };
            assert_eq!(hash.set(&f, &v, expiry), old.is_none());
            model.insert(f, (v, at));
            hash.changed(Event::hash("hset"), 1);
        }
        Op::Del(f) => {
            let Some(mut hash) = keys.edit_hash(key, limits).unwrap() else { return };
            hash.drop_due([&*name(f)].into_iter());
            assert_eq!(hash.del(&name(f)), live(model, &name(f)).is_some());
            model.remove(&name(f));
        }
        Op::Expire(f, at) => {
            let Some(mut hash) = keys.edit_hash(key, limits).unwrap() else { return };
            hash.drop_due([&*name(f)].into_iter());
            if let Some((v, _)) = live(model, &name(f)) {
                hash.set_expiry(&name(f), at);
                model.insert(name(f), (v, Some(at)));
                hash.changed(Event::hash("hexpire"), 1);
            }
        }
        Op::Persist(f) => {
            let Some(mut hash) = keys.edit_hash(key, limits).unwrap() else { return };
            hash.drop_due([&*name(f)].into_iter());
            let old = live(model, &name(f));
            assert_eq!(hash.persist(&name(f)), old.as_ref().is_some_and(|(_, at)| at.is_some()));
            if let Some((v, _)) = old {
                model.insert(name(f), (v, None));
            }
        }
        Op::Wait(_) | Op::Sweep(_) => {}
    }
}

fn compare(keys: &mut Keys, model: &Model, limits: HashLimits) {
    let (key, now) = (keys.key(b"a hash"), keys.now);
    let live: BTreeMap<_, _> = model
        .iter()
        .filter(|(_, (_, at))| at.is_none_or(|at| at >= now.0))
        .map(|(f, v)| (f.clone(), v.clone()))
        .collect();
    let Some(e) = keys.read_hash(key).unwrap() else {
        return assert!(live.is_empty(), "only an empty hash ceases to exist");
    };
    let hash = HashRef::of(&e, now);
    let mut seen = BTreeMap::new();
    hash.each(|f, v| drop(seen.insert(f.to_vec(), v.to_vec())));
    let values: BTreeMap<_, _> = live.iter().map(|(f, (v, _))| (f.clone(), v.clone())).collect();
    assert_eq!(seen, values);
    assert_eq!(hash.len(), live.len());
    for f in model.keys() {
        assert_eq!(hash.get(f).map(Item::to_vec), values.get(f).cloned());
        assert_eq!(hash.expiry_ms(f), live.get(f).map(|(_, at)| *at));
    }
    let (mut scanned, mut cursor) = (BTreeMap::new(), 0);
    loop {
        cursor = hash.scan(cursor, |f, v| drop(scanned.insert(f.to_vec(), v.to_vec())));
        if cursor == 0 {
            break;
        }
    }
    assert_eq!(scanned, values);
    let random = hash.random(&mut Prng::new(now.0)).map(|(f, v)| (f.to_vec(), v.to_vec()));
    assert_eq!(random.is_none(), values.is_empty());
    assert!(random.is_none_or(|(f, v)| values.get(&f) == Some(&v)));
    match hash {
        HashRef::Packed(_) => {
            assert!(live.len() <= limits.fields);
            assert_eq!(e.tag() & TAG_FIELDS_EXPIRE, 0);
        }
        HashRef::Table(h, _) => {
            h.check();
            assert_eq!(e.tag() & TAG_FIELDS_EXPIRE != 0, h.expiring() > 0, "active expiry finds it");
        }
    }
}

fn behaves(ops: Vec<Op>, limits: HashLimits) {
    let space = Keyspace::new(HashKey(1), 1, 1);
    let mut held = Held::new(&space);
    held.all();
    let mut access = AccessPolicy { lfu: false, lfu_log_factor: 10, lfu_decay_minutes: 1, touch: true, ahead_ms: 0 };
    let (mut rng, mut changes) = (Prng::new(1), Changes::default());
    let (mut model, mut now, mut cursor) = (Model::new(), START, 0);
    for op in ops {
        match op {
            Op::Wait(ms) => now += ms,
            Op::Sweep(budget) => {
                expire::step(held.shard(0), 0, Wall(now), &mut cursor, budget, HashKey(1), &mut changes);
            }
            _ => {}
        }
        let mut keys =
            Keys { held: &mut held, db: 0, now: Wall(now), access: &mut access, rng: &mut rng, changes: &mut changes };
        apply(&mut keys, &mut model, limits, op);
        compare(&mut keys, &model, limits);
        let shard = held.shard(0);
        let entries: usize = shard.table(0).iter().map(|e| e.heap_bytes()).sum();
        assert_eq!(entries + shard.table_bytes(), shard.used_bytes(), "the memory account");
    }
    // Whatever is due goes in the end, and an empty hash with it.
    now += 10_000;
    for _ in 0..1000 {
        expire::step(held.shard(0), 0, Wall(now), &mut cursor, 10, HashKey(1), &mut changes);
    }
    let lasting = model.values().filter(|(_, at)| at.is_none()).count();
    assert_eq!(held.shard(0).table(0).len(), usize::from(lasting > 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn behaves_like_a_map(ops in prop::collection::vec(op(12), 1..120), fields in 0usize..10, text_bytes in 8usize..40) {
        behaves(ops, HashLimits { fields, text_bytes });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn a_large_one_too(ops in prop::collection::vec(op(200), 100..400)) {
        behaves(ops, HashLimits { fields: 30, text_bytes: 64 });
    }
}
