//! A text in a heap block, and three spare bits of the block's address that may tell its length.
//!
//! A text that fills one of the allocator's smaller classes to the last byte is kept bare:
//!
//! ```text
//! tag 0      | len, 1 byte | text |            up to 254 bytes
//!            | 255 | len, 4 bytes | text |     more
//! tag 1..=6  | text of 8, 16, 24, 32, 40 or 48 bytes |
//! tag 7      | text of 64 bytes |
//! ```
//!
//! So a text of 16 bytes takes 16 bytes, not 24. Blocks are aligned to 8; the table and whoever
//! else keeps an address keeps the tag with it.

use std::{
    ptr::{self, NonNull},
    slice,
};

/// The bits of an address that hold a tag.
pub const TAG: usize = 0b111;
/// In the place of a short length: the length follows in four bytes.
const LONG: u8 = 255;
/// The longest of the bare texts, which has the last tag.
const LONGEST: usize = 64;

/// The tag of a text of this length; 0 if it is not kept bare.
#[inline]
pub fn tag_for(len: usize) -> usize {
    match len {
        LONGEST => TAG,
        0..=48 if len.is_multiple_of(8) => len / 8,
        _ => 0,
    }
}

/// The length of a text with this tag, which is not 0.
#[inline]
fn bare_len(tag: usize) -> usize {
    if tag == TAG { LONGEST } else { tag * 8 }
}

/// Bytes before a text that is not bare.
#[inline]
fn head_bytes(len: usize) -> usize {
    if len < usize::from(LONG) { 1 } else { 5 }
}

/// Bytes that a text takes.
#[inline]
pub fn stored_bytes(len: usize) -> usize {
    len + if tag_for(len) == 0 { head_bytes(len) } else { 0 }
}

/// Writes a text, with its length unless the tag tells it.
///
/// # Panics
/// If it is longer than 4 GiB.
///
/// # Safety
/// At `at` there is room for [`stored_bytes`] that nothing else refers to.
pub unsafe fn write(mut at: *mut u8, text: &[u8]) {
    let len = u32::try_from(text.len()).expect("a text in a block is at most 4 GiB long");
    // SAFETY: the head and the text are what `stored_bytes` counts.
    unsafe {
        if tag_for(text.len()) == 0 {
            let head = head_bytes(text.len());
            at.write(if head == 1 { len as u8 } else { LONG });
            if head > 1 {
                at.add(1).cast::<u32>().write_unaligned(len.to_le());
            }
            at = at.add(head);
        }
        ptr::copy_nonoverlapping(text.as_ptr(), at, text.len());
    }
}

/// The text at `at`.
///
/// # Safety
/// [`write()`] wrote a text with this tag there, and it stays for `'a`.
#[inline]
pub unsafe fn read<'a>(at: *const u8, tag: usize) -> &'a [u8] {
    // SAFETY: the bytes are there as `write` left them.
    unsafe {
        if tag != 0 {
            return slice::from_raw_parts(at, bare_len(tag));
        }
        match *at {
            LONG => {
                let len = u32::from_le(at.add(1).cast::<u32>().read_unaligned());
                slice::from_raw_parts(at.add(5), len as usize)
            }
            len => slice::from_raw_parts(at.add(1), usize::from(len)),
        }
    }
}

/// A block's address with the tag of the text in it in the low three bits.
#[derive(Clone, Copy)]
pub struct Tagged(NonNull<u8>);

impl Tagged {
    /// # Safety
    /// `block` is aligned to 8, `tag` below 8.
    #[inline]
    pub unsafe fn new(block: NonNull<u8>, tag: usize) -> Tagged {
        Tagged(block.map_addr(|address| address | tag))
    }

    /// The tag.
    #[inline]
    pub fn tag(self) -> usize {
        self.0.addr().get() & TAG
    }

    /// The block.
    #[inline]
    pub fn block(self) -> *mut u8 {
        self.0.as_ptr().map_addr(|address| address & !TAG)
    }

    /// Both in one number, from which a pointer may be made again.
    #[inline]
    pub fn expose(self) -> usize {
        self.0.expose_provenance().get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_any_length_comes_back() {
        for len in (0..300).chain([4096, 70_000]) {
            let text: Vec<u8> = (0..len).map(|n| n as u8 ^ 0x5a).collect();
            let mut block = vec![0xee; stored_bytes(len) + 1];
            // SAFETY: the block has the room, and outlives what is read.
            let read = unsafe {
                write(block.as_mut_ptr(), &text);
                read(block.as_ptr(), tag_for(len))
            };
            assert_eq!(read, text);
            assert_eq!(block.last(), Some(&0xee), "{len}: nothing behind it is written");
            assert_eq!(tag_for(len) != 0, [8, 16, 24, 32, 40, 48, 64].contains(&len), "{len}");
        }
    }
}
