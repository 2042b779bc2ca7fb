//! The engine alone, without sockets: how much two threads do beside one.
//!
//! Each thread is a worker with one session that executes batches of sixteen requests,
//! 90 % GET and 10 % SET, on uniformly drawn keys. One thread runs an engine made for one
//! worker, two run one made for two, as `io-threads` would have it. The measurement is a
//! process of its own, because the benchmark is pinned to one core.

use super::process;
use super::table::{Judged, Row, median, print};
use bytes::BytesMut;
use norn::base::clock::Clock;
use norn::base::prng::Prng;
use norn::base::time::{Mono, Now};
use norn::config::Config;
use norn::engine::{Engine, Worker};
use norn::protocol::{Output, value::encode_command};
use norn::session::{Session, clients::ClientInfo, shared::Boot};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use std::{env, io, thread};

const KEYS: u64 = 1_000_000;
const BATCH: usize = 16;
/// Batches made before the clock starts, so that making them is not measured.
const PREPARED: usize = 4096;
const LENGTH: Duration = Duration::from_secs(2);
const ROUNDS: usize = 5;

pub fn run(wanted: &dyn Fn(&str) -> bool) -> io::Result<()> {
    if !wanted("engine") {
        return Ok(());
    }
    let (mut two, mut one, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (a, b) = (child(2)?, child(1)?);
        ratios.push(a / b);
        two.push(a);
        one.push(b);
    }
    let (ours, peer) = (median(two), median(one));
    let figure = format!("engine alone, 2 threads (norn column) against 1: median ratio {:.2}", median(ratios));
    print(&Row { figure, unit: "op/s", ours, peer, judged: Judged::RatioUp, must: 1.8, aim: 1.95 });
    Ok(())
}

/// Runs [`measure`] in a process that may use both cores.
fn child(threads: usize) -> io::Result<f64> {
    let both = format!("{},{}", process::SERVER_CORE, process::CLIENT_CORE);
    let mut command = Command::new("taskset");
    command.args(["-c", &both]).arg(env::current_exe()?).args(["engine-alone", &threads.to_string()]);
    let out = command.output()?;
    let text = String::from_utf8_lossy(&out.stdout);
    text.trim().parse().map_err(|_| io::Error::other(format!("the engine's process said {text:?}")))
}

struct Still;

impl Clock for Still {
    fn now(&self) -> Now {
        Now::at(Mono(1), 1_720_000_000_000_000)
    }
}

/// Prints operations per second of `threads` threads together.
pub fn measure(threads: usize) {
    let engine = Engine::new(Config::default(), Boot::default(), threads, 7);
    fill(&engine);
    let (begin, stop, done) = (AtomicBool::new(false), AtomicBool::new(false), AtomicU64::new(0));
    let elapsed = thread::scope(|scope| {
        for i in 0..threads {
            let (engine, begin, stop, done) = (&engine, &begin, &stop, &done);
            scope.spawn(move || {
                let batches = prepare(i as u64);
                while !begin.load(Relaxed) {
                    std::hint::spin_loop();
                }
                done.fetch_add(work(engine, i, &batches, stop), Relaxed);
            });
        }
        thread::sleep(Duration::from_millis(500));
        begin.store(true, Relaxed);
        let start = Instant::now();
        thread::sleep(LENGTH);
        stop.store(true, Relaxed);
        start.elapsed()
    });
    println!("{}", done.load(Relaxed) as f64 / elapsed.as_secs_f64());
}

fn key(n: u64) -> String {
    format!("key:{n:012}")
}

/// One worker's session.
fn session(id: u64) -> Session {
    Session::new(Arc::new(ClientInfo { id, ..ClientInfo::default() }), true)
}

fn fill(engine: &Engine) {
    let (mut worker, mut session, mut out) = (Worker::new(engine, 0, 1), session(1), Output::new());
    for n in 0..KEYS {
        let mut bytes = Vec::new();
        encode_command(&[b"SET", key(n).as_bytes(), b"0123456789abcdef"], &mut bytes);
        let mut input = BytesMut::from(&bytes[..]);
        engine.on_bytes(&mut worker, &mut session, &Still, &mut input, &mut out);
        out.clear();
    }
}

fn prepare(seed: u64) -> Vec<Vec<u8>> {
    let mut rng = Prng::new(seed + 1);
    let batch = |rng: &mut Prng| {
        let mut bytes = Vec::new();
        for _ in 0..BATCH {
            let key = key(rng.below(KEYS));
            if rng.below(10) == 0 {
                encode_command(&[b"SET", key.as_bytes(), b"0123456789abcdef"], &mut bytes);
            } else {
                encode_command(&[b"GET", key.as_bytes()], &mut bytes);
            }
        }
        bytes
    };
    (0..PREPARED).map(|_| batch(&mut rng)).collect()
}

fn work(engine: &Engine, index: usize, batches: &[Vec<u8>], stop: &AtomicBool) -> u64 {
    let mut worker = Worker::new(engine, index, index as u64);
    let (mut session, mut out, mut input) = (session(index as u64 + 2), Output::new(), BytesMut::new());
    let mut done = 0;
    for bytes in batches.iter().cycle() {
        if stop.load(Relaxed) {
            break;
        }
        input.extend_from_slice(bytes);
        engine.on_bytes(&mut worker, &mut session, &Still, &mut input, &mut out);
        done += BATCH as u64;
        if let Some(buffer) = recycle(&mut out) {
            out.lend(buffer);
        }
    }
    done
}

/// Empties the replies, keeping their buffer as the shell would.
fn recycle(out: &mut Output) -> Option<Vec<u8>> {
    use bytes::Buf;
    out.advance(out.remaining());
    out.reclaim()
}
