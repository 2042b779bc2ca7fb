//! A server that is killed and loses its power again and again while clients write, snapshots are
//! made, and the append-only file is rewritten, turned on and turned off.
//!
//! After each restart what has been loaded must be what was promised (`durable::promise`): with
//! the append-only file a state of the journal's history, with `always` not before anything that
//! was acknowledged, with `everysec` not before what was acknowledged a second and a bit before
//! the power went, and after a `kill -9` not before what had been written; without it one of
//! the snapshots that may be in the RDB file.

use super::Report;
use crate::{
    disk::{DiskConfig, SimDisks, kind},
    durable::{
        client::{self, Habits, Wire, while_alive},
        image::Image,
        life::Life,
        promise::Promise,
        theatre::Theatre,
    },
    env::SimEnv,
    machine::Crash,
    trace::mix,
};
use madsim::{
    rand::thread_rng,
    time::{sleep, timeout},
};
use norn::{
    base::prng::Prng,
    config::{AppendFsync, Config},
    env::{Addr, Env},
    session::jobs::Job,
};
use std::{
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

/// Operations of the disk that a crash waits for, so that it comes in the middle of one.
const MOMENTS: [u64; 8] =
    [kind::APPEND, kind::APPEND, kind::SYNC, kind::SYNC, kind::RENAME, kind::SYNC_DIR, kind::REMOVE, kind::OPEN];

/// How often which parts of the scenario took place.
#[derive(Default)]
struct Tally {
    kills: u64,
    power_losses: u64,
    from_log: u64,
    from_snapshot: u64,
    lost: u64,
    replies: u64,
}

/// What a life of the server is like.
pub(super) struct Circumstances {
    pub(super) config: Config,
    pub(super) habits: Habits,
    /// Mean time between two requests of the administrator.
    pub(super) admin_ms: u64,
    pub(super) toggles: bool,
}

pub(super) async fn run(seed: u64) -> Report {
    run_with(seed, &mut Prng::new(mix(seed, 0xC4A5)), false).await
}

/// The same, and the append-only file is turned on and off all the time.
pub(super) async fn run_upgrade(seed: u64) -> Report {
    run_with(seed, &mut Prng::new(mix(seed, 0x06AD)), true).await
}

async fn run_with(seed: u64, rng: &mut Prng, toggles: bool) -> Report {
    let disk = DiskConfig::draw(&mut thread_rng());
    let sync_max_ms = disk.sync_us.1 / 1000 + 1 + if disk.slow_sync > 0.0 { disk.slow_sync_max_ms } else { 0 };
    SimDisks::current().configure(|c| *c = disk);
    let mut aof = rng.below(3) > 0;
    let mut now = Circumstances::draw(rng, aof, toggles);
    let theatre = Theatre::new(now.config.clone());
    let mut tally = Tally::default();
    let mut promise: Option<Promise> = None;
    for number in 0..2 + rng.below(5) {
        let life = theatre.loaded().await.unwrap_or_else(|e| panic!("life {number}: it does not start: {e}"));
        let image = life.loaded();
        if let Some(promise) = promise.take() {
            tally.judge(&promise, &image, number);
        }
        let stance = Arc::new(AtomicBool::new(aof));
        theatre.invite(&life, now.habits, mix(seed, number));
        let (life2, stance2, addr, seed2) = (life.clone(), stance.clone(), theatre.addr, rng.next_u64());
        let (pause_ms, toggles2) = (now.admin_ms, now.toggles);
        theatre.send(move |env| administer(env, life2, addr, Prng::new(seed2), pause_ms, toggles2, stance2));
        wait_for_a_bad_moment(rng).await;
        let how = if rng.below(2) == 0 { Crash::Process } else { Crash::Power };
        life.prune();
        aof = stance.load(SeqCst);
        let bound_ns = (1_200 + 8 * sync_max_ms) * 1_000_000;
        let power = at_least(&life, &now.config, theatre.now_ns(), bound_ns);
        let process = power.max(life.engine.shared.aof.written.load(SeqCst));
        let saves = life.notes().saves.clone();
        theatre.crash(how);
        tally.crashed(how, &life);
        let mut kept = if how == Crash::Power { power } else { process };
        now = Circumstances::draw(rng, aof, toggles);
        sleep(Duration::from_millis(1 + rng.below(50))).await;
        theatre.restart(now.config.clone(), saves.clone());
        while rng.below(5) == 0 {
            sleep(Duration::from_micros(rng.below(20_000))).await;
            let again = if rng.below(2) == 0 { Crash::Process } else { Crash::Power };
            kept = if again == Crash::Power { power } else { kept };
            theatre.crash(again);
            sleep(Duration::from_millis(1)).await;
            theatre.restart(now.config.clone(), saves.clone());
        }
        promise = Some(if aof { Promise::history(&life, kept) } else { Promise::OneOf(saves) });
    }
    let life = theatre.loaded().await.unwrap_or_else(|e| panic!("the last life: it does not start: {e}"));
    tally.judge(&promise.expect("it crashed"), &life.loaded(), 99);
    tally.report()
}

/// The offset that must survive a loss of power now.
pub(super) fn at_least(life: &Life, config: &Config, now_ns: u64, bound_ns: u64) -> u64 {
    let synced = life.engine.shared.aof.synced.load(SeqCst);
    let acknowledged = match config.persistence.appendfsync {
        AppendFsync::Always => life.acknowledged_by(now_ns),
        AppendFsync::EverySecond => life.acknowledged_by(now_ns.saturating_sub(bound_ns)),
        AppendFsync::Never => 0,
    };
    synced.max(acknowledged)
}

async fn wait_for_a_bad_moment(rng: &mut Prng) {
    let most_ms = [5, 50, 500, 3_000][rng.below(4) as usize];
    sleep(Duration::from_micros(rng.below(most_ms * 1000))).await;
    if rng.below(4) > 0 {
        let moment = MOMENTS[rng.below(MOMENTS.len() as u64) as usize];
        let _ = timeout(Duration::from_secs(1), SimDisks::current().begins(moment)).await;
        let most_us = [1, 100, 3_000][rng.below(3) as usize];
        sleep(Duration::from_micros(rng.below(most_us))).await;
    }
}

impl Circumstances {
    pub(super) fn draw(rng: &mut Prng, aof: bool, toggles: bool) -> Circumstances {
        let mut pick = |from: &[u64]| from[rng.below(from.len() as u64) as usize];
        let mut config = Config::default();
        config.network.io_threads = pick(&[1, 1, 2, 4]) as usize;
        config.network.protected_mode = false;
        let p = &mut config.persistence;
        p.appendonly = aof;
        p.appendfsync =
            [AppendFsync::Always, AppendFsync::EverySecond, AppendFsync::Never][pick(&[0, 0, 1, 1, 2]) as usize];
        p.auto_aof_rewrite_min_size_bytes = pick(&[1_000, 20_000, 1 << 26]);
        p.auto_aof_rewrite_percentage = pick(&[5, 100]) as u32;
        p.aof_timestamp_enabled = pick(&[0, 1]) == 1;
        p.rdbcompression = pick(&[0, 1]) == 1;
        p.rdb_save_incremental_fsync = pick(&[0, 1]) == 1;
        config.process.hz = pick(&[10, 100]) as u32;
        let habits = Habits {
            clients: pick(&[1, 3, 8]),
            requests: pick(&[50, 200]),
            think_ms: pick(&[0, 2, 20]),
            big: [0.0, 0.05, 0.3][pick(&[0, 0, 1, 2]) as usize],
        };
        let admin_ms = pick(&[2, 30, 300, 3_000]);
        Circumstances { config, habits, admin_ms, toggles: toggles || pick(&[0, 0, 0, 1]) == 1 }
    }
}

/// Asks for snapshots and rewrites, and turns the append-only file on and off. `stance` says
/// whether it is what has to be loaded after a crash.
pub(super) async fn administer(
    env: SimEnv,
    life: Arc<Life>,
    server: SocketAddr,
    mut rng: Prng,
    pause_ms: u64,
    toggles: bool,
    stance: Arc<AtomicBool>,
) {
    let all = async {
        let Ok(stream) = env.connect(&Addr::Tcp(server)).await else { return };
        let mut wire = Wire::new(stream);
        loop {
            env.sleep(Duration::from_millis(rng.below(2 * pause_ms))).await;
            let on = stance.load(SeqCst);
            let request = match rng.below(4) {
                0 if toggles && on => {
                    stance.store(false, SeqCst);
                    "CONFIG SET appendonly no"
                }
                0 if toggles => "CONFIG SET appendonly yes",
                0 | 1 => "BGREWRITEAOF",
                _ => "BGSAVE",
            };
            let turns_on = request.ends_with("yes");
            life.notes().rebase = turns_on;
            let before = life.engine.shared.jobs.record(Job::Rewrite).count;
            if wire.ask(&client::words(request)).await.is_err() {
                return;
            }
            if turns_on {
                established(&env, &life, before).await;
                // Replies that left before then promise nothing, and some are still under way.
                env.sleep(Duration::from_millis(2)).await;
                let mut notes = life.notes();
                notes.acknowledged.clear();
                notes.rebase = false;
                drop(notes);
                stance.store(true, SeqCst);
            }
        }
    };
    while_alive(&env, &life, all).await;
}

/// Waits until the append-only file, just turned on, has its base.
async fn established(env: &SimEnv, life: &Life, before: u64) {
    let shared = &life.engine.shared;
    let of_now = || shared.journal.is_on() && !shared.aof.is_initial();
    // A rewrite that began while it was off may end meanwhile, and counts too.
    while shared.jobs.record(Job::Rewrite).count == before || !of_now() {
        env.sleep(Duration::from_millis(1)).await;
    }
}

impl Tally {
    fn crashed(&mut self, how: Crash, life: &Life) {
        match how {
            Crash::Process => self.kills += 1,
            Crash::Power => self.power_losses += 1,
        }
        self.replies += life.replies.load(Relaxed);
    }

    fn judge(&mut self, promise: &Promise, found: &Image, number: u64) {
        match promise {
            Promise::History { .. } => self.from_log += 1,
            Promise::OneOf(_) => self.from_snapshot += 1,
        }
        match promise.check(&found.picture) {
            Ok(lost) => self.lost += lost,
            Err(why) => panic!("what life {number} begins with is not what was promised: {why}"),
        }
    }

    fn report(self) -> Report {
        let Tally { kills, power_losses, from_log, from_snapshot, lost, replies } = self;
        let text = format!(
            "{kills} kills, {power_losses} losses of power, {from_log} times from the log, {from_snapshot} from a \
             snapshot, {lost} unpromised changes lost"
        );
        Report { text, checked: replies }
    }
}
