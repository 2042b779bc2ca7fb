//! `norn check-rdb`: whether a file is sound, without a server.

use crate::{
    env::{Disk, DiskFile, Env, Open, words},
    persist::rdb::file::Check,
};
use std::io;

/// Bytes read at once.
const CHUNK_BYTES: usize = 1 << 20;

/// Goes over a file and says what it finds, line by line.
///
/// # Errors
/// If the file is damaged or cannot be read, in words for a person.
pub async fn check_rdb<E: Env>(env: E, path: &str, say: &mut dyn FnMut(&str)) -> Result<(), String> {
    let unreadable = |e: io::Error| format!("Cannot read file {path}: {}", words(&e));
    say(&format!("[offset 0] Checking RDB file {path}"));
    let file = env.disk().open(path, Open::Read).await.map_err(unreadable)?;
    let mut check = Check::new(file.size().await.map_err(unreadable)?, env.wall());
    let (mut at, mut result) = (0, Ok(()));
    while result.is_ok() && !check.is_done() {
        let chunk = file.read_at(at, CHUNK_BYTES).await.map_err(unreadable)?;
        at += chunk.len() as u64;
        result = check.feed(chunk, say);
    }
    check.conclude(&result, say);
    result.map_err(|damage| format!("{path}: {damage}"))
}
