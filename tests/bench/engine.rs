//! The engine alone, without sockets: how much two threads do beside one.
//!
//! Each thread is a worker with one session that executes batches of sixteen requests,
//! 90 % GET and 10 % SET, on uniformly drawn keys. Two threads run beside one on the same
//! engine, which is how the engine scales, and beside one on an engine made for one worker,
//! which has a single lock and is what `io-threads 1` runs. They take turns of a fifth of a
//! second in one process, and the ratio is the median of the turns': on a shared machine longer
//! turns differ by more than what is measured. The process is one of its own, because the
//! benchmark is pinned to one core.

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
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};
use std::{env, io, thread};

const KEYS: u64 = 1_000_000;
const BATCH: usize = 16;
/// Batches made before the clock starts, so that making them is not measured.
const PREPARED: usize = 4096;
/// Short, so that what else the machine does meets both sides alike.
const LENGTH: Duration = Duration::from_millis(200);
const ROUNDS: usize = 25;

pub fn run(wanted: &dyn Fn(&str) -> bool) -> io::Result<()> {
    if !wanted("engine") {
        return Ok(());
    }
    let rounds = child()?;
    let column = |i: usize| median(rounds.iter().map(|r| r[i]).collect());
    for (one, of) in [(1, "the same engine"), (2, "an engine made for one worker")] {
        let ratio = median(rounds.iter().map(|r| r[0] / r[one]).collect());
        let figure = format!("engine alone, 2 threads (norn column) beside 1 on {of}: median ratio {ratio:.2}");
        let (ours, peer) = (column(0), column(one));
        print(&Row { figure, unit: "op/s", ours, peer, judged: Judged::RatioUp, must: 1.8, aim: 1.95 });
    }
    Ok(())
}

/// Runs [`measure`] in a process that may use both cores.
fn child() -> io::Result<Vec<[f64; 3]>> {
    let both = format!("{},{}", process::SERVER_CORE, process::CLIENT_CORE);
    let mut command = Command::new("taskset");
    command.args(["-c", &both]).arg(env::current_exe()?).arg("engine-alone");
    let out = command.output()?;
    let text = String::from_utf8_lossy(&out.stdout);
    let round = |line: &str| {
        let figures: Option<Vec<f64>> = line.split(' ').map(|word| word.parse().ok()).collect();
        figures?.try_into().ok()
    };
    let rounds: Option<Vec<[f64; 3]>> = text.lines().map(round).collect();
    rounds.filter(|r| !r.is_empty()).ok_or_else(|| io::Error::other(format!("the engine's process said {text:?}")))
}

struct Still;

impl Clock for Still {
    fn now(&self) -> Now {
        Now::at(Mono(1), 1_720_000_000_000_000)
    }
}

/// Prints operations per second, a line for each round: two threads, one on the same engine, one
/// on an engine made for it alone.
pub fn measure() {
    let [shared, alone] = [2, 1].map(|workers| {
        let engine = Engine::new(Config::default(), Boot::default(), workers, 7);
        fill(&engine);
        engine
    });
    let batches = [0, 1].map(prepare);
    for _ in 0..ROUNDS {
        let (two, same) = (window(&shared, &batches), window(&shared, &batches[..1]));
        println!("{two} {same} {}", window(&alone, &batches[..1]));
    }
}

/// Operations per second of one thread for each of `batches`, which begin together.
fn window(engine: &Engine, batches: &[Vec<Vec<u8>>]) -> f64 {
    let (start, stop, done) = (Barrier::new(batches.len() + 1), AtomicBool::new(false), AtomicU64::new(0));
    let elapsed = thread::scope(|scope| {
        for (i, batches) in batches.iter().enumerate() {
            let (start, stop, done) = (&start, &stop, &done);
            scope.spawn(move || {
                start.wait();
                done.fetch_add(work(engine, i, batches, stop), Relaxed);
            });
        }
        start.wait();
        let start = Instant::now();
        thread::sleep(LENGTH);
        stop.store(true, Relaxed);
        start.elapsed()
    });
    done.load(Relaxed) as f64 / elapsed.as_secs_f64()
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
