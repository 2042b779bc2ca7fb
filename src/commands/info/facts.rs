//! What INFO's sections draw on: sums over workers, clients and shards.

use crate::{
    base::{prng::Prng, time::Now},
    commands::ctx::Ctx,
    config::Config,
    keyspace::{
        block::{TAG_EXPIRES, TAG_FIELDS_EXPIRE},
        shard::{Shard, ShardStats},
    },
    session::{
        Shared,
        clients::{ClientInfo, flag},
        histogram::Snapshot,
        stats::{CommandStats, Counter, WorkerStats},
    },
};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Keys with an expiry that are looked at per shard and database to estimate `avg_ttl`.
const TTL_SAMPLES: usize = 4;

/// One database, summed over the shards.
#[derive(Clone, Copy, Default)]
pub struct Database {
    pub keys: u64,
    /// Keys with a time to live of their own.
    pub expires: u64,
    /// Hashes some of whose fields have one.
    pub with_expiring_fields: u64,
    /// Sum of the sampled times to live, each weighted with the keys it stands for.
    ttl_ms: f64,
    ttl_weight: f64,
}

impl Database {
    /// Estimated mean time to live in ms.
    pub fn mean_ttl_ms(&self) -> u64 {
        if self.ttl_weight == 0.0 { 0 } else { (self.ttl_ms / self.ttl_weight) as u64 }
    }
}

/// What all clients together are.
#[derive(Clone, Copy, Default)]
pub struct ClientSums {
    pub paused: u64,
    pub subscribed: u64,
    pub watching: u64,
    pub largest_input: u64,
    pub largest_output: u64,
}

/// See the module.
pub struct Facts<'a> {
    pub now: Now,
    pub config: &'a Config,
    pub shared: &'a Shared,
    pub shards: ShardStats,
    pub watched_keys: usize,
    pub blocking_keys: usize,
    /// The key tables' own arrays.
    pub table_bytes: usize,
    pub databases: Vec<Database>,
    pub clients: ClientSums,
}

impl<'a> Facts<'a> {
    /// Visits every shard and every client.
    pub fn gather(ctx: &mut Ctx<'a, '_>) -> Facts<'a> {
        let mut facts = Facts {
            now: *ctx.now,
            config: ctx.config,
            shared: ctx.shared,
            shards: ShardStats::default(),
            watched_keys: 0,
            blocking_keys: 0,
            table_bytes: 0,
            databases: vec![Database::default(); ctx.shared.keyspace.databases() as usize],
            clients: ClientSums::default(),
        };
        for at in 0..ctx.shared.keyspace.shards().len() {
            let rng = &mut *ctx.keys.rng;
            ctx.keys.held.with(at, |shard| facts.add_shard(shard, rng));
        }
        ctx.shared.clients.all().iter().for_each(|c| facts.clients.add(c));
        facts
    }

    fn add_shard(&mut self, shard: &Shard, rng: &mut Prng) {
        let (sum, s) = (&mut self.shards, shard.stats());
        sum.expired += s.expired;
        sum.expired_fields += s.expired_fields;
        sum.evicted += s.evicted;
        self.watched_keys += shard.watched_len();
        self.blocking_keys += shard.waited_len();
        self.table_bytes += shard.table_bytes();
        for (db, d) in self.databases.iter_mut().enumerate() {
            let table = shard.table(db as u32);
            d.keys += table.len() as u64;
            let expires = table.tagged_with(TAG_EXPIRES);
            d.expires += expires as u64;
            d.with_expiring_fields += table.tagged_with(TAG_FIELDS_EXPIRE) as u64;
            let samples = TTL_SAMPLES.min(expires);
            for _ in 0..samples {
                // Among the tagged there are hashes that do not expire themselves.
                let entry = table.random_tagged(&mut || rng.next_u64());
                if let Some(at_ms) = entry.and_then(|e| e.expiry_ms()) {
                    let weight = expires as f64 / samples as f64;
                    d.ttl_ms += at_ms.saturating_sub(self.now.wall.0) as f64 * weight;
                    d.ttl_weight += weight;
                }
            }
        }
    }

    /// A counter summed over the workers.
    pub fn sum(&self, counter: impl Fn(&WorkerStats) -> &Counter) -> u64 {
        self.shared.workers.iter().map(|w| counter(w).get()).sum()
    }

    /// The same without the worker on the main thread.
    pub fn sum_of_others(&self, counter: impl Fn(&WorkerStats) -> &Counter) -> u64 {
        self.shared.workers.iter().skip(1).map(|w| counter(w).get()).sum()
    }

    /// The highest of the workers' counters.
    pub fn highest(&self, counter: impl Fn(&WorkerStats) -> &Counter) -> u64 {
        self.shared.workers.iter().map(|w| counter(w).get()).max().unwrap_or(0)
    }

    /// A command's counter summed over the workers.
    pub fn sum_of(&self, command: u16, counter: impl Fn(&CommandStats) -> &Counter) -> u64 {
        self.shared.workers.iter().map(|w| counter(&w.per_command[command as usize]).get()).sum()
    }

    /// Durations of a command's calls.
    pub fn durations(&self, command: u16) -> Snapshot {
        let mut all = Snapshot::default();
        let workers = self.shared.workers.iter();
        workers.filter_map(|w| w.per_command[command as usize].durations()).for_each(|h| h.add_to(&mut all));
        all
    }
}

impl ClientSums {
    fn add(&mut self, c: &ClientInfo) {
        let n = |a: &AtomicU64| a.load(Relaxed);
        self.paused += u64::from(c.has_flag(flag::PAUSED));
        self.subscribed += u64::from(c.has_flag(flag::PUBSUB));
        self.watching += u64::from(c.watched.load(Relaxed) > 0);
        self.largest_input = self.largest_input.max(n(&c.argv_bytes) + n(&c.query_bytes) + n(&c.query_free_bytes));
        self.largest_output = self.largest_output.max(n(&c.output_memory_bytes));
    }
}
