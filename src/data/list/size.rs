//! Stand-in until `data::alloc` lands: what jemalloc hands out for a request.
//!
//! jemalloc serves every request from a fixed ladder of sizes: 8, then multiples of 16 up
//! to 128, then four evenly spaced sizes per doubling (160, 192, 224, 256, 320 ...). The
//! engine's memory account adds up these rounded sizes itself instead of asking the
//! allocator, so that the account is a pure function of the data: it replays in the
//! simulator, where several nodes share one process, and it stays the same under another
//! allocator.

/// The largest request the ladder knows; above it, requests fail.
const MAX: usize = 7 << 60;

/// The bytes jemalloc sets aside for a request of `bytes`. Nothing is set aside for 0.
#[inline]
pub const fn size_class(bytes: usize) -> usize {
    if bytes <= 128 {
        if bytes == 0 || bytes > 8 {
            (bytes + 15) & !15
        } else {
            8
        }
    } else if bytes <= MAX {
        // The doubling (half, 2 * half] that `bytes` falls into has four steps of half / 4.
        let half = 1 << (bytes - 1).ilog2();
        let step = half / 4;
        (bytes + step - 1) & !(step - 1)
    } else {
        bytes
    }
}
