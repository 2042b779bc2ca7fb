//! The table against a model, for honest hashes and for hopeless ones.

mod draws;
mod scans;

use std::collections::BTreeMap;
use std::mem::ManuallyDrop;

use proptest::prelude::*;

use super::*;

pub(super) const SECRET: HashKey = HashKey(7);

/// How keys are hashed.
pub(super) const HONEST: u8 = 0;
/// All keys have the same hash.
pub(super) const CONSTANT: u8 = 1;
/// All keys have the same fingerprint, 0, which looks like an empty slot's.
pub(super) const ONE_FINGERPRINT: u8 = 2;
/// All keys have the same fingerprint and the largest: searches go around the end.
pub(super) const LAST_FINGERPRINT: u8 = 3;
/// All keys share the bits that index the directory.
pub(super) const ONE_PREFIX: u8 = 4;
/// Three in four keys are in one sixteenth of the directory.
pub(super) const SKEWED: u8 = 5;

/// A heap block of a tag and a key.
pub(super) struct Item<const HASHES: u8 = HONEST>(NonNull<(u8, [u8; 4])>);

impl<const HASHES: u8> Item<HASHES> {
    pub fn new(key: u32, tag: u8) -> Self {
        Item(NonNull::from(Box::leak(Box::new((tag, key.to_le_bytes())))).cast())
    }

    pub fn hash_of(key: u32) -> u64 {
        let hash = SECRET.hash(&key.to_le_bytes());
        let prefix_ones = (1 << 54) - (1 << 22);
        match HASHES {
            HONEST => hash,
            CONSTANT => 0x1234_5678_9abc_def0,
            ONE_FINGERPRINT => hash & !0xffff,
            LAST_FINGERPRINT => hash | 0xffff,
            ONE_PREFIX => hash | prefix_ones,
            SKEWED if !key.is_multiple_of(4) => hash & !(0xf << 50),
            SKEWED => hash,
            _ => unreachable!(),
        }
    }

    pub fn id(&self) -> u32 {
        u32::from_le_bytes(self.key().try_into().unwrap())
    }

    pub fn set_tag(&mut self, tag: u8) {
        // SAFETY: the block lives as long as the handle, which is borrowed mutably.
        unsafe { self.0.as_mut().0 = tag }
    }
}

impl<const HASHES: u8> Drop for Item<HASHES> {
    fn drop(&mut self) {
        // SAFETY: made in `new` by leaking a box.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

impl<const HASHES: u8> Element for Item<HASHES> {
    fn into_raw(self) -> NonNull<u8> {
        ManuallyDrop::new(self).0.cast()
    }
    unsafe fn from_raw(p: NonNull<u8>) -> Self {
        Item(p.cast())
    }
    fn key(&self) -> &[u8] {
        // SAFETY: the block lives as long as the handle.
        &unsafe { self.0.as_ref() }.1
    }
    fn tag(&self) -> u8 {
        // SAFETY: as above.
        unsafe { self.0.as_ref() }.0
    }
    fn hash(&self, _: HashKey) -> u64 {
        Self::hash_of(self.id())
    }
}

/// A table and what should be in it: the tag of each key.
pub(super) struct Pair<const HASHES: u8> {
    pub table: Table<Item<HASHES>>,
    pub model: BTreeMap<u32, u8>,
}

impl<const HASHES: u8> Pair<HASHES> {
    pub fn new() -> Self {
        Pair { table: Table::new(SECRET), model: BTreeMap::new() }
    }

    /// Adds a key, or replaces it.
    pub fn put(&mut self, key: u32, tag: u8) {
        let hash = Item::<HASHES>::hash_of(key);
        let item = Item::new(key, tag);
        if let Some(mut view) = self.table.get_mut(hash, &key.to_le_bytes()) {
            drop(view.replace(item));
        } else {
            assert_eq!(self.table.insert(hash, item).id(), key);
        }
        self.model.insert(key, tag);
    }

    pub fn remove(&mut self, key: u32) {
        let removed = self.table.remove(Item::<HASHES>::hash_of(key), &key.to_le_bytes());
        assert_eq!(removed.map(|item| (item.id(), item.tag())), self.model.remove_entry(&key));
    }

    /// Changes the tag in place.
    pub fn tag(&mut self, key: u32, tag: u8) {
        let view = self.table.get_mut(Item::<HASHES>::hash_of(key), &key.to_le_bytes());
        assert_eq!(view.is_some(), self.model.contains_key(&key));
        if let Some(mut view) = view {
            view.set_tag(tag);
            self.model.insert(key, tag);
        }
    }

    /// Takes the table apart, keeps so many of its elements, and drops the others.
    pub fn take_apart(&mut self, kept: usize) {
        let table = std::mem::replace(&mut self.table, Table::new(SECRET));
        let kept: Vec<Item<HASHES>> = table.into_iter().take(kept).collect();
        let old = std::mem::take(&mut self.model);
        for item in kept {
            let (key, tag) = (item.id(), item.tag());
            assert_eq!(old.get(&key), Some(&tag));
            assert_eq!(self.model.insert(key, tag), None, "given out twice");
            self.table.insert(Item::<HASHES>::hash_of(key), item);
        }
    }

    /// Checks the invariants and that exactly the model's elements are there.
    pub fn check(&self) {
        self.table.check();
        assert_eq!(self.table.len(), self.model.len());
        assert_eq!(self.table.tagged(), self.model.values().filter(|tag| **tag != 0).count());
        let all: BTreeMap<u32, u8> = self.table.iter().map(|e| (e.id(), e.tag())).collect();
        assert_eq!(all, self.model);
        for (key, tag) in &self.model {
            let hash = Item::<HASHES>::hash_of(*key);
            self.table.prefetch_bucket(hash);
            self.table.prefetch_block(hash);
            assert_eq!(self.table.get(hash, &key.to_le_bytes()).unwrap().tag(), *tag);
            let absent = key | 1 << 31;
            assert!(self.table.get(hash, &absent.to_le_bytes()).is_none());
        }
    }
}

/// What to do with a run of keys.
#[derive(Clone, Debug)]
pub(super) enum Op {
    Put(u32, u32, u8),
    Remove(u32, u32),
    Tag(u32, u32, u8),
    TakeApart(usize),
}

pub(super) fn op(keys: u32, run: u32) -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0..keys, 1..run, 0..8u8).prop_map(|(from, n, tag)| Op::Put(from, n, tag)),
        3 => (0..keys, 1..run).prop_map(|(from, n)| Op::Remove(from, n)),
        2 => (0..keys, 1..run / 8, 0..8u8).prop_map(|(from, n, tag)| Op::Tag(from, n, tag)),
        1 => (0..2 * keys as usize).prop_map(Op::TakeApart),
    ]
}

impl<const HASHES: u8> Pair<HASHES> {
    pub fn apply(&mut self, op: &Op) {
        match *op {
            Op::Put(from, n, tag) => (from..from + n).for_each(|key| self.put(key, tag)),
            Op::Remove(from, n) => (from..from + n).for_each(|key| self.remove(key)),
            Op::Tag(from, n, tag) => (from..from + n).for_each(|key| self.tag(key, tag)),
            Op::TakeApart(kept) => self.take_apart(kept),
        }
    }
}

fn run<const HASHES: u8>(ops: &[Op]) {
    let mut pair = Pair::<HASHES>::new();
    for op in ops {
        pair.apply(op);
        pair.check();
    }
    let all = pair.model.len();
    pair.take_apart(all);
    assert_eq!(pair.model.len(), all);
    while let Some((key, _)) = pair.model.first_key_value() {
        pair.remove(*key);
    }
    pair.check();
    assert_eq!(pair.table.heap_bytes(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 1 } else { 24 }))]

    #[test]
    fn small(ops in prop::collection::vec(op(60, 20), 1..60)) {
        run::<HONEST>(&ops);
        run::<CONSTANT>(&ops);
        run::<ONE_FINGERPRINT>(&ops);
        run::<LAST_FINGERPRINT>(&ops);
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    #[cfg_attr(miri, ignore)]
    fn large(ops in prop::collection::vec(op(6_000, 4_000), 1..10)) {
        run::<HONEST>(&ops);
        run::<SKEWED>(&ops);
    }

    #[test]
    #[cfg_attr(miri, ignore)]
    fn hopeless(ops in prop::collection::vec(op(2_000, 1_500), 1..5)) {
        run::<CONSTANT>(&ops);
        run::<ONE_FINGERPRINT>(&ops);
        run::<LAST_FINGERPRINT>(&ops);
        run::<ONE_PREFIX>(&ops);
    }
}

#[test]
#[cfg_attr(miri, ignore)]
fn a_shared_prefix_does_not_blow_up_the_directory() {
    let mut pair = Pair::<ONE_PREFIX>::new();
    (0..20_000).for_each(|key| pair.put(key, 0));
    pair.check();
    assert!(pair.table.heap_bytes() < 20_000 * 12, "{}", pair.table.heap_bytes());
}

/// Bytes of arrays per element: 8 would be a full table.
#[test]
#[cfg_attr(miri, ignore)]
fn memory_per_element() {
    const LEN: u32 = 200_000;
    let mut table = Table::<Item>::new(SECRET);
    let (mut sum, mut samples) = (0.0, 0.0);
    let mut check_at = 1_000;
    for key in 0..LEN {
        table.insert(Item::<HONEST>::hash_of(key), Item::new(key, 0));
        if table.len() == check_at {
            check_at += check_at / 20;
            let occupancy = 8.0 * table.len() as f64 / table.heap_bytes() as f64;
            assert!(occupancy > 0.72, "{occupancy} at {}", table.len());
            sum += occupancy;
            samples += 1.0;
        }
    }
    assert!(sum / samples > 0.82, "{}", sum / samples);
    // And on the way down.
    for key in 0..LEN / 100 * 99 {
        table.remove(Item::<HONEST>::hash_of(key), &key.to_le_bytes()).unwrap();
    }
    let occupancy = 8.0 * table.len() as f64 / table.heap_bytes() as f64;
    assert!(occupancy > 0.65, "{occupancy} after removals");
    table.check();
}

#[test]
fn a_new_table_has_allocated_nothing() {
    const EMPTY: Table<Item> = Table::new(SECRET);
    let mut table = EMPTY;
    assert_eq!(table.heap_bytes(), 0);
    assert!(table.get(5, b"none").is_none() && table.get_mut(5, b"none").is_none());
    assert!(table.remove(5, b"none").is_none());
    assert!(table.iter().next().is_none());
    table.insert(Item::<HONEST>::hash_of(1), Item::new(1, 0));
    assert_eq!(table.heap_bytes(), 64);
    table.clear();
    assert_eq!((table.len(), table.heap_bytes()), (0, 0));
    table.check();
}

/// Every large hash or set has one of these beside its arrays.
#[test]
fn the_table_itself_is_small() {
    assert_eq!(size_of::<Table<Item>>(), 104);
}
