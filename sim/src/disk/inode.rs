//! One file: what reads see, what the medium holds, and what lies between.
//!
//! The *cache* is what the process reads. Changes go there and onto the *dirty* list; a sync
//! carries those that existed when it began over to the *media*. When power is lost, each
//! 512-byte sector of each unsynced write survives, vanishes or turns to garbage on its own,
//! and a truncation has happened or not. After a sync that failed the changes are no longer
//! dirty although they may never have reached the media: the next sync succeeds and means
//! nothing, as on Linux.

use bytes::Bytes;
use madsim::rand::Rng;
use std::{
    collections::{BTreeSet, VecDeque},
    io,
};

pub(super) const SECTOR: usize = 512;

/// What becomes of an unsynced sector when power is lost.
#[derive(Clone, Copy)]
pub(super) struct Fate {
    pub(super) survives: f64,
    /// Of those that do not survive.
    pub(super) garbage: f64,
}

enum Change {
    Write { off: usize, data: Bytes },
    Truncate { len: usize },
}

#[derive(Default)]
pub(super) struct Inode {
    cache: Vec<u8>,
    media: Vec<u8>,
    dirty: VecDeque<(u64, Change)>,
    changes: u64,
    /// Sectors that cannot be read.
    bad: BTreeSet<usize>,
    /// Open handles.
    pub(super) opens: u32,
}

impl Inode {
    pub(super) fn len(&self) -> usize {
        self.cache.len()
    }

    pub(super) fn content(&self) -> &[u8] {
        &self.cache
    }

    pub(super) fn append(&mut self, data: Bytes) {
        let off = self.cache.len();
        self.cache.extend_from_slice(&data);
        self.change(Change::Write { off, data });
    }

    pub(super) fn truncate(&mut self, len: usize) {
        self.cache.resize(len, 0);
        self.bad.retain(|sector| sector * SECTOR < len);
        self.change(Change::Truncate { len });
    }

    fn change(&mut self, change: Change) {
        self.changes += 1;
        self.dirty.push_back((self.changes, change));
    }

    pub(super) fn read(&self, off: u64, len: usize) -> io::Result<Bytes> {
        let size = self.cache.len();
        let from = usize::try_from(off).map_or(size, |o| o.min(size));
        let to = from.saturating_add(len).min(size);
        let sectors = from / SECTOR..to.div_ceil(SECTOR);
        if from < to && self.bad.range(sectors).next().is_some() {
            return Err(super::eio());
        }
        Ok(Bytes::copy_from_slice(&self.cache[from..to]))
    }

    /// Names the last change so far; a sync covers everything up to it.
    pub(super) fn last_change(&self) -> u64 {
        self.changes
    }

    fn is_covered(&self, upto: u64) -> bool {
        self.dirty.front().is_some_and(|(seq, _)| *seq <= upto)
    }

    /// A sync succeeded: changes up to `upto` are on the media.
    pub(super) fn flush(&mut self, upto: u64) {
        while self.is_covered(upto) {
            let (_, change) = self.dirty.pop_front().expect("there is one");
            match change {
                Change::Write { off, data } => put(&mut self.media, off, &data),
                Change::Truncate { len } => self.media.resize(len, 0),
            }
        }
    }

    /// A sync failed: changes up to `upto` count as written, whether they were or not.
    pub(super) fn lose(&mut self, upto: u64, fate: Fate, rng: &mut impl Rng) {
        while self.is_covered(upto) {
            let (_, change) = self.dirty.pop_front().expect("there is one");
            self.tear(change, fate, rng);
        }
    }

    /// Power is lost and returns: only the media is left.
    pub(super) fn power_loss(&mut self, fate: Fate, rng: &mut impl Rng) {
        self.lose(u64::MAX, fate, rng);
        self.cache.clone_from(&self.media);
        self.opens = 0;
    }

    /// An unsynced change meets its fate.
    fn tear(&mut self, change: Change, fate: Fate, rng: &mut impl Rng) {
        match change {
            Change::Truncate { len } => {
                if rng.gen_bool(fate.survives) {
                    self.media.resize(len, 0);
                }
            }
            Change::Write { off, data } => {
                let (mut at, end) = (off, off + data.len());
                while at < end {
                    let next = ((at / SECTOR + 1) * SECTOR).min(end);
                    if rng.gen_bool(fate.survives) {
                        put(&mut self.media, at, &data[at - off..next - off]);
                    } else if rng.gen_bool(fate.garbage) {
                        let mut garbage = vec![0; next - at];
                        rng.fill_bytes(&mut garbage);
                        put(&mut self.media, at, &garbage);
                    }
                    at = next;
                }
            }
        }
    }

    /// Flips one bit, on the media and for whoever reads.
    pub(super) fn flip_bit(&mut self, off: usize, bit: u32) {
        for copy in [&mut self.cache, &mut self.media] {
            if let Some(byte) = copy.get_mut(off) {
                *byte ^= 1 << (bit % 8);
            }
        }
    }

    /// Makes the sector that holds a byte unreadable until it is mended or truncated away.
    pub(super) fn lose_sector(&mut self, off: usize) {
        self.bad.insert(off / SECTOR);
    }

    pub(super) fn mend_sectors(&mut self) {
        self.bad.clear();
    }
}

/// Writes at an offset; a hole before it reads as zeros.
fn put(to: &mut Vec<u8>, off: usize, data: &[u8]) {
    let end = off + data.len();
    if to.len() < end {
        to.resize(end, 0);
    }
    to[off..end].copy_from_slice(data);
}
