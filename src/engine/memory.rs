//! `maxmemory`: making room before a command that needs it.
//!
//! The limit is on the server's own account (keys, values, tables, and what clients
//! buffer), never on what the allocator or the operating system say, so that eviction
//! replays. Only commands that may use memory pay for the check. Work is counted in keys:
//! a command evicts up to a budget and is then let through, and the cron goes on; only
//! when nothing is left that may go is a command refused.

use super::{Engine, Worker, dispatch::would_run};
use crate::{
    base::{clock::Clock, time::Now},
    commands::{row::Flags, table::Command},
    config::{Config, MaxmemoryPolicy},
    keyspace::{
        Held,
        access::AccessPolicy,
        evict::{Pool, Rule},
    },
    protocol::Error,
    session::{Session, clients::flag, mailbox::Msg},
};
use std::sync::atomic::Ordering::Relaxed;

/// So many clients may be asked every millisecond what they hold, before evicting by it.
const CLIENTS_PER_MS: u64 = 100;
/// Most keys the cron evicts per tick.
const KEYS_PER_TICK: usize = 4096;

impl Engine {
    /// Evicts what it takes to let a command use memory.
    ///
    /// # Errors
    /// OOM when memory is above the limit and nothing is left to evict.
    pub(super) fn make_room(
        &self,
        w: &mut Worker,
        s: &Session,
        held: &mut Held,
        clock: &dyn Clock,
        now: Now,
        c: &Command,
    ) -> Result<(), Error> {
        if !would_run(s, c, Flags::DENYOOM) {
            return Ok(());
        }
        held.publish();
        let limit = w.config.memory.maxmemory_bytes;
        if self.shared.used_bytes() <= limit {
            return Ok(());
        }
        // Clients may have let go of their buffers since they were last asked.
        let fresh_ms = self.shared.clients.len() as u64 / CLIENTS_PER_MS;
        self.shared.weigh_clients(now.mono.0 / 1_000_000, fresh_ms);
        if self.shared.used_bytes() <= limit {
            return Ok(());
        }
        let budget = budget(w.config.memory.maxmemory_eviction_tenacity);
        if self.evict(w, held, clock, now, budget) { Ok(()) } else { Err(Error::OOM) }
    }

    /// Goes on with evictions that commands have left undone; called by one worker's cron.
    pub fn evict_some(&self, w: &mut Worker, clock: &dyn Clock) {
        w.refresh(&self.shared);
        let limit = w.config.memory.maxmemory_bytes;
        let still = self.shared.pause.is_on(clock.now()) || self.shared.loading.is_on();
        if limit > 0 && self.shared.used_bytes() > limit && !still {
            let mut held = Held::new(&self.shared.keyspace);
            self.evict(w, &mut held, clock, clock.now(), KEYS_PER_TICK);
        }
        self.shared.note_excess(limit, clock.now().mono);
    }

    /// Evicts until memory is below the limit or `budget` keys are gone; false if it ran
    /// out of keys before.
    fn evict(&self, w: &mut Worker, held: &mut Held, clock: &dyn Clock, now: Now, budget: usize) -> bool {
        let rule = rule(&w.config, w.access);
        if rule.policy == MaxmemoryPolicy::NoEviction {
            return false;
        }
        let began = self.begin_event(w, clock);
        let mut pool = std::mem::take(&mut w.pool);
        pool.follow(rule.policy);
        let (mut left, mut enough) = (budget, true);
        while left > 0 && enough {
            held.release();
            let over = self.shared.used_bytes().saturating_sub(w.config.memory.maxmemory_bytes);
            if over == 0 {
                break;
            }
            let mut freed = 0;
            while freed < over && left > 0 {
                left -= 1;
                match self.evict_one(w, held, now, &rule, &mut pool) {
                    Some(bytes) => freed += bytes as u64,
                    None => {
                        enough = false;
                        break;
                    }
                }
            }
        }
        held.release();
        w.pool = pool;
        self.end_event(w, "eviction-cycle", began, clock);
        enough
    }

    /// Evicts one key; returns the bytes it freed, or `None` if there is none that may go.
    fn evict_one(&self, w: &mut Worker, held: &mut Held, now: Now, rule: &Rule, pool: &mut Pool) -> Option<usize> {
        let space = held.space();
        let key = space.hash_key();
        loop {
            if rule.is_random() {
                let bytes = any_shard(w.rng.next_u64(), held, |held, at| {
                    w.changes.ops.begin(self.shared.journal.is_on());
                    held.shard(at).evict_random(rule, key, &mut w.rng, &mut w.changes)
                })?;
                self.settle(w, held, now);
                return Some(bytes);
            }
            // A shard may hold less than what is to be compared: then others add to it.
            let mut drawn = 0;
            any_shard(w.rng.next_u64(), held, |held, at| {
                drawn += held.shard(at).sample(rule, now.wall, key, &mut w.rng, pool);
                (drawn >= rule.samples).then_some(())
            });
            if drawn == 0 {
                return None;
            }
            while let Some(c) = pool.take() {
                let at = space.shard_of(c.hash);
                held.one(at);
                w.changes.ops.begin(self.shared.journal.is_on());
                if let Some(bytes) = held.shard(at).evict(&c, rule, now.wall, &mut w.changes) {
                    self.settle(w, held, now);
                    return Some(bytes);
                }
            }
        }
    }

    /// Takes note of what clients hold, and disconnects the largest if that is more than
    /// `maxmemory-clients` allows.
    pub fn limit_clients(&self, now: Now) {
        let config = self.shared.config.get();
        let total = self.shared.weigh_clients(now.mono.0 / 1_000_000, 0);
        let Some(limit) = config.clients_limit_bytes() else { return };
        if total <= limit {
            return;
        }
        let mut clients = self.shared.clients.all();
        clients.retain(|c| !c.has_flag(flag::NO_EVICT | flag::CLOSE_ASAP | flag::MONITOR));
        clients.sort_by_key(|c| std::cmp::Reverse(c.memory_bytes()));
        let mut left = total;
        for c in clients {
            if left <= limit {
                break;
            }
            left = left.saturating_sub(c.memory_bytes());
            c.set_flag(flag::CLOSE_ASAP, true);
            self.shared.clients.remove(c.id);
            c.mailbox.post(Msg::Kill);
            self.shared.evicted_clients.fetch_add(1, Relaxed);
            tracing::info!("Evicting client {} at {}", c.id, c.addr);
        }
    }
}

/// Tries shard after shard, from a random one on, until `f` succeeds in one.
fn any_shard<T>(draw: u64, held: &mut Held, mut f: impl FnMut(&mut Held, usize) -> Option<T>) -> Option<T> {
    let n = held.space().shards().len();
    (0..n).find_map(|i| {
        let at = (draw as usize).wrapping_add(i) % n;
        held.one(at);
        f(held, at)
    })
}

fn rule(c: &Config, access: AccessPolicy) -> Rule {
    Rule {
        policy: c.memory.maxmemory_policy,
        samples: c.memory.maxmemory_samples as usize,
        access,
        lazy: c.memory.lazyfree_lazy_eviction,
    }
}

/// Most keys one command evicts: a few at tenacity 0, then 15 per cent more for each step
/// beyond 10, and no limit at 100.
fn budget(tenacity: u32) -> usize {
    match tenacity {
        0..=10 => 16 + 24 * tenacity as usize,
        11..=99 => (256.0 * 1.15f64.powi(tenacity as i32 - 10)) as usize,
        _ => usize::MAX,
    }
}
