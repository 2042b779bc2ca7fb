//! The seam: everything nondeterministic that the server may touch.
//!
//! `server` is generic over [`Env`] with static dispatch; production uses the tokio
//! implementation beside this file, the simulator brings its own on madsim's executor and
//! clock. Futures are deliberately not `Send`: one worker is one thread, and a task never
//! leaves the worker that spawned it. What crosses workers is plain data and wakers.
#![allow(async_fn_in_trait)]

pub mod contract;
pub mod tokio_env;

pub use crate::base::process::{Heap, Usage};
use crate::base::time::{Mono, Now, Wall};
use bytes::Bytes;
use std::{future::Future, io, net::SocketAddr, time::Duration};
use tokio::io::{AsyncRead, AsyncWrite};

/// An error in the operating system's words, without the number that Rust appends.
pub fn words(e: &io::Error) -> String {
    let text = e.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// One process's view of the world outside.
pub trait Env: Clone + 'static {
    type Stream: Stream;
    type Listener: Listener<Stream = Self::Stream>;
    type Disk: Disk;
    type Sleep: Future<Output = ()> + 'static;
    type Task: Task;

    /// Monotonic clock.
    fn mono(&self) -> Mono;
    /// Calendar clock in unix microseconds; may jump.
    fn unix_us(&self) -> u64;
    /// The same in milliseconds.
    fn wall(&self) -> Wall {
        Wall(self.unix_us() / 1000)
    }
    /// Both clocks.
    fn now(&self) -> Now {
        Now::at(self.mono(), self.unix_us())
    }
    /// A timer; resolution is at least a millisecond in production.
    fn sleep(&self, d: Duration) -> Self::Sleep;
    /// 64 bits nobody can predict (production) or that the seed decides (simulation).
    fn rand_u64(&self) -> u64;
    /// Runs `f` on the current worker; dropping the handle does not stop it.
    fn spawn<F: Future<Output = ()> + 'static>(&self, f: F) -> Self::Task;
    /// One more worker: an OS thread with its own executor in production, a local task in
    /// the simulator. `f` runs on the worker; the clone of the environment is its own.
    fn spawn_worker<F, Fut>(&self, index: usize, f: F) -> io::Result<()>
    where
        F: FnOnce(Self) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + 'static;
    /// Listens on an address.
    async fn bind(&self, addr: &Addr, opts: BindOpts) -> io::Result<Self::Listener>;
    /// Connects to an address.
    async fn connect(&self, addr: &Addr) -> io::Result<Self::Stream>;
    /// The addresses of a host, given by name or as an address, best first; never an empty list.
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>>;
    /// This process's files.
    fn disk(&self) -> &Self::Disk;
    /// Completes when the operating system asks the process to end.
    async fn shutdown_signal(&self) -> Signal;
    /// What the operating system and the allocator say about this process; zeros in the
    /// simulator. Cheap enough for ten times a second. The thread's figures are those of the
    /// thread that calls.
    fn usage(&self) -> Usage;
    /// Whether the allocator is to return unused memory to the operating system by itself,
    /// on a thread of its own.
    fn release_memory_in_background(&self, _on: bool) {}
    /// Makes the allocator return unused memory to the operating system. It may keep some for
    /// now, because another of its threads is returning memory: so many bytes; `None` if it
    /// cannot return any.
    fn release_memory(&self) -> Option<u64> {
        Some(0)
    }
    /// The allocator's report about itself, for people.
    fn allocator_report(&self) -> String {
        "Nothing is known about the allocator.\n".into()
    }
    /// Shows a text in place of the program's arguments where processes are listed.
    fn set_title(&self, _title: &str) {}
    /// Tries to let this process hold `want` descriptors; how many it may hold afterwards.
    fn raise_file_limit(&self, want: u64) -> u64;

    /// Lets the worker's other tasks have their turn.
    async fn yield_now(&self) {
        tokio::task::yield_now().await;
    }

    /// `f`'s output, or `None` once `d` has passed.
    async fn timeout<F: Future>(&self, d: Duration, f: F) -> Option<F::Output> {
        tokio::pin!(f);
        let s = self.sleep(d);
        tokio::pin!(s);
        tokio::select! { biased; v = &mut f => Some(v), _ = &mut s => None }
    }
}

/// How the operating system asks a process to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT: somebody has pressed the interrupt key.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

/// Where to listen, or who connected. The connecting end of a unix connection has no name of
/// its own: it goes by the listener's path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Addr {
    Tcp(SocketAddr),
    /// A unix socket's path. Binding replaces a socket file that a dead server left there;
    /// dropping the listener removes it.
    Unix(String),
}

/// How to listen.
#[derive(Clone, Copy, Debug, Default)]
pub struct BindOpts {
    /// Length of the accept queue.
    pub backlog: u32,
    /// Permission bits of a unix socket's file, if they are to be set.
    pub unix_mode: Option<u32>,
}

/// A listening socket. A connection accepted by one worker may be served by another:
/// streams travel between workers only in the form [`Listener::Parcel`].
pub trait Listener: 'static {
    type Stream;
    /// A connection in a form that may cross to another worker.
    type Parcel: Send + 'static;
    /// The next connection, not yet tied to a worker. Errors are those that outlast one
    /// connection, such as running out of descriptors: wait before calling again.
    async fn accept(&mut self) -> io::Result<Self::Parcel>;
    /// Ties a connection to the calling worker.
    fn open(parcel: Self::Parcel) -> io::Result<Self::Stream>;
    fn local_addr(&self) -> io::Result<Addr>;
}

/// A connected byte stream: the poll-based tokio traits plus what sockets can do besides.
/// Nagle's algorithm starts off. Dropping a stream with unread input resets the connection;
/// shutting down or dropping the write side sends end-of-file after everything written.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + 'static {
    type R: AsyncRead + Unpin + 'static;
    type W: AsyncWrite + Unpin + 'static;
    fn into_split(self) -> (Self::R, Self::W);
    fn set_nodelay(&self, on: bool) -> io::Result<()>;
    /// Idle seconds before keep-alive probes; 0 turns them off.
    fn set_keepalive(&self, idle_s: u32) -> io::Result<()>;
    fn peer_addr(&self) -> io::Result<Addr>;
    fn local_addr(&self) -> io::Result<Addr>;
    /// The operating system's number for the connection, for people to find it by.
    fn descriptor(&self) -> Option<i32> {
        None
    }
}

/// A spawned task.
pub trait Task: 'static {
    fn abort(&self);
}

/// How to open a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// It must exist; writes are refused.
    Read,
    /// Created if missing; writes go to the end.
    Append,
    /// Created if missing, emptied if not.
    Truncate,
}

/// A directory tree. Paths are relative to the process's working directory.
pub trait Disk: Clone + 'static {
    type File: DiskFile;
    async fn open(&self, path: &str, mode: Open) -> io::Result<Self::File>;
    async fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    async fn remove(&self, path: &str) -> io::Result<()>;
    /// File names in `dir`, sorted.
    async fn list(&self, dir: &str) -> io::Result<Vec<String>>;
    /// Creates `dir` and its parents; no error if it exists.
    async fn create_dir(&self, dir: &str) -> io::Result<()>;
    /// The path from the root to a directory that may be entered, without links and dots.
    async fn resolve_dir(&self, dir: &str) -> io::Result<String>;
    /// Makes creations, renames and removals in `dir` durable.
    async fn sync_dir(&self, dir: &str) -> io::Result<()>;
    /// The same for a task that is alone on its worker: operations, also those of files it opens,
    /// may keep the worker from doing anything else.
    fn in_place(&self) -> Self {
        self.clone()
    }
}

/// An open file. Dropping the future of an operation does not take the operation back.
pub trait DiskFile: 'static {
    /// At most `len` bytes from `off`; fewer only at the end of the file.
    async fn read_at(&self, off: u64, len: usize) -> io::Result<Bytes>;
    /// Writes at the end; may write less than given, never more.
    async fn append(&mut self, data: Bytes) -> io::Result<usize>;
    async fn truncate(&mut self, len: u64) -> io::Result<()>;
    /// Returns when everything appended before the call is durable.
    async fn sync(&mut self) -> io::Result<()>;
    /// Length in bytes.
    async fn size(&self) -> io::Result<u64>;
}
