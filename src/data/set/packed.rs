//! Set operations on one packed sequence of members, in the order they came: the small set.
//!
//! Members are searched one after the other, which up to some hundred of them is faster than
//! anything that hashes.

use crate::base::hash::HashSet;
use crate::data::packed::{ByteStore, Item, Malformed, Needle, Packed, codec};

type P = Packed<false>;

/// Where `member` is, or how many members there are.
#[inline]
pub fn find(bytes: &[u8], member: &[u8]) -> Result<usize, usize> {
    let needle = Needle::new(member);
    let (mut at, mut count) = (0, 0);
    while at < bytes.len() {
        let (item, size) = codec::read(&bytes[at..]);
        if needle.matches(item) {
            return Ok(at);
        }
        at += size;
        count += 1;
    }
    Err(count)
}

/// Appends a member that is not there yet.
#[inline]
pub fn push(store: &mut impl ByteStore, member: Item) {
    P::push_back(store, member);
}

/// Removes `member`; whether it was there.
pub fn remove(store: &mut impl ByteStore, member: &[u8]) -> bool {
    let found = find(store.bytes(), member);
    if let Ok(at) = found {
        remove_at(store, at);
    }
    found.is_ok()
}

/// Removes the member at a position.
pub fn remove_at(store: &mut impl ByteStore, at: usize) {
    P::remove(store, at, 1);
}

/// Number of members. Walks them all.
pub fn len(bytes: &[u8]) -> usize {
    P::len(bytes)
}

/// Position of member number `n`, which must be there, and the member.
pub fn nth(bytes: &[u8], n: usize) -> (usize, Item<'_>) {
    let at = P::nth(bytes, n).expect("so many members");
    (at, P::get(bytes, at))
}

/// How many members bytes of unknown origin hold. Never panics.
///
/// # Errors
/// If they are no packed sequence, or a member is there twice.
pub fn validate(bytes: &[u8]) -> Result<usize, Malformed> {
    let count = P::validate(bytes)?;
    let mut seen = HashSet::default();
    let mut items = P::iter(bytes);
    loop {
        let at = items.position();
        match items.next() {
            None => return Ok(count),
            Some(item) if !seen.insert(item.to_vec()) => return Err(Malformed { at }),
            Some(_) => {}
        }
    }
}
