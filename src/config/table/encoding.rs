//! Up to what size collections stay packed.

use crate::config::directive::*;

group! {
    /// Thresholds at which a packed collection becomes a large one.
    #[derive(Copy)]
    Encoding at encoding;

    /// Most fields of a packed hash.
    hash_max_listpack_entries: usize = 512
        => integer("hash-max-listpack-entries", 0, LONG).alias("hash-max-ziplist-entries");
    /// Longest field or value of a packed hash.
    hash_max_listpack_value_bytes: usize = 64
        => bytes("hash-max-listpack-value", 0, LONG).alias("hash-max-ziplist-value");
    /// Most elements of a packed list if positive; -1 to -5: at most 4, 8, 16, 32, 64 KiB.
    list_max_listpack_size: i32 = -2
        => integer("list-max-listpack-size", i32::MIN as i128, INT).alias("list-max-ziplist-size");
    /// Nodes at each end of a list that Valkey leaves uncompressed; 0: no compression.
    list_compress_depth: u32 = 0 => integer("list-compress-depth", 0, INT).harmless();
    /// Most members of a set kept as sorted integers.
    set_max_intset_entries: usize = 512 => integer("set-max-intset-entries", 0, LONG);
    /// Most members of a packed set.
    set_max_listpack_entries: usize = 128 => integer("set-max-listpack-entries", 0, LONG);
    /// Longest member of a packed set.
    set_max_listpack_value_bytes: usize = 64 => integer("set-max-listpack-value", 0, LONG);
    /// Most members of a packed sorted set.
    zset_max_listpack_entries: usize = 128
        => integer("zset-max-listpack-entries", 0, LONG).alias("zset-max-ziplist-entries");
    /// Longest member of a packed sorted set.
    zset_max_listpack_value_bytes: usize = 64
        => bytes("zset-max-listpack-value", 0, LONG).alias("zset-max-ziplist-value");
    /// Largest sparse HyperLogLog.
    hll_sparse_max_bytes: usize = 3000 => bytes("hll-sparse-max-bytes", 0, LONG);
    /// Largest node of a stream; 0: no limit.
    stream_node_max_bytes: usize = 4096 => bytes("stream-node-max-bytes", 0, LONG);
    /// Most entries of a stream's node; 0: no limit.
    stream_node_max_entries: u64 = 100 => integer("stream-node-max-entries", 0, LONG);
}
