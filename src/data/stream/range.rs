//! Walking the entries between two ids, from either end.
//!
//! Forwards, entries are read as they come. Backwards, a node is first walked to find where
//! its entries begin; its very last entry is known without that, so that asking for the
//! newest entry is cheap.

use super::{
    Id,
    node::{Entry, Live, Node},
    sorted::{Place, Sorted},
};
use smallvec::SmallVec;

/// Entries from low ids to high ones.
#[derive(Clone)]
pub struct Forward<'a> {
    nodes: &'a Sorted<Node>,
    next: Place,
    within: Option<Live<'a>>,
    start: Id,
    end: Id,
}

impl<'a> Forward<'a> {
    pub(super) fn new(nodes: &'a Sorted<Node>, start: Id, end: Id) -> Forward<'a> {
        let next = nodes.floor(start).unwrap_or_else(|| nodes.start());
        Forward { nodes, next, within: None, start, end }
    }
}

impl<'a> Iterator for Forward<'a> {
    type Item = Entry<'a>;

    #[inline]
    fn next(&mut self) -> Option<Entry<'a>> {
        loop {
            while let Some((_, e)) = self.within.as_mut().and_then(Iterator::next) {
                if e.id > self.end {
                    // There is nothing further on.
                    self.next = self.nodes.final_place().map_or(self.next, |p| self.nodes.after(p));
                    self.within = None;
                    return None;
                }
                if e.id >= self.start {
                    return Some(e);
                }
            }
            let node = self.nodes.get(self.next)?;
            self.next = self.nodes.after(self.next);
            self.within = Some(node.live_from(node.head as usize));
        }
    }
}

/// Entries from high ids to low ones.
pub struct Backward<'a> {
    nodes: &'a Sorted<Node>,
    /// The node that `offsets` are in.
    place: Option<Place>,
    /// Where entries not yet given begin; `None`: not looked for.
    offsets: Option<SmallVec<[u32; 128]>>,
    /// The last entry of the node has been given.
    gave_last: bool,
    start: Id,
    end: Id,
}

impl<'a> Backward<'a> {
    pub(super) fn new(nodes: &'a Sorted<Node>, start: Id, end: Id) -> Backward<'a> {
        Backward { nodes, place: nodes.floor(end), offsets: None, gave_last: false, start, end }
    }

    /// The entry before the last one given, in the node at hand.
    fn within(&mut self, node: &'a Node) -> Option<Entry<'a>> {
        if self.offsets.is_none() && !self.gave_last {
            let last = node.entry(node.last as usize);
            if !last.deleted && last.id <= self.end {
                self.gave_last = true;
                return Some(last);
            }
        }
        if self.offsets.is_none() {
            let until = if self.gave_last { node.last } else { u32::MAX };
            let live =
                node.live_from(node.head as usize).take_while(|(at, e)| (*at as u32) < until && e.id <= self.end);
            self.offsets = Some(live.map(|(at, _)| at as u32).collect());
        }
        let at = self.offsets.as_mut().and_then(SmallVec::pop)?;
        Some(node.entry(at as usize))
    }
}

impl<'a> Iterator for Backward<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        loop {
            let place = self.place?;
            let node = self.nodes.get(place)?;
            match self.within(node) {
                Some(e) if e.id < self.start => self.place = None,
                Some(e) => return Some(e),
                None => {
                    self.place = self.nodes.before(place);
                    (self.offsets, self.gave_last) = (None, false);
                }
            }
        }
    }
}
