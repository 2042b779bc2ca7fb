//! What a serving process did with each connection, and when.
//!
//! For those who judge a run from outside. A request was executed after its last byte had
//! been read and before its reply was written, whatever clients saw of it and when. Closer
//! still: a process does nothing between two acts on a connection but what one of its tasks
//! does without waiting, and a *gauge* tells how many of the bytes it has read it has not
//! taken up yet. So the moments between which a request was taken up are known, mostly to the
//! nanosecond. Kept only if asked for.

use super::{
    conn::{ConnId, Side},
    world::World,
};
use norn::env::Addr;
use std::collections::BTreeMap;

/// Bytes that a process has read from one connection and not taken up.
pub type Gauge = Box<dyn Fn() -> u64 + Send>;
/// Finds the gauge of a connection by the address of its connecting end; there is none
/// before the process knows the connection.
pub type FindGauge = Box<dyn Fn(&Addr) -> Option<Gauge> + Send>;

/// Meters by connection.
pub struct Meters {
    meters: BTreeMap<ConnId, Meter>,
    find_gauge: FindGauge,
    acts: u64,
}

/// When a serving process did something: its number among all that any did, and virtual ns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    pub number: u64,
    pub ns: u64,
}

/// What passed through the accepting end of one connection.
pub struct Meter {
    /// Address of the connecting end.
    pub addr: Addr,
    gauge: Option<Gauge>,
    last: Moment,
    read_bytes: u64,
    /// Total bytes taken up, and the acts between which they were.
    taken: Vec<(u64, Moment, Moment)>,
    /// Total bytes after each write, and when it was.
    written: Vec<(u64, Moment)>,
    /// When the process let go of it.
    pub closed: Option<Moment>,
    /// All that it wrote, whether or not it arrived.
    pub output: Vec<u8>,
    /// A write once had to wait for room.
    pub was_full: bool,
}

impl Meters {
    /// Nothing noted yet.
    pub fn new(find_gauge: FindGauge) -> Meters {
        Meters { meters: BTreeMap::new(), find_gauge, acts: 0 }
    }

    /// Every connection's.
    pub fn into_all(self) -> impl Iterator<Item = Meter> {
        self.meters.into_values()
    }
}

impl Meter {
    fn new(addr: Addr, last: Moment) -> Meter {
        Meter {
            addr,
            gauge: None,
            last,
            read_bytes: 0,
            taken: Vec::new(),
            written: Vec::new(),
            closed: None,
            output: Vec::new(),
            was_full: false,
        }
    }

    /// Between which moments `total` bytes had been taken up.
    pub fn taken(&self, total: u64) -> Option<(Moment, Moment)> {
        let at = self.taken.partition_point(|(t, ..)| *t < total);
        self.taken.get(at).map(|(_, from, to)| (*from, *to))
    }

    /// When `total` bytes had been written.
    pub fn written(&self, total: u64) -> Option<Moment> {
        let at = self.written.partition_point(|(t, _)| *t < total);
        self.written.get(at).map(|(_, moment)| *moment)
    }

    fn note(&mut self, find_gauge: &FindGauge, act: Act, now: Moment) {
        if self.gauge.is_none() {
            self.gauge = find_gauge(&self.addr);
        }
        let left = self.gauge.as_ref().map_or(self.read_bytes, |gauge| gauge());
        let taken = self.read_bytes.saturating_sub(left);
        if taken > self.taken.last().map_or(0, |t| t.0) {
            self.taken.push((taken, self.last, now));
        }
        self.last = now;
        match act {
            Act::Read(n) => self.read_bytes += n as u64,
            Act::Wrote(bytes) => {
                self.output.extend_from_slice(bytes);
                self.written.push((self.output.len() as u64, now));
            }
            Act::Full => self.was_full = true,
            Act::Idle => {}
            Act::Closed => self.closed = Some(now),
        }
    }
}

/// What an accepting end did.
pub(super) enum Act<'a> {
    Read(usize),
    Wrote(&'a [u8]),
    /// It wanted to write and has to wait.
    Full,
    /// It wanted to read and has to wait.
    Idle,
    Closed,
}

impl World {
    /// Notes what `side` did, if it is an accepting end and somebody wants to know.
    pub(super) fn meter(&mut self, id: ConnId, side: Side, act: Act) {
        if side == 0 || self.meters.is_none() {
            return;
        }
        let ns = self.now_ns();
        let meters = self.meters.as_mut().expect("checked above");
        meters.acts += 1;
        let now = Moment { number: meters.acts, ns };
        let addr = || self.conns[&id].ends[0].addr.clone();
        let meter = meters.meters.entry(id).or_insert_with(|| Meter::new(addr(), now));
        meter.note(&meters.find_gauge, act, now);
    }
}
