//! The append-only file on a disk that lies: whatever happens to process, power and disk, what
//! is loaded is a prefix of what was executed, with everything in it that was promised, and
//! once the disk behaves all is promised again.
#![cfg(madsim)]
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // outside the simulation

use bytes::{Bytes, BytesMut};
use madsim::{
    rand::{Rng, thread_rng},
    time::{sleep, timeout},
};
use norn::{
    base::{clock::Clock, time::Now},
    config::{AppendFsync, Config},
    engine::{Engine, Worker},
    env::{Disk, DiskFile, Env, Open},
    keyspace::ops::Ops,
    persist::aof::{
        Reader,
        annotation::{self, Mark, Place},
    },
    protocol::Output,
    server::aof::{AofHandle, LoadRdb, Loaded, Store, load, start},
    session::{Session, clients::ClientInfo, shared::Boot},
};
use norn_sim::{
    disk::{DiskConfig, SimDisk, SimDisks},
    env::SimEnv,
    machine::{Crash, Machine},
    run::simulate,
};
use std::{
    sync::{Arc, Mutex, atomic::Ordering::SeqCst},
    time::Duration,
};

/// An element of the list.
struct Added {
    /// The journal's offset behind the operation that added it.
    offset: u64,
    /// When that was executed.
    second: f64,
    /// The first element of the same operation.
    operation: usize,
}

/// What was executed, in order.
#[derive(Default)]
struct History {
    added: Vec<Added>,
    /// How many of them survive whatever happens.
    promised: usize,
    rewrites: u32,
}

type Shared = Arc<Mutex<History>>;

/// Bases are of commands here, but for the empty one of the start.
struct NoRdb;

impl LoadRdb for NoRdb {
    async fn load_rdb(&mut self, _: &str) -> Result<u64, String> {
        // An empty file of ours: everything in it is header and end.
        Ok(u64::MAX)
    }

    fn progress(&mut self, _: u64) {}
}

struct Frozen(Now);

impl Clock for Frozen {
    fn now(&self) -> Now {
        self.0
    }
}

fn seconds(env: &SimEnv) -> f64 {
    env.mono().0 as f64 / 1e9
}

/// The elements of the list, as a client sees them.
fn elements(env: &SimEnv, engine: &Engine) -> Vec<usize> {
    let (mut worker, mut out) = (Worker::new(engine, 0, 1), Output::new());
    let mut session = Session::new(Arc::new(ClientInfo::default()), true);
    let clock = Frozen(env.now());
    let mut input = BytesMut::from(&b"LRANGE log 0 -1\r\n"[..]);
    engine.on_bytes(&mut worker, &mut session, &clock, &mut input, &mut out);
    let mut text = Vec::new();
    while let Some(chunk) = out.take_chunk() {
        text.extend_from_slice(&chunk);
    }
    let text = String::from_utf8(text).expect("numbers");
    text.lines().skip(1).filter(|line| !line.starts_with('$')).map(|n| n.parse().expect("a number")).collect()
}

/// One life of the server: loads, checks, and writes until the power goes.
async fn live(env: SimEnv, policy: AppendFsync, faults: DiskConfig, history: Shared, calm: Arc<Mutex<bool>>) {
    let mut config = Config::default();
    config.persistence.appendfsync = policy;
    config.persistence.aof_use_rdb_preamble = false;
    config.persistence.aof_timestamp_enabled = thread_rng().gen_bool(0.5);
    let engine = Engine::new(config, Boot::default(), 1, 7);
    let store = Store::new(env.disk().clone(), &engine.shared.config.get().persistence);
    if thread_rng().gen_bool(0.2) {
        visit(&env, &store, &engine.shared.config.get()).await;
    }
    let loaded = load(&env, &engine, &store, &mut NoRdb).await.unwrap_or_else(|e| panic!("cannot load: {e}"));
    if std::env::var("SEEDS").is_ok_and(|n| n == "1") {
        println!("{loaded:?}");
        for name in env.disk().list("appendonlydir").await.unwrap_or_default() {
            println!("{name}: {:?}", store.size(&name).await);
        }
    }
    check(&env, &engine, &history, &loaded);
    let mistrusted = loaded.mistrusted;
    let aof = start(&env, &engine, store, Some(loaded), 1).await.unwrap_or_else(|e| panic!("cannot start: {e}"));
    if !mistrusted {
        // What came back is there for good once the server is about to serve it. After a failed sync
        // nobody can know whether it is, so it takes the rewrite that follows.
        let mut h = history.lock().unwrap();
        h.promised = h.added.len();
    }
    SimDisks::current().configure(|c| *c = faults);
    let (env2, engine2, history2) = (env.clone(), engine.clone(), history.clone());
    env.spawn(async move { rewrite_sometimes(env2, engine2, aof, history2).await });
    loop {
        let wait_us = thread_rng().gen_range(10..20_000);
        env.sleep(Duration::from_micros(wait_us)).await;
        if *calm.lock().unwrap() {
            SimDisks::current().configure(|c| *c = DiskConfig::calm());
        }
        for _ in 0..thread_rng().gen_range(0..4) {
            if !engine.shared.journal.is_failing() {
                execute(&env, &engine, &history);
            }
        }
        note_promises(&env, &engine, policy, &history);
    }
}

/// Another server has been here: the commands in the last file have none of our lines.
async fn visit(env: &SimEnv, store: &Store<SimDisk>, config: &Config) {
    // It cuts off what is torn as we do.
    let engine = Engine::new(config.clone(), Boot::default(), 1, 7);
    load(env, &engine, store, &mut NoRdb).await.unwrap_or_else(|e| panic!("cannot load: {e}"));
    let manifest = store.manifest().await.expect("it was loaded");
    let Some(entry) = manifest.incr.last() else { return };
    let file = env.disk().open(&store.path(&entry.name), Open::Read).await.expect("it was loaded");
    let size = file.size().await.expect("the disk is calm");
    let (mut reader, mut text) = (Reader::new(), Vec::new());
    reader.feed(&file.read_at(0, size as usize).await.expect("the disk is calm"));
    reader.end();
    while let Some(run) = reader.next_run().expect("it was loaded") {
        text.extend_from_slice(&run);
    }
    if let Some(second) = thread_rng().gen_bool(0.5).then(|| thread_rng().gen_range(1..2_000_000_000u32)) {
        text.splice(0..0, format!("#TS:{second}\r\n").bytes());
    }
    store.write_new("temp-of-another-server", text.into()).await.expect("the disk is calm");
    env.disk().rename(&store.path("temp-of-another-server"), &store.path(&entry.name)).await.expect("the disk is calm");
    store.sync_dir().await.expect("the disk is calm");
}

fn check(env: &SimEnv, engine: &Engine, history: &Shared, loaded: &Loaded) {
    let list = elements(env, engine);
    let mut h = history.lock().unwrap();
    assert!(list.iter().copied().eq(0..list.len()), "not a prefix: {list:?}");
    assert!(list.len() >= h.promised, "{} of {} promised: {loaded:?}", list.len(), h.promised);
    assert!(list.len() <= h.added.len(), "{} of {} were executed", list.len(), h.added.len());
    let whole = list.is_empty() || list.len() == h.added.len() || h.added[list.len()].operation == list.len();
    assert!(whole, "half a transaction");
    h.added.truncate(list.len());
    // Offsets begin anew with each life; the first that says anything is 1.
    h.added.iter_mut().for_each(|added| added.offset = u64::from(loaded.mistrusted));
}

/// Adds elements, some of them in a transaction.
fn execute(env: &SimEnv, engine: &Engine, history: &Shared) {
    let mut h = history.lock().unwrap();
    let count = if thread_rng().gen_bool(0.2) { thread_rng().gen_range(2..5) } else { 1 };
    let padding = if thread_rng().gen_bool(0.1) { 2000 } else { 0 };
    let mut ops = Ops::default();
    ops.begin(true);
    let first = h.added.len();
    for i in first..first + count {
        ops.push(0, [&b"RPUSH"[..], b"log", i.to_string().as_bytes()].into_iter());
    }
    if padding > 0 {
        ops.push(0, [&b"SET"[..], b"padding", &vec![b'#'; padding]].into_iter());
    }
    let offset = engine.shared.journal.append(&ops, true);
    h.added.extend((0..count).map(|_| Added { offset, second: seconds(env), operation: first }));
}

fn note_promises(env: &SimEnv, engine: &Engine, policy: AppendFsync, history: &Shared) {
    let mut h = history.lock().unwrap();
    let (confirmed, synced, now) =
        (engine.shared.journal.confirmed(), engine.shared.aof.synced.load(SeqCst), seconds(env));
    let promised = match policy {
        AppendFsync::Always => h.added.iter().take_while(|a| a.offset <= confirmed).count(),
        // A sync may take three seconds.
        AppendFsync::EverySecond if !engine.shared.aof.is_failing() => {
            h.added.iter().take_while(|a| a.offset <= synced || a.second + 8.0 < now).count()
        }
        _ => 0,
    };
    h.promised = h.promised.max(promised);
}

async fn rewrite_sometimes(env: SimEnv, engine: Arc<Engine>, aof: AofHandle, history: Shared) {
    loop {
        let wait_ms = thread_rng().gen_range(50..3000);
        env.sleep(Duration::from_millis(wait_ms)).await;
        if thread_rng().gen_bool(0.5) && !engine.shared.aof.wants_rewrite() {
            continue;
        }
        if aof.begin_rewrite().await.is_err() {
            continue;
        }
        // The mark and the snapshot, under all locks.
        let len = history.lock().unwrap().added.len();
        engine.shared.journal.mark();
        let temp = "temp-rewriteaof.aof";
        let written = write_base(&env, temp, len).await;
        if written.is_err() || thread_rng().gen_bool(0.1) {
            aof.abort_rewrite().await;
        } else if aof.finish_rewrite(temp.into(), false).await.is_ok() {
            history.lock().unwrap().rewrites += 1;
        }
    }
}

/// The base that holds the first `len` elements.
async fn write_base(env: &SimEnv, path: &str, len: usize) -> std::io::Result<()> {
    let salt = env.rand_u64();
    let (mut text, mut data) = (annotation::header(salt), Vec::new());
    for i in 0..len {
        let i = i.to_string();
        data.extend(format!("*3\r\n$5\r\nRPUSH\r\n$3\r\nlog\r\n${}\r\n{i}\r\n", i.len()).bytes());
    }
    Mark::batch(&data, 0).push(Place { salt, at: text.len() as u64 }, None, &mut text);
    text.extend(data);
    Mark::end(0).push(Place { salt, at: text.len() as u64 }, None, &mut text);
    let mut file = env.disk().open(path, Open::Truncate).await?;
    let mut rest = Bytes::from(text);
    while !rest.is_empty() {
        let n = file.append(rest.clone()).await?;
        rest = rest.slice(n..);
    }
    file.sync().await
}

/// Several lives of one server.
async fn scenario(policy: AppendFsync) -> (usize, u32) {
    let (history, machine) = (Shared::default(), Machine::idle(1));
    for _ in 0..4 {
        let mut faults = DiskConfig::draw(&mut thread_rng());
        if thread_rng().gen_bool(0.5) {
            let chance = |p: f64| if thread_rng().gen_bool(0.5) { p } else { 0.0 };
            (faults.write_error, faults.sync_error) = (chance(0.02), chance(0.05));
            if chance(1.0) > 0.0 {
                faults.capacity = thread_rng().gen_range(20_000..200_000);
            }
        }
        let calm = Arc::new(Mutex::new(false));
        SimDisks::current().configure(|c| *c = DiskConfig::calm());
        let (h, c) = (history.clone(), calm.clone());
        let task = machine.spawn(move |env| live(env, policy, faults, h, c));
        // Some lives end while the server starts.
        let most_ms = if thread_rng().gen_bool(0.2) { 40 } else { 15_000 };
        let run_ms = thread_rng().gen_range(1..most_ms);
        let ended = timeout(Duration::from_millis(run_ms), task).await;
        assert!(ended.is_err(), "the server has ended by itself");
        if thread_rng().gen_bool(0.3) {
            // The disk behaves again: so must the server.
            *calm.lock().unwrap() = true;
            sleep(Duration::from_secs(30)).await;
            let h = history.lock().unwrap();
            let late = h.added.len() - h.promised;
            assert!(policy == AppendFsync::Never || late < 4000, "{late} are not promised");
            assert!(policy != AppendFsync::Always || late < 100, "{late} are not promised");
        }
        machine.crash(if thread_rng().gen_bool(0.3) { Crash::Process } else { Crash::Power });
        sleep(Duration::from_millis(10)).await;
        machine.restart();
    }
    let h = history.lock().unwrap();
    (h.added.len(), h.rewrites)
}

fn run_all(policy: AppendFsync) {
    let first = std::env::var("SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(0u64);
    let count = std::env::var("SEEDS").ok().and_then(|s| s.parse().ok()).unwrap_or(80u64);
    let (mut added, mut rewrites) = (0, 0);
    for seed in first..first + count {
        let outcome = simulate(seed, move || scenario(policy));
        let (a, r) = outcome.unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        (added, rewrites) = (added + a, rewrites + r);
    }
    println!("{added} elements, {rewrites} rewrites");
    assert!(count < 20 || rewrites > 20, "too few rewrites");
}

#[test]
fn always() {
    run_all(AppendFsync::Always);
}

#[test]
fn every_second() {
    run_all(AppendFsync::EverySecond);
}

#[test]
fn never() {
    run_all(AppendFsync::Never);
}

/// Starts the append-only file on what the disk holds; whether that was trusted.
async fn begin(env: &SimEnv) -> (Arc<Engine>, AofHandle, bool) {
    let mut config = Config::default();
    config.persistence.appendfsync = AppendFsync::Always;
    let engine = Engine::new(config, Boot::default(), 1, 7);
    let store = Store::new(env.disk().clone(), &engine.shared.config.get().persistence);
    let loaded = load(env, &engine, &store, &mut NoRdb).await.expect("it loads");
    let is_trusted = !loaded.mistrusted;
    let handle = start(env, &engine, store, Some(loaded), 1).await.expect("it starts");
    (engine, handle, is_trusted)
}

#[test]
fn a_failed_sync_is_remembered_although_the_disk_makes_no_file() {
    let run = || async {
        let machine = Machine::idle(1);
        let fail = move |env: SimEnv| async move {
            let (engine, _handle, is_trusted) = begin(&env).await;
            assert!(is_trusted);
            let inodes = SimDisks::current().usage(machine.node).inodes;
            SimDisks::current().configure(|c| (c.inodes, c.sync_error) = (inodes, 1.0));
            execute(&env, &engine, &Shared::default());
            while !engine.shared.aof.wants_rewrite() {
                env.sleep(Duration::from_millis(1)).await;
            }
        };
        machine.spawn(fail).await.expect("it writes");
        SimDisks::current().configure(|c| *c = DiskConfig::calm());
        machine.crash(Crash::Process);
        sleep(Duration::from_millis(10)).await;
        machine.restart();
        let again = |env: SimEnv| async move { assert!(!begin(&env).await.2, "the page cache is trusted") };
        machine.spawn(again).await.expect("it starts again");
    };
    simulate(1, run).unwrap_or_else(|e| panic!("{e}"));
}
