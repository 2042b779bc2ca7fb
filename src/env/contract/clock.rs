//! Clocks, timers, tasks, workers, randomness.

use super::{Env, Place, promises};
use crate::env::Task;
use std::{cell::RefCell, rc::Rc, time::Duration};
use tokio::sync::{mpsc, oneshot};

promises!("clock":
    monotonic_never_goes_back,
    timers_fire_in_order,
    timeout_cuts_off,
    timeout_lets_pass,
    dropped_handle_detaches,
    abort_stops,
    worker_runs_and_answers,
    random_numbers_differ,
);

const MS: Duration = Duration::from_millis(1);

async fn monotonic_never_goes_back<E: Env>(env: E, _: Place) {
    let start = env.mono();
    let mut last = start;
    for _ in 0..5 {
        env.sleep(2 * MS).await;
        assert!(env.mono() > last);
        last = env.mono();
    }
    assert!(last.0 - start.0 >= 10_000_000, "slept 10 ms, clock says less");
    assert!(env.wall().0 > 1_600_000_000_000, "the calendar is past 2020");
}

async fn timers_fire_in_order<E: Env>(env: E, _: Place) {
    let order = Rc::new(RefCell::new(Vec::new()));
    for ms in [60, 20, 40] {
        let (env2, order) = (env.clone(), order.clone());
        env.spawn(async move {
            env2.sleep(ms * MS).await;
            order.borrow_mut().push(ms);
        });
    }
    env.sleep(200 * MS).await;
    assert_eq!(*order.borrow(), [20, 40, 60]);
}

async fn timeout_cuts_off<E: Env>(env: E, _: Place) {
    let start = env.mono();
    assert!(env.timeout(20 * MS, std::future::pending::<()>()).await.is_none());
    assert!(env.mono().0 - start.0 >= 20_000_000);
}

async fn timeout_lets_pass<E: Env>(env: E, _: Place) {
    assert_eq!(env.timeout(1000 * MS, async { 7 }).await, Some(7));
    let slow = async {
        env.sleep(5 * MS).await;
        8
    };
    assert_eq!(env.timeout(1000 * MS, slow).await, Some(8));
}

async fn dropped_handle_detaches<E: Env>(env: E, _: Place) {
    let (tx, rx) = oneshot::channel();
    let env2 = env.clone();
    drop(env.spawn(async move {
        env2.sleep(5 * MS).await;
        tx.send(()).expect("receiver waits");
    }));
    rx.await.expect("the task ran on");
}

async fn abort_stops<E: Env>(env: E, _: Place) {
    let (tx, rx) = oneshot::channel::<()>();
    let task = env.spawn(async move {
        std::future::pending::<()>().await;
        drop(tx);
    });
    env.sleep(2 * MS).await;
    task.abort();
    rx.await.expect_err("the task's state was dropped");
}

async fn worker_runs_and_answers<E: Env>(env: E, _: Place) {
    let (tx, mut rx) = mpsc::unbounded_channel();
    for index in 1..=3 {
        let tx = tx.clone();
        env.spawn_worker(index, move |env| async move {
            let (done, wait) = oneshot::channel();
            env.spawn(async move { done.send(index).expect("receiver waits") });
            tx.send(wait.await.expect("spawned task ran")).expect("receiver waits");
        })
        .expect("spawn_worker");
    }
    drop(tx);
    let mut seen = Vec::new();
    while let Some(index) = rx.recv().await {
        seen.push(index);
    }
    seen.sort_unstable();
    assert_eq!(seen, [1, 2, 3]);
}

async fn random_numbers_differ<E: Env>(env: E, _: Place) {
    let mut draws: Vec<u64> = (0..64).map(|_| env.rand_u64()).collect();
    draws.sort_unstable();
    draws.dedup();
    assert_eq!(draws.len(), 64);
}
