//! Primaries and replicas. There is no replication yet: following a primary is refused.

use crate::config::addresses::PrimaryAddress;
use crate::config::directive::*;
use crate::config::value::Secret;
use crate::config::word::{PropagationError, ReplDisklessLoad};

group! {
    /// Replication, on either side.
    Replication at replication;

    /// The primary to follow.
    replicaof: PrimaryAddress = PrimaryAddress::default()
        => special("replicaof").alias("slaveof").immutable().many_words()
        .refused("replication does not exist yet: this server would serve and accept other data than its primary");
    /// Password for the primary.
    primaryauth: Secret = Secret::default() => optional("primaryauth").alias("masterauth").sensitive().harmless();
    /// User for the primary.
    primaryuser: String = String::new() => optional("primaryuser").alias("masteruser").sensitive().harmless();
    /// Serve data while not connected to the primary.
    replica_serve_stale_data: bool = true
        => yes_no("replica-serve-stale-data").alias("slave-serve-stale-data").harmless();
    /// Refuse writes on a replica.
    replica_read_only: bool = true => yes_no("replica-read-only").alias("slave-read-only").harmless();
    /// A replica does not evict.
    replica_ignore_maxmemory: bool = true
        => yes_no("replica-ignore-maxmemory").alias("slave-ignore-maxmemory").harmless();
    /// Free the old data set in the background before a full synchronisation.
    replica_lazy_flush: bool = true => yes_no("replica-lazy-flush").alias("slave-lazy-flush").harmless();
    /// Go on when a replica's disk fails.
    replica_ignore_disk_write_errors: bool = false => yes_no("replica-ignore-disk-write-errors").harmless();
    /// Rank for promotion; 0: never promoted.
    replica_priority: u32 = 100 => integer("replica-priority", 0, INT).alias("slave-priority").harmless();
    /// Whether Sentinel tells clients about this replica.
    replica_announced: bool = true => yes_no("replica-announced").harmless();
    /// Address told to the primary.
    replica_announce_ip: String = String::new()
        => optional("replica-announce-ip").alias("slave-announce-ip").harmless();
    /// Port told to the primary.
    replica_announce_port: u16 = 0
        => integer("replica-announce-port", 0, 65535).alias("slave-announce-port").harmless();
    /// Writes are refused with fewer connected replicas than this.
    min_replicas_to_write: u32 = 0 => integer("min-replicas-to-write", 0, INT).alias("min-slaves-to-write");
    /// Seconds of silence after which a replica does not count as connected.
    min_replicas_max_lag_s: u32 = 10
        => integer("min-replicas-max-lag", 0, INT).alias("min-slaves-max-lag").harmless();
    /// Send snapshots without a file.
    repl_diskless_sync: bool = true => yes_no("repl-diskless-sync").harmless();
    /// Seconds to wait for more replicas before a snapshot is sent.
    repl_diskless_sync_delay_s: u32 = 5 => integer("repl-diskless-sync-delay", 0, INT).harmless();
    /// Replicas not to wait beyond; 0: no limit.
    repl_diskless_sync_max_replicas: u32 = 0 => integer("repl-diskless-sync-max-replicas", 0, INT).harmless();
    /// Receive snapshots without a file.
    repl_diskless_load: ReplDisklessLoad = ReplDisklessLoad::Disabled
        => word::<ReplDisklessLoad>("repl-diskless-load").denied_while_loading().harmless();
    /// Send the snapshot on a connection of its own.
    dual_channel_replication_enabled: bool = false => yes_no("dual-channel-replication-enabled").harmless();
    /// Fewer, larger packets to replicas.
    repl_disable_tcp_nodelay: bool = false => yes_no("repl-disable-tcp-nodelay").harmless();
    /// Multipath TCP towards the primary.
    repl_mptcp: bool = false => yes_no("repl-mptcp").immutable().harmless();
    /// Seconds between pings to replicas.
    repl_ping_replica_period_s: u32 = 10
        => integer("repl-ping-replica-period", 1, INT).alias("repl-ping-slave-period").harmless();
    /// Seconds of silence that break a replication link.
    repl_timeout_s: u32 = 60 => integer("repl-timeout", 1, INT).harmless();
    /// Size of the backlog for partial synchronisation.
    repl_backlog_size_bytes: u64 = 10 * MB => bytes("repl-backlog-size", 1, LONG).harmless();
    /// Seconds without replicas after which the backlog is freed; 0: never.
    repl_backlog_ttl_s: u64 = 3600 => integer("repl-backlog-ttl", 0, LONG).harmless();
    /// What to do when a replicated command fails.
    propagation_error_behavior: PropagationError = PropagationError::Ignore
        => word::<PropagationError>("propagation-error-behavior").harmless();
    /// Keep expired keys while another server's data is imported.
    import_mode: bool = false => yes_no("import-mode")
        .refused("import mode does not exist yet: keys would expire during the import");
}
