//! Files: how many there may be, where they are, writing to them.
//!
//! The process never changes its directory after the start. `dir` is a full path, and every file
//! of the data set is named from there when it is begun; so a snapshot that is being written
//! when CONFIG SET changes `dir` ends where it began.

use crate::{
    config::{Config, Persistence},
    env::{DiskFile, Env},
};
use bytes::Bytes;
use std::io;

/// Descriptors the server needs besides those of its clients.
const OWN_FILES: u64 = 32;

/// Raises the limit of open files to what so many clients need, or tells how many it can be.
pub fn make_room<E: Env>(env: &E, maxclients: u32) -> Result<(), u32> {
    let want = u64::from(maxclients) + OWN_FILES;
    let have = env.raise_file_limit(want);
    // 0: nobody knows.
    if have == 0 || have >= want { Ok(()) } else { Err(have.saturating_sub(OWN_FILES).max(1) as u32) }
}

/// Lowers `maxclients` to what the limit allows.
pub fn limit_clients<E: Env>(env: &E, config: &mut Config) {
    let asked = config.limits.maxclients;
    let Err(can) = make_room(env, asked) else { return };
    let (want, have) = (u64::from(asked) + OWN_FILES, u64::from(can) + OWN_FILES);
    tracing::warn!("You requested maxclients of {asked} requiring at least {want} max file descriptors.");
    tracing::warn!(
        "Current maximum open files is {have}. maxclients has been reduced to {can} to compensate for low ulimit. \
         If you need higher maxclients increase 'ulimit -n'."
    );
    config.limits.maxclients = can;
}

/// Where the snapshot is.
pub fn rdb_path(config: &Persistence) -> String {
    path_in(&config.dir, &config.dbfilename)
}

/// What the snapshot is called while it is written.
pub fn temp_rdb_path(config: &Persistence, pid: u32) -> String {
    path_in(&config.dir, &format!("temp-{pid}.rdb"))
}

/// What the base of an append-only file is called while it is written. It lies among the others,
/// whose directory may be a file system of its own.
pub fn temp_base_name(pid: u32) -> String {
    format!("{TEMP_BASE}{pid}.aof")
}

/// Whether a server that stopped in the middle of a rewrite has left a file of this name.
pub fn is_temp_base(name: &str) -> bool {
    name.strip_prefix(TEMP_BASE).and_then(|rest| rest.strip_suffix(".aof")).is_some()
}

const TEMP_BASE: &str = "temp-rewriteaof-bg-";

/// A file in a directory.
pub fn path_in(dir: &str, name: &str) -> String {
    match dir.trim_end_matches('/') {
        "." | "" if !dir.starts_with('/') => name.into(),
        dir => format!("{dir}/{name}"),
    }
}

/// Appends all of `data`.
pub async fn append_all<F: DiskFile>(file: &mut F, mut data: Bytes) -> io::Result<()> {
    while !data.is_empty() {
        match file.append(data.clone()).await? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            n => drop(data.split_to(n)),
        }
    }
    Ok(())
}
