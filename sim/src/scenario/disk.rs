//! A disk that is full, fails or is slow while clients write to a server with an append-only
//! file.
//!
//! Whatever the disk does, reads are answered, writes are refused while the file cannot be
//! written, what was acknowledged is there after a crash, and once the disk is well again the
//! server takes writes within a bound, without being told. A bit that rots in a file that
//! was durable keeps the server from starting, or makes no difference.

use super::{
    Report,
    crash::{Circumstances, administer, at_least},
};
use crate::{
    disk::{DiskConfig, SimDisks},
    durable::{life::Life, promise::Promise, theatre::Theatre},
    machine::Crash,
    trace::mix,
};
use madsim::{rand::thread_rng, time::sleep};
use norn::{base::prng::Prng, config::AppendFsync, protocol::value::Value};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

/// Virtual time within which a server with a healthy disk takes writes.
const RECOVERY: Duration = Duration::from_secs(60);
/// Virtual time within which a read is answered, slow syncs included.
const PATIENCE: Duration = Duration::from_secs(30);
/// Virtual time after which an idle file says that all of it is durable.
const IDLE: Duration = Duration::from_secs(70);
const DIR: &str = "appendonlydir";

#[derive(Default)]
struct Tally {
    faults: u64,
    refused: u64,
    recoveries: u64,
    rotten: u64,
    harmless: u64,
    replies: u64,
}

pub(super) async fn run(seed: u64) -> Report {
    let mut rng = Prng::new(mix(seed, 0xD15C));
    let healthy = DiskConfig { slow_sync: 0.0, ..DiskConfig::draw(&mut thread_rng()) };
    let heal = || SimDisks::current().configure(|c| *c = healthy.clone());
    heal();
    let mut now = Circumstances::draw(&mut rng, true, false);
    now.toggles = false;
    let theatre = Theatre::new(now.config.clone());
    let mut tally = Tally::default();
    let mut promise: Option<Promise> = None;
    for number in 0..1 + rng.below(3) {
        let life = theatre.loaded().await.unwrap_or_else(|e| panic!("life {number}: it does not start: {e}"));
        judge(promise.take(), &life, number);
        theatre.invite(&life, now.habits, mix(seed, number));
        let (life2, addr, seed2, pause_ms) = (life.clone(), theatre.addr, rng.next_u64(), now.admin_ms);
        let stance = Arc::new(AtomicBool::new(true));
        theatre.send(move |env| administer(env, life2, addr, Prng::new(seed2), pause_ms, false, stance));
        for _ in 0..1 + rng.below(3) {
            break_something(&mut rng, &healthy);
            tally.faults += 1;
            suffer(&theatre, &life, &mut rng, &mut tally).await;
        }
        let crash_now = rng.below(3) == 0;
        if !crash_now {
            heal();
            recover(&theatre, &life).await;
            tally.recoveries += 1;
        }
        let rot = !crash_now && rng.below(2) == 0;
        if rot {
            life.end();
            sleep(IDLE).await;
        }
        let how = if rng.below(2) == 0 { Crash::Process } else { Crash::Power };
        let (aof, saves) = (&life.engine.shared.aof, life.notes().saves.clone());
        let bound_ns = if aof.is_failing() { u64::MAX } else { (1_200 + 8 * 3_000) * 1_000_000 };
        let mut kept = at_least(&life, &now.config, theatre.now_ns(), bound_ns);
        if how == Crash::Process {
            kept = kept.max(aof.written.load(SeqCst));
        }
        theatre.crash(how);
        tally.replies += life.replies.load(SeqCst);
        heal();
        sleep(Duration::from_millis(1 + rng.below(50))).await;
        if rot {
            let all = Promise::history(&life, life.engine.shared.journal.end());
            decay(&theatre, &mut rng, &now, &all, &mut tally).await;
        }
        now = Circumstances::draw(&mut rng, true, false);
        theatre.restart(now.config.clone(), saves);
        promise = Some(Promise::history(&life, kept));
    }
    let life = theatre.loaded().await.unwrap_or_else(|e| panic!("the last life: it does not start: {e}"));
    judge(promise, &life, 99);
    tally.report()
}

fn judge(promise: Option<Promise>, life: &Life, number: u64) {
    let found = life.loaded();
    if let Some(Err(why)) = promise.map(|p| p.check(&found.picture)) {
        panic!("what life {number} begins with is not what was promised: {why}");
    }
}

/// Makes something go wrong with the disk from now on.
fn break_something(rng: &mut Prng, healthy: &DiskConfig) {
    let chance = [0.01, 0.1, 0.5, 1.0][rng.below(4) as usize];
    let what = rng.below(6);
    let room = rng.below(20_000);
    SimDisks::current().configure(|c| {
        *c = healthy.clone();
        match what {
            0 => c.capacity = room,
            1 => c.write_error = chance,
            2 => c.sync_error = chance,
            3 => (c.slow_sync, c.slow_sync_max_ms) = (chance, 3_000),
            4 => c.short_write = 0.9,
            _ => (c.write_error, c.sync_error, c.short_write) = (chance, chance, 0.5),
        }
    });
}

/// While the disk is ill, reads are answered and writes are refused.
async fn suffer(theatre: &Theatre, life: &Life, rng: &mut Prng, tally: &mut Tally) {
    let aof = &life.engine.shared.aof;
    for _ in 0..1 + rng.below(4) {
        sleep(Duration::from_millis(rng.below(1_500))).await;
        let reply = theatre.ask("GET s0", PATIENCE).await;
        let reply = reply.unwrap_or_else(|| panic!("a read is not answered within {PATIENCE:?}"));
        assert!(reply.error().is_none_or(|e| e.starts_with(b"WRONGTYPE")), "a read: {reply:?}");
        if !aof.is_failing() {
            continue;
        }
        let reply = theatre.ask("INCR n0", PATIENCE).await;
        if aof.is_failing()
            && let Some(reply) = reply
        {
            let refused = reply.error().is_some_and(|e| e.starts_with(b"MISCONF"));
            assert!(refused || life.engine.shared.config.get().persistence.appendfsync != AppendFsync::Always);
            tally.refused += u64::from(refused);
        }
    }
}

/// Once the disk is well, the server takes writes before long.
async fn recover(theatre: &Theatre, life: &Life) {
    let begun_ns = theatre.now_ns();
    loop {
        let reply = theatre.ask("SET probe there", PATIENCE).await;
        if reply == Some(Value::Simple(b"OK".to_vec())) && !life.engine.shared.aof.is_failing() {
            return;
        }
        let waited = Duration::from_nanos(theatre.now_ns() - begun_ns);
        assert!(waited < RECOVERY, "the disk is well for {waited:?}, and a write gets {reply:?}");
        sleep(Duration::from_millis(100)).await;
    }
}

/// A bit rots: the server does not start, or nothing is missing.
async fn decay(theatre: &Theatre, rng: &mut Prng, now: &Circumstances, all: &Promise, tally: &mut Tally) {
    let (disks, node) = (SimDisks::current(), theatre.server.node);
    let names = disks.names(node, DIR);
    let path = format!("{DIR}/{}", names[rng.below(names.len() as u64) as usize]);
    let Some(size) = disks.size(node, &path).filter(|n| *n > 0) else { return };
    let (at, bit) = (rng.below(size as u64) as usize, rng.below(8) as u32);
    disks.flip_bit(node, &path, at, bit);
    theatre.restart(now.config.clone(), Vec::new());
    match theatre.loaded().await {
        Err(_) => tally.rotten += 1,
        Ok(life) => {
            if let Err(why) = all.check(&life.loaded().picture) {
                panic!("bit {bit} of byte {at} of {path}, {size} bytes, was flipped, and that is served: {why}");
            }
            tally.harmless += 1;
        }
    }
    theatre.crash(Crash::Process);
    sleep(Duration::from_millis(1)).await;
    disks.flip_bit(node, &path, at, bit);
}

impl Tally {
    fn report(self) -> Report {
        let Tally { faults, refused, recoveries, rotten, harmless, replies } = self;
        let text = format!(
            "{faults} times trouble, {refused} probes refused, {recoveries} recoveries, {rotten} flipped bits found, \
             {harmless} without effect"
        );
        Report { text, checked: replies }
    }
}
