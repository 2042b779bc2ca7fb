mod types;

use super::{
    History,
    history::{OpId, Witness},
    search::{Verdict, check},
};
use crate::{
    model::{
        Calendar, Command, Reply,
        command::{End, Ttl, When},
        reply::OK,
        state::ConnId,
    },
    net::Moment,
};
use bytes::Bytes;
use std::collections::BTreeMap;

const MS: u64 = 1_000_000;

/// A history written by hand. Instead of bytes it counts time, so that the time of a
/// request's last byte is easy to tell. A request may be taken up at any time until it is
/// answered.
struct Script {
    history: History,
    now_ns: u64,
    times: Times,
    /// Nobody but the clock ends a wait.
    punctual: bool,
}

/// By the time it was sent, the latest time at which each request was taken up.
struct Times(BTreeMap<u64, u64>);

fn moment(ns: u64) -> Moment {
    Moment { number: ns, ns }
}

impl Witness for Times {
    fn taken(&self, _: ConnId, bytes: u64) -> Option<(Moment, Moment)> {
        self.0.get(&bytes).map(|to| (moment(bytes), moment(*to)))
    }

    fn written(&self, _: ConnId, bytes: u64) -> Option<Moment> {
        Some(moment(bytes))
    }

    fn closed(&self, _: ConnId) -> Option<Moment> {
        None
    }

    fn was_full(&self, _: ConnId) -> bool {
        false
    }
}

impl Script {
    fn new(keys: usize, clients: usize) -> Script {
        let mut history = History::new(&[keys], Calendar::new(0));
        (0..clients).for_each(|_| {
            history.connect();
        });
        Script { history, now_ns: 0, times: Times(BTreeMap::new()), punctual: false }
    }

    /// Sends a command; returns also when.
    fn send(&mut self, conn: ConnId, c: Command) -> (OpId, u64) {
        self.now_ns += 1000;
        (self.history.send(0, conn, c, self.now_ns), self.now_ns)
    }

    /// The request is taken up by now.
    fn take(&mut self, op: (OpId, u64)) {
        self.now_ns += 1000;
        self.times.0.insert(op.1, self.now_ns);
    }

    fn answer(&mut self, op: (OpId, u64), r: Reply) {
        self.take(op);
        self.history.answer(op.0, r, self.now_ns);
    }

    /// The reply to somebody whose request was taken up before, and who waited.
    fn serve(&mut self, op: (OpId, u64), r: Reply) {
        self.now_ns += 1000;
        self.history.answer(op.0, r, self.now_ns);
    }

    fn both(&mut self, conn: ConnId, c: Command, r: Reply) {
        let id = self.send(conn, c);
        self.answer(id, r);
    }

    fn verdict(&mut self) -> Verdict {
        self.history.settle(&self.times, self.now_ns, self.punctual);
        check(&self.history, 0)
    }

    fn good(&mut self) {
        let v = self.verdict();
        assert!(matches!(v, Verdict::Linearizable { .. }), "{v:?}");
    }

    fn bad(&mut self) {
        let v = self.verdict();
        assert!(matches!(v, Verdict::Violation(_)), "{v:?}");
    }
}

fn text(s: &'static str) -> Bytes {
    Bytes::from_static(s.as_bytes())
}

fn bulk(s: &'static str) -> Reply {
    Reply::Bulk(text(s))
}

fn set(key: u8, v: &'static str) -> Command {
    Command::Set { key, value: text(v), when: When::Always, get: false, ttl: Ttl::None }
}

fn push(key: u8, v: &'static str) -> Command {
    Command::Push { key, end: End::Right, only_existing: false, values: vec![text(v)] }
}

fn blpop(key: u8) -> Command {
    Command::BPop { keys: vec![key], end: End::Left, timeout_ms: 1000 }
}

fn popped(key: u8, v: &'static str) -> Reply {
    Reply::Array(vec![Reply::Bulk(crate::model::encode::key_mark(key)), bulk(v)])
}

#[test]
fn concurrent_writes_take_any_order_once() {
    for (first, second) in [("a", "a"), ("b", "b"), ("a", "b"), ("b", "a")] {
        let mut s = Script::new(1, 3);
        let (a, b) = (s.send(0, set(0, "a")), s.send(1, set(0, "b")));
        // A read in the middle may see either, and so may one after; but both are settled then.
        let r = s.send(2, Command::Get(0));
        s.answer(r, bulk(first));
        s.answer(a, OK);
        s.answer(b, OK);
        s.both(2, Command::Get(0), bulk(second));
        s.good();
        s.both(2, Command::Get(0), bulk(if second == "a" { "b" } else { "a" }));
        s.bad();
    }
}

#[test]
fn stale_reads_are_caught() {
    let mut s = Script::new(1, 2);
    s.both(0, set(0, "a"), OK);
    s.both(0, set(0, "b"), OK);
    s.both(1, Command::Get(0), bulk("a"));
    s.bad();
}

#[test]
fn pipelined_replies_come_in_order() {
    let mut s = Script::new(1, 1);
    let (a, b) = (s.send(0, Command::IncrBy(0, 1)), s.send(0, Command::IncrBy(0, 1)));
    s.answer(a, Reply::Int(2));
    s.answer(b, Reply::Int(1));
    s.bad();
}

#[test]
fn what_was_taken_up_happened_with_or_without_a_reply() {
    for (taken, reply, fine) in [(true, "b", true), (true, "a", false), (false, "a", true), (false, "b", false)] {
        let mut s = Script::new(1, 2);
        s.both(1, set(0, "a"), OK);
        let lost = s.send(0, set(0, "b"));
        if taken {
            s.take(lost);
        }
        s.both(1, Command::Get(0), bulk(reply));
        if fine { s.good() } else { s.bad() }
    }
}

#[test]
#[should_panic(expected = "it waited longer")]
fn who_waits_is_told_in_time() {
    let mut s = Script::new(1, 1);
    let id = s.send(0, blpop(0));
    s.take(id);
    s.now_ns += 20_000 * MS;
    s.good();
}

#[test]
#[should_panic(expected = "too early")]
fn who_waits_is_not_told_early() {
    let mut s = Script::new(1, 1);
    s.punctual = true;
    s.both(0, blpop(0), Reply::NilArray);
    s.good();
}

#[test]
fn waiting_clients_are_served_in_turn() {
    for in_turn in [true, false] {
        let mut s = Script::new(1, 3);
        let a = s.send(0, blpop(0));
        // Only a waiting client lets this list be empty after a push.
        s.both(2, push(0, "x"), Reply::Int(1));
        s.answer(a, popped(0, "x"));
        let a = s.send(0, blpop(0));
        s.both(2, Command::LLen(0), Reply::Int(0));
        let b = s.send(1, blpop(0));
        let (first, second) = if in_turn { ("y", "z") } else { ("z", "y") };
        s.both(2, push(0, "y"), Reply::Int(1));
        s.both(2, push(0, "z"), Reply::Int(1));
        s.answer(a, popped(0, first));
        s.answer(b, popped(0, second));
        // Who waited first is not known, so both are possible.
        s.good();
    }
}

#[test]
fn an_element_is_neither_lost_nor_given_twice() {
    let mut s = Script::new(1, 3);
    let a = s.send(0, blpop(0));
    s.both(2, push(0, "x"), Reply::Int(1));
    s.answer(a, Reply::NilArray);
    s.good(); // it may have given up before the push
    s.both(2, Command::LLen(0), Reply::Int(0));
    s.bad();
    let mut s = Script::new(1, 3);
    let (a, b) = (s.send(0, blpop(0)), s.send(1, blpop(0)));
    s.both(2, push(0, "x"), Reply::Int(1));
    s.answer(a, popped(0, "x"));
    s.answer(b, popped(0, "x"));
    s.bad();
}

#[test]
fn transactions_see_what_they_watch() {
    let exec = || Command::Exec(vec![Command::Get(0)]);
    let mut s = Script::new(1, 2);
    s.both(0, Command::Watch(vec![0]), OK);
    s.both(1, set(0, "a"), OK);
    s.both(0, exec(), Reply::Array(vec![bulk("a")]));
    s.bad();
    let mut s = Script::new(1, 2);
    s.both(0, Command::Watch(vec![0]), OK);
    s.both(0, exec(), Reply::NilArray);
    s.bad();
}

#[test]
fn expiry_is_neither_early_nor_late() {
    let put = || Command::Set { key: 0, value: text("a"), when: When::Always, get: false, ttl: Ttl::In(10) };
    for (at_ms, reply, fine) in
        [(5, bulk("a"), true), (5, Reply::Nil, false), (50, Reply::Nil, true), (50, bulk("a"), false)]
    {
        let mut s = Script::new(1, 1);
        s.both(0, put(), OK);
        s.now_ns += at_ms * MS;
        s.both(0, Command::Get(0), reply);
        if fine { s.good() } else { s.bad() }
    }
}

#[test]
fn a_clock_set_back_may_revive_a_key_that_nobody_looked_at() {
    for (looked, reply, fine) in
        [(false, bulk("a"), true), (false, Reply::Nil, true), (true, bulk("a"), false), (true, Reply::Nil, true)]
    {
        let mut s = Script::new(1, 1);
        let ttl = Ttl::At(1000);
        s.both(0, Command::Set { key: 0, value: text("a"), when: When::Always, get: false, ttl }, OK);
        s.history.calendar.jump(s.now_ns, 5000);
        s.now_ns += MS;
        if looked {
            s.both(0, Command::Get(0), Reply::Nil);
        }
        s.history.calendar.jump(s.now_ns, 0);
        s.now_ns += MS;
        s.both(0, Command::Get(0), reply);
        if fine { s.good() } else { s.bad() }
    }
}
