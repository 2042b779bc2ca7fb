//! The memory section: the engine's own account first, then what the allocator and the
//! operating system say.

use super::{facts::Facts, server::policy, text::Text};
use crate::commands::memory::figures::{Figures, Gap};

pub fn memory(facts: &Facts, t: &mut Text) {
    let keys = facts.databases.iter().map(|d| d.keys).sum();
    let f = Figures::new(facts.shared, keys, facts.table_bytes as u64);
    let (p, heap) = (f.process, f.process.heap);
    t.bytes("used_memory", f.used);
    t.bytes("used_memory_rss", p.rss_bytes);
    t.bytes("used_memory_peak", f.peak);
    t.put("used_memory_peak_perc", format_args!("{:.2}%", f.peak_percentage()));
    t.put("used_memory_overhead", f.overhead());
    t.put("used_memory_startup", f.startup);
    t.put("used_memory_dataset", f.dataset());
    t.put("used_memory_dataset_perc", format_args!("{:.2}%", f.dataset_percentage()));
    t.put_all([
        ("allocator_allocated", heap.allocated_bytes),
        ("allocator_active", heap.active_bytes),
        ("allocator_resident", heap.resident_bytes),
        ("allocator_muzzy", heap.muzzy_bytes),
    ]);
    t.bytes("total_system_memory", p.total_memory_bytes);
    scripts(t);
    t.bytes("maxmemory", facts.config.memory.maxmemory_bytes);
    t.put("maxmemory_policy", policy(facts));
    gap(t, "allocator_frag", f.fragmentation());
    gap(t, "allocator_rss", f.reserve());
    gap(t, "rss_overhead", f.outside_heap());
    gap(t, "mem_fragmentation", f.total_gap());
    let (pending, freed) = facts.shared.graveyard.counts();
    t.put_all([
        ("mem_not_counted_for_evict", 0),
        ("mem_replication_backlog", 0),
        ("mem_total_replication_buffers", 0),
        ("mem_replicas_repl_buffer", 0),
        ("mem_clients_slaves", 0),
        ("mem_clients_normal", f.clients),
        ("mem_cluster_links", 0),
        ("mem_aof_buffer", 0),
    ]);
    t.put("mem_allocator", format_args!("{}-{}", heap.allocator, heap.allocator_version));
    t.put_all([
        // A growing table splits one segment at a time and never holds its keys twice.
        ("mem_overhead_db_hashtable_rehashing", 0),
        ("active_defrag_running", 0),
        ("lazyfree_pending_objects", pending),
        ("lazyfreed_objects", freed),
    ]);
}

/// There are no scripts, and so no machine that runs them.
fn scripts(t: &mut Text) {
    t.put("used_memory_vm_eval", 0);
    t.bytes("used_memory_lua", 0);
    t.put_all([
        ("used_memory_scripts_eval", 0),
        ("number_of_cached_scripts", 0),
        ("number_of_functions", 0),
        ("number_of_libraries", 0),
        ("used_memory_vm_functions", 0),
    ]);
    t.bytes("used_memory_vm_total", 0);
    t.put("used_memory_functions", 0);
    t.bytes("used_memory_scripts", 0);
}

fn gap(t: &mut Text, name: &str, gap: Gap) {
    t.put(&format!("{name}_ratio"), format_args!("{:.2}", gap.ratio));
    t.put(&format!("{name}_bytes"), gap.bytes);
}
