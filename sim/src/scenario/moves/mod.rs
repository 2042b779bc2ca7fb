//! Keys that two servers send each other with MIGRATE, while clients write them and everything
//! goes wrong.
//!
//! Both servers log with `appendfsync always`, so neither may forget anything it acknowledged.
//! A key is created once; from then on clients write it only where it is (`SET ... XX`), each
//! time with a higher version. So the highest version found on either server must be one that
//! was written, and not be lower than any that was acknowledged. After a reply of OK the
//! key is on the target and nowhere else; after an error the source still has it. A move
//! whose outcome is unknown may leave a RESTORE under way for as long as TCP tries, which
//! arrives where nobody expects it any more (in Valkey as well): what is demanded of such a key
//! from then on is only that nothing acknowledged is lost.
//!
//! A move may carry several keys, and replace what is there: a copy that is left over may be newer than
//! what arrives, so such a move goes from where the newest version is, and nobody writes the key
//! until its outcome is known, or ever again if that is never known. Snapshots and rewrites go on meanwhile:
//! what a server has after a crash is one point in its history (`judge`).
//!
//! Nobody hangs: whatever is asked is answered within [`PATIENCE`], unless the server has crashed. When
//! faults have stopped, every key can be moved to the other server once more.

mod board;
mod judge;
mod mover;
mod troubles;

use super::Report;
use crate::{net::NetConfig, net::SimNet, trace::mix};
use board::{Board, Key};
use madsim::{rand::thread_rng, time::sleep};
use norn::base::prng::Prng;
use std::{
    sync::{
        Arc,
        atomic::Ordering::{Relaxed, SeqCst},
    },
    time::Duration,
};

/// Virtual time within which every question is answered, faults or not.
const PATIENCE: Duration = Duration::from_secs(120);
/// Keys that move at the same time.
const SLOTS: u64 = 6;

/// What a seed decides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Habits {
    /// Mean times between two writes, moves, requests of the administrator and faults.
    write_ms: u64,
    move_ms: u64,
    admin_ms: u64,
    trouble_ms: u64,
    /// Longest timeout of a move.
    timeout_ms: u64,
    /// Values are padded to at most so many bytes.
    padding_bytes: u64,
    /// Whether servers crash.
    crashes: bool,
    /// How long a snapshot takes for a key, in microseconds.
    save_delay_us: i32,
}

impl Habits {
    fn draw(rng: &mut Prng) -> Habits {
        let mut pick = |from: &[u64]| from[rng.below(from.len() as u64) as usize];
        Habits {
            write_ms: pick(&[2, 20, 100]),
            move_ms: pick(&[2, 20, 200]),
            admin_ms: pick(&[20, 200, 2_000]),
            trouble_ms: pick(&[200, 1_000, 5_000]),
            timeout_ms: pick(&[30, 300, 1_000, 3_000]),
            padding_bytes: pick(&[10, 10, 1_000, 1_000, 20_000, 400_000]),
            crashes: pick(&[0, 1, 1]) == 1,
            save_delay_us: pick(&[0, 0, 500, 5_000]) as i32,
        }
    }
}

pub(super) async fn run(seed: u64) -> Report {
    let rng = &mut Prng::new(mix(seed, 0x40FE));
    let drawn = NetConfig::draw(&mut thread_rng());
    // Whoever asks is owed an answer, so there must be a chance to transmit it.
    let net = NetConfig { bytes_per_s: drawn.bytes_per_s.map(|n| n.max(1 << 20)), ..drawn };
    SimNet::current().configure(|c| *c = net);
    let habits = Habits::draw(rng);
    let board = Board::start(habits, rng.below(3) as usize + 1);
    for slot in 0..SLOTS {
        for (who, work) in [(0, mover::Work::Move), (1, mover::Work::Write), (2, mover::Work::Write)] {
            let (board, seed) = (board.clone(), mix(seed, slot * 8 + who));
            board.clients.spawn({
                let board = board.clone();
                move |env| mover::live(env, board, slot as usize, work, seed)
            });
        }
    }
    for at in 0..2 {
        let (board2, seed) = (board.clone(), mix(seed, 100 + at));
        board.clients.spawn(move |env| troubles::administer(env, board2, at as usize, seed));
    }
    let faulty = Duration::from_millis(5_000 + rng.below(25_000));
    // Trouble is over when it has cleaned up behind itself.
    troubles::make(&board, rng.next_u64(), faulty).await;
    SimNet::current().configure(|c| *c = NetConfig::calm());
    SimNet::current().heal();
    board.stop.store(true, SeqCst);
    board.wait_until("everybody has stopped", |b| b.busy.load(Relaxed) == 0).await;
    // A SHUTDOWN that waited for something may have been the last that was asked for.
    sleep(Duration::from_secs(1)).await;
    troubles::revive(&board).await;
    board.wait_until("nothing is claimed", |b| (0..2).all(|at| !b.engine(at).shared.moving.is_any())).await;
    // Until the last RESTORE has found its way.
    sleep(Duration::from_secs(60)).await;
    let keys: Vec<Arc<Key>> = board.keys();
    let seed = rng.next_u64();
    let board2 = board.clone();
    board.clients.spawn(move |env| mover::settle(env, board2, keys, seed));
    board.wait_until("every key has moved once more", |b| b.settled.load(SeqCst)).await;
    board.look_at_snapshots().await;
    board.report()
}
