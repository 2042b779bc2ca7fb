//! The simulated environment: what the server gets instead of tokio's.

use crate::{
    disk::SimDisk,
    net::{Net, SimListener, SimNet, SimStream},
    os::SimOs,
};
use madsim::{
    plugin,
    task::NodeId,
    time::{Sleep, TimeHandle},
};
use norn::{
    base::time::Mono,
    env::{Addr, BindOpts, Env, Signal, Task, Usage},
};
use std::{
    future::{Future, poll_fn},
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

/// One node's process in the simulation.
#[derive(Clone)]
pub struct SimEnv {
    node: NodeId,
    net: Arc<Net>,
    disk: SimDisk,
    os: Arc<SimOs>,
    time: TimeHandle,
}

/// A task of a simulated node.
pub struct SimTask(madsim::task::JoinHandle<()>);

impl SimEnv {
    /// The environment of a process that starts now on the current node. Call it once per
    /// start, in the node's first task.
    pub fn boot() -> SimEnv {
        let node = plugin::node();
        let net = SimNet::current();
        net.power_on(node);
        SimEnv { node, net: net.net(), disk: SimDisk::mount(node), os: SimOs::current(), time: TimeHandle::current() }
    }
}

impl Env for SimEnv {
    type Stream = SimStream;
    type Listener = SimListener;
    type Disk = SimDisk;
    type Sleep = Sleep;
    type Task = SimTask;

    fn mono(&self) -> Mono {
        Mono(self.os.mono_ns())
    }

    fn unix_us(&self) -> u64 {
        self.os.unix_us(self.node)
    }

    fn sleep(&self, d: Duration) -> Sleep {
        self.time.sleep(d)
    }

    fn rand_u64(&self) -> u64 {
        self.os.rand_u64()
    }

    fn spawn<F: Future<Output = ()> + 'static>(&self, f: F) -> SimTask {
        SimTask(madsim::task::spawn_local(f))
    }

    /// A logical worker: madsim interleaves it with the others at every `await`.
    fn spawn_worker<F, Fut>(&self, _index: usize, f: F) -> io::Result<()>
    where
        F: FnOnce(Self) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        let env = self.clone();
        madsim::task::spawn_local(async move { f(env).await });
        Ok(())
    }

    async fn bind(&self, addr: &Addr, opts: BindOpts) -> io::Result<SimListener> {
        self.net.bind(self.node, addr, opts.backlog)
    }

    async fn connect(&self, addr: &Addr) -> io::Result<SimStream> {
        self.net.connect(self.node, addr).await
    }

    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        // There are no names here.
        let ip: IpAddr = host.parse().map_err(|_| io::ErrorKind::NotFound)?;
        Ok(vec![SocketAddr::new(ip, port)])
    }

    fn disk(&self) -> &SimDisk {
        &self.disk
    }

    async fn shutdown_signal(&self) -> Signal {
        poll_fn(|cx| self.os.poll_terminated(self.node, cx.waker())).await;
        Signal::Terminate
    }

    fn usage(&self) -> Usage {
        Usage { cores: 1, ..Usage::default() }
    }

    fn raise_file_limit(&self, want: u64) -> u64 {
        want
    }
}

impl Task for SimTask {
    fn abort(&self) {
        self.0.abort();
    }
}
