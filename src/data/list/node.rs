//! One node of a large list: packed elements in a buffer with room at both ends.
//!
//! Elements come and go at the ends of a list, so a node keeps its unused bytes before or
//! after its contents, wherever the last growth happened: pushing and popping moves nothing
//! but the element itself, at the head as at the tail. An edit in the middle moves the
//! shorter side. A buffer grows to powers of two, and gives back what it does not use once
//! the node stops being an end of the list.
//!
//! An element too large to be packed is a node for itself: its bare bytes, `plain`.

use super::{self as list, small};
use crate::data::alloc::size_class;
use crate::data::packed::{ByteStore, Item, Iter, LISTPACK_OVERHEAD, Packed};

/// The smallest buffer.
const MIN_CAPACITY: usize = 64;

/// A run of elements of a list.
#[derive(Debug)]
pub(super) struct Node {
    /// The contents are `buf[head..]`; what lies before is room to grow at the front.
    buf: Vec<u8>,
    head: u32,
    count: u32,
    plain: bool,
}

/// What one node of a list holds.
#[derive(Clone, Copy, Debug)]
pub enum NodeContent<'a> {
    /// Packed elements with back lengths, and how many.
    Packed(&'a [u8], usize),
    /// One element too large to be packed.
    Plain(&'a [u8]),
}

/// Which end of a buffer gives room.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Front,
    Back,
}

impl Node {
    /// A node without elements.
    pub fn empty() -> Node {
        Node { buf: Vec::new(), head: 0, count: 0, plain: false }
    }

    /// A node for one large element.
    pub fn plain(text: &[u8]) -> Node {
        Node { count: 1, plain: true, ..Node::copy_of(text) }
    }

    /// A node of the `count` elements that `bytes` hold.
    pub fn packed(bytes: &[u8], count: usize) -> Node {
        let count = u32::try_from(count).expect("a packed node holds fewer than 2^32 elements");
        Node { count, ..Node::copy_of(bytes) }
    }

    fn copy_of(bytes: &[u8]) -> Node {
        let mut buf = Vec::with_capacity(size_class(bytes.len()));
        buf.extend_from_slice(bytes);
        Node { buf, ..Node::empty() }
    }

    pub fn count(&self) -> usize {
        self.count as usize
    }

    /// Its elements.
    pub fn content(&self) -> NodeContent<'_> {
        let bytes = &self.buf[self.head as usize..];
        if self.plain { NodeContent::Plain(bytes) } else { NodeContent::Packed(bytes, self.count()) }
    }

    pub fn is_plain(&self) -> bool {
        self.plain
    }

    /// What a listpack with these elements measures; a plain node measures its element.
    pub fn listpack_bytes(&self) -> usize {
        self.bytes().len() + if self.plain { 0 } else { LISTPACK_OVERHEAD }
    }

    /// Bytes its buffer has room for.
    pub fn capacity(&self) -> usize {
        self.buf.capacity()
    }

    /// Heap bytes behind this node.
    pub fn heap_bytes(&self) -> usize {
        size_class(self.capacity())
    }

    /// The elements from number `from` up to, not including, number `to`.
    pub fn range(&self, from: usize, to: usize) -> NodeIter<'_> {
        if self.plain {
            return NodeIter::Plain((from < to).then(|| self.bytes()));
        }
        let end = self.position(to);
        NodeIter::Packed(Packed::iter_from(&self.bytes()[..end], self.position(from)))
    }

    /// Shows the elements from number `from` on to `f`, up to `count`; how many there were.
    #[inline]
    pub fn each<'a>(&'a self, from: usize, count: usize, mut f: impl FnMut(Item<'a>)) -> usize {
        if self.plain {
            f(Item::Str(self.bytes()));
            return 1;
        }
        Packed::<true>::each(self.bytes(), self.position(from), count, f)
    }

    /// Byte offset of element number `n` (`count` gives the end), found from the nearer end.
    pub fn position(&self, n: usize) -> usize {
        let from_end = self.count() - n;
        if n <= from_end {
            Packed::<true>::nth(self.bytes(), n).expect("as many elements as counted")
        } else if from_end == 0 {
            self.bytes().len()
        } else {
            Packed::<true>::nth_back(self.bytes(), from_end - 1).expect("as many elements as counted")
        }
    }

    /// Element number `n`.
    pub fn get(&self, n: usize) -> Item<'_> {
        if self.plain { Item::Str(self.bytes()) } else { Packed::<true>::get(self.bytes(), self.position(n)) }
    }

    /// Puts `item` before element number `n`, or last if `n` is the count.
    pub fn insert(&mut self, n: usize, item: Item<'_>) {
        assert!(!self.plain, "a plain node holds one element");
        let at = self.position(n);
        Packed::<true>::insert(self, at, item);
        self.count += 1;
    }

    /// Adds `item` at an end.
    #[inline]
    pub fn push(&mut self, end: list::End, item: Item<'_>) {
        assert!(!self.plain, "a plain node holds one element");
        small::push(self, end, item);
        self.count += 1;
    }

    /// Shows the element at an end to `f` and removes it, if these are packed elements.
    #[inline]
    pub fn pop<R>(&mut self, end: list::End, f: impl FnOnce(Item<'_>) -> R) -> Option<R> {
        assert!(!self.plain, "a plain node is removed as a whole");
        let result = small::pop(self, end, f)?;
        self.count -= 1;
        Some(result)
    }

    /// Puts `item` in place of element number `n`.
    pub fn replace(&mut self, n: usize, item: Item<'_>) {
        assert!(!self.plain, "a plain node is replaced as a whole");
        let at = self.position(n);
        Packed::<true>::replace(self, at, item);
    }

    /// Removes the elements from number `from` up to, not including, number `to`.
    pub fn remove(&mut self, from: usize, to: usize) {
        if from == to {
            return;
        }
        if self.plain {
            self.buf = Vec::new();
        } else {
            let (start, end) = (self.position(from), self.position(to));
            self.splice(start, end - start, 0);
        }
        self.count -= (to - from) as u32;
    }

    /// Notes that the contents were edited to hold `removed` elements less.
    pub fn subtract(&mut self, removed: usize) {
        self.count -= removed as u32;
    }

    /// Moves the elements from number `n` on to a new node.
    pub fn split_off(&mut self, n: usize) -> Node {
        let at = self.position(n);
        let rest = Node::packed(&self.bytes()[at..], self.count() - n);
        self.remove(n, self.count());
        rest
    }

    /// Appends all elements of `other`.
    pub fn append(&mut self, other: &Node) {
        let end = self.bytes().len();
        self.splice(end, 0, other.bytes().len()).copy_from_slice(other.bytes());
        self.count += other.count;
    }

    /// Gives back room that the contents do not use, if that frees memory.
    pub fn shrink(&mut self) {
        if size_class(self.bytes().len()) < self.heap_bytes() {
            let tight = Node::copy_of(self.bytes());
            (self.buf, self.head) = (tight.buf, 0);
        }
    }

    /// Makes at least `need` bytes of room at `end` of the buffer.
    #[inline]
    fn make_room(&mut self, end: End, need: usize) {
        let room = match end {
            End::Front => self.head as usize,
            End::Back => self.buf.capacity() - self.buf.len(),
        };
        if room < need {
            self.move_or_grow(end, need);
        }
    }

    #[cold]
    fn move_or_grow(&mut self, end: End, need: usize) {
        let len = self.bytes().len();
        let capacity = if self.buf.capacity() - len >= need {
            self.buf.capacity()
        } else {
            (len + need).next_power_of_two().max(MIN_CAPACITY)
        };
        let new_head = if end == End::Front { capacity - len } else { 0 };
        let old = self.head as usize..self.buf.len();
        if capacity == self.buf.capacity() {
            self.buf.resize(self.buf.len().max(new_head + len), 0);
            self.buf.copy_within(old, new_head);
            self.buf.truncate(new_head + len);
        } else {
            let mut buf = Vec::with_capacity(capacity);
            buf.resize(new_head, 0);
            buf.extend_from_slice(&self.buf[old]);
            self.buf = buf;
        }
        self.head = u32::try_from(new_head).expect("a packed node is smaller than 4 GiB");
    }
}

impl Clone for Node {
    fn clone(&self) -> Node {
        Node { count: self.count, plain: self.plain, ..Node::copy_of(self.bytes()) }
    }
}

impl ByteStore for Node {
    #[inline]
    fn bytes(&self) -> &[u8] {
        &self.buf[self.head as usize..]
    }

    #[inline]
    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.buf[self.head as usize..]
    }

    #[inline]
    fn splice(&mut self, at: usize, remove: usize, insert: usize) -> &mut [u8] {
        let head = self.head as usize;
        let start = head + at;
        if start + remove == self.buf.len() && start + insert <= self.buf.capacity() {
            // At the back, where there is room: nothing moves.
            self.buf.resize(start + insert, 0);
            return &mut self.buf[start..];
        }
        if at > 0 || head + remove < insert || head + remove >= self.buf.len() {
            return self.splice_within(at, remove, insert);
        }
        // At the front, where there is room: nothing moves.
        let head = head + remove - insert;
        self.head = head as u32;
        &mut self.buf[head..head + insert]
    }
}

impl Node {
    /// [`ByteStore::splice`] where bytes or the buffer may have to be moved.
    fn splice_within(&mut self, at: usize, remove: usize, insert: usize) -> &mut [u8] {
        let tail = self.bytes().len().checked_sub(at + remove).expect("splice within the node");
        let end = if at < tail { End::Front } else { End::Back };
        if insert > remove {
            self.make_room(end, insert - remove);
        }
        let head = self.head as usize;
        match end {
            End::Front => {
                let new_head = head + remove - insert;
                self.buf.copy_within(head..head + at, new_head);
                self.head = new_head as u32;
            }
            End::Back => {
                let (from, to, len) = (head + at + remove, head + at + insert, self.buf.len());
                if to + tail > len {
                    self.buf.resize(to + tail, 0);
                }
                if tail > 0 {
                    self.buf.copy_within(from..len, to);
                }
                self.buf.truncate(to + tail);
            }
        }
        let start = self.head as usize + at;
        &mut self.buf[start..start + insert]
    }
}

/// The elements of one node.
#[derive(Clone, Debug)]
pub(super) enum NodeIter<'a> {
    Plain(Option<&'a [u8]>),
    Packed(Iter<'a, true>),
}

impl<'a> Iterator for NodeIter<'a> {
    type Item = Item<'a>;

    #[inline]
    fn next(&mut self) -> Option<Item<'a>> {
        match self {
            NodeIter::Plain(text) => text.take().map(Item::Str),
            NodeIter::Packed(items) => items.next(),
        }
    }
}

impl DoubleEndedIterator for NodeIter<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        match self {
            NodeIter::Plain(text) => text.take().map(Item::Str),
            NodeIter::Packed(items) => items.next_back(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn splices_like_a_vector(edits in prop::collection::vec((any::<prop::sample::Index>(), 0usize..40, 0usize..60), 1..60)) {
            let (mut node, mut model) = (Node::empty(), Vec::<u8>::new());
            for (n, (at, remove, insert)) in edits.into_iter().enumerate() {
                let at = at.index(model.len() + 1);
                let remove = remove.min(model.len() - at);
                node.splice(at, remove, insert).fill(n as u8);
                ByteStore::splice(&mut model, at, remove, insert).fill(n as u8);
                prop_assert_eq!(node.bytes(), model.as_slice());
                if n % 7 == 0 {
                    node.shrink();
                    prop_assert_eq!(node.bytes(), model.as_slice());
                    prop_assert!(node.heap_bytes() <= size_class(model.len()).max(MIN_CAPACITY));
                }
            }
        }
    }

    #[test]
    fn pushing_at_the_front_moves_rarely() {
        let mut node = Node::empty();
        let mut moves = 0;
        for i in 0..1000 {
            let capacity = node.buf.capacity();
            node.insert(0, Item::Int(i));
            moves += usize::from(node.buf.capacity() != capacity);
        }
        assert!(moves < 10);
        assert_eq!(node.get(0), Item::Int(999));
        assert_eq!(node.get(999), Item::Int(0));
    }
}
