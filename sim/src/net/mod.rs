//! The simulated network: TCP and unix sockets between the nodes of a simulation.
//!
//! A madsim plugin, so that a kill reaches it before the victim's destructors run. It models
//! what a server can see of a network: bounded buffers and back-pressure, reads and writes of
//! any length, end-of-file and resets that travel like data, lost packets as delays, links
//! cut in one direction, slow links, full accept queues, hosts that fall silent. It does not
//! model what TCP hides: reordering, duplication, corruption.
//!
//! Everything happens in one task of the supervisor that wakes when the next packet is due.

mod alarm;
mod close;
mod config;
mod conn;
mod listener;
mod meter;
mod stream;
#[cfg(test)]
mod tests;
mod world;

pub use config::NetConfig;
pub use listener::SimListener;
pub use meter::{FindGauge, Gauge, Meter, Meters, Moment};
pub use stream::{SimReader, SimStream, SimWriter};

use madsim::{
    Config,
    plugin::{Simulator, simulator},
    rand::GlobalRng,
    task::NodeId,
    time::TimeHandle,
};
use std::{
    future::poll_fn,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
};
use world::{Host, World};

/// The plugin; [`SimNet::current`] finds it from anywhere in the simulation.
pub struct SimNet {
    net: Arc<Net>,
}

/// What the plugin and every socket share.
pub(crate) struct Net {
    world: Mutex<World>,
    time: TimeHandle,
}

impl Net {
    fn world(&self) -> MutexGuard<'_, World> {
        // After a panic the destructors of the whole simulation still pass through here.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Simulator for SimNet {
    fn new(rng: &GlobalRng, time: &TimeHandle, _: &Config) -> SimNet {
        let world = Mutex::new(World::new(rng, time));
        let time = time.clone();
        SimNet { net: Arc::new(Net { world, time }) }
    }

    /// Called by a kill, before the destructors of the node's tasks.
    fn reset_node(&self, id: NodeId) {
        self.net.world().kill(id);
    }
}

impl SimNet {
    /// The network of this simulation.
    pub fn current() -> Arc<SimNet> {
        simulator()
    }

    pub(crate) fn net(&self) -> Arc<Net> {
        self.net.clone()
    }

    /// Starts the network's task; once, in the supervisor.
    pub fn start(&self) {
        let net = self.net.clone();
        madsim::task::spawn(poll_fn(move |cx| {
            net.world().run_due(cx.waker());
            Poll::<()>::Pending
        }));
    }

    /// Connects a node to the network.
    pub fn add_host(&self, node: NodeId, ip: IpAddr) {
        let host = Host { ip, up: true, next_port: 0, power_loss: false };
        self.net.world().hosts.insert(node, host);
    }

    /// The host's kernel answers again.
    pub fn power_on(&self, node: NodeId) {
        if let Some(host) = self.net.world().hosts.get_mut(&node) {
            host.up = true;
        }
    }

    /// Makes the next kill of the node a loss of power: its peers hear nothing.
    pub fn lose_power_on_kill(&self, node: NodeId) {
        if let Some(host) = self.net.world().hosts.get_mut(&node) {
            host.power_loss = true;
        }
    }

    /// Changes the network's knobs from now on.
    pub fn configure(&self, change: impl FnOnce(&mut NetConfig)) {
        change(&mut self.net.world().config);
    }

    /// Cuts or mends the way from one node to another; the way back is another link.
    pub fn set_cut(&self, from: NodeId, to: NodeId, cut: bool) {
        self.net.world().links.entry((from, to)).or_default().cut = cut;
    }

    /// Limits a directed link's throughput; `None` restores the network's default.
    pub fn set_speed(&self, from: NodeId, to: NodeId, bytes_per_s: Option<u64>) {
        let mut world = self.net.world();
        world.links.entry((from, to)).or_default().bytes_per_s = bytes_per_s;
    }

    /// Mends every link. Senders notice at their next retransmission.
    pub fn heal(&self) {
        self.net.world().links.clear();
    }

    /// Connections that still exist; for tests of leaks.
    pub fn connections(&self) -> usize {
        self.net.world().conns.len()
    }

    /// Begins to note what passes through accepting ends.
    pub fn start_meters(&self, meters: Meters) {
        self.net.world().meters = Some(meters);
    }

    /// What has been noted since.
    pub fn take_meters(&self) -> Option<Meters> {
        self.net.world().meters.take()
    }

    /// Hash and number of the network's events so far.
    pub fn trace(&self) -> (u64, u64) {
        let world = self.net.world();
        (world.trace.hash(), world.trace.events())
    }
}
