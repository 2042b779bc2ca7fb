//! What durability costs: the append-only file, snapshots, and loading either again.
//!
//! Both servers work in directories side by side on one disk. What is loaded was written by the
//! peer, so that both read the same bytes, which lie in the page cache. A snapshot is made three
//! times: with nobody else at work, for its time; beside one client that reads, for how much
//! longer that one waits; and while every key is written again, for how much memory that takes.

use super::common::{Place, Server, Value};
use super::load::{Keys, Load, Reply, Template};
use super::table::{Judged, Row, median, print};
use super::{Pair, Side, process};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

/// Rounds of each server in what takes long.
const ROUNDS: usize = 3;
/// Keys, or commands, of a file that is loaded.
const LOADED: u64 = 10_000_000;
/// Keys that those commands are about.
const LOADED_KEYS: u64 = 2_000_000;
/// Keys of a data set that is saved.
const SAVED: u64 = 10_000_000;
const VALUE_100: &str =
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789";
/// How long a client reads from a server that does nothing else.
const QUIET: Duration = Duration::from_secs(5);

pub fn run(pair: &Pair, wanted: &dyn Fn(&str) -> bool) -> io::Result<()> {
    if wanted("file-everysec") {
        everysec(pair)?;
    }
    if wanted("file-always") {
        always(pair)?;
    }
    if wanted("file-load-rdb") {
        load_rdb(pair)?;
    }
    if wanted("file-load-aof") {
        load_aof(pair)?;
    }
    if wanted("file-save") {
        save(pair)?;
    }
    Ok(())
}

/// The options of an append-only file that is not rewritten meanwhile.
fn appending(policy: &'static str) -> [&'static str; 6] {
    ["--appendonly", "yes", "--appendfsync", policy, "--auto-aof-rewrite-percentage", "0"]
}

/// Runs rounds of SETs on both servers in turns; the medians of `figure`, which is given the CPU
/// seconds used, the operations and the time they took.
fn sets(
    pair: &Pair,
    policy: &'static str,
    depth: usize,
    ops: u64,
    figure: impl Fn(f64, u64, Duration) -> f64,
) -> io::Result<[f64; 2]> {
    let servers = [Side::Ours, Side::Peer].map(|side| pair.start(side, &appending(policy)));
    let mut loads = [Load::connect(servers[0].port, 50)?, Load::connect(servers[1].port, 50)?];
    let mut figures = [vec![], vec![]];
    for round in 0..7 {
        for side in if round % 2 == 0 { [0, 1] } else { [1, 0] } {
            let before = process::cpu_s(servers[side].pid())?;
            let (ops, took) = loads[side].run(&Template::set(), depth, ops, Keys::Random(1_000_000))?;
            figures[side].push(figure(process::cpu_s(servers[side].pid())? - before, ops, took));
        }
    }
    Ok(figures.map(median))
}

fn everysec(pair: &Pair) -> io::Result<()> {
    let [ours, peer] = sets(pair, "everysec", 16, 1_000_000, |cpu_s, ops, _| cpu_s * 1e6 / ops as f64)?;
    let figure = "SET with appendfsync everysec, 16 deep: server CPU per op".to_owned();
    print(&Row { figure, unit: "us", ours, peer, judged: Judged::RatioDown, must: 0.8, aim: 0.5 });
    Ok(())
}

fn always(pair: &Pair) -> io::Result<()> {
    let [ours, peer] = sets(pair, "always", 1, 50_000, |_, ops, took| ops as f64 / took.as_secs_f64() / 1000.0)?;
    let figure = "SET with appendfsync always, 50 clients: throughput".to_owned();
    print(&Row { figure, unit: "k/s", ours, peer, judged: Judged::RatioUp, must: 1.0, aim: 3.0 });
    Ok(())
}

/// Fills a server of the peer's with `ops` keys of short values drawn from `keys`.
fn peer_with(pair: &Pair, options: &[&str], ops: u64, keys: Keys) -> io::Result<Server> {
    let server = pair.start_unpinned(Side::Peer, options);
    Load::connect(server.port, 1)?.run(&Template::set(), 100, ops, keys)?;
    Ok(server)
}

fn load_rdb(pair: &Pair) -> io::Result<()> {
    let server = peer_with(pair, &[], LOADED, Keys::From(0))?;
    expect(&server, &["SAVE"], |reply| *reply == Value::Simple(b"OK".to_vec()))?;
    let figure = "load of an RDB file of 10M keys".to_owned();
    let [ours, peer] = starts(pair, &server.dir, &[])?;
    print(&Row { figure, unit: "s", ours, peer, judged: Judged::RatioDown, must: 0.6, aim: 0.35 });
    Ok(())
}

fn load_aof(pair: &Pair) -> io::Result<()> {
    let options = appending("no");
    let mut server = peer_with(pair, &options, LOADED, Keys::Random(LOADED_KEYS))?;
    // What it has not written yet, it writes at its end.
    server.client().send(&[b"SHUTDOWN"]);
    server.wait();
    let figure = "load of an append-only file of 10M commands".to_owned();
    let [ours, peer] = starts(pair, &server.dir, &options)?;
    print(&Row { figure, unit: "s", ours, peer, judged: Judged::RatioDown, must: 0.7, aim: 0.4 });
    Ok(())
}

/// Seconds from the start of each server with the files of `dir` until it serves.
fn starts(pair: &Pair, dir: &Path, options: &[&str]) -> io::Result<[f64; 2]> {
    let mut figures = [vec![], vec![]];
    for round in 0..ROUNDS {
        for side in if round % 2 == 0 { [0, 1] } else { [1, 0] } {
            let place = Place::new();
            link_all(dir, &place.0)?;
            let command = pair.command([Side::Ours, Side::Peer][side], options);
            let start = Instant::now();
            let server = Server::start_prepared(command, |here| link_all(&place.0, here).expect("links to files"));
            figures[side].push(start.elapsed().as_secs_f64());
            drop(server);
        }
    }
    Ok(figures.map(median))
}

/// Makes links to all files in a directory and those in it, but to logs.
fn link_all(from: &Path, to: &Path) -> io::Result<()> {
    for file in fs::read_dir(from)? {
        let file = file?;
        let target = to.join(file.file_name());
        if file.file_type()?.is_dir() {
            fs::create_dir_all(&target)?;
            link_all(&file.path(), &target)?;
        } else if file.file_name() != "stdout" {
            fs::hard_link(file.path(), target)?;
        }
    }
    Ok(())
}

/// What one server's snapshots showed.
struct Saves {
    /// Seconds, when nobody else is at work.
    alone_s: f64,
    /// The 99.9th percentile of a reader's waits during it, over the same without.
    wait: f64,
    /// Resident bytes at the peak while every key is written again, over before.
    memory: f64,
}

fn save(pair: &Pair) -> io::Result<()> {
    let [ours, peer] = [saves(pair, Side::Ours)?, saves(pair, Side::Peer)?];
    let line = |what: &str, unit, f: fn(&Saves) -> f64, judged, (must, aim)| {
        let figure = format!("BGSAVE of 10M keys with 100-byte values: {what}");
        print(&Row { figure, unit, ours: f(&ours), peer: f(&peer), judged, must, aim });
    };
    line("wall time", "s", |s| s.alone_s, Judged::RatioDown, (1.5, 0.8));
    line("p99.9 of GET over quiet", "x", |s| s.wait, Judged::Ours, (2.0, 1.2));
    line("peak RSS with every key rewritten, over before", "x", |s| s.memory, Judged::Ours, (1.1, 1.03));
    Ok(())
}

fn saves(pair: &Pair, side: Side) -> io::Result<Saves> {
    let server = pair.start_unpinned(side, &[]);
    let set = Template::new(&["SET", "{key}", VALUE_100], Reply::OK);
    Load::connect(server.port, 1)?.run(&set, 100, SAVED, Keys::From(0))?;
    let start = Instant::now();
    begin(&server)?;
    finish(&server)?;
    let alone_s = start.elapsed().as_secs_f64();

    let quiet = reading(&server, || {
        thread::sleep(QUIET);
        Ok(())
    })?;
    let busy = reading(&server, || begin(&server).and_then(|()| finish(&server)))?;

    let before = process::rss_bytes(server.pid())?;
    let done = AtomicBool::new(false);
    let peak = thread::scope(|scope| {
        let sampler = scope.spawn(|| peak_rss_bytes(&server, &done));
        let worked = begin(&server)
            .and_then(|()| Load::connect(server.port, 1)?.run(&set, 64, SAVED, Keys::From(0)).map(drop))
            .and_then(|()| finish(&server));
        done.store(true, Relaxed);
        worked.and_then(|()| sampler.join().expect("the sampler"))
    })?;
    Ok(Saves { alone_s, wait: busy / quiet, memory: peak as f64 / before as f64 })
}

fn expect(server: &Server, command: &[&str], good: impl FnOnce(&Value) -> bool) -> io::Result<()> {
    let words: Vec<&[u8]> = command.iter().map(|word| word.as_bytes()).collect();
    let reply = server.client().cmd(&words);
    if good(&reply) { Ok(()) } else { Err(io::Error::other(format!("{command:?} replied {reply:?}"))) }
}

fn begin(server: &Server) -> io::Result<()> {
    expect(server, &["BGSAVE"], |reply| matches!(reply, Value::Simple(_)))
}

/// Waits for the snapshot that is being made, which must succeed.
fn finish(server: &Server) -> io::Result<()> {
    let mut client = server.client();
    loop {
        let info = client.cmd(&["INFO", "persistence"]);
        let Value::Bulk(text) = &info else { return Err(io::Error::other(format!("INFO replied {info:?}"))) };
        let text = String::from_utf8_lossy(text);
        if text.contains("rdb_bgsave_in_progress:0\r") {
            let good = text.contains("rdb_last_bgsave_status:ok\r");
            return if good { Ok(()) } else { Err(io::Error::other("the snapshot failed")) };
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// The most resident bytes of the server and, if it forks, its child, until `done`.
fn peak_rss_bytes(server: &Server, done: &AtomicBool) -> io::Result<u64> {
    let mut peak = 0;
    while !done.load(Relaxed) {
        peak = peak.max(process::family_bytes(server.pid())?);
        thread::sleep(Duration::from_millis(10));
    }
    Ok(peak)
}

/// The 99.9th percentile, in seconds, of how long one client waits for values while `work` goes on.
fn reading(server: &Server, work: impl FnOnce() -> io::Result<()>) -> io::Result<f64> {
    let stop = AtomicBool::new(false);
    let mut waits = thread::scope(|scope| {
        let reader = scope.spawn(|| read_until(server, &stop));
        let worked = work();
        stop.store(true, Relaxed);
        let waits = reader.join().expect("the reader");
        worked.and(waits)
    })?;
    waits.sort_unstable();
    Ok(waits[waits.len() * 999 / 1000].as_secs_f64())
}

fn read_until(server: &Server, stop: &AtomicBool) -> io::Result<Vec<Duration>> {
    let mut load = Load::connect(server.port, 1)?;
    let (get, mut waits) = (Template::get(), Vec::new());
    while !stop.load(Relaxed) {
        // Of the same generator's numbers each run takes the next.
        waits.push(load.run(&get, 1, 1, Keys::Random(SAVED))?.1);
    }
    Ok(waits)
}
