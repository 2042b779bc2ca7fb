//! The file that a snapshot is written to: an RDB file as it is, or commands in batches behind
//! their checksums, as in every append-only file.

use super::{aof::Output, files::append_all};
use crate::env::{Disk, DiskFile, Open};
use bytes::Bytes;
use std::io;

/// What a file of commands begins with.
#[derive(Clone, Copy, Debug)]
pub struct Front {
    pub salt: u64,
    /// When it is written (unix seconds), if it is to say so.
    pub stamp_s: Option<u64>,
}

/// See the module.
pub enum SnapshotFile<F> {
    Rdb(F),
    Commands(Output<F>, Option<u64>),
}

impl<F: DiskFile> SnapshotFile<F> {
    /// Makes a file; with a front it is one of commands.
    pub async fn create<D: Disk<File = F>>(disk: &D, path: &str, front: Option<Front>) -> io::Result<SnapshotFile<F>> {
        Ok(match front {
            None => SnapshotFile::Rdb(disk.open(path, Open::Truncate).await?),
            Some(Front { salt, stamp_s }) => SnapshotFile::Commands(Output::create(disk, path, salt).await?, stamp_s),
        })
    }

    /// Appends a piece; whole commands if it is a file of them.
    pub async fn append(&mut self, piece: Bytes) -> io::Result<()> {
        match self {
            SnapshotFile::Rdb(file) => append_all(file, piece).await,
            SnapshotFile::Commands(out, stamp_s) => out.append(&piece, &mut 0, stamp_s.take()).await,
        }
    }

    /// Makes what has been appended durable.
    pub async fn sync(&mut self) -> io::Result<()> {
        match self {
            SnapshotFile::Rdb(file) => file.sync().await,
            SnapshotFile::Commands(out, _) => out.sync().await,
        }
    }

    /// Ends the file and makes it durable.
    pub async fn end(&mut self) -> io::Result<()> {
        if let SnapshotFile::Commands(out, _) = self {
            out.end().await?;
        }
        self.sync().await
    }
}
