//! What one client, or all of them, may use.

use crate::config::client_memory::{MemoryCap, OutputLimits};
use crate::config::directive::*;

group! {
    /// Limits on clients, read on hot paths.
    #[derive(Copy)]
    Limits at limits;

    /// Most connected clients.
    maxclients: u32 = 10_000 => integer("maxclients", 1, u32::MAX as i128);
    /// Largest backlog of replies, by class of client.
    client_output_buffer_limit: OutputLimits = OutputLimits::default()
        => special("client-output-buffer-limit").many_words();
    /// Most bytes of requests buffered for one client.
    client_query_buffer_limit_bytes: u64 = 1 << 30 => bytes("client-query-buffer-limit", MB as i128, LONG);
    /// Longest argument of a request.
    proto_max_bulk_len_bytes: u64 = 512 * MB => bytes("proto-max-bulk-len", MB as i128, LONG);
    /// Memory of all clients together above which the largest are disconnected.
    maxmemory_clients: MemoryCap = MemoryCap::Bytes(0) => bytes_or_percent("maxmemory-clients");
    /// Most keys remembered for client-side caching; 0: no limit.
    tracking_table_max_keys: u64 = 1_000_000 => integer("tracking-table-max-keys", 0, LONG).harmless();
}
