//! The global allocator: jemalloc, built with size classes 8 bytes apart up to 64
//! (`.cargo/config.toml`), because most of what the server keeps is that small.
//!
//! jemalloc's binding believes that every block is aligned to 16 bytes, which is true of classes
//! 16 bytes apart. Here a block of 24 or 40 bytes is aligned to 8. So what has to be aligned
//! to 16 is asked for in multiples of 16: classes of such sizes lie at such addresses.

use std::alloc::{GlobalAlloc, Layout};
use tikv_jemallocator::Jemalloc;

/// See the module.
pub struct Allocator;

const QUANTUM: usize = 8;

/// The layout that is asked for, given the one that is needed.
#[inline(always)]
fn padded(layout: Layout) -> Layout {
    if layout.align() <= QUANTUM { layout } else { layout.pad_to_align() }
}

// SAFETY: every call is passed on with the same block and a layout that is at least as large and
// aligned alike; a layout is always changed in the same way, so what is freed is what was asked for.
unsafe impl GlobalAlloc for Allocator {
    #[inline(always)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: see above.
        unsafe { Jemalloc.alloc(padded(layout)) }
    }

    #[inline(always)]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: see above.
        unsafe { Jemalloc.alloc_zeroed(padded(layout)) }
    }

    #[inline(always)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: see above.
        unsafe { Jemalloc.dealloc(block, padded(layout)) }
    }

    #[inline(always)]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_bytes: usize) -> *mut u8 {
        // SAFETY: the caller promises that the new size, rounded up to the alignment, is one.
        let new = padded(unsafe { Layout::from_size_align_unchecked(new_bytes, layout.align()) });
        // SAFETY: see above.
        unsafe { Jemalloc.realloc(block, padded(layout), new.size()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_aligned_as_asked() {
        let aligned = |align: usize, block: *mut u8| assert_eq!(block as usize % align, 0, "{align}");
        for align in [1, 2, 4, 8, 16, 32, 64, 4096] {
            for bytes in 1..300 {
                let layout = Layout::from_size_align(bytes, align).unwrap();
                // SAFETY: the layouts have a size, and each block is written within it and freed once.
                unsafe {
                    // Several at a time: the first of a slab is always aligned.
                    let blocks: Vec<*mut u8> = (0..5).map(|_| Allocator.alloc(layout)).collect();
                    for (n, block) in blocks.into_iter().enumerate() {
                        aligned(align, block);
                        block.write_bytes(n as u8, bytes);
                        let block = Allocator.realloc(block, layout, bytes + 24);
                        aligned(align, block);
                        assert!(std::slice::from_raw_parts(block, bytes).iter().all(|b| *b == n as u8));
                        Allocator.dealloc(block, Layout::from_size_align(bytes + 24, align).unwrap());
                    }
                }
            }
        }
    }
}
