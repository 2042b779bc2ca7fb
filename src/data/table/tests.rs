//! The table against a model, with a full check of its invariants.

use std::collections::BTreeMap;

use super::*;

const KEY: HashKey = HashKey(7);

/// A block of a tag and a key.
struct Item(NonNull<(u8, Vec<u8>)>);

impl Item {
    fn new(key: &[u8], tag: u8) -> Item {
        Item(NonNull::from(Box::leak(Box::new((tag, key.to_vec())))))
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        // SAFETY: made in `new` by leaking a box.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

impl Element for Item {
    fn into_raw(self) -> NonNull<u8> {
        std::mem::ManuallyDrop::new(self).0.cast()
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
}

#[test]
fn smoke() {
    let mut table = Table::new(KEY);
    let mut model = BTreeMap::new();
    for i in 0..20_000u32 {
        let key = i.to_le_bytes();
        table.insert(KEY.hash(&key), Item::new(&key, (i % 8) as u8));
        model.insert(key, (i % 8) as u8);
    }
    assert_eq!(table.len(), model.len());
    for (key, tag) in &model {
        assert_eq!(table.get(KEY.hash(key), key).unwrap().tag(), *tag);
    }
    while let Some(item) = table.pop_any() {
        assert_eq!(model.remove(item.key()), Some(item.tag()));
    }
    assert_eq!(table.heap_bytes(), 0);
    assert!(model.is_empty());
}
