//! What must hold of a tree: for tests and fuzzers.

use super::{FANOUT, Node, Tree};
use crate::data::zset::member::Ref;

impl Tree {
    /// Panics if anything is out of order.
    pub fn check(&self) {
        let mut last = None;
        let (_, bytes) = check_node(&self.root, true, &mut last);
        assert_eq!(bytes, self.heap_bytes, "the account of the nodes");
    }
}

/// Checks a node; returns its height and the bytes of all nodes from it downwards.
fn check_node(node: &Node, is_root: bool, last: &mut Option<Ref>) -> (usize, usize) {
    assert!(node.width() <= FANOUT, "a node is too wide");
    assert!(is_root || node.width() > 0, "an empty node");
    match node {
        Node::Leaf(refs) => {
            for r in refs {
                if let Some(last) = last.replace(*r) {
                    let (a, b) = (last.entry(), r.entry());
                    assert!(a.score < b.score || a.score == b.score && a.member < b.member, "{a:?} before {b:?}");
                }
            }
            (0, node.own_bytes())
        }
        Node::Inner(inner) => {
            assert!(inner.children.len() > 1 || !is_root, "a root with one child");
            let (mut heights, mut bytes, mut len) = (Vec::new(), node.own_bytes(), 0);
            for child in &inner.children {
                assert_eq!((child.score, child.least), child.node.least(), "the least member of a child");
                let (height, below) = check_node(&child.node, false, last);
                heights.push(height);
                bytes += below;
                len += child.node.len();
            }
            assert_eq!(inner.len, len, "the members below an inner node");
            assert!(heights.iter().all(|h| *h == heights[0]), "all leaves are at one depth");
            (heights[0] + 1, bytes)
        }
    }
}
