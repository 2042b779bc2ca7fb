//! The entries of a stream: nodes in order of their ids, and the counters that survive them.

use super::{
    Id, NewId,
    node::{Entry, Node},
    range::{Backward, Forward},
    sorted::Sorted,
};

/// Most bytes of texts in one entry, and of a node whatever its limit says.
pub const MAX_NODE_BYTES: usize = 1 << 30;

/// When a node is full.
#[derive(Clone, Copy, Debug)]
pub struct NodeLimit {
    /// Bytes of its listpack; 0: no limit.
    pub bytes: usize,
    /// Entries, deleted ones included; 0: no limit.
    pub entries: u64,
}

impl NodeLimit {
    fn has_room(self, node: &Node, text_bytes: usize) -> bool {
        let most = if self.bytes == 0 { MAX_NODE_BYTES } else { self.bytes.min(MAX_NODE_BYTES) };
        node.listpack_bytes() + text_bytes < most && (self.entries == 0 || node.entries() < self.entries)
    }
}

/// What is to go from the front of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trim {
    /// All but so many entries.
    MaxLen(u64),
    /// Entries with lower ids.
    MinId(Id),
}

/// The entries of a stream; see the module.
#[derive(Debug, Default)]
pub struct Log {
    pub(super) nodes: Sorted<Node>,
    len: u64,
    /// Heap bytes of the nodes' buffers.
    buffer_bytes: usize,
    /// The greatest id ever added, or what XSETID made it.
    pub last_id: Id,
    /// The greatest id ever deleted by name; zero if none.
    pub max_deleted: Id,
    /// How many entries were ever added.
    pub entries_added: u64,
}

impl Log {
    /// Number of entries.
    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of nodes.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// The nodes that begin at an id or after it, in order.
    pub fn nodes_from(&self, id: Id) -> impl Iterator<Item = &Node> {
        self.nodes.iter_from(self.nodes.lower_bound(id))
    }

    /// Frees the entries, one node with each step.
    pub(super) fn into_freed(self) -> impl Iterator<Item = ()> + Send {
        self.nodes.into_chunks().flatten().map(drop)
    }

    /// Heap bytes behind the entries. Constant time.
    #[inline]
    pub(super) fn heap_bytes(&self) -> usize {
        self.nodes.heap_bytes() + self.buffer_bytes
    }

    /// The id of an entry that is about to be added; `None` if it would not be greater than
    /// all others.
    pub fn new_id(&self, asked: NewId, now_ms: u64) -> Option<Id> {
        let id = match asked {
            NewId::Given(id) => id,
            NewId::AutoSeq(ms) if ms == self.last_id.ms => Id::new(ms, self.last_id.seq.checked_add(1)?),
            NewId::AutoSeq(ms) => Id::new(ms, 0),
            NewId::Auto if now_ms > self.last_id.ms => Id::new(now_ms, 0),
            NewId::Auto => self.last_id.next()?,
        };
        (id > self.last_id).then_some(id)
    }

    /// Adds an entry with an id from [`Log::new_id`]. `text` gives field `i` at `2 * i` and
    /// its value after it; together they have `text_bytes`, at most [`MAX_NODE_BYTES`].
    #[inline]
    pub fn append<'a>(
        &mut self,
        id: Id,
        fields: usize,
        text_bytes: usize,
        text: impl Fn(usize) -> &'a [u8],
        limit: NodeLimit,
    ) {
        if !self.nodes.last().is_some_and(|tail| limit.has_room(tail, text_bytes)) {
            self.edit_tail(Node::seal);
            let node = Node::new(id, (0..fields).map(|i| text(2 * i).into()));
            self.buffer_bytes += node.heap_bytes();
            self.nodes.insert(node);
        }
        self.edit_tail(|tail| tail.append(id, fields, text));
        self.len += 1;
        self.entries_added += 1;
        self.last_id = id;
    }

    /// Puts a node behind all others, as it came from a dump; false if its ids are not
    /// greater than theirs.
    pub fn push_node(&mut self, node: Node) -> bool {
        let in_order = self.nodes.last().is_none_or(|tail| tail.last_id() < node.first);
        if in_order {
            self.buffer_bytes += node.heap_bytes();
            self.len += u64::from(node.live);
            self.nodes.insert(node);
        }
        in_order
    }

    #[inline]
    fn edit_tail(&mut self, f: impl FnOnce(&mut Node)) {
        if let Some(tail) = self.nodes.last_mut() {
            let before = tail.heap_bytes();
            f(tail);
            self.buffer_bytes = self.buffer_bytes + tail.heap_bytes() - before;
        }
    }

    /// Deletes the entry with this id; whether there was one.
    pub fn delete(&mut self, id: Id) -> bool {
        let Some(place) = self.nodes.floor(id) else { return false };
        let node = self.nodes.get_mut(place).expect("a node's place");
        if !node.delete(id) {
            return false;
        }
        if node.live == 0 {
            self.buffer_bytes -= node.heap_bytes();
            self.nodes.remove_at(place);
        }
        self.len -= 1;
        self.max_deleted = self.max_deleted.max(id);
        true
    }

    /// Removes entries from the front; returns how many. With `approximate`, only whole
    /// nodes go, and no more entries than `limit` (0: no limit). Whole nodes go to `cut`, which
    /// is empty.
    pub fn trim(&mut self, trim: Trim, approximate: bool, limit: u64, cut: &mut Log) -> u64 {
        let mut gone = if limit == 0 { self.trim_chunks(trim, cut) } else { 0 };
        while let Some(node) = self.nodes.first() {
            let live = u64::from(node.live);
            let whole = match trim {
                Trim::MaxLen(len) if self.len <= len => break,
                Trim::MaxLen(len) => self.len - live >= len,
                Trim::MinId(id) => node.last_id() < id,
            };
            if limit > 0 && gone + live > limit {
                break;
            }
            if !whole {
                if !approximate {
                    gone += self.trim_first_node(trim);
                }
                break;
            }
            self.buffer_bytes -= node.heap_bytes();
            self.len -= live;
            gone += live;
            self.nodes.pop_first().into_iter().for_each(|node| _ = cut.push_node(node));
        }
        gone
    }

    /// As [`Log::trim`] without a limit, but only whole chunks of nodes go: those that stay are
    /// looked at, or those that go, whichever are fewer.
    fn trim_chunks(&mut self, trim: Trim, cut: &mut Log) -> u64 {
        let live = |chunk: &[Node]| chunk.iter().map(|node| u64::from(node.live)).sum::<u64>();
        let (all, mut left, mut staying) = (self.nodes.chunk_count(), self.len, 0);
        let going = match trim {
            Trim::MaxLen(len) if self.len <= len => 0,
            Trim::MaxLen(len) if self.len / 2 > len => {
                let stays = |chunk: &&[Node]| {
                    let more = staying < len;
                    staying += live(chunk);
                    more
                };
                all - self.nodes.chunks().rev().take_while(stays).count()
            }
            Trim::MaxLen(len) => {
                let goes = |chunk: &&[Node]| {
                    left -= live(chunk);
                    left >= len
                };
                self.nodes.chunks().take_while(goes).count()
            }
            Trim::MinId(id) => self.nodes.chunks_before(|last| last.last_id() < id),
        };
        if going == 0 {
            return 0;
        }
        let count = |chunks: &mut dyn Iterator<Item = &[Node]>| {
            let nodes = chunks.flatten();
            nodes.fold((0, 0), |(live, bytes), node| (live + u64::from(node.live), bytes + node.heap_bytes()))
        };
        let (gone, bytes) = if going <= all / 2 {
            count(&mut self.nodes.chunks().take(going))
        } else {
            let (live, bytes) = count(&mut self.nodes.chunks().skip(going));
            (self.len - live, self.buffer_bytes - bytes)
        };
        (self.len, self.buffer_bytes) = (self.len - gone, self.buffer_bytes - bytes);
        *cut = Log { nodes: self.nodes.split_front(going), len: gone, buffer_bytes: bytes, ..Log::default() };
        gone
    }

    /// Removes entries from a node of which something stays.
    fn trim_first_node(&mut self, trim: Trim) -> u64 {
        let place = self.nodes.start();
        let node = self.nodes.get_mut(place).expect("there is a first node");
        let mut left = self.len;
        let gone = node.delete_while(|id| {
            let more = match trim {
                Trim::MaxLen(len) => left > len,
                Trim::MinId(min) => id < min,
            };
            left -= u64::from(more);
            more
        });
        self.len -= gone;
        gone
    }

    /// The entries from `start` to `end`, both included.
    pub fn range(&self, start: Id, end: Id) -> Forward<'_> {
        Forward::new(&self.nodes, start, end)
    }

    /// The same entries, the last one first.
    pub fn range_back(&self, start: Id, end: Id) -> Backward<'_> {
        Backward::new(&self.nodes, start, end)
    }

    /// The entry with this id.
    pub fn get(&self, id: Id) -> Option<Entry<'_>> {
        self.range(id, id).next()
    }

    /// The entry with the smallest id.
    pub fn first(&self) -> Option<Entry<'_>> {
        // Only the first node may be without.
        self.nodes.iter().find_map(Node::first_live)
    }

    /// The entry with the greatest id.
    #[inline]
    pub fn last(&self) -> Option<Entry<'_>> {
        self.nodes.last().and_then(Node::last_live).or_else(|| self.range_back(Id::MIN, Id::MAX).next())
    }

    /// The id of the first entry; zero if there is none.
    pub fn first_id(&self) -> Id {
        self.first().map_or(Id::MIN, |e| e.id)
    }

    /// Whether an entry behind `from` may have been deleted by name.
    pub(super) fn has_gap_after(&self, from: Id) -> bool {
        !self.is_empty()
            && self.max_deleted != Id::MIN
            && self.first_id() <= self.max_deleted
            && from <= self.max_deleted
    }

    /// How many entries were ever added up to this id, if that can be told.
    pub fn count_up_to(&self, id: Id) -> Option<u64> {
        if self.entries_added == 0 {
            return Some(0);
        }
        if id == self.last_id || (self.is_empty() && id < self.last_id) {
            return Some(self.entries_added);
        }
        if id > self.last_id {
            return None;
        }
        let first = self.first_id();
        let whole = self.max_deleted == Id::MIN || self.max_deleted < first;
        match id.cmp(&first) {
            _ if !whole => None,
            std::cmp::Ordering::Less => Some(self.entries_added.wrapping_sub(self.len)),
            std::cmp::Ordering::Equal => Some(self.entries_added.wrapping_sub(self.len).wrapping_add(1)),
            std::cmp::Ordering::Greater => None,
        }
    }

    /// Panics unless every invariant holds. For tests and fuzzers: walks everything.
    pub fn check(&self) {
        self.nodes.check();
        self.nodes.iter().for_each(Node::check);
        let sum: usize = self.nodes.iter().map(Node::heap_bytes).sum();
        assert_eq!(self.buffer_bytes, sum, "the account of heap bytes");
        assert_eq!(self.len, self.nodes.iter().map(|n| u64::from(n.live)).sum::<u64>(), "the length");
        let all: Vec<&Node> = self.nodes.iter().collect();
        assert!(all.windows(2).all(|w| w[0].last_id() < w[1].first), "the order of nodes");
    }
}

/// A copy has no room to grow, so its account is its own.
impl Clone for Log {
    fn clone(&self) -> Log {
        let nodes = self.nodes.clone();
        Log { buffer_bytes: nodes.iter().map(Node::heap_bytes).sum(), nodes, ..*self }
    }
}
