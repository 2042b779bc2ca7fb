//! Who writes keys, who moves them, and what must be found.

use super::{
    SLOTS,
    board::{Board, Key, Link, PORT},
};
use crate::{durable::client::words, env::SimEnv};
use norn::{base::prng::Prng, env::Env, protocol::value::Value};
use std::{
    sync::{
        Arc,
        atomic::Ordering::{Relaxed, SeqCst},
    },
    time::Duration,
};

/// What a client does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Work {
    Move,
    Write,
}

/// What became of a move.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    Moved,
    /// The key was not there.
    Nothing,
    /// Not, or of several keys not all.
    Refused,
    Unknown,
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
                let mut keys = vec![key.clone()];
                if client.rng.below(3) == 0 {
                    keys = (0..SLOTS as usize)
                        .filter(|s| *s == slot || client.rng.below(3) == 0)
                        .filter_map(|s| board.key(s))
                        .collect();
                }
                client.shift(&keys).await;
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
        let key = Key::new(name);
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
        if key.is_retired.load(SeqCst) {
            return;
        }
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

    /// Moves keys from one server to the other, and looks what became of them.
    async fn shift(&mut self, keys: &[Arc<Key>]) {
        let mut moving = Vec::new();
        for key in keys {
            moving.push(key.moving.lock().await);
        }
        if self.rng.below(6) == 0 {
            self.replace(keys).await;
            return;
        }
        let (from, copy) = (self.side(), self.rng.below(8) == 0);
        let was_tainted: Vec<bool> = keys.iter().map(|key| key.is_tainted.load(SeqCst)).collect();
        let end = self.migrate(keys, from, if copy { "COPY" } else { "" }).await;
        if end == End::Unknown && self.rng.below(4) > 0 || end == End::Nothing {
            return;
        }
        for (key, was_tainted) in keys.iter().zip(was_tainted) {
            let _guard = key.writing.lock().await;
            let found = self.look(key).await;
            let what = format!("{} from server {from}: {end:?}, then {found:?}", key.name);
            if end == End::Moved && !was_tainted && !copy {
                assert!(found[from].is_none() && found[1 - from].is_some(), "not moved: {what}");
            }
            // Of several keys some may have arrived.
            assert!(end != End::Refused || keys.len() > 1 || found[from].is_some(), "the source has lost it: {what}");
            if found[0].is_some() && found[1].is_some() {
                assert!(key.is_tainted.load(SeqCst), "two copies: {what}");
                self.resolve(key, found).await;
            }
        }
    }

    /// Moves those of the keys whose newest version is where that of the first one is, whatever the other
    /// server has.
    async fn replace(&mut self, keys: &[Arc<Key>]) {
        let (mut writing, mut together, mut versions) = (Vec::new(), Vec::new(), Vec::new());
        let mut from = None;
        for key in keys {
            let guard = key.writing.lock().await;
            let found = self.look(key).await;
            let newest = usize::from(found[1] > found[0]);
            if *from.get_or_insert(newest) == newest {
                writing.push(guard);
                together.push(key.clone());
                versions.push(found[newest]);
            }
        }
        let from = from.expect("there is a key");
        let end = self.migrate(&together, from, "REPLACE").await;
        for (key, version) in together.iter().zip(versions) {
            if end != End::Moved {
                key.is_retired.store(true, SeqCst);
                continue;
            }
            let found = self.look(key).await;
            let what = format!("{} version {version:?} from server {from}, then {found:?}", key.name);
            assert!(found[1 - from] == version, "not replaced: {what}");
            assert!(found[from].is_none() || key.is_tainted.load(SeqCst), "not moved: {what}");
            self.board.tally.replaced.fetch_add(1, Relaxed);
        }
    }

    /// Asks for a move, and notes what may follow from the answer.
    async fn migrate(&mut self, keys: &[Arc<Key>], from: usize, option: &str) -> End {
        let ip = self.board.hosts[1 - from].machine.ip;
        let timeout_ms = 1 + self.rng.below(self.board.habits.timeout_ms);
        let alone = keys.len() == 1 && self.rng.below(4) > 0;
        let name = if alone { &keys[0].name } else { "" };
        let mut request: Vec<Vec<u8>> = words(&format!("MIGRATE {ip} {PORT} {name} 0 {timeout_ms}"));
        if !option.is_empty() {
            request.push(option.into());
        }
        if !alone {
            request.push(b"KEYS".to_vec());
            request.extend(keys.iter().map(|key| key.name.clone().into_bytes()));
        }
        let reply = self.ask(from, &request).await;
        let t = &self.board.tally;
        let taint = || keys.iter().for_each(|key| key.is_tainted.store(true, SeqCst));
        match reply.as_ref().map(|r| (r, r.error())) {
            Some((Value::Simple(text), _)) if text == b"OK" => {
                t.moved.fetch_add(1, Relaxed);
                t.several.fetch_add(u64::from(keys.len() > 1), Relaxed);
                if option == "COPY" {
                    taint();
                }
                End::Moved
            }
            Some((Value::Simple(text), _)) if text == b"NOKEY" => End::Nothing,
            Some((_, Some(text))) => {
                t.failed.fetch_add(1, Relaxed);
                let text = text.strip_prefix(b"ERR Target instance replied with error: ").unwrap_or(text);
                // Another answer than BUSYKEY says that the key is not there.
                if keys.len() > 1 || text.starts_with(b"IOERR") || text.starts_with(b"BUSYKEY") {
                    taint();
                }
                let known: [&[u8]; 5] = [b"IOERR", b"BUSYKEY", b"LOADING", b"MISCONF", b"ERR"];
                assert!(known.iter().any(|k| text.starts_with(k)), "MIGRATE: {reply:?}");
                End::Refused
            }
            None => {
                t.unknown.fetch_add(1, Relaxed);
                taint();
                End::Unknown
            }
            Some(other) => panic!("MIGRATE: {other:?}"),
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
