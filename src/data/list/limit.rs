//! How much one packed node may hold, as `list-max-listpack-size` says it.
//!
//! A negative setting bounds bytes: -1 is 4 KiB, doubling to -5 with 64 KiB. A positive one
//! bounds elements, and bytes to 8 KiB whatever the number. Bytes are those a listpack of
//! the same elements would measure. An element larger than a node may be gets a node for
//! itself, unpacked. The same limit decides when a small list, which is one packed sequence
//! in its key's block, becomes a large one.

/// Bytes of a node that is bounded by its number of elements.
const COUNTED_NODE_BYTES: u32 = 8192;
/// What Valkey adds to an element's text when it asks whether a node has room.
const ELEMENT_OVERHEAD: usize = 8;

/// The bounds of one packed node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeLimit {
    node_bytes: u32,
    /// [`UNCOUNTED`] if only bytes count.
    count: u32,
    /// Texts of so many bytes or more are large.
    large_from: u32,
}

/// No number of elements is too large.
const UNCOUNTED: u32 = u32::MAX;

impl NodeLimit {
    /// The limit that `list-max-listpack-size` (any value is accepted) asks for.
    #[inline]
    pub fn new(list_max_listpack_size: i32) -> NodeLimit {
        let (node_bytes, count) = match list_max_listpack_size {
            v if v < 0 => (2048 << v.max(-5).unsigned_abs(), UNCOUNTED),
            v => (COUNTED_NODE_BYTES, v.clamp(1, i32::from(i16::MAX)).unsigned_abs()),
        };
        NodeLimit { node_bytes, count, large_from: node_bytes + 1 }
    }

    /// The same limit, but texts of `bytes` or more (0: by the limit again) get a node for
    /// themselves. For `DEBUG QUICKLIST-PACKED-THRESHOLD`.
    #[inline]
    pub fn with_large_from(self, bytes: u32) -> NodeLimit {
        NodeLimit { large_from: if bytes > 0 { bytes } else { self.node_bytes + 1 }, ..self }
    }

    /// Whether `count` elements that measure `listpack_bytes` are too many for one node, or
    /// for a small list.
    #[inline]
    pub fn exceeded(self, listpack_bytes: usize, count: usize) -> bool {
        listpack_bytes > self.node_bytes as usize || count > self.count as usize
    }

    /// Whether a node that measures `listpack_bytes` with `count` elements has room for one
    /// more of `text_len` bytes.
    #[inline]
    pub(super) fn has_room(self, listpack_bytes: usize, count: usize, text_len: usize) -> bool {
        !self.exceeded(listpack_bytes + text_len + ELEMENT_OVERHEAD, count + 1)
    }

    /// Whether a text of `len` bytes gets a node for itself.
    #[inline]
    pub fn is_large(self, len: usize) -> bool {
        len >= self.large_from as usize
    }

    /// Whether a list that is one packed node should be a small one: after losing elements
    /// (`shrinking`) only at half the limit, so that it does not go back and forth.
    pub fn suits_small(self, listpack_bytes: usize, count: usize, shrinking: bool) -> bool {
        let halves = usize::from(shrinking);
        match self.count {
            UNCOUNTED => listpack_bytes <= self.node_bytes as usize >> halves,
            max => count <= max as usize >> halves,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negative_values_bound_bytes() {
        for (value, bytes) in [(-1, 4096), (-2, 8192), (-3, 16384), (-4, 32768), (-5, 65536), (-9, 65536)] {
            let limit = NodeLimit::new(value);
            assert!(!limit.exceeded(bytes, 1_000_000));
            assert!(limit.exceeded(bytes + 1, 1));
            assert!(!limit.is_large(bytes));
            assert!(limit.is_large(bytes + 1));
            assert!(limit.suits_small(bytes, 9, false));
            assert!(!limit.suits_small(bytes, 9, true));
            assert!(limit.suits_small(bytes / 2, 9, true));
        }
    }

    #[test]
    fn positive_values_bound_elements_and_bytes() {
        let limit = NodeLimit::new(128);
        assert!(!limit.exceeded(8192, 128));
        assert!(limit.exceeded(100, 129));
        assert!(limit.exceeded(8193, 1));
        assert!(limit.is_large(8193));
        assert!(limit.suits_small(100_000, 64, true));
        assert!(!limit.suits_small(10, 65, true));
        assert!(NodeLimit::new(0).exceeded(10, 2));
        assert!(!NodeLimit::new(i32::MAX).exceeded(10, 32767));
        assert!(NodeLimit::new(i32::MAX).exceeded(10, 32768));
    }

    #[test]
    fn a_threshold_overrides_what_is_large() {
        let limit = NodeLimit::new(-2).with_large_from(100);
        assert!(limit.is_large(100));
        assert!(!limit.is_large(99));
        assert!(!limit.with_large_from(0).is_large(8192));
    }
}
