//! The memory limit, eviction, expiry, lazy freeing, defragmentation.

use crate::config::directive::*;
use crate::config::word::MaxmemoryPolicy;

group! {
    /// Memory and what makes room in it.
    #[derive(Copy)]
    Memory at memory;

    /// Limit on the engine's account of memory; 0: none.
    maxmemory_bytes: u64 = 0 => bytes("maxmemory", 0, u64::MAX as i128);
    /// What to evict at the limit.
    maxmemory_policy: MaxmemoryPolicy = MaxmemoryPolicy::NoEviction => word::<MaxmemoryPolicy>("maxmemory-policy");
    /// Keys compared to find one to evict.
    maxmemory_samples: u32 = 5 => integer("maxmemory-samples", 1, 64);
    /// How long eviction may delay commands, from 0 to 100.
    maxmemory_eviction_tenacity: u32 = 10 => integer("maxmemory-eviction-tenacity", 0, 100);
    /// How slowly the access counter grows.
    lfu_log_factor: u32 = 10 => integer("lfu-log-factor", 0, INT);
    /// Minutes after which the access counter is decremented; 0: never.
    lfu_decay_time_min: u32 = 1 => integer("lfu-decay-time", 0, INT);
    /// Effort of active expiry, from 1 to 10.
    active_expire_effort: u32 = 1 => integer("active-expire-effort", 1, 10);
    /// Free evicted values in the background.
    lazyfree_lazy_eviction: bool = true => yes_no("lazyfree-lazy-eviction");
    /// Free expired values in the background.
    lazyfree_lazy_expire: bool = true => yes_no("lazyfree-lazy-expire");
    /// Free values that commands overwrite in the background.
    lazyfree_lazy_server_del: bool = true => yes_no("lazyfree-lazy-server-del");
    /// DEL frees like UNLINK.
    lazyfree_lazy_user_del: bool = true => yes_no("lazyfree-lazy-user-del");
    /// FLUSHALL and FLUSHDB free like their ASYNC form.
    lazyfree_lazy_user_flush: bool = true => yes_no("lazyfree-lazy-user-flush");
    /// Valkey resizes its tables in the background; the table here grows without.
    activerehashing: bool = true => yes_no("activerehashing").harmless();
    /// Memory is not defragmented by copying.
    activedefrag: bool = false => yes_no("activedefrag").refused(
        "Active defragmentation cannot be enabled: it requires a server compiled with a modified Jemalloc \
         like the one shipped by default with the source distribution");
    /// Least waste that starts defragmentation.
    active_defrag_ignore_bytes: u64 = 100 * MB => bytes("active-defrag-ignore-bytes", 1, LONG).harmless();
    /// Percentage of waste that starts defragmentation.
    active_defrag_threshold_lower: u32 = 10 => integer("active-defrag-threshold-lower", 0, 1000).harmless();
    /// Percentage of waste at which defragmentation does its utmost.
    active_defrag_threshold_upper: u32 = 100 => integer("active-defrag-threshold-upper", 0, 1000).harmless();
    /// Least percentage of the processor for defragmentation.
    active_defrag_cycle_min: u32 = 1 => integer("active-defrag-cycle-min", 1, 99).harmless();
    /// Most percentage of the processor for defragmentation.
    active_defrag_cycle_max: u32 = 25 => integer("active-defrag-cycle-max", 1, 99).harmless();
    /// Microseconds of one step of defragmentation.
    active_defrag_cycle_us: u32 = 500 => integer("active-defrag-cycle-us", 0, 100_000).harmless();
    /// Collections larger than this are defragmented piecemeal.
    active_defrag_max_scan_fields: u64 = 1000 => integer("active-defrag-max-scan-fields", 1, LONG).harmless();
    /// The allocator returns unused memory on a thread of its own.
    jemalloc_bg_thread: bool = true => yes_no("jemalloc-bg-thread");
}
