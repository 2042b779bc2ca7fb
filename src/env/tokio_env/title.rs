//! The process title: what `ps` shows in place of the arguments.
//!
//! Linux shows the bytes between two addresses that it keeps for each process. They are
//! moved once, before there are other threads, to a buffer of our own; from then on a title
//! is shown by writing it there. The byte before the end is never a NUL, which tells the
//! kernel that a title, ended by a NUL, has replaced the arguments. Elsewhere there is
//! nothing to be done.

use std::sync::Mutex;

/// Longest title, with its NUL and the last byte.
#[cfg(target_os = "linux")]
const BYTES: usize = 4096;

/// Where the title is written; nothing if the kernel did not take it.
pub(super) struct Title(Mutex<Option<&'static mut [u8]>>);

impl Title {
    /// A buffer that the kernel does not know yet.
    pub const fn new() -> Title {
        Title(Mutex::new(None))
    }

    /// Shows `text`, cut where the buffer ends.
    pub fn set(&self, text: &str) {
        let mut buffer = self.0.lock().expect("nobody panics with the title");
        if buffer.is_none() {
            *buffer = move_arguments();
        }
        if let Some(buffer) = buffer.as_mut() {
            let room = buffer.len() - 2;
            let text = &text.as_bytes()[..text.len().min(room)];
            buffer[..text.len()].copy_from_slice(text);
            buffer[text.len()..=room].fill(0);
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn move_arguments() -> Option<&'static mut [u8]> {
    None
}

/// The kernel's `struct prctl_mm_map`.
#[cfg(target_os = "linux")]
#[repr(C)]
struct MemoryMap {
    start_code: u64,
    end_code: u64,
    start_data: u64,
    end_data: u64,
    start_brk: u64,
    brk: u64,
    start_stack: u64,
    arg_start: u64,
    arg_end: u64,
    env_start: u64,
    env_end: u64,
    auxv: *const u64,
    auxv_size: u32,
    exe_fd: u32,
}

/// Makes the kernel take a buffer for the arguments. The other addresses stay as they are.
#[cfg(target_os = "linux")]
fn move_arguments() -> Option<&'static mut [u8]> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field, in parentheses, may hold spaces; what follows is numbered from 3.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let field = |n: usize| fields.get(n - 3)?.parse::<u64>().ok();
    // Never freed: the kernel reads it for as long as the process lives.
    let buffer = Box::leak(vec![0u8; BYTES].into_boxed_slice());
    buffer[BYTES - 1] = 1;
    let arg_start = buffer.as_ptr() as u64;
    let map = MemoryMap {
        start_code: field(26)?,
        end_code: field(27)?,
        start_data: field(45)?,
        end_data: field(46)?,
        start_brk: field(47)?,
        // SAFETY: moving the break by nothing only tells where it is.
        brk: unsafe { libc::sbrk(0) } as u64,
        start_stack: field(28)?,
        arg_start,
        arg_end: arg_start + BYTES as u64,
        env_start: field(50)?,
        env_end: field(51)?,
        auxv: std::ptr::null(),
        auxv_size: 0,
        exe_fd: u32::MAX,
    };
    // SAFETY: the map is valid for the call; the addresses in it are the process's own, of
    // which only those of the arguments are new, and they stay valid.
    let failed =
        unsafe { libc::prctl(libc::PR_SET_MM, libc::PR_SET_MM_MAP, &raw const map, size_of::<MemoryMap>(), 0usize) };
    (failed == 0).then_some(buffer)
}
