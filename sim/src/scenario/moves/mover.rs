//! Who writes keys, who moves them, and what must be found.

use super::board::{Board, Key, Link, PORT};
use crate::{durable::client::words, env::SimEnv};
use norn::{base::prng::Prng, env::Env, protocol::value::Value};
use std::{
    sync::{
        Arc,
        atomic::{
            AtomicBool, AtomicU64,
            Ordering::{Relaxed, SeqCst},
        },
    },
    time::Duration,
};

/// What a client does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Work {
    Move,
    Write,
}

/// Keys of versions that have one expire this long after the simulation's beginning, and later.
const EXPIRY_MS: u64 = 10_000_000_000_000;
const EXPIRY_STEP_MS: u64 = 10_000_000;
/// After so many moves of a slot's key another takes its place; sooner after an unknown outcome.
const MOVES: u64 = 40;

/// A client's connections to both servers.
struct Client {
    env: SimEnv,
    board: Arc<Board>,
    links: [Link; 2],
    rng: Prng,
}

/// The value of a version: itself and padding.
fn value(version: u64, padding_bytes: u64) -> Vec<u8> {
    let len = version.wrapping_mul(0x9E37_79B9_7F4A_7C15) % padding_bytes.max(1);
    let mut text = format!("{version}:").into_bytes();
    text.extend((0..len).map(|i| (version ^ i ^ i >> 8) as u8));
    text
}

/// When a version expires.
fn expiry_ms(version: u64) -> Option<u64> {
    (!version.is_multiple_of(3)).then(|| EXPIRY_MS + version * EXPIRY_STEP_MS)
}

/// A SET of a version.
fn set(key: &Key, version: u64, padding_bytes: u64) -> Vec<Vec<u8>> {
    let mut request = words(&format!("SET {} V", key.name));
    request[2] = value(version, padding_bytes);
    if let Some(at) = expiry_ms(version) {
        request.extend(words(&format!("PXAT {at}")));
    }
    request
}

/// Writes or moves what a slot has until told to stop.
pub async fn live(env: SimEnv, board: Arc<Board>, slot: usize, work: Work, seed: u64) {
    board.busy.fetch_add(1, Relaxed);
    let links = Default::default();
    let mut client = Client { env, board: board.clone(), links, rng: Prng::new(seed) };
    while !board.stop.load(SeqCst) {
        let h = board.habits;
        let pause_ms = if work == Work::Move { h.move_ms } else { h.write_ms };
        let pause_us = client.rng.below(2_000 * pause_ms);
        client.env.sleep(Duration::from_micros(pause_us)).await;
        match (board.key(slot), work) {
            (Some(key), Work::Write) => client.write(&key).await,
            (Some(key), Work::Move) => {
                client.shift(&key).await;
                let tired = if key.is_tainted.load(SeqCst) { MOVES / 8 } else { MOVES };
                if client.rng.below(tired) == 0 {
                    client.create(slot).await;
                }
            }
            (None, Work::Move) => client.create(slot).await,
            (None, Work::Write) => {}
        }
    }
    board.busy.fetch_sub(1, Relaxed);
}

impl Client {
    async fn ask(&mut self, at: usize, request: &[Vec<u8>]) -> Option<Value> {
        let reply = self.board.ask(&self.env, &mut self.links[at], at, request).await?;
        let passing: [&[u8]; 2] = [b"LOADING", b"MASTERDOWN"];
        match reply.error() {
            // It was not done either.
            Some(text) if passing.iter().any(|p| text.starts_with(p)) => {
                self.env.sleep(Duration::from_millis(5)).await;
                None
            }
            _ => Some(reply),
        }
    }

    /// Asks until there is an answer.
    async fn insist(&mut self, at: usize, request: &[Vec<u8>]) -> Value {
        loop {
            if let Some(reply) = self.ask(at, request).await {
                return reply;
            }
        }
    }

    /// Begins a slot's next key, if it can be known to be there.
    async fn create(&mut self, slot: usize) {
        let (name, at) = (format!("k{slot}:{}:{}", self.board.epoch(slot), self.rng.below(1 << 30)), self.side());
        let key = Key {
            name,
            writing: tokio::sync::Mutex::new(()),
            tried: AtomicU64::new(1),
            acknowledged: AtomicU64::new(1),
            is_tainted: AtomicBool::new(false),
        };
        let request = set(&key, 1, self.board.habits.padding_bytes);
        if let Some(reply) = self.ask(at, &request).await {
            assert_eq!(reply, Value::Simple(b"OK".to_vec()), "a new key");
            self.board.renew(slot, key);
        }
    }

    fn side(&mut self) -> usize {
        self.rng.below(2) as usize
    }

    /// Writes the next version, where there is one.
    async fn write(&mut self, key: &Key) {
        let guard = key.writing.lock().await;
        let version = key.tried.fetch_add(1, SeqCst) + 1;
        let mut request = set(key, version, self.board.habits.padding_bytes);
        request.push(b"XX".to_vec());
        let at = self.side();
        match self.ask(at, &request).await {
            Some(Value::Simple(_)) => {
                key.acknowledged.store(version, SeqCst);
                self.board.tally.written.fetch_add(1, Relaxed);
            }
            Some(Value::NullBulk) | None => {}
            Some(other) => panic!("{} version {version}: {other:?}", key.name),
        }
        drop(guard);
    }

    /// Moves a key from one server to the other, and looks what became of it.
    async fn shift(&mut self, key: &Key) {
        let (from, t) = (self.side(), &self.board.clone().tally);
        let ip = self.board.hosts[1 - from].machine.ip;
        let timeout_ms = 1 + self.rng.below(self.board.habits.timeout_ms);
        let copy = if self.rng.below(8) == 0 { " COPY" } else { "" };
        let request = words(&format!("MIGRATE {ip} {PORT} {} 0 {timeout_ms}{copy}", key.name));
        let was_tainted = key.is_tainted.load(SeqCst);
        let reply = self.ask(from, &request).await;
        let is = |reply: &Option<Value>, prefix: &[u8]| {
            reply.as_ref().and_then(Value::error).is_some_and(|e| e.starts_with(prefix))
        };
        let mut stays = false;
        match &reply {
            Some(Value::Simple(text)) if text == b"OK" => {
                t.moved.fetch_add(1, Relaxed);
                key.is_tainted.fetch_or(!copy.is_empty(), SeqCst);
            }
            Some(Value::Simple(text)) if text == b"NOKEY" => {}
            Some(Value::Error(_)) if is(&reply, b"IOERR") => {
                t.failed.fetch_add(1, Relaxed);
                key.is_tainted.store(true, SeqCst);
                stays = true;
            }
            Some(Value::Error(_)) if is(&reply, b"ERR Target instance replied with error: ") => {
                t.failed.fetch_add(1, Relaxed);
                // Another answer than BUSYKEY says that the key is not there.
                if is(&reply, b"ERR Target instance replied with error: BUSYKEY") {
                    key.is_tainted.store(true, SeqCst);
                }
                stays = true;
            }
            None => {
                t.unknown.fetch_add(1, Relaxed);
                key.is_tainted.store(true, SeqCst);
            }
            Some(other) => panic!("MIGRATE {}: {other:?}", key.name),
        }
        let moved = reply == Some(Value::Simple(b"OK".to_vec()));
        if moved || stays || self.rng.below(4) == 0 {
            let _guard = key.writing.lock().await;
            let found = self.look(key).await;
            let what = format!("{} from server {from}: {reply:?}, then {found:?}", key.name);
            if moved && !was_tainted && copy.is_empty() {
                assert!(found[from].is_none() && found[1 - from].is_some(), "not moved: {what}");
            }
            if stays {
                assert!(found[from].is_some(), "the source has lost it: {what}");
            }
            if found[0].is_some() && found[1].is_some() {
                assert!(key.is_tainted.load(SeqCst), "two copies: {what}");
                self.resolve(key, found).await;
            }
        }
    }

    /// The versions that both servers have; nobody writes or moves it.
    async fn look(&mut self, key: &Key) -> [Option<u64>; 2] {
        let mut found = [None; 2];
        for at in [0, 1] {
            found[at] = self.version(key, at).await;
        }
        let newest = found.iter().flatten().max();
        let acknowledged = key.acknowledged.load(SeqCst);
        let Some(&newest) = newest else { panic!("{} is gone from both", key.name) };
        assert!(newest >= acknowledged, "{}: version {acknowledged} was acknowledged: {found:?}", key.name);
        assert!(newest <= key.tried.load(SeqCst), "{}: {found:?} was never written", key.name);
        self.board.tally.looks.fetch_add(1, Relaxed);
        found
    }

    /// The version that a server has, which must be whole.
    async fn version(&mut self, key: &Key, at: usize) -> Option<u64> {
        loop {
            let Value::Bulk(text) = self.insist(at, &words(&format!("GET {}", key.name))).await else { return None };
            let Value::Int(expiry) = self.insist(at, &words(&format!("PEXPIRETIME {}", key.name))).await else {
                panic!("PEXPIRETIME gives a number")
            };
            if expiry == -2 {
                // It has left in between, at the end of a move that nobody waits for.
                continue;
            }
            let digits: Vec<u8> = text.iter().copied().take_while(u8::is_ascii_digit).collect();
            let version: u64 = String::from_utf8(digits).expect("digits").parse().expect("a version");
            assert!(text == value(version, self.board.habits.padding_bytes), "{}: not whole", key.name);
            // The time of a move is not taken off.
            let late_ms = expiry - expiry_ms(version).map_or(-1, |ms| ms as i64);
            let most_ms = if expiry_ms(version).is_some() { EXPIRY_STEP_MS as i64 / 2 } else { 0 };
            assert!((0..=most_ms).contains(&late_ms), "{} version {version} expires {expiry}", key.name);
            return Some(version);
        }
    }

    /// Of two copies, deletes the older.
    async fn resolve(&mut self, key: &Key, found: [Option<u64>; 2]) {
        let older = usize::from(found[0] > found[1]);
        let _ = self.insist(older, &words(&format!("DEL {}", key.name))).await;
    }
}

/// Looks at every key once more and moves it to the other server.
pub async fn settle(env: SimEnv, board: Arc<Board>, keys: Vec<Arc<Key>>, seed: u64) {
    let mut client = Client { env, board: board.clone(), links: Default::default(), rng: Prng::new(seed) };
    for key in keys {
        let found = client.look(&key).await;
        let from = usize::from(found[1] > found[0]);
        let ip = board.hosts[1 - from].machine.ip;
        let request = words(&format!("MIGRATE {ip} {PORT} {} 0 5000 REPLACE", key.name));
        let reply = client.ask(from, &request).await;
        assert_eq!(reply, Some(Value::Simple(b"OK".to_vec())), "{} in peace", key.name);
        let after = client.look(&key).await;
        assert_eq!((after[from], after[1 - from]), (None, found[from]), "{} in peace", key.name);
    }
    board.settled.store(true, SeqCst);
}
