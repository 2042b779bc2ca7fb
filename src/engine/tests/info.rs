//! INFO, and the small commands about the server.

use crate::engine::{Progress, testing::Rig};

/// A field of INFO, asked for by client 9.
fn field(r: &mut Rig, name: &str) -> Option<String> {
    let text = r.run(9, "INFO everything");
    text.split("\r\n").find_map(|l| l.strip_prefix(&format!("{name}:")).map(str::to_owned))
}

fn number(r: &mut Rig, name: &str) -> u64 {
    let text = field(r, name).unwrap_or_else(|| panic!("no {name}"));
    text.parse().unwrap_or_else(|_| panic!("{name}: {text}"))
}

#[test]
fn sections_as_asked_for() {
    let mut r = Rig::new();
    let mut heads = |args: &str| -> String {
        let text = r.run(0, &format!("INFO {args}"));
        text.split("\r\n").filter_map(|l| l.strip_prefix("# ")).collect::<Vec<_>>().join(" ")
    };
    let default = "Server Clients Memory Persistence Stats Replication CPU Modules Errorstats Cluster Keyspace";
    assert_eq!(heads(""), default);
    assert_eq!(heads("default cpu"), default);
    assert_eq!(heads("CPU nosuch sTats"), "Stats CPU");
    assert_eq!(heads("nosuch"), "");
    assert_eq!(heads("all").split(' ').count(), 13);
    assert_eq!(heads("everything"), heads("cpu all"));
    assert_eq!(heads("default commandstats"), default.replace("Modules", "Modules Commandstats"));
    assert_eq!(heads("debug"), "Debug");
    r.run(0, "HELLO 3");
    assert!(r.run(0, "INFO cpu").starts_with("=txt:# CPU\r\nused_cpu_sys:0.000000\r\n"));
}

#[test]
fn clients_and_keys() {
    let mut r = Rig::new();
    r.run_all(0, &["SET a 1", "SET b 2 PX 100000", "SELECT 3", "SET c 3", "GET c", "GET d"]);
    r.run(1, "WATCH a b");
    r.run(2, "BLPOP list 0");
    r.run(3, "SUBSCRIBE channel");
    let line = field(&mut r, "db0").expect("keys");
    assert_eq!(line, "keys=2,expires=1,avg_ttl=100000,keys_with_volatile_items=0");
    assert_eq!(field(&mut r, "db3").as_deref(), Some("keys=1,expires=0,avg_ttl=0,keys_with_volatile_items=0"));
    for (name, n) in [
        ("connected_clients", 5),
        ("blocked_clients", 1),
        ("pubsub_clients", 1),
        ("pubsub_channels", 1),
        ("watching_clients", 1),
        ("total_watched_keys", 2),
        ("total_blocking_keys", 1),
        ("keyspace_hits", 1),
        ("keyspace_misses", 1),
        ("rdb_changes_since_last_save", 3),
        ("aof_enabled", 0),
        ("io_threads_active", 1),
    ] {
        assert_eq!(number(&mut r, name), n, "{name}");
    }
    r.advance_ms(200_000);
    r.run_all(0, &["SELECT 0", "GET b"]);
    assert_eq!(number(&mut r, "expired_keys"), 1);
    assert_eq!(number(&mut r, "uptime_in_seconds"), 200);
    r.run(1, "UNWATCH");
    r.disconnect(3);
    assert_eq!(number(&mut r, "total_watched_keys"), 0);
    assert_eq!(number(&mut r, "pubsub_clients"), 0);
}

#[test]
fn expiring_fields_are_no_expiring_keys() {
    let mut r = Rig::new();
    r.run_all(0, &["HSET h f 1 g 2", "HEXPIRE h 100 FIELDS 1 f", "SET k v EX 100", "HSET both f 1", "EXPIRE both 100"]);
    r.run(0, "HEXPIRE both 50 FIELDS 1 f");
    let line = |r: &mut Rig| field(r, "db0").expect("keys");
    assert_eq!(line(&mut r), "keys=3,expires=2,avg_ttl=100000,keys_with_volatile_items=2");
    r.run_all(0, &["HPERSIST h FIELDS 1 f", "PERSIST k"]);
    assert_eq!(line(&mut r), "keys=3,expires=1,avg_ttl=100000,keys_with_volatile_items=1");
    r.run(0, "FLUSHALL");
    r.run(0, "SET k v");
    assert_eq!(line(&mut r), "keys=1,expires=0,avg_ttl=0,keys_with_volatile_items=0");
}

#[test]
fn memory_is_the_engines_account() {
    let mut r = Rig::new();
    let before = number(&mut r, "used_memory");
    let value = "v".repeat(100_000);
    r.call(0, &[b"SET", b"k", value.as_bytes()]);
    let with = number(&mut r, "used_memory");
    assert!(with - before >= 100_000 && with - before < 120_000, "{before} {with}");
    r.run(0, "DEL k");
    assert!(number(&mut r, "used_memory") < with);
    assert!(number(&mut r, "used_memory_peak") >= with);
    assert_eq!(field(&mut r, "maxmemory_policy").as_deref(), Some("noeviction"));
}

#[test]
fn statistics_of_commands_and_errors() {
    let mut r = Rig::new();
    r.run_all(0, &["SET a b", "SET a", "CONFIG GET x", "LPUSH a x", "MULTI", "SET x", "EXEC"]);
    assert!(field(&mut r, "cmdstat_set").expect("counted").ends_with("rejected_calls=2,failed_calls=0"));
    assert!(field(&mut r, "cmdstat_set").expect("counted").starts_with("calls=1,usec="));
    assert!(field(&mut r, "cmdstat_lpush").expect("counted").ends_with("rejected_calls=0,failed_calls=1"));
    assert!(field(&mut r, "cmdstat_config|get").expect("counted").starts_with("calls=1,"));
    assert!(field(&mut r, "cmdstat_exec").expect("counted").ends_with(",rejected_calls=0,failed_calls=1"));
    assert_eq!(field(&mut r, "errorstat_ERR").as_deref(), Some("count=2"));
    assert_eq!(field(&mut r, "errorstat_WRONGTYPE").as_deref(), Some("count=1"));
    assert_eq!(field(&mut r, "errorstat_EXECABORT").as_deref(), Some("count=1"));
    assert_eq!(number(&mut r, "total_error_replies"), 4);
    let latency = field(&mut r, "latency_percentiles_usec_set").expect("tracked");
    let names: Vec<&str> = latency.split(',').map(|p| p.split_once('=').expect("pairs").0).collect();
    assert_eq!(names, ["p50", "p99", "p99.9"]);
    r.run_all(0, &["CONFIG RESETSTAT", "CONFIG SET latency-tracking no", "SET a b"]);
    assert_eq!(field(&mut r, "latency_percentiles_usec_set"), None);
    assert_eq!(field(&mut r, "errorstat_ERR"), None);
}

#[test]
fn rates_are_sampled_by_housekeeping() {
    let mut r = Rig::new();
    for _ in 0..17 {
        (0..5).for_each(|_| drop(r.run(0, "PING")));
        r.advance_ms(100);
        r.tick();
    }
    assert_eq!(number(&mut r, "instantaneous_ops_per_sec"), 50);
}

#[test]
fn the_server_tells_time_role_and_end() {
    let mut r = Rig::new();
    assert_eq!(r.run(0, "TIME"), "[1720000000 0]");
    assert_eq!(r.run(0, "ROLE"), "[master :0 []]");
    assert_eq!(r.run(0, "SHUTDOWN ABORT"), "-ERR No shutdown in progress.");
    assert_eq!(r.run(0, "SHUTDOWN SAVE NOSAVE"), "-ERR syntax error");
    assert_eq!(r.run(0, "SHUTDOWN ABORT NOW"), "-ERR syntax error");
    assert_eq!(r.run(0, "SHUTDOWN NOSAVE NOW FORCE"), "(shell)");
    assert!(matches!(r.progress(0), Progress::Shell(crate::commands::ShellRequest::Shutdown { .. })));
    let art = r.run(1, "LOLWUT VERSION 5 10 3");
    assert_eq!(art.lines().count(), 5, "{art}");
    assert!(art.ends_with(&format!("ver. {}\n", crate::base::version::VALKEY)));
}

#[test]
fn a_picture_has_the_arguments_of_its_version() {
    let mut r = Rig::new();
    let usage = "-ERR Syntax error. Use: LOLWUT [columns rows] [real imaginary]";
    for (line, want) in [
        ("", "18"),
        ("10 3", "5"),
        ("0 1000 0.3 -1e3", "82"),
        ("10", usage),
        ("10 3 0.5", usage),
        ("VERSION 9 10 3 0.5 1 1", usage),
        ("VERSION", usage),
        ("VERSION x", "-ERR value is not an integer or out of range"),
        ("10 x", "-ERR value is not an integer or out of range"),
        ("10 3 0.5 x", "-ERR value is not a valid float"),
        ("VERSION 5 10 3 x", "-ERR value is not an integer or out of range"),
        ("VERSION 5 10", "18"),
        ("VERSION 6 10 3 x", "5"),
        ("VERSION 7 x y z", "18"),
    ] {
        let art = r.run(0, &format!("LOLWUT {line}"));
        let lines = art.lines().count().to_string();
        assert_eq!(if art.starts_with('-') { &art } else { &lines }, want, "{line}");
    }
}

#[test]
fn wrong_passwords_are_counted() {
    let mut r = Rig::with(1, &[("requirepass", "secret")]);
    r.run_all(0, &["AUTH wrong", "HELLO 3 AUTH other secret", "HELLO 2 AUTH default no", "GET k"]);
    r.run_all(9, &["AUTH secret"]);
    assert_eq!(number(&mut r, "acl_access_denied_auth"), 3);
    assert_eq!(number(&mut r, "acl_access_denied_cmd"), 0, "NOAUTH is not about rights");
    r.run(9, "CONFIG RESETSTAT");
    assert_eq!(number(&mut r, "acl_access_denied_auth"), 0);
}

#[test]
fn a_pause_is_shown_while_it_lasts() {
    let mut r = Rig::new();
    let shown = |r: &mut Rig| {
        ["reason", "actions", "timeout_milliseconds"].map(|n| field(r, &format!("paused_{n}")).expect("always there"))
    };
    assert_eq!(shown(&mut r), ["none", "none", "0"]);
    r.run(0, "CLIENT PAUSE 1000 WRITE");
    r.advance_ms(300);
    assert_eq!(shown(&mut r), ["client_pause", "write", "700"]);
    r.advance_ms(700);
    assert_eq!(shown(&mut r), ["none", "none", "0"]);
}

#[test]
fn who_waits_for_a_time_is_told_from_who_waits_for_ever() {
    let mut r = Rig::new();
    r.run(0, "BLPOP a 0");
    r.run(1, "BLPOP a 10");
    assert_eq!(number(&mut r, "blocked_clients"), 2);
    assert_eq!(number(&mut r, "clients_in_timeout_table"), 1);
}

#[test]
fn time_above_the_limit_of_memory() {
    let mut r = Rig::new();
    r.run_all(0, &["SET k v", "CONFIG SET maxmemory 1"]);
    assert_eq!(number(&mut r, "current_eviction_exceeded_time"), 0);
    r.advance_ms(500);
    assert_eq!(number(&mut r, "current_eviction_exceeded_time"), 500);
    assert_eq!(number(&mut r, "total_eviction_exceeded_time"), 500);
    r.run(0, "CONFIG SET maxmemory 0");
    assert_eq!(number(&mut r, "current_eviction_exceeded_time"), 0);
    r.advance_ms(500);
    assert_eq!(number(&mut r, "total_eviction_exceeded_time"), 500);
}

#[test]
fn a_primary_without_replicas() {
    let mut r = Rig::new();
    assert_eq!(field(&mut r, "role").as_deref(), Some("master"));
    assert_eq!(field(&mut r, "master_replid2"), Some("0".repeat(40)));
    assert_eq!(number(&mut r, "repl_backlog_size"), 10 << 20);
    r.run(0, "CONFIG SET repl-backlog-size 1mb");
    assert_eq!(number(&mut r, "repl_backlog_size"), 1 << 20);
}

#[test]
fn the_calendar_has_microseconds() {
    let mut r = Rig::new();
    assert_eq!(r.run(0, "TIME"), "[1720000000 0]");
    // The monotonic clock's digits are other ones.
    r.advance_us(1_999_700);
    r.set_wall_ms(1_720_000_000_999);
    r.run(1, "MONITOR");
    assert_eq!(r.run(0, "TIME"), "[1720000000 999700]");
    r.advance_us(400);
    assert_eq!(r.run(0, "TIME"), "[1720000001 100]");
    assert_eq!(number(&mut r, "server_time_usec"), 1_720_000_001_000_100);
}
