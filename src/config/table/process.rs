//! The process: databases, timers, shutdown, and its place in the operating system.

use crate::config::directive::*;
use crate::config::numbers::OomScores;
use crate::config::title;
use crate::config::word::{OomScoreAdj, ShutdownFlags, Supervised};

fn hash_seed(seed: &str) -> Result<(), &'static str> {
    if seed.len() <= 256 { Ok(()) } else { Err("hash-seed must be at most 256 characters") }
}

group! {
    /// The process and its surroundings.
    Process at process;

    /// Number of databases.
    databases: u32 = 16 => integer("databases", 1, INT).immutable();
    /// Rounds of housekeeping per second, from 1 to 500.
    hz: u32 = 10 => integer("hz", 0, INT);
    /// Valkey's faster housekeeping with many clients.
    dynamic_hz: bool = true => yes_no("dynamic-hz").harmless();
    /// How to shut down on SIGINT.
    shutdown_on_sigint: ShutdownFlags = ShutdownFlags::default() => words("shutdown-on-sigint", ShutdownFlags::NAMES);
    /// How to shut down on SIGTERM.
    shutdown_on_sigterm: ShutdownFlags = ShutdownFlags::default()
        => words("shutdown-on-sigterm", ShutdownFlags::NAMES);
    /// Seconds to wait for lagging replicas at shutdown.
    shutdown_timeout_s: u32 = 10 => integer("shutdown-timeout", 0, INT).harmless();
    /// Leave the terminal and run in the background.
    daemonize: bool = false => yes_no("daemonize").immutable()
        .warned("the server stays in the foreground; use a supervisor");
    /// Supervisor to notify.
    supervised: Supervised = Supervised::No => word::<Supervised>("supervised").immutable()
        .warned("the supervisor is not notified; use its 'simple' or 'exec' service type");
    /// File of the process id; empty: none.
    pidfile: String = String::new() => optional("pidfile").immutable();
    /// Change the process title.
    set_proc_title: bool = true => yes_no("set-proc-title").immutable();
    /// The process title.
    proc_title_template: String = "{title} {listen-addr} {server-mode}".into()
        => checked("proc-title-template", title::check);
    /// Locale of SORT's alphabetical order; bytes are compared.
    locale_collate: String = String::new() => text("locale-collate").harmless();
    /// Milliseconds after which a script or function may be killed.
    busy_reply_threshold_ms: u64 = 5000
        => integer("busy-reply-threshold", 0, LONG).alias("lua-time-limit").harmless();
    /// Scripts may use deprecated and unsafe functions.
    lua_enable_insecure_api: bool = false => yes_no("lua-enable-insecure-api").harmless();
    /// Told clients of Valkey 8 that it was Redis; has no effect since Valkey 9.
    extended_redis_compatibility: bool = false => yes_no("extended-redis-compatibility").harmless();
    /// Seed of the key table's hash, so that SCAN cursors agree between servers; empty: random.
    hash_seed: String = String::new() => checked("hash-seed", hash_seed).immutable();
    /// Adjust the kernel's out-of-memory score.
    oom_score_adj: OomScoreAdj = OomScoreAdj::No => word::<OomScoreAdj>("oom-score-adj").harmless();
    /// Scores for a primary, a replica, a background child.
    oom_score_adj_values: OomScores = OomScores([0, 200, 800])
        => special("oom-score-adj-values").many_words().harmless();
    /// Turn transparent huge pages off for this process.
    disable_thp: bool = true => yes_no("disable-thp").immutable().harmless();
    /// Cores for the server's threads.
    server_cpulist: String = String::new() => optional("server-cpulist").alias("server_cpulist").immutable().harmless();
    /// Cores for background threads.
    bio_cpulist: String = String::new() => optional("bio-cpulist").alias("bio_cpulist").immutable().harmless();
    /// Cores for a rewrite of the append-only file.
    aof_rewrite_cpulist: String = String::new()
        => optional("aof-rewrite-cpulist").alias("aof_rewrite_cpulist").immutable().harmless();
    /// Cores for a snapshot.
    bgsave_cpulist: String = String::new()
        => optional("bgsave-cpulist").alias("bgsave_cpulist").immutable().harmless();
    /// Checks of the system that do not prevent the start.
    ignore_warnings: String = String::new() => text("ignore-warnings").harmless();
    /// Milliseconds after which the watchdog reports; for debugging.
    watchdog_period_ms: u32 = 0 => integer("watchdog-period", 0, INT).hidden().harmless();
    /// Leave by `exit` when a panic occurs; for tests.
    use_exit_on_panic: bool = false => yes_no("use-exit-on-panic").hidden().harmless();
    /// Costly assertions; ours are always on.
    enable_debug_assert: bool = false => yes_no("enable-debug-assert").immutable().hidden().harmless();
    /// Text for crash reports; for tests.
    debug_context: String = String::new() => text("debug-context").hidden().harmless();
}
