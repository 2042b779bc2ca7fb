//! One connection of a client, from connect to its end, kind or not.
//!
//! Two halves run at once: one writes bursts of requests as long as not too many are
//! unanswered, the other reads replies and matches them with what was asked, in order. A
//! third watches that something happens at all.

use super::{
    board::Board,
    draw::{Draw, Request},
    plan::{Plan, chance, pick},
    wire::encode,
};
use crate::{
    env::SimEnv,
    model::{Command, Reply, encode::words, reply::OK, state::ConnId},
};
use bytes::{Buf, Bytes, BytesMut};
use norn::{
    base::prng::Prng,
    env::{Env, Stream},
    protocol::value::Value,
};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    io,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::Notify,
};

/// Settings that clients change meanwhile.
const SETTINGS: [(&str, &str); 20] = [
    ("list-max-listpack-size", "-2"),
    ("list-max-listpack-size", "4"),
    ("list-compress-depth", "1"),
    ("hash-max-listpack-entries", "4"),
    ("hash-max-listpack-entries", "512"),
    ("hash-max-listpack-value", "16"),
    ("set-max-intset-entries", "3"),
    ("set-max-intset-entries", "512"),
    ("set-max-listpack-entries", "4"),
    ("set-max-listpack-entries", "128"),
    ("set-max-listpack-value", "12"),
    ("zset-max-listpack-entries", "4"),
    ("zset-max-listpack-entries", "128"),
    ("zset-max-listpack-value", "12"),
    ("stream-node-max-entries", "3"),
    ("stream-node-max-bytes", "100"),
    ("hll-sparse-max-bytes", "20"),
    ("hll-sparse-max-bytes", "3000"),
    ("hz", "50"),
    ("notify-keyspace-events", "AKE"),
];

/// What a reply belongs to.
enum Awaited {
    Op,
    /// This very reply.
    Exactly(Reply),
    Hello,
    /// Anything but an error.
    Anything,
}

/// How a session ends if nobody else ends it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// When every reply has arrived.
    Kind,
    /// Says that it will send no more, reads what still comes.
    HalfClose,
    /// Drops everything, whatever is under way.
    Abrupt,
}

/// One connection.
pub struct Session<'a> {
    pub env: &'a SimEnv,
    pub board: &'a Board,
    pub client: usize,
    pub conn: ConnId,
    /// Operations to do.
    pub ops: u64,
    pub ending: Ending,
    /// Faults are over: only what must succeed.
    pub calm: bool,
    rng: RefCell<Prng>,
    awaited: RefCell<VecDeque<Awaited>>,
    /// Bytes handed to the network so far, and received.
    sent: Cell<u64>,
    received: Cell<u64>,
    /// Replies received.
    replies: Cell<u64>,
    room: Notify,
}

/// Why a connection ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// As its own client meant it to.
    Own,
    /// The other side, or the network.
    Lost,
    /// Nothing happened for too long.
    Stuck,
}

impl<'a> Session<'a> {
    pub fn new(env: &'a SimEnv, board: &'a Board, client: usize, conn: ConnId, mut rng: Prng, calm: bool) -> Self {
        let plan = &board.plan;
        let ending = match () {
            () if calm => Ending::Kind,
            () if chance(&mut rng, plan.abrupt) => Ending::Abrupt,
            () if chance(&mut rng, plan.half_close) => Ending::HalfClose,
            () => Ending::Kind,
        };
        let ops = if calm { 20 } else { 1 + rng.below(plan.session_ops) };
        Session {
            env,
            board,
            client,
            conn,
            ops,
            ending,
            calm,
            rng: RefCell::new(rng),
            awaited: RefCell::default(),
            sent: Cell::new(0),
            received: Cell::new(0),
            replies: Cell::new(0),
            room: Notify::new(),
        }
    }

    fn below(&self, n: u64) -> u64 {
        self.rng.borrow_mut().below(n)
    }

    fn chance(&self, p: f64) -> bool {
        chance(&mut self.rng.borrow_mut(), p)
    }

    /// Runs the session until it ends.
    pub async fn run<S: Stream>(&self, stream: S) -> End {
        let (mut r, mut w) = stream.into_split();
        tokio::select! {
            biased;
            end = self.read(&mut r) => end,
            end = self.write(&mut w) => end,
            end = self.watch() => end,
        }
    }

    /// Ends a session in which nothing moves.
    async fn watch(&self) -> End {
        let patience_ms = if self.calm { 60_000 } else { 500 + self.below(20_000) };
        let mut before = u64::MAX;
        while self.replies.get() != before {
            before = self.replies.get();
            self.env.sleep(Duration::from_millis(patience_ms)).await;
        }
        End::Stuck
    }

    async fn read<R: tokio::io::AsyncRead + Unpin>(&self, r: &mut R) -> End {
        let plan = &self.board.plan;
        let slow = !self.calm && self.chance(plan.slow);
        let mut buf = BytesMut::new();
        loop {
            if slow {
                let ms = self.below(50);
                self.env.sleep(Duration::from_millis(ms)).await;
            }
            buf.reserve(if slow { 64 } else { 16 << 10 });
            match r.read_buf(&mut buf).await {
                Ok(0) | Err(_) => return End::Lost,
                Ok(_) => {}
            }
            loop {
                match Value::parse(&buf).unwrap_or_else(|e| panic!("{e}: {}", buf.escape_ascii())) {
                    None => break,
                    Some((value, len)) => {
                        buf.advance(len);
                        self.received.set(self.received.get() + len as u64);
                        self.take(value);
                    }
                }
            }
            self.room.notify_one();
        }
    }

    /// Matches a reply with what was asked.
    fn take(&self, value: Value) {
        let Some(awaited) = self.awaited.borrow_mut().pop_front() else {
            // The server says why it does not let a client in.
            assert!(value.error().is_some(), "nobody asked for {value:?}");
            return;
        };
        self.replies.set(self.replies.get() + 1);
        let bytes = self.received.get();
        if let Awaited::Hello = awaited {
            self.board.lock().ids[self.client] = id_of(&value);
            self.board.answer(self.conn, || unreachable!("no operation"), bytes);
            return;
        }
        let reply = Reply::seen(value).unwrap_or_else(|e| panic!("{e}"));
        self.board.answer(self.conn, || reply.clone(), bytes);
        match awaited {
            Awaited::Op => {}
            Awaited::Exactly(want) => assert_eq!(want, reply, "client {}", self.client),
            Awaited::Anything => assert!(!matches!(reply, Reply::Error(_)), "client {}: {reply:?}", self.client),
            Awaited::Hello => unreachable!("handled above"),
        }
    }

    async fn write<W: AsyncWrite + Unpin>(&self, w: &mut W) -> End {
        match self.talk(w).await {
            Err(_) => std::future::pending().await, // the reading half sees how it ends
            Ok(()) => End::Own,
        }
    }

    async fn talk<W: AsyncWrite + Unpin>(&self, w: &mut W) -> io::Result<()> {
        let plan = &self.board.plan;
        let (window, burst) = if self.calm { (4, 4) } else { (plan.window, plan.burst) };
        let (mut database, mut done) = (0, 0);
        let mut bytes = Vec::new();
        self.greet(&mut bytes);
        while done < self.ops && (self.calm || !self.board.lock().calm) {
            while bytes.is_empty() && self.awaited.borrow().len() >= window {
                self.room.notified().await;
            }
            for _ in 0..1 + self.below(burst as u64) {
                done += self.unit(&mut database, &mut bytes);
            }
            if !self.calm {
                self.meddle(&mut bytes);
            }
            self.send(w, &bytes).await?;
            self.sent.set(self.sent.get() + bytes.len() as u64);
            bytes.clear();
            if plan.think_ms > 0 && !self.calm {
                let ms = self.below(plan.think_ms + 1);
                self.env.sleep(Duration::from_millis(ms)).await;
            }
        }
        match self.ending {
            Ending::Abrupt => return Ok(()),
            Ending::HalfClose => {
                w.shutdown().await?;
                std::future::pending::<()>().await;
            }
            Ending::Kind => {}
        }
        while !self.awaited.borrow().is_empty() {
            self.room.notified().await;
        }
        Ok(())
    }

    /// Writes bytes, whole or in pieces.
    async fn send<W: AsyncWrite + Unpin>(&self, w: &mut W, bytes: &[u8]) -> io::Result<()> {
        let plan = &self.board.plan;
        if !self.chance(plan.cut) {
            return w.write_all(bytes).await;
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let n = {
                let mut rng = self.rng.borrow_mut();
                let most = pick(&mut rng, &[1, 10, 100, 10_000]);
                1 + rng.below(most.min(rest.len() as u64)) as usize
            };
            w.write_all(&rest[..n]).await?;
            rest = &rest[n..];
            let ms = self.below(plan.cut_pause_ms + 1);
            if ms > 0 {
                self.env.sleep(Duration::from_millis(ms)).await;
            }
        }
        Ok(())
    }

    fn greet(&self, bytes: &mut Vec<u8>) {
        let resp3 = self.chance(self.board.plan.resp3);
        self.ask(&["HELLO", if resp3 { "3" } else { "2" }], Awaited::Hello, bytes);
    }

    fn ask(&self, text: &[&'static str], awaited: Awaited, bytes: &mut Vec<u8>) {
        let words: Vec<Bytes> = text.iter().map(|t| Bytes::from_static(t.as_bytes())).collect();
        self.request(&words, awaited, bytes);
    }

    fn request(&self, words: &[Bytes], awaited: Awaited, bytes: &mut Vec<u8>) {
        encode(&self.board.plan, &mut self.rng.borrow_mut(), words, bytes);
        self.board.send_aside(self.conn);
        self.awaited.borrow_mut().push_back(awaited);
    }

    /// One unit of work; how many operations it had.
    fn unit(&self, database: &mut usize, bytes: &mut Vec<u8>) -> u64 {
        let plan = &self.board.plan;
        let group = self.below(plan.groups.len() as u64) as usize;
        let unit = self.draw(plan, group);
        if plan.database(group) != *database {
            *database = plan.database(group);
            let words = [Bytes::from_static(b"SELECT"), Bytes::from(database.to_string())];
            self.request(&words, Awaited::Exactly(OK), bytes);
        }
        let mut ops = 0;
        for request in unit {
            match request {
                Request::Multi => self.ask(&["MULTI"], Awaited::Exactly(OK), bytes),
                Request::Queued(c) => {
                    let queued = Reply::Status(Bytes::from_static(b"QUEUED"));
                    self.request(&self.words(&c, group), Awaited::Exactly(queued), bytes);
                }
                Request::Op(c) => {
                    let words = self.words(&c, group);
                    encode(plan, &mut self.rng.borrow_mut(), &words, bytes);
                    self.board.send(group, self.conn, c, self.sent.get() + bytes.len() as u64);
                    self.awaited.borrow_mut().push_back(Awaited::Op);
                    ops += 1;
                }
            }
        }
        ops
    }

    fn words(&self, c: &Command, group: usize) -> Vec<Bytes> {
        words(c, |k| self.board.plan.name(group, k))
    }

    fn draw(&self, plan: &Plan, group: usize) -> Vec<Request> {
        let now_ns = self.board.now_ns();
        let inner = &mut *self.board.lock();
        let wall_ms = inner.history.calendar.wall_ms(now_ns);
        let keys = plan.groups[group];
        let (rng, serial, ids_seen) =
            (&mut *self.rng.borrow_mut(), &mut inner.serial, inner.ids_seen[group].as_slice());
        Draw { plan, rng, serial, wall_ms, ids_seen, keys, group, calm: self.calm, queueing: false }.unit()
    }

    /// Does something to the server or to another client.
    fn meddle(&self, bytes: &mut Vec<u8>) {
        let plan = &self.board.plan;
        if !self.chance(plan.meddle) {
            return;
        }
        let draw = self.rng.borrow_mut().next_u64();
        let victim = (draw >> 8) as usize % plan.clients;
        let id = self.board.lock().ids[victim];
        match (draw % 4, id) {
            (0, Some(id)) if victim != self.client => {
                let words = ["CLIENT", "KILL", "ID"].map(|w| Bytes::from_static(w.as_bytes()));
                let words = [words.as_slice(), &[Bytes::from(id.to_string())]].concat();
                self.request(&words, Awaited::Anything, bytes);
            }
            (1, Some(id)) => {
                let words = ["CLIENT", "UNBLOCK"].map(|w| Bytes::from_static(w.as_bytes()));
                let how = Bytes::from_static(if draw >> 63 == 0 { b"ERROR" } else { b"TIMEOUT" });
                let words = [words.as_slice(), &[Bytes::from(id.to_string()), how]].concat();
                self.request(&words, Awaited::Anything, bytes);
            }
            _ => {
                let (name, value) = SETTINGS[(draw >> 32) as usize % SETTINGS.len()];
                self.ask(&["CONFIG", "SET", name, value], Awaited::Exactly(OK), bytes);
            }
        }
    }
}

/// The connection's number in a reply to HELLO.
fn id_of(hello: &Value) -> Option<i64> {
    let id = |k: &Value, v: &Value| match v {
        Value::Int(n) if k.bytes() == Some(b"id") => Some(*n),
        _ => None,
    };
    match hello {
        Value::Map(pairs) => pairs.iter().find_map(|(k, v)| id(k, v)),
        Value::Array(items) => items.chunks_exact(2).find_map(|p| id(&p[0], &p[1])),
        _ => None,
    }
}
