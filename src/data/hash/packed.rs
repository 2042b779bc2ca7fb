//! Hash operations on one packed sequence of fields and values by turns: the small hash.
//!
//! Fields are searched one after the other, which up to some hundred of them is faster than
//! anything that hashes. Fields with an expiry need the large form.

use super::HashTable;
use crate::base::hash::HashKey;
use crate::data::packed::{ByteStore, Item, Needle, Packed, codec};

type P = Packed<false>;

/// The value of `field`.
#[inline]
pub fn get<'a>(bytes: &'a [u8], field: &[u8]) -> Option<Item<'a>> {
    let at = P::find(bytes, field, 2)?;
    Some(P::get(bytes, P::next(bytes, at)))
}

/// Where `field` is, or how many fields there are.
fn search(bytes: &[u8], field: &[u8]) -> Result<usize, usize> {
    let needle = Needle::new(field);
    let (mut at, mut count) = (0, 0);
    while at < bytes.len() {
        let (item, size) = codec::read(&bytes[at..]);
        if needle.matches(item) {
            return Ok(at);
        }
        at += size;
        at += codec::size_at(&bytes[at..]);
        count += 1;
    }
    Err(count)
}

/// Sets `field` to `value`; the number of fields afterwards if the field is new.
pub fn set<'a>(store: &mut impl ByteStore, field: &[u8], value: impl Into<Item<'a>>) -> Option<usize> {
    match search(store.bytes(), field) {
        Ok(at) => {
            let value_at = P::next(store.bytes(), at);
            P::replace(store, value_at, value);
            None
        }
        Err(count) => {
            let (field, value, end) = (Item::from_text(field), value.into(), store.bytes().len());
            let gap = store.splice(end, 0, codec::size_of(field) + codec::size_of(value));
            let value_at = codec::write(field, gap);
            codec::write(value, &mut gap[value_at..]);
            Some(count + 1)
        }
    }
}

/// Removes `field`; whether it was there.
pub fn del(store: &mut impl ByteStore, field: &[u8]) -> bool {
    let at = P::find(store.bytes(), field, 2);
    if let Some(at) = at {
        P::remove(store, at, 2);
    }
    at.is_some()
}

/// Number of fields. Walks them all.
pub fn len(bytes: &[u8]) -> usize {
    P::len(bytes) / 2
}

/// All fields and their values, oldest first.
pub fn iter(bytes: &[u8]) -> impl Iterator<Item = (Item<'_>, Item<'_>)> {
    let mut items = P::iter(bytes);
    std::iter::from_fn(move || Some((items.next()?, items.next()?)))
}

/// Field number `n` and its value.
pub fn nth(bytes: &[u8], n: usize) -> Option<(Item<'_>, Item<'_>)> {
    let at = P::nth(bytes, 2 * n)?;
    let mut items = P::iter_from(bytes, at);
    Some((items.next()?, items.next()?))
}

/// The same fields as a large hash.
pub fn to_table(bytes: &[u8], key: HashKey) -> HashTable {
    let mut table = HashTable::new(key);
    for (field, value) in iter(bytes) {
        field.with_text(|field| value.with_text(|value| table.set(field, value)));
    }
    table
}
