//! How connections end: by the process, by its death, by the loss of its host.

use super::{
    conn::{ConnId, Packet, Side},
    meter::Act,
    world::World,
};
use madsim::{rand::Rng, task::NodeId};

impl World {
    /// The process lets go of one half of an end. The last one closes it: with a reset if
    /// anything received was never read, otherwise with end-of-file.
    pub(super) fn drop_half(&mut self, id: ConnId, side: Side, is_write: bool) {
        let Some(conn) = self.conns.get_mut(&id) else {
            return;
        };
        let end = &mut conn.ends[side];
        if end.is_gone() {
            return; // its process was killed before its destructors ran
        }
        end.halves -= 1;
        if is_write {
            end.writer = None;
        } else {
            end.reader = None;
        }
        if end.is_gone() {
            self.close(id, side);
        } else if is_write {
            self.shut(id, side);
        }
    }

    /// Sends end-of-file unless something final has been sent.
    pub(super) fn shut(&mut self, id: ConnId, side: Side) {
        let end = &self.conns[&id].ends[side];
        if end.failure.is_none() && !end.wire.closed {
            self.send(id, side, Packet::End);
        }
    }

    /// What the kernel does when no handle is left.
    fn close(&mut self, id: ConnId, side: Side) {
        self.meter(id, side, Act::Closed);
        let conn = self.conns.get_mut(&id).expect("the caller saw it");
        let end = &mut conn.ends[side];
        let unread = !end.inbox.is_empty();
        end.inbox.clear();
        if unread {
            self.reset(id, side);
        } else {
            self.shut(id, side);
        }
        self.bury(id);
    }

    fn reset(&mut self, id: ConnId, side: Side) {
        if self.conns[&id].ends[side].failure.is_none() {
            self.send(id, side, Packet::Reset);
        }
    }

    /// Resets an accepted connection that no process ever saw.
    pub(super) fn refuse_waiting(&mut self, id: ConnId) {
        let Some(conn) = self.conns.get_mut(&id) else {
            return;
        };
        conn.ends[1].halves = 0;
        conn.ends[1].inbox.clear();
        self.reset(id, 1);
        self.bury(id);
    }

    /// The node's process dies. Its kernel closes its sockets; without power nobody does.
    pub(super) fn kill(&mut self, node: NodeId) {
        let Some(host) = self.hosts.get_mut(&node) else {
            return;
        };
        let power_loss = std::mem::take(&mut host.power_loss);
        host.up = !power_loss;
        self.trace.note(self.now_ns(), [5, u64::from(power_loss), 0]);
        let mut open = Vec::new();
        for (id, conn) in &self.conns {
            for side in 0..2 {
                if conn.ends[side].node == node && !conn.ends[side].is_gone() {
                    open.push((*id, side));
                }
            }
        }
        self.listeners.retain(|(n, _), _| *n != node);
        for (id, side) in open {
            let conn = self.conns.get_mut(&id).expect("both ends may be on this node");
            let end = &mut conn.ends[side];
            end.halves = 0;
            end.wake();
            if !power_loss {
                self.close(id, side);
                continue;
            }
            end.forgotten = true;
            end.inbox.clear();
            // What has left the machine still travels; the rest is gone.
            let sent = end.wire.packets.len();
            let kept = self.rng.gen_range(0..=sent);
            end.wire.packets.truncate(kept);
            end.wire.closed = true;
            self.bury(id);
        }
    }
}
