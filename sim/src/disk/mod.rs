//! The simulated disks: one file system per node, with a page cache that a loss of power
//! empties.
//!
//! A madsim plugin, so that a kill reaches it before the victim's destructors run. A killed
//! process loses nothing it has written; a machine without power keeps what was synced and an
//! arbitrary part of the rest. Disks can be slow, full, or fail. An operation takes effect
//! either before or after its delay, by chance, so that a caller who gives up waiting learns
//! not to count on either.

mod config;
mod file;
mod fs;
mod inode;
#[cfg(test)]
mod tests;
mod tree;

pub use config::DiskConfig;
pub use file::SimFile;
pub use fs::{DiskStats, Usage};

use crate::{clock::pause, trace::Trace};
use fs::FileSystem;
use madsim::{
    Config,
    plugin::{Simulator, simulator},
    rand::{GlobalRng, Rng},
    task::NodeId,
    time::TimeHandle,
};
use std::{
    collections::BTreeMap,
    future::poll_fn,
    io::{self, ErrorKind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
    time::Duration,
};

pub(crate) fn eio() -> io::Error {
    io::Error::from_raw_os_error(5)
}

pub(crate) fn enospc() -> io::Error {
    io::Error::from_raw_os_error(28)
}

/// The plugin; [`SimDisks::current`] finds it from anywhere in the simulation.
pub struct SimDisks {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    time: TimeHandle,
}

struct State {
    nodes: BTreeMap<NodeId, FileSystem>,
    config: DiskConfig,
    rng: GlobalRng,
    trace: Trace,
    stats: DiskStats,
    /// Who waits for an operation of a kind to begin.
    alarm: Option<(u64, Waker)>,
}

/// Kinds of operations, as the trace numbers them, that [`SimDisks::begins`] can wait for.
pub mod kind {
    pub const OPEN: u64 = 1;
    pub const RENAME: u64 = 2;
    pub const REMOVE: u64 = 3;
    pub const SYNC_DIR: u64 = 6;
    pub const APPEND: u64 = 8;
    pub const TRUNCATE: u64 = 10;
    pub const SYNC: u64 = 11;
}

impl State {
    /// An operation begins.
    fn begin(&mut self, kind: u64) {
        if let Some((_, waker)) = self.alarm.take_if(|(awaited, _)| *awaited == kind) {
            waker.wake();
        }
    }
}

/// What an operation works on.
pub(crate) struct Node<'a> {
    fs: &'a mut FileSystem,
    config: &'a DiskConfig,
    rng: &'a mut GlobalRng,
    trace: &'a Trace,
    stats: &'a mut DiskStats,
    now_ns: u64,
}

impl Node<'_> {
    fn chance(&mut self, p: f64) -> bool {
        p > 0.0 && self.rng.gen_bool(p)
    }

    /// Whether a change of names fails.
    fn loses_name(&mut self) -> io::Result<()> {
        if self.chance(self.config.name_error) { Err(eio()) } else { Ok(()) }
    }

    /// Passes on how the making of a name ended.
    fn told<T>(&mut self, made: io::Result<T>) -> io::Result<T> {
        self.stats.refused_names += u64::from(made.as_ref().is_err_and(|e| e.kind() == ErrorKind::StorageFull));
        made
    }

    /// Whether a sync fails.
    fn fails_sync(&mut self) -> io::Result<()> {
        let failure = if self.chance(self.config.sync_error) {
            eio()
        } else if self.fs.is_overdrawn(self.config) {
            enospc()
        } else {
            return Ok(());
        };
        self.stats.failed_syncs += 1;
        Err(failure)
    }

    fn note(&self, kind: u64, what: u64) {
        self.trace.note(self.now_ns, [kind, what, 0]);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // After a panic the destructors of the whole simulation still pass through here.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Simulator for SimDisks {
    fn new(rng: &GlobalRng, time: &TimeHandle, _: &Config) -> SimDisks {
        let state = State {
            nodes: BTreeMap::new(),
            config: DiskConfig::calm(),
            rng: rng.clone(),
            trace: Trace::default(),
            stats: DiskStats::default(),
            alarm: None,
        };
        let state = Mutex::new(state);
        let time = time.clone();
        SimDisks { shared: Arc::new(Shared { state, time }) }
    }

    fn create_node(&self, id: NodeId) {
        self.shared.state().nodes.entry(id).or_default();
    }

    /// Called by a kill, before the destructors of the node's tasks.
    fn reset_node(&self, id: NodeId) {
        let mut state = self.shared.state();
        let State { nodes, config, rng, stats, .. } = &mut *state;
        if let Some(fs) = nodes.get_mut(&id) {
            fs.kill(config, rng, stats);
        }
    }
}

impl SimDisks {
    /// The disks of this simulation.
    pub fn current() -> Arc<SimDisks> {
        simulator()
    }

    /// Changes the knobs of all disks from now on.
    pub fn configure(&self, change: impl FnOnce(&mut DiskConfig)) {
        change(&mut self.shared.state().config);
    }

    /// Makes the next kill of the node a loss of power.
    pub fn lose_power_on_kill(&self, node: NodeId) {
        if let Some(fs) = self.shared.state().nodes.get_mut(&node) {
            fs.power_loss = true;
        }
    }

    /// Flips one bit of a file, durably; nothing happens beyond its end.
    pub fn flip_bit(&self, node: NodeId, path: &str, off: usize, bit: u32) {
        let mut state = self.shared.state();
        let fs = state.nodes.get_mut(&node);
        if let Some(inode) = fs.and_then(|fs| fs.at(path)) {
            inode.flip_bit(off, bit);
        }
    }

    /// Makes the 512-byte sector that holds a byte of a file unreadable.
    pub fn lose_sector(&self, node: NodeId, path: &str, off: usize) {
        let mut state = self.shared.state();
        let fs = state.nodes.get_mut(&node);
        if let Some(inode) = fs.and_then(|fs| fs.at(path)) {
            inode.lose_sector(off);
        }
    }

    /// Lets every sector of a file be read again.
    pub fn mend_sectors(&self, node: NodeId, path: &str) {
        let mut state = self.shared.state();
        let fs = state.nodes.get_mut(&node);
        if let Some(inode) = fs.and_then(|fs| fs.at(path)) {
            inode.mend_sectors();
        }
    }

    /// Completes when an operation of this kind begins; one waits at a time.
    pub async fn begins(&self, kind: u64) {
        let mut waits = false;
        poll_fn(|cx| {
            let mut state = self.shared.state();
            if waits && state.alarm.is_none() {
                return Poll::Ready(());
            }
            waits = true;
            state.alarm = Some((kind, cx.waker().clone()));
            Poll::Pending
        })
        .await;
    }

    /// Length of a file as its process sees it, if there is one.
    pub fn size(&self, node: NodeId, path: &str) -> Option<usize> {
        let mut state = self.shared.state();
        state.nodes.get_mut(&node)?.at(path).map(|inode| inode.len())
    }

    /// What a file holds as its process sees it, if there is one.
    pub fn content(&self, node: NodeId, path: &str) -> Option<Vec<u8>> {
        let mut state = self.shared.state();
        state.nodes.get_mut(&node)?.at(path).map(|inode| inode.content().to_vec())
    }

    /// Names in a directory; none if there is no such directory.
    pub fn names(&self, node: NodeId, dir: &str) -> Vec<String> {
        let state = self.shared.state();
        state.nodes.get(&node).and_then(|fs| fs.list(dir).ok()).unwrap_or_default()
    }

    /// What a node's files take of its disk.
    pub fn usage(&self, node: NodeId) -> Usage {
        self.shared.state().nodes.get(&node).map(FileSystem::usage).unwrap_or_default()
    }

    /// What happened so far.
    pub fn stats(&self) -> DiskStats {
        self.shared.state().stats
    }

    /// Hash and number of the disks' events so far.
    pub fn trace(&self) -> (u64, u64) {
        let state = self.shared.state();
        (state.trace.hash(), state.trace.events())
    }
}

/// A node's disk as its process sees it from one start to the next kill.
#[derive(Clone)]
pub struct SimDisk {
    shared: Arc<Shared>,
    node: NodeId,
    generation: u64,
}

impl SimDisk {
    pub(crate) fn mount(node: NodeId) -> SimDisk {
        let shared = SimDisks::current().shared.clone();
        let generation = shared.state().nodes.entry(node).or_default().generation;
        SimDisk { shared, node, generation }
    }

    /// Does something to the node's files at once, unless its process is dead.
    fn apply<T>(&self, f: impl FnOnce(&mut Node<'_>) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.shared.state();
        let State { nodes, config, rng, trace, stats, .. } = &mut *state;
        let fs = nodes.get_mut(&self.node).expect("mounted");
        if fs.generation != self.generation {
            return Err(io::Error::other("the process was killed"));
        }
        f(&mut Node { fs, config, rng, trace, stats, now_ns: self.shared.time.elapsed().as_nanos() as u64 })
    }

    /// Does something that takes time; `kind` names it in the trace.
    async fn operation<T>(&self, kind: u64, f: impl FnOnce(&mut Node<'_>) -> io::Result<T>) -> io::Result<T> {
        let (wait, at_once) = {
            let mut state = self.shared.state();
            state.begin(kind);
            let (low, high) = state.config.op_us;
            let us = state.rng.gen_range(low..=high.max(low));
            (Duration::from_micros(us), state.rng.gen_bool(0.5))
        };
        let noted = |node: &mut Node<'_>| {
            let result = f(node);
            node.note(kind, u64::from(result.is_ok()));
            result
        };
        if at_once {
            let result = self.apply(noted);
            pause(&self.shared.time, wait).await;
            return result;
        }
        pause(&self.shared.time, wait).await;
        self.apply(noted)
    }

    /// The time a sync takes.
    async fn wait_for_sync(&self, kind: u64) {
        let wait = {
            let mut state = self.shared.state();
            state.begin(kind);
            let DiskConfig { sync_us: (low, high), slow_sync, slow_sync_max_ms, .. } = state.config;
            let us = state.rng.gen_range(low..=high.max(low));
            let slow = slow_sync > 0.0 && state.rng.gen_bool(slow_sync);
            let extra_ms = if slow { state.rng.gen_range(0..=slow_sync_max_ms) } else { 0 };
            Duration::from_micros(us) + Duration::from_millis(extra_ms)
        };
        pause(&self.shared.time, wait).await;
    }
}
