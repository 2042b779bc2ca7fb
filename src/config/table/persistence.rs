//! Snapshots and the append-only file.

use crate::config::directive::*;
use crate::config::save_points::SavePoints;
use crate::config::word::{AppendFsync, RdbVersionCheck, SanitizeDumpPayload};

fn file_name(name: &str, empty: &'static str, path: &'static str) -> Result<(), &'static str> {
    match name {
        "" => Err(empty),
        name if name.contains(['/', '\\']) => Err(path),
        _ => Ok(()),
    }
}

fn dbfilename(name: &str) -> Result<(), &'static str> {
    file_name(name, "dbfilename can't be empty", "dbfilename can't be a path, just a filename")
}

fn appendfilename(name: &str) -> Result<(), &'static str> {
    file_name(name, "appendfilename can't be empty", "appendfilename can't be a path, just a filename")
}

fn appenddirname(name: &str) -> Result<(), &'static str> {
    file_name(name, "appenddirname can't be empty", "appenddirname can't be a path, just a dirname")
}

fn dir(name: &str) -> Result<(), &'static str> {
    if name.is_empty() { Err("dir can't be empty") } else { Ok(()) }
}

group! {
    /// Files of the data set.
    Persistence at persistence;

    /// When to write a snapshot.
    save: SavePoints = SavePoints::default() => special("save").many_words();
    /// Working directory. The server replaces the initial `./` by its absolute path.
    dir: String = "./".into() => checked("dir", dir).protected().denied_while_loading();
    /// Name of the snapshot.
    dbfilename: String = "dump.rdb".into() => checked("dbfilename", dbfilename).protected().harmless();
    /// Compress strings of the snapshot.
    rdbcompression: bool = true => yes_no("rdbcompression").harmless();
    /// Check the snapshot's checksum.
    rdbchecksum: bool = true => yes_no("rdbchecksum").immutable().harmless();
    /// Version of the format that DUMP writes: 10 for what Redis 7.0 reads, 11 for what Valkey
    /// 7.2 and Redis 7.2 read. A value that needs a later one is written in that.
    rdb_version: i32 = 11 => integer("rdb-version", 10, 11);
    /// Whether snapshots of unknown newer versions are read.
    rdb_version_check: RdbVersionCheck = RdbVersionCheck::Strict
        => word::<RdbVersionCheck>("rdb-version-check").harmless();
    /// Remove snapshots made for replication.
    rdb_del_sync_files: bool = false => yes_no("rdb-del-sync-files").harmless();
    /// Flush the snapshot to the medium while it is written.
    rdb_save_incremental_fsync: bool = true => yes_no("rdb-save-incremental-fsync").harmless();
    /// Refuse writes after a snapshot failed.
    stop_writes_on_bgsave_error: bool = true => yes_no("stop-writes-on-bgsave-error").harmless();
    /// Write the append-only file.
    appendonly: bool = false => yes_no("appendonly").denied_while_loading();
    /// Name prefix of the append-only files.
    appendfilename: String = "appendonly.aof".into()
        => checked("appendfilename", appendfilename).immutable().harmless();
    /// Directory of the append-only files.
    appenddirname: String = "appendonlydir".into() => checked("appenddirname", appenddirname).immutable().harmless();
    /// When to flush the append-only file.
    appendfsync: AppendFsync = AppendFsync::EverySecond => word::<AppendFsync>("appendfsync").harmless();
    /// Do not flush while a rewrite runs.
    no_appendfsync_on_rewrite: bool = false => yes_no("no-appendfsync-on-rewrite").harmless();
    /// Growth that starts a rewrite, in percent; 0: none.
    auto_aof_rewrite_percentage: u32 = 100 => integer("auto-aof-rewrite-percentage", 0, INT).harmless();
    /// Smallest file that is rewritten.
    auto_aof_rewrite_min_size_bytes: u64 = 64 * MB => bytes("auto-aof-rewrite-min-size", 0, LONG).harmless();
    /// Load an append-only file whose end is torn.
    aof_load_truncated: bool = true => yes_no("aof-load-truncated").harmless();
    /// Rewrite as a snapshot.
    aof_use_rdb_preamble: bool = true => yes_no("aof-use-rdb-preamble").harmless();
    /// Note times in the append-only file.
    aof_timestamp_enabled: bool = false => yes_no("aof-timestamp-enabled").harmless();
    /// Flush a rewrite to the medium while it is written.
    aof_rewrite_incremental_fsync: bool = true => yes_no("aof-rewrite-incremental-fsync").harmless();
    /// Keep files that a rewrite made obsolete; for tests.
    aof_disable_auto_gc: bool = false => yes_no("aof-disable-auto-gc").hidden().harmless();
    /// Microseconds of delay for each key saved; for tests.
    rdb_key_save_delay_us: i32 = 0 => integer("rdb-key-save-delay", i32::MIN as i128, INT).hidden().harmless();
    /// Microseconds of delay for each key loaded; for tests.
    key_load_delay_us: i32 = 0 => integer("key-load-delay", i32::MIN as i128, INT).hidden().harmless();
    /// Bytes loaded between two looks at the clients.
    loading_process_events_interval_bytes: u64 = 2 * MB
        => integer("loading-process-events-interval-bytes", 1024, INT).hidden().harmless();
    /// How deep RESTORE payloads are checked.
    sanitize_dump_payload: SanitizeDumpPayload = SanitizeDumpPayload::No
        => word::<SanitizeDumpPayload>("sanitize-dump-payload").harmless();
}
