//! Changing a list elsewhere than at its ends.
//!
//! An element goes into the node where it belongs if that has room, else to the neighbour
//! it borders on, else the node is split there. Whatever an edit leaves behind is settled:
//! an empty node is dropped, and neighbours are merged when one node may hold both.

use std::ops::Range;

use super::node::Node;
use super::{End, List, Side, ring_bytes, small};
use crate::data::alloc::size_class;
use crate::data::packed::{ByteStore, Item, Needle};

impl List {
    /// Replaces element `index`, negative ones counted from the tail; whether it exists.
    pub fn set<'a>(&mut self, index: i64, item: impl Into<Item<'a>>) -> bool {
        let (Some(index), item) = (self.absolute(index), item.into()) else {
            return false;
        };
        let (i, n) = self.locate(index);
        let node = &self.nodes[i];
        let fits = !node.is_plain()
            && !self.limit.is_large(item.text_len())
            && !self.limit.exceeded(node.listpack_bytes() + item.text_len(), node.count());
        if fits {
            self.edit_node(i, |node| node.replace(n, item));
        } else {
            self.insert_at(i, n, item);
            let (i, n) = self.locate(index + 1);
            self.edit_node(i, |node| node.remove(n, n + 1));
            self.settle(i);
        }
        true
    }

    /// Inserts beside the first element equal to `pivot`; whether there is one.
    pub fn insert<'a>(&mut self, pivot: &[u8], side: Side, item: impl Into<Item<'a>>) -> bool {
        let needle = Needle::new(pivot);
        for (i, node) in self.nodes.iter().enumerate() {
            let Some(n) = node.range(0, node.count()).position(|x| needle.matches(x)) else {
                continue;
            };
            self.insert_at(i, if side == Side::After { n + 1 } else { n }, item.into());
            return true;
        }
        false
    }

    /// Removes up to `max` elements equal to `text`, those nearest to `end` first. Returns
    /// how many.
    pub fn remove_value(&mut self, text: &[u8], max: usize, end: End) -> usize {
        let needle = Needle::new(text);
        let (mut removed, mut touched) = (0, None::<(usize, usize)>);
        for k in 0..self.nodes.len() {
            if removed == max {
                break;
            }
            let i = if end == End::Head { k } else { self.nodes.len() - 1 - k };
            let gone = self.edit_node(i, |node| match node.is_plain() {
                true if needle.matches(node.get(0)) => {
                    node.remove(0, 1);
                    1
                }
                true => 0,
                false => {
                    let gone = small::remove_value(node, text, max - removed, end);
                    node.subtract(gone);
                    gone
                }
            });
            if gone > 0 {
                removed += gone;
                let (first, last) = touched.unwrap_or((i, i));
                touched = Some((first.min(i), last.max(i)));
            }
        }
        match touched {
            Some((first, last)) if first == last => self.settle(first),
            Some(_) => self.settle_all(),
            None => {}
        }
        removed
    }

    /// Removes all but the elements numbered in `keep`, which may reach past the end. Whole
    /// nodes are cut off unread; they are what it returns.
    pub fn trim(&mut self, keep: Range<usize>) -> List {
        let end = keep.end.min(self.len);
        let start = keep.start.min(end);
        let mut cut = List::new(self.limit);
        self.remove_from(End::Tail, self.len - end, &mut cut);
        self.remove_from(End::Head, start, &mut cut);
        cut
    }

    /// Removes `excess` elements from one end; whole nodes go to `cut`.
    fn remove_from(&mut self, end: End, mut excess: usize, cut: &mut List) {
        while excess > 0 {
            let i = if end == End::Head { 0 } else { self.nodes.len() - 1 };
            let count = self.nodes[i].count();
            if count > excess {
                return self.edit_node(i, |node| match end {
                    End::Head => node.remove(0, excess),
                    End::Tail => node.remove(count - excess, count),
                });
            }
            let node = self.remove_node(i);
            cut.insert_node(cut.nodes.len(), node);
            excess -= count;
        }
    }

    /// Puts `item` before element number `n` of node `i`, or after its last one.
    fn insert_at(&mut self, i: usize, n: usize, item: Item<'_>) {
        let count = self.nodes[i].count();
        if self.has_room(i, item) {
            self.edit_node(i, |node| node.insert(n, item));
        } else if n == 0 && i > 0 && self.has_room(i - 1, item) {
            self.edit_node(i - 1, |node| node.insert(node.count(), item));
        } else if n == count && self.has_room(i + 1, item) {
            self.edit_node(i + 1, |node| node.insert(0, item));
        } else if n == 0 || n == count {
            let at = if n == 0 { i } else { i + 1 };
            let node = self.node_of(item);
            self.insert_node(at, node);
            self.settle(at);
        } else {
            let rest = self.edit_node(i, |node| node.split_off(n));
            self.insert_node(i + 1, rest);
            self.edit_node(i, Node::shrink);
            // Both halves border on the place now, and one of them may have room.
            self.insert_at(i, n, item);
            self.settle(i);
        }
    }

    /// Drops node `i` if it is empty, else merges it with its neighbours if they fit.
    fn settle(&mut self, i: usize) {
        if self.nodes[i].count() == 0 {
            self.remove_node(i);
            if i == 0 || i >= self.nodes.len() {
                return;
            }
            self.merge_with_next(i - 1);
            return;
        }
        self.merge_with_next(i);
        if i > 0 {
            self.merge_with_next(i - 1);
        }
    }

    fn merge_with_next(&mut self, i: usize) {
        if i + 1 < self.nodes.len() && self.can_merge(&self.nodes[i], &self.nodes[i + 1]) {
            let next = self.remove_node(i + 1);
            self.edit_node(i, |node| node.append(&next));
        }
    }

    /// Settles every node in one pass.
    fn settle_all(&mut self) {
        let old = std::mem::take(&mut self.nodes);
        self.buffer_bytes = 0;
        for node in old {
            match self.nodes.back() {
                _ if node.count() == 0 => continue,
                Some(last) if self.can_merge(last, &node) => {
                    let last = self.nodes.back_mut().expect("just seen");
                    last.append(&node);
                }
                _ => self.nodes.push_back(node),
            }
        }
        for node in &mut self.nodes {
            node.shrink();
        }
        self.buffer_bytes = self.nodes.iter().map(Node::heap_bytes).sum();
        self.ring_bytes = ring_bytes(&self.nodes);
    }

    fn can_merge(&self, a: &Node, b: &Node) -> bool {
        let listpack_bytes = a.listpack_bytes() + b.bytes().len();
        !a.is_plain() && !b.is_plain() && !self.limit.exceeded(listpack_bytes, a.count() + b.count())
    }

    /// Whether node `i` exists and has room for `item`.
    #[inline(always)]
    pub(super) fn has_room(&self, i: usize, item: Item<'_>) -> bool {
        let text_len = item.text_len();
        self.nodes.get(i).is_some_and(|node| {
            !node.is_plain()
                && !self.limit.is_large(text_len)
                && self.limit.has_room(node.listpack_bytes(), node.count(), text_len)
        })
    }

    /// A node that holds only `item`.
    pub(super) fn node_of(&self, item: Item<'_>) -> Node {
        if self.limit.is_large(item.text_len()) {
            return item.with_text(Node::plain);
        }
        let mut node = Node::empty();
        node.insert(0, item);
        node
    }

    pub(super) fn insert_node(&mut self, i: usize, node: Node) {
        self.len += node.count();
        self.buffer_bytes += node.heap_bytes();
        self.nodes.insert(i, node);
        self.ring_bytes = ring_bytes(&self.nodes);
    }

    pub(super) fn remove_node(&mut self, i: usize) -> Node {
        let node = self.nodes.remove(i).expect("a node to remove");
        self.len -= node.count();
        self.buffer_bytes -= node.heap_bytes();
        if self.nodes.len() < self.nodes.capacity() / 4 {
            self.nodes.shrink_to(self.nodes.len() * 2);
            self.ring_bytes = ring_bytes(&self.nodes);
        }
        node
    }

    /// Changes a node and carries what it did to its length and memory to the list's.
    #[inline]
    pub(super) fn edit_node<R>(&mut self, i: usize, f: impl FnOnce(&mut Node) -> R) -> R {
        let node = &mut self.nodes[i];
        let (count, capacity) = (node.count(), node.capacity());
        let result = f(node);
        self.len = self.len - count + node.count();
        if node.capacity() != capacity {
            self.buffer_bytes = self.buffer_bytes - size_class(capacity) + node.heap_bytes();
        }
        result
    }

    /// The index counted from the head, if there is such an element.
    pub(super) fn absolute(&self, index: i64) -> Option<usize> {
        let index = if index < 0 { index.checked_add(self.len as i64)? } else { index };
        usize::try_from(index).ok().filter(|&i| i < self.len)
    }

    /// The node of element `index`, which must exist, and its number there.
    pub(super) fn locate(&self, index: usize) -> (usize, usize) {
        if index < self.len / 2 {
            let mut n = index;
            for (i, node) in self.nodes.iter().enumerate() {
                if n < node.count() {
                    return (i, n);
                }
                n -= node.count();
            }
        } else {
            let mut end = self.len;
            for (i, node) in self.nodes.iter().enumerate().rev() {
                end -= node.count();
                if index >= end {
                    return (i, index - end);
                }
            }
        }
        unreachable!("element {index} of a list of {}", self.len)
    }
}
