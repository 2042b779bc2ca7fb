//! Adding and removing members: descents that split, merge and keep the accounts.

use super::{Child, FANOUT, Inner, MERGED, Node, Tree, fitting, precedes};
use crate::data::alloc::size_class;
use crate::data::zset::{Entry, member::Ref};

/// Which of a tree's two edges a node lies on.
#[derive(Clone, Copy)]
struct Edge {
    first: bool,
    last: bool,
}

/// Makes room for one more element; a vector is as large as its size class allows.
fn grow<T>(v: &mut Vec<T>) {
    if v.len() == v.capacity() {
        v.reserve_exact(fitting::<T>(v.len() + 1) - v.len());
    }
}

/// Gives memory back once two size classes or more are unused.
fn shrink<T>(v: &mut Vec<T>) {
    if v.capacity() <= v.len() + v.len() / 8 + 1 {
        return;
    }
    let used = size_class(v.len() * size_of::<T>());
    if size_class(used + used / 8 + 1) < size_class(v.capacity() * size_of::<T>()) {
        v.shrink_to(fitting::<T>(v.len()));
    }
}

/// Inserts at `i`; a full vector is split, and its right part returned. At an edge of the
/// tree all but the new element stay together: what comes next will go to the same place.
fn insert_into<T>(v: &mut Vec<T>, i: usize, element: T, edge: Edge) -> Option<Vec<T>> {
    if v.len() < FANOUT {
        grow(v);
        v.insert(i, element);
        return None;
    }
    let at = match i {
        FANOUT if edge.last => FANOUT,
        0 if edge.first => 0,
        _ => FANOUT / 2,
    };
    let goes_right = i >= at && at > 0;
    let mut right = Vec::with_capacity(fitting::<T>(FANOUT - at + usize::from(goes_right)));
    right.extend(v.drain(at..));
    v.shrink_to(fitting::<T>(at + usize::from(!goes_right)));
    if goes_right {
        right.insert(i - at, element);
    } else {
        v.insert(i, element);
    }
    Some(right)
}

impl Node {
    /// Runs `f` on the node and corrects the account by what it changed of the node itself.
    #[inline]
    fn accounted<R>(&mut self, heap_bytes: &mut usize, f: impl FnOnce(&mut Node, &mut usize) -> R) -> R {
        let before = self.capacity();
        let r = f(self, heap_bytes);
        if self.capacity() != before {
            *heap_bytes = *heap_bytes + self.own_bytes() - self.own_bytes_at(before);
        }
        r
    }

    /// Adds a member; returns the right part of the node if it had to be split.
    fn insert(&mut self, place: Entry, member: Ref, edge: Edge, heap_bytes: &mut usize) -> Option<Node> {
        let right = self.accounted(heap_bytes, |node, heap_bytes| match node {
            Node::Leaf(refs) => {
                let i = refs.partition_point(|r| precedes(r.score(), *r, place));
                insert_into(refs, i, member, edge).map(Node::Leaf)
            }
            Node::Inner(inner) => inner.insert(place, member, edge, heap_bytes),
        });
        if let Some(right) = &right {
            *heap_bytes += right.own_bytes();
        }
        right
    }

    /// Removes member number `rank`.
    fn remove(&mut self, rank: usize, heap_bytes: &mut usize) -> Ref {
        self.accounted(heap_bytes, |node, heap_bytes| match node {
            Node::Leaf(refs) => {
                let gone = refs.remove(rank);
                shrink(refs);
                gone
            }
            Node::Inner(inner) => {
                let (i, rank) = inner.find_rank(rank);
                inner.len -= 1;
                let gone = inner.children[i].node.remove(rank, heap_bytes);
                inner.settle(i, rank == 0, heap_bytes);
                gone
            }
        })
    }

    /// Removes a member by its place; `None` if it is not there.
    fn take(&mut self, place: Entry, heap_bytes: &mut usize) -> Option<Ref> {
        self.accounted(heap_bytes, |node, heap_bytes| match node {
            Node::Leaf(refs) => {
                let i = refs.partition_point(|r| precedes(r.score(), *r, place));
                let found = refs.get(i).is_some_and(|r| r.score() == place.score && r.name() == place.member);
                let gone = found.then(|| refs.remove(i));
                shrink(refs);
                gone
            }
            Node::Inner(inner) => {
                // The child whose least member is the last one not after the place.
                let is_before = |child: &Child| !follows(child, place);
                let i = inner.children[1..].partition_point(is_before);
                let gone = inner.children[i].node.take(place, heap_bytes)?;
                inner.len -= 1;
                let was_least = inner.children[i].least == gone;
                inner.settle(i, was_least, heap_bytes);
                Some(gone)
            }
        })
    }

    /// Appends all of `right`, a node of the same level.
    fn append(&mut self, right: Node) {
        match (self, right) {
            (Node::Leaf(refs), Node::Leaf(more)) => {
                refs.reserve_exact(fitting::<Ref>(refs.len() + more.len()) - refs.len());
                refs.extend(more);
            }
            (Node::Inner(inner), Node::Inner(more)) => {
                let width = inner.children.len();
                inner.children.reserve_exact(fitting::<Child>(width + more.children.len()) - width);
                inner.len += more.len;
                inner.children.extend(more.children);
            }
            _ => panic!("neighbours are of one level"),
        }
    }
}

/// Whether a child's least member comes after a place.
fn follows(child: &Child, place: Entry) -> bool {
    if child.score == place.score { child.least.name() > place.member } else { child.score > place.score }
}

impl Inner {
    fn insert(&mut self, place: Entry, member: Ref, edge: Edge, heap_bytes: &mut usize) -> Option<Node> {
        let i = self.find(&|score, r| precedes(score, r, place));
        let last = self.children.len() - 1;
        let below = Edge { first: edge.first && i == 0, last: edge.last && i == last };
        let child = &mut self.children[i];
        let right = child.node.insert(place, member, below, heap_bytes);
        if i == 0 && precedes(place.score, member, Entry { score: child.score, member: child.least.name() }) {
            (child.score, child.least) = (place.score, member);
        }
        self.len += 1;
        let right = insert_into(&mut self.children, i + 1, right?.into_child(), edge)?;
        let right = Inner::of(right);
        self.len -= right.len;
        Some(Node::Inner(Box::new(right)))
    }

    /// Restores order after child `i` has lost a member, perhaps its least.
    fn settle(&mut self, i: usize, lost_least: bool, heap_bytes: &mut usize) {
        let child = &mut self.children[i];
        let width = child.node.width();
        if width == 0 {
            let gone = self.children.remove(i);
            *heap_bytes -= gone.node.own_bytes();
            shrink(&mut self.children);
            return;
        }
        if lost_least {
            (child.score, child.least) = child.node.least();
        }
        if width > MERGED {
            return;
        }
        let fits = |other: Option<&Child>| other.is_some_and(|c| c.node.width() + width <= MERGED);
        if i > 0 && fits(self.children.get(i - 1)) {
            self.merge(i - 1, heap_bytes);
        } else if fits(self.children.get(i + 1)) {
            self.merge(i, heap_bytes);
        }
    }

    /// Merges child `i` with the next one.
    fn merge(&mut self, i: usize, heap_bytes: &mut usize) {
        let right = self.children.remove(i + 1).node;
        *heap_bytes -= right.own_bytes();
        self.children[i].node.accounted(heap_bytes, |left, _| left.append(right));
        shrink(&mut self.children);
    }
}

impl Tree {
    /// Adds a member that is not there yet.
    pub fn insert(&mut self, member: Ref) {
        let edge = Edge { first: true, last: true };
        let Tree { root, heap_bytes } = self;
        let Some(right) = root.insert(member.entry(), member, edge, heap_bytes) else { return };
        let left = std::mem::replace(root, Node::Leaf(Vec::new()));
        let mut children = Vec::with_capacity(fitting::<Child>(2));
        children.extend([left.into_child(), right.into_child()]);
        *root = Node::Inner(Box::new(Inner::of(children)));
        *heap_bytes += root.own_bytes();
    }

    /// Removes member number `rank`, which is less than `len`.
    pub fn remove(&mut self, rank: usize) -> Ref {
        let gone = self.root.remove(rank, &mut self.heap_bytes);
        self.lower();
        gone
    }

    /// Removes a member by its place, if it is there.
    pub fn take(&mut self, place: Entry) -> Option<Ref> {
        let gone = self.root.take(place, &mut self.heap_bytes);
        self.lower();
        gone
    }

    /// Takes away roots with a single child, or none.
    fn lower(&mut self) {
        while let Node::Inner(inner) = &mut self.root
            && inner.children.len() <= 1
        {
            let below = inner.children.pop().map_or(Node::Leaf(Vec::new()), |child| child.node);
            self.heap_bytes -= self.root.own_bytes();
            self.root = below;
        }
    }
}
