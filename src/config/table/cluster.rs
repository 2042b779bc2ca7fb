//! Valkey Cluster, which does not exist yet: enabling it is refused, its settings are kept.

use crate::config::directive::*;
use crate::config::word::EndpointType;

fn cluster_config_file(name: &str) -> Result<(), &'static str> {
    if name.is_empty() { Err("cluster-config-file can't be empty") } else { Ok(()) }
}

fn hostname(name: &str) -> Result<(), &'static str> {
    if name.len() >= 256 {
        return Err("Hostnames must be less than 256 characters");
    }
    if name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.') {
        return Ok(());
    }
    Err("Hostnames may only contain alphanumeric characters, hyphens or dots")
}

fn node_name(name: &str) -> Result<(), &'static str> {
    let valid = |b: u8| b.is_ascii_alphanumeric() || !b"!#$%&()*+;<>?@[]^{|}~".contains(&b);
    if name.bytes().all(valid) { Ok(()) } else { Err("Announced human node name contained invalid character") }
}

fn ipv4(address: &str) -> Result<(), &'static str> {
    if address.is_empty() || address.parse::<core::net::Ipv4Addr>().is_ok() {
        return Ok(());
    }
    Err("Invalid IPv4 address")
}

fn ipv6(address: &str) -> Result<(), &'static str> {
    if address.is_empty() || address.parse::<core::net::Ipv6Addr>().is_ok() {
        return Ok(());
    }
    Err("Invalid IPv6 address")
}

group! {
    /// Settings of a cluster node.
    Cluster at cluster;

    /// Run as a cluster node.
    cluster_enabled: bool = false => yes_no("cluster-enabled").immutable()
        .refused("cluster mode does not exist yet: this server would serve slots it does not own");
    /// Number of databases of a cluster node.
    cluster_databases: u32 = 1 => integer("cluster-databases", 1, INT).immutable().harmless();
    /// Where the node keeps its view of the cluster.
    cluster_config_file: String = "nodes.conf".into()
        => checked("cluster-config-file", cluster_config_file).immutable().harmless();
    /// Milliseconds of silence after which a node is considered failed.
    cluster_node_timeout_ms: u64 = 15_000 => integer("cluster-node-timeout", 0, LONG).harmless();
    /// Milliseconds between pings; for tests.
    cluster_ping_interval_ms: u64 = 0 => integer("cluster-ping-interval", 0, LONG).hidden().harmless();
    /// Port of the cluster bus; 0: the client port plus 10000.
    cluster_port: u16 = 0 => integer("cluster-port", 0, 65535).immutable().harmless();
    /// How stale a replica may be to be promoted; 0: any.
    cluster_replica_validity_factor: u32 = 10
        => integer("cluster-replica-validity-factor", 0, INT).alias("cluster-slave-validity-factor").harmless();
    /// Replicas a primary keeps before one may migrate.
    cluster_migration_barrier: u32 = 1 => integer("cluster-migration-barrier", 0, INT).harmless();
    /// Let replicas migrate to primaries without any.
    cluster_allow_replica_migration: bool = true => yes_no("cluster-allow-replica-migration").harmless();
    /// Serve nothing when slots are uncovered.
    cluster_require_full_coverage: bool = true => yes_no("cluster-require-full-coverage").harmless();
    /// This replica is never promoted.
    cluster_replica_no_failover: bool = false
        => yes_no("cluster-replica-no-failover").alias("cluster-slave-no-failover").harmless();
    /// Milliseconds a manual failover may take.
    cluster_manual_failover_timeout_ms: u32 = 5000
        => integer("cluster-manual-failover-timeout", 1, INT).harmless();
    /// Serve reads when the cluster is down.
    cluster_allow_reads_when_down: bool = false => yes_no("cluster-allow-reads-when-down").harmless();
    /// Serve sharded pub/sub when the cluster is down.
    cluster_allow_pubsubshard_when_down: bool = true => yes_no("cluster-allow-pubsubshard-when-down").harmless();
    /// Most bytes waiting on a link of the bus; 0: no limit.
    cluster_link_sendbuf_limit_bytes: u64 = 0
        => bytes("cluster-link-sendbuf-limit", 0, u64::MAX as i128).harmless();
    /// Seconds a forgotten node stays forgotten.
    cluster_blacklist_ttl_s: u64 = 60 => integer("cluster-blacklist-ttl", 0, u64::MAX as i128).harmless();
    /// Finished slot migrations remembered.
    cluster_slot_migration_log_max_len: u64 = 1000
        => integer("cluster-slot-migration-log-max-len", 0, LONG).harmless();
    /// Bytes that may be outstanding when a slot changes hands; -1: any.
    slot_migration_max_failover_repl_bytes: i64 = 0
        => integer("slot-migration-max-failover-repl-bytes", -1, LONG).harmless();
    /// Count use by slot.
    cluster_slot_stats_enabled: bool = false => yes_no("cluster-slot-stats-enabled").harmless();
    /// Address told to other nodes and clients.
    cluster_announce_ip: String = String::new() => optional("cluster-announce-ip").harmless();
    /// Address told to clients that use IPv4.
    cluster_announce_client_ipv4: String = String::new()
        => optional_checked("cluster-announce-client-ipv4", ipv4).harmless();
    /// Address told to clients that use IPv6.
    cluster_announce_client_ipv6: String = String::new()
        => optional_checked("cluster-announce-client-ipv6", ipv6).harmless();
    /// Host name told to clients.
    cluster_announce_hostname: String = String::new()
        => optional_checked("cluster-announce-hostname", hostname).harmless();
    /// Name for people.
    cluster_announce_human_nodename: String = String::new()
        => optional_checked("cluster-announce-human-nodename", node_name).harmless();
    /// Client port told to others; 0: `port`.
    cluster_announce_port: u16 = 0 => integer("cluster-announce-port", 0, 65535).harmless();
    /// TLS port told to others; 0: `tls-port`.
    cluster_announce_tls_port: u16 = 0 => integer("cluster-announce-tls-port", 0, 65535).harmless();
    /// Port of the bus told to others; 0: the client port plus 10000.
    cluster_announce_bus_port: u16 = 0 => integer("cluster-announce-bus-port", 0, 65535).harmless();
    /// How nodes are named in redirections.
    cluster_preferred_endpoint_type: EndpointType = EndpointType::Ip
        => word::<EndpointType>("cluster-preferred-endpoint-type").harmless();
}
