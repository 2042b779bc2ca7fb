//! The memory section: the engine's own account first, then what the allocator and the
//! operating system say.

use super::{facts::Facts, server::policy, text::Text};

fn percent(part: u64, whole: u64) -> String {
    format!("{:.2}%", if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 })
}

fn ratio(a: u64, b: u64) -> String {
    format!("{:.2}", if b == 0 { 0.0 } else { a as f64 / b as f64 })
}

pub fn memory(f: &Facts, t: &mut Text) {
    let used = f.shared.keyspace.used_bytes() + f.clients.memory_bytes;
    let peak = f.shared.note_peak(used);
    let p = *f.shared.process.lock();
    let overhead = f.table_bytes as u64 + f.clients.memory_bytes;
    let dataset = used.saturating_sub(overhead);
    t.bytes("used_memory", used);
    t.bytes("used_memory_rss", p.rss_bytes);
    t.bytes("used_memory_peak", peak);
    t.put("used_memory_peak_perc", percent(used, peak));
    t.put("used_memory_overhead", overhead);
    t.put("used_memory_dataset", dataset);
    t.put("used_memory_dataset_perc", percent(dataset, used));
    if p.allocated_bytes > 0 {
        t.put("allocator_allocated", p.allocated_bytes);
        t.put("allocator_active", p.active_bytes);
        t.put("allocator_resident", p.resident_bytes);
    }
    t.bytes("total_system_memory", p.total_memory_bytes);
    t.bytes("maxmemory", f.config.memory.maxmemory_bytes);
    t.put("maxmemory_policy", policy(f));
    if p.allocated_bytes > 0 {
        let pairs = [
            ("allocator_frag", p.active_bytes, p.allocated_bytes),
            ("allocator_rss", p.resident_bytes, p.active_bytes),
            ("rss_overhead", p.rss_bytes, p.resident_bytes),
        ];
        for (name, have, need) in pairs {
            t.put(&format!("{name}_ratio"), ratio(have, need));
            t.put(&format!("{name}_bytes"), have as i64 - need as i64);
        }
    }
    t.put("mem_fragmentation_ratio", ratio(p.rss_bytes, used));
    t.put("mem_fragmentation_bytes", p.rss_bytes as i64 - used as i64);
    let (pending, freed) = f.shared.graveyard.counts();
    t.put_all([
        ("mem_not_counted_for_evict", 0),
        ("mem_replication_backlog", 0),
        ("mem_total_replication_buffers", 0),
        ("mem_clients_slaves", 0),
        ("mem_clients_normal", f.clients.memory_bytes),
        ("mem_cluster_links", 0),
        ("mem_aof_buffer", 0),
        // A growing table splits one segment at a time and never holds its keys twice.
        ("mem_overhead_db_hashtable_rehashing", 0),
        ("active_defrag_running", 0),
        ("lazyfree_pending_objects", pending),
        ("lazyfreed_objects", freed),
    ]);
}
