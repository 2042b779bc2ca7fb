//! The production environment: tokio on Linux and macOS.
//!
//! One worker is one named OS thread with its own single-threaded tokio runtime (a
//! `LocalRuntime`, so that tasks need not be `Send` and no cross-thread queue sits between
//! a socket and its connection). Worker 0 is the main thread and starts in [`run`]; the
//! others come from [`Env::spawn_worker`]. Each worker has its own epoll instance and
//! timer wheel; connections travel to a worker as plain sockets and are registered there.
//!
//! Files are used through `std::fs` on tokio's pool of blocking threads: no portable
//! interface reads and syncs files without blocking.

// Here, behind the seam, is where clocks, files and sockets are named.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod allocator;
mod clock;
mod disk;
mod global;
mod net;
mod os;
pub mod start;
mod stream;
mod title;

pub use disk::{OsDisk, OsFile};
pub use global::Allocator;
pub use net::{OsListener, Parcel};
pub use stream::{OsStream, ReadSide, WriteSide};

use super::{Addr, BindOpts, Disk, Env, Signal, Task, Usage};
use crate::base::time::Mono;
use std::{
    future::Future,
    io,
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::runtime::{Builder, LocalOptions, LocalRuntime};

/// Threads per worker that wait for the disk; more only adds contention on one device.
const DISK_THREADS: usize = 4;

/// The process's real clocks, sockets and files.
#[derive(Clone)]
pub struct TokioEnv {
    clock: clock::Monotonic,
    disk: OsDisk,
    machine: Arc<os::Machine>,
    title: Arc<title::Title>,
}

impl TokioEnv {
    /// File paths are relative to the process's working directory.
    pub fn new() -> TokioEnv {
        TokioEnv::rooted(Path::new(""))
    }

    /// File paths are relative to `root`.
    pub fn rooted(root: &Path) -> TokioEnv {
        let (machine, title) = (Arc::new(os::Machine::new()), Arc::new(title::Title::new()));
        TokioEnv { clock: clock::Monotonic::new(), disk: OsDisk::new(root), machine, title }
    }

    /// The same with a disk as [`Disk::in_place`] has it, for tests of that.
    pub fn in_place(self) -> TokioEnv {
        TokioEnv { disk: self.disk.in_place(), ..self }
    }
}

impl Default for TokioEnv {
    fn default() -> TokioEnv {
        TokioEnv::new()
    }
}

/// Runs `main` as worker 0 on the calling thread until it completes; tasks and workers it
/// left behind end with the process, not with this call.
pub fn run<F, Fut>(env: TokioEnv, main: F) -> io::Result<Fut::Output>
where
    F: FnOnce(TokioEnv) -> Fut,
    Fut: Future,
{
    Ok(runtime()?.block_on(main(env)))
}

/// The calendar clock in unix microseconds, for who has no environment at hand: the log is
/// written by any thread.
#[inline]
pub fn unix_us() -> u64 {
    // A clock set before 1970 reads as 1970.
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |d| d.as_micros() as u64)
}

fn runtime() -> io::Result<LocalRuntime> {
    Builder::new_current_thread().enable_all().max_blocking_threads(DISK_THREADS).build_local(LocalOptions::default())
}

impl Env for TokioEnv {
    type Stream = OsStream;
    type Listener = OsListener;
    type Disk = OsDisk;
    type Sleep = tokio::time::Sleep;
    type Task = tokio::task::JoinHandle<()>;

    #[inline]
    fn mono(&self) -> Mono {
        Mono(self.clock.ns())
    }

    #[inline]
    fn unix_us(&self) -> u64 {
        unix_us()
    }

    fn sleep(&self, d: Duration) -> Self::Sleep {
        tokio::time::sleep(d)
    }

    fn rand_u64(&self) -> u64 {
        getrandom::u64().expect("the operating system has random bytes")
    }

    fn spawn<F: Future<Output = ()> + 'static>(&self, f: F) -> Self::Task {
        tokio::task::spawn_local(f)
    }

    fn spawn_worker<F, Fut>(&self, index: usize, f: F) -> io::Result<()>
    where
        F: FnOnce(Self) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        let env = self.clone();
        std::thread::Builder::new().name(format!("worker-{index}")).spawn(move || {
            let runtime = runtime().expect("a worker can have its epoll instance");
            runtime.block_on(f(env));
        })?;
        Ok(())
    }

    async fn bind(&self, addr: &Addr, opts: BindOpts) -> io::Result<OsListener> {
        OsListener::bind(addr, opts)
    }

    async fn connect(&self, addr: &Addr) -> io::Result<OsStream> {
        OsStream::connect(addr).await
    }

    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let found: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await?.collect();
        if found.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(found) }
    }

    fn disk(&self) -> &OsDisk {
        &self.disk
    }

    async fn shutdown_signal(&self) -> Signal {
        os::shutdown_signal().await
    }

    fn usage(&self) -> Usage {
        Usage { heap: allocator::heap(), ..self.machine.usage() }
    }

    fn release_memory_in_background(&self, on: bool) {
        allocator::release_in_background(on);
    }

    fn release_memory(&self) -> Option<u64> {
        allocator::release()
    }

    fn allocator_report(&self) -> String {
        allocator::report()
    }

    fn set_title(&self, title: &str) {
        self.title.set(title);
    }

    fn raise_file_limit(&self, want: u64) -> u64 {
        os::raise_file_limit(want)
    }
}

impl Task for tokio::task::JoinHandle<()> {
    fn abort(&self) {
        tokio::task::JoinHandle::abort(self);
    }
}
