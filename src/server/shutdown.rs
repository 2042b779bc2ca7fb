//! The end of the server: who asks for it, and what has to be safe before it.
//!
//! Nobody's commands run from the moment a shutdown begins, so what is saved is what clients
//! last saw. If it cannot be saved the server goes on, unless it is forced to end. Asked by a
//! signal, it begins when periodic work is done the next time, and may be taken back until then.
//! Who presses the interrupt key again does not want to wait for an orderly end.

use super::{files::temp_rdb_path, worker::Local};
use crate::{
    engine::Engine,
    env::{Disk, Env, Signal},
    session::jobs::Job,
};
use std::{future::poll_fn, sync::atomic::Ordering::Relaxed, task::Poll, time::Duration};

/// A pause that lasts until it is taken back.
const LONG_MS: u64 = 1 << 40;
/// Time between two looks whether periodic work goes on, or whether a signal is another.
const LOOK: Duration = Duration::from_millis(10);

/// Completes when the server may end: a client has seen to that, or the operating system asks
/// for it and the data set is safe.
///
/// # Errors
/// If somebody insists and the data set is not safe.
pub async fn wait_for_end<E: Env>(local: &Local<E>) -> Result<(), String> {
    let shared = &local.engine.shared;
    let mut pressed = false;
    loop {
        let signal = tokio::select! {
            biased;
            () = std::future::ready(()), if pressed => Signal::Interrupt,
            signal = local.env.shutdown_signal() => signal,
            () = stopped(&local.engine) => return Ok(()),
        };
        pressed = false;
        let process = &shared.config.get().process;
        let (name, flags) = match signal {
            Signal::Interrupt => ("SIGINT", process.shutdown_on_sigint),
            Signal::Terminate => ("SIGTERM", process.shutdown_on_sigterm),
        };
        tracing::warn!("Received {name} scheduling shutdown...");
        shared.begin_shutdown();
        let prepared = async {
            while shared.debug.pause_cron.load(Relaxed) {
                local.env.sleep(LOOK).await;
            }
            match shared.is_shutting_down() {
                true => Some(prepare(local, (flags.save || flags.nosave).then_some(flags.save), flags.force).await),
                false => None,
            }
        };
        tokio::select! {
            biased;
            ready = prepared => match ready {
                Some(true) => return Ok(()),
                Some(false) => tracing::warn!(
                    "{name} received but errors trying to shut down the server, check the logs for more information"
                ),
                None => {}
            },
            // Of a shutdown that has been taken back nobody can be tired.
            () = insisted(&local.env) => if !shared.is_shutting_down() {
                pressed = true;
            } else {
                let temp = temp_rdb_path(&shared.config.get().persistence, shared.boot.pid);
                // There is none unless a snapshot was being written.
                let _ = local.env.disk().remove(&temp).await;
                return Err("You insist... exiting now.".into());
            }
        }
    }
}

/// Completes when the interrupt key is pressed.
async fn insisted<E: Env>(env: &E) {
    while env.shutdown_signal().await != Signal::Interrupt {
        env.sleep(LOOK).await;
    }
}

/// Completes when a client has asked for the end.
async fn stopped(engine: &Engine) {
    poll_fn(|cx| {
        *engine.shared.stop_waker.lock() = Some(cx.waker().clone());
        if engine.shared.is_stopping() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Makes the data set safe: `save` says whether it is written to the RDB file, by default if
/// there are save points. Whether the server may end now, which with `force` it may anyway.
pub async fn prepare<E: Env>(local: &Local<E>, save: Option<bool>, force: bool) -> bool {
    let shared = &local.engine.shared;
    shared.begin_shutdown();
    let now_ms = local.env.mono().0 / 1_000_000;
    shared.pause.set(now_ms, now_ms + LONG_MS, true);
    let ready = make_safe(local, save, force).await;
    if ready && shared.is_shutting_down() {
        return true;
    }
    shared.abort_shutdown();
    shared.unpause();
    false
}

async fn make_safe<E: Env>(local: &Local<E>, save: Option<bool>, force: bool) -> bool {
    let shared = &local.engine.shared;
    let (config, jobs) = (shared.config.get(), &shared.jobs);
    let ending = if force { ". Exit anyway." } else { ", can't exit." };
    let initial = shared.aof.is_initial() || !shared.journal.is_on();
    if config.persistence.appendonly && jobs.is_under_way(Job::Rewrite) && initial {
        tracing::warn!("Writing initial AOF{ending}");
        if !force {
            return false;
        }
    }
    jobs.cancel(Job::Rewrite);
    jobs.cancel(Job::Save);
    // It removes the file it was writing.
    poll_fn(|cx| jobs.poll_rest(cx)).await;
    // What has been loaded by half must not take the place of the whole.
    if !shared.loading.is_on() && save.unwrap_or(!config.persistence.save.0.is_empty()) {
        tracing::info!("Saving the final RDB snapshot before exiting.");
        let ticket = jobs.demand(Job::Save);
        if !poll_fn(|cx| jobs.poll_end(ticket, cx)).await {
            tracing::warn!("Error trying to save the DB{ending}");
            if !force {
                return false;
            }
        }
    }
    if let Some(aof) = &*local.shell.aof.lock().await
        && shared.journal.is_on()
    {
        tracing::info!("Calling fsync() on the AOF file.");
        if let Err(why) = aof.flush().await {
            tracing::warn!("The append-only file is not up to date: {why}");
            return force;
        }
    }
    true
}
