//! The index of what expires, against a map of times: it knows exactly the keys that expire
//! and the hashes with fields that do; a sweep removes what is due, all of it and nothing
//! else, whatever happens between its steps.

use super::*;
use crate::{
    base::prng::Prng,
    data::hash::NewExpiry,
    keyspace::{Held, access::AccessPolicy, block::Kind, shard::Keyspace},
};
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Op {
    /// Some keys, the first of them so, with an expiry in so many ms.
    Put(u16, u16, Option<u64>),
    /// Some hashes, each with one lasting field and one that expires.
    PutHash(u16, u16, u64),
    ExpireAt(u16, u64),
    Persist(u16),
    Delete(u16, u16),
    Wait(u64),
    /// One step of a sweep.
    Sweep(usize),
}

fn op() -> impl Strategy<Value = Op> {
    let key = 0..500u16;
    // Coarse times, so that the clock often stands in the last millisecond and behind it.
    let after = || (1..30u64).prop_map(|n| 10 * n);
    prop_oneof![
        4 => (key.clone(), 1..150u16, prop::option::of(after())).prop_map(|(k, n, at)| Op::Put(k, n, at)),
        3 => (key.clone(), 1..100u16, after()).prop_map(|(k, n, at)| Op::PutHash(k, n, at)),
        3 => (key.clone(), after()).prop_map(|(k, at)| Op::ExpireAt(k, at)),
        2 => key.clone().prop_map(Op::Persist),
        2 => (key, 1..150u16).prop_map(|(k, n)| Op::Delete(k, n)),
        4 => prop::sample::select(vec![1, 9, 10, 30, 100]).prop_map(Op::Wait),
        6 => (1..40usize).prop_map(Op::Sweep),
    ]
}

/// When a key expires, or a hash's one field that does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Expires {
    Never,
    Key(u64),
    Field(u64),
}

impl Expires {
    fn at(self) -> u64 {
        match self {
            Expires::Never => u64::MAX,
            Expires::Key(at) | Expires::Field(at) => at,
        }
    }
}

struct Stage<'e> {
    held: Held<'e>,
    rng: Prng,
    changes: Changes,
    now: u64,
    model: BTreeMap<u16, Expires>,
    cursor: u64,
}

fn name(k: u16) -> Vec<u8> {
    format!("key{k}").into_bytes()
}

impl Stage<'_> {
    fn keys<T>(&mut self, f: impl FnOnce(&mut Keys) -> T) -> T {
        let mut access =
            AccessPolicy { lfu: false, lfu_log_factor: 10, lfu_decay_minutes: 1, touch: true, ahead_ms: 0 };
        let Stage { held, rng, changes, .. } = self;
        f(&mut Keys { held, db: 0, now: Wall(self.now), access: &mut access, rng, changes })
    }

    /// Whoever touches a key that is due removes it, and whoever opens a hash its due field.
    fn is_live(&mut self, k: u16) -> bool {
        let due = matches!(self.model.get(&k), Some(Expires::Key(at)) if *at < self.now);
        if due {
            self.model.remove(&k);
        }
        self.model.contains_key(&k)
    }

    fn apply(&mut self, op: &Op) {
        match *op {
            Op::Put(from, n, after) => {
                let at = after.map(|ms| self.now + ms);
                for k in from..from + n {
                    let entry = Entry::new(Kind::StrInline, &name(k), 3, at);
                    self.keys(|keys| keys.put(keys.key(&name(k)).hash, entry, event::DEL));
                    self.model.insert(k, at.map_or(Expires::Never, Expires::Key));
                }
            }
            Op::PutHash(from, n, after) => {
                let at = self.now + after;
                for k in from..from + n {
                    self.keys(|keys| {
                        let bytes = name(k);
                        keys.delete(keys.key(&bytes), event::DEL);
                        let mut hash = keys.upsert_hash(keys.key(&bytes), HashLimits::NONE).unwrap();
                        hash.set(b"lasting", b"v", NewExpiry::Never);
                        hash.set(b"going", b"v", NewExpiry::At(at));
                        hash.changed(event::Event::hash("hset"), 1);
                    });
                    self.model.insert(k, Expires::Field(at));
                }
            }
            Op::ExpireAt(k, after) => {
                let (live, at) = (self.is_live(k), self.now + after);
                assert_eq!(self.keys(|keys| keys.expire_at(keys.key(&name(k)), at as i64)), live);
                // A hash's own expiry is left out: one time for each name.
                match self.model.get_mut(&k) {
                    Some(Expires::Field(_)) => _ = self.keys(|keys| keys.persist(keys.key(&name(k)))),
                    Some(e) => *e = Expires::Key(at),
                    None => {}
                }
            }
            Op::Persist(k) => {
                let had = self.is_live(k) && matches!(self.model[&k], Expires::Key(_));
                assert_eq!(self.keys(|keys| keys.persist(keys.key(&name(k)))), had);
                if had {
                    self.model.insert(k, Expires::Never);
                }
            }
            Op::Delete(from, n) => {
                for k in from..from + n {
                    let live = self.is_live(k);
                    assert_eq!(self.keys(|keys| keys.delete(keys.key(&name(k)), event::DEL)), live);
                    self.model.remove(&k);
                }
            }
            Op::Wait(ms) => self.now += ms,
            Op::Sweep(budget) => _ = self.sweep(budget),
        }
    }

    /// One step; whether the sweep has ended. What is gone was due.
    fn sweep(&mut self, budget: usize) -> bool {
        let (now, hash) = (Wall(self.now), self.held.space().hash_key());
        let seen = step(self.held.shard(0), 0, now, &mut self.cursor, budget, hash, &mut self.changes);
        let table = self.held.shard(0).table(0);
        let mut gone = 0;
        self.model.retain(|k, expires| {
            let found = table.get(hash.hash(&name(*k)), &name(*k));
            let is_due = expires.at() < now.0;
            match found {
                None => {
                    assert!(is_due && matches!(expires, Expires::Key(_)), "{k} {expires:?}");
                    gone += 1;
                    return false;
                }
                Some(e) if e.tag() == 0 && matches!(expires, Expires::Field(_)) => {
                    assert!(is_due, "{k} {expires:?}");
                    gone += 1;
                    *expires = Expires::Never;
                }
                Some(_) => {}
            }
            true
        });
        assert_eq!((gone, self.cursor == 0), (seen.due, seen.complete));
        seen.complete
    }

    fn check(&mut self) {
        let shard = self.held.shard(0);
        shard.check_account();
        let table = shard.table(0);
        table.check();
        let expiring = |want: fn(&Expires) -> bool| self.model.values().filter(|e| want(e)).count();
        assert_eq!(table.len(), self.model.len());
        assert_eq!(table.tagged_with(TAG_EXPIRES), expiring(|e| matches!(e, Expires::Key(_))));
        assert_eq!(table.tagged_with(TAG_FIELDS_EXPIRE), expiring(|e| matches!(e, Expires::Field(_))));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_sweep_removes_what_is_due(ops in prop::collection::vec(op(), 1..60), budget in 1..40usize) {
        let space = Keyspace::new(HashKey(1), 1, 1);
        let mut held = Held::new(&space);
        held.all();
        let mut s = Stage {
            held, rng: Prng::new(1), changes: Changes::default(), now: 1000, model: BTreeMap::new(), cursor: 0,
        };
        let (before, between) = ops.split_at(ops.len() / 2);
        for op in before {
            s.apply(op);
            s.check();
        }
        // A whole sweep: what is due when it begins is gone when it ends, unless it was changed.
        s.cursor = 0;
        let start = s.now;
        let mut between = between.iter().filter(|op| !matches!(op, Op::Sweep(_)));
        for steps in 0.. {
            prop_assert!(steps < 5_000, "the sweep does not end");
            if s.sweep(budget) {
                break;
            }
            between.next().into_iter().for_each(|op| s.apply(op));
            s.check();
        }
        prop_assert!(s.model.values().all(|e| e.at() >= start), "{:?}", s.model);
    }
}
