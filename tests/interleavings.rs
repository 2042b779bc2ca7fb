//! The orders in which threads can pass the engine's locks, explored by shuttle.
//!
//! Run with `RUSTFLAGS="--cfg shuttle" cargo test --release --test interleavings` (`make
//! interleavings`). Each test runs the real engine with one worker per explored thread;
//! a schedule that deadlocks, loses a wake-up or delivers an element twice fails, and
//! shuttle prints the schedule that replays it.
#![cfg(shuttle)]

use bytes::{Buf, BytesMut};
use norn::{
    base::{
        clock::Clock,
        time::{Mono, Now},
    },
    config::Config,
    engine::{Engine, Progress, Worker},
    protocol::{
        Output,
        value::{Value, encode_command},
    },
    session::{
        Session,
        clients::ClientInfo,
        mailbox::{Mailbox, Msg},
        shared::Boot,
    },
};
use shuttle::{check_random, thread};
use std::{
    collections::BTreeSet,
    sync::Arc,
    task::{Wake, Waker},
};

/// Schedules tried per test.
const SCHEDULES: usize = 2_000;

struct Still;

impl Clock for Still {
    fn now(&self) -> Now {
        Now::at(Mono(1_000_000_000), 1_720_000_000_000_000)
    }
}

/// One client on a worker of its own.
struct Client {
    engine: Arc<Engine>,
    worker: Worker,
    session: Session,
    out: Output,
}

impl Client {
    fn new(engine: &Arc<Engine>, index: usize) -> Client {
        let info = Arc::new(ClientInfo { id: index as u64 + 1, ..ClientInfo::default() });
        engine.shared.clients.insert(info.clone());
        Client {
            engine: engine.clone(),
            worker: Worker::new(engine, index, index as u64),
            session: Session::new(info, true),
            out: Output::new(),
        }
    }

    fn send(&mut self, words: &[&str]) -> Progress {
        let words: Vec<&[u8]> = words.iter().map(|w| w.as_bytes()).collect();
        let mut bytes = Vec::new();
        encode_command(&words, &mut bytes);
        let mut input = BytesMut::from(&bytes[..]);
        self.engine.on_bytes(&mut self.worker, &mut self.session, &Still, &mut input, &mut self.out)
    }

    /// The next reply, if it is there.
    fn reply(&mut self) -> Option<Value> {
        let all = self.out.to_vec();
        let (value, used) = Value::parse(&all).expect("the server speaks the protocol")?;
        self.out.advance(used);
        Some(value)
    }

    /// Waits, as the shell would, for the reply to a blocked command.
    fn wait(&mut self) -> Value {
        loop {
            self.engine.on_mail(&mut self.session, &mut self.out);
            if let Some(v) = self.reply() {
                return v;
            }
            let thread = Arc::new(Unpark(thread::current()));
            if self.session.info.mailbox.register(&Waker::from(thread)) {
                thread::park();
            }
        }
    }
}

struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn engine(workers: usize) -> Arc<Engine> {
    Engine::new(Config::default(), Boot::default(), workers, 7)
}

/// The texts in a reply, in order.
fn words(v: &Value) -> Vec<String> {
    match v {
        Value::Bulk(b) | Value::Simple(b) | Value::Error(b) => vec![String::from_utf8_lossy(b).into()],
        Value::Int(n) => vec![n.to_string()],
        Value::Array(items) => items.iter().flat_map(words).collect(),
        other => vec![format!("{other:?}")],
    }
}

#[test]
fn crossing_lock_sets_neither_deadlock_nor_lose() {
    check_random(
        || {
            let e = engine(3);
            let mut first = Client::new(&e, 0);
            first.send(&["RPUSH", "a", "1", "2", "3"]);
            first.send(&["RPUSH", "b", "4", "5", "6"]);
            let routes = [["a", "b"], ["b", "a"], ["a", "c"]];
            let threads: Vec<_> = (0..3)
                .map(|i| {
                    let e = e.clone();
                    thread::spawn(move || {
                        let mut c = Client::new(&e, i);
                        let [from, to] = routes[i];
                        for _ in 0..3 {
                            c.send(&["LMOVE", from, to, "LEFT", "RIGHT"]);
                        }
                    })
                })
                .collect();
            threads.into_iter().for_each(|t| t.join().expect("no deadlock"));
            first.out.clear();
            let mut all: Vec<String> = Vec::new();
            for key in ["a", "b", "c"] {
                first.send(&["LRANGE", key, "0", "-1"]);
                all.extend(words(&first.reply().expect("a reply")));
            }
            all.sort();
            assert_eq!(all, ["1", "2", "3", "4", "5", "6"]);
        },
        SCHEDULES,
    );
}

#[test]
fn every_element_reaches_exactly_one_waiter() {
    check_random(
        || {
            let e = engine(4);
            let poppers: Vec<_> = (0..2)
                .map(|i| {
                    let e = e.clone();
                    thread::spawn(move || {
                        let mut c = Client::new(&e, i);
                        c.send(&["BLPOP", "x", "y", "0"]);
                        words(&c.wait())
                    })
                })
                .collect();
            let pushers: Vec<_> = (2..4)
                .map(|i| {
                    let e = e.clone();
                    thread::spawn(move || {
                        let mut c = Client::new(&e, i);
                        c.send(&["RPUSH", if i == 2 { "x" } else { "y" }, &format!("element-{i}")]);
                    })
                })
                .collect();
            pushers.into_iter().for_each(|t| t.join().expect("pushes end"));
            let got: BTreeSet<Vec<String>> = poppers.into_iter().map(|t| t.join().expect("a reply")).collect();
            assert_eq!(got.len(), 2, "{got:?}");
            let mut c = Client::new(&e, 0);
            for key in ["x", "y"] {
                c.send(&["LLEN", key]);
                assert_eq!(words(&c.reply().expect("a reply")), ["0"]);
            }
            assert!(e.shared.blocked.is_empty());
            assert!(e.shared.keyspace.shards().iter().all(|s| s.lock().waited_len() == 0));
        },
        SCHEDULES,
    );
}

#[test]
fn a_chain_of_moves_delivers_across_shards() {
    check_random(
        || {
            let e = engine(3);
            let mover = {
                let e = e.clone();
                thread::spawn(move || {
                    let mut c = Client::new(&e, 0);
                    c.send(&["BLMOVE", "in", "out", "LEFT", "RIGHT", "0"]);
                    words(&c.wait())
                })
            };
            let popper = {
                let e = e.clone();
                thread::spawn(move || {
                    let mut c = Client::new(&e, 1);
                    c.send(&["BRPOP", "out", "0"]);
                    words(&c.wait())
                })
            };
            Client::new(&e, 2).send(&["LPUSH", "in", "payload"]);
            assert_eq!(mover.join().expect("a reply"), ["payload"]);
            assert_eq!(popper.join().expect("a reply"), ["out", "payload"]);
            assert!(e.shared.blocked.is_empty());
        },
        SCHEDULES,
    );
}

#[test]
fn the_mailbox_never_loses_a_wake_up() {
    check_random(
        || {
            let mailbox = Arc::new(Mailbox::default());
            let posters: Vec<_> = (0..2)
                .map(|_| {
                    let m = mailbox.clone();
                    thread::spawn(move || (0..2).for_each(|_| m.post(Msg::Nudge)))
                })
                .collect();
            let mut got = 0;
            while got < 4 {
                while mailbox.take().is_some() {
                    got += 1;
                }
                if got < 4 && mailbox.register(&Waker::from(Arc::new(Unpark(thread::current())))) {
                    thread::park();
                }
            }
            posters.into_iter().for_each(|t| t.join().expect("posting ends"));
        },
        SCHEDULES,
    );
}
