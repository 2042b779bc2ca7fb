//! The large list: a deque of packed nodes.
//!
//! A small list is one packed sequence inside its key's block ([`small`] works on those).
//! Beyond a configured size it becomes a [`List`]: nodes of some kilobytes each in a ring,
//! so that both ends are cheap, an index is found by skipping whole nodes from the nearer
//! end, and a million elements of 16 bytes cost 2 bytes each on top. Nodes keep their unused
//! bytes only at the ends of the list ([`node`]); an inner one that overflows is split, and
//! neighbours that fit into one are merged ([`edit`]). Every operation keeps the list's own
//! account of its heap bytes exact.

mod edit;
mod iter;
mod limit;
mod node;
pub mod small;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::ops::Range;

pub use iter::{Iter, PositionQuery};
pub use limit::NodeLimit;

use crate::data::alloc::size_class;
use crate::data::packed::{ByteStore, Item, Packed};
use node::Node;
pub use node::NodeContent;

/// An end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The left, where index 0 is.
    Head,
    /// The right, where index -1 is.
    Tail,
}

/// Where to insert, seen from the pivot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Nearer to the head.
    Before,
    /// Nearer to the tail.
    After,
}

/// A list of any length.
#[derive(Debug)]
pub struct List {
    nodes: VecDeque<Node>,
    len: usize,
    /// Heap bytes of the nodes' buffers, and of the ring itself.
    buffer_bytes: usize,
    ring_bytes: usize,
    limit: NodeLimit,
}

impl List {
    /// A list without elements.
    pub fn new(limit: NodeLimit) -> List {
        List { nodes: VecDeque::new(), len: 0, buffer_bytes: 0, ring_bytes: 0, limit }
    }

    /// A list of the elements of a packed sequence, which become one node.
    pub fn from_packed(limit: NodeLimit, bytes: &[u8]) -> List {
        let mut list = List::new(limit);
        if !bytes.is_empty() {
            list.insert_node(0, Node::packed(bytes, Packed::<true>::len(bytes)));
        }
        list
    }

    /// The packed elements, if they are all in one packed node (or there are none).
    pub fn as_packed(&self) -> Option<&[u8]> {
        match (self.nodes.len(), self.nodes.front()) {
            (0, _) => Some(&[]),
            (1, Some(node)) if !node.is_plain() => Some(node.bytes()),
            _ => None,
        }
    }

    /// Whether this list should become a small one, as `NodeLimit::suits_small` has it.
    pub fn suits_small(&self, shrinking: bool) -> bool {
        self.as_packed()
            .is_some_and(|bytes| self.limit.suits_small(Packed::<true>::listpack_bytes(bytes), self.len, shrinking))
    }

    /// The limit of its nodes.
    pub fn limit(&self) -> NodeLimit {
        self.limit
    }

    /// Changes the limit for what comes; nodes stay as they are.
    pub fn set_limit(&mut self, limit: NodeLimit) {
        self.limit = limit;
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Heap bytes behind this value, as the allocator rounds them. Constant time.
    #[inline]
    pub fn heap_bytes(&self) -> usize {
        self.buffer_bytes + self.ring_bytes
    }

    /// Number of nodes.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// What the nodes would measure as listpacks (large elements: bare). Walks the nodes.
    pub fn listpack_bytes(&self) -> usize {
        self.nodes.iter().map(Node::listpack_bytes).sum()
    }

    /// Adds an element at an end.
    #[inline]
    pub fn push<'a>(&mut self, end: End, item: impl Into<Item<'a>>) {
        let item = item.into();
        let i = match end {
            End::Head => 0,
            End::Tail => self.nodes.len().saturating_sub(1),
        };
        if self.has_room(i, item) {
            return self.edit_node(i, |node| node.push(end, item));
        }
        self.push_node(end, i, item);
    }

    /// Adds an element as a node of its own beside node `i`, the last one at that end.
    #[cold]
    fn push_node(&mut self, end: End, i: usize, item: Item) {
        if !self.nodes.is_empty() {
            // It stops being an end now: what room it has left is given back.
            self.edit_node(i, Node::shrink);
        }
        let node = self.node_of(item);
        self.insert_node(if end == End::Head { 0 } else { self.nodes.len() }, node);
    }

    /// Adds an element at the head.
    pub fn push_front<'a>(&mut self, item: impl Into<Item<'a>>) {
        self.push(End::Head, item);
    }

    /// Adds an element at the tail.
    pub fn push_back<'a>(&mut self, item: impl Into<Item<'a>>) {
        self.push(End::Tail, item);
    }

    /// Shows the element at an end to `f` and removes it; `None` if there is none.
    pub fn pop<R>(&mut self, end: End, f: impl FnOnce(Item<'_>) -> R) -> Option<R> {
        let i = match end {
            End::Head => 0,
            End::Tail => self.nodes.len().checked_sub(1)?,
        };
        let node = self.nodes.get(i)?;
        if node.count() > 1 {
            return self.edit_node(i, |node| node.pop(end, f));
        }
        let result = f(node.get(0));
        self.remove_node(i);
        Some(result)
    }

    /// Shows the first element to `f` and removes it.
    pub fn pop_front<R>(&mut self, f: impl FnOnce(Item<'_>) -> R) -> Option<R> {
        self.pop(End::Head, f)
    }

    /// Shows the last element to `f` and removes it.
    pub fn pop_back<R>(&mut self, f: impl FnOnce(Item<'_>) -> R) -> Option<R> {
        self.pop(End::Tail, f)
    }

    /// Element `index`, negative ones counted from the tail (-1 is the last).
    pub fn get(&self, index: i64) -> Option<Item<'_>> {
        let (i, n) = self.locate(self.absolute(index)?);
        Some(self.nodes[i].get(n))
    }

    /// What the nodes from this one on hold, head first: for writing them down.
    pub fn nodes_from(&self, first: usize) -> impl Iterator<Item = NodeContent<'_>> {
        self.nodes.range(first..).map(Node::content)
    }

    /// Frees the list, one node with each step.
    pub fn into_freed(self) -> impl Iterator<Item = ()> + Send {
        self.nodes.into_iter().map(drop)
    }

    /// All elements.
    pub fn iter(&self) -> Iter<'_> {
        self.range(0..self.len)
    }

    /// The elements numbered in `range`, which may reach past the end; from either end.
    pub fn range(&self, range: Range<usize>) -> Iter<'_> {
        let end = range.end.min(self.len);
        if range.start >= end {
            let nothing = node::NodeIter::Plain(None);
            return Iter { front: nothing.clone(), middle: self.nodes.range(0..0), back: nothing, remaining: 0 };
        }
        let (i, from) = self.locate(range.start);
        let (j, last) = self.locate(end - 1);
        let (front, back) = if i == j {
            (self.nodes[i].range(from, last + 1), node::NodeIter::Plain(None))
        } else {
            (self.nodes[i].range(from, self.nodes[i].count()), self.nodes[j].range(0, last + 1))
        };
        Iter { front, middle: self.nodes.range((i + 1).min(j)..j), back, remaining: end - range.start }
    }

    /// Shows the elements numbered in `range`, which may reach past the end, to `f`.
    #[inline]
    pub fn each<'a>(&'a self, range: Range<usize>, mut f: impl FnMut(Item<'a>)) {
        let mut left = range.end.min(self.len).saturating_sub(range.start);
        if left == 0 {
            return;
        }
        let (mut i, mut from) = self.locate(range.start);
        while left > 0 {
            left -= self.nodes[i].each(from, left, &mut f);
            (i, from) = (i + 1, 0);
        }
    }

    /// Reports the positions that `query` asks for.
    pub fn positions(&self, query: &PositionQuery<'_>, found: impl FnMut(usize)) {
        query.run(self.iter(), self.len, found);
    }

    /// Panics unless every invariant holds. For tests and fuzzers: walks everything.
    pub fn check(&self) {
        let mut buffer_bytes = 0;
        for node in &self.nodes {
            assert!(node.count() > 0, "a node without elements");
            if node.is_plain() {
                assert_eq!(node.count(), 1, "a plain node has one element");
            } else {
                assert_eq!(Packed::<true>::validate(node.bytes()), Ok(node.count()), "a node's count");
            }
            buffer_bytes += node.heap_bytes();
        }
        assert_eq!(self.len, self.nodes.iter().map(Node::count).sum::<usize>(), "the list's length");
        assert_eq!(self.buffer_bytes, buffer_bytes, "the account of heap bytes");
        assert_eq!(self.ring_bytes, ring_bytes(&self.nodes), "the account of the ring");
    }
}

/// A copy has no room to grow, so its account is its own.
impl Clone for List {
    fn clone(&self) -> List {
        let nodes = self.nodes.clone();
        let buffer_bytes = nodes.iter().map(Node::heap_bytes).sum();
        let ring_bytes = ring_bytes(&nodes);
        List { nodes, buffer_bytes, ring_bytes, ..*self }
    }
}

/// Heap bytes of the ring itself.
fn ring_bytes(nodes: &VecDeque<Node>) -> usize {
    size_class(nodes.capacity() * size_of::<Node>())
}
