//! Where to listen, whom to let in, how many workers.

use crate::config::addresses::BindAddresses;
use crate::config::directive::*;

group! {
    /// Sockets, connections and the workers that serve them.
    Network at network;

    /// Addresses of the TCP listener.
    bind: BindAddresses = BindAddresses::default() => special("bind").many_words();
    /// TCP port; 0: no TCP listener.
    port: u16 = 6379 => integer("port", 0, 65535);
    /// Path of the unix socket; empty: none.
    unixsocket: String = String::new() => optional("unixsocket").immutable();
    /// Permission bits of the unix socket's file; 0: as the process's umask has it.
    unixsocketperm: u32 = 0 => octal("unixsocketperm", 0, 0o777).immutable();
    /// Group that owns the unix socket's file; empty: the process's.
    unixsocketgroup: String = String::new() => optional("unixsocketgroup").immutable()
        .warned("the group of the unix socket's file is not changed");
    /// Length of the accept queue.
    tcp_backlog: u32 = 511 => integer("tcp-backlog", 0, INT).immutable();
    /// Idle seconds before TCP keep-alive probes; 0: none.
    tcp_keepalive_s: u32 = 300 => integer("tcp-keepalive", 0, INT);
    /// Seconds after which an idle client is disconnected; 0: never.
    timeout_s: u32 = 0 => integer("timeout", 0, INT);
    /// Without a password, only this machine's clients are let in.
    protected_mode: bool = true => yes_no("protected-mode");
    /// Number of workers; 0, which is ours, is one for each core of the machine.
    io_threads: usize = 0 => integer("io-threads", 0, 256).immutable();
    /// Where connections to other servers come from; there are none yet.
    bind_source_addr: String = String::new() => optional("bind-source-addr").harmless();
    /// Firewall mark of the sockets.
    socket_mark_id: u32 = 0 => integer("socket-mark-id", 0, u32::MAX as i128).immutable()
        .refused("sockets cannot be marked yet: firewall rules on the mark would not see them");
    /// Multipath TCP, which falls back to TCP where it is missing.
    mptcp: bool = false => yes_no("mptcp").immutable().harmless();
    /// Connections accepted in a row; workers accept as they come.
    max_new_connections_per_cycle: u32 = 10 => integer("max-new-connections-per-cycle", 1, 1000).harmless();
    /// The same for TLS.
    max_new_tls_connections_per_cycle: u32 = 1
        => integer("max-new-tls-connections-per-cycle", 1, 1000).harmless();
    /// Valkey's threshold for handing work to I/O threads; every worker here executes commands.
    events_per_io_thread: u32 = 2 => integer("events-per-io-thread", 0, INT).harmless();
    /// Most commands whose keys are fetched into the cache together.
    prefetch_batch_max_size: u32 = 16 => integer("prefetch-batch-max-size", 0, 128).harmless();
    /// Availability zone told to clients.
    availability_zone: String = String::new() => text("availability-zone");
}
