//! The smallest sets: integers, sorted, all of one width.
//!
//! ```text
//! | width: 2, 4 or 8 | the integers, little endian, ascending |
//! ```
//!
//! The bytes of an empty set are none at all. A width is what the largest integer needs; it
//! does not shrink when that one goes. These are the bytes of Valkey's intset but for its
//! header.

use crate::data::packed::ByteStore;

/// Bytes before the integers.
const HEAD_BYTES: usize = 1;

/// Bytes that are no sorted integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Bytes that `v` needs.
fn width_for(v: i64) -> usize {
    if i16::try_from(v).is_ok() {
        2
    } else if i32::try_from(v).is_ok() {
        4
    } else {
        8
    }
}

/// The width and the integers' bytes.
#[inline]
pub fn parts(bytes: &[u8]) -> (usize, &[u8]) {
    match bytes {
        [] => (2, &[]),
        [width, ints @ ..] => (usize::from(*width), ints),
    }
}

#[inline]
fn read(ints: &[u8], width: usize, n: usize) -> i64 {
    let at = &ints[n * width..(n + 1) * width];
    match width {
        2 => i16::from_le_bytes([at[0], at[1]]).into(),
        4 => i32::from_le_bytes([at[0], at[1], at[2], at[3]]).into(),
        _ => i64::from_le_bytes(at.try_into().expect("the width is 8")),
    }
}

/// Writes `v` in as many bytes as `to` has.
#[inline]
fn write(to: &mut [u8], v: i64) {
    to.copy_from_slice(&v.to_le_bytes()[..to.len()]);
}

/// How many there are.
#[inline]
pub fn len(bytes: &[u8]) -> usize {
    let (width, ints) = parts(bytes);
    ints.len() / width
}

/// Integer number `n` in ascending order.
///
/// Panics if there are no more than `n`.
#[inline]
pub fn get(bytes: &[u8], n: usize) -> i64 {
    let (width, ints) = parts(bytes);
    read(ints, width, n)
}

/// All of them, ascending.
#[inline]
pub fn iter(bytes: &[u8]) -> impl Iterator<Item = i64> + Clone {
    let (width, ints) = parts(bytes);
    (0..ints.len() / width).map(move |n| read(ints, width, n))
}

/// The number of `v`, or the number it would have.
fn search(bytes: &[u8], v: i64) -> Result<usize, usize> {
    let (width, ints) = parts(bytes);
    let (mut from, mut to) = (0, ints.len() / width);
    while from < to {
        let middle = from.midpoint(to);
        match read(ints, width, middle).cmp(&v) {
            std::cmp::Ordering::Equal => return Ok(middle),
            std::cmp::Ordering::Less => from = middle + 1,
            std::cmp::Ordering::Greater => to = middle,
        }
    }
    Err(from)
}

/// Whether `v` is there.
#[inline]
pub fn contains(bytes: &[u8], v: i64) -> bool {
    search(bytes, v).is_ok()
}

/// Adds `v`; whether it is new.
pub fn insert(store: &mut impl ByteStore, v: i64) -> bool {
    let Err(n) = search(store.bytes(), v) else { return false };
    let (width, wanted) = (parts(store.bytes()).0, width_for(v));
    if store.bytes().is_empty() {
        let gap = store.splice(0, 0, HEAD_BYTES + wanted);
        gap[0] = wanted as u8;
        write(&mut gap[HEAD_BYTES..], v);
    } else if wanted <= width {
        write(store.splice(HEAD_BYTES + n * width, 0, width), v);
    } else {
        // It is smaller or larger than all others, and all of them get its width.
        let mut all: Vec<i64> = iter(store.bytes()).collect();
        all.insert(n, v);
        let old = store.bytes().len();
        fill(store.splice(0, old, HEAD_BYTES + all.len() * wanted), wanted, all.into_iter());
    }
    true
}

/// Writes a whole set over bytes of just its size.
fn fill(to: &mut [u8], width: usize, ascending: impl Iterator<Item = i64>) {
    to[0] = width as u8;
    to[HEAD_BYTES..].chunks_exact_mut(width).zip(ascending).for_each(|(at, v)| write(at, v));
}

/// The bytes of a set of these integers, which ascend.
pub fn collect(ascending: &[i64]) -> Vec<u8> {
    let (Some(first), Some(last)) = (ascending.first(), ascending.last()) else { return Vec::new() };
    let width = width_for(*first).max(width_for(*last));
    let mut bytes = vec![0; HEAD_BYTES + ascending.len() * width];
    fill(&mut bytes, width, ascending.iter().copied());
    bytes
}

/// Removes `v`; whether it was there.
pub fn remove(store: &mut impl ByteStore, v: i64) -> bool {
    let found = search(store.bytes(), v);
    if let Ok(n) = found {
        remove_at(store, n);
    }
    found.is_ok()
}

/// Removes integer number `n`.
pub fn remove_at(store: &mut impl ByteStore, n: usize) {
    let (width, bytes) = (parts(store.bytes()).0, store.bytes().len());
    if bytes == HEAD_BYTES + width {
        store.splice(0, bytes, 0);
    } else {
        store.splice(HEAD_BYTES + n * width, width, 0);
    }
}

/// How many integers bytes of unknown origin hold. Never panics.
///
/// # Errors
/// If the width is none, the bytes do not end with an integer, or the order is broken.
pub fn validate(bytes: &[u8]) -> Result<usize, Malformed> {
    let [width, ints @ ..] = bytes else { return Ok(0) };
    let width = usize::from(*width);
    if !matches!(width, 2 | 4 | 8) || ints.is_empty() || !ints.len().is_multiple_of(width) {
        return Err(Malformed);
    }
    if iter(bytes).is_sorted_by(|a, b| a < b) { Ok(len(bytes)) } else { Err(Malformed) }
}
