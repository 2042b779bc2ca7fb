//! What every environment promises, as tests that run against any of them.
//!
//! `tests/env_contract.rs` runs these cases on the kernel's sockets and files, `norn-sim
//! contract` on the simulated ones. A simulator is worth as much as its likeness to the real
//! thing, so whatever the server relies on belongs here, and a surprise met in production
//! becomes a case before the simulator learns it.
//!
//! A case panics where a promise is broken. Cases share nothing: each gets its own
//! environment, directory and addresses.

mod clock;
mod disk;
mod listener;
mod stream;

use super::{Addr, BindOpts, Env, Listener};
use std::{future::Future, net::IpAddr, net::SocketAddr, pin::Pin};

/// Where a case may listen and write.
#[derive(Clone, Debug)]
pub struct Place {
    /// An address of this host.
    pub ip: IpAddr,
    /// An existing directory for unix sockets, as `bind` understands paths.
    pub socket_dir: String,
}

/// A boxed run of a case.
pub type Run = Pin<Box<dyn Future<Output = ()>>>;

/// One promise.
pub struct Case<E> {
    /// `part/what`, as a failure names it.
    pub name: &'static str,
    /// Panics if the promise is broken.
    pub run: fn(E, Place) -> Run,
}

/// Every case; the environment handed to each is fresh, with an empty disk.
pub fn cases<E: Env>() -> Vec<Case<E>> {
    let mut all = Vec::new();
    clock::add_cases(&mut all);
    stream::add_cases(&mut all);
    listener::add_cases(&mut all);
    disk::add_cases(&mut all);
    all
}

/// Lists functions `async fn name(env: E, place: Place)` of a module as cases.
macro_rules! promises {
    ($part:literal: $($name:ident),+ $(,)?) => {
        pub(super) fn add_cases<E: $crate::env::Env>(all: &mut Vec<$crate::env::contract::Case<E>>) {
            $(all.push($crate::env::contract::Case {
                name: concat!($part, "/", stringify!($name)),
                run: |env, place| Box::pin($name(env, place)),
            });)+
        }
    };
}
use promises;

impl Place {
    /// An address of which the port is still to be chosen.
    fn any_port(&self) -> Addr {
        Addr::Tcp(SocketAddr::new(self.ip, 0))
    }

    /// A unix socket of that name.
    fn socket(&self, name: &str) -> Addr {
        Addr::Unix(format!("{}/{name}", self.socket_dir))
    }
}

const OPTS: BindOpts = BindOpts { backlog: 128, unix_mode: None };

/// A listener on a free port and the address it got.
async fn listen<E: Env>(env: &E, place: &Place) -> (E::Listener, Addr) {
    let listener = env.bind(&place.any_port(), OPTS).await.expect("bind");
    let addr = listener.local_addr().expect("local_addr");
    (listener, addr)
}

/// A connected pair: the connecting end, the accepting end.
async fn pair<E: Env>(env: &E, place: &Place) -> (E::Stream, E::Stream) {
    let (mut listener, addr) = listen(env, place).await;
    let (client, parcel) = tokio::join!(env.connect(&addr), listener.accept());
    let server = E::Listener::open(parcel.expect("accept")).expect("open");
    (client.expect("connect"), server)
}

/// `n` bytes that reveal loss, repetition and reordering.
fn pattern(n: usize) -> Vec<u8> {
    (0..n).map(|i| ((i * 31) ^ (i >> 8)) as u8).collect()
}
