//! A client's life: sessions one after another until the workload is done, then a last one
//! in which nothing may fail.

use super::{
    board::Board,
    session::{End, Session},
};
use crate::{env::SimEnv, trace::mix};
use norn::{
    base::prng::Prng,
    env::{Addr, Env, Stream},
};
use std::{net::SocketAddr, time::Duration};

/// Lives a client's life. `life` counts how often its machine has started.
pub async fn live(env: &SimEnv, board: &Board, server: SocketAddr, client: usize, life: u64) {
    let mut rng = Prng::new(mix(mix(env.rand_u64(), client as u64), life));
    loop {
        let calm = board.lock().calm;
        let rng2 = Prng::new(rng.next_u64());
        let Ok(stream) = env.connect(&Addr::Tcp(server)).await else {
            env.sleep(Duration::from_millis(20)).await;
            continue;
        };
        let Ok(addr) = stream.local_addr() else { continue };
        let conn = board.lock().connect(addr);
        let end = Session::new(env, board, client, conn, rng2, calm).run(stream).await;
        board.lock().ids[client] = None;
        if calm {
            assert_eq!(end, End::Own, "client {client}'s last session, when nothing fails any more");
            board.lock().finished |= 1 << client;
            return;
        }
        let ms = rng.below(20);
        env.sleep(Duration::from_millis(ms)).await;
    }
}
