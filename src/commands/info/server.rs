//! The sections about the server and its parts.

use super::{
    facts::Facts,
    text::{Text, seconds},
};
use crate::{base::version, config::Word, persist::checksum};

pub fn server(f: &Facts, t: &mut Text) {
    let (boot, c) = (&f.shared.boot, f.config);
    let uptime_s = f.now.mono.0.saturating_sub(boot.started.mono.0) / 1_000_000_000;
    t.put("redis_version", version::REDIS);
    t.put("server_name", "valkey");
    t.put("valkey_version", version::VALKEY);
    t.put("norn_version", version::NORN);
    // Valkey's own value for a build that does not know its commit.
    t.put("redis_git_sha1", "00000000");
    t.put("redis_git_dirty", 0);
    t.put("redis_build_id", build_id());
    t.put("server_mode", "standalone");
    t.put("os", &boot.os);
    t.put("arch_bits", usize::BITS);
    let process = *f.shared.process.lock();
    t.put("monotonic_clock", process.monotonic_clock);
    t.put("multiplexing_api", process.multiplexing);
    t.put("process_id", boot.pid);
    t.put("process_supervised", "no");
    t.put("run_id", &boot.run_id);
    t.put("tcp_port", c.network.port);
    t.put("server_time_usec", f.now.unix_us());
    t.put("uptime_in_seconds", uptime_s);
    t.put("uptime_in_days", uptime_s / 86_400);
    t.put("hz", c.process.hz);
    t.put("configured_hz", c.process.hz);
    t.put("lru_clock", (f.now.wall.0 / 1000) & 0xff_ffff);
    t.put("executable", &boot.executable);
    t.put("config_file", &boot.config_file);
    t.put("io_threads_active", u8::from(f.shared.workers.len() > 1));
    t.put("availability_zone", &c.network.availability_zone);
    listeners(f, t);
}

/// A number for what this program was made from and how, as far as it knows itself.
fn build_id() -> String {
    let made = (version::NORN, version::VALKEY, usize::BITS, cfg!(debug_assertions));
    format!("{:016x}", checksum::of(format!("{made:?}").as_bytes()))
}

fn listeners(f: &Facts, t: &mut Text) {
    let network = &f.config.network;
    let mut n = 0;
    if network.port != 0 && !network.bind.0.is_empty() {
        let binds: String = network.bind.0.iter().map(|a| format!(",bind={a}")).collect();
        t.put("listener0", format_args!("name=tcp{binds},port={}", network.port));
        n = 1;
    }
    if !network.unixsocket.is_empty() {
        t.put(&format!("listener{n}"), format_args!("name=unix,bind={}", network.unixsocket));
    }
}

pub fn clients(f: &Facts, t: &mut Text) {
    let c = &f.clients;
    t.put_all([
        ("connected_clients", f.shared.clients.len() as u64),
        ("cluster_connections", 0),
        ("maxclients", u64::from(f.config.limits.maxclients)),
        ("client_recent_max_input_buffer", c.largest_input),
        ("client_recent_max_output_buffer", c.largest_output),
        ("blocked_clients", f.shared.blocked.len() as u64 + c.paused),
        ("tracking_clients", 0),
        ("pubsub_clients", c.subscribed),
        ("watching_clients", c.watching),
        ("clients_in_timeout_table", f.shared.blocked.with_deadline() as u64),
        ("total_watched_keys", f.watched_keys as u64),
        ("total_blocking_keys", f.blocking_keys as u64),
        ("total_blocking_keys_on_nokey", f.shared.blocked.keys_to_lose() as u64),
    ]);
    let pause = f.shared.pause.in_force(f.now.mono.0 / 1_000_000);
    t.put("paused_reason", if pause.is_some() { "client_pause" } else { "none" });
    t.put("paused_actions", pause.map_or("none", |(all, _)| if all { "all" } else { "write" }));
    t.put("paused_timeout_milliseconds", pause.map_or(0, |(_, left_ms)| left_ms));
}

pub fn replication(f: &Facts, t: &mut Text) {
    t.put("role", "master");
    t.put("connected_slaves", 0);
    let r = &f.config.replication;
    if r.min_replicas_to_write > 0 && r.min_replicas_max_lag_s > 0 {
        t.put("min_slaves_good_slaves", 0);
    }
    t.put("replicas_waiting_psync", 0);
    t.put("master_failover_state", "no-failover");
    t.put("master_replid", &f.shared.boot.replication_id);
    t.put("master_replid2", "0".repeat(40));
    t.put("master_repl_offset", 0);
    t.put("second_repl_offset", -1);
    t.put("repl_backlog_active", 0);
    t.put("repl_backlog_size", r.repl_backlog_size_bytes);
    t.put("repl_backlog_first_byte_offset", 0);
    t.put("repl_backlog_histlen", 0);
}

pub fn cpu(f: &Facts, t: &mut Text) {
    let p = *f.shared.process.lock();
    t.put_all([
        ("used_cpu_sys", seconds(p.sys_cpu_us)),
        ("used_cpu_user", seconds(p.user_cpu_us)),
        // There are never any children.
        ("used_cpu_sys_children", seconds(0)),
        ("used_cpu_user_children", seconds(0)),
    ]);
    if let Some([user_us, sys_us]) = p.thread_cpu_us {
        t.put("used_cpu_sys_main_thread", seconds(sys_us));
        t.put("used_cpu_user_main_thread", seconds(user_us));
    }
}

pub fn keyspace(f: &Facts, t: &mut Text) {
    for (i, d) in f.databases.iter().enumerate().filter(|(_, d)| d.keys > 0) {
        let ttl = d.mean_ttl_ms();
        let (keys, expires, fields) = (d.keys, d.expires, d.with_expiring_fields);
        t.put(
            &format!("db{i}"),
            format_args!("keys={keys},expires={expires},avg_ttl={ttl},keys_with_volatile_items={fields}"),
        );
    }
}

/// The word of `maxmemory-policy`.
pub fn policy(f: &Facts) -> &'static str {
    f.config.memory.maxmemory_policy.name()
}
