//! What clients and supervisor share; the server knows nothing of it.

use super::plan::Plan;
use crate::{
    check::{
        History,
        history::{OpId, Witness},
    },
    model::{Command, Reply, command::Key, encode::key_mark, state::ConnId, streams::Id},
    net::{Meter, Moment},
};
use madsim::time::TimeHandle;
use norn::{env::Addr, protocol::value::Value};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Ids of stream entries that clients remember.
const IDS_SEEN: usize = 24;

/// The state of the workload.
pub struct Board {
    pub plan: Plan,
    inner: Mutex<Inner>,
}

/// What the lock guards.
pub struct Inner {
    pub history: History,
    conns: Vec<Conn>,
    /// The number the server gave each client's connection.
    pub ids: Vec<Option<i64>>,
    /// Operations that have begun.
    pub begun: u64,
    /// Faults are over: finish, one last session each.
    pub calm: bool,
    /// Clients that have had their last session.
    pub finished: u64,
    /// Makes values unlike any other.
    pub serial: u64,
    /// Ids of stream entries that clients have seen of late, by group.
    pub ids_seen: Vec<Vec<Id>>,
    /// What the workload was about, for the summary.
    pub connections: u64,
    /// Replies that clients did not stay to read.
    pub unread: u64,
}

/// A connection's requests and replies.
struct Conn {
    addr: Addr,
    /// What each request was, if an operation.
    requests: Vec<Option<OpId>>,
    /// Replies that the client received, and their bytes.
    replies: usize,
    bytes: u64,
}

impl Board {
    pub fn new(plan: Plan, history: History) -> Board {
        let ids = vec![None; plan.clients + 1];
        let inner = Inner {
            history,
            conns: Vec::new(),
            ids,
            begun: 0,
            calm: false,
            finished: 0,
            serial: 0,
            ids_seen: vec![Vec::new(); plan.groups.len()],
            connections: 0,
            unread: 0,
        };
        Board { plan, inner: Mutex::new(inner) }
    }

    /// The shared state.
    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Virtual time.
    pub fn now_ns(&self) -> u64 {
        TimeHandle::current().elapsed().as_nanos() as u64
    }

    /// A command is about to be sent; with it the connection will have sent `sent_bytes`.
    pub fn send(&self, group: usize, conn: ConnId, command: Command, sent_bytes: u64) -> OpId {
        let mut inner = self.lock();
        inner.begun += 1;
        let id = inner.history.send(group, conn, command, sent_bytes);
        inner.conns[conn as usize].requests.push(Some(id));
        id
    }

    /// A request that is no operation is about to be sent.
    pub fn send_aside(&self, conn: ConnId) {
        self.lock().conns[conn as usize].requests.push(None);
    }

    /// The next reply has arrived, ending with the connection's `bytes`th byte.
    pub fn answer(&self, conn: ConnId, reply: impl FnOnce() -> Reply, bytes: u64) {
        let mut inner = self.lock();
        let log = &mut inner.conns[conn as usize];
        let request = log.requests[log.replies];
        log.replies += 1;
        log.bytes = bytes;
        if let Some(id) = request {
            inner.answer(&self.plan, id, reply(), bytes);
        }
    }
}

impl Inner {
    /// A client has a new connection, from this address.
    pub fn connect(&mut self, addr: Addr) -> ConnId {
        self.connections += 1;
        self.conns.push(Conn { addr, requests: Vec::new(), replies: 0, bytes: 0 });
        self.history.connect()
    }

    fn answer(&mut self, plan: &Plan, id: OpId, mut reply: Reply, bytes: u64) {
        let op = &self.history.groups[id.group].ops[id.index];
        plan.normalise(id.group, &op.command, &mut reply);
        let ids = &mut self.ids_seen[id.group];
        op.command.each_id(&reply, &mut |id| {
            if ids.len() == IDS_SEEN {
                ids.remove(0);
            }
            ids.push(id);
        });
        self.history.answer(id, reply, bytes);
    }

    /// The run is over: adds the replies that clients did not stay to read, and places
    /// everything in time, as the network saw it.
    pub fn settle(&mut self, plan: &Plan, meters: impl Iterator<Item = Meter>, end_ns: u64) {
        let mut meters: BTreeMap<Addr, Meter> = meters.map(|m| (m.addr.clone(), m)).collect();
        let meters: Vec<Option<Meter>> = self.conns.iter().map(|c| meters.remove(&c.addr)).collect();
        for (i, meter) in meters.iter().enumerate() {
            let (log, Some(meter)) = (&self.conns[i], meter) else { continue };
            let (requests, mut at) = (log.requests[log.replies..].to_vec(), log.bytes as usize);
            for request in requests {
                let Ok(Some((value, len))) = Value::parse(&meter.output[at..]) else { break };
                at += len;
                if let (Some(id), Ok(reply)) = (request, Reply::seen(value)) {
                    self.answer(plan, id, reply, at as u64);
                    self.unread += 1;
                }
            }
        }
        // CLIENT UNBLOCK may end a wait at any time.
        self.history.settle(&Seen(meters), end_ns, plan.meddle == 0.0);
    }
}

/// What the network saw, by connection.
struct Seen(Vec<Option<Meter>>);

impl Seen {
    fn meter(&self, conn: ConnId) -> Option<&Meter> {
        self.0[conn as usize].as_ref()
    }
}

impl Witness for Seen {
    fn taken(&self, conn: ConnId, bytes: u64) -> Option<(Moment, Moment)> {
        self.meter(conn)?.taken(bytes)
    }

    fn written(&self, conn: ConnId, bytes: u64) -> Option<Moment> {
        self.meter(conn)?.written(bytes)
    }

    fn closed(&self, conn: ConnId) -> Option<Moment> {
        self.meter(conn)?.closed
    }

    fn was_full(&self, conn: ConnId) -> bool {
        self.meter(conn).is_some_and(|m| m.was_full)
    }
}

impl Plan {
    /// Takes out of a reply what the history does not know or care about: the names of keys
    /// and the order of a hash's fields.
    fn normalise(&self, group: usize, command: &Command, reply: &mut Reply) {
        match (command, reply) {
            (c, reply) if c.family().is_some() => {
                let family = c.family().expect("it has one");
                family.normalise(reply, &|key| self.name(group, key));
            }
            (Command::HGetAll(_), reply) => reply.sort_pairs(),
            (Command::HScan(_, true), reply) => reply.sort_scanned_pairs(),
            (Command::HScan(_, false), Reply::Array(parts)) => parts.iter_mut().for_each(Reply::sort_texts),
            (Command::Exec(queue), Reply::Array(replies)) => {
                queue.iter().zip(replies).for_each(|(c, r)| self.normalise(group, c, r));
            }
            (Command::BPop { keys, .. } | Command::LMPop { keys, .. } | Command::BLMPop { keys, .. }, reply) => {
                if let Reply::Array(items) = reply
                    && let Some(Reply::Bulk(name)) = items.first_mut()
                    && let Some(&key) = keys.iter().find(|k: &&Key| self.name(group, **k) == *name)
                {
                    *name = key_mark(key);
                }
            }
            _ => {}
        }
    }
}
