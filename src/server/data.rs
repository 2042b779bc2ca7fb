//! The data set and its files: what is loaded at the start, turning the append-only file on
//! and off, loading everything again.
//!
//! With `appendonly yes` the append-only file is the data set, and a snapshot beside it is not
//! looked at. The file's writer is started when it is first needed. Turned on while the
//! server runs, it begins with a rewrite, during which nothing is promised yet.

use super::{
    aof::{self, AofHandle, Store},
    files::rdb_path,
    load::{self, Base, Console, Progress, Source, load_rdb},
    worker::Local,
};
use crate::{
    commands::ctx::Again,
    engine::{Engine, load::Terms, replay::Replay},
    env::Env,
    session::jobs::Job,
};
use bytes::BytesMut;
use std::{future::poll_fn, sync::Arc, time::Duration};
use tokio::sync::Mutex;

/// The writer of the append-only file, once it has been started.
pub type AofCell = Arc<Mutex<Option<AofHandle>>>;

/// What lets one load at a time.
pub type Loads = Arc<Mutex<()>>;

/// Whether there is something to load, so that nobody may see the key space yet.
pub async fn is_waited_for<E: Env>(env: &E, engine: &Engine) -> bool {
    let config = engine.shared.config.get();
    config.persistence.appendonly || load::is_needed(env, &config).await
}

/// Loads what a former run left, and begins to write the append-only file if it is on.
///
/// # Errors
/// Why the server must not start, in words for the log.
pub async fn start<E: Env>(local: &Local<E>, console: Option<Console>) -> Result<(), String> {
    let (env, engine) = (&local.env, &local.engine);
    let _alone = local.shell.loads.lock().await;
    let config = engine.shared.config.get();
    if !config.persistence.appendonly {
        return load::load_dataset(local, console).await;
    }
    let store = Store::new(env.disk().clone(), &config.persistence);
    let loaded = aof::load(env, engine, &store, &mut Base { env, engine, console }).await?;
    let index = aof_worker(engine);
    *local.shell.aof.lock().await = Some(aof::start(env, engine, store, Some(loaded), index).await?);
    Ok(())
}

/// The number of the writer's worker: behind those that serve clients, free and save.
fn aof_worker(engine: &Engine) -> usize {
    engine.shared.workers.len() + 2
}

/// The writer of the append-only file, started if need be.
///
/// # Errors
/// Why it cannot be started.
pub async fn aof_writer<E: Env>(env: &E, engine: &Arc<Engine>, cell: &AofCell) -> Result<AofHandle, String> {
    let mut cell = cell.lock().await;
    if let Some(handle) = &*cell {
        return Ok(handle.clone());
    }
    let store = Store::new(env.disk().clone(), &engine.shared.config.get().persistence);
    let handle = aof::start(env, engine, store, None, aof_worker(engine)).await?;
    *cell = Some(handle.clone());
    Ok(handle)
}

/// Brings the append-only file in line with `appendonly`.
pub async fn follow_appendonly(engine: &Arc<Engine>, cell: &AofCell) {
    let (shared, on) = (&engine.shared, engine.shared.config.get().persistence.appendonly);
    if on && !shared.journal.is_on() {
        if !shared.aof.is_initial() || shared.jobs.is_cancelled() {
            // One that is under way began while it was off, and writes a base alone, or is given up.
            shared.jobs.cancel(Job::Rewrite);
            shared.jobs.schedule(Job::Rewrite);
        }
    } else if !on && (shared.journal.is_on() || shared.jobs.is_busy()) {
        if shared.jobs.is_under_way(Job::Rewrite) {
            // In Valkey's words, which people look for in logs; here it is a task.
            tracing::info!("Killing running AOF rewrite child: it is given up");
        }
        shared.jobs.cancel(Job::Rewrite);
        stop_aof(engine, cell).await;
        // Whoever asks for a job when this is answered finds it out of the way.
        poll_fn(|cx| shared.jobs.poll_given_up(cx)).await;
    }
}

/// Ends the journal and closes the append-only file. Turned on again, it is where `dir` is then.
pub async fn stop_aof(engine: &Arc<Engine>, cell: &AofCell) {
    if let Some(handle) = cell.lock().await.take()
        && let Err(why) = handle.stop().await
    {
        tracing::warn!("The append-only file was closed before everything was in it: {why}");
    }
    engine.at_once(|| engine.shared.journal.turn(false));
}

/// Loads the data set again, while nobody's commands run.
///
/// # Errors
/// What went wrong, in words for the log. Part of the data set may be gone.
pub async fn load_again<E: Env>(local: &Local<E>, what: Again) -> Result<(), String> {
    let shared = &local.engine.shared;
    // While the server starts, or somebody else loads it again, half of the data set is there: that
    // would be saved, and take the place of the whole.
    let _alone = local.shell.loads.lock().await;
    let now_ms = local.env.mono().0 / 1_000_000;
    shared.pause.set(now_ms, now_ms + (1 << 40), true);
    // What is on its way to another server must not come back from a file.
    while shared.moving.is_any() {
        local.env.sleep(Duration::from_millis(1)).await;
    }
    let done = load_paused(local, what).await;
    shared.loading.stop();
    shared.jobs.hold(false);
    shared.unpause();
    done
}

async fn load_paused<E: Env>(local: &Local<E>, what: Again) -> Result<(), String> {
    let (env, engine) = (&local.env, &local.engine);
    let config = engine.shared.config.get();
    let now = env.wall();
    match what {
        Again::Rdb { save, flush } => {
            if save {
                let ticket = engine.shared.jobs.demand(Job::Save);
                if !poll_fn(|cx| engine.shared.jobs.poll_end(ticket, cx)).await {
                    return Err("the snapshot could not be written".into());
                }
            }
            rest(engine).await;
            engine.shared.loading.start(now);
            if flush {
                empty(local)?;
            }
            let terms = Terms { skip_expired: true, replace: !flush, now };
            let source = Source { path: &rdb_path(&config.persistence), terms, more_follows: false };
            let mut progress = Progress::new(source.path, env.mono(), None);
            match load_rdb(env, engine, source, &mut progress).await? {
                Some(_) => Ok(()),
                None => Err("there is no RDB file".into()),
            }
        }
        Again::Aof => {
            let mut store = Store::new(env.disk().clone(), &config.persistence);
            if let Some(handle) = &*local.shell.aof.lock().await {
                handle.flush().await?;
                store.place = handle.place.clone();
            }
            rest(engine).await;
            engine.shared.loading.start(now);
            empty(local)?;
            aof::load(env, engine, &store, &mut Base { env, engine, console: None }).await.map(drop)
        }
    }
}

/// Waits until nobody saves, and sees to it that nobody begins to: a rewrite that was asked for
/// while another job was done would make a base of what is there by half.
async fn rest(engine: &Engine) {
    let jobs = &engine.shared.jobs;
    jobs.hold(true);
    poll_fn(|cx| jobs.poll_rest(cx)).await;
}

/// Removes every key, without a trace in the journal.
fn empty<E: Env>(local: &Local<E>) -> Result<(), String> {
    let mut replay = Replay::new(&local.engine, local.env.wall(), local.env.rand_u64());
    let mut text = BytesMut::from(&b"*1\r\n$8\r\nFLUSHALL\r\n"[..]);
    replay.run(&local.engine, &mut text).map_err(|alien| format!("{alien:?}"))
}
