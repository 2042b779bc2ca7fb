//! The end of the server: what has to be safe before it.
//!
//! Nobody's commands run from the moment a shutdown is asked for, so what is saved is what
//! clients last saw. If it cannot be saved the server goes on, unless it is forced to end.

use super::worker::Local;
use crate::{env::Env, session::jobs::Job};
use std::future::poll_fn;

/// A pause that lasts until it is taken back.
const LONG_MS: u64 = 1 << 40;

/// Makes the data set safe: `save` says whether it is written to the RDB file, by default if
/// there are save points. Whether the server may end now.
pub async fn prepare<E: Env>(local: &Local<E>, save: Option<bool>, force: bool) -> bool {
    let shared = &local.engine.shared;
    shared.begin_shutdown();
    let now_ms = local.env.mono().0 / 1_000_000;
    shared.pause.set(now_ms, now_ms + LONG_MS, true);
    let mut ready = true;
    shared.jobs.cancel(Job::Rewrite);
    shared.jobs.cancel(Job::Save);
    // What has been loaded by half must not take the place of the whole.
    if !shared.loading.is_on() && save.unwrap_or(!shared.config.get().persistence.save.0.is_empty()) {
        tracing::info!("Saving the final RDB snapshot before exiting.");
        let ticket = shared.jobs.schedule(Job::Save);
        ready = poll_fn(|cx| shared.jobs.poll_end(ticket, cx)).await;
        if !ready {
            tracing::warn!("Error trying to save the DB, can't exit.");
        }
    }
    if let Some(aof) = &*local.shell.aof.lock().await
        && shared.journal.is_on()
    {
        tracing::info!("Calling fsync() on the AOF file.");
        if let Err(why) = aof.flush().await {
            tracing::warn!("The append-only file is not up to date: {why}");
            ready = false;
        }
    }
    if (ready || force) && shared.is_shutting_down() {
        return true;
    }
    shared.abort_shutdown();
    shared.pause.clear();
    false
}
