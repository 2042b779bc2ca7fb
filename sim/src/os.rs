//! What a simulated process asks its operating system besides network and disk: clocks,
//! random numbers, signals. Nodes differ in how wrong their calendar is.
#![allow(clippy::disallowed_types)] // madsim's calendar is a SystemTime

use crate::trace::Trace;
use madsim::{
    Config,
    plugin::{Simulator, simulator},
    rand::{GlobalRng, RngCore},
    task::NodeId,
    time::TimeHandle,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
    time::SystemTime,
};

/// The plugin; [`SimOs::current`] finds it from anywhere in the simulation.
pub struct SimOs {
    nodes: Mutex<BTreeMap<NodeId, Process>>,
    rng: Mutex<GlobalRng>,
    time: TimeHandle,
    trace: Trace,
}

/// A node's process.
#[derive(Default)]
struct Process {
    /// Milliseconds its calendar is ahead of true time.
    skew_ms: i64,
    terminated: bool,
    waiting: Vec<Waker>,
}

impl Simulator for SimOs {
    fn new(rng: &GlobalRng, time: &TimeHandle, _: &Config) -> SimOs {
        SimOs { nodes: Mutex::default(), rng: Mutex::new(rng.clone()), time: time.clone(), trace: Trace::default() }
    }

    /// Signals die with the process; the machine's clock stays as wrong as it was.
    fn reset_node(&self, id: NodeId) {
        let mut nodes = self.nodes();
        let process = nodes.entry(id).or_default();
        process.terminated = false;
        process.waiting.clear();
    }
}

impl SimOs {
    /// The operating systems of this simulation.
    pub fn current() -> Arc<SimOs> {
        simulator()
    }

    fn nodes(&self) -> MutexGuard<'_, BTreeMap<NodeId, Process>> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets how far a node's calendar clock is ahead (or behind, if negative) of true time.
    pub fn set_skew(&self, node: NodeId, skew_ms: i64) {
        self.nodes().entry(node).or_default().skew_ms = skew_ms;
    }

    /// Asks a node's process to end, as SIGTERM does.
    pub fn terminate(&self, node: NodeId) {
        let mut nodes = self.nodes();
        let process = nodes.entry(node).or_default();
        process.terminated = true;
        process.waiting.drain(..).for_each(Waker::wake);
    }

    /// Completes once the node has been asked to end.
    pub(crate) fn poll_terminated(&self, node: NodeId, waker: &Waker) -> Poll<()> {
        let mut nodes = self.nodes();
        let process = nodes.entry(node).or_default();
        if process.terminated {
            return Poll::Ready(());
        }
        process.waiting.push(waker.clone());
        Poll::Pending
    }

    /// Monotonic nanoseconds since the simulation began.
    pub(crate) fn mono_ns(&self) -> u64 {
        let now = self.time.elapsed().as_nanos() as u64;
        self.trace.note(now, [1, 0, 0]);
        now
    }

    /// A node's calendar, in Unix milliseconds.
    pub(crate) fn unix_us(&self, node: NodeId) -> u64 {
        let skew_ms = self.nodes().get(&node).map_or(0, |p| p.skew_ms);
        let since = self.time.now_time().duration_since(SystemTime::UNIX_EPOCH);
        let true_us = since.expect("simulations begin in 2022").as_micros() as u64;
        let unix_us = true_us.saturating_add_signed(skew_ms * 1000);
        self.trace.note(self.time.elapsed().as_nanos() as u64, [2, unix_us, 0]);
        unix_us
    }

    pub(crate) fn rand_u64(&self) -> u64 {
        let draw = self.rng.lock().expect("a panic ends the simulation").next_u64();
        self.trace.note(self.time.elapsed().as_nanos() as u64, [3, draw, 0]);
        draw
    }

    /// Hash and number of the readings so far.
    pub fn trace(&self) -> (u64, u64) {
        (self.trace.hash(), self.trace.events())
    }
}
