//! One connection: two ends, each with what it has received and what it has under way.
//!
//! A direction holds at most a window of bytes. A write takes room from it; the room returns
//! a latency after the other end has read the bytes (a *credit*). So a writer stalls when its
//! peer does not read, and memory stays bounded, as with kernel buffers.

use bytes::Bytes;
use madsim::task::NodeId;
use norn::env::Addr;
use std::{collections::VecDeque, io::ErrorKind, task::Waker};

/// Names a connection for the whole run.
pub(super) type ConnId = u64;

/// One of the two ends: 0 connected, 1 accepted.
pub(super) type Side = usize;

/// What travels from one end to the other, in order.
pub(super) enum Packet {
    Data(Bytes),
    /// End-of-file.
    End,
    /// The connection is no more.
    Reset,
}

/// What one end has sent and the other has not yet received or acknowledged.
#[derive(Default)]
pub(super) struct Wire {
    /// Arrival times (ns), never decreasing, and packets.
    pub(super) packets: VecDeque<(u64, Packet)>,
    /// The latest arrival time given out: nothing overtakes.
    pub(super) last_ns: u64,
    /// Bytes that occupy the window.
    pub(super) outstanding: usize,
    /// Room that comes back, and when.
    pub(super) credits: VecDeque<(u64, usize)>,
    /// An event for the first credit is scheduled.
    pub(super) credit_armed: bool,
    /// End-of-file or a reset has been sent: no more data.
    pub(super) closed: bool,
    /// Retransmissions of the first packet so far, and when they began.
    pub(super) retries: u32,
    pub(super) stalled_ns: Option<u64>,
}

/// One end of a connection.
pub(super) struct End {
    pub(super) node: NodeId,
    pub(super) addr: Addr,
    /// Handles the process still holds: two while open, none once it is closed.
    pub(super) halves: u8,
    /// Its host lost power: it knows nothing of the connection any more.
    pub(super) forgotten: bool,
    pub(super) inbox: VecDeque<Bytes>,
    pub(super) eof: bool,
    pub(super) failure: Option<ErrorKind>,
    pub(super) reader: Option<Waker>,
    pub(super) writer: Option<Waker>,
    pub(super) wire: Wire,
}

impl End {
    fn new(node: NodeId, addr: Addr) -> End {
        End {
            node,
            addr,
            halves: 2,
            forgotten: false,
            inbox: VecDeque::new(),
            eof: false,
            failure: None,
            reader: None,
            writer: None,
            wire: Wire::default(),
        }
    }

    pub(super) fn is_gone(&self) -> bool {
        self.halves == 0
    }

    /// The end learns that the connection is lost; what it had already received stays readable.
    pub(super) fn fail(&mut self, kind: ErrorKind) {
        // As in Linux: after end-of-file a reset shows as a broken pipe.
        let kind = if self.eof { ErrorKind::BrokenPipe } else { kind };
        self.failure.get_or_insert(kind);
        self.wire = Wire { closed: true, ..Wire::default() };
        self.wake();
    }

    pub(super) fn wake(&mut self) {
        for waker in [self.reader.take(), self.writer.take()] {
            waker.into_iter().for_each(Waker::wake);
        }
    }
}

/// A connection.
pub(super) struct Conn {
    pub(super) ends: [End; 2],
}

impl Conn {
    pub(super) fn new(from: (NodeId, Addr), to: (NodeId, Addr)) -> Conn {
        let ends = [from, to].map(|(node, addr)| End::new(node, addr));
        Conn { ends }
    }

    /// The directed link on which `side` sends.
    pub(super) fn link(&self, side: Side) -> (NodeId, NodeId) {
        (self.ends[side].node, self.ends[1 - side].node)
    }

    /// Nobody holds it and nothing is under way.
    pub(super) fn is_over(&self) -> bool {
        let idle = |e: &End| e.is_gone() && e.wire.packets.is_empty();
        self.ends.iter().all(idle)
    }
}
