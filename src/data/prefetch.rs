//! Hints to the memory system: what will be touched soon.
//!
//! A miss costs as much as a hundred instructions. Requests that arrive together know their
//! keys before they are executed, so that their misses can overlap.

/// Asks for the cache line at `address`. A hint: any address will do.
#[inline]
pub fn for_read<T>(address: *const T) {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse", not(miri)))]
    // SAFETY: a prefetch neither faults nor reads, whatever the address.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse", not(miri))))]
    let _ = address;
}

/// As [`for_read`], and takes the line away from other cores. A hint: any address will do.
#[inline]
pub fn for_write<T>(address: *const T) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: as above; a processor that does not know the instruction takes it as a no-op.
    unsafe {
        std::arch::asm!("prefetchw [{}]", in(reg) address, options(nostack, preserves_flags, readonly));
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = address;
}
