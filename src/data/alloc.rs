//! What the allocator really hands out for a request.
//!
//! jemalloc (5.3.1, built as `.cargo/config.toml` says) serves every request from a fixed ladder
//! of sizes: multiples of 8 up to 64, multiples of 16 up to 128, then four evenly spaced sizes per
//! doubling (160, 192, 224, 256, 320 ...), and from 32 KiB on, whole pages. The engine's memory
//! account adds up these rounded sizes itself instead of asking the allocator, so that the account
//! is a pure function of the data: it replays in the simulator, where several nodes share one
//! process, and it stays the same under another allocator.

const PAGE: usize = 4096;

/// The bytes jemalloc sets aside for a request of `bytes`. Nothing is set aside for 0.
#[inline]
pub const fn size_class(bytes: usize) -> usize {
    // A power of two each, so that rounding up needs no division: this runs with every write.
    let step = match bytes {
        0..=64 => 8,
        65..=128 => 16,
        // The doubling (half, 2 * half] that `bytes` falls into has four steps of half / 4.
        129..=32_768 => (1 << (bytes - 1).ilog2()) / 4,
        _ => PAGE,
    };
    (bytes + step - 1) & !(step - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::alloc::{GlobalAlloc, Layout};

    #[test]
    fn agrees_with_jemalloc() {
        let sizes = (1..5_000usize).chain((5_000..300_000).step_by(997));
        let edges = (3..22).flat_map(|bits| [(1 << bits) - 1, 1 << bits, (1 << bits) + 1]);
        for bytes in sizes.chain(edges) {
            let layout = Layout::from_size_align(bytes, 8).unwrap();
            // SAFETY: the layout has a size, and the block is freed with the same one.
            let real = unsafe {
                let block = tikv_jemallocator::Jemalloc.alloc(layout);
                let real = tikv_jemallocator::usable_size(block);
                tikv_jemallocator::Jemalloc.dealloc(block, layout);
                real
            };
            assert_eq!(size_class(bytes), real, "{bytes}");
        }
    }

    #[test]
    fn nothing_costs_nothing() {
        assert_eq!(size_class(0), 0);
    }
}
