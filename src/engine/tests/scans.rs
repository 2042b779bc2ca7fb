//! What SCAN, HSCAN, SSCAN and ZSCAN promise: whatever is there from the first call to the
//! last is returned, however the collection grows, shrinks, changes its form or is built
//! anew between calls; and nothing is returned that is not there.

use crate::{engine::testing::Rig, protocol::value::Value};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Family {
    Keys,
    Set,
    Hash,
    ZSet,
}

/// What happens between two calls. Elements are known by number; the first ones stay.
#[derive(Clone, Debug)]
enum Change {
    Add(u32, u32),
    Remove(u32, u32),
    /// Another value for those that stay: it may need another block.
    Rewrite(u16),
    /// These go when their time comes.
    Expire(u32, u32),
    Wait(u64),
    /// The same elements in a new value, of the form that is due to so many.
    Rebuild,
    /// Packed forms may hold so many elements.
    Limit(u16),
}

/// Elements with lower numbers stay.
const STAYING: u32 = 1_000;

fn change() -> impl Strategy<Value = Change> {
    let some = || (STAYING..STAYING + 400, 1..200u32);
    prop_oneof![
        4 => some().prop_map(|(from, n)| Change::Add(from, n)),
        4 => some().prop_map(|(from, n)| Change::Remove(from, 3 * n)),
        1 => any::<u16>().prop_map(Change::Rewrite),
        1 => some().prop_map(|(from, n)| Change::Expire(from, n)),
        1 => (1..40u64).prop_map(Change::Wait),
        2 => Just(Change::Rebuild),
        2 => prop::sample::select(vec![0, 20, 2_000]).prop_map(Change::Limit),
    ]
}

/// A collection, and what should be in it: values, and when elements go (ms of the script).
struct Stage {
    rig: Rig,
    family: Family,
    /// Integers are a form of their own in sets.
    ints: bool,
    model: BTreeMap<Vec<u8>, (Vec<u8>, Option<u64>)>,
    now: u64,
}

impl Stage {
    fn new(family: Family, ints: bool, workers: usize, staying: u32) -> Stage {
        let mut s = Stage { rig: Rig::with(workers, &[]), family, ints, model: BTreeMap::new(), now: 0 };
        s.apply(&Change::Limit(0));
        (0..staying).for_each(|n| s.put(n, 1));
        s
    }

    fn name(&self, n: u32) -> Vec<u8> {
        match self.ints {
            true => (n * 300).to_string().into_bytes(),
            false => format!("element{n}").into_bytes(),
        }
    }

    fn call(&mut self, words: &[&[u8]]) -> Value {
        let replies = self.rig.call(0, words);
        let shown = words.iter().map(|w| w.escape_ascii().to_string()).collect::<Vec<_>>();
        assert!(!matches!(replies[0], Value::Error(_)), "{shown:?}: {:?}", replies[0]);
        replies[0].clone()
    }

    fn put(&mut self, n: u32, value: u16) {
        let (name, text) = (self.name(n), value.to_string().into_bytes());
        let value = if self.family == Family::Set { Vec::new() } else { text.clone() };
        match self.family {
            Family::Keys => self.call(&[b"SET", &name, &text]),
            Family::Set => self.call(&[b"SADD", b"all", &name]),
            Family::Hash => self.call(&[b"HSET", b"all", &name, &text]),
            Family::ZSet => self.call(&[b"ZADD", b"all", &text, &name]),
        };
        // Adding a member that is there leaves it as it is; SET and HSET end its expiry.
        self.model.insert(name, (value, None));
    }

    fn remove(&mut self, n: u32) {
        let name = self.name(n);
        match self.family {
            Family::Keys => self.call(&[b"DEL", &name]),
            Family::Set => self.call(&[b"SREM", b"all", &name]),
            Family::Hash => self.call(&[b"HDEL", b"all", &name]),
            Family::ZSet => self.call(&[b"ZREM", b"all", &name]),
        };
        self.model.remove(&name);
    }

    fn expire(&mut self, n: u32) {
        let (name, at) = (self.name(n), self.now + 20);
        match self.family {
            Family::Keys => self.call(&[b"PEXPIRE", &name, b"20"]),
            Family::Hash => self.call(&[b"HPEXPIRE", b"all", b"20", b"FIELDS", b"1", &name]),
            Family::Set | Family::ZSet => return,
        };
        self.model.entry(name).and_modify(|e| e.1 = Some(at));
    }

    fn rebuild(&mut self) {
        match self.family {
            Family::Keys => {}
            Family::Set => drop(self.call(&[b"SUNIONSTORE", b"all", b"all"])),
            Family::ZSet => drop(self.call(&[b"ZUNIONSTORE", b"all", b"1", b"all"])),
            Family::Hash => {
                let Value::Bulk(payload) = self.call(&[b"DUMP", b"all"]) else { panic!("it is there") };
                self.call(&[b"RESTORE", b"all", b"0", &payload, b"REPLACE"]);
            }
        }
    }

    fn apply(&mut self, change: &Change) {
        match *change {
            Change::Add(from, n) => (from..from + n).for_each(|n| self.put(n, n as u16)),
            Change::Remove(from, n) => (from..from + n).for_each(|n| self.remove(n)),
            Change::Rewrite(value) => (0..STAYING)
                .take_while(|n| self.model.contains_key(&self.name(*n)))
                .collect::<Vec<_>>()
                .into_iter()
                .for_each(|n| self.put(n, value)),
            Change::Expire(from, n) => (from..from + n).for_each(|n| self.expire(n)),
            Change::Wait(ms) => {
                self.now += ms;
                self.rig.advance_ms(ms);
                self.rig.expire_some();
                self.model.retain(|_, (_, at)| at.is_none_or(|at| at >= self.now));
            }
            Change::Rebuild => self.rebuild(),
            Change::Limit(n) => {
                for name in [
                    "hash-max-listpack-entries",
                    "set-max-listpack-entries",
                    "set-max-intset-entries",
                    "zset-max-listpack-entries",
                ] {
                    self.call(&[b"CONFIG", b"SET", name.as_bytes(), n.to_string().as_bytes()]);
                }
            }
        }
    }

    /// One call: the next cursor, and the elements returned. Each is as it should be.
    fn scan(&mut self, cursor: &[u8], count: u64) -> (Vec<u8>, Vec<Vec<u8>>) {
        let count = count.to_string();
        let reply = match self.family {
            Family::Keys => self.call(&[b"SCAN", cursor, b"COUNT", count.as_bytes()]),
            Family::Set => self.call(&[b"SSCAN", b"all", cursor, b"COUNT", count.as_bytes()]),
            Family::Hash => self.call(&[b"HSCAN", b"all", cursor, b"COUNT", count.as_bytes()]),
            Family::ZSet => self.call(&[b"ZSCAN", b"all", cursor, b"COUNT", count.as_bytes()]),
        };
        let bulk = |v: &Value| match v {
            Value::Bulk(text) => text.clone(),
            other => panic!("{other:?}"),
        };
        let Value::Array(parts) = reply else { panic!("{reply:?}") };
        let Value::Array(found) = &parts[1] else { panic!("{:?}", parts[1]) };
        let width = if matches!(self.family, Family::Hash | Family::ZSet) { 2 } else { 1 };
        let found = found.chunks(width).map(|e| {
            let (value, _) = self.model.get(&bulk(&e[0])).expect("it returns what is there");
            assert!(width == 1 || bulk(&e[1]) == *value);
            bulk(&e[0])
        });
        (bulk(&parts[0]), found.collect())
    }
}

fn nothing_is_missed(family: Family, ints: bool, workers: usize, staying: u32, count: u64, changes: &[Change]) {
    let mut s = Stage::new(family, ints, workers, staying);
    let (before, between) = changes.split_at(changes.len() / 3);
    before.iter().for_each(|c| s.apply(c));
    let (mut seen, mut cursor, mut between) = (BTreeSet::new(), b"0".to_vec(), between.iter());
    for step in 0.. {
        assert!(step < 20_000, "the scan does not end");
        let (next, found) = s.scan(&cursor, count);
        seen.extend(found);
        if next == b"0" {
            break;
        }
        cursor = next;
        between.next().into_iter().for_each(|c| s.apply(c));
    }
    let missed: Vec<u32> = (0..staying).filter(|n| !seen.contains(&s.name(*n))).collect();
    assert!(missed.is_empty(), "{family:?} missed {missed:?}");
    s.rig.audit();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_stays_is_returned(
        ints: bool,
        workers in 1usize..3,
        staying in 1u32..120,
        count in 1u64..30,
        changes in prop::collection::vec(change(), 0..24),
    ) {
        for family in [Family::Keys, Family::Set, Family::Hash, Family::ZSet] {
            nothing_is_missed(family, ints, workers, staying, count, &changes);
        }
    }
}
