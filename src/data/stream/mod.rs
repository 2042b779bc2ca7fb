//! Streams: entries of fields and values in order of their ids, and the groups that read
//! them.
//!
//! Entries live in packed nodes of some hundred ([`node`]), the nodes in a sequence ordered
//! by id ([`sorted`]), whose first and last are near at hand: that is where a stream is
//! trimmed and appended to. An entry of two short values costs about ten bytes. Next to the
//! entries ([`Log`]) stand the groups of consumers ([`Groups`]), which refer to entries by
//! id only, whether they still exist or not. All accounts of heap bytes are constant time.

mod group;
mod groups;
mod id;
mod listpack;
mod log;
mod node;
mod range;
mod sorted;

#[cfg(test)]
mod tests;

pub use group::{Consumer, ConsumerNumber, Group, Pending};
pub use groups::{GroupMut, Groups};
pub use id::{Id, NewId};
pub use listpack::Malformed;
pub use log::{Log, MAX_NODE_BYTES, NodeLimit, Trim};
pub use node::{Entry, Fields, Node};
pub use range::{Backward, Forward};
pub use sorted::Keyed;

use super::alloc::size_class;

/// A stream.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    pub log: Log,
    pub groups: Groups,
}

impl Stream {
    /// Heap bytes of the stream in its box. Constant time.
    #[inline]
    pub fn heap_bytes(&self) -> usize {
        size_class(size_of::<Stream>()) + self.log.heap_bytes() + self.groups.heap_bytes()
    }

    /// About how many allocations it has.
    pub fn free_effort(&self) -> usize {
        self.log.node_count() + self.groups.free_effort()
    }

    /// Frees the stream, one node, chunk of pending entries, consumer or group with each step.
    pub fn into_freed(self) -> impl Iterator<Item = ()> + Send {
        self.log.into_freed().chain(self.groups.into_freed())
    }

    /// Panics unless every invariant holds. For tests and fuzzers: walks everything.
    pub fn check(&self) {
        self.log.check();
        self.groups.check();
    }
}
