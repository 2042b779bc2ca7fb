//! The two servers, the keys, and how to ask.

use super::{Habits, PATIENCE, judge::Judge};
use crate::{
    durable::client::Wire,
    env::SimEnv,
    machine::{Crash, Machine},
    net::SimStream,
};
use madsim::time::sleep;
use norn::{
    config::{AppendFsync, Config, ProtectedAction},
    engine::Engine,
    env::{Addr, Env},
    protocol::value::Value,
    server::{self, Launch},
};
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{
            AtomicBool, AtomicU64,
            Ordering::{Relaxed, SeqCst},
        },
    },
    time::Duration,
};

pub const PORT: u16 = 6379;
/// Histories are kept of values up to this size.
const JUDGED_BYTES: u64 = 20_000;
const TICK: Duration = Duration::from_millis(5);
/// How often who waits looks whether the server has crashed.
const LOOK: Duration = Duration::from_millis(50);

/// A key, from its creation on.
pub struct Key {
    pub name: String,
    /// Held by whoever moves it, who looks afterwards what became of it.
    pub moving: tokio::sync::Mutex<()>,
    /// Held by whoever writes it.
    pub writing: tokio::sync::Mutex<()>,
    /// The last version that somebody tried to write, and that was acknowledged.
    pub tried: AtomicU64,
    pub acknowledged: AtomicU64,
    /// A copy may be under way that nobody knows of.
    pub is_tainted: AtomicBool,
    /// That copy may replace what is written: nobody writes any more.
    pub is_retired: AtomicBool,
}

impl Key {
    /// A key of which the first version is about to be written.
    pub fn new(name: String) -> Key {
        let (moving, writing, is_tainted, is_retired) = Default::default();
        let (tried, acknowledged) = (AtomicU64::new(1), AtomicU64::new(1));
        Key { name, moving, writing, tried, acknowledged, is_tainted, is_retired }
    }
}

/// A server, in its present life.
pub struct Host {
    pub machine: Machine,
    pub addr: SocketAddr,
    engine: Arc<Mutex<Arc<OnceLock<Arc<Engine>>>>>,
    /// How often it has crashed or been shut down.
    pub lives: AtomicU64,
    /// It has ended because it was asked to.
    pub ended: Arc<AtomicBool>,
    config: Arc<Mutex<Config>>,
    /// None where values are so large that there is no keeping of histories.
    judge: Option<Judge>,
}

/// How often things took place.
#[derive(Default)]
pub struct Tally {
    pub moved: AtomicU64,
    /// Of them, how many carried several keys, and replaced what was there.
    pub several: AtomicU64,
    pub replaced: AtomicU64,
    pub failed: AtomicU64,
    pub unknown: AtomicU64,
    pub written: AtomicU64,
    pub looks: AtomicU64,
    pub ends: AtomicU64,
}

/// See the module.
pub struct Board {
    pub habits: Habits,
    pub hosts: [Host; 2],
    pub clients: Machine,
    /// By slot, the newest last.
    slots: Mutex<Vec<Vec<Arc<Key>>>>,
    pub stop: AtomicBool,
    pub busy: AtomicU64,
    pub settled: AtomicBool,
    pub tally: Tally,
}

fn get<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection to one of the servers, to be made anew when it breaks.
#[derive(Default)]
pub struct Link(Option<(u64, Wire<SimStream>)>);

fn start(number: u8, habits: &Habits, workers: usize) -> Host {
    let mut config = Config::default();
    config.persistence.rdb_key_save_delay_us = habits.save_delay_us;
    config.network.io_threads = workers;
    config.network.port = PORT;
    config.network.protected_mode = false;
    config.persistence.appendonly = true;
    config.persistence.appendfsync = AppendFsync::Always;
    config.security.enable_debug_command = ProtectedAction::Yes;
    let engine = Arc::new(Mutex::new(Arc::default()));
    let ended = Arc::new(AtomicBool::new(false));
    let config = Arc::new(Mutex::new(config));
    let judge = (habits.padding_bytes <= JUDGED_BYTES).then(Judge::new);
    let (engine2, ended2, config2, judge2) = (engine.clone(), ended.clone(), config.clone(), judge.clone());
    let machine = Machine::with_process(number, move |env: SimEnv| {
        let (config, engine, ended, judge) = (get(&config2).clone(), engine2.clone(), ended2.clone(), judge2.clone());
        async move {
            let cell: Arc<OnceLock<Arc<Engine>>> = Arc::default();
            *get(&engine) = cell.clone();
            let serve = server::run(env.clone(), config, Launch { engine: cell.clone(), ..Launch::default() });
            let watch = async {
                if let (Some(judge), Some(engine)) = (judge, cell.get()) {
                    judge.receive(&env, engine).await;
                }
                std::future::pending::<()>().await;
            };
            let end = tokio::select! { biased; end = serve => end, () = watch => unreachable!("it waits") };
            assert!(end.is_ok(), "the server ended: {end:?}");
            ended.store(true, SeqCst);
        }
    });
    Host { machine, addr: SocketAddr::new(machine.ip, PORT), engine, lives: AtomicU64::new(0), ended, config, judge }
}

impl Board {
    /// Starts both servers.
    pub fn start(habits: Habits, workers: usize) -> Arc<Board> {
        let slots = Mutex::new((0..super::SLOTS).map(|_| Vec::new()).collect());
        let hosts = [start(1, &habits, workers), start(2, &habits, workers)];
        let (stop, busy, settled, tally) = Default::default();
        Arc::new(Board { habits, hosts, clients: Machine::idle(3), slots, stop, busy, settled, tally })
    }

    /// A server's inside.
    pub fn engine(&self, at: usize) -> Arc<Engine> {
        get(&self.hosts[at].engine).get().expect("it has started").clone()
    }

    /// The key that a slot has at present.
    pub fn key(&self, slot: usize) -> Option<Arc<Key>> {
        get(&self.slots)[slot].last().cloned()
    }

    /// Gives a slot another key.
    pub fn renew(&self, slot: usize, key: Key) {
        get(&self.slots)[slot].push(Arc::new(key));
    }

    /// How many keys a slot has had.
    pub fn epoch(&self, slot: usize) -> usize {
        get(&self.slots)[slot].len()
    }

    /// Every key that there ever was.
    pub fn keys(&self) -> Vec<Arc<Key>> {
        get(&self.slots).iter().flatten().cloned().collect()
    }

    /// Ends a server's life and begins the next after `dead`.
    pub async fn crash(&self, at: usize, how: Crash, dead: Duration) {
        let host = &self.hosts[at];
        if let Some(judge) = &host.judge {
            judge.crash(how);
        }
        host.machine.crash(how);
        host.lives.fetch_add(1, SeqCst);
        self.tally.ends.fetch_add(1, Relaxed);
        sleep(dead).await;
        host.ended.store(false, SeqCst);
        host.machine.restart();
    }

    /// Has both servers start once more with their RDB files alone, which must be snapshots.
    pub async fn look_at_snapshots(&self) {
        for (at, host) in self.hosts.iter().enumerate() {
            let Some(judge) = &host.judge else { continue };
            judge.crash(Crash::Process);
            judge.expect_snapshot();
            host.machine.crash(Crash::Process);
            get(&host.config).persistence.appendonly = false;
            sleep(TICK).await;
            host.machine.restart();
            self.wait_until("a snapshot has been looked at", |b| {
                b.hosts[at].judge.as_ref().is_some_and(Judge::is_done)
            })
            .await;
        }
    }

    /// Asks a server; `None` if the connection broke or the server crashed meanwhile, so that nobody
    /// knows whether it was done, but it will not be done any more.
    pub async fn ask(&self, env: &SimEnv, link: &mut Link, at: usize, words: &[Vec<u8>]) -> Option<Value> {
        let host = &self.hosts[at];
        if link.0.is_none() {
            let life = host.lives.load(SeqCst);
            let addr = Addr::Tcp(host.addr);
            let connect = env.connect(&addr);
            let Some(Ok(stream)) = env.timeout(Duration::from_secs(5), connect).await else {
                env.sleep(LOOK).await;
                return None;
            };
            if host.lives.load(SeqCst) != life {
                // Connected to a later life: what would be asked of it could not be told from
                // what was asked of the one before.
                return None;
            }
            link.0 = Some((life, Wire::new(stream)));
        }
        let (life, mut wire) = link.0.take().expect("it has just been made");
        let begun = env.mono();
        let dead = async {
            while host.lives.load(SeqCst) == life {
                let waited = Duration::from_nanos(env.mono().0 - begun.0);
                assert!(waited < PATIENCE, "{}", self.silence(at, words));
                env.sleep(LOOK).await;
            }
        };
        let reply = tokio::select! { biased; reply = wire.ask(words) => reply.ok(), () = dead => None };
        match reply {
            Some(_) => link.0 = Some((life, wire)),
            None => env.sleep(Duration::from_millis(1)).await,
        }
        reply
    }

    /// What is known about a server that does not answer.
    fn silence(&self, at: usize, words: &[Vec<u8>]) -> String {
        let what = words.iter().take(2).map(|w| w.escape_ascii().to_string()).collect::<Vec<_>>().join(" ");
        let (engine, host) = (self.engine(at), &self.hosts[at]);
        let s = &engine.shared;
        let (moving, loading, stopping) = (s.moving.is_any(), s.loading.is_on(), s.is_stopping());
        let (ended, busy) = (host.ended.load(SeqCst), s.jobs.running().map(|r| r.job));
        format!(
            "server {at} does not answer {what}: moving {moving}, loading {loading}, stopping {stopping}, ended {ended}, job {busy:?}, aof failing {}, confirmed {} of {}",
            s.aof.is_failing(),
            s.journal.confirmed(),
            s.journal.end()
        )
    }

    /// Waits, with a bound, until faults have been recovered from.
    pub async fn wait_until(&self, what: &str, done: impl Fn(&Board) -> bool) {
        let mut waited = Duration::ZERO;
        while !done(self) {
            let ended = self.hosts.each_ref().map(|host| host.ended.load(SeqCst));
            assert!(waited < 2 * PATIENCE, "{waited:?} after the last fault, not yet: {what}; ended: {ended:?}");
            sleep(TICK).await;
            waited += TICK;
        }
    }

    pub fn report(&self) -> super::Report {
        let n = |count: &AtomicU64| count.load(Relaxed);
        let t = &self.tally;
        let text = format!(
            "{} moves, {} of several keys, {} replacing, {} refused or failed, {} unknown, {} writes, {} keys, {} crashes, {} starts judged",
            n(&t.moved),
            n(&t.several),
            n(&t.replaced),
            n(&t.failed),
            n(&t.unknown),
            n(&t.written),
            self.keys().len(),
            n(&t.ends),
            self.hosts.iter().flat_map(|h| &h.judge).map(Judge::checked).sum::<u64>(),
        );
        super::Report { text, checked: n(&t.written) + n(&t.looks) + n(&t.moved) }
    }
}
