//! One member of a large set: a thin pointer to a heap block with nothing but its text
//! (`data::bare`). The pointer's low three bits are the text's tag, which the table keeps.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::NonNull;
use std::slice;

use crate::data::alloc::size_class;
use crate::data::{
    bare::{self, Tagged},
    prefetch,
    table::{Element, View},
};

/// A text in a block of its own. The pointer's low three bits are the tag.
pub(super) struct Member(Tagged);

// SAFETY: a member owns its block alone, as a `Box` would.
unsafe impl Send for Member {}
// SAFETY: nothing in a block changes behind a shared reference.
unsafe impl Sync for Member {}

fn layout(len: usize) -> Layout {
    Layout::from_size_align(size_class(bare::stored_bytes(len)), 8)
        .expect("a block is far smaller than the address space")
}

impl Member {
    /// A member in a block of its own.
    pub fn new(text: &[u8]) -> Member {
        let layout = layout(text.len());
        // SAFETY: a bare text has bytes, any other a head: the layout's size is not 0.
        let block = unsafe { alloc(layout) };
        let Some(block) = NonNull::new(block) else { handle_alloc_error(layout) };
        // SAFETY: the block is new, has room for the text as stored, and is aligned to 8.
        unsafe {
            bare::write(block.as_ptr(), text);
            Member(Tagged::new(block, bare::tag_for(text.len())))
        }
    }

    /// The text.
    #[inline]
    pub fn text(&self) -> &[u8] {
        // SAFETY: `new` wrote the text there, and the tag is its own; it stays as long as `self`.
        unsafe { bare::read(self.0.block(), self.0.tag()) }
    }

    /// The text of an element of a table, for as long as the table is borrowed.
    #[inline]
    pub fn lend<'a>(view: View<'a, Member>) -> &'a [u8] {
        let text = view.text();
        // SAFETY: the text lies in the block, not in the handle, and the block stays as it is
        // while the table is borrowed, which is for `'a`.
        unsafe { slice::from_raw_parts(text.as_ptr(), text.len()) }
    }

    /// A hint that the text is needed soon.
    #[inline]
    pub fn prefetch(&self) {
        prefetch::for_read(self.0.block());
    }

    /// Heap bytes of the block.
    #[inline]
    pub fn heap_bytes(&self) -> usize {
        layout(self.text().len()).size()
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let layout = layout(self.text().len());
        // SAFETY: the block was made with this layout, and nobody else owns it.
        unsafe { dealloc(self.0.block(), layout) }
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
        self.text()
    }

    #[inline]
    fn tag(&self) -> u8 {
        self.0.tag() as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_a_text_of_any_length() {
        for len in (0..300usize).chain([4096, 70_000]) {
            let text: Vec<u8> = (0..len).map(|n| n as u8 ^ 0x5a).collect();
            let m = Member::new(&text);
            assert_eq!(m.text(), text);
            assert_eq!(m.key(), text);
            assert_eq!(m.heap_bytes(), size_class(bare::stored_bytes(len)), "{len}");
            let tag = m.tag();
            // SAFETY: straight from a member.
            let m = unsafe { Member::from_parts(m.into_raw(), tag) };
            assert_eq!((m.text(), m.tag()), (text.as_slice(), tag));
        }
    }

    #[test]
    fn a_common_length_takes_no_more_than_its_text() {
        assert_eq!(Member::new(&[b'x'; 16]).heap_bytes(), 16);
        assert_eq!(Member::new(&[b'x'; 15]).heap_bytes(), 16);
        assert_eq!(Member::new(&[b'x'; 24]).heap_bytes(), 24);
        assert_eq!(Member::new(&[b'x'; 20]).heap_bytes(), 24);
        assert_eq!(Member::new(&[b'x'; 8]).heap_bytes(), 8);
        assert_eq!(Member::new(&[b'x'; 64]).heap_bytes(), 64);
    }
}
