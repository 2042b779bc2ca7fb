//! Files through `std::fs` on tokio's pool of blocking threads, or in place for whoever has a
//! thread for itself: two switches of threads take longer than a write does.
//!
//! Every file is opened so that the kernel puts each write at the end: no position is kept
//! here that could disagree with the file after a truncation. `sync` is `fdatasync`, which
//! covers the length of the file but not its times.
//!
//! Dropping the future of an operation does not take the operation back: it may still
//! happen, at any later moment.

use crate::env::{Disk, DiskFile, Open};
use bytes::Bytes;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

/// The file system, as seen from a directory.
#[derive(Clone)]
pub struct OsDisk {
    root: Arc<Path>,
    how: How,
}

/// An open file.
pub struct OsFile {
    file: Arc<File>,
    how: How,
}

/// Where operations are carried out that take their time.
#[derive(Clone, Copy)]
enum How {
    Beside,
    InPlace,
}

impl How {
    /// Runs a blocking operation; a panic in it continues here.
    async fn run<T, F>(self, f: F) -> io::Result<T>
    where
        T: Send + 'static,
        F: FnOnce() -> io::Result<T> + Send + 'static,
    {
        match self {
            How::InPlace => f(),
            How::Beside => match tokio::task::spawn_blocking(f).await {
                Ok(result) => result,
                Err(e) if e.is_panic() => std::panic::resume_unwind(e.into_panic()),
                Err(e) => Err(io::Error::other(e)),
            },
        }
    }
}

impl OsDisk {
    pub(super) fn new(root: &Path) -> OsDisk {
        OsDisk { root: root.into(), how: How::Beside }
    }

    fn path(&self, relative: &str) -> PathBuf {
        let path = self.root.join(relative);
        // `join` of two empty paths names nothing, not the current directory.
        if path.as_os_str().is_empty() { PathBuf::from(".") } else { path }
    }
}

impl Disk for OsDisk {
    type File = OsFile;

    async fn open(&self, path: &str, mode: Open) -> io::Result<OsFile> {
        let (path, how) = (self.path(path), self.how);
        how.run(move || {
            let mut options = OpenOptions::new();
            options.read(true);
            match mode {
                Open::Read => {}
                Open::Append => {
                    options.append(true).create(true);
                }
                Open::Truncate => {
                    // The standard library refuses `append` together with `truncate`.
                    options.write(true).create(true).truncate(true);
                    options.custom_flags(libc::O_APPEND);
                }
            }
            let file = Arc::new(options.open(path)?);
            Ok(OsFile { file, how })
        })
        .await
    }

    async fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let (from, to) = (self.path(from), self.path(to));
        self.how.run(move || fs::rename(from, to)).await
    }

    async fn remove(&self, path: &str) -> io::Result<()> {
        let path = self.path(path);
        self.how.run(move || fs::remove_file(path)).await
    }

    async fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        let dir = self.path(dir);
        self.how
            .run(move || {
                let mut names = Vec::new();
                for entry in fs::read_dir(dir)? {
                    names.push(entry?.file_name().to_string_lossy().into_owned());
                }
                names.sort_unstable();
                Ok(names)
            })
            .await
    }

    async fn create_dir(&self, dir: &str) -> io::Result<()> {
        let dir = self.path(dir);
        self.how.run(move || fs::create_dir_all(dir)).await
    }

    async fn resolve_dir(&self, dir: &str) -> io::Result<String> {
        let dir = self.path(dir);
        self.how
            .run(move || {
                // What lies in it can be looked at if it is a directory that may be entered.
                fs::metadata(dir.join("."))?;
                Ok(fs::canonicalize(dir)?.to_string_lossy().into_owned())
            })
            .await
    }

    async fn sync_dir(&self, dir: &str) -> io::Result<()> {
        let dir = self.path(dir);
        self.how.run(move || File::open(dir)?.sync_all()).await
    }

    fn in_place(&self) -> OsDisk {
        OsDisk { how: How::InPlace, ..self.clone() }
    }
}

impl DiskFile for OsFile {
    async fn read_at(&self, off: u64, len: usize) -> io::Result<Bytes> {
        let file = self.file.clone();
        self.how
            .run(move || {
                let mut data = vec![0; len];
                let mut filled = 0;
                while filled < len {
                    match file.read_at(&mut data[filled..], off + filled as u64) {
                        Ok(0) => break,
                        Ok(n) => filled += n,
                        Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                        Err(e) => return Err(e),
                    }
                }
                data.truncate(filled);
                Ok(data.into())
            })
            .await
    }

    async fn append(&mut self, data: Bytes) -> io::Result<usize> {
        let file = self.file.clone();
        self.how.run(move || (&*file).write(&data)).await
    }

    async fn truncate(&mut self, len: u64) -> io::Result<()> {
        let file = self.file.clone();
        self.how.run(move || file.set_len(len)).await
    }

    async fn sync(&mut self) -> io::Result<()> {
        let file = self.file.clone();
        self.how.run(move || file.sync_data()).await
    }

    async fn size(&self) -> io::Result<u64> {
        let file = self.file.clone();
        self.how.run(move || Ok(file.metadata()?.len())).await
    }
}
