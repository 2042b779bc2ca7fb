//! One member of a large set: a thin pointer to a heap block with little but its text.
//!
//! The table keeps three bits beside each pointer. A text that fills one of the allocator's
//! smaller classes to the last byte is kept bare, and the bits tell which:
//!
//! ```text
//! tag 0      | len, 1 byte | text |            up to 254 bytes
//!            | 255 | len, 4 bytes | text |     more
//! tag 1      | text of 8 bytes |
//! tag 2..=7  | text of 16, 32, 48, 64, 80 or 96 bytes |
//! ```
//!
//! So a member of 16 bytes takes 16 bytes, not 32, and so do those of 9 to 15.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::{self, NonNull};
use std::slice;

use crate::data::alloc::size_class;
use crate::data::{
    prefetch,
    table::{Element, View},
};

/// In the place of a short length: the length follows in four bytes.
const LONG: u8 = 255;
const TAG: usize = 0b111;

/// A text in a block of its own. The pointer's low three bits are the tag.
pub(super) struct Member(NonNull<u8>);

// SAFETY: a member owns its block alone, as a `Box` would.
unsafe impl Send for Member {}
// SAFETY: nothing in a block changes behind a shared reference.
unsafe impl Sync for Member {}

/// The tag of a text of this length; 0 if it is not kept bare.
#[inline]
fn tag_for(len: usize) -> usize {
    match len {
        8 => 1,
        16..=96 if len.is_multiple_of(16) => len / 16 + 1,
        _ => 0,
    }
}

/// The length of a bare text.
#[inline]
fn bare_len(tag: usize) -> usize {
    if tag == 1 { 8 } else { (tag - 1) * 16 }
}

/// Bytes before a text that is not bare.
#[inline]
fn head_bytes(len: usize) -> usize {
    if len < usize::from(LONG) { 1 } else { 5 }
}

fn layout(tag: usize, len: usize) -> Layout {
    let head = if tag == 0 { head_bytes(len) } else { 0 };
    Layout::from_size_align(size_class(head + len), 8).expect("a block is far smaller than the address space")
}

impl Member {
    /// A member in a block of its own.
    pub fn new(text: &[u8]) -> Member {
        let (len, tag) = (text.len(), tag_for(text.len()));
        assert!(len <= u32::MAX as usize, "a member is at most 4 GiB long");
        let layout = layout(tag, len);
        // SAFETY: a bare text has bytes, any other a head: the layout's size is not 0.
        let block = unsafe { alloc(layout) };
        let Some(block) = NonNull::new(block) else { handle_alloc_error(layout) };
        // SAFETY: head and text make up at most the `layout.size()` bytes of the block, which
        // is new and so overlaps nothing.
        unsafe {
            let mut at = block.as_ptr();
            if tag == 0 {
                at.write(if head_bytes(len) == 1 { len as u8 } else { LONG });
                if head_bytes(len) > 1 {
                    at.add(1).cast::<u32>().write_unaligned((len as u32).to_le());
                }
                at = at.add(head_bytes(len));
            }
            ptr::copy_nonoverlapping(text.as_ptr(), at, len);
            Member::tagged(block, tag)
        }
    }

    /// # Safety
    /// `block` is aligned to 8, `tag` below 8.
    #[inline]
    unsafe fn tagged(block: NonNull<u8>, tag: usize) -> Member {
        Member(block.map_addr(|address| address | tag))
    }

    #[inline]
    fn bits(&self) -> usize {
        self.0.addr().get() & TAG
    }

    #[inline]
    fn block(&self) -> *mut u8 {
        self.0.as_ptr().map_addr(|address| address & !TAG)
    }

    /// The text.
    #[inline]
    pub fn text(&self) -> &[u8] {
        let (tag, block) = (self.bits(), self.block());
        // SAFETY: `new` made the block as the tag and, without one, the head describe it.
        unsafe {
            if tag != 0 {
                return slice::from_raw_parts(block, bare_len(tag));
            }
            match *block {
                LONG => {
                    let len = u32::from_le(block.add(1).cast::<u32>().read_unaligned());
                    slice::from_raw_parts(block.add(5), len as usize)
                }
                len => slice::from_raw_parts(block.add(1), usize::from(len)),
            }
        }
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
        prefetch::for_read(self.block());
    }

    /// Heap bytes of the block.
    #[inline]
    pub fn heap_bytes(&self) -> usize {
        match self.bits() {
            0 => layout(0, self.text().len()).size(),
            tag => bare_len(tag),
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let layout = layout(self.bits(), self.text().len());
        // SAFETY: the block was made with the layout that tag and head still tell.
        unsafe { dealloc(self.block(), layout) }
    }
}

impl Element for Member {
    fn into_raw(self) -> NonNull<u8> {
        let block = std::mem::ManuallyDrop::new(self).block();
        NonNull::new(block).expect("a block is not at address 0")
    }

    unsafe fn from_raw(_: NonNull<u8>) -> Self {
        unreachable!("a member is made from its block and its tag")
    }

    #[inline]
    unsafe fn from_parts(p: NonNull<u8>, tag: u8) -> Self {
        // SAFETY: both were given by a member.
        unsafe { Member::tagged(p, usize::from(tag)) }
    }

    #[inline]
    fn key(&self) -> &[u8] {
        self.text()
    }

    #[inline]
    fn tag(&self) -> u8 {
        self.bits() as u8
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
            let bare = len == 8 || (16..=96).contains(&len) && len % 16 == 0;
            assert_eq!(m.tag() != 0, bare, "{len}");
            let head = if bare { 0 } else { head_bytes(len) };
            assert_eq!(m.heap_bytes(), size_class(head + len), "{len}");
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
        assert_eq!(Member::new(&[b'x'; 8]).heap_bytes(), 8);
        assert_eq!(Member::new(&[b'x'; 64]).heap_bytes(), 64);
    }
}
