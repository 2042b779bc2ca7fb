//! List values: packed in the key's block while small, nodes of their own when large.
//!
//! A small list's payload is a count of two bytes and then the packed elements: the count
//! spares LLEN and every push a walk. When `list-max-listpack-size` would be exceeded, the
//! elements move into a [`List`]; when a large list has shrunk to one node of at most half
//! the limit, they come back. Growth is foreseen ([`ListMut::grow`]) and shrinking is noticed
//! when the edit closes, exactly when Valkey does it, because OBJECT ENCODING shows it.

use super::{
    block::{Entry, Kind, Type},
    edit::Edit,
    event::Event,
    keys::{Key, Keys},
    object::Object,
};
use crate::{
    data::{
        list::{self, End, List, NodeLimit, PositionQuery, Side, small},
        packed::{self, ByteStore, Item, Packed},
        table::View,
    },
    protocol::Error,
};
use std::ops::Range;

type P = Packed<true>;

/// Bytes of the count before the packed elements.
pub const COUNT_BYTES: usize = 2;

/// A list, to be read.
#[derive(Clone, Copy)]
pub enum ListRef<'a> {
    /// Packed elements and how many there are.
    Packed(&'a [u8], usize),
    Nodes(&'a List),
}

impl<'a> ListRef<'a> {
    /// The list an entry holds.
    ///
    /// # Panics
    /// If the entry is not a list.
    #[inline(always)]
    pub fn of(e: &'a Entry) -> ListRef<'a> {
        match e.kind() {
            Kind::ListPacked => {
                let (count, elements) = e.payload().split_at(COUNT_BYTES);
                ListRef::Packed(elements, u16::from_le_bytes([count[0], count[1]]).into())
            }
            _ => match e.object() {
                Some(Object::List(l)) => ListRef::Nodes(l),
                _ => panic!("not a list"),
            },
        }
    }

    /// Number of elements.
    #[inline]
    pub fn len(self) -> usize {
        match self {
            ListRef::Packed(_, len) => len,
            ListRef::Nodes(l) => l.len(),
        }
    }

    /// Whether there are no elements.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Element `index`, negative ones counted from the tail (-1 is the last).
    pub fn get(self, index: i64) -> Option<Item<'a>> {
        match self {
            ListRef::Packed(bytes, len) => {
                let from_head = if index < 0 { index.checked_add(len as i64)? } else { index };
                let n = usize::try_from(from_head).ok().filter(|n| *n < len)?;
                Some(P::get(bytes, position(bytes, len, n)))
            }
            ListRef::Nodes(l) => l.get(index),
        }
    }

    /// The elements numbered in `range`, which may reach past the end; from either end.
    pub fn range(self, range: Range<usize>) -> Elements<'a> {
        match self {
            ListRef::Packed(bytes, len) => {
                let end = range.end.min(len);
                let start = range.start.min(end);
                let until = position(bytes, len, end);
                Elements::Packed(P::iter_from(&bytes[..until], position(bytes, len, start)))
            }
            ListRef::Nodes(l) => Elements::Nodes(l.range(range)),
        }
    }

    /// Shows the elements numbered in `range`, which may reach past the end, to `f`.
    #[inline]
    pub fn each(self, range: Range<usize>, f: impl FnMut(Item<'a>)) {
        match self {
            ListRef::Packed(bytes, len) => {
                let end = range.end.min(len);
                let start = range.start.min(end);
                P::each(bytes, position(bytes, len, start), end - start, f);
            }
            ListRef::Nodes(l) => l.each(range, f),
        }
    }

    /// Reports the positions that `query` asks for.
    pub fn positions(self, query: &PositionQuery, found: impl FnMut(usize)) {
        query.run(self.range(0..self.len()), self.len(), found);
    }

    /// What OBJECT ENCODING reports.
    pub fn encoding(self) -> &'static str {
        match self {
            ListRef::Packed(..) => "listpack",
            ListRef::Nodes(_) => "quicklist",
        }
    }
}

/// Byte offset of element `n` of `len`, found from the nearer end.
fn position(bytes: &[u8], len: usize, n: usize) -> usize {
    let found = match len - n {
        0 => Some(bytes.len()),
        left if n <= left => P::nth(bytes, n),
        left => P::nth_back(bytes, left - 1),
    };
    found.expect("as many elements as counted")
}

/// The elements of a part of a list.
pub enum Elements<'a> {
    Packed(packed::Iter<'a, true>),
    Nodes(list::Iter<'a>),
}

impl<'a> Iterator for Elements<'a> {
    type Item = Item<'a>;

    #[inline]
    fn next(&mut self) -> Option<Item<'a>> {
        match self {
            Elements::Packed(i) => i.next(),
            Elements::Nodes(i) => i.next(),
        }
    }
}

impl DoubleEndedIterator for Elements<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        match self {
            Elements::Packed(i) => i.next_back(),
            Elements::Nodes(i) => i.next_back(),
        }
    }
}

/// The packed elements of a small list's payload.
struct Body<'a>(&'a mut Entry);

impl Body<'_> {
    fn count(&self) -> usize {
        let p = self.0.payload();
        u16::from_le_bytes([p[0], p[1]]).into()
    }

    fn set_count(&mut self, count: usize) {
        let count = u16::try_from(count).expect("a packed list is below 64 KiB");
        self.0.payload_mut()[..COUNT_BYTES].copy_from_slice(&count.to_le_bytes());
    }
}

impl ByteStore for Body<'_> {
    #[inline]
    fn bytes(&self) -> &[u8] {
        &self.0.payload()[COUNT_BYTES..]
    }

    #[inline]
    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.0.payload_mut()[COUNT_BYTES..]
    }

    #[inline]
    fn splice(&mut self, at: usize, remove: usize, insert: usize) -> &mut [u8] {
        self.0.splice(at + COUNT_BYTES, remove, insert)
    }
}

/// A list, to be changed. Close it with [`ListMut::changed`].
pub struct ListMut<'a> {
    edit: Edit<'a>,
    limit: NodeLimit,
}

/// Runs one of two bodies on the small or on the large form.
macro_rules! either {
    ($self:ident, $small:ident => $a:expr, $large:ident => $b:expr) => {{
        let e = $self.edit.entry_mut();
        if e.kind() == Kind::ListPacked {
            #[allow(unused_mut)]
            let mut $small = Body(e);
            $a
        } else {
            match e.object_mut() {
                Some(Object::List($large)) => $b,
                _ => panic!("not a list"),
            }
        }
    }};
}

impl<'a> ListMut<'a> {
    fn new(edit: Edit<'a>, limit: NodeLimit) -> ListMut<'a> {
        ListMut { edit, limit }
    }

    /// The list as it stands.
    #[inline]
    pub fn get(&self) -> ListRef<'_> {
        ListRef::of(self.edit.entry())
    }

    /// Number of elements.
    #[inline]
    pub fn len(&self) -> usize {
        self.get().len()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Says that `count` elements with `text_bytes` of text in all may be added: a small
    /// list that would exceed its limit becomes a large one.
    #[inline]
    pub fn grow(&mut self, text_bytes: usize, count: usize) {
        if let ListRef::Packed(bytes, len) = self.get()
            && self.limit.exceeded(P::listpack_bytes(bytes) + text_bytes, len + count)
        {
            let list = List::from_packed(self.limit, bytes);
            self.edit.entry_mut().set_object(Object::List(list));
        }
    }

    /// Adds texts at an end, one after the other; returns the number of elements then. Makes
    /// room as [`ListMut::grow`] does.
    #[inline]
    pub fn push_all<'t>(&mut self, end: End, texts: impl ExactSizeIterator<Item = &'t [u8]> + Clone) -> usize {
        if self.edit.entry().kind() == Kind::ListPacked {
            self.grow(texts.clone().map(<[u8]>::len).sum(), texts.len());
        }
        either!(self, s => {
            let count = s.count() + texts.len();
            texts.for_each(|text| small::push(&mut s, end, text));
            s.set_count(count);
            count
        }, l => {
            texts.for_each(|text| l.push(end, text));
            l.len()
        })
    }

    /// Adds an element at an end, for which [`ListMut::grow`] made room.
    #[inline]
    pub fn push(&mut self, end: End, item: Item) {
        either!(self, s => {
            let count = s.count() + 1;
            small::push(&mut s, end, item);
            s.set_count(count);
        }, l => l.push(end, item));
    }

    /// Shows the element at an end to `f` and removes it; `None` if there is none.
    #[inline]
    pub fn pop<R>(&mut self, end: End, f: impl FnOnce(Item<'_>) -> R) -> Option<R> {
        either!(self, s => {
            let count = s.count();
            let popped = small::pop(&mut s, end, f)?;
            s.set_count(count - 1);
            Some(popped)
        }, l => l.pop(end, f))
    }

    /// Replaces element `index`, negative ones counted from the tail; whether it exists.
    pub fn set(&mut self, index: i64, item: Item) -> bool {
        either!(self, s => small::set(&mut s, index, item), l => l.set(index, item))
    }

    /// Inserts beside the first element equal to `pivot`; whether there is one.
    pub fn insert(&mut self, pivot: &[u8], side: Side, item: Item) -> bool {
        either!(self, s => {
            let count = s.count();
            let inserted = small::insert(&mut s, pivot, side, item);
            s.set_count(count + usize::from(inserted));
            inserted
        }, l => l.insert(pivot, side, item))
    }

    /// Removes up to `max` elements equal to `text`, those nearest to `end` first; returns
    /// how many.
    pub fn remove_value(&mut self, text: &[u8], max: usize, end: End) -> usize {
        either!(self, s => {
            let count = s.count();
            let removed = small::remove_value(&mut s, text, max, end);
            s.set_count(count - removed);
            removed
        }, l => l.remove_value(text, max, end))
    }

    /// Removes all but the elements numbered in `keep`, which may reach past the end.
    pub fn trim(&mut self, keep: Range<usize>) {
        either!(self, s => {
            let end = keep.end.min(s.count());
            let left = end.saturating_sub(keep.start);
            small::trim(&mut s, keep);
            s.set_count(left);
        }, l => {
            let cut = l.trim(keep);
            self.edit.changes().discard_cut_off(Object::List(cut));
        });
    }

    /// Makes a large list small again if it is far below the limit.
    #[inline]
    fn shrink(&mut self) {
        let ListRef::Nodes(l) = self.get() else { return };
        let Some(bytes) = l.as_packed() else { return };
        let count = l.len();
        if count == 0 || !self.limit.suits_small(P::listpack_bytes(bytes), count, true) {
            return;
        }
        let bytes = bytes.to_vec();
        let e = self.edit.entry_mut();
        e.set_payload(Kind::ListPacked, COUNT_BYTES + bytes.len())[COUNT_BYTES..].copy_from_slice(&bytes);
        Body(e).set_count(count);
    }

    /// Raises one more event about the key, before the edit closes.
    pub fn raise(&mut self, event: Event) {
        self.edit.raise(event);
    }

    /// Closes the edit: `event` happened to the key, by adding or replacing elements.
    #[inline]
    pub fn grown(self, event: Event, changes: u64) {
        self.edit.changed_by(event, changes);
    }

    /// Closes the edit: `event` happened to the key, by taking elements away (a large list
    /// may become small). A list left empty ceases to exist.
    #[inline]
    pub fn shrunk(mut self, event: Event, changes: u64) {
        self.shrink();
        self.edit.changed_by(event, changes);
    }
}

/// A list in the making, which no key holds yet.
pub struct Draft(List);

impl Draft {
    /// A list without elements.
    pub fn new(limit: NodeLimit) -> Draft {
        Draft(List::new(limit))
    }

    /// Adds an element at the tail.
    pub fn push<'i>(&mut self, item: impl Into<Item<'i>>) {
        self.0.push_back(item);
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// An entry of this name with the list, small if it can be.
    pub fn into_entry(self, name: &[u8]) -> Entry {
        match self.0.as_packed() {
            Some(bytes) if self.0.suits_small(false) => {
                let mut e = Entry::new(Kind::ListPacked, name, COUNT_BYTES + bytes.len(), None);
                e.payload_mut()[COUNT_BYTES..].copy_from_slice(bytes);
                Body(&mut e).set_count(self.0.len());
                e
            }
            _ => Entry::with_object(name, Object::List(self.0), None),
        }
    }
}

impl Keys<'_, '_> {
    /// The list at `key`; see [`ListRef::of`].
    ///
    /// # Errors
    /// WRONGTYPE if the key holds another type.
    #[inline]
    pub fn read_list(&mut self, key: Key) -> Result<Option<View<'_, Entry>>, Error> {
        self.read_as(key, Type::List)
    }

    /// Opens the list at `key` for change.
    ///
    /// # Errors
    /// WRONGTYPE if the key holds another type.
    #[inline]
    pub fn edit_list(&mut self, key: Key, limit: NodeLimit) -> Result<Option<ListMut<'_>>, Error> {
        Ok(self.edit_as(key, Type::List)?.map(|e| ListMut::new(e, limit)))
    }

    /// Opens the list at `key` for change, making an empty one if there is none.
    ///
    /// # Errors
    /// WRONGTYPE if the key holds another type.
    #[inline]
    pub fn upsert_list(&mut self, key: Key, limit: NodeLimit) -> Result<ListMut<'_>, Error> {
        Ok(ListMut::new(self.upsert(key, Kind::ListPacked)?, limit))
    }
}

#[cfg(test)]
mod tests;
