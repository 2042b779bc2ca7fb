//! What goes wrong while keys move, and what administrators do meanwhile.

use super::board::{Board, Link};
use crate::{durable::client::words, env::SimEnv, machine::Crash, net::SimNet};
use madsim::time::{TimeHandle, sleep};
use norn::{base::prng::Prng, env::Env};
use std::{
    sync::{
        Arc,
        atomic::Ordering::{Relaxed, SeqCst},
    },
    time::Duration,
};

/// Cuts, slows, freezes and crashes for a while, and leaves both servers running.
pub async fn make(board: &Board, seed: u64, time: Duration) {
    let (mut rng, net, clock) = (Prng::new(seed), SimNet::current(), TimeHandle::current());
    let end = clock.elapsed() + time;
    while clock.elapsed() < end {
        sleep(Duration::from_millis(1 + rng.below(2 * board.habits.trouble_ms))).await;
        let at = rng.below(2) as usize;
        let (a, b) = (board.hosts[at].machine, board.hosts[1 - at].machine);
        let short = Duration::from_millis(rng.below(3_000));
        match rng.below(8) {
            0 | 1 => {
                net.set_cut(a.node, b.node, true);
                net.set_cut(b.node, a.node, rng.below(2) == 0);
                sleep(short).await;
                net.heal();
            }
            2 => {
                net.set_speed(a.node, b.node, Some(100_000 << rng.below(5)));
                sleep(short).await;
                net.heal();
            }
            3 => {
                net.set_cut(board.clients.node, a.node, true);
                sleep(short).await;
                net.heal();
            }
            4 => {
                a.pause();
                sleep(short).await;
                a.resume();
            }
            n if board.habits.crashes => {
                let how = if n == 5 { Crash::Power } else { Crash::Process };
                board.crash(at, how, Duration::from_millis(rng.below(500))).await;
            }
            _ => {}
        }
        revive(board).await;
    }
    // The servers end no more of themselves once administrators have stopped.
    board.stop.store(true, SeqCst);
    for _ in 0..50 {
        sleep(Duration::from_millis(20)).await;
        revive(board).await;
    }
}

/// Starts servers again that have ended because they were asked to.
pub async fn revive(board: &Board) {
    for at in 0..2 {
        if board.hosts[at].ended.load(SeqCst) {
            board.crash(at, Crash::Process, Duration::from_millis(1)).await;
        }
    }
}

/// Asks a server for everything that an administrator may, until told to stop.
pub async fn administer(env: SimEnv, board: Arc<Board>, at: usize, seed: u64) {
    board.busy.fetch_add(1, Relaxed);
    let (mut rng, mut link) = (Prng::new(seed), Link::default());
    while !board.stop.load(SeqCst) {
        env.sleep(Duration::from_millis(1 + rng.below(2 * board.habits.admin_ms))).await;
        let request = match rng.below(24) {
            0..4 => "BGSAVE",
            4..8 => "BGREWRITEAOF",
            8..10 => "DEBUG RELOAD",
            10 => "CLIENT PAUSE 30 ALL",
            11 => "CLIENT PAUSE 100 WRITE",
            12..15 => "CLIENT KILL TYPE normal SKIPME yes",
            15..17 => "SWAPDB 1 2",
            17..19 => "FLUSHDB",
            19 if board.habits.crashes && rng.below(4) == 0 => "SHUTDOWN NOSAVE",
            _ => "SET filler 1",
        };
        // Databases other than 0 are the administrator's own.
        if board.ask(&env, &mut link, at, &words("SELECT 1")).await.is_some() {
            let _ = board.ask(&env, &mut link, at, &words(request)).await;
        }
    }
    board.busy.fetch_sub(1, Relaxed);
}
