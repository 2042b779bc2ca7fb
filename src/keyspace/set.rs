//! Set values: sorted integers or packed members in the key's block while small, a table of
//! members when large.
//!
//! A set begins in the form that its first member and the number of members announced call
//! for, and moves on to a larger form when `set-max-intset-entries`,
//! `set-max-listpack-entries` or `set-max-listpack-value` would be exceeded ([`form`]); it
//! never comes back, but for SPOP and SINTERSTORE, which build a new one. All of this is as
//! Valkey does it, because OBJECT ENCODING shows it.

mod form;

use super::{
    block::{Entry, Kind, Type},
    edit::Edit,
    event::Event,
    keys::{Key, Keys, Views},
    object::Object,
};
use crate::{
    base::{hash::HashKey, num::parse_i64, prng::Prng},
    config::Encoding,
    data::{
        packed::{Item, Packed},
        set::{Batch, SetTable, ints, packed as members},
        table::View,
    },
    protocol::Error,
};
pub use form::Rules;

/// How large the small forms of a set may be.
#[derive(Clone, Copy, Debug)]
pub struct SetLimits {
    ints: usize,
    packed: usize,
    text_bytes: usize,
}

impl SetLimits {
    /// The configured limits.
    pub fn of(c: &Encoding) -> SetLimits {
        SetLimits {
            ints: c.set_max_intset_entries,
            packed: c.set_max_listpack_entries,
            text_bytes: c.set_max_listpack_value_bytes,
        }
    }
}

/// A set, to be read.
#[derive(Clone, Copy)]
pub enum SetRef<'a> {
    Ints(&'a [u8]),
    Packed(&'a [u8]),
    Table(&'a SetTable),
}

impl<'a> SetRef<'a> {
    /// The set an entry holds.
    ///
    /// # Panics
    /// If the entry is not a set.
    #[inline]
    pub fn of(e: &'a Entry) -> SetRef<'a> {
        match e.kind() {
            Kind::SetInts => SetRef::Ints(e.payload()),
            Kind::SetPacked => SetRef::Packed(e.payload()),
            _ => match e.object() {
                Some(Object::Set(s)) => SetRef::Table(s),
                _ => panic!("not a set"),
            },
        }
    }

    /// Number of members.
    #[inline]
    pub fn len(self) -> usize {
        match self {
            SetRef::Ints(bytes) => ints::len(bytes),
            SetRef::Packed(bytes) => members::len(bytes),
            SetRef::Table(s) => s.len(),
        }
    }

    /// Whether there is no member.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Whether `member` is in the set.
    #[inline]
    pub fn contains(self, member: &[u8]) -> bool {
        match self {
            SetRef::Ints(bytes) => parse_i64(member).is_some_and(|v| ints::contains(bytes, v)),
            SetRef::Packed(bytes) => members::find(bytes, member).is_ok(),
            SetRef::Table(s) => s.contains(member),
        }
    }

    /// Leaves in `batch` the members that are in this set, if they are `wanted`, or those that
    /// are not.
    pub fn retain(self, batch: &mut Batch, wanted: bool) {
        match self {
            SetRef::Ints(bytes) => {
                batch.retain(|item| item.as_int().is_some_and(|v| ints::contains(bytes, v)) == wanted);
            }
            SetRef::Packed(_) => batch.retain(|item| item.with_text(|text| self.contains(text)) == wanted),
            SetRef::Table(s) => s.retain(batch, wanted),
        }
    }

    /// All members.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = Item<'a>> {
        // One of the three has members, so that the iterator is of one type.
        let (ints, packed, table) = match self {
            SetRef::Ints(bytes) => (Some(bytes), None, None),
            SetRef::Packed(bytes) => (None, Some(bytes), None),
            SetRef::Table(s) => (None, None, Some(s)),
        };
        let ints = ints.into_iter().flat_map(ints::iter).map(Item::Int);
        let packed = packed.into_iter().flat_map(Packed::<false>::iter);
        ints.chain(packed).chain(table.into_iter().flat_map(SetTable::iter).map(Item::Str))
    }

    /// Shows every member to `f`.
    #[inline]
    pub fn each(self, mut f: impl FnMut(Item<'a>)) {
        match self {
            SetRef::Ints(bytes) => ints::iter(bytes).for_each(|v| f(Item::Int(v))),
            SetRef::Packed(bytes) => Packed::<false>::iter(bytes).for_each(f),
            SetRef::Table(s) => s.iter().for_each(|text| f(Item::Str(text))),
        }
    }

    /// A random member; each has the same chance.
    pub fn random(self, rng: &mut Prng) -> Option<Item<'a>> {
        let below = |len: usize, rng: &mut Prng| (len > 0).then(|| rng.below(len as u64) as usize);
        match self {
            SetRef::Ints(bytes) => below(ints::len(bytes), rng).map(|n| Item::Int(ints::get(bytes, n))),
            SetRef::Packed(bytes) => below(members::len(bytes), rng).map(|n| members::nth(bytes, n).1),
            SetRef::Table(s) => s.random(&mut || rng.next_u64()).map(Item::Str),
        }
    }

    /// One step of a scan: shows some members to `f`, and returns the cursor to go on with, 0
    /// after the last. A small set is shown at once.
    pub fn scan(self, cursor: u64, mut f: impl FnMut(Item)) -> u64 {
        match self {
            SetRef::Table(s) => s.scan(cursor, |text| f(Item::Str(text))),
            _ => {
                self.each(f);
                0
            }
        }
    }

    /// What OBJECT ENCODING reports.
    pub fn encoding(self) -> &'static str {
        match self {
            SetRef::Ints(_) => "intset",
            SetRef::Packed(_) => "listpack",
            SetRef::Table(_) => "hashtable",
        }
    }
}

/// A set, to be changed. Close it with [`SetMut::changed`]; dropping it says that nothing
/// changed.
pub struct SetMut<'a> {
    edit: Edit<'a>,
    rules: Rules,
}

impl SetMut<'_> {
    /// The set as it stands.
    #[inline]
    pub fn get(&self) -> SetRef<'_> {
        SetRef::of(self.edit.entry())
    }

    /// Whether somebody reads the journal.
    pub fn journals(&self) -> bool {
        self.edit.journals()
    }

    /// Adds `member`; whether it is new.
    #[inline]
    pub fn add(&mut self, member: &[u8]) -> bool {
        self.rules.add(self.edit.entry_mut(), Item::Str(member))
    }

    /// Removes `member`; whether it was there.
    #[inline]
    pub fn remove(&mut self, member: &[u8]) -> bool {
        form::remove(self.edit.entry_mut(), Item::Str(member))
    }

    /// Removes a random member, shown to `popped`; each has the same chance.
    pub fn pop(&mut self, rng: &mut Prng, popped: impl FnOnce(Item)) {
        form::pop(self.edit.entry_mut(), rng, popped);
    }

    /// Removes `count` random members, fewer than there are, each shown to `popped`; every
    /// selection has the same chance.
    pub fn pop_many(&mut self, count: usize, rng: &mut Prng, popped: impl FnMut(Item)) {
        if let Some(old) = self.rules.pop_many(self.edit.entry_mut(), count, rng, popped) {
            self.edit.changes().discard_object(old);
        }
    }

    /// Removes all members.
    pub fn clear(&mut self) {
        self.edit.discard_value();
        self.edit.entry_mut().set_payload(Kind::SetPacked, 0);
    }

    /// Closes the edit: `event` happened to the key, and counts as `changes` changes. A set
    /// left without members ceases to exist.
    #[inline]
    pub fn changed(self, event: Event, changes: u64) {
        self.edit.changed_by(event, changes);
    }
}

/// A set in the making, which no key holds yet.
pub struct SetDraft {
    entry: Entry,
    rules: Rules,
}

impl SetDraft {
    /// A set without members for a key called `name`: of integers as long as it can, or packed.
    pub fn new(name: &[u8], rules: Rules, ints: bool) -> SetDraft {
        let kind = if ints { Kind::SetInts } else { Kind::SetPacked };
        SetDraft { entry: Entry::new(kind, name, 0, None), rules }
    }

    /// Adds `member`; whether it is new.
    #[inline]
    pub fn add(&mut self, member: Item) -> bool {
        self.rules.add(&mut self.entry, member)
    }

    /// Removes `member`; whether it was there.
    pub fn remove(&mut self, member: Item) -> bool {
        form::remove(&mut self.entry, member)
    }

    /// The set as it stands.
    pub fn get(&self) -> SetRef<'_> {
        SetRef::of(&self.entry)
    }

    /// Makes it a set of integers if that is what it is, and there are not too many.
    pub fn shrink_to_ints(&mut self) {
        self.rules.shrink_to_ints(&mut self.entry);
    }

    /// The entry, to be put into the key space.
    pub fn into_entry(self) -> Entry {
        self.entry
    }
}

impl Keys<'_, '_> {
    /// The set at `key`; see [`SetRef::of`].
    ///
    /// # Errors
    /// WRONGTYPE if the key holds another type.
    #[inline]
    pub fn read_set(&mut self, key: Key) -> Result<Option<View<'_, Entry>>, Error> {
        self.read_as(key, Type::Set)
    }

    /// The sets at several keys.
    ///
    /// # Errors
    /// WRONGTYPE if any key holds another type.
    pub fn read_sets<'k>(&mut self, keys: impl Iterator<Item = Key<'k>> + Clone) -> Result<Views<'_>, Error> {
        self.read_all(keys, Type::Set)
    }

    /// Opens the set at `key` for change.
    ///
    /// # Errors
    /// WRONGTYPE if the key holds another type.
    #[inline]
    pub fn edit_set(&mut self, key: Key, limits: SetLimits) -> Result<Option<SetMut<'_>>, Error> {
        let rules = self.set_rules(limits);
        Ok(self.edit_as(key, Type::Set)?.map(|edit| SetMut { edit, rules }))
    }

    /// Opens the set at `key` for change, making an empty one if there is none. `first` is the
    /// first of about so many `members` that are to be added.
    ///
    /// # Errors
    /// WRONGTYPE if the key holds another type.
    #[inline(always)]
    pub fn upsert_set(
        &mut self,
        key: Key,
        limits: SetLimits,
        first: &[u8],
        members: usize,
    ) -> Result<SetMut<'_>, Error> {
        let rules = self.set_rules(limits);
        let edit = self.upsert(key, rules.first_kind(first, members))?;
        let mut set = SetMut { edit, rules };
        rules.expect(set.edit.entry_mut(), members);
        Ok(set)
    }

    /// What a set that is to be made depends on.
    #[inline]
    pub fn set_rules(&self, limits: SetLimits) -> Rules {
        Rules::new(limits, self.held.space().hash_key())
    }
}

#[cfg(test)]
mod tests;
