//! What is looked at when everybody has left: leftovers in the engine, and every key.

use super::{
    asker::{Asker, text},
    board::Board,
    plan::Plan,
};
use crate::{
    env::SimEnv,
    machine::Machine,
    model::{
        Command, Reply,
        command::Key,
        encode::words,
        sets::SetCommand,
        sketches::SketchCommand,
        state::ConnId,
        streams::{Id, StreamCommand},
        zsets::{Query, ZSetCommand},
    },
};
use bytes::Bytes;
use norn::{
    engine::Engine,
    env::{Addr, Env, Stream},
    keyspace::{Held, object::Object},
    protocol::value::Value,
};
use std::{net::SocketAddr, sync::Arc, time::Duration};

/// Longest virtual time in which an undisturbed server answers.
const PATIENCE: Duration = Duration::from_secs(10);

/// No client, nobody who waits or watches, and a memory account that is right.
pub fn nobody_is_left(engine: &Engine) {
    let shared = &engine.shared;
    assert_eq!(shared.clients.len(), 0, "clients in the registry");
    assert!(shared.blocked.is_empty(), "{} blocked clients", shared.blocked.len());
    for (i, shard) in shared.keyspace.shards().iter().enumerate() {
        let shard = shard.lock();
        assert_eq!((shard.watched_len(), shard.waited_len()), (0, 0), "watched and waited keys in shard {i}");
    }
    account(engine);
}

/// The memory account equals what the shards hold; returns the bytes of all entries.
pub fn account(engine: &Engine) -> usize {
    let space = &engine.shared.keyspace;
    let mut held = Held::new(space);
    held.all();
    let mut total = 0;
    for i in 0..space.shards().len() {
        let shard = held.shard(i);
        let tables = (0..space.databases()).map(|db| shard.table(db));
        let entries: usize = tables.flat_map(|t| t.iter()).map(|e| e.heap_bytes()).sum();
        assert_eq!(entries + shard.table_bytes(), shard.used_bytes(), "memory account of shard {i}");
        total += entries;
    }
    total
}

/// Keys, and hashes some of whose fields, have a deadline.
pub fn expiring(engine: &Engine) -> (usize, usize) {
    let space = &engine.shared.keyspace;
    let mut held = Held::new(space);
    held.all();
    let (mut keys, mut hashes) = (0, 0);
    for i in 0..space.shards().len() {
        let shard = held.shard(i);
        for entry in (0..space.databases()).flat_map(|db| shard.table(db).iter()) {
            keys += usize::from(entry.expiry_ms().is_some());
            hashes += usize::from(matches!(entry.object(), Some(Object::Hash(h)) if h.expiring() > 0));
        }
    }
    (keys, hashes)
}

/// How many keys, and how many fields, the server says have expired.
pub fn expired(engine: &Engine) -> (u64, u64) {
    let shards = engine.shared.keyspace.shards().iter();
    shards.fold((0, 0), |(keys, fields), shard| {
        let shard = shard.lock();
        (keys + shard.stats().expired, fields + shard.stats().expired_fields)
    })
}

/// Asks for every key, so that those that are due go.
pub async fn look_at_everything(board: &Arc<Board>, machine: Machine, server: SocketAddr) {
    let board = board.clone();
    let done = machine.spawn(move |env: SimEnv| async move {
        let stream = env.connect(&Addr::Tcp(server)).await.expect("the network is calm");
        let mut asker = Asker::new(stream);
        for (group, keys) in board.plan.groups.iter().enumerate() {
            let database = Bytes::from(board.plan.database(group).to_string());
            asker.ask(&[Bytes::from_static(b"SELECT"), database]).await;
            for key in 0..*keys as Key {
                asker.ask(&[Bytes::from_static(b"EXISTS"), board.plan.name(group, key)]).await;
            }
        }
    });
    done.await.expect("the reading client's machine stays up");
}

/// Reads every key as the workload's last client, empties the server, and looks for what is
/// left of the keys.
pub async fn read_everything(board: &Arc<Board>, machine: Machine, server: SocketAddr) {
    let board = board.clone();
    let done = machine.spawn(move |env: SimEnv| async move {
        let stream = env.connect(&Addr::Tcp(server)).await.expect("the network is calm");
        let addr = stream.local_addr().expect("it is connected");
        let conn = board.lock().connect(addr);
        let mut asker = Asker::new(stream);
        let all = async {
            for group in 0..board.plan.groups.len() {
                read_group(&mut asker, &board, conn, group).await;
            }
            let ok = Value::Simple(b"OK".to_vec());
            assert_eq!(asker.ask(&text(["FLUSHALL"])).await, ok);
            assert_eq!(asker.ask(&text(["DBSIZE"])).await, Value::Int(0));
        };
        env.timeout(PATIENCE, all).await.expect("an undisturbed server answers");
    });
    done.await.expect("the reading client's machine stays up");
}

async fn read_group<S: Stream>(asker: &mut Asker<S>, board: &Board, conn: ConnId, group: usize) {
    let plan: &Plan = &board.plan;
    let database = Bytes::from(plan.database(group).to_string());
    asker.ask(&[Bytes::from_static(b"SELECT"), database]).await;
    for key in 0..plan.groups[group] as Key {
        let looks = [
            Command::Type(key),
            Command::Pttl(key),
            Command::Get(key),
            Command::LRange(key, 0, -1),
            Command::HGetAll(key),
            Command::OfSketch(SketchCommand::Count(vec![key])),
            Command::OfSet(SetCommand::Members(key)),
            Command::OfZSet(ZSetCommand::Range { key, range: Query::ALL, scores: true }),
            Command::OfStream(StreamCommand::Range { key, from: Id::MIN, to: Id::MAX, rev: false, count: None }),
            Command::OfStream(StreamCommand::Summary(key, 0)),
            Command::OfStream(StreamCommand::Summary(key, 1)),
        ];
        for look in looks {
            let words = words(&look, |k| plan.name(group, k));
            board.send(group, conn, look, asker.sent + 1);
            let value = asker.ask(&words).await;
            board.answer(conn, || Reply::seen(value).expect("a plain reply"), asker.received);
        }
    }
}
