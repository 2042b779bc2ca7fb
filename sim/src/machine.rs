//! Machines of a simulated cluster: start, crash, restart, freeze.

use crate::{disk::SimDisks, env::SimEnv, net::SimNet};
use madsim::{
    runtime::Handle,
    task::{JoinHandle, NodeId},
};
use std::{future::Future, net::IpAddr};

/// How a process ends against its will.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Crash {
    /// `kill -9`: the kernel closes its sockets, and what it wrote stays written.
    Process,
    /// The machine loses power: peers hear nothing, unsynced data is at risk.
    Power,
}

/// A machine on the simulated network.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Machine {
    pub node: NodeId,
    pub ip: IpAddr,
}

impl Machine {
    /// A machine whose process runs `main`, again after every restart.
    pub fn with_process<F, Fut>(number: u8, main: F) -> Machine
    where
        F: Fn(SimEnv) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        let main = std::sync::Arc::new(main);
        let handle = Handle::current();
        let init = move || {
            let main = main.clone();
            async move { main(SimEnv::boot()).await }
        };
        let node = handle.create_node().name(format!("m{number}")).init(init).build();
        Machine::connect(number, node.id())
    }

    /// A machine without a process of its own, for clients; see [`Machine::spawn`].
    pub fn idle(number: u8) -> Machine {
        let node = Handle::current().create_node().name(format!("m{number}")).build();
        Machine::connect(number, node.id())
    }

    fn connect(number: u8, node: NodeId) -> Machine {
        let ip = IpAddr::from([10, 0, 0, number]);
        SimNet::current().add_host(node, ip);
        Machine { node, ip }
    }

    /// Runs a task on this machine; it ends with the next crash.
    pub fn spawn<F, Fut>(self, f: F) -> JoinHandle<()>
    where
        F: FnOnce(SimEnv) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        let node = Handle::current().get_node(self.node).expect("machines stay");
        // The task is built on the machine, so it need not be `Send`.
        node.spawn(async move {
            // An error means that the machine crashed meanwhile.
            let _ = madsim::task::spawn_local(async move { f(SimEnv::boot()).await }).await;
        })
    }

    /// Ends the process at once.
    pub fn crash(self, how: Crash) {
        if how == Crash::Power {
            SimNet::current().lose_power_on_kill(self.node);
            SimDisks::current().lose_power_on_kill(self.node);
        }
        Handle::current().kill(self.node);
    }

    /// Starts a crashed machine's process again.
    pub fn restart(self) {
        SimNet::current().power_on(self.node);
        Handle::current().restart(self.node);
    }

    /// Freezes the process; its kernel goes on.
    pub fn pause(self) {
        Handle::current().pause(self.node);
    }

    /// Thaws the process.
    pub fn resume(self) {
        Handle::current().resume(self.node);
    }
}
