//! A run of entries in one buffer.
//!
//! ```text
//! field names of the first entry        the node's own fields
//! entry, entry, entry ...
//!
//! entry:  flags  ms  seq  value ...                   with the node's own fields
//!         flags  ms  seq  n  field value field value ...   with others
//! ```
//!
//! Everything is an element of a packed sequence without back lengths. `ms` and `seq` are
//! differences to the node's id, which is the id of its first entry ever. Valkey keeps the
//! same elements in the same order, plus counts that are fields of [`Node`] here and plus
//! back lengths (see [`super::listpack`] for the way there and back): seven bytes an entry
//! or more that are saved. Where Valkey's limits count the bytes of its form, so does
//! [`Node::listpack_bytes`], because approximate trimming shows where a node ends.
//!
//! A deleted entry is only marked; the node goes when it has no other. Nobody looks at
//! entries before `head`, so trimming from the front does not walk over what it left.

use super::{Id, sorted::Keyed};
use crate::data::{
    alloc::size_class,
    packed::{Item, LISTPACK_OVERHEAD, Packed, codec},
};

type P = Packed<false>;

/// The entry is deleted.
pub(super) const DELETED: u8 = 1;
/// The entry has the node's own fields.
pub(super) const SAME_FIELDS: u8 = 2;

/// See the module.
#[derive(Clone, Debug)]
pub struct Node {
    pub(super) first: Id,
    pub(super) bytes: Vec<u8>,
    /// Where the entries begin.
    pub(super) body: u32,
    /// Offset of the first entry that is not deleted, or the end.
    pub(super) head: u32,
    /// Offset of the last entry, deleted or not.
    pub(super) last: u32,
    /// Number of the node's own fields.
    pub(super) fields: u32,
    pub(super) live: u32,
    pub(super) deleted: u32,
    /// What the elements would take in a listpack, all but the counts in front.
    pub(super) element_bytes: u32,
}

impl Keyed for Node {
    fn id(&self) -> Id {
        self.first
    }
}

/// Bytes of an integer with its back length.
fn int_bytes(n: impl Into<i64>) -> usize {
    Packed::<true>::size_of(n.into())
}

/// Appends an element; returns what it would take with a back length.
#[inline]
fn put(bytes: &mut Vec<u8>, item: Item) -> usize {
    let (at, size) = (bytes.len(), codec::size_of(item));
    bytes.resize(at + size, 0);
    codec::write(item, &mut bytes[at..]);
    size + codec::back_size(size)
}

impl Node {
    /// A node for an entry with this id and these fields, yet without it.
    pub(super) fn new<'a>(first: Id, fields: impl ExactSizeIterator<Item = Item<'a>>) -> Node {
        let count = u32::try_from(fields.len()).expect("a request has fewer arguments");
        let mut bytes = Vec::new();
        let size: usize = fields.map(|field| put(&mut bytes, field)).sum();
        let body = small(bytes.len());
        Node {
            first,
            bytes,
            body,
            head: body,
            last: body,
            fields: count,
            live: 0,
            deleted: 0,
            // The zero ends the fields in a listpack.
            element_bytes: small(size + int_bytes(count) + int_bytes(0)),
        }
    }

    /// The id of its first entry ever.
    pub fn first_id(&self) -> Id {
        self.first
    }

    /// Entries that are not deleted.
    pub fn live(&self) -> u64 {
        self.live.into()
    }

    /// Entries, deleted ones included.
    pub fn entries(&self) -> u64 {
        u64::from(self.live) + u64::from(self.deleted)
    }

    /// What a listpack with these entries measures.
    pub fn listpack_bytes(&self) -> usize {
        LISTPACK_OVERHEAD + int_bytes(self.live) + int_bytes(self.deleted) + self.element_bytes as usize
    }

    /// Heap bytes behind this node.
    #[inline]
    pub(super) fn heap_bytes(&self) -> usize {
        size_class(self.bytes.capacity())
    }

    /// Gives back the room to grow.
    pub(super) fn seal(&mut self) {
        self.bytes.shrink_to(size_class(self.bytes.len()));
    }

    /// Appends an entry; its id is greater than all others. `text` gives field `i` at
    /// `2 * i` and its value after it.
    #[inline]
    pub(super) fn append<'a>(&mut self, id: Id, fields: usize, text: impl Fn(usize) -> &'a [u8]) {
        let ms = id.ms.wrapping_sub(self.first.ms) as i64;
        let seq = id.seq.wrapping_sub(self.first.seq) as i64;
        if self.has_fields(fields, &text) {
            self.put_entry(SAME_FIELDS, (ms, seq), fields, (0..fields).map(|i| text(2 * i + 1).into()));
        } else {
            self.put_entry(0, (ms, seq), fields, (0..2 * fields).map(|i| text(i).into()));
        }
    }

    /// Appends an entry of `items`: its values, or its fields and values by turns.
    #[inline]
    pub(super) fn put_entry<'a>(
        &mut self,
        flags: u8,
        (ms, seq): (i64, i64),
        fields: usize,
        items: impl Iterator<Item = Item<'a>>,
    ) {
        let at = self.bytes.len();
        let same = flags & SAME_FIELDS != 0;
        let mut size = 0;
        for n in [flags.into(), ms, seq] {
            size += put(&mut self.bytes, Item::Int(n));
        }
        if !same {
            size += put(&mut self.bytes, Item::Int(fields as i64));
        }
        items.for_each(|item| size += put(&mut self.bytes, item));
        size += int_bytes(element_count(fields, same) as i64);
        self.last = small(at);
        self.element_bytes = small(self.element_bytes as usize + size);
        let end = small(self.bytes.len());
        if flags & DELETED == 0 {
            self.live += 1;
        } else {
            self.deleted += 1;
            if self.live == 0 {
                self.head = end;
            }
        }
    }

    /// Whether these are the node's own fields.
    #[inline]
    fn has_fields<'a>(&self, fields: usize, text: &impl Fn(usize) -> &'a [u8]) -> bool {
        if fields != self.fields as usize {
            return false;
        }
        let mut at = 0;
        (0..fields).all(|i| {
            let (item, size) = codec::read(&self.bytes[at..]);
            at += size;
            match item {
                Item::Str(s) => s == text(2 * i),
                Item::Int(_) => item == *text(2 * i),
            }
        })
    }

    /// The entry at an offset.
    #[inline]
    pub(super) fn entry(&self, at: usize) -> Entry<'_> {
        let flags = self.bytes[at];
        let mut at = at + 1;
        let mut int = || {
            let (item, size) = codec::read(&self.bytes[at..]);
            at += size;
            item.as_int().expect("a number") as u64
        };
        let (ms, seq) = (int(), int());
        let same = flags & SAME_FIELDS != 0;
        let fields = if same { self.fields as usize } else { int() as usize };
        let id = Id::new(self.first.ms.wrapping_add(ms), self.first.seq.wrapping_add(seq));
        let names = if same { Some(&self.bytes[..self.body as usize]) } else { None };
        Entry { id, deleted: flags & DELETED != 0, fields: Fields { names, bytes: &self.bytes, at, left: fields } }
    }

    /// The offset behind an entry.
    #[inline]
    pub(super) fn after(&self, e: &Entry) -> usize {
        e.fields.end()
    }

    /// The id of the last entry, deleted or not.
    pub(super) fn last_id(&self) -> Id {
        self.entry(self.last as usize).id
    }

    /// The first entry that is not deleted.
    pub(super) fn first_live(&self) -> Option<Entry<'_>> {
        (self.live > 0).then(|| self.entry(self.head as usize))
    }

    /// The last entry that is not deleted.
    pub(super) fn last_live(&self) -> Option<Entry<'_>> {
        if self.live == 0 {
            return None;
        }
        let last = self.entry(self.last as usize);
        if !last.deleted {
            return Some(last);
        }
        self.live_from(self.head as usize).last().map(|(_, e)| e)
    }

    /// The entries from an offset on that are not deleted, with their offsets.
    pub(super) fn live_from(&self, at: usize) -> Live<'_> {
        Live { node: self, at }
    }

    /// Marks the entry with this id as deleted; whether there was one.
    pub(super) fn delete(&mut self, id: Id) -> bool {
        let found = self.live_from(self.head as usize).find(|(_, e)| e.id >= id);
        let Some(at) = found.filter(|(_, e)| e.id == id).map(|(at, _)| at) else { return false };
        self.mark(at);
        true
    }

    /// Marks entries from the front as deleted until `stop` says so of the next; returns
    /// how many.
    pub(super) fn delete_while(&mut self, mut more: impl FnMut(Id) -> bool) -> u64 {
        let mut gone = 0;
        while let Some(e) = self.first_live()
            && more(e.id)
        {
            self.mark(self.head as usize);
            gone += 1;
        }
        gone
    }

    fn mark(&mut self, at: usize) {
        self.bytes[at] |= DELETED;
        self.live -= 1;
        self.deleted += 1;
        if at == self.head as usize {
            let next = self.live_from(at).next().map_or(self.bytes.len(), |(at, _)| at);
            self.head = small(next);
        }
    }

    /// Panics unless every invariant holds. For tests and fuzzers: walks everything.
    pub fn check(&self) {
        assert_eq!(P::len(&self.bytes[..self.body as usize]), self.fields as usize, "the node's own fields");
        let (mut at, mut live, mut deleted, mut last, mut head) = (self.body as usize, 0, 0, None, None);
        let mut before = None;
        while at < self.bytes.len() {
            let e = self.entry(at);
            assert!(before < Some(e.id), "the order of ids");
            before = Some(e.id);
            *(if e.deleted { &mut deleted } else { &mut live }) += 1;
            if !e.deleted && head.is_none() {
                head = Some(at);
            }
            last = Some(at);
            at = self.after(&e);
        }
        assert_eq!((self.live, self.deleted), (live, deleted), "the counts of entries");
        assert_eq!(self.head as usize, head.unwrap_or(self.bytes.len()), "the first entry");
        assert_eq!(Some(self.last as usize), last, "the last entry");
        let mut listpack = Vec::new();
        self.write_listpack(&mut listpack);
        assert_eq!(listpack.len(), self.listpack_bytes(), "the account of listpack bytes");
    }
}

/// An offset or a size in a node.
#[inline]
fn small(n: usize) -> u32 {
    u32::try_from(n).expect("a node is below 4 GiB")
}

/// How many elements an entry is in a listpack, by its last one.
pub(super) fn element_count(fields: usize, same: bool) -> usize {
    if same { 3 + fields } else { 4 + 2 * fields }
}

/// An entry, borrowed from its node.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    pub id: Id,
    pub(super) deleted: bool,
    /// Its fields and values.
    pub fields: Fields<'a>,
}

/// The fields and values of an entry, in order.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    /// What is left of the names, if they are the node's.
    names: Option<&'a [u8]>,
    bytes: &'a [u8],
    at: usize,
    left: usize,
}

impl Fields<'_> {
    /// The offset behind the entry.
    #[inline]
    fn end(&self) -> usize {
        let items = if self.names.is_some() { self.left } else { 2 * self.left };
        (0..items).fold(self.at, |at, _| at + codec::size_at(&self.bytes[at..]))
    }

    /// Whether the names are the node's own.
    pub(super) fn are_shared(&self) -> bool {
        self.names.is_some()
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (Item<'a>, Item<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let name = match &mut self.names {
            Some(names) => {
                let (name, size) = codec::read(names);
                *names = &names[size..];
                name
            }
            None => {
                let (name, size) = codec::read(&self.bytes[self.at..]);
                self.at += size;
                name
            }
        };
        let (value, size) = codec::read(&self.bytes[self.at..]);
        self.at += size;
        Some((name, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Fields<'_> {}

/// See [`Node::live_from`].
#[derive(Clone, Debug)]
pub(super) struct Live<'a> {
    pub node: &'a Node,
    pub at: usize,
}

impl<'a> Iterator for Live<'a> {
    type Item = (usize, Entry<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while self.at < self.node.bytes.len() {
            let at = self.at;
            let e = self.node.entry(at);
            self.at = self.node.after(&e);
            if !e.deleted {
                return Some((at, e));
            }
        }
        None
    }
}
