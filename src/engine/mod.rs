//! The engine: bytes in, bytes out.
//!
//! [`Engine::on_bytes`] parses what a client sent, executes it under shard locks and
//! writes the replies; [`Engine::on_mail`] does the same for what others sent to the
//! session. The shell, the simulator, the fuzzers and the tests all call these two and
//! nothing else moves a session forward. No call waits: when a session has to, the
//! returned [`Progress`] says for what.

mod batch;
mod blocking;
mod call;
mod cron;
mod dispatch;
mod effects;
pub mod load;
mod mail;
mod memory;
mod monitor;
mod moving;
mod record;
pub mod replay;
mod snapshot;
mod transaction;

#[cfg(any(test, fuzzing))]
pub mod testing;
#[cfg(test)]
mod tests;

use crate::{
    base::prng::Prng,
    commands::{ShellRequest, rename::Renames, table},
    config::{Config, MaxmemoryPolicy},
    keyspace::{access::AccessPolicy, changes::Changes, evict::Pool, shard::Keyspace},
    session::{
        Shared,
        histogram::Histogram,
        shared::Boot,
        stats::{CommandStats, WorkerStats},
    },
};
use std::sync::Arc;

/// What a session needs next.
#[derive(Debug)]
pub enum Progress {
    /// More bytes from the client; at least so many.
    Read { want: usize },
    /// The blocking command in `session.blocked` waits for mail, or for its deadline.
    Blocked,
    /// CLIENT PAUSE holds the next command until this monotonic time in ms.
    Paused { until_ms: u64 },
    /// Enough replies have piled up: send some before going on.
    Send,
    /// Do this, then answer the client.
    Shell(ShellRequest),
    /// Send what there is, then close.
    Close,
    /// Close at once.
    Kill,
}

/// So many that the shards of one batch are seldom those another worker is busy with.
const SHARDS_PER_WORKER: usize = 64;

/// The server's logic; one for all workers.
pub struct Engine {
    pub shared: Shared,
    renames: Renames,
}

impl Engine {
    /// An engine for `workers` workers. `seed` keys the hash of the key space.
    ///
    /// # Panics
    /// If the configuration does not pass [`check_config`].
    pub fn new(config: Config, boot: Boot, workers: usize, seed: u64) -> Arc<Engine> {
        let shards = if workers <= 1 { 1 } else { workers * SHARDS_PER_WORKER };
        let space = Keyspace::new(crate::base::hash::HashKey(seed), shards, config.process.databases);
        let renames = Renames::new(&config).expect("the configuration was checked");
        Arc::new(Engine { shared: Shared::new(space, config, boot, workers.max(1), table::TOTAL), renames })
    }
}

/// What one worker owns.
pub struct Worker {
    pub index: usize,
    pub rng: Prng,
    /// The configuration as of `version`.
    pub config: Arc<Config>,
    version: u64,
    pub(crate) changes: Changes,
    access: AccessPolicy,
    thresholds: record::Thresholds,
    pool: Pool,
    batch: Vec<batch::Slot>,
    known: batch::Known,
    /// This worker's histograms by command, as far as they are in use.
    histograms: Box<[Option<Arc<Histogram>>]>,
}

impl Worker {
    /// Worker number `index` with random numbers from `seed`.
    pub fn new(engine: &Engine, index: usize, seed: u64) -> Worker {
        let config = engine.shared.config.get();
        let access = access_policy(&config);
        let mut changes = Changes { notify: config.monitoring.notify_keyspace_events, ..Changes::default() };
        changes.ops.lazy_expire = config.memory.lazyfree_lazy_expire;
        let version = engine.shared.config.version();
        let thresholds = record::Thresholds::new(&config);
        Worker {
            index,
            rng: Prng::new(seed),
            config,
            version,
            changes,
            access,
            thresholds,
            pool: Pool::default(),
            batch: Vec::new(),
            known: batch::Known::default(),
            histograms: vec![None; table::TOTAL].into(),
        }
    }

    /// Takes over configuration changes made by any worker.
    #[inline]
    pub fn refresh(&mut self, shared: &Shared) {
        let version = shared.config.version();
        if version != self.version {
            self.version = version;
            self.config = shared.config.get();
            self.access = AccessPolicy { ahead_ms: self.access.ahead_ms, ..access_policy(&self.config) };
            self.thresholds = record::Thresholds::new(&self.config);
            self.changes.notify = self.config.monitoring.notify_keyspace_events;
            self.changes.ops.lazy_expire = self.config.memory.lazyfree_lazy_expire;
        }
    }

    /// This worker's counters.
    #[inline]
    pub fn stats<'s>(&self, shared: &'s Shared) -> &'s WorkerStats {
        &shared.workers[self.index]
    }

    /// This worker's counters of one command.
    #[inline]
    fn command_stats<'s>(&self, shared: &'s Shared, command: u16) -> &'s CommandStats {
        &self.stats(shared).per_command[command as usize]
    }
}

/// Whether an engine can be made of this configuration.
///
/// # Errors
/// Why not, in words for the log.
pub fn check_config(config: &Config) -> Result<(), &'static str> {
    Renames::new(config).map(drop)
}

fn access_policy(c: &Config) -> AccessPolicy {
    AccessPolicy {
        lfu: matches!(c.memory.maxmemory_policy, MaxmemoryPolicy::AllkeysLfu | MaxmemoryPolicy::VolatileLfu),
        lfu_log_factor: c.memory.lfu_log_factor,
        lfu_decay_minutes: c.memory.lfu_decay_time_min,
        touch: true,
        ahead_ms: 0,
    }
}
