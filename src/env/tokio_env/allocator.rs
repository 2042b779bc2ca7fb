//! The orders that jemalloc takes besides allocating.
//!
//! It is one for the whole process and no part of what replays: nothing the server decides
//! may depend on it.

use std::{
    ffi::{CStr, c_char, c_void},
    ptr::null_mut,
};
use tikv_jemalloc_sys::{mallctl, malloc_stats_print};

/// Returns unused pages of every arena to the operating system; whether that worked.
pub(super) fn release() -> bool {
    /// 4096 stands for all arenas.
    const PURGE_ALL: &CStr = c"arena.4096.purge";
    // SAFETY: the name ends with a NUL, and this control neither reads nor writes a value.
    unsafe { mallctl(PURGE_ALL.as_ptr(), null_mut(), null_mut(), null_mut(), 0) == 0 }
}

/// The allocator's report for people.
pub(super) fn report() -> String {
    unsafe extern "C" fn append(text: *mut c_void, part: *const c_char) {
        // SAFETY: jemalloc hands back the vector below and a text that ends with a NUL.
        let (text, part) = unsafe { (&mut *text.cast::<Vec<u8>>(), CStr::from_ptr(part)) };
        text.extend_from_slice(part.to_bytes());
    }
    let mut text: Vec<u8> = Vec::new();
    // SAFETY: `append` gets the vector, which outlives the call; no options means all.
    unsafe { malloc_stats_print(Some(append), (&raw mut text).cast(), std::ptr::null()) };
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_answers() {
        assert!(release());
        assert!(report().contains("jemalloc"));
    }
}
