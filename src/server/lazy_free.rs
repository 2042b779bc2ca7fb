//! One more worker, which frees large values so that no client waits for it.
//!
//! It makes way for clients (`pace`), unless so much has piled up that memory matters more. In
//! the simulator, where no time passes while it works, the other tasks have their turn after
//! every slice.

use super::pace::{Pace, REST};
use crate::{
    engine::Engine,
    env::Env,
    keyspace::garbage::Garbage,
    session::{graveyard::Graveyard, shared::Shared},
};
use std::{future::poll_fn, sync::Arc, task::Poll};

/// Steps of a slice; a step takes from 50 ns to some microseconds.
const SLICE: usize = 512;
/// It works for so long between rests.
const WORK_NS: u64 = 300_000;
/// It rests as long as what waits takes no more steps than this; two million are done in a second.
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
    let mut pace = Pace::new(WORK_NS);
    loop {
        let mut garbage = next(grave).await;
        let mut more = true;
        while more {
            let start = env.mono();
            more = garbage.free_some(SLICE);
            if pace.worked(env.mono().0 - start.0, shared) && grave.effort() <= REST_UP_TO {
                env.sleep(REST).await;
            } else {
                env.yield_now().await;
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
