//! Commands on streams.
//!
//! Streams are kept short: the model remembers every version of one. The ids that commands
//! name are mostly ones that some client has seen of late.

use super::{Draw, Table, pick};
use crate::model::{
    command::{Command, Key},
    streams::{Claimant, Consumer, Delivery, Filter, From, GroupName, Id, NewId, StreamCommand::*, Trim},
};

const GROUPS: u64 = 2;
const CONSUMERS: u64 = 3;
/// Most entries that a trimmed stream has.
const LONGEST: u64 = 8;

pub(super) const STREAMS: Table = &[
    (12, |d, key| {
        let trim = d.one_in(3).then(|| d.trim());
        Command::OfStream(Add { key, make: !d.one_in(10), trim, id: d.new_id(), fields: d.pairs() })
    }),
    (1, |_, key| Command::OfStream(Len(key))),
    (2, |d, key| {
        let (from, to) = (d.bound(Id::MIN), d.bound(Id::MAX));
        let count = d.one_in(2).then(|| d.count());
        Command::OfStream(Range { key, from, to, rev: d.one_in(2), count })
    }),
    (2, |d, key| Command::OfStream(Del(key, d.ids()))),
    (2, |d, key| Command::OfStream(Trim(key, d.trim()))),
    (1, |d, key| Command::OfStream(TrimSome(key, d.trim(), d.rng.below(4) as usize))),
    (1, |d, key| {
        let id = d.known_id();
        let added = d.one_in(3).then(|| d.rng.below(12) as i64);
        let deleted = d.one_in(3).then(|| d.bound(Id::MIN));
        Command::OfStream(SetLast(key, if d.one_in(2) { id } else { id.next() }, added, deleted))
    }),
    (1, |_, key| Command::OfStream(Info(key))),
    (1, |_, key| Command::OfStream(Groups(key))),
    (1, |d, key| Command::OfStream(Consumers(key, d.group_name()))),
    (1, |d, key| {
        let keys = d.keys_with(key).into_iter().map(|k| (k, d.from())).collect();
        Command::OfStream(Read { keys, count: d.maybe_count(), block_ms: None })
    }),
    (9, |d, key| d.read_group(key, None)),
    (7, |d, key| {
        let at = (!d.one_in(3)).then_some(Id::MIN);
        Command::OfStream(Create { key, group: d.group_name(), at, make: !d.one_in(4) })
    }),
    (1, |d, key| {
        let at = d.one_in(2).then(|| d.known_id());
        Command::OfStream(SetId(key, d.group_name(), at))
    }),
    (1, |d, key| Command::OfStream(Destroy(key, d.group_name()))),
    (1, |d, key| Command::OfStream(CreateConsumer(key, d.group_name(), d.consumer()))),
    (1, |d, key| Command::OfStream(DelConsumer(key, d.group_name(), d.consumer()))),
    (5, |d, key| Command::OfStream(Ack(key, d.group_name(), d.ids()))),
    (1, |d, key| Command::OfStream(Summary(key, d.group_name()))),
    (3, |d, key| {
        let (from, to) = (d.bound(Id::MIN), d.bound(Id::MAX));
        let consumer = d.one_in(3).then(|| d.consumer());
        let filter = Filter { min_idle_ms: d.min_idle_ms(), from, to, count: 1 + d.rng.below(8) as usize, consumer };
        Command::OfStream(Pending(key, d.group_name(), filter))
    }),
    (2, |d, key| {
        let mut ids = d.ids();
        ids.sort();
        ids.dedup();
        let how = Delivery {
            idle_ms: d.one_in(3).then(|| d.rng.below(200) as i64),
            time_ms: None,
            count: d.one_in(4).then(|| d.rng.below(5) as i64),
            last: d.one_in(5).then(|| d.known_id()),
        };
        let time_ms = (how.idle_ms.is_none() && d.one_in(3)).then(|| d.wall_ms + 50 - d.rng.below(200) as i64);
        let how = Delivery { time_ms, ..how };
        Command::OfStream(Claim { key, who: d.claimant(), ids, force: d.one_in(3), how })
    }),
    (2, |d, key| {
        let start = d.bound(Id::MIN);
        Command::OfStream(AutoClaim { key, who: d.claimant(), start, count: d.count() })
    }),
];

pub(super) const BLOCKING: Table = &[
    (1, |d, key| {
        let block_ms = Some(d.timeout_ms());
        let keys = d.keys_with(key).into_iter().map(|k| (k, d.from())).collect();
        Command::OfStream(Read { keys, count: d.maybe_count(), block_ms })
    }),
    (2, |d, key| {
        let block_ms = Some(d.timeout_ms());
        d.read_group(key, block_ms)
    }),
];

impl Draw<'_> {
    fn group_name(&mut self) -> GroupName {
        // One group is busier than the others.
        if self.one_in(3) { self.rng.below(GROUPS) as GroupName } else { 0 }
    }

    fn consumer(&mut self) -> Consumer {
        self.rng.below(CONSUMERS) as Consumer
    }

    fn maybe_count(&mut self) -> Option<usize> {
        self.one_in(2).then(|| self.count())
    }

    /// An id that somebody has seen, if anybody has.
    fn known_id(&mut self) -> Id {
        match self.ids_seen.len() {
            0 => Id::new(1 + self.rng.below(5), self.rng.below(3)),
            n => {
                let window = if self.one_in(2) { n.min(4) } else { n };
                self.ids_seen[n - 1 - self.rng.below(window as u64) as usize]
            }
        }
    }

    fn ids(&mut self) -> Vec<Id> {
        (0..1 + self.rng.below(3)).map(|_| self.known_id()).collect()
    }

    fn bound(&mut self, open: Id) -> Id {
        if self.one_in(2) { self.known_id() } else { open }
    }

    /// In half of the groups ids come from the clock, in the others from the clients.
    fn new_id(&mut self) -> NewId {
        if self.group.is_multiple_of(2) {
            return match self.rng.below(10) {
                0 => NewId::Ms(self.wall_ms as u64 + self.rng.below(3)),
                1 => NewId::Given(self.known_id().next()),
                _ => NewId::Auto,
            };
        }
        let ms = (*self.serial / 4).saturating_sub(self.rng.below(3)) + 1;
        if self.one_in(2) { NewId::Ms(ms) } else { NewId::Given(Id::new(ms, self.rng.below(6))) }
    }

    fn trim(&mut self) -> Trim {
        if self.one_in(3) { Trim::MinId(self.known_id()) } else { Trim::MaxLen(self.rng.below(LONGEST + 1) as usize) }
    }

    fn from(&mut self) -> From {
        match self.rng.below(6) {
            0 => From::Last,
            1 => From::After(Id::MIN),
            2 | 3 => From::After(self.known_id()),
            _ => From::New,
        }
    }

    fn read_group(&mut self, key: Key, block_ms: Option<u64>) -> Command {
        let history = block_ms.is_none() && self.one_in(4);
        let after = |d: &mut Self| history.then(|| d.bound(Id::MIN));
        let keys = self.keys_with(key).into_iter().map(|k| (k, after(self))).collect();
        let (group, consumer, count) = (self.group_name(), self.consumer(), self.maybe_count());
        Command::OfStream(ReadGroup { group, consumer, keys, count, block_ms, no_ack: self.one_in(6) })
    }

    fn min_idle_ms(&mut self) -> i64 {
        pick(self.rng, &[0, 0, 1, 10, 100])
    }

    fn claimant(&mut self) -> Claimant {
        let (group, consumer) = (self.group_name(), self.consumer());
        Claimant { group, consumer, min_idle_ms: self.min_idle_ms(), just_id: self.one_in(3) }
    }
}
