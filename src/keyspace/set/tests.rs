//! A set through the door, against a set of the standard library, and the memory account.

use super::*;
use crate::{
    base::time::Wall,
    keyspace::{Held, access::AccessPolicy, changes::Changes, event, shard::Keyspace},
};
use proptest::prelude::*;
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
enum Op {
    Add(Vec<Vec<u8>>),
    Remove(Vec<u8>),
    Pop,
    PopMany(usize),
    /// A new set of what it holds.
    Rebuild(bool),
    Clear,
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => (-30i64..30).prop_map(|n| (n * 2000).to_string().into_bytes()),
        2 => any::<i64>().prop_map(|n| n.to_string().into_bytes()),
        2 => (0..20u8).prop_map(|n| format!("m{n}").into_bytes()),
        1 => (20usize..40).prop_map(|n| vec![b'v'; n]),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        12 => prop::collection::vec(text(), 1..6).prop_map(Op::Add),
        4 => text().prop_map(Op::Remove),
        1 => Just(Op::Pop),
        1 => (1usize..12).prop_map(Op::PopMany),
        1 => any::<bool>().prop_map(Op::Rebuild),
        1 => Just(Op::Clear),
    ]
}

type Model = BTreeSet<Vec<u8>>;

const EVENT: Event = Event::set("test");

fn apply(keys: &mut Keys, model: &mut Model, limits: SetLimits, op: Op) {
    let key = keys.key(b"a set");
    let mut rng = Prng::new(keys.rng.next_u64());
    let mut popped = |item: Item| assert!(model.remove(&item.to_vec()), "{item:?}");
    match op {
        Op::Add(all) => {
            let mut set = keys.upsert_set(key, limits, &all[0], all.len()).unwrap();
            all.into_iter().for_each(|t| assert_eq!(set.add(&t), model.insert(t)));
            set.changed(EVENT, 1);
        }
        Op::Rebuild(ints) => {
            let mut draft = SetDraft::new(b"a set", keys.set_rules(limits), ints);
            model.iter().for_each(|t| assert!(draft.add(Item::from_text(t))));
            assert!(!draft.remove(Item::Str(b"absent")));
            draft.shrink_to_ints();
            if !draft.get().is_empty() {
                keys.put(key.hash, draft.into_entry(), EVENT);
            }
        }
        other => {
            let Some(mut set) = keys.edit_set(key, limits).unwrap() else { return };
            match other {
                Op::Remove(t) => assert_eq!(set.remove(&t), model.remove(&t)),
                Op::Pop => set.pop(&mut rng, popped),
                Op::PopMany(n) if n < set.get().len() => set.pop_many(n, &mut rng, popped),
                Op::Clear => {
                    set.get().each(&mut popped);
                    set.clear();
                }
                _ => {}
            }
            set.changed(EVENT, 1);
        }
    }
}

fn compare(keys: &mut Keys, model: &Model, limits: SetLimits) {
    let key = keys.key(b"a set");
    let mut rng = Prng::new(model.len() as u64);
    let Some(e) = keys.read_set(key).unwrap() else {
        return assert!(model.is_empty(), "only an empty set ceases to exist");
    };
    let set = SetRef::of(&e);
    let (mut each, mut scanned, mut cursor) = (Vec::new(), Model::new(), 0);
    set.each(|item| each.push(item.to_vec()));
    assert_eq!(set.iter().map(Item::to_vec).collect::<Vec<_>>(), each);
    assert_eq!(each.iter().cloned().collect::<Model>(), *model);
    assert_eq!((each.len(), set.len()), (model.len(), model.len()));
    assert!(model.iter().all(|t| set.contains(t)) && !set.contains(b"absent"));
    loop {
        cursor = set.scan(cursor, |item| _ = scanned.insert(item.to_vec()));
        if cursor == 0 {
            break;
        }
    }
    assert_eq!(scanned, *model);
    assert!(set.random(&mut rng).is_some_and(|item| model.contains(&item.to_vec())));
    for wanted in [true, false] {
        let (mut batch, mut left) = (Batch::default(), Vec::new());
        let mut items = model.iter().map(|t| Item::Str(t)).chain([Item::Int(1), Item::Str(b"absent")]);
        while batch.refill(&mut items) {
            set.retain(&mut batch, wanted);
            left.extend(batch.items().iter().map(|item| item.to_vec()));
        }
        assert_eq!(left.len(), if wanted { model.len() } else { 2 });
    }
    match set {
        SetRef::Ints(_) => assert!(set.len() <= limits.ints),
        SetRef::Packed(_) => {
            assert!(set.len() <= limits.packed && model.iter().all(|t| t.len() <= limits.text_bytes));
        }
        SetRef::Table(s) => s.check(),
    }
}

fn behaves(ops: Vec<Op>, limits: SetLimits) {
    let space = Keyspace::new(HashKey(1), 1, 1);
    let mut held = Held::new(&space);
    held.all();
    let mut access = AccessPolicy { lfu: false, lfu_log_factor: 10, lfu_decay_minutes: 1, touch: true, ahead_ms: 0 };
    let (mut rng, mut changes, mut model) = (Prng::new(1), Changes::default(), Model::new());
    for op in ops {
        let mut keys =
            Keys { held: &mut held, db: 0, now: Wall(1000), access: &mut access, rng: &mut rng, changes: &mut changes };
        apply(&mut keys, &mut model, limits, op);
        compare(&mut keys, &model, limits);
        let shard = held.shard(0);
        let entries: usize = shard.table(0).iter().map(|e| e.heap_bytes()).sum();
        assert_eq!(entries + shard.table_bytes(), shard.used_bytes(), "the memory account");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn behaves_like_a_set(
        ops in prop::collection::vec(op(), 1..60),
        ints in 0usize..40,
        packed in 0usize..20,
        text_bytes in 8usize..40,
    ) {
        behaves(ops, SetLimits { ints, packed, text_bytes });
    }
}

/// Runs `f` on the keys of an empty server.
fn with_keys(f: impl FnOnce(Keys)) {
    let space = Keyspace::new(HashKey(1), 4, 1);
    let mut held = Held::new(&space);
    held.all();
    let mut access = AccessPolicy { lfu: false, lfu_log_factor: 10, lfu_decay_minutes: 1, touch: true, ahead_ms: 0 };
    let (mut rng, mut changes) = (Prng::new(1), Changes::default());
    f(Keys { held: &mut held, db: 0, now: Wall(1000), access: &mut access, rng: &mut rng, changes: &mut changes });
}

#[test]
fn drawing_from_small_forms_is_fair() {
    with_keys(|mut keys| {
        let limits = SetLimits { ints: 512, packed: 128, text_bytes: 64 };
        for first in ["0", "x"] {
            let (mut drawn, mut popped) = ([0u32; 20], [0u32; 20]);
            let index = |item: Item| usize::from(item.to_vec()[0] - b'a');
            let number = |item: Item| item.as_int().map_or_else(|| index(item), |n| n as usize);
            for round in 0..2000 {
                let name = format!("{first}{round}");
                let key = keys.key(name.as_bytes());
                let mut set = keys.upsert_set(key, limits, first.as_bytes(), 1).unwrap();
                for n in 0..20u8 {
                    set.add(if first == "0" { n.to_string().into_bytes() } else { vec![b'a' + n] }.as_slice());
                }
                let mut rng = Prng::new(round);
                drawn[number(set.get().random(&mut rng).unwrap())] += 1;
                set.pop_many(5, &mut rng, |item| popped[number(item)] += 1);
                set.changed(EVENT, 1);
                keys.delete(key, event::DEL);
            }
            assert!(drawn.iter().all(|c| (60..140).contains(c)), "{drawn:?}");
            assert!(popped.iter().all(|c| (400..600).contains(c)), "{popped:?}");
        }
    });
}

#[test]
fn several_are_lent_together() {
    with_keys(|mut keys| {
        let limits = SetLimits { ints: 512, packed: 128, text_bytes: 64 };
        for (name, member) in [("a", "1"), ("b", "x")] {
            let key = keys.key(name.as_bytes());
            let mut set = keys.upsert_set(key, limits, member.as_bytes(), 1).unwrap();
            set.add(member.as_bytes());
            set.changed(EVENT, 1);
        }
        let names = [&b"a"[..], b"none", b"b", b"a"].map(|name| keys.key(name));
        let views = keys.read_sets(names.into_iter()).unwrap();
        let texts: Vec<_> =
            views.iter().map(|e| e.as_ref().map(|e| SetRef::of(e).iter().next().unwrap().to_vec())).collect();
        assert_eq!(texts, [Some(b"1".to_vec()), None, Some(b"x".to_vec()), Some(b"1".to_vec())]);
    });
}
