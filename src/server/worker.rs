//! One worker: a thread in production, a task in the simulator. What its connections
//! share lives here and never leaves it.

use super::{connection, migrate::Links};
use crate::{
    base::{
        clock::Clock,
        time::{Mono, Now},
    },
    engine::{Engine, Worker},
    env::{Env, Listener, words},
};
use bytes::BytesMut;
use std::{cell::RefCell, rc::Rc, sync::Arc};
use tokio::sync::mpsc;

/// Bytes read from a socket at once.
const READ_BYTES: usize = 64 << 10;
/// Spare reply buffers larger than this are not kept.
const SPARE_BYTES: usize = 128 << 10;

/// A connection on its way to the worker that will serve it.
pub type Parcel<E> = <<E as Env>::Listener as Listener>::Parcel;

/// What the connections of one worker share.
pub struct Local<E: Env> {
    pub env: E,
    pub engine: Arc<Engine>,
    pub worker: RefCell<Worker>,
    /// Where requests are read into, as long as they arrive whole: an idle connection
    /// owns no buffer.
    pub read: RefCell<BytesMut>,
    spare: RefCell<Vec<u8>>,
    pub shell: super::ShellHandle,
    /// Connections to the targets of MIGRATE.
    pub links: RefCell<Links<E::Stream>>,
}

impl<E: Env> Local<E> {
    pub fn new(env: E, engine: Arc<Engine>, index: usize, shell: super::ShellHandle) -> Rc<Local<E>> {
        let worker = RefCell::new(Worker::new(&engine, index, env.rand_u64()));
        let read = RefCell::new(BytesMut::with_capacity(READ_BYTES));
        Rc::new(Local { env, engine, worker, read, spare: RefCell::default(), shell, links: RefCell::default() })
    }

    /// The spare reply buffer.
    pub fn take_spare(&self) -> Vec<u8> {
        self.spare.take()
    }

    /// Hands a reply buffer to the next connection that needs one.
    pub fn put_spare(&self, vec: Vec<u8>) {
        if vec.capacity() <= SPARE_BYTES {
            self.spare.replace(vec);
        }
    }
}

impl<E: Env> Clock for Local<E> {
    #[inline]
    fn now(&self) -> Now {
        self.env.now()
    }

    #[inline]
    fn mono(&self) -> Mono {
        self.env.mono()
    }
}

/// Serves the connections that arrive, until nobody can send any more.
pub async fn run<E: Env>(local: Rc<Local<E>>, mut inbox: mpsc::UnboundedReceiver<Parcel<E>>) {
    while let Some(parcel) = inbox.recv().await {
        match <E::Listener as Listener>::open(parcel) {
            Ok(stream) => {
                let local2 = local.clone();
                local.env.spawn(async move { connection::serve(local2, stream).await });
            }
            Err(e) => tracing::debug!("Error accepting a client connection: {}", words(&e)),
        }
    }
}
