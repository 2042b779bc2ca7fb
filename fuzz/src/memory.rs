//! A world in memory: what loading asks of the seam, with files in a map and nothing else.

use bytes::Bytes;
use norn::base::time::Mono;
use norn::env::{Addr, BindOpts, Disk, DiskFile, Env, Open, Signal, Task, Usage, tokio_env::TokioEnv};
use std::{
    cell::RefCell,
    collections::BTreeMap,
    future::{Future, Ready, ready},
    io::{self, ErrorKind},
    net::SocketAddr,
    pin::pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};

/// Files by their paths.
#[derive(Clone, Default)]
pub struct Memory(pub Rc<RefCell<BTreeMap<String, Vec<u8>>>>);

/// One of them.
pub struct MemoryFile {
    memory: Memory,
    path: String,
}

/// Nothing is spawned.
pub struct Never;

impl Task for Never {
    fn abort(&self) {}
}

/// Runs a future that waits for nothing but its turn.
pub fn run<F: Future>(f: F) -> F::Output {
    let mut f = pin!(f);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = f.as_mut().poll(&mut cx) {
            return output;
        }
    }
}

fn not_found<T>() -> io::Result<T> {
    Err(ErrorKind::NotFound.into())
}

/// The path without what leads nowhere.
fn plain(path: &str) -> &str {
    let path = path.strip_prefix("./").unwrap_or(path);
    if path == "." { "" } else { path.trim_end_matches('/') }
}

impl Disk for Memory {
    type File = MemoryFile;

    async fn open(&self, path: &str, mode: Open) -> io::Result<MemoryFile> {
        let path = plain(path).to_owned();
        let mut files = self.0.borrow_mut();
        match mode {
            Open::Read if !files.contains_key(&path) => return not_found(),
            Open::Read => {}
            Open::Append => drop(files.entry(path.clone()).or_default()),
            Open::Truncate => drop(files.insert(path.clone(), Vec::new())),
        }
        Ok(MemoryFile { memory: self.clone(), path })
    }

    async fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut files = self.0.borrow_mut();
        let Some(file) = files.remove(plain(from)) else { return not_found() };
        files.insert(plain(to).to_owned(), file);
        Ok(())
    }

    async fn remove(&self, path: &str) -> io::Result<()> {
        self.0.borrow_mut().remove(plain(path)).map_or_else(not_found, |_| Ok(()))
    }

    async fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        let dir = plain(dir);
        let within = |path: &String| match dir {
            "" => (!path.contains('/')).then(|| path.clone()),
            dir => path.strip_prefix(dir)?.strip_prefix('/').map(str::to_owned),
        };
        Ok(self.0.borrow().keys().filter_map(within).collect())
    }

    async fn create_dir(&self, _dir: &str) -> io::Result<()> {
        Ok(())
    }

    async fn resolve_dir(&self, dir: &str) -> io::Result<String> {
        Ok(dir.to_owned())
    }

    async fn sync_dir(&self, _dir: &str) -> io::Result<()> {
        Ok(())
    }
}

impl MemoryFile {
    fn with<T>(&self, f: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        f(self.memory.0.borrow_mut().entry(self.path.clone()).or_default())
    }
}

impl DiskFile for MemoryFile {
    async fn read_at(&self, off: u64, len: usize) -> io::Result<Bytes> {
        Ok(self.with(|data| {
            let start = data.len().min(off as usize);
            Bytes::copy_from_slice(&data[start..data.len().min(start.saturating_add(len))])
        }))
    }

    async fn append(&mut self, more: Bytes) -> io::Result<usize> {
        self.with(|data| data.extend_from_slice(&more));
        Ok(more.len())
    }

    async fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.with(|data| data.resize(len as usize, 0));
        Ok(())
    }

    async fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    async fn size(&self) -> io::Result<u64> {
        Ok(self.with(|data| data.len() as u64))
    }
}

impl Env for Memory {
    type Stream = <TokioEnv as Env>::Stream;
    type Listener = <TokioEnv as Env>::Listener;
    type Disk = Memory;
    type Sleep = Ready<()>;
    type Task = Never;

    fn mono(&self) -> Mono {
        Mono(0)
    }

    fn unix_us(&self) -> u64 {
        1_720_000_000_000_000
    }

    fn sleep(&self, _d: Duration) -> Ready<()> {
        ready(())
    }

    fn rand_u64(&self) -> u64 {
        7
    }

    fn spawn<F: Future<Output = ()> + 'static>(&self, _f: F) -> Never {
        unreachable!("loading starts no task")
    }

    fn spawn_worker<F, Fut>(&self, _index: usize, _f: F) -> io::Result<()>
    where
        F: FnOnce(Self) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        unreachable!("loading starts no worker")
    }

    async fn bind(&self, _addr: &Addr, _opts: BindOpts) -> io::Result<Self::Listener> {
        not_found()
    }

    async fn connect(&self, _addr: &Addr) -> io::Result<Self::Stream> {
        not_found()
    }

    async fn resolve(&self, _host: &str, _port: u16) -> io::Result<Vec<SocketAddr>> {
        not_found()
    }

    fn disk(&self) -> &Memory {
        self
    }

    async fn shutdown_signal(&self) -> Signal {
        std::future::pending().await
    }

    fn usage(&self) -> Usage {
        Usage::default()
    }

    fn raise_file_limit(&self, want: u64) -> u64 {
        want
    }
}
