//! The saving task: snapshots into the RDB file, and rewrites of the append-only file.
//!
//! A worker of its own does one job at a time (`session::jobs`). A file is written under a
//! temporary name, synced, renamed, and then its directory is synced: whatever happens, there
//! is the old file or the new one, whole. If something fails the snapshot is still walked to its
//! end, saving nothing, so that the next one finds the key space in order.

use super::{
    aof::{self, Store},
    data::{self, AofCell},
    files::{path_in, rdb_path, temp_base_name, temp_rdb_path},
    pace::{Pace, REST},
    snapshot_file::{Front, SnapshotFile},
};
use crate::{
    base::time::Mono,
    config::Config,
    engine::Engine,
    env::{Disk, Env, words},
    persist::snapshot::Snapshot,
    session::jobs::Job,
};
use std::{future::poll_fn, io, sync::Arc, sync::atomic::Ordering::SeqCst, time::Duration};

/// Bytes written at once.
const CHUNK_BYTES: usize = 256 << 10;
/// Bytes between two syncs while a file is written, with `rdb-save-incremental-fsync`.
const SYNC_EVERY_BYTES: usize = 4 << 20;
/// Steps of a snapshot without a pause for others.
const STEPS: usize = 16;
/// A snapshot is worked on for so long between rests.
const WORK_NS: u64 = 150_000;

/// Starts the task on worker `index`.
///
/// # Errors
/// Why there can be no more threads.
pub fn spawn<E: Env>(env: &E, engine: Arc<Engine>, aof: AofCell, index: usize) -> Result<(), String> {
    let run = move |env: E| async move { Saver { env, engine, aof }.run().await };
    env.spawn_worker(index, run).map_err(|e| format!("Can't create the saving thread: {e}"))
}

struct Saver<E: Env> {
    env: E,
    engine: Arc<Engine>,
    aof: AofCell,
}

impl<E: Env> Saver<E> {
    async fn run(self) {
        loop {
            let jobs = &self.engine.shared.jobs;
            let job = poll_fn(|cx| jobs.poll_next(self.env.mono(), cx)).await;
            let done = match job {
                Job::Save => self.save().await,
                Job::Rewrite => self.rewrite().await,
            };
            self.engine.shared.aof.set_initial(false);
            let what = if job == Job::Save { "Background saving" } else { "Background AOF rewrite" };
            match &done {
                Ok(()) => tracing::info!("{what} terminated with success"),
                Err(why) if jobs.is_cancelled() => tracing::info!("{what} given up: {why}"),
                Err(why) => tracing::warn!("{what} error: {why}"),
            }
            jobs.end(done.is_ok(), self.env.mono());
            self.engine.shared.save_failed.store(!jobs.record(Job::Save).ok, SeqCst);
        }
    }

    /// A snapshot into the RDB file.
    async fn save(&self) -> Result<(), String> {
        let shared = &self.engine.shared;
        let config = shared.config.get();
        let (dir, path) = (&config.persistence.dir, rdb_path(&config.persistence));
        let temp = temp_rdb_path(&config.persistence, shared.boot.pid);
        let changes = shared.total_changes();
        let begun = self.env.wall();
        let snapshot = self.engine.begin_snapshot(&config, begun, false, || {});
        self.write(snapshot, &temp, &config).await?;
        let disk = self.env.disk();
        let moved = async {
            disk.rename(&temp, &path).await?;
            disk.sync_dir(dir).await
        };
        if let Err(e) = moved.await {
            let _ = disk.remove(&temp).await;
            return Err(format!("Error moving temp DB file {temp} on the final destination {path}: {}", words(&e)));
        }
        shared.saved(changes, begun);
        tracing::info!("DB saved on disk");
        Ok(())
    }

    /// A snapshot as the base of the append-only file, which goes on in another file from there.
    async fn rewrite(&self) -> Result<(), String> {
        let (shared, config) = (&self.engine.shared, self.engine.shared.config.get());
        let starts = !shared.journal.is_on();
        if starts && !config.persistence.appendonly {
            let done = self.write_base(&config).await;
            if shared.config.get().persistence.appendonly {
                // Turned on meanwhile: what has been written is a base without what followed it.
                shared.jobs.schedule(Job::Rewrite);
            }
            return done;
        }
        shared.aof.set_initial(starts);
        let aof = data::aof_writer(&self.env, &self.engine, &self.aof).await?;
        aof.begin_rewrite().await?;
        let snapshot = self.engine.begin_snapshot(&config, self.env.wall(), true, || {
            if starts {
                shared.journal.turn(true);
            } else {
                shared.journal.mark();
            }
        });
        let temp = path_in(&aof.place.dir, &temp_base_name(shared.boot.pid));
        let rdb = !snapshot.is_commands();
        let mut done = self.write(snapshot, &temp, &config).await;
        match &done {
            Ok(()) => done = aof.finish_rewrite(temp.clone(), rdb).await,
            Err(_) => aof.abort_rewrite().await,
        }
        if done.is_err() {
            // It has gone already if it was not the writing or the renaming that failed.
            let _ = self.env.disk().remove(&temp).await;
        }
        if starts && (done.is_err() || !shared.config.get().persistence.appendonly) {
            data::stop_aof(&self.engine, &self.aof).await;
        }
        done
    }

    /// A snapshot as the whole append-only file, which is off.
    async fn write_base(&self, config: &Config) -> Result<(), String> {
        let store = Store::new(self.env.disk().clone(), &config.persistence);
        store.create_dir().await?;
        let snapshot = self.engine.begin_snapshot(config, self.env.wall(), true, || {});
        let temp = path_in(&store.place.dir, &temp_base_name(self.engine.shared.boot.pid));
        let rdb = !snapshot.is_commands();
        self.write(snapshot, &temp, config).await?;
        let done = aof::replace_all(&store, &temp, rdb, &config.persistence).await;
        if done.is_err() {
            // It has gone already if it was not the renaming that failed.
            let _ = store.disk.remove(&temp).await;
        }
        done
    }

    /// Writes a snapshot to a file and syncs it. The file is removed if that fails.
    async fn write(&self, mut snapshot: Snapshot, path: &str, config: &Config) -> Result<(), String> {
        let written = self.fill(&mut snapshot, path, config).await;
        if written.is_err() {
            snapshot.give_up();
            while !snapshot.step(&self.engine.shared) {
                self.env.yield_now().await;
            }
            let _ = self.env.disk().remove(path).await;
        }
        written.map_err(|e| format!("Write error while saving the DB to {path}: {}", words(&e)))
    }

    /// Some steps of a snapshot, and a rest if it is due; true at the end.
    async fn work(&self, snapshot: &mut Snapshot, pace: &mut Pace) -> bool {
        let (shared, began) = (&self.engine.shared, self.env.mono());
        let elapsed = || self.env.mono().0 - began.0;
        let mut done = false;
        for _ in 0..STEPS {
            done = snapshot.step(shared);
            if done || pace.is_enough(elapsed()) {
                break;
            }
        }
        if pace.worked(elapsed(), shared) && !shared.saving.is_full() {
            self.env.sleep(REST).await;
        }
        done
    }

    /// Waits as `rdb-key-save-delay` says for so many keys, unless a client waits; for tests.
    async fn linger(&self, keys: u64) {
        let shared = &self.engine.shared;
        let us = shared.config.get().persistence.rdb_key_save_delay_us.max(0) as u64;
        let mut left_us = us.saturating_mul(keys);
        while left_us > 0 && !shared.jobs.is_cancelled() && !shared.saving.is_waited_for() {
            let some_us = left_us.min(10_000);
            self.env.sleep(Duration::from_micros(some_us)).await;
            left_us -= some_us;
        }
    }

    async fn fill(&self, snapshot: &mut Snapshot, path: &str, config: &Config) -> io::Result<()> {
        let (shared, p) = (&self.engine.shared, &config.persistence);
        shared.jobs.progress(snapshot.keys_total, 0);
        let stamp_s = p.aof_timestamp_enabled.then_some(self.env.wall().0 / 1000);
        let front = snapshot.is_commands().then(|| Front { salt: self.env.rand_u64(), stamp_s });
        let mut file = SnapshotFile::create(self.env.disk(), path, front).await?;
        let (mut unsynced, mut pace) = (0, Pace::new(WORK_NS));
        let mut done = false;
        while !done {
            if shared.jobs.is_cancelled() {
                return Err(io::Error::other("cancelled"));
            }
            let before = snapshot.keys;
            done = self.work(snapshot, &mut pace).await;
            self.linger(snapshot.keys - before).await;
            shared.jobs.progress(snapshot.keys_total, snapshot.keys);
            match snapshot.take(if done { 1 } else { CHUNK_BYTES }) {
                None => self.env.yield_now().await,
                Some(chunk) => {
                    unsynced += chunk.len();
                    file.append(chunk.into()).await?;
                    if unsynced >= SYNC_EVERY_BYTES && p.rdb_save_incremental_fsync {
                        unsynced = 0;
                        file.sync().await?;
                    }
                }
            }
        }
        file.end().await
    }
}

/// Asks for snapshots where the configured number of changes has piled up, and again where the
/// last one failed, for which writes are refused; called by the cron.
pub fn follow_save_points(engine: &Engine, now: Mono, wall_s: u64) {
    let (shared, config) = (&engine.shared, engine.shared.config.get());
    if shared.jobs.is_busy() || shared.loading.is_on() || shared.is_shutting_down() {
        return;
    }
    let record = shared.jobs.record(Job::Save);
    let p = &config.persistence;
    // Nobody need wait for a save point to have writes accepted again.
    let refuses = !record.ok && p.stop_writes_on_bgsave_error && !p.save.0.is_empty();
    if refuses && now.0.saturating_sub(record.last_try.0) > RETRY_NS {
        tracing::info!("Writes are refused because the last snapshot failed. Saving...");
        shared.jobs.schedule(Job::Save);
        return;
    }
    let (changes, since_s) = (shared.dirty(), wall_s.saturating_sub(shared.last_save_s.load(SeqCst)));
    for p in &config.persistence.save.0 {
        let may_try = record.ok || now.0.saturating_sub(record.last_try.0) > RETRY_NS;
        if changes >= p.changes && since_s > p.period_s && may_try {
            tracing::info!("{} changes in {} seconds. Saving...", p.changes, p.period_s);
            // Another job may have begun meanwhile; the changes are still there when it ends.
            let _ = shared.jobs.start(Job::Save);
            return;
        }
    }
}

/// Asks for a rewrite where the append-only file has grown enough, cannot be trusted any more, or
/// is to be turned on; called by the cron.
pub fn follow_aof(engine: &Engine, now: Mono) {
    let (shared, config) = (&engine.shared, engine.shared.config.get());
    let not_now = shared.jobs.is_busy() || shared.loading.is_on() || shared.is_shutting_down();
    if not_now || !config.persistence.appendonly {
        return;
    }
    let record = shared.jobs.record(Job::Rewrite);
    if !record.ok && now.0.saturating_sub(record.last_try.0) < RETRY_NS {
        return;
    }
    let (size, base) = (shared.aof.current_bytes.load(SeqCst), shared.aof.base_bytes.load(SeqCst).max(1));
    let growth = u64::from(config.persistence.auto_aof_rewrite_percentage);
    let grown = size.saturating_sub(base) * 100 / base;
    let enough = growth > 0 && size > config.persistence.auto_aof_rewrite_min_size_bytes && grown >= growth;
    if enough {
        tracing::info!("Starting automatic rewriting of AOF on {grown}% growth");
    }
    if enough || shared.aof.wants_rewrite() || !shared.journal.is_on() {
        shared.jobs.schedule(Job::Rewrite);
    }
}

/// Time after a failed snapshot until the next is tried.
const RETRY_NS: u64 = 5_000_000_000;
