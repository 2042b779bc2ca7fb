//! What happens without a client asking: active expiry, in steps counted in keys.

use super::{Engine, Worker};
use crate::{
    base::{clock::Clock, time::Now},
    keyspace::{Held, expire},
    session::stats::WorkerStats,
};
use std::sync::atomic::Ordering::Relaxed;

/// Most keys looked at in one shard per tick and unit of `active-expire-effort`.
const KEYS_PER_TICK: usize = 400;

impl Engine {
    /// Ends a round of housekeeping that `w` began at `began`: takes note of how long it
    /// took, and samples the rates that INFO shows.
    pub fn tick(&self, w: &Worker, began: Now, now: Now) {
        let (stats, ns) = (w.stats(&self.shared), now.mono.0.saturating_sub(began.mono.0));
        stats.cycle(ns, 0);
        stats.housekeeping_ns.add(ns);
        self.limit_clients(now);
        let sum = |f: fn(&WorkerStats) -> u64| self.shared.workers.iter().map(f).sum();
        let readings = [
            sum(|w| w.commands.get()),
            sum(|w| w.net_in_bytes.get()),
            sum(|w| w.net_out_bytes.get()),
            sum(|w| w.cycles.get()),
            sum(|w| w.cycles_ns.get()),
        ];
        self.shared.rates.lock().sample(now.mono.0 / 1_000_000, readings);
        self.shared.note_peak(self.shared.used_bytes());
    }

    /// Removes some keys whose time has come; called ten times a second by one worker.
    /// `cursors` remembers where each shard's sweep stands.
    pub fn expire_some(&self, w: &mut Worker, clock: &dyn Clock, cursors: &mut Vec<u64>) {
        w.refresh(&self.shared);
        if !self.shared.debug.active_expire.load(Relaxed) {
            return;
        }
        let now = clock.now();
        // What is loaded keeps what has expired until all of it is there.
        if self.shared.pause.is_on(now) || self.shared.loading.is_on() {
            return;
        }
        let budget = KEYS_PER_TICK * w.config.memory.active_expire_effort as usize;
        let space = &self.shared.keyspace;
        let databases = space.databases();
        cursors.resize(space.shards().len() * databases as usize, 0);
        let mut held = Held::new(space);
        let mut seen = expire::Seen { complete: true, ..expire::Seen::default() };
        for shard in 0..space.shards().len() {
            for db in 0..databases {
                let cursor = &mut cursors[shard * databases as usize + db as usize];
                held.one(shard);
                w.changes.ops.begin(self.shared.journal.is_on());
                if held.shard(shard).table(db).tagged() > 0 {
                    let (table, key) = (held.shard(shard), space.hash_key());
                    let step = expire::step(table, db, now.wall, cursor, budget, key, &mut w.changes);
                    (seen.keys, seen.due) = (seen.keys + step.keys, seen.due + step.due);
                    seen.complete &= step.complete;
                    self.settle(w, &mut held, now);
                }
            }
        }
        held.release();
        let ns = clock.now().mono.0.saturating_sub(now.mono.0);
        self.shared.upkeep.lock().swept(seen.keys, seen.due, seen.complete, ns);
        self.end_event(w, "expire-cycle", Some(now), clock);
    }
}
