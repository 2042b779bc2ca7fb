//! The process and its operating system: signals, limits, resource usage.

use crate::env::{Heap, Signal, Usage};
use std::{fs::File, mem::MaybeUninit, os::unix::fs::FileExt, thread};
use tokio::signal::unix::{SignalKind, signal};

/// Completes on SIGTERM or SIGINT.
pub(super) async fn shutdown_signal() -> Signal {
    let expect = "signal handlers can be installed";
    let mut term = signal(SignalKind::terminate()).expect(expect);
    let mut int = signal(SignalKind::interrupt()).expect(expect);
    tokio::select! { biased; _ = term.recv() => Signal::Terminate, _ = int.recv() => Signal::Interrupt }
}

/// Raises the limit of open files towards `want`, beyond the hard limit where the process
/// may, and returns the limit in force; never lowers it.
pub(super) fn raise_file_limit(want: u64) -> u64 {
    let limit = file_limit();
    if limit.rlim_cur >= want {
        return limit.rlim_cur;
    }
    let beyond_hard = (want, limit.rlim_max.max(want));
    let up_to_hard = (want.min(limit.rlim_max), limit.rlim_max);
    for (cur, max) in [beyond_hard, up_to_hard] {
        let new = libc::rlimit { rlim_cur: cur, rlim_max: max };
        // SAFETY: the argument points to a valid rlimit for the length of the call.
        if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &new) } == 0 {
            break;
        }
    }
    file_limit().rlim_cur
}

fn file_limit() -> libc::rlimit {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the argument points to a valid rlimit that the call fills in.
    unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) };
    limit
}

/// What never changes while the process runs, and an open door to what does.
pub(super) struct Machine {
    total_memory_bytes: u64,
    cores: usize,
    page_bytes: u64,
    /// The kernel's page of figures about this process, kept open: a look at it is one call.
    statm: Option<File>,
}

impl Machine {
    pub fn new() -> Machine {
        let page_bytes = page_bytes();
        // SAFETY: no memory is passed.
        let pages = unsafe { libc::sysconf(libc::_SC_PHYS_PAGES) };
        Machine {
            total_memory_bytes: u64::try_from(pages).map_or(0, |n| n * page_bytes),
            cores: thread::available_parallelism().map_or(1, usize::from),
            page_bytes,
            statm: File::open("/proc/self/statm").ok(),
        }
    }

    /// The process at present, without its heap.
    pub fn usage(&self) -> Usage {
        // The thread's first: it has never used more than the process.
        let thread = thread_usage().map(|u| [time_us(u.ru_utime), time_us(u.ru_stime)]);
        let cpu = resource_usage(libc::RUSAGE_SELF);
        Usage {
            pid: std::process::id(),
            // Where nobody tells the present value, the highest so far.
            rss_bytes: self.rss_bytes().unwrap_or(cpu.ru_maxrss as u64),
            user_cpu_us: time_us(cpu.ru_utime),
            sys_cpu_us: time_us(cpu.ru_stime),
            thread_cpu_us: thread,
            multiplexing: if cfg!(target_os = "linux") { "epoll" } else { "kqueue" },
            monotonic_clock: "POSIX clock_gettime",
            total_memory_bytes: self.total_memory_bytes,
            cores: self.cores,
            heap: Heap::default(),
        }
    }

    fn rss_bytes(&self) -> Option<u64> {
        let mut text = [0; 128];
        let len = self.statm.as_ref()?.read_at(&mut text, 0).ok()?;
        // The second number is the resident set, in pages.
        let pages = str::from_utf8(&text[..len]).ok()?.split(' ').nth(1)?;
        Some(pages.parse::<u64>().ok()? * self.page_bytes)
    }
}

fn time_us(t: libc::timeval) -> u64 {
    t.tv_sec as u64 * 1_000_000 + t.tv_usec as u64
}

/// What the thread that asks has used; not every system tells.
fn thread_usage() -> Option<libc::rusage> {
    #[cfg(target_os = "linux")]
    return Some(resource_usage(libc::RUSAGE_THREAD));
    #[cfg(not(target_os = "linux"))]
    return None;
}

fn resource_usage(whose: libc::c_int) -> libc::rusage {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the argument has room for an rusage; all-zero is a valid one if the call fails.
    unsafe {
        libc::getrusage(whose, usage.as_mut_ptr());
        usage.assume_init()
    }
}

fn page_bytes() -> u64 {
    // SAFETY: no memory is passed.
    u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_plausible() {
        let machine = Machine::new();
        let before = machine.usage();
        assert_eq!(before.pid, std::process::id());
        assert!(before.rss_bytes > 100_000 && before.rss_bytes < before.total_memory_bytes);
        assert!(before.cores >= 1);
        // Other tests give memory back meanwhile, but not for ever.
        let mut grown = Vec::new();
        let seen = (0..20).any(|_| {
            grown.push(vec![1u8; 64 << 20]);
            machine.usage().rss_bytes > before.rss_bytes + (32 << 20)
        });
        assert!(seen, "the file is read anew");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_thread_is_told_its_own_time() {
        let spend = || {
            let machine = Machine::new();
            let all = |u: Usage| u.user_cpu_us + u.sys_cpu_us;
            while all(machine.usage()) < 50_000 {
                std::hint::black_box(machine.usage());
            }
            machine.usage().thread_cpu_us.expect("Linux tells").iter().sum::<u64>()
        };
        let busy = spend();
        let idle = thread::spawn(|| Machine::new().usage().thread_cpu_us.expect("Linux tells").iter().sum::<u64>());
        let idle = idle.join().expect("no panic");
        assert!(idle < 40_000, "a new thread has used next to nothing: {idle} beside {busy}");
    }

    #[test]
    fn the_file_limit_never_sinks() {
        let before = file_limit().rlim_cur;
        assert_eq!(raise_file_limit(1), before);
        assert!(raise_file_limit(before) >= before);
    }
}
