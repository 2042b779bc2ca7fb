//! What clients did and saw, and when the server can have done it.
//!
//! Clients note which command they sent and what was replied. When the server can have
//! executed it comes from the network (see [`crate::net`]'s meters), which knows between
//! which two of its acts the server took a request up: execution lies between, and so within
//! what the client saw. A request that was never taken up was never executed; one that was,
//! was executed whether or not its reply ever left.

use crate::{
    model::{Calendar, Command, Reply, Span, state::ConnId},
    net::Moment,
};

/// One operation of one connection.
#[derive(Clone, Debug)]
pub struct Op {
    pub conn: ConnId,
    pub command: Command,
    /// Bytes its connection had sent with it.
    sent_bytes: u64,
    answer: Option<(Reply, u64)>,
    /// The server took it up after this,
    pub from: Moment,
    /// and before this.
    pub begun: Moment,
    /// It was through with it before this: the same, unless the command can wait.
    pub done: Moment,
    /// What the server's clock showed while it took it up.
    pub span: Span,
}

impl Op {
    /// What was replied.
    pub fn reply(&self) -> Option<&Reply> {
        self.answer.as_ref().map(|(reply, _)| reply)
    }
}

/// Everything that happened, by group of keys.
pub struct History {
    pub groups: Vec<Group>,
    /// Number of connections.
    pub conns: ConnId,
    pub calendar: Calendar,
    /// Replies that were recorded.
    pub answered: u64,
}

/// One group's operations, those of one connection in order.
pub struct Group {
    /// Number of its keys.
    pub keys: usize,
    pub ops: Vec<Op>,
}

/// Where an operation is in the history.
#[derive(Clone, Copy, Debug)]
pub struct OpId {
    pub group: usize,
    pub index: usize,
}

/// What the network knows of a connection's accepting end.
pub trait Witness {
    /// Between which moments the server took up what ended with the `bytes`th byte.
    fn taken(&self, conn: ConnId, bytes: u64) -> Option<(Moment, Moment)>;
    /// When it had written so many bytes.
    fn written(&self, conn: ConnId, bytes: u64) -> Option<Moment>;
    /// When it was closed.
    fn closed(&self, conn: ConnId) -> Option<Moment>;
    /// Whether replies ever had to wait for the client to read.
    fn was_full(&self, conn: ConnId) -> bool;
}

/// Virtual time (ns) within which somebody who has waited in vain must be told. The server may
/// be frozen meanwhile.
const TOLD_NS: u64 = 10_000_000_000;
const NEVER: Moment = Moment { number: u64::MAX, ns: u64::MAX };

impl History {
    /// An empty history of groups of so many keys.
    pub fn new(groups: &[usize], calendar: Calendar) -> History {
        let groups = groups.iter().map(|&keys| Group { keys, ops: Vec::new() }).collect();
        History { groups, conns: 0, calendar, answered: 0 }
    }

    /// A client has a new connection.
    pub fn connect(&mut self) -> ConnId {
        self.conns += 1;
        self.conns - 1
    }

    /// An operation is about to be sent; with it its connection will have sent `sent_bytes`.
    pub fn send(&mut self, group: usize, conn: ConnId, command: Command, sent_bytes: u64) -> OpId {
        let span = self.calendar.span(0, 0);
        let ops = &mut self.groups[group].ops;
        ops.push(Op { conn, command, sent_bytes, answer: None, from: NEVER, begun: NEVER, done: NEVER, span });
        OpId { group, index: ops.len() - 1 }
    }

    /// An operation has been answered; with it its connection has received `bytes`.
    pub fn answer(&mut self, id: OpId, reply: Reply, bytes: u64) {
        self.answered += 1;
        self.groups[id.group].ops[id.index].answer = Some((reply, bytes));
    }

    /// Places every operation in time and forgets those that the server never took up.
    /// `end_ns` is the end of the run; `punctual` says that nobody but the clock ends a wait.
    ///
    /// # Panics
    /// If something was answered before it was asked, or a client that waited in vain was told
    /// so too early or too late.
    pub fn settle(&mut self, witness: &impl Witness, end_ns: u64, punctual: bool) {
        let calendar = &self.calendar;
        for group in &mut self.groups {
            group.ops.retain_mut(|op| {
                let Some((from, begun)) = witness.taken(op.conn, op.sent_bytes) else {
                    assert!(op.answer.is_none(), "an answer to what was never asked: {op:?}");
                    return false;
                };
                (op.from, op.begun) = (from, begun);
                op.span = calendar.span(from.ns, begun.ns);
                let written = op.answer.as_ref().map(|(_, bytes)| witness.written(op.conn, *bytes));
                let written = written.map(|w| w.expect("what was received was written"));
                assert!(written.is_none_or(|w| from < w), "answered before it was asked: {op:?}");
                let end = written.or(witness.closed(op.conn)).unwrap_or(NEVER);
                op.done = if op.command.blocks() { end } else { begun };
                if !witness.was_full(op.conn) {
                    op.check_patience(end.ns.min(end_ns), punctual);
                }
                true
            });
        }
    }
}

impl Op {
    /// A client that waits is told when its time is over, neither before nor much later.
    fn check_patience(&self, end_ns: u64, punctual: bool) {
        let Some(timeout_ms) = self.command.timeout_ms().filter(|ms| *ms > 0) else { return };
        let timeout_ns = timeout_ms * 1_000_000;
        let late = end_ns > self.begun.ns + timeout_ns + TOLD_NS;
        assert!(!late, "it waited longer than it wanted to: {self:?}");
        let in_vain = self.reply().is_some_and(Reply::is_nil);
        let early = punctual && in_vain && end_ns < self.from.ns + timeout_ns;
        assert!(!early, "it was told too early that it waited in vain: {self:?}");
    }
}
