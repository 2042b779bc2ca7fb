//! The saving task: snapshots into the RDB file, and rewrites of the append-only file.
//!
//! A worker of its own does one job at a time (`session::jobs`). A file is written under a
//! temporary name, synced, renamed, and then its directory is synced: whatever happens, there
//! is the old file or the new one, whole. If something fails the snapshot is still walked to its
//! end, saving nothing, so that the next one finds the key space in order.

use crate::{
    base::time::Mono,
    config::Config,
    engine::Engine,
    env::{Disk, DiskFile, Env, Open, words},
    persist::snapshot::Snapshot,
    session::jobs::Job,
};
use bytes::Bytes;
use std::{future::poll_fn, io, sync::Arc, sync::atomic::Ordering::SeqCst};

/// Bytes written at once.
const CHUNK_BYTES: usize = 256 << 10;
/// Bytes between two syncs while a file is written, with `rdb-save-incremental-fsync`.
const SYNC_EVERY_BYTES: usize = 4 << 20;
/// Steps of a snapshot without a pause for others.
const STEPS: usize = 16;

/// Starts the task on worker `index`.
///
/// # Errors
/// Why there can be no more threads.
pub fn spawn<E: Env>(env: &E, engine: Arc<Engine>, index: usize) -> Result<(), String> {
    let run = move |env: E| async move { Saver { env, engine }.run().await };
    env.spawn_worker(index, run).map_err(|e| format!("Can't create the saving thread: {e}"))
}

struct Saver<E: Env> {
    env: E,
    engine: Arc<Engine>,
}

impl<E: Env> Saver<E> {
    async fn run(self) {
        loop {
            let jobs = &self.engine.shared.jobs;
            let job = poll_fn(|cx| jobs.poll_next(self.env.mono(), cx)).await;
            let done = match job {
                Job::Save => self.save().await,
                Job::Rewrite => Err("there is no append-only file".into()),
            };
            match &done {
                Ok(()) => {}
                Err(why) if jobs.is_cancelled() => tracing::info!("Background saving given up: {why}"),
                Err(why) => tracing::warn!("Background saving error: {why}"),
            }
            jobs.end(done.is_ok(), self.env.mono());
        }
    }

    /// A snapshot into the RDB file.
    async fn save(&self) -> Result<(), String> {
        let shared = &self.engine.shared;
        let config = shared.config.get();
        let (dir, name) = (&config.persistence.dir, &config.persistence.dbfilename);
        let temp = path_in(dir, &format!("temp-{}.rdb", shared.boot.pid));
        let changes = shared.total_changes();
        let begun = self.env.wall();
        let snapshot = self.engine.begin_snapshot(begun, false, || {});
        self.write(snapshot, &temp, &config).await?;
        let disk = self.env.disk();
        let moved = async {
            disk.rename(&temp, &path_in(dir, name)).await?;
            disk.sync_dir(dir).await
        };
        if let Err(e) = moved.await {
            let _ = disk.remove(&temp).await;
            return Err(format!("Error moving temp DB file {temp} on the final destination {name}: {}", words(&e)));
        }
        shared.saved(changes, begun);
        tracing::info!("DB saved on disk");
        Ok(())
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

    async fn fill(&self, snapshot: &mut Snapshot, path: &str, config: &Config) -> io::Result<()> {
        let (shared, disk) = (&self.engine.shared, self.env.disk());
        let mut file = disk.open(path, Open::Truncate).await?;
        let mut unsynced = 0;
        let mut done = false;
        while !done {
            if shared.jobs.is_cancelled() {
                return Err(io::Error::other("cancelled"));
            }
            done = (0..STEPS).any(|_| snapshot.step(shared));
            shared.jobs.progress(snapshot.keys_total, snapshot.keys);
            match snapshot.take(if done { 1 } else { CHUNK_BYTES }) {
                None => self.env.yield_now().await,
                Some(chunk) => {
                    unsynced += chunk.len();
                    append_all(&mut file, chunk.into()).await?;
                    if unsynced >= SYNC_EVERY_BYTES && config.persistence.rdb_save_incremental_fsync {
                        unsynced = 0;
                        file.sync().await?;
                    }
                }
            }
        }
        file.sync().await
    }
}

/// A file in the server's working directory.
pub fn path_in(dir: &str, name: &str) -> String {
    match dir.trim_end_matches('/') {
        "." | "" if !dir.starts_with('/') => name.into(),
        dir => format!("{dir}/{name}"),
    }
}

/// Appends all of `data`.
pub async fn append_all<F: DiskFile>(file: &mut F, mut data: Bytes) -> io::Result<()> {
    while !data.is_empty() {
        match file.append(data.clone()).await? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            n => drop(data.split_to(n)),
        }
    }
    Ok(())
}

/// Asks for snapshots where the configured number of changes has piled up; called by the cron.
pub fn follow_save_points(engine: &Engine, now: Mono, wall_s: u64) {
    let (shared, config) = (&engine.shared, engine.shared.config.get());
    if shared.jobs.is_busy() {
        return;
    }
    let record = shared.jobs.record(Job::Save);
    let (changes, since_s) = (shared.dirty(), wall_s.saturating_sub(shared.last_save_s.load(SeqCst)));
    for p in &config.persistence.save.0 {
        let may_try = record.ok || now.0.saturating_sub(record.last_try.0) > RETRY_NS;
        if changes >= p.changes && since_s > p.period_s && may_try {
            tracing::info!("{} changes in {} seconds. Saving...", p.changes, p.period_s);
            shared.jobs.schedule(Job::Save);
            return;
        }
    }
}

/// Time after a failed snapshot until the next is tried.
const RETRY_NS: u64 = 5_000_000_000;
