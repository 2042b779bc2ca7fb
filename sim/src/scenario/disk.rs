//! A disk that is full, fails, is slow or rots while clients write to a server with an append-only
//! file or with snapshots alone.
//!
//! Whatever the disk does, reads are answered, writes are refused while they cannot be made
//! durable, what was acknowledged is there after a crash, and once the disk is well again the
//! server takes writes within a bound, without being told; what failed attempts have left behind is
//! gone after the first that succeeds. A disk may be full for names alone: then no file can be made
//! or take its name, while those that are there can be written. Between a crash and the next start the
//! disk may be spoiled (`spoil`): then the server does not start and says why.

use super::{
    Report,
    crash::{Circumstances, administer, at_least},
    spoil,
};
use crate::{
    disk::{DiskConfig, SimDisks},
    durable::{client::unless, life::Life, promise::Promise, theatre::Theatre},
    machine::Crash,
    trace::mix,
};
use madsim::{rand::thread_rng, time::sleep};
use norn::{
    base::prng::Prng,
    config::{AppendFsync, SavePoint, SavePoints},
    protocol::value::Value,
    session::jobs::Job,
};
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
/// Virtual time after which an idle file says durably that all of it is durable: three of the
/// half minutes between two syncs under `no`, and one in which it may be rewritten.
const IDLE: Duration = Duration::from_secs(130);
/// Longest a slow sync takes.
const SLOW_SYNC_MS: u64 = 3_000;
/// What a name takes where it takes any room.
const NAME_BYTES: u64 = 4_096;

/// How often which parts of the scenario took place.
#[derive(Default)]
pub(super) struct Tally {
    faults: u64,
    refused: u64,
    recoveries: u64,
    pub(super) rotten: u64,
    pub(super) harmless: u64,
    pub(super) unreadable: u64,
    pub(super) ill_starts: u64,
    replies: u64,
}

/// A run of the scenario.
pub(super) struct Play {
    pub(super) theatre: Theatre,
    pub(super) rng: Prng,
    pub(super) now: Circumstances,
    pub(super) tally: Tally,
    healthy: DiskConfig,
}

pub(super) async fn run(seed: u64) -> Report {
    let mut rng = Prng::new(mix(seed, 0xD15C));
    let healthy = DiskConfig { slow_sync: 0.0, ..DiskConfig::draw(&mut thread_rng()) };
    SimDisks::current().configure(|c| *c = healthy.clone());
    let aof = rng.below(4) > 0;
    let now = draw(&mut rng, aof);
    let theatre = Theatre::new(now.config.clone());
    let mut play = Play { theatre, rng, now, healthy, tally: Tally::default() };
    let mut promise = None;
    for number in 0..1 + play.rng.below(3) {
        let life = play.begin(promise.take(), number).await;
        let well = play.live(&life, mix(seed, number)).await;
        promise = Some(play.end(&life, well).await);
    }
    play.begin(promise, 99).await;
    play.tally.report()
}

/// What the next life is like.
fn draw(rng: &mut Prng, aof: bool) -> Circumstances {
    let mut drawn = Circumstances::draw(rng, aof, false);
    drawn.toggles = false;
    if !aof {
        drawn.config.persistence.save = SavePoints(vec![SavePoint { period_s: rng.below(20), changes: 1 }]);
    }
    drawn
}

impl Play {
    pub(super) fn aof(&self) -> bool {
        self.now.config.persistence.appendonly
    }

    pub(super) fn heal(&self) {
        SimDisks::current().configure(|c| *c = self.healthy.clone());
    }

    /// The server has started; what it has loaded was promised.
    async fn begin(&self, promise: Option<Promise>, number: u64) -> Arc<Life> {
        let loaded = self.theatre.loaded().await;
        let life = loaded.unwrap_or_else(|e| panic!("life {number}: it does not start: {e}"));
        let found = life.loaded();
        if let Some(Err(why)) = promise.map(|p| p.check(&found.picture)) {
            panic!("what life {number} begins with is not what was promised: {why}");
        }
        life
    }

    /// Clients write, and things go wrong with the disk; whether it is well in the end.
    async fn live(&mut self, life: &Arc<Life>, seed: u64) -> bool {
        self.theatre.invite(life, self.now.habits, seed);
        let (life2, addr, seed2, pause_ms) = (life.clone(), self.theatre.addr, self.rng.next_u64(), self.now.admin_ms);
        let (stance, alone) = (Arc::new(AtomicBool::new(self.aof())), Arc::new(AtomicBool::new(false)));
        let alone2 = alone.clone();
        self.theatre.send(move |env| async move {
            let admin = administer(env.clone(), life2, addr, Prng::new(seed2), pause_ms, false, stance);
            unless(&env, &alone2, admin).await;
        });
        for _ in 0..1 + self.rng.below(3) {
            self.break_something();
            self.suffer(life).await;
        }
        if self.rng.below(3) == 0 {
            return false;
        }
        // From here on nobody asks for snapshots or rewrites.
        alone.store(true, SeqCst);
        self.heal();
        self.recover(life).await;
        true
    }

    /// Makes something go wrong with the disk from now on.
    pub(super) fn break_something(&mut self) {
        let chance = [0.01, 0.1, 0.5, 1.0][self.rng.below(4) as usize];
        let (what, room) = (self.rng.below(10), self.rng.below(20_000));
        self.tally.faults += 1;
        let (disks, node) = (SimDisks::current(), self.theatre.server.node);
        let usage = disks.usage(node);
        disks.configure(|c| {
            *c = self.healthy.clone();
            match what {
                0 => c.capacity = room,
                7 => c.inodes = usage.inodes + room % 4,
                8 => {
                    c.name_bytes = NAME_BYTES;
                    c.capacity = usage.taken(c) + room;
                }
                9 => (c.is_thin, c.capacity, c.inodes) = (true, usage.bytes + room, usage.inodes + room % 3),
                1 => c.write_error = chance,
                2 => c.sync_error = chance,
                3 => (c.slow_sync, c.slow_sync_max_ms) = (chance, SLOW_SYNC_MS),
                4 => c.short_write = 0.9,
                5 => c.name_error = chance,
                _ => (c.write_error, c.sync_error, c.short_write) = (chance, chance, 0.5),
            }
        });
    }

    /// While the disk is ill, reads are answered and writes are refused.
    async fn suffer(&mut self, life: &Life) {
        let shared = &life.engine.shared;
        let always = shared.config.get().persistence.appendfsync == AppendFsync::Always;
        for _ in 0..1 + self.rng.below(4) {
            sleep(Duration::from_millis(self.rng.below(1_500))).await;
            let reply = self.theatre.ask("GET s0", PATIENCE).await;
            let reply = reply.unwrap_or_else(|| {
                panic!("a read is not answered within {PATIENCE:?}; the server: {:?}", self.theatre.end())
            });
            assert!(reply.error().is_none_or(|e| e.starts_with(b"WRONGTYPE")), "a read: {reply:?}");
            let is_failing = || shared.aof.is_failing() || shared.save_failed.load(SeqCst);
            if !is_failing() {
                continue;
            }
            let failures = shared.jobs.record(Job::Save).count;
            let reply = self.theatre.ask("INCR n0", PATIENCE).await;
            if is_failing()
                && failures == shared.jobs.record(Job::Save).count
                && let Some(reply) = reply
            {
                let refused = reply.error().is_some_and(|e| e.starts_with(b"MISCONF"));
                // An append-only file may have failed, recovered and failed again meanwhile.
                assert!(refused || self.aof() && !always, "a write while the disk fails: {reply:?}");
                self.tally.refused += u64::from(refused);
            }
        }
    }

    /// Once the disk is well, the server takes writes before long.
    async fn recover(&mut self, life: &Life) {
        let begun_ns = self.theatre.now_ns();
        loop {
            let reply = self.theatre.ask("SET probe there", PATIENCE).await;
            if reply == Some(Value::Simple(b"OK".to_vec())) && !life.engine.shared.aof.is_failing() {
                break;
            }
            let waited = Duration::from_nanos(self.theatre.now_ns() - begun_ns);
            let (aof, jobs) = (&life.engine.shared.aof, &life.engine.shared.jobs);
            let text = reply.map(|r| r.error().unwrap_or_default().escape_ascii().to_string());
            assert!(
                waited < RECOVERY,
                "the disk is well for {waited:?}, and a write gets {text:?}; running: {:?}, a rewrite is wanted: {}, the \
                 last: {:?}",
                jobs.running(),
                aof.wants_rewrite(),
                jobs.record(Job::Rewrite)
            );
            sleep(Duration::from_millis(100)).await;
        }
        self.tally.recoveries += 1;
        if self.rng.below(2) == 0 {
            self.clear_away(life).await;
        }
    }

    /// A snapshot or a rewrite succeeds, and nothing is left of those that failed.
    async fn clear_away(&mut self, life: &Life) {
        let (jobs, begun_ns) = (&life.engine.shared.jobs, self.theatre.now_ns());
        let (job, request) = if self.aof() { (Job::Rewrite, "BGREWRITEAOF") } else { (Job::Save, "BGSAVE") };
        let before = jobs.record(job).count;
        while jobs.is_busy() || jobs.record(job).count == before || !jobs.record(job).ok {
            let waited = Duration::from_nanos(self.theatre.now_ns() - begun_ns);
            assert!(waited < RECOVERY, "the disk is well for {waited:?}, and of {request}: {:?}", jobs.record(job));
            self.theatre.ask(request, PATIENCE).await;
            sleep(Duration::from_millis(100)).await;
        }
        let (left, listed) = spoil::left_over(self);
        assert!(left.is_empty(), "{left:?} are left over beside {listed:?}");
    }

    /// Crashes the server, perhaps spoils the disk, and starts it again; what it has to find then.
    async fn end(&mut self, life: &Arc<Life>, well: bool) -> Promise {
        let rot = well && self.rng.below(2) == 0;
        if rot {
            life.end();
            sleep(IDLE).await;
        }
        let how = if self.rng.below(2) == 0 { Crash::Process } else { Crash::Power };
        life.prune();
        let (aof, saves) = (&life.engine.shared.aof, life.notes().saves.clone());
        let bound_ns = if aof.is_failing() { u64::MAX } else { (1_200 + 8 * SLOW_SYNC_MS) * 1_000_000 };
        let power = at_least(life, &self.now.config, self.theatre.now_ns(), bound_ns);
        let mut kept = if how == Crash::Power { power } else { power.max(aof.written.load(SeqCst)) };
        self.theatre.crash(how);
        self.tally.replies += life.replies.load(SeqCst);
        self.heal();
        sleep(Duration::from_millis(1 + self.rng.below(50))).await;
        let promised = |kept: u64, aof: bool| match aof {
            true => Promise::history(life, kept),
            false => Promise::OneOf(saves.clone()),
        };
        match self.rng.below(4) {
            _ if rot => spoil::rot(self, &promised(life.engine.shared.journal.end(), self.aof())).await,
            0 => spoil::sector(self).await,
            1 => spoil::reads(self, &promised(kept, self.aof())).await,
            2 => {
                let again = spoil::start_ill(self, &saves, &promised(kept, self.aof())).await;
                kept = if again == Crash::Power { power } else { kept };
            }
            _ => {}
        }
        let promise = promised(kept, self.aof());
        let aof = self.aof();
        self.now = draw(&mut self.rng, aof);
        self.theatre.restart(self.now.config.clone(), saves);
        promise
    }
}

impl Tally {
    fn report(self) -> Report {
        let Tally { faults, refused, recoveries, rotten, harmless, unreadable, ill_starts, replies } = self;
        let names = SimDisks::current().stats().refused_names;
        let text = format!(
            "{faults} times trouble, {refused} probes and {names} names refused, {recoveries} recoveries, {rotten} \
             flipped bits found, {harmless} in a last line, {unreadable} unreadable sectors, {ill_starts} starts on an \
             ill disk"
        );
        Report { text, checked: replies }
    }
}
