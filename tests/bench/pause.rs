//! The longest pause: two connections ask for a key a thousand times a second each, while
//! another inserts ten million keys.
//!
//! Connections are spread evenly over the workers, so of two that are opened one after the
//! other, one is on the loader's worker and one is not. What the probers see of a server
//! that does nothing else is measured first and subtracted: it is the scheduler's part. The
//! loader is a process of its own at the lowest priority, so that it does not delay them.

use super::load::{Keys, Load, Template};
use super::table::{Judged, Row, print};
use super::{Pair, Side};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};
use std::{env, thread};

const KEYS: u64 = 10_000_000;
const PERIOD: Duration = Duration::from_millis(1);
const IDLE: Duration = Duration::from_secs(5);
const PROBE: &[u8] = b"*2\r\n$3\r\nGET\r\n$5\r\nprobe\r\n";
const ABSENT: &[u8] = b"$-1\r\n";

pub fn run(pair: &Pair, wanted: &dyn Fn(&str) -> bool) -> io::Result<()> {
    if !wanted("pause") {
        return Ok(());
    }
    let (ours, peer) = (longest(pair, Side::Ours)?, longest(pair, Side::Peer)?);
    for (at, place) in ["first connection", "second connection"].into_iter().enumerate() {
        let figure = format!("10M keys inserted: longest pause, {place}");
        let (ours, peer) = (ours[at], peer[at]);
        print(&Row { figure, unit: "ms", ours, peer, judged: Judged::Ours, must: 5.0, aim: 1.0 });
    }
    Ok(())
}

/// The longest pause, in milliseconds beyond an idle server's, that each prober saw.
fn longest(pair: &Pair, side: Side) -> io::Result<[f64; 2]> {
    let options: &[&str] = if matches!(side, Side::Ours) { &["--io-threads", "2"] } else { &[] };
    let server = pair.start_unpinned(side, options);
    let mut probers = [connect(server.port)?, connect(server.port)?];
    let idle = probe(&mut probers, || {
        thread::sleep(IDLE);
        Ok(())
    })?;
    let loaded = probe(&mut probers, || {
        let mut loader = Command::new("nice");
        loader.args(["-n", "19"]).arg(env::current_exe()?).args(["insert", &server.port.to_string()]);
        let status = loader.status()?;
        if status.success() { Ok(()) } else { Err(io::Error::other("the loader failed")) }
    })?;
    let beyond = |at: usize| loaded[at].saturating_sub(idle[at]).as_secs_f64() * 1000.0;
    Ok([beyond(0), beyond(1)])
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
    Load::connect(port, 1)?.run(&Template::set(), 64, KEYS, Keys::From(0)).map(drop)
}
