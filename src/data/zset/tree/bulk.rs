//! Building a tree from members that are already in order.

use super::{Child, FANOUT, Inner, Node, Tree, fitting};
use crate::data::zset::member::Ref;

/// `all` in vectors of at most [`FANOUT`], as large as their size classes.
fn chunks<T>(all: impl ExactSizeIterator<Item = T>) -> Vec<Vec<T>> {
    let (mut left, mut out) = (all.len(), Vec::with_capacity(all.len().div_ceil(FANOUT)));
    let mut all = all;
    while left > 0 {
        let n = left.min(FANOUT);
        let mut chunk = Vec::with_capacity(fitting::<T>(n));
        chunk.extend(all.by_ref().take(n));
        out.push(chunk);
        left -= n;
    }
    out
}

impl Tree {
    /// A tree of these members, which are in order.
    pub fn from_sorted(members: impl ExactSizeIterator<Item = Ref>) -> Tree {
        let mut tree = Tree::new();
        let mut level: Vec<Node> = chunks(members).into_iter().map(Node::Leaf).collect();
        while level.len() > 1 {
            tree.heap_bytes += level.iter().map(Node::own_bytes).sum::<usize>();
            let parents: Vec<Vec<Child>> = chunks(level.into_iter().map(Node::into_child));
            level = parents.into_iter().map(|children| Node::Inner(Box::new(Inner::of(children)))).collect();
        }
        if let Some(root) = level.pop() {
            tree.heap_bytes += root.own_bytes();
            tree.root = root;
        }
        tree
    }
}
