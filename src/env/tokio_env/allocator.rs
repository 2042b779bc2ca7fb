//! jemalloc's figures, and the orders that it takes besides allocating.
//!
//! It is one for the whole process and no part of what replays: nothing the server decides
//! may depend on it. Its statistics are copies that it brings up to date when the `epoch`
//! control is written, which visits every arena and takes some ten microseconds.

use crate::env::Heap;
use std::{
    ffi::{CStr, c_char, c_void},
    mem::MaybeUninit,
    ptr::{null, null_mut},
};
use tikv_jemalloc_sys::{mallctl, mallctlbymib, mallctlnametomib, malloc_stats_print};

/// The value of a control, or `None` if there is no such control or it has another size.
///
/// # Safety
/// The control's value must be a valid `T`.
unsafe fn read<T: Copy>(name: &CStr) -> Option<T> {
    let (mut value, mut len) = (MaybeUninit::<T>::uninit(), size_of::<T>());
    // SAFETY: the name ends with a NUL, and the value has room for the length that is told.
    let failed = unsafe { mallctl(name.as_ptr(), value.as_mut_ptr().cast(), &mut len, null_mut(), 0) };
    // SAFETY: the call has filled all of the value, which is a `T` as the caller has promised.
    (failed == 0 && len == size_of::<T>()).then(|| unsafe { value.assume_init() })
}

/// Sets a control; whether that worked.
///
/// # Safety
/// The control must take a `T`, and be none that makes allocated memory invalid.
unsafe fn write<T: Copy>(name: &CStr, mut value: T) -> bool {
    // SAFETY: the name ends with a NUL, and the value is as long as is told.
    unsafe { mallctl(name.as_ptr(), null_mut(), null_mut(), (&raw mut value).cast(), size_of::<T>()) == 0 }
}

/// A number of bytes among jemalloc's statistics; 0 if it keeps none.
fn bytes(name: &CStr) -> u64 {
    // SAFETY: the statistics asked for here are `size_t`.
    unsafe { read::<usize>(name) }.unwrap_or(0) as u64
}

/// A control with a number in its name, looked up once and then asked for each number.
struct Numbered<const LEN: usize> {
    path: [usize; LEN],
    number_at: usize,
}

impl<const LEN: usize> Numbered<LEN> {
    fn new(name: &CStr, number_at: usize) -> Option<Numbered<LEN>> {
        let (mut path, mut len) = ([0; LEN], LEN);
        // SAFETY: the name ends with a NUL, and the path has room for the length that is told.
        let failed = unsafe { mallctlnametomib(name.as_ptr(), path.as_mut_ptr(), &mut len) };
        (failed == 0 && len == LEN).then_some(Numbered { path, number_at })
    }

    /// # Safety
    /// As [`read`].
    unsafe fn read<T: Copy + Default>(&self, number: usize) -> T {
        let mut path = self.path;
        path[self.number_at] = number;
        let (mut value, mut len) = (T::default(), size_of::<T>());
        // SAFETY: path and value have the lengths that are told.
        unsafe { mallctlbymib(path.as_ptr(), LEN, (&raw mut value).cast(), &mut len, null_mut(), 0) };
        value
    }
}

/// Free room in the slabs of all size classes of small allocations.
fn fragmented_bytes() -> Option<u64> {
    let size = Numbered::<4>::new(c"arenas.bin.0.size", 2)?;
    let per_slab = Numbered::<4>::new(c"arenas.bin.0.nregs", 2)?;
    // 4096 stands for all arenas.
    let used = Numbered::<6>::new(c"stats.arenas.4096.bins.0.curregs", 4)?;
    let slabs = Numbered::<6>::new(c"stats.arenas.4096.bins.0.curslabs", 4)?;
    // SAFETY: the types are those of jemalloc's manual.
    unsafe {
        let classes = read::<u32>(c"arenas.nbins")?;
        let free = |class| {
            let room = slabs.read::<usize>(class) * per_slab.read::<u32>(class) as usize;
            room.saturating_sub(used.read::<usize>(class)) * size.read::<usize>(class)
        };
        Some((0..classes as usize).map(free).sum::<usize>() as u64)
    }
}

/// The numbers of jemalloc's version, without what says which build it is.
fn version() -> &'static str {
    // SAFETY: the version is a text that ends with a NUL and stays for as long as the process.
    let all = unsafe { read::<*const c_char>(c"version").map(|v| CStr::from_ptr(v)) };
    let all = all.and_then(|v| v.to_str().ok()).unwrap_or_default();
    all.split('-').next().unwrap_or_default()
}

/// The heap at present.
pub(super) fn heap() -> Heap {
    // SAFETY: writing the epoch, a `uint64_t`, brings the statistics up to date.
    unsafe { write(c"epoch", 1u64) };
    let page = bytes(c"arenas.page");
    Heap {
        allocator: "jemalloc",
        allocator_version: version(),
        allocated_bytes: bytes(c"stats.allocated"),
        active_bytes: bytes(c"stats.active"),
        resident_bytes: bytes(c"stats.resident"),
        muzzy_bytes: bytes(c"stats.arenas.4096.pmuzzy") * page,
        fragmented_bytes: fragmented_bytes().unwrap_or(0),
    }
}

/// Starts or stops the thread that returns unused pages by and by.
pub(super) fn release_in_background(on: bool) {
    // SAFETY: the control takes a `bool`.
    unsafe { write(c"background_thread", on) };
}

/// Returns unused pages of every arena to the operating system. What it tells are the bytes of
/// those that are left: jemalloc skips an arena whose pages another thread, its own in the
/// background for example, is just returning as far as *that* thread was to.
pub(super) fn release() -> Option<u64> {
    /// 4096 stands for all arenas.
    const PURGE_ALL: &CStr = c"arena.4096.purge";
    // SAFETY: the name ends with a NUL, and this control neither reads nor writes a value.
    let failed = unsafe { mallctl(PURGE_ALL.as_ptr(), null_mut(), null_mut(), null_mut(), 0) };
    // SAFETY: writing the epoch, a `uint64_t`, brings the statistics up to date.
    unsafe { write(c"epoch", 1u64) };
    (failed == 0).then(|| bytes(c"stats.arenas.4096.pdirty") * bytes(c"arenas.page"))
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
    unsafe { malloc_stats_print(Some(append), (&raw mut text).cast(), null()) };
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
    };
    use tikv_jemalloc_sys::{free, malloc};

    /// Held by who allocates: tests allocate elsewhere otherwise, so that is all jemalloc has.
    static HEAP: Mutex<()> = Mutex::new(());

    #[test]
    fn it_answers() {
        let _alone = HEAP.lock();
        assert!(release().is_some());
        assert!(report().contains("jemalloc"));
        let version = version();
        assert!(version.split('.').count() == 3 && version.split('.').all(|n| n.parse::<u32>().is_ok()), "{version}");
    }

    #[test]
    fn what_another_thread_keeps_from_being_returned_is_told() {
        const BYTES: usize = 6 << 20;
        let _alone = HEAP.lock();
        let (done, rounds) = (AtomicBool::new(false), AtomicU32::new(0));
        release();
        let before = heap().resident_bytes;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(SeqCst) {
                    rounds.fetch_add(1, SeqCst);
                    release();
                }
            });
            for _ in 0..20 {
                // While the other thread returns the first, the second is freed.
                // SAFETY: the memory is written within its bounds and freed once.
                unsafe {
                    let both = [malloc(BYTES), malloc(BYTES)];
                    both.iter().for_each(|p| std::ptr::write_bytes(p.cast::<u8>(), 1, BYTES));
                    free(both[0]);
                    let round = rounds.load(SeqCst);
                    while rounds.load(SeqCst) == round {
                        std::hint::spin_loop();
                    }
                    free(both[1]);
                }
                let left = (0..1000).take_while(|_| release().is_none_or(|left| left > 1 << 20)).count();
                assert!(left < 1000, "it is returned in the end");
                let resident = heap().resident_bytes;
                assert!(resident < before + BYTES as u64 / 2, "{before} {resident}");
            }
            done.store(true, SeqCst);
        });
    }

    #[test]
    fn figures_follow_the_heap() {
        const BYTES: usize = 48 << 20;
        let _alone = HEAP.lock();
        let before = heap();
        // SAFETY: the memory is written within its bounds and freed once.
        unsafe {
            let p = malloc(BYTES);
            std::ptr::write_bytes(p.cast::<u8>(), 1, BYTES);
            let during = heap();
            free(p);
            assert!(during.allocated_bytes >= before.allocated_bytes + BYTES as u64, "{before:?} {during:?}");
            assert!(during.allocated_bytes <= during.active_bytes && during.active_bytes <= during.resident_bytes);
            assert!(heap().allocated_bytes < during.allocated_bytes);
            // Every second of many small allocations stays: half of their slabs is free.
            let small: Vec<_> = (0..100_000).map(|_| malloc(64)).collect();
            small.iter().step_by(2).for_each(|p| free(*p));
            let holes = heap().fragmented_bytes;
            small.iter().skip(1).step_by(2).for_each(|p| free(*p));
            assert!((2_000_000..4_000_000).contains(&(holes - before.fragmented_bytes)), "{holes}");
        }
    }
}
