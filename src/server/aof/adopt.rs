//! Going on in a file that another server wrote.
//!
//! Appended behind what has no checksums, the first of ours could be torn by a loss of power into
//! what passes for rot of the other server's commands. So the file is written anew under another
//! name, its commands and time stamps in batches of ours, and takes its own place in one step.

use super::{output::Output, store::Store};
use crate::{
    env::{Disk, DiskFile, Open, words},
    persist::aof::{End, Reader},
};
use memchr::memmem;
use std::io::{self, ErrorKind};

/// A larger file is left as it is: the start does not wait for so much to be copied.
const MAX_BYTES: u64 = 64 << 20;
/// Bytes read at once.
const CHUNK_BYTES: usize = 256 << 10;

/// Makes a file ours, with this salt, if it is small and there is room for a second one; how many
/// bytes it has then. It ends with a whole command.
///
/// # Errors
/// If nobody knows which of both files is there after a loss of power.
pub(super) async fn adopt<D: Disk>(store: &Store<D>, name: &str, salt: u64) -> io::Result<Option<u64>> {
    let temp = store.adopted_name();
    let copied = async {
        let len = copy(store, name, &temp, salt).await?;
        store.disk.rename(&store.path(&temp), &store.path(name)).await.map(|()| len)
    };
    match copied.await {
        Ok(len) => store.mistrust_if_failed(store.sync_dir().await).await.map(|()| Some(len)),
        Err(e) => {
            tracing::info!("AOF incr file {name} is not written anew: {}", words(&e));
            // What cannot be removed now is removed at the next start.
            let _ = store.disk.remove(&store.path(&temp)).await;
            Ok(None)
        }
    }
}

/// Writes a file's commands to another, behind checksums, and syncs it.
async fn copy<D: Disk>(store: &Store<D>, name: &str, to: &str, salt: u64) -> io::Result<u64> {
    let file = store.disk.open(&store.path(name), Open::Read).await?;
    let size = file.size().await?;
    if size > MAX_BYTES {
        return Err(ErrorKind::FileTooLarge.into());
    }
    let mut out = Output::create(&store.disk, &store.path(to), salt).await?;
    let mut reader = Reader::new();
    reader.keep_stamps();
    let mut at = 0;
    while at < size {
        let chunk = file.read_at(at, CHUNK_BYTES).await?;
        if chunk.is_empty() {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        at += chunk.len() as u64;
        let mut rest = &chunk[..];
        while !rest.is_empty() {
            // A stamp belongs to what follows it, up to the next.
            let next = memmem::find(&rest[1..], b"#TS:").map_or(rest.len(), |i| i + 1);
            reader.feed(&rest[..next]);
            rest = &rest[next..];
            if at >= size && rest.is_empty() {
                reader.end();
            }
            drain(&mut reader, &mut out).await?;
        }
    }
    match reader.finish() {
        Ok(End::Whole { .. }) => {}
        other => return Err(io::Error::new(ErrorKind::InvalidData, format!("{other:?}"))),
    }
    // The other server had promised all of it, so from now on rot in it is an error.
    out.sync().await?;
    out.vouch().await?;
    out.sync().await?;
    Ok(out.size())
}

/// Writes the commands that are whole by now.
async fn drain<F: DiskFile>(reader: &mut Reader, out: &mut Output<F>) -> io::Result<()> {
    let damaged = |e| io::Error::new(ErrorKind::InvalidData, e);
    while let Some(run) = reader.next_run().map_err(damaged)? {
        let stamp_s = reader.take_stamps().last().map(|stamp| stamp.1);
        out.append(&run.freeze(), &mut 0, stamp_s).await?;
    }
    Ok(())
}
