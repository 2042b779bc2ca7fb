//! Sorted-set values: packed in the key's block while small, a table and a tree when large.
//!
//! A small sorted set becomes large when it exceeds `zset-max-listpack-entries` or a member
//! `zset-max-listpack-value`; it never goes back, but one made as a whole ([`entry_of`])
//! takes the form that suits it. Whatever a client asks for is a range of ranks here, so
//! commands ask for that first and walk it then.

use super::{
    block::{Entry, Kind, Type},
    edit::Edit,
    event::Event,
    garbage::Garbage,
    keys::{Key, Keys, Views},
    object::Object,
};
use crate::{
    base::hash::HashKey,
    config::Encoding,
    data::{
        packed::Item,
        table::View,
        zset::{
            self, Builder, ZSet, packed,
            range::{LexRange, ScoreRange},
        },
    },
    protocol::Error,
};
use smallvec::SmallVec;
use std::ops::Range;

/// How large a packed sorted set may be.
#[derive(Clone, Copy, Debug)]
pub struct ZsetLimits {
    members: usize,
    text_bytes: usize,
}

impl ZsetLimits {
    /// The configured limits.
    pub fn of(c: &Encoding) -> ZsetLimits {
        ZsetLimits { members: c.zset_max_listpack_entries, text_bytes: c.zset_max_listpack_value_bytes }
    }
}

/// A sorted set, to be read.
#[derive(Clone, Copy)]
pub enum ZsetRef<'a> {
    Packed(&'a [u8]),
    Tree(&'a ZSet),
}

impl<'a> ZsetRef<'a> {
    /// The sorted set an entry holds.
    ///
    /// # Panics
    /// If the entry is not a sorted set.
    #[inline]
    pub fn of(e: &'a Entry) -> ZsetRef<'a> {
        match e.kind() {
            Kind::ZsetPacked => ZsetRef::Packed(e.payload()),
            _ => match e.object() {
                Some(Object::ZSet(set)) => ZsetRef::Tree(set),
                _ => panic!("not a sorted set"),
            },
        }
    }

    /// Number of members.
    #[inline]
    pub fn len(self) -> usize {
        match self {
            ZsetRef::Packed(bytes) => packed::len(bytes),
            ZsetRef::Tree(set) => set.len(),
        }
    }

    /// Whether there are no members.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The score of `member`.
    #[inline]
    pub fn score(self, member: &[u8]) -> Option<f64> {
        match self {
            ZsetRef::Packed(bytes) => packed::score(bytes, member),
            ZsetRef::Tree(set) => set.score(member),
        }
    }

    /// The rank of `member`, counted from the lowest, and its score.
    pub fn rank(self, member: &[u8]) -> Option<(usize, f64)> {
        match self {
            ZsetRef::Packed(bytes) => packed::rank(bytes, member),
            ZsetRef::Tree(set) => {
                let score = set.score(member)?;
                Some((set.rank(zset::Entry { score, member }), score))
            }
        }
    }

    /// The ranks of the members whose scores are in a range.
    pub fn score_range(self, range: &ScoreRange) -> Range<usize> {
        let count = |before: &dyn Fn(f64) -> bool| match self {
            ZsetRef::Packed(bytes) => packed::count_before(bytes, before),
            ZsetRef::Tree(set) => set.count_scores_before(before),
        };
        let start = count(&|score| range.is_below(score));
        start..count(&|score| !range.is_above(score)).max(start)
    }

    /// The ranks of the members whose names are in a range, all scores being equal. Where
    /// they are not, what it finds depends on the form and the direction.
    pub fn lex_range(self, range: &LexRange, reverse: bool) -> Range<usize> {
        match self {
            ZsetRef::Packed(bytes) => packed::lex_range(bytes, range, reverse),
            ZsetRef::Tree(set) => {
                let start = set.count_before(|e| range.is_below(e.member));
                start..set.count_before(|e| !range.is_above(e.member)).max(start)
            }
        }
    }

    /// The members of these ranks, which end at `len` at most; the highest first if
    /// `reverse`.
    #[inline]
    pub fn range(self, ranks: Range<usize>, reverse: bool) -> Members<'a> {
        match self {
            ZsetRef::Tree(set) => Members::Tree(set.iter(ranks, reverse)),
            ZsetRef::Packed(bytes) if !reverse => {
                Members::Up { bytes, at: packed::position(bytes, ranks.start), left: ranks.len() }
            }
            ZsetRef::Packed(bytes) => {
                let mut at = packed::position(bytes, ranks.start);
                let mut places = SmallVec::new();
                for _ in ranks {
                    places.push(at as u32);
                    at += packed::position(&bytes[at..], 1);
                }
                Members::Down { bytes, places }
            }
        }
    }

    /// All members, lowest first.
    pub fn all(self) -> Members<'a> {
        self.range(0..self.len(), false)
    }

    /// One step of a scan: shows some members to `f`, and returns the cursor to go on with,
    /// 0 after the last. A small set is shown at once.
    pub fn scan(self, cursor: u64, mut f: impl FnMut(Item, f64)) -> u64 {
        match self {
            ZsetRef::Packed(bytes) => {
                packed::iter(bytes).for_each(|(item, score)| f(item, score));
                0
            }
            ZsetRef::Tree(set) => set.scan(cursor, |e| f(Item::Str(e.member), e.score)),
        }
    }

    /// What OBJECT ENCODING reports.
    pub fn encoding(self) -> &'static str {
        match self {
            ZsetRef::Packed(_) => "listpack",
            ZsetRef::Tree(_) => "skiplist",
        }
    }
}

/// The members of a range and their scores.
pub enum Members<'a> {
    /// Packed members upwards from a position.
    Up {
        bytes: &'a [u8],
        at: usize,
        left: usize,
    },
    /// The positions of packed members, to be taken from the end.
    Down {
        bytes: &'a [u8],
        places: SmallVec<[u32; 16]>,
    },
    Tree(zset::Iter<'a>),
}

impl<'a> Iterator for Members<'a> {
    type Item = (Item<'a>, f64);

    #[inline]
    fn next(&mut self) -> Option<(Item<'a>, f64)> {
        match self {
            Members::Tree(iter) => iter.next().map(|e| (Item::Str(e.member), e.score)),
            Members::Up { bytes, at, left } => {
                *left = left.checked_sub(1)?;
                let (item, score, next) = packed::get(bytes, *at);
                *at = next;
                Some((item, score))
            }
            Members::Down { bytes, places } => {
                let (item, score, _) = packed::get(bytes, places.pop()? as usize);
                Some((item, score))
            }
        }
    }

    /// What `for_each` runs: which of them it is, is asked once.
    #[inline]
    fn fold<B, F: FnMut(B, Self::Item) -> B>(mut self, init: B, mut f: F) -> B {
        match self {
            Members::Tree(iter) => iter.fold(init, |b, e| f(b, (Item::Str(e.member), e.score))),
            _ => {
                let mut b = init;
                for item in &mut self {
                    b = f(b, item);
                }
                b
            }
        }
    }
}

/// A sorted set, to be changed. Close it with [`ZsetMut::changed`]; dropping it says that
/// nothing changed.
pub struct ZsetMut<'a> {
    edit: Edit<'a>,
    limits: ZsetLimits,
    key: HashKey,
}

impl ZsetMut<'_> {
    /// The sorted set as it stands.
    #[inline]
    pub fn get(&self) -> ZsetRef<'_> {
        ZsetRef::of(self.edit.entry())
    }

    #[inline]
    fn tree(&mut self) -> Option<&mut ZSet> {
        match self.edit.entry_mut().object_mut() {
            Some(Object::ZSet(set)) => Some(set),
            _ => None,
        }
    }

    /// Makes a small set large.
    fn convert(&mut self) -> &mut ZSet {
        if let ZsetRef::Packed(bytes) = self.get() {
            let set = packed::to_zset(bytes, self.key);
            self.edit.entry_mut().set_object(Object::ZSet(set));
        }
        self.tree().expect("a large sorted set")
    }

    /// Makes a small set large, which is no change that anybody is told of.
    pub fn make_large(mut self) {
        self.convert();
    }

    /// Says that `members` members of at most `longest` bytes will be given scores: what is
    /// too much for a small set makes it large at once.
    #[inline]
    pub fn grow(&mut self, members: usize, longest: usize) {
        if members > self.limits.members || longest > self.limits.text_bytes {
            self.convert();
        }
    }

    /// Gives `member` the score that `decide` makes of the one it has, if any; `None` leaves
    /// things as they are. `likely` is what that score probably is. Returns the old and the
    /// new score; they compare equal where nothing has changed.
    #[inline]
    pub fn put(
        &mut self,
        member: &[u8],
        likely: f64,
        decide: impl FnOnce(Option<f64>) -> Option<f64>,
    ) -> (Option<f64>, Option<f64>) {
        let ZsetRef::Packed(bytes) = self.get() else { return self.put_large(member, decide) };
        let located = packed::locate(bytes, member, likely);
        let old = located.found.map(|(_, score)| score);
        let new = decide(old);
        let Some(score) = new.filter(|new| old != Some(*new)) else { return (old, new) };
        let Some((at, _)) = located.found else {
            if located.len < self.limits.members && member.len() <= self.limits.text_bytes {
                let place = if score == likely { located.place } else { self.place_of(member, score) };
                packed::insert(self.edit.entry_mut(), place, member, score);
            } else {
                self.convert().insert(member, score);
            }
            return (old, new);
        };
        packed::remove(self.edit.entry_mut(), at);
        let place = self.place_of(member, score);
        packed::insert(self.edit.entry_mut(), place, member, score);
        (old, new)
    }

    /// Where `member` would go among packed members.
    fn place_of(&self, member: &[u8], score: f64) -> usize {
        packed::locate(self.edit.entry().payload(), member, score).place
    }

    fn put_large(
        &mut self,
        member: &[u8],
        decide: impl FnOnce(Option<f64>) -> Option<f64>,
    ) -> (Option<f64>, Option<f64>) {
        let set = self.tree().expect("a large sorted set");
        let old = set.score(member);
        let new = decide(old);
        match (old, new) {
            (None, Some(score)) => set.insert(member, score),
            (Some(was), Some(score)) if was != score => set.set_score(member, score),
            _ => {}
        }
        (old, new)
    }

    /// Removes `member`; whether it was there.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        if let Some(set) = self.tree() {
            return set.remove(member).is_some();
        }
        let found = packed::locate(self.edit.entry().payload(), member, 0.0).found;
        if let Some((at, _)) = found {
            packed::remove(self.edit.entry_mut(), at);
        }
        found.is_some()
    }

    /// Removes the members of these ranks, which end at `len` at most.
    pub fn remove_range(&mut self, ranks: Range<usize>) {
        match self.tree() {
            Some(set) => {
                if let Some(cut) = set.remove_range(ranks) {
                    self.edit.changes().discard_part(Garbage::cut(cut));
                }
            }
            None => packed::remove_range(self.edit.entry_mut(), ranks),
        }
    }

    /// Closes the edit: `event` happened to the key, and counts as `changes` changes. A set
    /// left without members ceases to exist.
    #[inline]
    pub fn changed(self, event: Event, changes: u64) {
        self.edit.changed_by(event, changes);
    }
}

/// An entry called `name` with these members, in the form that suits it.
pub fn entry_of(name: &[u8], members: Builder, limits: ZsetLimits) -> Entry {
    if members.len() > limits.members || members.iter().any(|e| e.member.len() > limits.text_bytes) {
        return Entry::with_object(name, Object::ZSet(members.finish()), None);
    }
    let (set, mut bytes) = (members.finish(), Vec::new());
    for e in set.iter(0..set.len(), false) {
        let end = bytes.len();
        packed::insert(&mut bytes, end, e.member, e.score);
    }
    let mut e = Entry::new(Kind::ZsetPacked, name, bytes.len(), None);
    e.payload_mut().copy_from_slice(&bytes);
    e
}

impl Keys<'_, '_> {
    /// The sorted set at `key`; see [`ZsetRef::of`].
    ///
    /// # Errors
    /// WRONGTYPE if the key holds another type.
    #[inline]
    pub fn read_zset(&mut self, key: Key) -> Result<Option<View<'_, Entry>>, Error> {
        self.read_as(key, Type::ZSet)
    }

    /// Opens the sorted set at `key` for change.
    ///
    /// # Errors
    /// WRONGTYPE if the key holds another type.
    #[inline]
    pub fn edit_zset(&mut self, key: Key, limits: ZsetLimits) -> Result<Option<ZsetMut<'_>>, Error> {
        let hash_key = self.held.space().hash_key();
        Ok(self.edit_as(key, Type::ZSet)?.map(|edit| ZsetMut { edit, limits, key: hash_key }))
    }

    /// Opens the sorted set at `key` for change, making an empty one if there is none.
    ///
    /// # Errors
    /// WRONGTYPE if the key holds another type.
    #[inline]
    pub fn upsert_zset(&mut self, key: Key, limits: ZsetLimits) -> Result<ZsetMut<'_>, Error> {
        let hash_key = self.held.space().hash_key();
        Ok(ZsetMut { edit: self.upsert(key, Kind::ZsetPacked)?, limits, key: hash_key })
    }

    /// The sets called `names`, sorted or plain, lent together; `None` for one that does not
    /// exist.
    ///
    /// # Errors
    /// WRONGTYPE if any key holds another type.
    pub fn read_scored<'k>(&mut self, names: impl Iterator<Item = &'k [u8]> + Clone) -> Result<Views<'_>, Error> {
        let keys = names.map({
            let space = self.held.space();
            |bytes| Key { bytes, hash: space.hash(bytes) }
        });
        for key in keys.clone() {
            if self.read(key).is_some_and(|e| !matches!(e.type_of(), Type::ZSet | Type::Set)) {
                return Err(Error::WRONGTYPE);
            }
        }
        Ok(self.lend_all(keys))
    }

    /// A sorted set to be filled and then stored with [`Keys::put`]; see [`entry_of`].
    pub fn new_zset(&self) -> Builder {
        Builder::new(self.held.space().hash_key())
    }
}

#[cfg(test)]
mod tests;
