//! The order of a large sorted set: a B+tree over references to its members' blocks.
//!
//! Leaves hold nothing but references, six bytes each, sorted by score and then by name.
//! An inner node knows of each child its least member (the score itself, and the reference
//! for when scores are equal) and, from the child, how many members lie below. So a descent
//! touches a block only within its leaf, and the rank of a place is a sum on the way down.
//!
//! A leaf is allocated as large as it has to be, in steps of the allocator's size classes,
//! up to [`FANOUT`] references; then it is split. Filled in random order the tree costs
//! about 7.5 bytes a member, filled in ascending or descending order little more than 6,
//! because a split at the tree's own end leaves the full node full.
//!
//! Neighbours that fit into one node of [`MERGED`] are merged when one of them shrinks.
//! `heap_bytes` is kept exact by every operation.

mod bulk;
mod edit;
mod iter;

#[cfg(any(test, fuzzing))]
mod check;

pub use iter::Iter;

use super::Entry;
use super::member::Ref;
use crate::data::alloc::size_class;

/// Most references of a leaf, and most children of an inner node.
const FANOUT: usize = 64;
/// Most of a node that two neighbours are merged into.
const MERGED: usize = 48;

/// See the module.
pub(super) struct Tree {
    root: Node,
    /// Heap bytes of all nodes.
    heap_bytes: usize,
}

enum Node {
    Leaf(Vec<Ref>),
    Inner(Box<Inner>),
}

struct Inner {
    children: Vec<Child>,
    /// Members below.
    len: usize,
}

struct Child {
    /// The least member's score.
    score: f64,
    /// The least member.
    least: Ref,
    node: Node,
}

/// How many elements the smallest size class for `n` of them takes.
fn fitting<T>(n: usize) -> usize {
    size_class(n * size_of::<T>()) / size_of::<T>()
}

impl Node {
    /// Members in and below the node.
    #[inline]
    fn len(&self) -> usize {
        match self {
            Node::Leaf(refs) => refs.len(),
            Node::Inner(inner) => inner.len,
        }
    }

    /// References or children of the node itself.
    #[inline]
    fn width(&self) -> usize {
        match self {
            Node::Leaf(refs) => refs.len(),
            Node::Inner(inner) => inner.children.len(),
        }
    }

    /// References or children the node has room for.
    #[inline]
    fn capacity(&self) -> usize {
        match self {
            Node::Leaf(refs) => refs.capacity(),
            Node::Inner(inner) => inner.children.capacity(),
        }
    }

    /// Heap bytes of the node itself.
    fn own_bytes(&self) -> usize {
        self.own_bytes_at(self.capacity())
    }

    /// Heap bytes of such a node with this capacity.
    fn own_bytes_at(&self, capacity: usize) -> usize {
        match self {
            Node::Leaf(_) => size_class(capacity * size_of::<Ref>()),
            Node::Inner(_) => size_class(size_of::<Inner>()) + size_class(capacity * size_of::<Child>()),
        }
    }

    /// The least member below; the node is not empty.
    fn least(&self) -> (f64, Ref) {
        match self {
            Node::Leaf(refs) => (refs[0].score(), refs[0]),
            Node::Inner(inner) => (inner.children[0].score, inner.children[0].least),
        }
    }

    fn into_child(self) -> Child {
        let (score, least) = self.least();
        Child { score, least, node: self }
    }
}

impl Inner {
    fn of(children: Vec<Child>) -> Inner {
        let len = children.iter().map(|child| child.node.len()).sum();
        Inner { children, len }
    }

    /// The child that the first member for which `before` does not hold would be in, if
    /// not at the start of the next one.
    #[inline]
    fn find(&self, before: &impl Fn(f64, Ref) -> bool) -> usize {
        self.children[1..].partition_point(|child| before(child.score, child.least))
    }

    /// The child with member number `rank`, and the member's number there.
    #[inline]
    fn find_rank(&self, mut rank: usize) -> (usize, usize) {
        for (i, child) in self.children.iter().enumerate() {
            let len = child.node.len();
            if rank < len {
                return (i, rank);
            }
            rank -= len;
        }
        panic!("a rank past the end of a node");
    }
}

impl Tree {
    /// A tree without members, which has allocated nothing.
    pub const fn new() -> Tree {
        Tree { root: Node::Leaf(Vec::new()), heap_bytes: 0 }
    }

    /// Number of members.
    #[inline]
    pub fn len(&self) -> usize {
        self.root.len()
    }

    /// Frees the tree, one node with each step.
    pub fn into_freed(self) -> impl Iterator<Item = ()> + Send {
        let mut nodes = vec![self.root];
        std::iter::from_fn(move || {
            if let Node::Inner(inner) = nodes.pop()? {
                nodes.extend(inner.children.into_iter().map(|child| child.node));
            }
            Some(())
        })
    }

    /// Heap bytes of the tree's nodes, without the members' blocks.
    #[inline]
    pub fn heap_bytes(&self) -> usize {
        self.heap_bytes
    }

    /// How many members come before the first for which `before` (told its score and
    /// itself) does not hold; it holds for a prefix of the order.
    pub fn count_before(&self, before: impl Fn(f64, Ref) -> bool) -> usize {
        let (mut node, mut passed) = (&self.root, 0);
        loop {
            match node {
                Node::Leaf(refs) => return passed + refs.partition_point(|r| before(r.score(), *r)),
                Node::Inner(inner) => {
                    let i = inner.find(&before);
                    passed += inner.children[..i].iter().map(|child| child.node.len()).sum::<usize>();
                    node = &inner.children[i].node;
                }
            }
        }
    }

    /// How many members come before this place.
    pub fn rank(&self, place: Entry) -> usize {
        self.count_before(|score, r| precedes(score, r, place))
    }

    /// Member number `rank`, which is less than `len`.
    pub fn nth(&self, mut rank: usize) -> Ref {
        let mut node = &self.root;
        loop {
            match node {
                Node::Leaf(refs) => return refs[rank],
                Node::Inner(inner) => {
                    let (i, within) = inner.find_rank(rank);
                    (node, rank) = (&inner.children[i].node, within);
                }
            }
        }
    }
}

/// Whether the member `r` with this score comes before a place.
#[inline]
fn precedes(score: f64, r: Ref, place: Entry) -> bool {
    if score == place.score { r.name() < place.member } else { score < place.score }
}
