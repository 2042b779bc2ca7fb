//! What a process uses of its machine, as its operating system and its allocator see it.
//! Plain figures: who asks for them is the environment, who shows them is INFO.

/// Figures of one moment; zeros where nobody tells, as in the simulator.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    pub pid: u32,
    /// Memory that the process occupies.
    pub rss_bytes: u64,
    pub user_cpu_us: u64,
    pub sys_cpu_us: u64,
    /// The same of the thread that asks, in that order; `None` where nobody tells.
    pub thread_cpu_us: Option<[u64; 2]>,
    /// What waits for sockets, and what tells monotonic time; empty when unknown.
    pub multiplexing: &'static str,
    pub monotonic_clock: &'static str,
    /// The machine's memory.
    pub total_memory_bytes: u64,
    /// Cores this process may use; 1 when unknown.
    pub cores: usize,
    pub heap: Heap,
}

/// The heap in the eyes of its allocator.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heap {
    /// The allocator's name; empty when unknown.
    pub allocator: &'static str,
    pub allocator_version: &'static str,
    /// What the program holds, rounded up to size classes.
    pub allocated_bytes: u64,
    /// Pages in which the program holds something.
    pub active_bytes: u64,
    /// Pages in memory, among them empty ones that were not given back yet.
    pub resident_bytes: u64,
    /// Pages given back that the operating system has not taken yet.
    pub muzzy_bytes: u64,
    /// Free room among small allocations, in pages that are in use.
    pub fragmented_bytes: u64,
}
