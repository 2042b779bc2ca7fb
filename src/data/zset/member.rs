//! One member of a large sorted set: a thin pointer to a block with its score and its name.
//!
//! ```text
//! | score, 8 bytes | name, see `data::bare` |
//! ```
//!
//! The pointer's low three bits are the name's tag: a name of 16 bytes is served from the
//! allocator's 24. The set's table owns the blocks; its tree keeps a [`Ref`] to each, address
//! and tag in the six bytes that addresses take. Blocks do not move while their member is in
//! the set, not even when the score changes, so a reference stays good until the member is
//! removed.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::{self, NonNull};

use super::Entry;
use crate::data::alloc::size_class;
use crate::data::{
    bare::{self, TAG, Tagged},
    prefetch,
    table::Element,
};

const SCORE_BYTES: usize = 8;

/// An owned member.
pub(super) struct Member(Tagged);

// SAFETY: a member owns its block alone, as a `Box` would.
unsafe impl Send for Member {}
// SAFETY: nothing in a block changes behind a shared reference.
unsafe impl Sync for Member {}

/// The address of a member's block. Whoever holds one relies on the member being alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ref([u8; 6]);

fn layout(name_len: usize) -> Layout {
    let size = size_class(SCORE_BYTES + bare::stored_bytes(name_len));
    Layout::from_size_align(size, 8).expect("a block is far smaller than the address space")
}

impl Member {
    /// A member in a block of its own. Panics if the name is 4 GiB long or longer.
    pub fn new(name: &[u8], score: f64) -> Member {
        let layout = layout(name.len());
        // SAFETY: the score alone makes the layout's size greater than 0.
        let block = unsafe { alloc(layout) };
        let Some(block) = NonNull::new(block) else { handle_alloc_error(layout) };
        // SAFETY: score and name follow each other and fit the layout; the block is new and so
        // overlaps nothing, and it is aligned to 8.
        unsafe {
            block.cast::<f64>().write(score);
            bare::write(block.add(SCORE_BYTES).as_ptr(), name);
            Member(Tagged::new(block, bare::tag_for(name.len())))
        }
    }

    /// A reference to this member.
    ///
    /// # Safety
    /// The reference and its copies are not used after the member's block has been freed.
    #[inline]
    pub unsafe fn reference(&self) -> Ref {
        let address = self.0.expose() as u64;
        let [bytes @ .., 0, 0] = address.to_le_bytes() else { panic!("an address takes 48 bits: {address:#x}") };
        Ref(bytes)
    }

    /// The member's score.
    #[inline]
    pub fn score(&self) -> f64 {
        // SAFETY: every block begins with its score, 8-aligned.
        unsafe { self.0.block().cast::<f64>().read() }
    }

    /// Changes the score.
    #[inline]
    pub fn set_score(&mut self, score: f64) {
        // SAFETY: as in `score`; readers hold a shared borrow of the set, so there are none.
        unsafe { self.0.block().cast::<f64>().write(score) };
    }

    /// Heap bytes of the block.
    #[inline]
    pub fn heap_bytes(&self) -> usize {
        layout(self.key().len()).size()
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let layout = layout(self.key().len());
        // SAFETY: the block was made with this layout, and nobody else owns it.
        unsafe { dealloc(self.0.block(), layout) };
    }
}

impl Element for Member {
    fn into_raw(self) -> NonNull<u8> {
        let block = std::mem::ManuallyDrop::new(self).0.block();
        NonNull::new(block).expect("a block is not at address 0")
    }

    unsafe fn from_raw(_: NonNull<u8>) -> Self {
        unreachable!("a member is made from its block and its tag")
    }

    #[inline]
    unsafe fn from_parts(p: NonNull<u8>, tag: u8) -> Self {
        // SAFETY: both were given by a member.
        unsafe { Member(Tagged::new(p, usize::from(tag))) }
    }

    #[inline]
    fn key(&self) -> &[u8] {
        // SAFETY: `new` wrote the name there, and the tag is its own; it stays as long as `self`.
        unsafe { bare::read(self.0.block().add(SCORE_BYTES), self.0.tag()) }
    }

    #[inline]
    fn tag(&self) -> u8 {
        self.0.tag() as u8
    }
}

impl Ref {
    #[inline]
    fn address(self) -> usize {
        let [a, b, c, d, e, f] = self.0;
        u64::from_le_bytes([a, b, c, d, e, f, 0, 0]) as usize
    }

    #[inline]
    fn block(self) -> *const u8 {
        ptr::with_exposed_provenance(self.address() & !TAG)
    }

    /// The score.
    #[inline]
    pub fn score(self) -> f64 {
        // SAFETY: whoever made the reference promised that the block is alive; it begins
        // with the score, 8-aligned.
        unsafe { self.block().cast::<f64>().read() }
    }

    /// The name; valid while the reference is, which a borrow of the set makes sure of.
    #[inline]
    pub fn name<'a>(self) -> &'a [u8] {
        // SAFETY: as in `score`; the name follows, and the tag is its own.
        unsafe { bare::read(self.block().add(SCORE_BYTES), self.address() & TAG) }
    }

    /// Score and name; see [`Ref::name`].
    #[inline]
    pub fn entry<'a>(self) -> Entry<'a> {
        Entry { score: self.score(), member: self.name() }
    }

    /// A hint that the block is needed soon.
    #[inline]
    pub fn prefetch(self) {
        prefetch::for_read(self.block());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_hold_what_was_put() {
        for len in [0, 1, 16, 23, 24, 254, 255, 256, 70_000] {
            let name: Vec<u8> = (0..len).map(|n| n as u8).collect();
            let mut m = Member::new(&name, -1.5);
            // SAFETY: `m` outlives its use.
            let r = unsafe { m.reference() };
            assert_eq!((m.key(), m.score()), (name.as_slice(), -1.5));
            m.set_score(f64::INFINITY);
            assert_eq!(r.entry(), Entry { score: f64::INFINITY, member: &name });
            assert_eq!(m.heap_bytes(), size_class(8 + bare::stored_bytes(len)));
        }
        assert_eq!(Member::new(&[b'm'; 16], 0.0).heap_bytes(), 24);
        assert_eq!(Member::new(&[b'm'; 15], 0.0).heap_bytes(), 24);
        assert_eq!(Member::new(&[b'm'; 23], 0.0).heap_bytes(), 32);
        assert_eq!(size_of::<Ref>(), 6);
    }
}
