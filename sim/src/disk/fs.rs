//! One node's file system: a tree of names and the files behind them.

use super::{
    config::DiskConfig,
    inode::{Fate, Inode},
    tree::{Entry, Ino, Tree, normal},
};
use bytes::Bytes;
use madsim::rand::{GlobalRng, Rng, seq::SliceRandom};
use norn::env::Open;
use std::{
    collections::BTreeMap,
    io::{self, ErrorKind},
};

/// Of a hundred losses of power, how many find everything already written.
const INTACT_PERCENT: u32 = 10;

/// Counts what crashes did, so that a scenario can tell whether it tested anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiskStats {
    pub syncs: u64,
    pub failed_syncs: u64,
    pub power_losses: u64,
    /// Directory operations that were pending at a loss of power and did not survive.
    pub lost_names: u64,
    /// Names that were not made for want of room.
    pub refused_names: u64,
}

/// What a node's files take of its disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Of content alone.
    pub bytes: u64,
    pub names: u64,
    pub inodes: u64,
}

impl Usage {
    /// Bytes of the capacity.
    pub fn taken(self, config: &DiskConfig) -> u64 {
        self.bytes + self.names * config.name_bytes
    }
}

#[derive(Default)]
pub(super) struct FileSystem {
    tree: Tree,
    inodes: BTreeMap<Ino, Inode>,
    next_ino: Ino,
    /// Changes with every kill: handles of a dead process touch nothing.
    pub(super) generation: u64,
    /// What the next kill means.
    pub(super) power_loss: bool,
}

impl FileSystem {
    pub(super) fn usage(&self) -> Usage {
        let (names, dirs) = self.tree.count();
        let bytes = self.inodes.values().map(|inode| inode.len() as u64).sum();
        Usage { bytes, names, inodes: self.inodes.len() as u64 + dirs }
    }

    /// Whether another name finds room, and with it, if need be, another file or directory.
    fn check_room(&self, config: &DiskConfig, inodes: u64) -> io::Result<()> {
        let usage = self.usage();
        let is_full = usage.taken(config) + config.name_bytes > config.capacity;
        // Where names take no room of their own, there is some whatever the capacity.
        if config.name_bytes > 0 && is_full || usage.inodes + inodes > config.inodes {
            return Err(super::enospc());
        }
        Ok(())
    }

    /// Whether a disk that has promised more than it has finds no room for what a sync is to cover.
    pub(super) fn is_overdrawn(&self, config: &DiskConfig) -> bool {
        config.is_thin && self.usage().taken(config) > config.capacity
    }

    pub(super) fn open(&mut self, path: &str, mode: Open, config: &DiskConfig) -> io::Result<Ino> {
        let path = normal(path);
        let ino = match self.tree.find(&path)? {
            Some(Entry::Dir) => return Err(ErrorKind::IsADirectory.into()),
            Some(Entry::File(ino)) => ino,
            None if mode == Open::Read => return Err(ErrorKind::NotFound.into()),
            None => {
                self.check_room(config, 1)?;
                self.next_ino += 1;
                self.inodes.insert(self.next_ino, Inode::default());
                self.tree.add_file(&path, self.next_ino);
                self.next_ino
            }
        };
        let inode = self.inode(ino);
        inode.opens += 1;
        if mode == Open::Truncate && inode.len() > 0 {
            inode.truncate(0);
        }
        Ok(ino)
    }

    pub(super) fn close(&mut self, ino: Ino) {
        self.inode(ino).opens -= 1;
        self.forget_unreachable();
    }

    pub(super) fn inode(&mut self, ino: Ino) -> &mut Inode {
        self.inodes.get_mut(&ino).expect("open files have an inode")
    }

    pub(super) fn append(
        &mut self,
        ino: Ino,
        mut data: Bytes,
        config: &DiskConfig,
        rng: &mut GlobalRng,
    ) -> io::Result<usize> {
        let room = config.capacity.saturating_sub(self.usage().taken(config)) as usize;
        let mut n = if config.is_thin { data.len() } else { data.len().min(room) };
        if n == 0 && !data.is_empty() {
            return Err(super::enospc());
        }
        if n > 1 && config.short_write > 0.0 && rng.gen_bool(config.short_write) {
            n = rng.gen_range(1..=n);
        }
        data.truncate(n);
        self.inode(ino).append(data);
        Ok(n)
    }

    pub(super) fn rename(&mut self, from: &str, to: &str, config: &DiskConfig) -> io::Result<()> {
        let (from, to) = (normal(from), normal(to));
        // The new name is there before the old one goes.
        if self.tree.file(&from).is_ok() && self.tree.find(&to)?.is_none() {
            self.check_room(config, 0)?;
        }
        self.tree.rename(&from, &to)?;
        self.forget_unreachable();
        Ok(())
    }

    pub(super) fn remove(&mut self, path: &str) -> io::Result<()> {
        self.tree.remove(&normal(path))?;
        self.forget_unreachable();
        Ok(())
    }

    pub(super) fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        self.tree.list(&normal(dir))
    }

    pub(super) fn create_dir(&mut self, dir: &str, config: &DiskConfig) -> io::Result<()> {
        let dir = normal(dir);
        if !matches!(self.tree.find(&dir), Ok(Some(_))) {
            self.check_room(config, 1)?;
        }
        self.tree.create_dir(&dir)
    }

    /// Checks that `dir` can be synced and names what the sync will cover.
    pub(super) fn begin_sync_dir(&self, dir: &str) -> io::Result<u64> {
        self.tree.list(&normal(dir))?;
        Ok(self.tree.last_change())
    }

    pub(super) fn end_sync_dir(&mut self, dir: &str, upto: u64) {
        self.tree.sync(&normal(dir), upto);
        self.forget_unreachable();
    }

    /// The file at a path, for a scenario that damages it.
    pub(super) fn at(&mut self, path: &str) -> Option<&mut Inode> {
        let ino = self.tree.file(&normal(path)).ok()?;
        self.inodes.get_mut(&ino)
    }

    /// The process dies, and with it perhaps the power.
    pub(super) fn kill(&mut self, config: &DiskConfig, rng: &mut GlobalRng, stats: &mut DiskStats) {
        self.generation += 1;
        for inode in self.inodes.values_mut() {
            inode.opens = 0;
        }
        if std::mem::take(&mut self.power_loss) {
            self.lose_power(config, rng, stats);
        }
        self.forget_unreachable();
    }

    fn lose_power(&mut self, config: &DiskConfig, rng: &mut GlobalRng, stats: &mut DiskStats) {
        stats.power_losses += 1;
        let pending = self.tree.pending();
        let intact = rng.gen_ratio(INTACT_PERCENT, 100);
        let drawn = || [0.0, 0.1, 0.5, 0.9].choose(&mut rng.clone()).copied();
        let survives = config.sector_survives.or_else(drawn);
        let fate =
            Fate { survives: if intact { 1.0 } else { survives.unwrap_or(0.5) }, garbage: config.sector_garbage };
        let kept = if intact { pending } else { rng.gen_range(0..=pending) };
        stats.lost_names += (pending - kept) as u64;
        self.tree.power_loss(kept);
        for inode in self.inodes.values_mut() {
            inode.power_loss(fate, rng);
        }
    }

    /// Frees files that have no name now, none after a crash, and no handle.
    fn forget_unreachable(&mut self) {
        let tree = &self.tree;
        self.inodes.retain(|ino, inode| inode.opens > 0 || tree.is_named(*ino));
    }
}
