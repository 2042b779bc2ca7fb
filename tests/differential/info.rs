//! INFO's fields beside the peer's: every name that only one of the two has is listed here
//! with its reason, and every listed one must still be a difference.

use super::common::{Client, Server, Value, peer, subject};
use std::collections::BTreeSet;

/// Fields of Redis 7.0's that ours does not have.
const NOT_HERE: &[(&str, &str)] = &[
    ("atomicvar_api", "how C code of Redis was compiled; Valkey dropped it"),
    ("gcc_version", "no C compiler made this program"),
    ("redis_mode", "Valkey calls it server_mode"),
];

/// Fields of ours that Redis 7.0 does not have.
const NOT_THERE: &[(&str, &str)] = &[
    ("acl_access_denied_auth", "since Redis 7.2"),
    ("acl_access_denied_channel", "since Redis 7.2"),
    ("acl_access_denied_cmd", "since Redis 7.2"),
    ("acl_access_denied_key", "since Redis 7.2"),
    ("acl_access_denied_tls_cert", "since Valkey 9"),
    ("allocator_muzzy", "since Valkey 8"),
    ("availability_zone", "since Valkey 8"),
    ("client_output_buffer_limit_disconnections", "since Redis 7.2"),
    ("client_query_buffer_limit_disconnections", "since Redis 7.2"),
    ("eventloop_cycles", "since Redis 7.2"),
    ("eventloop_duration_cmd_sum", "since Redis 7.2"),
    ("eventloop_duration_sum", "since Redis 7.2"),
    ("evicted_scripts", "since Valkey 8"),
    ("expired_fields", "since Valkey 9"),
    ("instantaneous_eventloop_cycles_per_sec", "since Redis 7.2"),
    ("instantaneous_eventloop_duration_usec", "since Redis 7.2"),
    ("listener", "since Redis 7.2"),
    ("mem_overhead_db_hashtable_rehashing", "since Valkey 8"),
    ("mem_replicas_repl_buffer", "since Valkey 8"),
    ("norn_version", "says what this is"),
    ("paused_actions", "since Valkey 8.1"),
    ("paused_reason", "since Valkey 8.1"),
    ("paused_timeout_milliseconds", "since Valkey 8.1"),
    ("pubsub_clients", "since Valkey 8"),
    ("replicas_waiting_psync", "since Valkey 8"),
    ("server_mode", "Redis calls it redis_mode"),
    ("server_name", "since Valkey 7.2"),
    ("total_blocking_keys", "since Redis 7.2"),
    ("total_blocking_keys_on_nokey", "since Redis 7.2"),
    ("total_watched_keys", "since Valkey 8"),
    ("valkey_version", "since Valkey 7.2"),
    ("watching_clients", "since Valkey 8"),
];

/// The reply to INFO as text.
fn info(c: &mut Client) -> String {
    let Value::Bulk(text) = c.line("INFO everything") else { panic!("a text") };
    String::from_utf8(text).expect("a text")
}

/// The names of the fields, without what depends on the commands that ran.
fn names(text: &str) -> BTreeSet<&str> {
    let counted = ["cmdstat_", "errorstat_", "latency_percentiles_usec_"];
    let fields = text.lines().filter_map(|l| Some(l.split_once(':')?.0));
    let names = fields.filter(|n| !counted.iter().any(|c| n.starts_with(c)));
    names.map(|n| n.strip_suffix(|c: char| c.is_ascii_digit() && n.starts_with("listener")).unwrap_or(n)).collect()
}

#[test]
fn fields_of_info() {
    let Some(peer) = peer() else { return };
    let options = ["--appendonly", "yes"];
    let [ours, theirs] = [Server::start(&subject(), &options), Server::start(&peer, &options)].map(|server| {
        let mut c = server.client();
        c.line("SET k v EX 1000");
        // Shows one more field.
        c.line("CONFIG SET min-replicas-to-write 1");
        info(&mut c)
    });
    let (ours, theirs) = (names(&ours), names(&theirs));
    let listed = |list: &[(&'static str, &str)]| list.iter().map(|(name, _)| *name).collect::<BTreeSet<_>>();
    let missing: BTreeSet<&str> = theirs.difference(&ours).copied().collect();
    assert_eq!(missing, listed(NOT_HERE), "what only redis-server shows");
    let extra: BTreeSet<&str> = ours.difference(&theirs).copied().collect();
    assert_eq!(extra, listed(NOT_THERE), "what only norn shows");
}
