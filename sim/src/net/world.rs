//! The state of the network and what happens in it over virtual time.
//!
//! Packets of one direction arrive in order. A packet that arrives over a link that is cut,
//! or at a host without power, is sent again after a time-out that doubles; everything behind
//! it waits, as in TCP. Data for a connection that the receiver has closed is answered with a
//! reset.

use super::{
    alarm::Alarm,
    config::NetConfig,
    conn::{Conn, ConnId, Packet, Side},
    listener::Listening,
    meter::Meters,
};
use crate::trace::{Trace, digest};
use bytes::Bytes;
use madsim::{
    rand::{GlobalRng, Rng},
    task::NodeId,
    time::TimeHandle,
};
use norn::env::Addr;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    io::ErrorKind,
    net::IpAddr,
    task::Waker,
};

/// A machine.
pub(super) struct Host {
    pub(super) ip: IpAddr,
    /// Its kernel answers; false between a power loss and the next boot.
    pub(super) up: bool,
    pub(super) next_port: u16,
    /// What the next kill of the node means.
    pub(super) power_loss: bool,
}

/// Faults of one directed link.
#[derive(Default)]
pub(super) struct Link {
    pub(super) cut: bool,
    pub(super) bytes_per_s: Option<u64>,
    /// When the link has sent what it was given so far (ns).
    busy_ns: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// The first packet sent by this end is due.
    Arrive(ConnId, Side),
    /// Room in this end's window is due.
    Credit(ConnId, Side),
}

pub(super) struct World {
    pub(super) config: NetConfig,
    pub(super) rng: GlobalRng,
    pub(super) time: TimeHandle,
    pub(super) hosts: BTreeMap<NodeId, Host>,
    pub(super) links: BTreeMap<(NodeId, NodeId), Link>,
    pub(super) listeners: BTreeMap<(NodeId, Addr), Listening>,
    pub(super) conns: BTreeMap<ConnId, Conn>,
    pub(super) next_id: u64,
    pub(super) trace: Trace,
    /// See [`super::meter`].
    pub(super) meters: Option<Meters>,
    alarm: Alarm,
    due: BinaryHeap<Reverse<(u64, u64, Event)>>,
    next_event: u64,
}

impl World {
    pub(super) fn new(rng: &GlobalRng, time: &TimeHandle) -> World {
        World {
            config: NetConfig::calm(),
            rng: rng.clone(),
            time: time.clone(),
            hosts: BTreeMap::new(),
            links: BTreeMap::new(),
            listeners: BTreeMap::new(),
            conns: BTreeMap::new(),
            next_id: 1,
            trace: Trace::default(),
            meters: None,
            alarm: Alarm::default(),
            due: BinaryHeap::new(),
            next_event: 0,
        }
    }

    pub(super) fn now_ns(&self) -> u64 {
        self.time.elapsed().as_nanos() as u64
    }

    /// True with the given probability; draws nothing when the answer is certain.
    pub(super) fn chance(&mut self, p: f64) -> bool {
        p > 0.0 && self.rng.gen_bool(p)
    }

    /// Whether packets get from one host to the other.
    pub(super) fn is_reachable(&self, link: (NodeId, NodeId)) -> bool {
        let up = self.hosts.get(&link.1).is_some_and(|h| h.up);
        up && !self.links.get(&link).is_some_and(|l| l.cut)
    }

    /// The delay of one packet on a link (ns), retransmissions of lost copies included.
    pub(super) fn latency_ns(&mut self, link: (NodeId, NodeId)) -> u64 {
        let c = &self.config;
        if link.0 == link.1 {
            let (low, high) = c.loopback_us;
            return self.rng.gen_range(low * 1_000..=high * 1_000);
        }
        let (low, high) = c.latency_us;
        let (loss, stall, stall_max_ms) = (c.loss, c.stall, c.stall_max_ms);
        let (mut rto_ms, rto_max_ms) = (c.rto_ms, c.rto_max_ms);
        let mut ns = self.rng.gen_range(low * 1_000..=high.max(low) * 1_000);
        while self.chance(loss) {
            ns += rto_ms * 1_000_000;
            rto_ms = (rto_ms * 2).min(rto_max_ms);
        }
        if self.chance(stall) {
            ns += self.rng.gen_range(0..=stall_max_ms) * 1_000_000;
        }
        ns
    }

    /// When a link that sends `len` bytes more is done with them (ns).
    fn departure_ns(&mut self, link: (NodeId, NodeId), len: usize) -> u64 {
        let now = self.now_ns();
        if link.0 == link.1 {
            return now;
        }
        let default = self.config.bytes_per_s;
        let state = self.links.entry(link).or_default();
        let Some(speed) = state.bytes_per_s.or(default) else {
            return now;
        };
        let takes_ns = len as u64 * 1_000_000_000 / speed.max(1);
        state.busy_ns = state.busy_ns.max(now) + takes_ns;
        state.busy_ns
    }

    /// Sends a packet from one end of a connection to the other.
    pub(super) fn send(&mut self, id: ConnId, side: Side, packet: Packet) {
        let link = self.conns[&id].link(side);
        let len = match &packet {
            Packet::Data(data) => data.len(),
            Packet::End | Packet::Reset => 0,
        };
        let at = self.departure_ns(link, len) + self.latency_ns(link);
        let conn = self.conns.get_mut(&id).expect("looked up above");
        let wire = &mut conn.ends[side].wire;
        let at = at.max(wire.last_ns);
        wire.last_ns = at;
        wire.closed |= len == 0;
        wire.outstanding += len;
        wire.packets.push_back((at, packet));
        if wire.packets.len() == 1 {
            self.schedule(at, Event::Arrive(id, side));
        }
    }

    /// Announces room that will return to the sender `side`, if it waits for any.
    pub(super) fn expect_credit(&mut self, id: ConnId, side: Side) {
        let end = &mut self.conns.get_mut(&id).expect("the caller saw it").ends[side];
        if end.writer.is_none() || end.wire.credit_armed {
            return;
        }
        if let Some(&(at, _)) = end.wire.credits.front() {
            end.wire.credit_armed = true;
            self.schedule(at, Event::Credit(id, side));
        }
    }

    /// Books the room that has returned to the sender by now.
    pub(super) fn collect_credits(&mut self, id: ConnId, side: Side) {
        let now = self.now_ns();
        let conn = &self.conns[&id];
        let open = self.is_reachable(conn.link(1 - side));
        let retry_ns = now + self.config.rto_ms * 1_000_000;
        let conn = self.conns.get_mut(&id).expect("looked up above");
        let wire = &mut conn.ends[side].wire;
        while let Some(front) = wire.credits.front_mut().filter(|c| c.0 <= now) {
            if !open {
                front.0 = retry_ns; // the acknowledgement is lost, another will follow
                break;
            }
            wire.outstanding -= front.1;
            wire.credits.pop_front();
        }
    }

    fn schedule(&mut self, at_ns: u64, event: Event) {
        self.next_event += 1;
        self.due.push(Reverse((at_ns, self.next_event, event)));
        self.alarm.arm(&self.time, at_ns);
    }

    /// Lets everything happen that is due; called by the network's task.
    pub(super) fn run_due(&mut self, waker: &Waker) {
        if self.alarm.waker.is_none() {
            self.alarm.waker = Some(waker.clone());
        }
        let now = self.now_ns();
        self.alarm.fired(now);
        while let Some(&Reverse((at, _, event))) = self.due.peek() {
            if at > now {
                self.alarm.arm(&self.time, at);
                break;
            }
            self.due.pop();
            match event {
                Event::Arrive(id, side) => self.arrive(id, side),
                Event::Credit(id, side) => self.credit(id, side),
            }
        }
    }

    /// A waiting writer goes on once a third of its window is free, as in Linux.
    fn credit(&mut self, id: ConnId, side: Side) {
        let Some(conn) = self.conns.get_mut(&id) else {
            return;
        };
        conn.ends[side].wire.credit_armed = false;
        self.collect_credits(id, side);
        let enough = self.config.window - self.config.window / 3;
        let end = &mut self.conns.get_mut(&id).expect("looked up above").ends[side];
        if end.wire.outstanding <= enough {
            end.writer.take().into_iter().for_each(Waker::wake);
        } else {
            self.expect_credit(id, side);
        }
    }

    /// Delivers what `side` sent and is due.
    fn arrive(&mut self, id: ConnId, side: Side) {
        let now = self.now_ns();
        while let Some(conn) = self.conns.get(&id) {
            let link = conn.link(side);
            let due = conn.ends[side].wire.packets.front().map(|(at, _)| *at);
            match due {
                None => break,
                Some(at) if at > now => return self.schedule(at, Event::Arrive(id, side)),
                Some(_) if !self.is_reachable(link) => return self.retry(id, side),
                Some(_) => self.deliver(id, side),
            }
        }
        self.bury(id);
    }

    /// The first packet did not get through: again later, or never.
    fn retry(&mut self, id: ConnId, side: Side) {
        let now = self.now_ns();
        let (rto_ms, rto_max_ms) = (self.config.rto_ms, self.config.rto_max_ms);
        let give_up_ns = self.config.give_up_s * 1_000_000_000;
        let conn = self.conns.get_mut(&id).expect("the caller saw it");
        let end = &mut conn.ends[side];
        let wire = &mut end.wire;
        let since = *wire.stalled_ns.get_or_insert(now);
        if now - since > give_up_ns {
            end.fail(ErrorKind::TimedOut);
            return self.bury(id);
        }
        let wait_ms = (rto_ms << wire.retries.min(16)).min(rto_max_ms);
        wire.retries += 1;
        let at = now + wait_ms * 1_000_000;
        wire.packets[0].0 = at;
        wire.last_ns = wire.last_ns.max(at);
        self.trace.note(now, [1, id, side as u64]);
        self.schedule(at, Event::Arrive(id, side));
    }

    /// Hands the first packet of a wire to the other end.
    fn deliver(&mut self, id: ConnId, side: Side) {
        let now = self.now_ns();
        let conn = self.conns.get_mut(&id).expect("the caller saw it");
        let [a, b] = &mut conn.ends;
        let (sender, receiver) = if side == 0 { (a, b) } else { (b, a) };
        let wire = &mut sender.wire;
        wire.retries = 0;
        wire.stalled_ns = None;
        let (_, packet) = wire.packets.pop_front().expect("the caller saw it");
        let (kind, sum) = match &packet {
            Packet::Data(data) => (2, digest(data)),
            Packet::End => (3, 0),
            Packet::Reset => (4, 0),
        };
        self.trace.note(now, [kind, id << 1 | side as u64, sum]);
        let refused = match packet {
            Packet::Reset => {
                receiver.fail(ErrorKind::ConnectionReset);
                false
            }
            _ if receiver.forgotten => true,
            Packet::Data(data) if !receiver.is_gone() => {
                receive(receiver, data);
                false
            }
            Packet::Data(_) => true,
            Packet::End => {
                receiver.eof = true;
                receiver.reader.take().into_iter().for_each(Waker::wake);
                false
            }
        };
        if refused && sender.failure.is_none() && !sender.is_gone() {
            self.send(id, 1 - side, Packet::Reset);
        }
    }

    /// Forgets a connection that nobody can notice any more.
    pub(super) fn bury(&mut self, id: ConnId) {
        if self.conns.get(&id).is_some_and(Conn::is_over) {
            self.conns.remove(&id);
        }
    }
}

fn receive(end: &mut super::conn::End, data: Bytes) {
    end.inbox.push_back(data);
    end.reader.take().into_iter().for_each(Waker::wake);
}
