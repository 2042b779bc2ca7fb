//! Walking the order from a rank on, upwards or downwards.

use std::ops::Range;

use super::{Child, Node, Tree};
use crate::data::zset::{Entry, member::Ref};
use smallvec::SmallVec;

/// How many blocks are asked for ahead of the one that is read.
const AHEAD: usize = 8;

/// The members of a range of ranks, in order or in reverse.
pub struct Iter<'a> {
    /// The inner nodes above the leaf, each with the number of the child on the way.
    path: SmallVec<[(&'a [Child], usize); 5]>,
    leaf: &'a [Ref],
    /// Where the next member is in the leaf.
    at: usize,
    /// Members still to come.
    left: usize,
    reverse: bool,
}

impl Tree {
    /// The members whose ranks are in `range`, which ends at `len` at most; the last one
    /// first if `reverse`.
    pub fn iter(&self, range: Range<usize>, reverse: bool) -> Iter<'_> {
        let left = range.len();
        let mut iter = Iter { path: SmallVec::new(), leaf: &[], at: 0, left, reverse };
        if left > 0 {
            iter.seek(&self.root, if reverse { range.end - 1 } else { range.start });
        }
        iter
    }
}

impl<'a> Iter<'a> {
    /// Goes down from `node` to its member number `rank`.
    fn seek(&mut self, mut node: &'a Node, mut rank: usize) {
        while let Node::Inner(inner) = node {
            let (i, within) = inner.find_rank(rank);
            self.path.push((&inner.children, i));
            (node, rank) = (&inner.children[i].node, within);
        }
        self.enter(node, rank);
    }

    fn enter(&mut self, node: &'a Node, at: usize) {
        let Node::Leaf(refs) = node else { panic!("an inner node among leaves") };
        (self.leaf, self.at) = (refs, at);
        let soon = if self.reverse { at.saturating_sub(AHEAD)..at } else { at + 1..(at + AHEAD).min(refs.len()) };
        refs[soon].iter().for_each(|r| r.prefetch());
    }

    /// Goes on to the neighbouring leaf; there is one.
    #[cold]
    fn turn(&mut self) {
        let node = loop {
            let (children, i) = self.path.last_mut().expect("members are left");
            let next = if self.reverse { i.checked_sub(1) } else { Some(*i + 1) };
            match next.and_then(|next| children.get(next)) {
                Some(child) => {
                    *i = next.expect("just found");
                    break &child.node;
                }
                None => drop(self.path.pop()),
            }
        };
        let mut node = node;
        while let Node::Inner(inner) = node {
            let i = if self.reverse { inner.children.len() - 1 } else { 0 };
            self.path.push((&inner.children, i));
            node = &inner.children[i].node;
        }
        self.enter(node, if self.reverse { node.len() - 1 } else { 0 });
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = Entry<'a>;

    #[inline]
    fn next(&mut self) -> Option<Entry<'a>> {
        self.left = self.left.checked_sub(1)?;
        let member = self.leaf[self.at];
        let (next, ahead) = if self.reverse {
            (self.at.checked_sub(1), self.at.checked_sub(AHEAD))
        } else {
            (Some(self.at + 1), Some(self.at + AHEAD))
        };
        if let Some(soon) = ahead.and_then(|at| self.leaf.get(at)) {
            soon.prefetch();
        }
        match next.filter(|at| *at < self.leaf.len()) {
            Some(at) => self.at = at,
            None if self.left > 0 => self.turn(),
            None => {}
        }
        Some(member.entry())
    }

    /// What `for_each` runs: leaf by leaf.
    #[inline]
    fn fold<B, F: FnMut(B, Self::Item) -> B>(mut self, init: B, mut f: F) -> B {
        let mut b = init;
        while !self.reverse && self.left > 0 {
            let end = self.leaf.len().min(self.at + self.left);
            for (i, member) in self.leaf[..end].iter().enumerate().skip(self.at) {
                if let Some(soon) = self.leaf.get(i + AHEAD) {
                    soon.prefetch();
                }
                b = f(b, member.entry());
            }
            self.left -= end - self.at;
            if self.left > 0 {
                self.turn();
            }
        }
        for entry in &mut self {
            b = f(b, entry);
        }
        b
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Iter<'_> {}
