//! One more worker, which frees large values so that no client waits for it.
//!
//! A thread of its own is not enough: where there are no more cores than workers it takes its
//! turn on one of theirs, and the operating system lets it keep that for milliseconds. So it
//! works for one and sleeps for one, unless so much has piled up that memory matters
//! more. In the simulator, where no time passes while it works, the other tasks have their
//! turn after every slice.

use crate::{
    engine::Engine,
    env::Env,
    keyspace::garbage::Garbage,
    session::{graveyard::Graveyard, shared::Shared},
};
use std::{future::poll_fn, sync::Arc, task::Poll, time::Duration};

/// Steps of a slice; a step takes from 50 ns to some microseconds.
const SLICE: usize = 512;
/// It works for so long, with nothing but slices ...
const WORK_NS: u64 = 1_000_000;
/// ... and sleeps for so long,
const REST: Duration = Duration::from_millis(1);
/// as long as what waits takes no more steps than this; two million are done in a second.
const REST_UP_TO: u64 = 1 << 25;

/// Starts the worker.
///
/// # Errors
/// Why there can be no more threads.
pub fn spawn<E: Env>(env: &E, engine: Arc<Engine>, index: usize) -> Result<(), String> {
    let free = move |env: E| async move { free_all(&env, &engine.shared).await };
    env.spawn_worker(index, free).map_err(|e| format!("Can't create the freeing thread: {e}"))
}

async fn free_all<E: Env>(env: &E, shared: &Shared) {
    let grave = &shared.graveyard;
    let mut worked_ns = 0;
    loop {
        let mut garbage = next(grave).await;
        let mut more = true;
        while more {
            let start = env.mono();
            more = garbage.free_some(SLICE);
            worked_ns += env.mono().0 - start.0;
            if worked_ns < WORK_NS || grave.effort() > REST_UP_TO {
                env.yield_now().await;
            } else {
                env.sleep(REST).await;
                worked_ns = 0;
            }
        }
        grave.freed(&garbage);
    }
}

/// Waits for something to free.
async fn next(grave: &Graveyard) -> Garbage {
    poll_fn(|cx| match grave.next(Some(cx.waker())) {
        Some(garbage) => Poll::Ready(garbage),
        None => Poll::Pending,
    })
    .await
}
