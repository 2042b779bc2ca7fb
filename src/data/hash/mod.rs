//! The large hash: a table of fields, each with its value and perhaps an expiry.
//!
//! A small hash is pairs in one packed sequence inside its key's block ([`packed`]). A large
//! one, or one with an expiry on any field, is a [`HashTable`]: the same growing table as
//! the key space, with one heap block per field ([`field`]).
//!
//! Fields expire on their own. One whose time has passed is still stored, and counted, until
//! [`HashTable::expire`] or [`HashTable::remove_due`] takes it away; readers either ask for
//! what is stored or, by passing the time, for what is `live`. The table marks the fields
//! with an expiry, so that looking for due ones passes over all others, and remembers a
//! lower bound of the earliest, so that mostly nobody looks.

mod expire;
mod field;
pub mod packed;

#[cfg(test)]
mod tests;

pub use field::{Entry, MAX_EXPIRY_MS};

use crate::base::hash::HashKey;
use crate::data::table::Table;
use expire::ExpiryHint;
use field::Field;

/// What becomes of a field's expiry when its value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewExpiry {
    /// The field keeps the one it has, if any.
    Keep,
    /// The field has none.
    Never,
    /// The field expires at this Unix time in milliseconds, at most [`MAX_EXPIRY_MS`].
    At(u64),
}

/// How often `random_live` draws before it takes the first live field there is.
const RANDOM_TRIES: usize = 100;

/// A hash of any size.
pub struct HashTable {
    table: Table<Field>,
    key: HashKey,
    /// Heap bytes of the fields' blocks.
    block_bytes: usize,
    hint: ExpiryHint,
}

impl HashTable {
    /// A hash without fields; `key` keys its table.
    pub fn new(key: HashKey) -> HashTable {
        HashTable { table: Table::new(key), key, block_bytes: 0, hint: ExpiryHint::new() }
    }

    /// Number of stored fields, due ones included.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether no field is stored.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of stored fields with an expiry.
    pub fn expiring(&self) -> usize {
        self.table.tagged()
    }

    /// Heap bytes behind this value, as the allocator rounds them. Constant time.
    pub fn heap_bytes(&self) -> usize {
        self.table.heap_bytes() + self.block_bytes
    }

    /// A hint that `field` is about to be looked up: asks for its bucket. Returns its hash.
    pub fn prefetch_bucket(&self, field: &[u8]) -> u64 {
        let hash = self.key.hash(field);
        self.table.prefetch_bucket(hash);
        hash
    }

    /// Asks for the block of what has this hash, in a bucket asked for some time ago.
    pub fn prefetch_block(&self, hash: u64) {
        self.table.prefetch_block(hash);
    }

    /// The value stored for `field`.
    #[inline]
    pub fn get(&self, field: &[u8]) -> Option<&[u8]> {
        self.entry(field).map(|entry| entry.value)
    }

    /// The value of `field` unless it is due.
    #[inline]
    pub fn get_live(&self, field: &[u8], now_ms: u64) -> Option<&[u8]> {
        self.entry_live(field, now_ms).map(|entry| entry.value)
    }

    /// What is stored for `field`.
    #[inline]
    pub fn entry(&self, field: &[u8]) -> Option<Entry<'_>> {
        self.table.get(self.key.hash(field), field).map(Field::lend)
    }

    /// What is stored for `field` unless it is due.
    #[inline]
    pub fn entry_live(&self, field: &[u8], now_ms: u64) -> Option<Entry<'_>> {
        self.entry(field).filter(|entry| !entry.is_due(now_ms))
    }

    /// Sets `field` to `value` without an expiry; whether the field is new.
    #[inline]
    pub fn set(&mut self, field: &[u8], value: &[u8]) -> bool {
        self.put(field, value, NewExpiry::Never)
    }

    /// Sets `field` to `value`; whether the field is new. A due field is not: where it should
    /// be, call `remove_due` first.
    pub fn put(&mut self, field: &[u8], value: &[u8], expiry: NewExpiry) -> bool {
        let hash = self.key.hash(field);
        let expiry_ms = match expiry {
            NewExpiry::At(at) => Some(at),
            NewExpiry::Keep | NewExpiry::Never => None,
        };
        self.note_expiry(expiry_ms);
        let make = || Field::new(field, value, expiry_ms);
        let (mut stored, new) = self.table.get_or_insert_with(hash, field, make);
        if new {
            self.block_bytes += stored.heap_bytes();
            return true;
        }
        let expiry_ms = if expiry == NewExpiry::Keep { stored.expiry_ms() } else { expiry_ms };
        if let Some((before, after)) = stored.update(value, expiry_ms) {
            self.block_bytes = self.block_bytes - before + after;
        }
        false
    }

    /// Removes `field`; whether it was stored.
    pub fn del(&mut self, field: &[u8]) -> bool {
        let gone = self.table.remove(self.key.hash(field), field);
        if let Some(gone) = &gone {
            self.block_bytes -= gone.heap_bytes();
        }
        gone.is_some()
    }

    /// When `field` expires, in Unix milliseconds; `None` if it never does or is not stored.
    pub fn expiry_ms(&self, field: &[u8]) -> Option<u64> {
        self.entry(field)?.expiry_ms
    }

    /// Makes `field` expire at a Unix time of at most [`MAX_EXPIRY_MS`]; whether it is stored.
    pub fn set_expiry(&mut self, field: &[u8], expiry_ms: u64) -> bool {
        self.change_expiry(field, Some(expiry_ms)).is_some()
    }

    /// Makes `field` never expire; whether it had an expiry.
    pub fn persist(&mut self, field: &[u8]) -> bool {
        self.change_expiry(field, None).flatten().is_some()
    }

    /// Gives `field` another expiry and returns the old one; `None` if it is not stored.
    fn change_expiry(&mut self, field: &[u8], expiry_ms: Option<u64>) -> Option<Option<u64>> {
        self.note_expiry(expiry_ms);
        let mut stored = self.table.get_mut(self.key.hash(field), field)?;
        let old = stored.expiry_ms();
        self.block_bytes -= stored.heap_bytes();
        stored.set_expiry(expiry_ms);
        self.block_bytes += stored.heap_bytes();
        Some(old)
    }

    /// All stored fields, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        self.table.iter().map(Field::lend)
    }

    /// All fields that are not due, in no particular order.
    pub fn iter_live(&self, now_ms: u64) -> impl Iterator<Item = Entry<'_>> {
        self.iter().filter(move |entry| !entry.is_due(now_ms))
    }

    /// One step of a scan over stored fields; see `Table::scan` for what it guarantees. The
    /// first cursor is 0, and so is the one after the last step.
    pub fn scan(&self, cursor: u64, mut visit: impl FnMut(Entry<'_>)) -> u64 {
        self.table.scan(cursor, |field| visit(field.entry()))
    }

    /// A random stored field; each has the same chance.
    pub fn random(&self, rng: &mut impl FnMut() -> u64) -> Option<Entry<'_>> {
        self.table.random(rng).map(Field::lend)
    }

    /// A random field that is not due; each has the same chance, unless next to all fields
    /// are due.
    pub fn random_live(&self, now_ms: u64, rng: &mut impl FnMut() -> u64) -> Option<Entry<'_>> {
        for _ in 0..RANDOM_TRIES {
            let entry = self.random(rng)?;
            if !entry.is_due(now_ms) {
                return Some(entry);
            }
        }
        self.iter_live(now_ms).next()
    }

    /// Frees the hash, one field with each step.
    pub fn into_freed(self) -> impl Iterator<Item = ()> + Send {
        self.table.into_iter().map(drop)
    }

    /// Panics unless the accounts are exact and the hint is a bound. For tests and fuzzers:
    /// walks everything.
    pub fn check(&self) {
        #[cfg(any(test, fuzzing))]
        self.table.check();
        let blocks: usize = self.table.iter().map(|field| field.heap_bytes()).sum();
        assert_eq!(self.block_bytes, blocks, "the account of heap bytes");
        let expiries = || self.iter().filter_map(|entry| entry.expiry_ms);
        assert_eq!(self.expiring(), expiries().count(), "the count of fields with an expiry");
        assert!(self.next_expiry_ms() <= expiries().min() || self.expiring() == 0, "the hint is no bound");
        assert_eq!(self.next_expiry_ms().is_some(), self.expiring() > 0, "the hint is stale");
    }
}

impl Clone for HashTable {
    fn clone(&self) -> HashTable {
        let mut copy = HashTable::new(self.key);
        for e in self.iter() {
            copy.put(e.field, e.value, e.expiry_ms.map_or(NewExpiry::Never, NewExpiry::At));
        }
        copy
    }
}
