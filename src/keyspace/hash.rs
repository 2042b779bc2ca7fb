//! Hash values: packed in the key's block while small, a table of fields when large.
//!
//! A small hash becomes a table when it exceeds `hash-max-listpack-entries` or a text
//! exceeds `hash-max-listpack-value`, and when a field is to expire; it never goes back.
//!
//! A field whose time has passed is hidden from every reader although it is still stored.
//! It goes when a command writes to it ([`HashMut::drop_due`]) or when active expiry finds it
//! ([`super::expire`]), whichever is first; both count it and say `hexpired`. The entry's
//! tag tells active expiry which hashes have such fields, and closing a [`HashMut`] keeps
//! the tag right.

use super::{
    block::{Entry, Kind, Type},
    edit::Edit,
    event::{self, Event},
    keys::{Key, Keys},
    object::Object,
};
use crate::{
    base::{hash::HashKey, prng::Prng, time::Wall},
    config::Encoding,
    data::{
        hash::{HashTable, NewExpiry, packed},
        packed::Item,
        table::View,
    },
    protocol::Error,
};
use smallvec::SmallVec;

/// How large a packed hash may be.
#[derive(Clone, Copy, Debug)]
pub struct HashLimits {
    fields: usize,
    text_bytes: usize,
}

impl HashLimits {
    /// No hash may be packed.
    pub const NONE: HashLimits = HashLimits { fields: 0, text_bytes: 0 };

    /// The configured limits.
    pub fn of(c: &Encoding) -> HashLimits {
        HashLimits { fields: c.hash_max_listpack_entries, text_bytes: c.hash_max_listpack_value_bytes }
    }
}

/// A hash, to be read at a certain time (unix ms).
#[derive(Clone, Copy)]
pub enum HashRef<'a> {
    Packed(&'a [u8]),
    Table(&'a HashTable, u64),
}

impl<'a> HashRef<'a> {
    /// The hash an entry holds, as it is at `now`.
    ///
    /// # Panics
    /// If the entry is not a hash.
    #[inline]
    pub fn of(e: &'a Entry, now: Wall) -> HashRef<'a> {
        match e.kind() {
            Kind::HashPacked => HashRef::Packed(e.payload()),
            _ => match e.object() {
                Some(Object::Hash(h)) => HashRef::Table(h, now.0),
                _ => panic!("not a hash"),
            },
        }
    }

    /// The value of `field`.
    #[inline]
    pub fn get(self, field: &[u8]) -> Option<Item<'a>> {
        match self {
            HashRef::Packed(bytes) => packed::get(bytes, field),
            HashRef::Table(h, now) => h.get_live(field, now).map(Item::Str),
        }
    }

    /// When `field` expires, if ever, in unix ms; `None` if there is no such field.
    pub fn expiry_ms(self, field: &[u8]) -> Option<Option<u64>> {
        match self {
            HashRef::Packed(bytes) => packed::get(bytes, field).map(|_| None),
            HashRef::Table(h, now) => h.entry_live(field, now).map(|e| e.expiry_ms),
        }
    }

    /// Number of fields.
    pub fn len(self) -> usize {
        match self {
            HashRef::Packed(bytes) => packed::len(bytes),
            HashRef::Table(h, now) => h.live_len(now),
        }
    }

    /// Whether there is no field.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Shows every field and its value to `f`.
    #[inline]
    pub fn each(self, mut f: impl FnMut(Item<'a>, Item<'a>)) {
        match self {
            HashRef::Packed(bytes) => packed::iter(bytes).for_each(|(field, value)| f(field, value)),
            HashRef::Table(h, now) => h.iter_live(now).for_each(|e| f(Item::Str(e.field), Item::Str(e.value))),
        }
    }

    /// A random field and its value.
    pub fn random(self, rng: &mut Prng) -> Option<(Item<'a>, Item<'a>)> {
        match self {
            HashRef::Packed(bytes) => {
                let len = packed::len(bytes) as u64;
                if len == 0 { None } else { packed::nth(bytes, rng.below(len) as usize) }
            }
            HashRef::Table(h, now) => {
                h.random_live(now, &mut || rng.next_u64()).map(|e| (Item::Str(e.field), Item::Str(e.value)))
            }
        }
    }

    /// One step of a scan: shows some fields to `f`, and returns the cursor to go on with, 0
    /// after the last. A small hash is shown at once.
    pub fn scan(self, cursor: u64, mut f: impl FnMut(Item, Item)) -> u64 {
        match self {
            HashRef::Packed(_) => {
                self.each(f);
                0
            }
            HashRef::Table(h, now) => h.scan(cursor, |e| {
                if !e.is_due(now) {
                    f(Item::Str(e.field), Item::Str(e.value));
                }
            }),
        }
    }

    /// What OBJECT ENCODING reports.
    pub fn encoding(self) -> &'static str {
        match self {
            HashRef::Packed(_) => "listpack",
            HashRef::Table(..) => "hashtable",
        }
    }
}

/// A hash, to be changed. Close it with [`HashMut::changed`]; dropping it says that nothing
/// changed but what time had already taken.
pub struct HashMut<'a> {
    /// Until it is closed.
    edit: Option<Edit<'a>>,
    limits: HashLimits,
    key: HashKey,
    now: Wall,
    /// Due fields that were removed on the way.
    expired: u64,
}

/// Makes a small hash large.
fn to_table(e: &mut Entry, key: HashKey) -> &mut HashTable {
    if e.kind() == Kind::HashPacked {
        let table = packed::to_table(e.payload(), key);
        e.set_object(Object::Hash(table));
    }
    match e.object_mut() {
        Some(Object::Hash(h)) => h,
        _ => panic!("not a hash"),
    }
}

/// Sets a field of a small hash, if that may stay small with it, and says whether the field is
/// new; otherwise the hash is a large one afterwards.
#[inline]
fn set_packed(
    e: &mut Entry,
    limits: HashLimits,
    key: HashKey,
    (field, value): (&[u8], &[u8]),
    expiry: NewExpiry,
) -> Option<bool> {
    if e.kind() != Kind::HashPacked {
        return None;
    }
    if field.len().max(value.len()) > limits.text_bytes || matches!(expiry, NewExpiry::At(_)) {
        to_table(e, key);
        return None;
    }
    let fields = packed::set(e, field, value);
    if fields.is_some_and(|n| n > limits.fields) {
        to_table(e, key);
    }
    Some(fields.is_some())
}

/// A hash in the making, which no key holds yet.
pub struct HashDraft {
    entry: Entry,
    limits: HashLimits,
    key: HashKey,
}

impl HashDraft {
    /// A hash for a key called `name`, for about so many `fields`; `key` keys its table.
    pub fn new(name: &[u8], limits: HashLimits, key: HashKey, fields: usize) -> HashDraft {
        let mut entry = Entry::new(Kind::HashPacked, name, 0, None);
        if fields > limits.fields {
            to_table(&mut entry, key);
        }
        HashDraft { entry, limits, key }
    }

    /// Adds a field, which expires at a unix time in ms or never; whether it is new.
    #[inline]
    pub fn add(&mut self, field: &[u8], value: &[u8], expiry_ms: Option<u64>) -> bool {
        let expiry = expiry_ms.map_or(NewExpiry::Never, NewExpiry::At);
        let small = set_packed(&mut self.entry, self.limits, self.key, (field, value), expiry);
        small.unwrap_or_else(|| to_table(&mut self.entry, self.key).put(field, value, expiry))
    }

    /// The entry, to be put into the key space.
    pub fn into_entry(mut self) -> Entry {
        let any = matches!(self.entry.object(), Some(Object::Hash(h)) if h.expiring() > 0);
        self.entry.set_fields_expire(any);
        self.entry
    }
}

impl<'a> HashMut<'a> {
    pub(super) fn new(edit: Edit<'a>, limits: HashLimits, key: HashKey) -> HashMut<'a> {
        let now = edit.now;
        HashMut { edit: Some(edit), limits, key, now, expired: 0 }
    }

    #[inline]
    fn entry(&self) -> &Entry {
        self.edit.as_ref().expect("the edit is open").entry()
    }

    #[inline]
    fn entry_mut(&mut self) -> &mut Entry {
        self.edit.as_mut().expect("the edit is open").entry_mut()
    }

    /// The hash as it stands.
    #[inline]
    pub fn get(&self) -> HashRef<'_> {
        HashRef::of(self.entry(), self.now)
    }

    #[inline]
    fn table(&mut self) -> Option<&mut HashTable> {
        match self.entry_mut().object_mut() {
            Some(Object::Hash(h)) => Some(h),
            _ => None,
        }
    }

    /// Makes a small hash large.
    fn convert(&mut self) -> &mut HashTable {
        let key = self.key;
        to_table(self.entry_mut(), key)
    }

    /// Says that `fields` pairs will be set: too many for a small hash make it large at once.
    #[inline]
    pub fn grow(&mut self, fields: usize) {
        if fields > self.limits.fields {
            self.convert();
        }
    }

    /// Removes those of `fields` that are due: to be called for all fields that will be
    /// written to, before any of them is.
    #[inline]
    pub fn drop_due<'f>(&mut self, fields: impl Iterator<Item = &'f [u8]>) {
        if self.table().is_some_and(|table| table.expiring() > 0) {
            self.drop_due_of(fields);
        }
    }

    #[cold]
    fn drop_due_of<'f>(&mut self, fields: impl Iterator<Item = &'f [u8]>) {
        let now_ms = self.now.0;
        let Some(table) = self.table() else { return };
        let gone: SmallVec<[&[u8]; 8]> = fields.filter(|field| table.remove_due(field, now_ms)).collect();
        self.gone(&gone);
    }

    /// Records that time removed these fields.
    fn gone(&mut self, fields: &[&[u8]]) {
        self.expired += fields.len() as u64;
        if let Some(edit) = &mut self.edit {
            edit.journal_gone(fields);
        }
        if !fields.is_empty() && self.table().is_some_and(|table| table.is_empty()) {
            // With its last field the hash itself has expired: what is written now is another
            // one, as it is for who reads the journal.
            self.entry_mut().set_expiry_ms(None);
        }
    }

    /// Sets `field` to `value`; whether the field is new.
    #[inline]
    pub fn set(&mut self, field: &[u8], value: &[u8], expiry: NewExpiry) -> bool {
        let (limits, key) = (self.limits, self.key);
        if let Some(new) = set_packed(self.entry_mut(), limits, key, (field, value), expiry) {
            return new;
        }
        self.table().expect("a large hash").put(field, value, expiry)
    }

    /// Removes `field`; whether it was there.
    pub fn del(&mut self, field: &[u8]) -> bool {
        match self.table() {
            Some(table) => table.del(field),
            None => packed::del(self.entry_mut(), field),
        }
    }

    /// Makes `field`, which must be there, expire at a unix time in ms.
    pub fn set_expiry(&mut self, field: &[u8], at_ms: u64) {
        self.convert().set_expiry(field, at_ms);
    }

    /// Makes `field` never expire; whether it had an expiry.
    pub fn persist(&mut self, field: &[u8]) -> bool {
        self.table().is_some_and(|table| table.persist(field))
    }

    /// Removes due fields, looking at about `budget` of those that expire.
    pub(super) fn expire(&mut self, budget: usize) {
        let now_ms = self.now.0;
        let mut gone: Vec<Vec<u8>> = Vec::new();
        if let Some(table) = self.table() {
            table.expire(now_ms, budget, |field, _| gone.push(field.to_vec()));
        }
        self.gone(&gone.iter().map(Vec::as_slice).collect::<SmallVec<[&[u8]; 8]>>());
    }

    /// Raises one more event about the key, before the edit closes.
    pub fn raise(&mut self, event: Event) {
        self.edit.as_mut().expect("the edit is open").raise(event);
    }

    /// Closes the edit: `event` happened to the key, and counts as `changes` changes. A hash
    /// left without fields ceases to exist.
    #[inline]
    pub fn changed(mut self, event: Event, changes: u64) {
        self.close(Some((event, changes)));
    }

    #[inline]
    fn close(&mut self, changed: Option<(Event, u64)>) {
        let Some(mut edit) = self.edit.take() else { return };
        if let Some(Object::Hash(h)) = edit.entry().object() {
            let any = h.expiring() > 0;
            edit.entry_mut().set_fields_expire(any);
        }
        if self.expired > 0 {
            edit.count_expired_fields(self.expired);
        }
        match changed {
            Some((event, changes)) => {
                if self.expired > 0 {
                    edit.raise(event::HEXPIRED);
                }
                edit.changed_by(event, changes);
            }
            None if self.expired > 0 => edit.changed_by(event::HEXPIRED, 0),
            None => {}
        }
    }
}

impl Drop for HashMut<'_> {
    #[inline]
    fn drop(&mut self) {
        self.close(None);
    }
}

impl Keys<'_, '_> {
    /// The hash at `key`; see [`HashRef::of`].
    ///
    /// # Errors
    /// WRONGTYPE if the key holds another type.
    #[inline]
    pub fn read_hash(&mut self, key: Key) -> Result<Option<View<'_, Entry>>, Error> {
        self.read_as(key, Type::Hash)
    }

    /// Opens the hash at `key` for change.
    ///
    /// # Errors
    /// WRONGTYPE if the key holds another type.
    #[inline]
    pub fn edit_hash(&mut self, key: Key, limits: HashLimits) -> Result<Option<HashMut<'_>>, Error> {
        let hash_key = self.held.space().hash_key();
        Ok(self.edit_as(key, Type::Hash)?.map(|e| HashMut::new(e, limits, hash_key)))
    }

    /// Opens the hash at `key` for change, making an empty one if there is none.
    ///
    /// # Errors
    /// WRONGTYPE if the key holds another type.
    #[inline]
    pub fn upsert_hash(&mut self, key: Key, limits: HashLimits) -> Result<HashMut<'_>, Error> {
        let hash_key = self.held.space().hash_key();
        Ok(HashMut::new(self.upsert(key, Kind::HashPacked)?, limits, hash_key))
    }
}

#[cfg(test)]
mod tests;
