//! How much one packed node may hold, as `list-max-listpack-size` says it.
//!
//! A negative setting bounds bytes: -1 is 4 KiB, doubling to -5 with 64 KiB. A positive one
//! bounds elements, and bytes to 8 KiB whatever the number. Bytes are those a listpack of
//! the same elements would measure. An element larger than a node may be gets a node for
//! itself, unpacked. The same limit decides when a small list, which is one packed sequence
//! in its key's block, becomes a large one.

/// Bytes of a node that is bounded by its number of elements.
const COUNTED_NODE_BYTES: usize = 8192;
/// What Valkey adds to an element's text when it asks whether a node has room.
const ELEMENT_OVERHEAD: usize = 8;

/// The bounds of one packed node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeLimit {
    /// Negative: a size class; positive: a number of elements.
    fill: i16,
    /// Texts of so many bytes or more are large whatever `fill` says; 0 for no such bound.
    large_from: u32,
}

impl NodeLimit {
    /// The limit that `list-max-listpack-size` (any value is accepted) asks for.
    pub fn new(list_max_listpack_size: i32) -> NodeLimit {
        let fill = match list_max_listpack_size {
            0 => 1,
            v => v.clamp(-5, i32::from(i16::MAX)) as i16,
        };
        NodeLimit { fill, large_from: 0 }
    }

    /// The same limit, but texts of `bytes` or more (0: by the limit again) get a node for
    /// themselves. For `DEBUG QUICKLIST-PACKED-THRESHOLD`.
    pub fn with_large_from(self, bytes: u32) -> NodeLimit {
        NodeLimit { large_from: bytes, ..self }
    }

    fn max_bytes(self) -> Option<usize> {
        (self.fill < 0).then(|| 2048 << -self.fill)
    }

    fn max_count(self) -> Option<usize> {
        (self.fill > 0).then_some(self.fill as usize)
    }

    /// Whether `count` elements that measure `listpack_bytes` are too many for one node, or
    /// for a small list.
    pub fn exceeded(self, listpack_bytes: usize, count: usize) -> bool {
        match (self.max_bytes(), self.max_count()) {
            (Some(max), _) => listpack_bytes > max,
            (None, max) => listpack_bytes > COUNTED_NODE_BYTES || max.is_some_and(|max| count > max),
        }
    }

    /// Whether a node that measures `listpack_bytes` with `count` elements has room for one
    /// more of `text_len` bytes.
    pub(super) fn has_room(self, listpack_bytes: usize, count: usize, text_len: usize) -> bool {
        !self.exceeded(listpack_bytes + text_len + ELEMENT_OVERHEAD, count + 1)
    }

    /// Whether a text of `len` bytes gets a node for itself.
    pub fn is_large(self, len: usize) -> bool {
        match self.large_from {
            0 => len > self.max_bytes().unwrap_or(COUNTED_NODE_BYTES),
            from => len >= from as usize,
        }
    }

    /// Whether a list that is one packed node should be a small one: after losing elements
    /// (`shrinking`) only at half the limit, so that it does not go back and forth.
    pub fn suits_small(self, listpack_bytes: usize, count: usize, shrinking: bool) -> bool {
        let halves = usize::from(shrinking);
        self.max_bytes().is_none_or(|max| listpack_bytes <= max >> halves)
            && self.max_count().is_none_or(|max| count <= max >> halves)
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
