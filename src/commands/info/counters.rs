//! The sections that count: what was done, how often it failed, how long it took.

use super::{facts::Facts, text::Text};
use crate::{
    commands::table::COMMANDS,
    session::{channels::Space, rates::Rate},
};
use std::sync::atomic::Ordering::Relaxed;

pub fn stats(f: &Facts, t: &mut Text) {
    let rate = |r| f.shared.rates.lock().get(r);
    let upkeep = *f.shared.upkeep.lock();
    let kib = |r| format!("{:.2}", rate(r) as f64 / 1024.0);
    t.put("total_connections_received", f.sum(|w| &w.connections));
    t.put("total_commands_processed", f.sum(|w| &w.commands));
    t.put("instantaneous_ops_per_sec", rate(Rate::Commands));
    t.put("total_net_input_bytes", f.sum(|w| &w.net_in_bytes));
    t.put("total_net_output_bytes", f.sum(|w| &w.net_out_bytes));
    t.put("total_net_repl_input_bytes", 0);
    t.put("total_net_repl_output_bytes", 0);
    t.put("instantaneous_input_kbps", kib(Rate::InputBytes));
    t.put("instantaneous_output_kbps", kib(Rate::OutputBytes));
    t.put("instantaneous_input_repl_kbps", "0.00");
    t.put("instantaneous_output_repl_kbps", "0.00");
    t.put_all([
        ("rejected_connections", f.sum(|w| &w.rejected_connections)),
        ("sync_full", 0),
        ("sync_partial_ok", 0),
        ("sync_partial_err", 0),
        ("expired_keys", f.shards.expired),
        ("expired_fields", f.shards.expired_fields),
    ]);
    late(f, t);
    t.put_all([
        ("evicted_keys", f.shards.evicted),
        ("evicted_clients", f.shared.evicted_clients.load(Relaxed)),
        ("evicted_scripts", 0),
        ("total_eviction_exceeded_time", upkeep.over_ns(f.now.mono) / 1_000_000),
        ("current_eviction_exceeded_time", upkeep.over_now_ns(f.now.mono) / 1_000_000),
        ("keyspace_hits", f.sum(|w| &w.keyspace_hits)),
        ("keyspace_misses", f.sum(|w| &w.keyspace_misses)),
        ("pubsub_channels", f.shared.channels.len(Space::Channel) as u64),
        ("pubsub_patterns", f.shared.channels.len(Space::Pattern) as u64),
        ("pubsubshard_channels", f.shared.channels.len(Space::Shard) as u64),
        // Nothing ever forks.
        ("latest_fork_usec", 0),
        ("total_forks", 0),
        ("migrate_cached_sockets", f.shared.migrate_links.load(Relaxed)),
    ]);
    absent(t);
    t.put_all([
        ("unexpected_error_replies", f.sum(|w| &w.unexpected_errors)),
        ("total_error_replies", f.sum(|w| &w.error_replies)),
        ("dump_payload_sanitizations", 0),
        ("total_reads_processed", f.sum(|w| &w.reads)),
        ("total_writes_processed", f.sum(|w| &w.writes)),
        // The first worker is the main thread, the others are what Valkey calls I/O threads.
        ("io_threaded_reads_processed", f.sum_of_others(|w| &w.reads)),
        ("io_threaded_writes_processed", f.sum_of_others(|w| &w.writes)),
        ("client_query_buffer_limit_disconnections", f.sum(|w| &w.query_limit_disconnections)),
        ("client_output_buffer_limit_disconnections", f.sum(|w| &w.output_limit_disconnections)),
        // Reply buffers go from client to client and keep their size.
        ("reply_buffer_shrinks", 0),
        ("reply_buffer_expands", 0),
    ]);
    cycles(f, t);
    access(f, t);
}

/// Active expiry is bounded in keys and not in time: what counts as stopping early is that
/// a sweep spends its budget while many keys are overdue.
fn late(f: &Facts, t: &mut Text) {
    let upkeep = *f.shared.upkeep.lock();
    t.put("expired_stale_perc", format_args!("{:.2}", upkeep.overdue_percent()));
    t.put("expired_time_cap_reached_count", upkeep.sweeps_behind);
    t.put("expire_cycle_cpu_milliseconds", upkeep.sweeps_ns / 1_000_000);
}

/// There is one user, who may do everything once the password is right.
fn access(f: &Facts, t: &mut Text) {
    t.put_all([
        ("acl_access_denied_auth", f.sum(|w| &w.auth_failures)),
        ("acl_access_denied_cmd", 0),
        ("acl_access_denied_key", 0),
        ("acl_access_denied_channel", 0),
        ("acl_access_denied_tls_cert", 0),
    ]);
}

/// What other parts of a server would count: writable replicas,
/// defragmentation, client-side caching.
fn absent(t: &mut Text) {
    t.put_all([
        ("slave_expires_tracked_keys", 0),
        ("active_defrag_hits", 0),
        ("active_defrag_misses", 0),
        ("active_defrag_key_hits", 0),
        ("active_defrag_key_misses", 0),
        ("total_active_defrag_time", 0),
        ("current_active_defrag_time", 0),
        ("tracking_total_keys", 0),
        ("tracking_total_items", 0),
        ("tracking_total_prefixes", 0),
    ]);
}

/// A cycle is one call of the engine with a client's bytes, or one round of housekeeping.
fn cycles(f: &Facts, t: &mut Text) {
    let commands_ns: u64 = COMMANDS.iter().map(|c| f.sum_of(c.id, |s| &s.busy_ns)).sum();
    let rates = f.shared.rates.lock();
    let (per_second, busy_ns) = (rates.get(Rate::Cycles), rates.get(Rate::BusyNs));
    t.put_all([
        ("eventloop_cycles", f.sum(|w| &w.cycles)),
        ("eventloop_duration_sum", f.sum(|w| &w.cycles_ns) / 1000),
        ("eventloop_duration_cmd_sum", commands_ns / 1000),
        ("instantaneous_eventloop_cycles_per_sec", per_second),
        ("instantaneous_eventloop_duration_usec", busy_ns / 1000 / per_second.max(1)),
    ]);
}

pub fn debug(f: &Facts, t: &mut Text) {
    t.put_all([
        ("eventloop_duration_aof_sum", 0),
        ("eventloop_duration_cron_sum", f.sum(|w| &w.housekeeping_ns) / 1000),
        ("eventloop_duration_max", f.highest(|w| &w.longest_cycle_ns) / 1000),
        ("eventloop_cmd_per_cycle_max", f.highest(|w| &w.most_commands_in_cycle)),
    ]);
}

pub fn commandstats(f: &Facts, t: &mut Text) {
    for c in &COMMANDS {
        let n = [
            f.sum_of(c.id, |s| &s.calls),
            f.sum_of(c.id, |s| &s.busy_ns),
            f.sum_of(c.id, |s| &s.rejected),
            f.sum_of(c.id, |s| &s.failed),
        ];
        let [calls, busy_ns, rejected, failed] = n;
        if calls + rejected + failed == 0 {
            continue;
        }
        let us = busy_ns / 1000;
        let per_call = if calls == 0 { 0.0 } else { busy_ns as f64 / 1000.0 / calls as f64 };
        t.put(
            &format!("cmdstat_{}", c.full_name()),
            format_args!(
                "calls={calls},usec={us},usec_per_call={per_call:.2},rejected_calls={rejected},failed_calls={failed}"
            ),
        );
    }
}

pub fn errorstats(f: &Facts, t: &mut Text) {
    for (code, n) in f.shared.errors.lock().iter() {
        // What would break the format of the lines is shown as something else.
        let safe: String = code.chars().map(|c| if "#:\n\r".contains(c) { '_' } else { c }).collect();
        t.put(&format!("errorstat_{safe}"), format_args!("count={n}"));
    }
}

pub fn latencystats(f: &Facts, t: &mut Text) {
    let monitoring = &f.config.monitoring;
    if !monitoring.latency_tracking {
        return;
    }
    for c in &COMMANDS {
        let durations = f.durations(c.id);
        if durations.count() == 0 {
            continue;
        }
        let of = |p: &f64| format!("p{p}={:.3}", durations.percentile_ns(*p) as f64 / 1000.0);
        let all: Vec<String> = monitoring.latency_tracking_info_percentiles.0.iter().map(of).collect();
        t.put(&format!("latency_percentiles_usec_{}", c.full_name()), all.join(","));
    }
}
