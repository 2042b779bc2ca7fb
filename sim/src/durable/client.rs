//! A client that asks for one thing at a time and notes what it was promised.

use super::{draw, life::Life};
use crate::env::SimEnv;
use bytes::{Buf, BytesMut};
use norn::{
    base::prng::Prng,
    env::{Addr, Env, Stream},
    protocol::value::{Value, encode_command},
    session::clients::ClientInfo,
};
use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{
            AtomicBool,
            Ordering::{Relaxed, SeqCst},
        },
    },
    time::Duration,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// How clients behave in one life of the server.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    pub clients: u64,
    pub requests: u64,
    pub think_ms: u64,
    /// Chance that a large value is large indeed.
    pub big: f64,
}

/// How often a client looks whether the server's life is over.
const LOOK: Duration = Duration::from_millis(50);

/// A connection.
pub struct Wire<S> {
    stream: S,
    buf: BytesMut,
}

impl<S: Stream> Wire<S> {
    pub fn new(stream: S) -> Wire<S> {
        Wire { stream, buf: BytesMut::new() }
    }

    /// Asks and waits for the reply.
    pub async fn ask(&mut self, words: &[Vec<u8>]) -> io::Result<Value> {
        let slices: Vec<&[u8]> = words.iter().map(|w| &w[..]).collect();
        let mut request = Vec::new();
        encode_command(&slices, &mut request);
        self.stream.write_all(&request).await?;
        loop {
            if let Some((value, len)) = Value::parse(&self.buf).expect("a well-formed reply") {
                self.buf.advance(len);
                return Ok(value);
            }
            if self.stream.read_buf(&mut self.buf).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// Words of a request.
pub fn words(text: &str) -> Vec<Vec<u8>> {
    text.split(' ').map(|word| word.as_bytes().to_vec()).collect()
}

/// Whether the server could make nothing of a request: the workload does not ask for that.
fn is_nonsense(reply: &Value) -> bool {
    let signs: [&[u8]; 4] = [b"ERR syntax", b"ERR unknown", b"ERR wrong number", b"ERR Invalid"];
    reply.error().is_some_and(|e| signs.iter().any(|sign| e.starts_with(sign)))
}

/// Does something until it is done or the server's life is over.
pub async fn while_alive<T>(env: &SimEnv, life: &Life, f: impl Future<Output = T>) -> Option<T> {
    unless(env, &life.over, f).await
}

/// Does something until it is done or nobody wants it any more.
pub async fn unless<T>(env: &SimEnv, over: &AtomicBool, f: impl Future<Output = T>) -> Option<T> {
    let over = async {
        while !over.load(SeqCst) {
            env.sleep(LOOK).await;
        }
    };
    tokio::select! { biased; done = f => Some(done), () = over => None }
}

/// Lives one client's life against one life of the server.
pub async fn live(env: SimEnv, life: Arc<Life>, server: SocketAddr, habits: Habits, seed: u64) {
    let mut rng = Prng::new(seed);
    let all = async {
        // Who is cut off does not come back.
        let _ = talk(&env, &life, server, habits, &mut rng).await;
    };
    while_alive(&env, &life, all).await;
}

async fn talk(env: &SimEnv, life: &Life, server: SocketAddr, habits: Habits, rng: &mut Prng) -> io::Result<()> {
    let stream = env.connect(&Addr::Tcp(server)).await?;
    let name = match stream.local_addr()? {
        Addr::Tcp(addr) => addr.to_string(),
        Addr::Unix(path) => path,
    };
    let mut wire = Wire::new(stream);
    wire.ask(&words("PING")).await?;
    let mut all = life.engine.shared.clients.all().into_iter();
    let Some(info): Option<Arc<ClientInfo>> = all.find(|c| c.addr == name) else {
        return Err(io::ErrorKind::NotConnected.into());
    };
    for _ in 0..habits.requests {
        for request in draw::unit(rng, env.wall().0, habits.big) {
            let reply = wire.ask(&request).await?;
            assert!(!is_nonsense(&reply), "{request:?}: {reply:?}");
            life.acknowledge(env.mono().0, info.journal_offset.load(Relaxed));
            if reply.error().is_some_and(|e| e.starts_with(b"MISCONF")) {
                life.refused.fetch_add(1, Relaxed);
            }
        }
        env.sleep(Duration::from_millis(rng.below(habits.think_ms + 1))).await;
    }
    Ok(())
}
