//! Files and directories as their process holds them.

use super::{
    SimDisk, eio,
    inode::Fate,
    kind,
    tree::{Ino, normal},
};
use bytes::Bytes;
use norn::env::{Disk, DiskFile, Open};
use std::io::{self, ErrorKind};

/// An open file.
pub struct SimFile {
    disk: SimDisk,
    ino: Ino,
    writable: bool,
}

impl SimFile {
    fn check_writable(&self) -> io::Result<()> {
        if self.writable {
            return Ok(());
        }
        Err(ErrorKind::PermissionDenied.into())
    }
}

impl Drop for SimFile {
    fn drop(&mut self) {
        let ino = self.ino;
        // The process may be dead: then there is nothing to close any more.
        let _ = self.disk.apply(|node| {
            node.fs.close(ino);
            Ok(())
        });
    }
}

impl Disk for SimDisk {
    type File = SimFile;

    async fn open(&self, path: &str, mode: Open) -> io::Result<SimFile> {
        let open = self.operation(kind::OPEN, |node| {
            if mode != Open::Read {
                node.loses_name()?;
            }
            let opened = node.fs.open(path, mode, node.config);
            node.told(opened)
        });
        let ino = open.await?;
        Ok(SimFile { disk: self.clone(), ino, writable: mode != Open::Read })
    }

    async fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.operation(kind::RENAME, |node| {
            node.loses_name()?;
            let renamed = node.fs.rename(from, to, node.config);
            node.told(renamed)
        })
        .await
    }

    async fn remove(&self, path: &str) -> io::Result<()> {
        self.operation(kind::REMOVE, |node| {
            node.loses_name()?;
            node.fs.remove(path)
        })
        .await
    }

    async fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        self.operation(4, |node| node.fs.list(dir)).await
    }

    async fn create_dir(&self, dir: &str) -> io::Result<()> {
        self.operation(5, |node| {
            node.loses_name()?;
            let made = node.fs.create_dir(dir, node.config);
            node.told(made)
        })
        .await
    }

    async fn resolve_dir(&self, dir: &str) -> io::Result<String> {
        self.operation(4, |node| node.fs.list(dir)).await?;
        Ok(format!("/{}", normal(dir)))
    }

    async fn sync_dir(&self, dir: &str) -> io::Result<()> {
        let upto = self.apply(|node| node.fs.begin_sync_dir(dir))?;
        self.wait_for_sync(kind::SYNC_DIR).await;
        self.apply(|node| {
            node.fails_sync()?;
            node.fs.end_sync_dir(dir, upto);
            node.note(6, upto);
            Ok(())
        })
    }
}

impl DiskFile for SimFile {
    async fn read_at(&self, off: u64, len: usize) -> io::Result<Bytes> {
        let ino = self.ino;
        let read = self.disk.operation(7, |node| {
            if node.chance(node.config.read_error) {
                return Err(eio());
            }
            node.fs.inode(ino).read(off, len)
        });
        read.await
    }

    async fn append(&mut self, data: Bytes) -> io::Result<usize> {
        self.check_writable()?;
        let ino = self.ino;
        let append = self.disk.operation(kind::APPEND, |node| {
            if node.chance(node.config.write_error) {
                return Err(eio());
            }
            node.note(9, crate::trace::digest(&data));
            node.fs.append(ino, data, node.config, node.rng)
        });
        append.await
    }

    async fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.check_writable()?;
        let ino = self.ino;
        let truncate = self.disk.operation(kind::TRUNCATE, |node| {
            if len > node.config.capacity {
                return Err(super::enospc());
            }
            node.fs.inode(ino).truncate(len as usize);
            Ok(())
        });
        truncate.await
    }

    async fn sync(&mut self) -> io::Result<()> {
        let ino = self.ino;
        let upto = self.disk.apply(|node| Ok(node.fs.inode(ino).last_change()))?;
        self.disk.wait_for_sync(kind::SYNC).await;
        self.disk.apply(|node| {
            node.note(11, upto);
            if let Err(e) = node.fails_sync() {
                let fate = Fate { survives: 0.5, garbage: 0.0 };
                node.fs.inode(ino).lose(upto, fate, node.rng);
                return Err(e);
            }
            node.stats.syncs += 1;
            node.fs.inode(ino).flush(upto);
            Ok(())
        })
    }

    async fn size(&self) -> io::Result<u64> {
        let ino = self.ino;
        let size = |node: &mut super::Node<'_>| Ok(node.fs.inode(ino).len() as u64);
        self.disk.operation(12, size).await
    }
}
