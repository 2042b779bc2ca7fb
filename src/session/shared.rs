//! What all workers of one server share: the key space, the live configuration and the
//! registries. Every lock in here except the shards' is a leaf.

use super::{
    aof::AofStatus,
    blocked::BlockedClients,
    channels::Channels,
    clients::{ClientInfo, Clients, flag},
    commandlog::CommandLogs,
    graveyard::Graveyard,
    jobs::Jobs,
    journal::Journal,
    latency::LatencyMonitor,
    loading::Loading,
    mailbox::Msg,
    moving::Moving,
    rates::Rates,
    saving::Saving,
    stats::{Counter, WorkerStats},
    upkeep::Upkeep,
};
use crate::base::sync::Mutex;
use crate::{
    base::{
        process::Usage,
        time::{Mono, Now, Wall},
    },
    config::Config,
    keyspace::shard::Keyspace,
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::SeqCst},
    },
    task::Waker,
};

/// The live configuration: read through a copy that each worker refreshes when the
/// version has moved.
pub struct ConfigCell {
    current: Mutex<Arc<Config>>,
    version: AtomicU64,
}

impl ConfigCell {
    pub fn new(c: Config) -> ConfigCell {
        ConfigCell { current: Mutex::new(Arc::new(c)), version: AtomicU64::new(0) }
    }

    #[inline]
    pub fn version(&self) -> u64 {
        self.version.load(SeqCst)
    }

    pub fn get(&self) -> Arc<Config> {
        self.current.lock().clone()
    }

    /// Changes the configuration, or leaves it as it is when `f` fails.
    pub fn update<T, E>(&self, f: impl FnOnce(&mut Config) -> Result<T, E>) -> Result<T, E> {
        let mut g = self.current.lock();
        let mut next = (**g).clone();
        let r = f(&mut next)?;
        *g = Arc::new(next);
        self.version.fetch_add(1, SeqCst);
        Ok(r)
    }
}

/// CLIENT PAUSE: which commands wait, and until when.
#[derive(Default)]
pub struct Pause {
    until_ms: AtomicU64,
    all: AtomicBool,
}

impl Pause {
    /// Pauses until a monotonic time in ms; `all` commands or only those that write. A
    /// pause in force is never shortened or weakened.
    pub fn set(&self, now_ms: u64, until_ms: u64, all: bool) {
        let active = self.until_ms.load(SeqCst) > now_ms;
        self.until_ms.fetch_max(until_ms, SeqCst);
        self.all.store(all || active && self.all.load(SeqCst), SeqCst);
    }

    /// Ends the pause. Who waits sleeps on.
    fn clear(&self) {
        self.until_ms.store(0, SeqCst);
    }

    /// Whether commands that write, at least, are held: the data set stands still.
    #[inline]
    pub fn is_on(&self, now: Now) -> bool {
        !self.is_off() && self.holds(now.mono.0 / 1_000_000, true).is_some()
    }

    /// Whether there is no pause for sure, which needs no clock.
    #[inline]
    pub fn is_off(&self) -> bool {
        self.until_ms.load(SeqCst) == 0
    }

    /// Whether it holds all commands and how many ms of it are left, if it is in force.
    pub fn in_force(&self, now_ms: u64) -> Option<(bool, u64)> {
        let until = self.holds(now_ms, true)?;
        Some((self.all.load(SeqCst), until - now_ms))
    }

    /// Until when (monotonic ms) a command that writes or not has to wait.
    #[inline]
    pub fn holds(&self, now_ms: u64, writes: bool) -> Option<u64> {
        let until = self.until_ms.load(SeqCst);
        (until > now_ms && (writes || self.all.load(SeqCst))).then_some(until)
    }
}

/// Facts about this process that do not change.
#[derive(Clone, Debug, Default)]
pub struct Boot {
    pub started: Now,
    /// 40 hexadecimal digits.
    pub run_id: String,
    /// Of the history of changes that begins here, likewise.
    pub replication_id: String,
    pub pid: u32,
    pub cores: usize,
    /// The program's name, as it was called, and its path.
    pub program: String,
    pub executable: String,
    /// Path of the configuration file; empty if there is none.
    pub config_file: String,
    /// Address-space word, `INFO` wants it.
    pub os: String,
}

/// Switches that DEBUG flips.
#[derive(Debug)]
pub struct DebugSwitches {
    pub active_expire: AtomicBool,
    pub pause_cron: AtomicBool,
    /// RESTORE and loading do not look at checksums: for tests with damaged values.
    pub skip_checksums: AtomicBool,
    /// List elements of so many bytes or more get a node for themselves; 0: as configured.
    pub large_element_bytes: AtomicU32,
    /// Wait before each write to the append-only file.
    pub aof_flush_sleep_us: AtomicU64,
}

/// A shutdown was asked for, and is being prepared.
const BEFORE_STOP: u8 = 1;
/// The server ends.
const STOP: u8 = 2;

/// Something on cache lines of its own.
#[derive(Default, Debug)]
#[repr(align(128))]
pub struct OwnLine<T>(pub T);

/// What all workers share.
pub struct Shared {
    pub keyspace: Keyspace,
    pub config: ConfigCell,
    pub clients: Clients,
    pub channels: Channels,
    pub blocked: BlockedClients,
    pub workers: Box<[WorkerStats]>,
    pub boot: Boot,
    /// What the operating system and the allocator last said about this process.
    pub process: Mutex<Usage>,
    pub pause: Pause,
    pub graveyard: Graveyard,
    /// Every change, for the append-only file and for replicas.
    pub journal: Journal,
    pub saving: Arc<Saving>,
    /// Keys on their way to other servers, and the open connections to those.
    pub moving: Arc<Moving>,
    pub migrate_links: AtomicU64,
    /// How the append-only file is doing.
    pub aof: AofStatus,
    pub jobs: Jobs,
    /// The last snapshot could not be written.
    pub save_failed: AtomicBool,
    /// When the last snapshot was begun that is on disk, unix seconds; at first, when the server
    /// was started.
    pub last_save_s: AtomicU64,
    /// Changes that are in it.
    saved_changes: AtomicU64,
    pub debug: DebugSwitches,
    pub command_logs: CommandLogs,
    /// Memory of all clients, and the monotonic ms when they were last asked.
    client_bytes: AtomicU64,
    client_bytes_ms: AtomicU64,
    /// Clients disconnected because of `maxmemory-clients`.
    pub evicted_clients: AtomicU64,
    pub latency: LatencyMonitor,
    pub loading: Loading,
    /// The code of libraries of functions, as files brought it: nothing runs it, but it is
    /// written back.
    pub functions: Mutex<Vec<bytes::Bytes>>,
    pub monitors: Mutex<Vec<Arc<ClientInfo>>>,
    /// Length of `monitors`, readable without the lock.
    pub monitor_count: AtomicU64,
    /// Changes to the data set, by worker: on lines of their own, because every write counts.
    pub changes: Box<[OwnLine<Counter>]>,
    /// What the account held before the first client came.
    pub startup_bytes: u64,
    /// See [`Shared::note_peak`].
    peak_bytes: AtomicU64,
    pub rates: Mutex<Rates>,
    pub upkeep: Mutex<Upkeep>,
    /// Error replies by their first word.
    pub errors: Mutex<BTreeMap<String, u64>>,
    /// 0 while it runs, [`BEFORE_STOP`], [`STOP`].
    pub stopping: AtomicU8,
    /// Wakes the shell's main task when `stopping` changes.
    pub stop_waker: Mutex<Option<Waker>>,
}

impl Shared {
    /// A server's shared state.
    pub fn new(keyspace: Keyspace, config: Config, boot: Boot, workers: usize, commands: usize) -> Shared {
        let (startup_bytes, started_s) = (keyspace.used_bytes(), boot.started.wall.0 / 1000);
        Shared {
            startup_bytes,
            keyspace,
            config: ConfigCell::new(config),
            clients: Clients::default(),
            channels: Channels::default(),
            blocked: BlockedClients::default(),
            workers: (0..workers).map(|_| WorkerStats::new(commands)).collect(),
            boot,
            process: Mutex::default(),
            pause: Pause::default(),
            graveyard: Graveyard::default(),
            journal: Journal::default(),
            saving: Arc::default(),
            moving: Arc::default(),
            migrate_links: AtomicU64::new(0),
            aof: AofStatus::default(),
            jobs: Jobs::default(),
            save_failed: AtomicBool::new(false),
            last_save_s: AtomicU64::new(started_s),
            saved_changes: AtomicU64::new(0),
            debug: DebugSwitches {
                active_expire: AtomicBool::new(true),
                pause_cron: AtomicBool::new(false),
                skip_checksums: AtomicBool::new(false),
                large_element_bytes: AtomicU32::new(0),
                aof_flush_sleep_us: AtomicU64::new(0),
            },
            command_logs: CommandLogs::default(),
            client_bytes: AtomicU64::new(0),
            client_bytes_ms: AtomicU64::new(0),
            evicted_clients: AtomicU64::new(0),
            latency: LatencyMonitor::default(),
            loading: Loading::default(),
            functions: Mutex::default(),
            monitors: Mutex::default(),
            monitor_count: AtomicU64::new(0),
            changes: (0..workers).map(|_| OwnLine::default()).collect(),
            peak_bytes: AtomicU64::new(0),
            rates: Mutex::default(),
            upkeep: Mutex::default(),
            errors: Mutex::default(),
            stopping: AtomicU8::new(0),
            stop_waker: Mutex::default(),
        }
    }

    /// The account of memory that `maxmemory` limits: keys, values, tables, and what
    /// clients buffer.
    pub fn used_bytes(&self) -> u64 {
        self.keyspace.used_bytes() + self.client_bytes.load(SeqCst)
    }

    /// Takes note of whether memory is above a limit, of which 0 is none.
    pub fn note_excess(&self, limit_bytes: u64, now: Mono) {
        self.upkeep.lock().memory(limit_bytes > 0 && self.used_bytes() > limit_bytes, now);
    }

    /// The memory that all clients hold. They are asked unless that was done less than
    /// `fresh_ms` ago.
    pub fn weigh_clients(&self, now_ms: u64, fresh_ms: u64) -> u64 {
        if now_ms.saturating_sub(self.client_bytes_ms.load(SeqCst)) >= fresh_ms {
            self.client_bytes_ms.store(now_ms, SeqCst);
            self.client_bytes.store(self.clients.memory_bytes(), SeqCst);
        }
        self.client_bytes.load(SeqCst)
    }

    /// Counts what a client has come to hold since the clients were last asked; returns what
    /// all of them hold.
    pub fn add_client_bytes(&self, bytes: u64) -> u64 {
        self.client_bytes.fetch_add(bytes, SeqCst) + bytes
    }

    /// Lets a client hear every command.
    pub fn add_monitor(&self, client: Arc<ClientInfo>) {
        let mut g = self.monitors.lock();
        g.push(client);
        self.monitor_count.store(g.len() as u64, SeqCst);
    }

    /// Undoes [`Shared::add_monitor`].
    pub fn remove_monitor(&self, id: u64) {
        let mut g = self.monitors.lock();
        g.retain(|m| m.id != id);
        self.monitor_count.store(g.len() as u64, SeqCst);
    }

    /// Changes since the server was started.
    pub fn total_changes(&self) -> u64 {
        self.changes.iter().map(|c| c.0.get()).sum()
    }

    /// Changes since the last snapshot.
    pub fn dirty(&self) -> u64 {
        self.total_changes().saturating_sub(self.saved_changes.load(SeqCst))
    }

    /// A snapshot of the first `changes` changes, begun at `begun`, is on disk.
    pub fn saved(&self, changes: u64, begun: Wall) {
        self.saved_changes.store(changes, SeqCst);
        self.last_save_s.store(begun.0 / 1000, SeqCst);
    }

    /// Asks the shell to end the server.
    pub fn stop(&self) {
        self.stopping.store(STOP, SeqCst);
        if let Some(w) = self.stop_waker.lock().take() {
            w.wake();
        }
    }

    /// Remembers a reading of the account if it is the highest so far, and returns the
    /// highest.
    pub fn note_peak(&self, used_bytes: u64) -> u64 {
        self.peak_bytes.fetch_max(used_bytes, SeqCst).max(used_bytes)
    }

    /// Announces that the server is about to end, as soon as it has saved its data.
    pub fn begin_shutdown(&self) {
        self.stopping.store(BEFORE_STOP, SeqCst);
    }

    /// Ends the pause, however long it was to last, and wakes who waits for that.
    pub fn unpause(&self) {
        self.pause.clear();
        for c in self.clients.all() {
            if c.has_flag(flag::PAUSED) {
                c.mailbox.post(Msg::Nudge);
            }
        }
    }

    /// Takes back [`Shared::begin_shutdown`]; whether it was not too late.
    pub fn abort_shutdown(&self) -> bool {
        self.stopping.compare_exchange(BEFORE_STOP, 0, SeqCst, SeqCst).is_ok()
    }

    /// Whether the server is about to end as soon as it has saved its data.
    pub fn is_shutting_down(&self) -> bool {
        self.stopping.load(SeqCst) == BEFORE_STOP
    }

    /// Whether the server is about to end.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(SeqCst) == STOP
    }

    /// Counts an error reply by its first word.
    pub fn count_error(&self, code: &str) {
        let mut g = self.errors.lock();
        if let Some(n) = g.get_mut(code) {
            *n += 1;
        } else if g.len() < 128 {
            g.insert(code.into(), 1);
        }
    }
}
