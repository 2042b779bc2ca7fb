//! Where packed bytes live.
//!
//! The operations of `Packed` do not own memory. They are written against this one
//! primitive, "make a gap here", so that the same code edits a list node's vector and the
//! tail of a key's own block.

/// A byte string that can be edited in the middle.
pub trait ByteStore {
    /// All bytes.
    fn bytes(&self) -> &[u8];

    /// All bytes, to be overwritten in place.
    fn bytes_mut(&mut self) -> &mut [u8];

    /// Replaces the `remove` bytes at `at` by a gap of `insert` bytes and returns the gap,
    /// whose content is unspecified: the caller fills all of it.
    ///
    /// Panics if `at + remove` is past the end.
    fn splice(&mut self, at: usize, remove: usize, insert: usize) -> &mut [u8];
}

impl ByteStore for Vec<u8> {
    #[inline]
    fn bytes(&self) -> &[u8] {
        self
    }

    #[inline]
    fn bytes_mut(&mut self) -> &mut [u8] {
        self
    }

    fn splice(&mut self, at: usize, remove: usize, insert: usize) -> &mut [u8] {
        let len = self.len();
        let tail = at + remove;
        assert!(tail <= len, "splice past the end");
        if insert > remove {
            self.resize(len + (insert - remove), 0);
            self.copy_within(tail..len, at + insert);
        } else {
            self.copy_within(tail..len, at + insert);
            self.truncate(len - (remove - insert));
        }
        &mut self[at..at + insert]
    }
}
