//! The longest pause: two connections ask for a key a thousand times a second each, while
//! another inserts ten million keys, or does away with a value of ten million elements.
//!
//! Connections are spread evenly over the workers, so of two that are opened one after the
//! other, one is on the loader's worker and one is not. What the probers see of a server
//! that does nothing else is measured first and subtracted: it is the scheduler's part. The
//! loader is a process of its own at the lowest priority, so that it does not delay them.
//! A value is gone when the server no longer counts it among those it frees in the background.

use super::common::{Server, Value};
use super::load::{Keys, Load, Reply, Template};
use super::table::{Judged, Row, print};
use super::{Pair, Side};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};
use std::{env, thread};

/// Keys inserted, or elements of the value.
const COUNT: u64 = 10_000_000;
const PERIOD: Duration = Duration::from_millis(1);
const IDLE: Duration = Duration::from_secs(5);
const PROBE: &[u8] = b"*2\r\n$3\r\nGET\r\n$5\r\nprobe\r\n";
const ABSENT: &[u8] = b"$-1\r\n";

type Words = &'static [&'static str];

/// A row's name, the request that adds an element and its reply, and what does away with all.
const FREED: [(&str, Words, Reply, Words); 9] = [
    ("pause-free-set", &["SADD", "k", "{key}"], Reply::NUMBER, &["DEL", "k"]),
    ("pause-free-zset", &["ZADD", "k", "{n}", "{key}"], Reply::NUMBER, &["UNLINK", "k"]),
    ("pause-free-hash", &["HSET", "k", "{key}", "abc"], Reply::NUMBER, &["SET", "k", "v"]),
    ("pause-free-list", &["RPUSH", "k", "{key}"], Reply::NUMBER, &["PEXPIRE", "k", "1"]),
    ("pause-free-stream", &["XADD", "k", "*", "f", "{key}"], Reply::TEXT, &["RENAME", "other", "k"]),
    ("pause-free-trim", &["ZADD", "k", "{n}", "{key}"], Reply::NUMBER, &["ZREMRANGEBYRANK", "k", "0", "-11"]),
    ("pause-free-xtrim", &["XADD", "k", "*", "f", "{key}"], Reply::TEXT, &["XTRIM", "k", "MAXLEN", "9"]),
    ("pause-free-sync", &["SET", "{key}", "abc"], Reply::OK, &["FLUSHALL", "SYNC"]),
    ("pause-free-all", &["SET", "{key}", "abc"], Reply::OK, &["FLUSHALL"]),
];

pub fn run(pair: &Pair, wanted: &dyn Fn(&str) -> bool) -> io::Result<()> {
    if wanted("pause-insert") {
        let insert = |server: &Server| {
            let mut loader = Command::new("nice");
            loader.args(["-n", "19"]).arg(env::current_exe()?).args(["insert", &server.port.to_string()]);
            let status = loader.status()?;
            if status.success() { Ok(()) } else { Err(io::Error::other("the loader failed")) }
        };
        let figures = [longest(pair, Side::Ours, None, insert)?, longest(pair, Side::Peer, None, insert)?];
        report("10M keys inserted", figures, (5.0, 1.0));
    }
    for (name, add, reply, remove) in FREED {
        if wanted(name) {
            let fill = Some(Template::new(add, reply));
            let free = |server: &Server| free(server, remove);
            let figures = [longest(pair, Side::Ours, fill.clone(), free)?, longest(pair, Side::Peer, fill, free)?];
            report(&format!("{} of 10M by {}", add[0], remove.join(" ")), figures, (2.0, 1.0));
        }
    }
    Ok(())
}

fn report(what: &str, [ours, peer]: [[f64; 2]; 2], (must, aim): (f64, f64)) {
    for (at, place) in ["first connection", "second connection"].into_iter().enumerate() {
        let figure = format!("{what}: longest pause, {place}");
        let (ours, peer) = (ours[at], peer[at]);
        print(&Row { figure, unit: "ms", ours, peer, judged: Judged::Ours, must, aim });
    }
}

/// The longest pause while `work` goes on, after `fill` if there is something to fill in: in
/// milliseconds beyond an idle server's, as each prober saw it.
fn longest(
    pair: &Pair,
    side: Side,
    fill: Option<Template>,
    work: impl FnOnce(&Server) -> io::Result<()>,
) -> io::Result<[f64; 2]> {
    let options: &[&str] = if matches!(side, Side::Ours) { &["--io-threads", "2"] } else { &[] };
    let server = pair.start_unpinned(side, options);
    if let Some(template) = fill {
        Load::connect(server.port, 1)?.run(&template, 100, COUNT, Keys::From(0))?;
    }
    let mut probers = [connect(server.port)?, connect(server.port)?];
    let idle = probe(&mut probers, || {
        thread::sleep(IDLE);
        Ok(())
    })?;
    let loaded = probe(&mut probers, || work(&server))?;
    let beyond = |at: usize| loaded[at].saturating_sub(idle[at]).as_secs_f64() * 1000.0;
    Ok([beyond(0), beyond(1)])
}

/// Sends `command` and waits until nothing is left to be freed.
fn free(server: &Server, command: &[&str]) -> io::Result<()> {
    let mut client = server.client();
    client.cmd(&["SET", "other", "v"].map(str::as_bytes));
    client.cmd(&command.iter().map(|word| word.as_bytes()).collect::<Vec<_>>());
    loop {
        thread::sleep(Duration::from_millis(300));
        let info = client.cmd(&["INFO", "memory"].map(str::as_bytes));
        let Value::Bulk(text) = &info else { return Err(io::Error::other(format!("INFO replied {info:?}"))) };
        if String::from_utf8_lossy(text).contains("lazyfree_pending_objects:0\r") {
            // Parts of values are not counted, but this waits for them.
            client.cmd(&["FLUSHALL", "SYNC"].map(str::as_bytes));
            return Ok(());
        }
    }
}

fn connect(port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Lets both probers ask while `work` goes on; the longest answer of each.
fn probe(probers: &mut [TcpStream; 2], work: impl FnOnce() -> io::Result<()>) -> io::Result<[Duration; 2]> {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let [a, b] = probers.each_mut().map(|stream| scope.spawn(|| ask(stream, &stop)));
        let worked = work();
        stop.store(true, Relaxed);
        let longest = [a.join().expect("a prober")?, b.join().expect("a prober")?];
        worked.map(|()| longest)
    })
}

fn ask(stream: &mut TcpStream, stop: &AtomicBool) -> io::Result<Duration> {
    let mut longest = Duration::ZERO;
    let mut reply = [0; ABSENT.len()];
    while !stop.load(Relaxed) {
        let start = Instant::now();
        stream.write_all(PROBE)?;
        stream.read_exact(&mut reply)?;
        let took = start.elapsed();
        longest = longest.max(took);
        thread::sleep(PERIOD.saturating_sub(took));
    }
    Ok(longest)
}

/// The loader's process: `bench insert PORT`.
pub fn insert(port: u16) -> io::Result<()> {
    Load::connect(port, 1)?.run(&Template::set(), 64, COUNT, Keys::From(0)).map(drop)
}
