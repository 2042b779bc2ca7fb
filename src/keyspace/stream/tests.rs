//! A stream through the door, against ordered maps, and the memory account.

use super::*;
use crate::{
    base::{hash::HashKey, prng::Prng, time::Wall},
    data::stream::{Id, NodeLimit},
    keyspace::{Held, access::AccessPolicy, changes::Changes, event, shard::Keyspace},
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug)]
enum Op {
    Add(u64, usize),
    Delete(u64),
    Trim(u64, bool),
    Create(u8),
    Destroy(u8),
    /// Makes some entries from an id on pending for a consumer.
    Deliver(u8, u8, u64, usize),
    Acknowledge(u8, u64),
    DeleteConsumer(u8, u8),
    DeleteKey,
}

fn op() -> impl Strategy<Value = Op> {
    let (group, consumer, id) = (0..2u8, 0..3u8, 0..60u64);
    prop_oneof![
        20 => (1..3u64, 0..80usize).prop_map(|(ms, len)| Op::Add(ms, len)),
        3 => id.clone().prop_map(Op::Delete),
        1 => (0..40u64, any::<bool>()).prop_map(|(len, rough)| Op::Trim(len, rough)),
        3 => group.clone().prop_map(Op::Create),
        1 => group.clone().prop_map(Op::Destroy),
        10 => (group.clone(), consumer.clone(), id.clone(), 0..12usize)
            .prop_map(|(g, c, from, n)| Op::Deliver(g, c, from, n)),
        4 => (group.clone(), id).prop_map(|(g, id)| Op::Acknowledge(g, id)),
        2 => (group, consumer).prop_map(|(g, c)| Op::DeleteConsumer(g, c)),
        1 => Just(Op::DeleteKey),
    ]
}

#[derive(Default)]
struct Model {
    exists: bool,
    /// Lengths of the values.
    entries: BTreeMap<Id, usize>,
    groups: BTreeMap<u8, Members>,
}

#[derive(Default)]
struct Members {
    names: BTreeSet<u8>,
    /// Owner, and how often it was delivered.
    pending: BTreeMap<Id, (u8, u64)>,
}

const LIMIT: NodeLimit = NodeLimit { bytes: 300, entries: 6 };
const EVENT: Event = Event::stream("test");

fn add(s: &mut StreamMut, model: &mut Model, ms: u64, len: usize) {
    let (id, value) = (Id::new(s.log.last_id.ms + ms, 0), vec![b'v'; len]);
    s.log.append(id, 1, 1 + len, |i| if i == 0 { b"f" } else { &value }, LIMIT);
    model.entries.insert(id, len);
}

fn apply(keys: &mut Keys, model: &mut Model, op: &Op) {
    let key = keys.key(b"a stream");
    if let Op::DeleteKey = op {
        assert_eq!(keys.delete(key, event::DEL), model.exists);
        return *model = Model::default();
    }
    model.exists = true;
    let mut s = keys.upsert_stream(key).unwrap();
    match *op {
        Op::Add(ms, len) => add(&mut s, model, ms, len),
        Op::Delete(ms) => {
            let id = Id::new(ms, 0);
            assert_eq!(s.log.delete(id), model.entries.remove(&id).is_some());
        }
        Op::Trim(len, rough) => {
            let gone = s.trim(Trim::MaxLen(len), rough, 0);
            let excess = (model.entries.len() as u64).saturating_sub(len);
            assert!(if rough { gone <= excess } else { gone == excess });
            (0..gone).for_each(|_| _ = model.entries.pop_first());
        }
        Op::Create(g) => {
            assert_eq!(s.groups.create(&[g], Id::MIN, None), !model.groups.contains_key(&g));
            model.groups.entry(g).or_default();
        }
        Op::Destroy(g) => assert_eq!(s.destroy_group(&[g]), model.groups.remove(&g).is_some()),
        Op::Deliver(g, c, from, n) => {
            let (Some(mut group), Some(members)) = (s.groups.get_mut(&[g]), model.groups.get_mut(&g)) else { return };
            let (to, fresh) = group.find_or_create(&[c], 1);
            assert_eq!(fresh, members.names.insert(c));
            for id in model.entries.range(Id::new(from, 0)..).take(n).map(|(id, _)| *id) {
                group.deliver(id, to, 1, n as u64);
                members.pending.insert(id, (c, n as u64));
            }
        }
        Op::Acknowledge(g, ms) => {
            let (Some(mut group), Some(members)) = (s.groups.get_mut(&[g]), model.groups.get_mut(&g)) else { return };
            let id = Id::new(ms, 0);
            assert_eq!(group.acknowledge(id), members.pending.remove(&id).is_some());
        }
        Op::DeleteConsumer(g, c) => {
            let had = model.groups.get_mut(&g).and_then(|members| {
                let before = members.pending.len();
                members.pending.retain(|_, (owner, _)| *owner != c);
                members.names.remove(&c).then_some(before - members.pending.len())
            });
            assert_eq!(s.delete_consumer(&[g], &[c]), had);
        }
        Op::DeleteKey => unreachable!("it was handled"),
    }
    s.changed(EVENT, 1);
}

fn compare(keys: &mut Keys, model: &Model) {
    let key = keys.key(b"a stream");
    let Some(e) = keys.read_stream(key).unwrap() else { return assert!(!model.exists, "an empty stream stays") };
    let s = of(&e);
    s.log.check();
    s.groups.check();
    let found: Vec<_> =
        s.log.range(Id::MIN, Id::MAX).map(|mut e| (e.id, e.fields.next().unwrap().1.to_vec())).collect();
    let want: Vec<_> = model.entries.iter().map(|(id, len)| (*id, vec![b'v'; *len])).collect();
    assert_eq!(found, want);
    assert!(s.groups.iter().map(|(name, _)| name[0]).eq(model.groups.keys().copied()));
    for (name, members) in &model.groups {
        let g = s.groups.get(&[*name]).unwrap();
        assert!(g.consumers().map(|c| c.name[0]).eq(members.names.iter().copied()));
        let pending = g.pending_from(Id::MIN).map(|p| (p.id, (g.consumer(p.owner()).name[0], p.deliveries)));
        assert_eq!(pending.collect::<BTreeMap<_, _>>(), members.pending);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn behaves_like_ordered_maps(ops in prop::collection::vec(op(), 1..200)) {
        let space = Keyspace::new(HashKey(1), 1, 1);
        let mut held = Held::new(&space);
        held.all();
        let mut access = AccessPolicy { lfu: false, lfu_log_factor: 10, lfu_decay_minutes: 1, touch: true, ahead_ms: 0 };
        let (mut rng, mut changes, mut model) = (Prng::new(1), Changes::default(), Model::default());
        for op in &ops {
            let mut keys = Keys { held: &mut held, db: 0, now: Wall(1), access: &mut access, rng: &mut rng, changes: &mut changes };
            // What has no key yet has no group either: the edit that made it is undone.
            apply(&mut keys, &mut model, op);
            model.exists = keys.exists(keys.key(b"a stream"));
            compare(&mut keys, &model);
            held.shard(0).check_account();
        }
    }
}
