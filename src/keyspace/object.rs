//! Values too large or too rich for a byte string in the key's block.

use super::block::Kind;
use crate::data::{alloc::size_class, hash::HashTable, list::List, set::SetTable, stream::Stream, zset::ZSet};
use bytes::Bytes;

/// Bytes of a text whose pages cost as much to give back as a small allocation to free.
const PAGES_PER_STEP_BYTES: usize = 1 << 16;

/// Collections with fewer elements are not worth prefetching: those of 4096 take some 200 KB.
const PREFETCH_MIN_LEN: usize = 4096;

/// A boxed value.
#[derive(Clone)]
pub enum Object {
    Str(Large),
    List(List),
    Hash(HashTable),
    Set(SetTable),
    ZSet(ZSet),
    Stream(Box<Stream>),
}

impl Object {
    /// The entry kind that says what this is.
    pub const fn kind(&self) -> Kind {
        match self {
            Object::Str(_) => Kind::StrLarge,
            Object::List(_) => Kind::ListNodes,
            Object::Hash(_) => Kind::HashTable,
            Object::Set(_) => Kind::SetTable,
            Object::ZSet(_) => Kind::ZsetTree,
            Object::Stream(_) => Kind::Stream,
        }
    }

    /// Whether this is a collection with no element left. A stream has an identity beyond its
    /// entries: the last id, and groups.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Object::List(l) => l.is_empty(),
            Object::Hash(h) => h.is_empty(),
            Object::Set(s) => s.is_empty(),
            Object::ZSet(z) => z.is_empty(),
            Object::Str(_) | Object::Stream(_) => false,
        }
    }

    /// Heap bytes of the box and everything it owns, in size classes; constant time.
    #[inline]
    pub fn heap_bytes(&self) -> usize {
        size_class(std::mem::size_of::<Object>())
            + match self {
                Object::Str(s) => s.heap_bytes(),
                Object::List(l) => l.heap_bytes(),
                Object::Hash(h) => h.heap_bytes(),
                Object::Set(s) => s.heap_bytes(),
                Object::ZSet(z) => z.heap_bytes(),
                Object::Stream(s) => s.heap_bytes(),
            }
    }

    /// A hint that an element of a large collection is about to be looked up: asks for the
    /// bucket, and returns the element's hash for [`Object::prefetch_block`]. For one that a
    /// core's own caches hold anyway this would cost more than it saves.
    pub fn prefetch_bucket(&self, element: &[u8]) -> Option<u64> {
        match self {
            Object::Hash(h) if h.len() >= PREFETCH_MIN_LEN => Some(h.prefetch_bucket(element)),
            Object::Set(s) if s.len() >= PREFETCH_MIN_LEN => Some(s.prefetch_bucket(element)),
            Object::ZSet(z) if z.len() >= PREFETCH_MIN_LEN => Some(z.prefetch_bucket(element)),
            _ => None,
        }
    }

    /// Asks for the block of the element with this hash, in a bucket asked for some time ago.
    pub fn prefetch_block(&self, hash: u64) {
        match self {
            Object::Hash(h) => h.prefetch_block(hash),
            Object::Set(s) => s.prefetch_block(hash),
            Object::ZSet(z) => z.prefetch_block(hash),
            Object::Str(_) | Object::List(_) | Object::Stream(_) => {}
        }
    }

    /// How many separate allocations freeing this takes, about: the cost of a drop. The pages
    /// of a long text, given back to the operating system, take their time as well.
    pub fn free_effort(&self) -> usize {
        match self {
            Object::Str(s) => 1 + s.buffer_bytes / PAGES_PER_STEP_BYTES,
            Object::List(l) => l.node_count(),
            Object::Hash(h) => h.len(),
            Object::Set(s) => s.len(),
            Object::ZSet(z) => z.len(),
            Object::Stream(s) => s.free_effort(),
        }
    }
}

/// A long string: shared with the replies that carry it, changed in place when nobody
/// else holds it.
#[derive(Clone)]
pub struct Large {
    text: Bytes,
    /// Bytes its buffer occupies, for the memory account.
    buffer_bytes: usize,
}

impl Large {
    /// Takes over `text`; `buffer_bytes` is the size of the allocation it keeps alive.
    pub fn new(text: Bytes, buffer_bytes: usize) -> Large {
        Large { text, buffer_bytes }
    }

    pub fn bytes(&self) -> &Bytes {
        &self.text
    }

    fn heap_bytes(&self) -> usize {
        size_class(self.buffer_bytes)
    }

    /// Changes the text in place, copying it first if a reply still holds it.
    pub fn edit<T>(&mut self, f: impl FnOnce(&mut bytes::BytesMut) -> T) -> T {
        let mut m = match std::mem::take(&mut self.text).try_into_mut() {
            Ok(m) => m,
            Err(shared) => bytes::BytesMut::from(&shared[..]),
        };
        let r = f(&mut m);
        self.buffer_bytes = m.capacity();
        self.text = m.freeze();
        r
    }
}
