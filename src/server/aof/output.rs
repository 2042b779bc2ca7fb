//! One file that is being written.
//!
//! What has been appended ends at `len`; a batch that could not be written whole is cut off
//! again, at the latest before the next attempt. `durable` follows with each sync and goes into
//! every later batch's line, where readers find out what they may insist on.

use crate::server::files::append_all;
use crate::{
    env::{Disk, DiskFile, Open},
    persist::aof::{
        annotation::{self, HEADER_LEN, MARK_LEN, MAX_STAMP_LEN, Mark, Place},
        scan::Scan,
    },
};
use bytes::Bytes;
use std::io;

/// A batch up to this size is written in one go with its line; of a larger one, only the line is
/// copied.
const COPY_BYTES: usize = 256 << 10;
/// A larger batch is cut where a command ends, because readers hold a batch in memory.
const CUT_BYTES: usize = 4 << 20;

/// See the module.
pub struct Output<F> {
    file: F,
    salt: u64,
    /// Everything before is whole batches.
    len: u64,
    /// Everything before has been synced.
    durable: u64,
    /// What the last line said is durable.
    vouched: u64,
    /// Bytes may follow `len` that are no whole batch.
    has_rest: bool,
    /// A sync has failed: no later one says anything.
    sync_failed: bool,
}

impl<F: DiskFile> Output<F> {
    /// Makes a new file, empty but for its first line, and syncs it. Its name is not durable yet.
    pub async fn create<D: Disk<File = F>>(disk: &D, path: &str, salt: u64) -> io::Result<Output<F>> {
        let mut file = disk.open(path, Open::Truncate).await?;
        append_all(&mut file, annotation::header(salt).into()).await?;
        file.sync().await?;
        let len = HEADER_LEN as u64;
        Ok(Output { file, salt, len, durable: len, vouched: len, has_rest: false, sync_failed: false })
    }

    /// Goes on with a file that ends with a whole batch. What is in it may only be in the page
    /// cache, so it is synced first.
    pub async fn reopen<D: Disk<File = F>>(disk: &D, path: &str, salt: u64) -> io::Result<Output<F>> {
        let mut file = disk.open(path, Open::Append).await?;
        let len = file.size().await?;
        file.sync().await?;
        Ok(Output { file, salt, len, durable: len, vouched: 0, has_rest: false, sync_failed: false })
    }

    /// Length in bytes.
    pub fn size(&self) -> u64 {
        self.len
    }

    /// Whether something has been appended since the last sync.
    pub fn is_dirty(&self) -> bool {
        self.durable < self.len
    }

    /// Whether all is synced and no line says so.
    pub fn wants_vouching(&self) -> bool {
        !self.is_dirty() && self.vouched + (MARK_LEN as u64) < self.durable
    }

    /// Appends commands from offset `done` of a batch on, which is moved behind what has been
    /// written: after an error, call again with the same.
    pub async fn append(&mut self, text: &Bytes, done: &mut usize, stamp_s: Option<u64>) -> io::Result<()> {
        while *done < text.len() {
            let end = *done + cut(&text[*done..]);
            let part = text.slice(*done..end);
            let stamp_s = stamp_s.filter(|_| *done == 0);
            self.append_part(Mark::batch(&part, self.durable), part, stamp_s).await?;
            *done = end;
        }
        Ok(())
    }

    /// Says in the file what is durable.
    pub async fn vouch(&mut self) -> io::Result<()> {
        self.append_part(Mark::batch(b"", self.durable), Bytes::new(), None).await
    }

    /// Says in the file that nothing follows in it.
    pub async fn end(&mut self) -> io::Result<()> {
        self.append_part(Mark::end(self.durable), Bytes::new(), None).await
    }

    async fn append_part(&mut self, mark: Mark, part: Bytes, stamp_s: Option<u64>) -> io::Result<()> {
        if self.has_rest {
            self.file.truncate(self.len).await?;
            self.has_rest = false;
        }
        let room = MAX_STAMP_LEN + MARK_LEN + if part.len() <= COPY_BYTES { part.len() } else { 0 };
        let mut front = Vec::with_capacity(room);
        mark.push(Place { salt: self.salt, at: self.len }, stamp_s, &mut front);
        let mut written = front.len() + part.len();
        let mut rest = part;
        if rest.len() <= COPY_BYTES {
            front.extend_from_slice(&rest);
            rest = Bytes::new();
        }
        self.has_rest = true;
        let appended = match append_all(&mut self.file, front.into()).await {
            Ok(()) => append_all(&mut self.file, rest).await,
            failed => failed,
        };
        if appended.is_ok() {
            self.has_rest = false;
        } else {
            written = 0;
            self.has_rest = self.file.truncate(self.len).await.is_err();
        }
        self.len += written as u64;
        self.vouched = if written > 0 { mark.durable } else { self.vouched };
        appended
    }

    /// Makes everything appended so far durable. After an error the file is not to be trusted
    /// any more, whatever later syncs say.
    pub async fn sync(&mut self) -> io::Result<()> {
        let len = self.len;
        self.sync_quietly().await?;
        self.promise(len);
        Ok(())
    }

    /// Says that what was synced up to an offset is also to be insisted on.
    pub fn promise(&mut self, len: u64) {
        self.durable = len;
    }

    /// Syncs, but leaves it open whether anybody may insist on it: what comes before may not
    /// be durable.
    pub async fn sync_quietly(&mut self) -> io::Result<()> {
        if self.sync_failed {
            return Err(io::Error::other("an earlier sync of the file has failed"));
        }
        self.sync_failed = true;
        self.file.sync().await?;
        self.sync_failed = false;
        Ok(())
    }
}

/// Length of the part of these commands that is written as one batch.
fn cut(text: &[u8]) -> usize {
    let mut window = CUT_BYTES;
    while window < text.len() {
        let mut scan = Scan::default();
        scan.advance(&text[..window]).expect("the journal holds commands");
        if scan.whole() > 0 {
            return scan.whole();
        }
        window *= 2;
    }
    text.len()
}
