//! One member of a large sorted set: a thin pointer to a block with its score and its name.
//!
//! ```text
//! | score, 8 bytes | length, 1 byte, or 255 and 4 bytes | name |
//! ```
//!
//! A name of up to 23 bytes is served from the allocator's 32. The set's table owns the
//! blocks; its tree keeps a [`Ref`] to each, the address in the six bytes that addresses
//! take. Blocks do not move while their member is in the set, not even when the score
//! changes, so a reference stays good until the member is removed.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::{self, NonNull};
use std::slice;

use super::Entry;
use crate::data::alloc::size_class;
use crate::data::{prefetch, table::Element};

const SCORE_BYTES: usize = 8;
/// Stands in the length's first byte when four more follow.
const LONG: u8 = u8::MAX;

/// An owned member.
pub(super) struct Member(NonNull<u8>);

// SAFETY: a member owns its block alone, as a `Box` would.
unsafe impl Send for Member {}
// SAFETY: nothing in a block changes behind a shared reference.
unsafe impl Sync for Member {}

/// The address of a member's block. Whoever holds one relies on the member being alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ref([u8; 6]);

fn head_bytes(name_len: usize) -> usize {
    SCORE_BYTES + if name_len < LONG as usize { 1 } else { 5 }
}

fn layout(name_len: usize) -> Layout {
    let size = size_class(head_bytes(name_len) + name_len);
    Layout::from_size_align(size, 8).expect("a block is far smaller than the address space")
}

/// Where the name starts, and its length.
///
/// # Safety
/// `block` is a member's.
#[inline]
unsafe fn name_at(block: *const u8) -> (usize, usize) {
    // SAFETY: every block has the length's first byte, and four more where it is `LONG`.
    unsafe {
        match *block.add(SCORE_BYTES) {
            LONG => {
                let len = block.add(SCORE_BYTES + 1).cast::<u32>().read_unaligned();
                (SCORE_BYTES + 5, len as usize)
            }
            short => (SCORE_BYTES + 1, usize::from(short)),
        }
    }
}

impl Member {
    /// A member in a block of its own. Panics if the name is 4 GiB long or longer.
    pub fn new(name: &[u8], score: f64) -> Member {
        let len = u32::try_from(name.len()).expect("a member is shorter than 4 GiB");
        let layout = layout(name.len());
        // SAFETY: the head alone makes the layout's size greater than 0.
        let block = unsafe { alloc(layout) };
        let Some(block) = NonNull::new(block) else { handle_alloc_error(layout) };
        // SAFETY: score, length and name follow each other and fit the layout; the block is
        // new and so overlaps nothing.
        unsafe {
            let p = block.as_ptr();
            p.cast::<f64>().write(score);
            if len < u32::from(LONG) {
                p.add(SCORE_BYTES).write(len as u8);
            } else {
                p.add(SCORE_BYTES).write(LONG);
                p.add(SCORE_BYTES + 1).cast::<u32>().write_unaligned(len);
            }
            ptr::copy_nonoverlapping(name.as_ptr(), p.add(head_bytes(name.len())), name.len());
        }
        Member(block)
    }

    /// A reference to this member.
    ///
    /// # Safety
    /// The reference and its copies are not used after the member's block has been freed.
    #[inline]
    pub unsafe fn reference(&self) -> Ref {
        let address = self.0.expose_provenance().get() as u64;
        let [bytes @ .., 0, 0] = address.to_le_bytes() else { panic!("an address takes 48 bits: {address:#x}") };
        Ref(bytes)
    }

    /// The member's score.
    #[inline]
    pub fn score(&self) -> f64 {
        // SAFETY: every block begins with its score, 8-aligned.
        unsafe { self.0.cast::<f64>().read() }
    }

    /// Changes the score.
    #[inline]
    pub fn set_score(&mut self, score: f64) {
        // SAFETY: as in `score`; readers hold a shared borrow of the set, so there are none.
        unsafe { self.0.cast::<f64>().write(score) };
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
        unsafe { dealloc(self.0.as_ptr(), layout) };
    }
}

impl Element for Member {
    fn into_raw(self) -> NonNull<u8> {
        std::mem::ManuallyDrop::new(self).0
    }

    unsafe fn from_raw(p: NonNull<u8>) -> Self {
        Member(p)
    }

    #[inline]
    fn key(&self) -> &[u8] {
        // SAFETY: the block is a member's and as long as its head says.
        unsafe {
            let (at, len) = name_at(self.0.as_ptr());
            slice::from_raw_parts(self.0.as_ptr().add(at), len)
        }
    }

    fn tag(&self) -> u8 {
        0
    }
}

impl Ref {
    #[inline]
    fn block(self) -> *const u8 {
        let [a, b, c, d, e, f] = self.0;
        ptr::with_exposed_provenance(u64::from_le_bytes([a, b, c, d, e, f, 0, 0]) as usize)
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
        let block = self.block();
        // SAFETY: as in `score`; the block is as long as its head says.
        unsafe {
            let (at, len) = name_at(block);
            slice::from_raw_parts(block.add(at), len)
        }
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
            assert_eq!(m.heap_bytes(), size_class(8 + len + if len < 255 { 1 } else { 5 }));
        }
        assert_eq!(Member::new(&[b'm'; 16], 0.0).heap_bytes(), 32);
        assert_eq!(Member::new(&[b'm'; 23], 0.0).heap_bytes(), 32);
        assert_eq!(size_of::<Ref>(), 6);
    }
}
