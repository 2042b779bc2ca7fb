//! Listeners: where the server listens, and which worker serves whom.
//!
//! Every listener belongs to worker 0's thread; connections are handed to the workers in
//! turn. CONFIG SET of `bind` or `port` opens the new sockets before it closes the old.

use super::{shell::Rebind, worker::Parcel};
use crate::{
    config::Config,
    engine::Engine,
    env::{Addr, BindOpts, Env, Listener, Task, words},
};
use core::net::SocketAddr;
use std::{
    cell::{Cell, RefCell},
    io,
    rc::Rc,
    sync::Arc,
    time::Duration,
};
use tokio::sync::mpsc;

/// How long accepting pauses when the process has run out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Hands connections to workers in turn.
pub struct Spread<E: Env> {
    workers: Vec<mpsc::UnboundedSender<Parcel<E>>>,
    next: Cell<usize>,
}

impl<E: Env> Spread<E> {
    pub fn new(workers: Vec<mpsc::UnboundedSender<Parcel<E>>>) -> Rc<Spread<E>> {
        Rc::new(Spread { workers, next: Cell::new(0) })
    }

    fn give(&self, parcel: Parcel<E>) {
        let i = self.next.get();
        self.next.set((i + 1) % self.workers.len());
        // A worker that is gone takes the process with it.
        let _ = self.workers[i].send(parcel);
    }
}

/// The open listeners.
pub struct Listeners<E: Env> {
    env: E,
    spread: Rc<Spread<E>>,
    tcp: RefCell<Vec<(Addr, E::Task)>>,
    unix: RefCell<Option<E::Task>>,
}

impl<E: Env> Listeners<E> {
    pub fn new(env: E, spread: Rc<Spread<E>>) -> Listeners<E> {
        Listeners { env, spread, tcp: RefCell::default(), unix: RefCell::default() }
    }

    /// Listens on everything the configuration names.
    ///
    /// # Errors
    /// What could not be bound, in words; nothing has changed then.
    pub async fn open(&self, config: &Config) -> Result<(), String> {
        self.open_tcp(config).await?;
        let path = &config.network.unixsocket;
        if !path.is_empty() && self.unix.borrow().is_none() {
            let mode = config.network.unixsocketperm;
            let opts = BindOpts { backlog: config.network.tcp_backlog, unix_mode: (mode != 0).then_some(mode) };
            let addr = Addr::Unix(path.clone());
            let l = self
                .env
                .bind(&addr, opts)
                .await
                .map_err(|e| format!("Failed opening Unix socket: bind: {}", words(&e)))?;
            let task = self.env.spawn(accept(self.env.clone(), l, self.spread.clone()));
            *self.unix.borrow_mut() = Some(task);
        }
        if self.kinds().next().is_none() {
            return Err("Configured to not listen anywhere, exiting.".into());
        }
        Ok(())
    }

    /// Opens the TCP listeners of `config` and closes those it does not name.
    pub async fn open_tcp(&self, config: &Config) -> Result<(), String> {
        let port = config.network.port;
        let mut wanted = Vec::new();
        if port != 0 {
            let addresses = config.network.bind.resolve();
            for (ip, optional) in addresses.map_err(|word| format!("Name or service not known: {word}"))? {
                wanted.push((Addr::Tcp(SocketAddr::new(ip, port)), optional));
            }
        }
        let mut opened = Vec::new();
        for (addr, optional) in &wanted {
            if self.tcp.borrow().iter().any(|(have, _)| have == addr) {
                continue;
            }
            let opts = BindOpts { backlog: config.network.tcp_backlog, unix_mode: None };
            match self.env.bind(addr, opts).await {
                Ok(l) => opened.push((addr.clone(), l)),
                Err(e) if *optional && is_missing(&e) => {}
                Err(e) => {
                    let Addr::Tcp(a) = addr else { unreachable!("only TCP addresses are wanted here") };
                    tracing::warn!(
                        "Warning: Could not create server TCP listening socket {}:{}: bind: {}",
                        a.ip(),
                        a.port(),
                        words(&e)
                    );
                    return Err(format!("Failed listening on port {port} (tcp), aborting."));
                }
            }
        }
        // Of the addresses that were asked for one at least must be there; none may be asked for.
        let asked = !wanted.is_empty();
        if asked && opened.is_empty() && !self.tcp.borrow().iter().any(|(a, _)| wanted.iter().any(|w| w.0 == *a)) {
            return Err(format!("Failed listening on port {port} (tcp), aborting."));
        }
        let mut tcp = self.tcp.borrow_mut();
        tcp.retain(|(a, task)| {
            let keep = wanted.iter().any(|w| w.0 == *a);
            if !keep {
                task.abort();
            }
            keep
        });
        for (addr, l) in opened {
            tcp.push((addr, self.env.spawn(accept(self.env.clone(), l, self.spread.clone()))));
        }
        Ok(())
    }

    /// The kinds of open listeners, as the log names them.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        let (tcp, unix) = (!self.tcp.borrow().is_empty(), self.unix.borrow().is_some());
        [(tcp, "tcp"), (unix, "unix")].into_iter().filter_map(|(open, name)| open.then_some(name))
    }

    /// Follows CONFIG SET for as long as the server runs.
    pub async fn follow(&self, engine: Arc<Engine>, mut requests: mpsc::UnboundedReceiver<Rebind>) {
        while let Some(answer) = requests.recv().await {
            let config = engine.shared.config.get();
            let _ = answer.send(self.open_tcp(&config).await);
        }
    }

    /// Stops listening.
    pub fn close(&self) {
        self.tcp.take().iter().for_each(|(_, t)| t.abort());
        self.unix.take().iter().for_each(Task::abort);
    }
}

/// Whether an address simply does not exist on this machine.
fn is_missing(e: &io::Error) -> bool {
    matches!(e.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported)
        || e.to_string().contains("Address family not supported")
}

async fn accept<E: Env>(env: E, mut listener: E::Listener, spread: Rc<Spread<E>>) {
    loop {
        match listener.accept().await {
            Ok(parcel) => spread.give(parcel),
            Err(e) => {
                tracing::warn!("Error accepting a client connection: {}", words(&e));
                env.sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
