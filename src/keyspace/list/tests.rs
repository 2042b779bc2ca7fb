use super::*;
use crate::{
    base::{hash::HashKey, prng::Prng, time::Wall},
    keyspace::{Held, access::AccessPolicy, changes::Changes, shard::Keyspace},
};
use proptest::prelude::*;
use std::collections::VecDeque;

/// Runs `f` on an empty database, then checks the memory account.
fn with_keys(f: impl FnOnce(&mut Keys)) {
    let space = Keyspace::new(HashKey(1), 1, 1);
    let mut held = Held::new(&space);
    held.all();
    let mut access = AccessPolicy { lfu: false, lfu_log_factor: 10, lfu_decay_minutes: 1, touch: true, ahead_ms: 0 };
    let (mut rng, mut changes) = (Prng::new(1), Changes::default());
    let now = Wall(1_000_000);
    f(&mut Keys { held: &mut held, db: 0, now, access: &mut access, rng: &mut rng, changes: &mut changes });
    let shard = held.shard(0);
    let entries: usize = shard.table(0).iter().map(|e| e.heap_bytes()).sum();
    assert_eq!(entries + shard.table_bytes(), shard.used_bytes(), "the memory account");
}

#[derive(Clone, Debug)]
enum Op {
    Push(bool, Vec<u8>),
    Pop(bool),
    Set(i64, Vec<u8>),
    Insert(u8, bool, Vec<u8>),
    Remove(u8, usize, bool),
    Trim(usize, usize),
}

fn element() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => (0u8..8).prop_map(|n| n.to_string().into_bytes()),
        3 => prop::collection::vec(any::<u8>(), 0..40),
        1 => (600usize..700).prop_map(|n| vec![b'x'; n]),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (any::<bool>(), element()).prop_map(|(e, v)| Op::Push(e, v)),
        3 => any::<bool>().prop_map(Op::Pop),
        2 => (-12i64..12, element()).prop_map(|(i, v)| Op::Set(i, v)),
        2 => (0u8..8, any::<bool>(), element()).prop_map(|(p, s, v)| Op::Insert(p, s, v)),
        1 => (0u8..8, 0usize..4, any::<bool>()).prop_map(|(p, n, e)| Op::Remove(p, n, e)),
        1 => (0usize..4, 0usize..40).prop_map(|(a, n)| Op::Trim(a, a + n)),
    ]
}

fn end(head: bool) -> End {
    if head { End::Head } else { End::Tail }
}

/// Applies `op` to a model; whether it shrank the list.
fn apply(model: &mut VecDeque<Vec<u8>>, op: &Op) -> bool {
    match op.clone() {
        Op::Push(true, v) => model.push_front(v),
        Op::Push(false, v) => model.push_back(v),
        Op::Pop(head) => {
            if head {
                model.pop_front()
            } else {
                model.pop_back()
            };
            return true;
        }
        Op::Set(i, v) => {
            let at = if i < 0 { i + model.len() as i64 } else { i };
            if let Some(e) = usize::try_from(at).ok().and_then(|at| model.get_mut(at)) {
                *e = v;
            }
            return true;
        }
        Op::Insert(p, before, v) => {
            if let Some(at) = model.iter().position(|e| *e == p.to_string().as_bytes()) {
                model.insert(if before { at } else { at + 1 }, v);
            }
        }
        Op::Remove(p, max, head) => {
            for _ in 0..max {
                let mut at = (0..model.len()).filter(|i| model[*i] == p.to_string().as_bytes());
                match if head { at.next() } else { at.next_back() } {
                    Some(at) => drop(model.remove(at)),
                    None => break,
                }
            }
            return true;
        }
        Op::Trim(start, end) => {
            model.truncate(end);
            model.drain(..start.min(model.len()));
            return true;
        }
    }
    false
}

fn apply_real(list: &mut ListMut, op: &Op) {
    match op {
        Op::Push(head, v) => {
            list.grow(v.len(), 1);
            list.push(end(*head), v.as_slice().into());
        }
        Op::Pop(head) => drop(list.pop(end(*head), |_| ())),
        Op::Set(i, v) => {
            list.grow(v.len(), 1);
            list.set(*i, v.as_slice().into());
        }
        Op::Insert(p, before, v) => {
            list.grow(v.len(), 1);
            let side = if *before { Side::Before } else { Side::After };
            list.insert(p.to_string().as_bytes(), side, v.as_slice().into());
        }
        Op::Remove(p, max, head) => {
            list.remove_value(p.to_string().as_bytes(), *max, end(*head));
        }
        Op::Trim(from, to) => list.trim(*from..*to),
    }
}

fn texts<'a>(items: impl Iterator<Item = Item<'a>>) -> Vec<Vec<u8>> {
    items.map(Item::to_vec).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn behaves_like_a_deque(ops in prop::collection::vec(op(), 1..120), setting in prop_oneof![Just(-1), Just(1), Just(3), Just(8), Just(40)]) {
        let limit = NodeLimit::new(setting);
        let mut model = VecDeque::new();
        with_keys(|keys| {
            let key = keys.key(b"a list");
            for op in &ops {
                let shrank = apply(&mut model, op);
                let mut list = keys.upsert_list(key, limit).unwrap();
                apply_real(&mut list, op);
                assert_eq!(list.len(), model.len());
                let event = Event::list("test");
                if shrank { list.shrunk(event, 1) } else { list.grown(event, 1) }
                let Some(e) = keys.read_list(key).unwrap() else {
                    assert!(model.is_empty(), "only an empty list ceases to exist");
                    continue;
                };
                let (list, len) = (ListRef::of(&e), model.len());
                assert!(len > 0);
                assert_eq!(texts(list.range(0..len)), Vec::from(model.clone()));
                assert_eq!(texts(list.range(1..len).rev()), texts(list.range(1..len)).into_iter().rev().collect::<Vec<_>>());
                for i in -(len as i64) - 1..=len as i64 {
                    let at = if i < 0 { i + len as i64 } else { i };
                    let want = usize::try_from(at).ok().and_then(|at| model.get(at).cloned());
                    assert_eq!(list.get(i).map(Item::to_vec), want);
                }
                match list {
                    ListRef::Packed(bytes, n) => {
                        assert_eq!(P::validate(bytes), Ok(n));
                        assert!(!limit.exceeded(P::listpack_bytes(bytes), n));
                    }
                    ListRef::Nodes(l) => l.check(),
                }
            }
        });
    }
}

#[test]
fn the_encoding_changes_where_the_limit_says() {
    with_keys(|keys| {
        let (key, limit) = (keys.key(b"k"), NodeLimit::new(4));
        let encoding = |keys: &mut Keys| keys.read_list(key).unwrap().map(|e| ListRef::of(&e).encoding());
        let push = |keys: &mut Keys| {
            let mut list = keys.upsert_list(key, limit).unwrap();
            list.grow(1, 1);
            list.push(End::Tail, Item::Str(b"e"));
            list.grown(Event::list("rpush"), 1);
        };
        let pop = |keys: &mut Keys| {
            let mut list = keys.edit_list(key, limit).unwrap().unwrap();
            list.pop(End::Tail, |_| ());
            list.shrunk(Event::list("rpop"), 1);
        };
        (0..4).for_each(|_| push(keys));
        assert_eq!(encoding(keys), Some("listpack"));
        push(keys);
        assert_eq!(encoding(keys), Some("quicklist"));
        pop(keys);
        pop(keys);
        assert_eq!(encoding(keys), Some("quicklist"), "three are more than half the limit");
        pop(keys);
        assert_eq!(encoding(keys), Some("listpack"));
        pop(keys);
        pop(keys);
        assert_eq!(encoding(keys), None);
    });
}
