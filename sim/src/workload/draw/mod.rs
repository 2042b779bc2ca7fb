//! What clients ask: commands drawn at random, sensible often enough to mean something.
//!
//! Each key usually holds one type, by its group's number and perhaps its own; now and then
//! a command of another type is drawn for it. What can be drawn for a type stands in a table
//! with weights, a file for each family. A *unit* is what must stay together on a connection:
//! one command, or a transaction from WATCH to EXEC.

mod bits;
mod hashes;
mod keys;
mod lists;
mod maps;
mod sets;
mod sketches;
mod streams;
mod strings;
mod zsets;

use super::plan::{Plan, chance, pick};
use crate::model::{
    command::{Command, End, Key, Ttl},
    streams::Id,
};
use bytes::Bytes;
use norn::base::prng::Prng;

/// One request of a unit.
#[derive(Clone, Debug)]
pub enum Request {
    /// An operation of the history.
    Op(Command),
    Multi,
    /// A command that MULTI queues.
    Queued(Command),
}

/// Draws commands for one group.
pub struct Draw<'a> {
    pub plan: &'a Plan,
    pub rng: &'a mut Prng,
    /// Makes values unlike any other.
    pub serial: &'a mut u64,
    /// What the server's clock shows now (unix ms).
    pub wall_ms: i64,
    /// Ids of the group's stream entries that clients have seen of late.
    pub ids_seen: &'a [Id],
    pub keys: usize,
    /// Groups differ in which types their keys have.
    pub group: usize,
    /// Not to block.
    pub calm: bool,
    /// Inside a transaction.
    pub queueing: bool,
}

/// What can be drawn, each with its weight.
type Table = &'static [(u64, fn(&mut Draw, Key) -> Command)];

const HASH: usize = 3;
/// What a key can usually hold: its commands, and those that wait for it.
const HOMES: [(Table, Table); 8] = [
    (strings::STRINGS, &[]),
    (lists::LISTS, lists::BLOCKING),
    (sets::SETS, &[]),
    (hashes::HASHES, &[]),
    (zsets::ZSETS, zsets::BLOCKING),
    (strings::COUNTERS, &[]),
    (streams::STREAMS, streams::BLOCKING),
    (bits::STRINGS_OF_BITS, &[]),
];

impl Draw<'_> {
    /// A command or a transaction.
    pub fn unit(&mut self) -> Vec<Request> {
        if !chance(self.rng, self.plan.transactions) {
            return vec![Request::Op(self.command())];
        }
        let mut unit = Vec::new();
        if self.rng.below(2) == 0 {
            unit.push(Request::Op(Command::Watch(self.some_keys())));
            if self.rng.below(8) == 0 {
                unit.push(Request::Op(Command::Unwatch { discard: false }));
            }
            for _ in 0..self.rng.below(3) {
                unit.push(Request::Op(self.plain()));
            }
        }
        unit.push(Request::Multi);
        self.queueing = true;
        let queue: Vec<Command> = (0..self.rng.below(5)).map(|_| self.command()).collect();
        self.queueing = false;
        unit.extend(queue.iter().cloned().map(Request::Queued));
        unit.push(Request::Op(match self.rng.below(8) {
            0 => Command::Unwatch { discard: true },
            _ => Command::Exec(queue),
        }));
        unit
    }

    /// A command that does not block.
    fn plain(&mut self) -> Command {
        let calm = std::mem::replace(&mut self.calm, true);
        let c = self.command();
        self.calm = calm;
        c
    }

    fn command(&mut self) -> Command {
        let key = self.key();
        if self.plan.sketches(self.group) {
            return self.sketch(key);
        }
        if self.plan.maps(self.group) {
            return self.map(key);
        }
        let usual = if self.plan.mixed { usize::from(key) } else { 0 };
        let usual = usual + self.group;
        let drawn = chance(self.rng, self.plan.mismatch);
        let home = if drawn { self.rng.below(HOMES.len() as u64) as usize } else { usual % HOMES.len() };
        let (table, blocking) = HOMES[home];
        if chance(self.rng, self.plan.expiry) {
            let text = blocking.is_empty() && self.one_in(2);
            return self.one_of(if text { keys::STRING_EXPIRY } else { keys::EXPIRY }, key);
        }
        match self.rng.below(20) {
            0 => self.one_of(keys::KEYS, key),
            1 if self.keys > 1 => self.one_of(keys::BETWEEN_KEYS, key),
            _ if !blocking.is_empty() && !self.calm && chance(self.rng, self.plan.blocking) => {
                self.one_of(blocking, key)
            }
            _ if home == HASH && chance(self.rng, self.plan.field_expiry) => self.one_of(hashes::FIELD_EXPIRY, key),
            _ => self.one_of(table, key),
        }
    }

    /// A command of a table, by the weights.
    fn one_of(&mut self, table: Table, key: Key) -> Command {
        let mut at = self.rng.below(table.iter().map(|(weight, _)| weight).sum());
        for (weight, draw) in table {
            match at.checked_sub(*weight) {
                None => return draw(self, key),
                Some(rest) => at = rest,
            }
        }
        unreachable!("it is below the sum of the weights")
    }

    /// True once in so many times.
    fn one_in(&mut self, n: u64) -> bool {
        self.rng.below(n) == 0
    }

    fn key(&mut self) -> Key {
        self.rng.below(self.keys as u64) as Key
    }

    fn some_keys(&mut self) -> Vec<Key> {
        (0..1 + self.rng.below(self.keys.min(3) as u64)).map(|_| self.key()).collect()
    }

    /// A key, and perhaps more.
    fn keys_with(&mut self, key: Key) -> Vec<Key> {
        let mut keys = vec![key];
        while self.one_in(3) {
            keys.push(self.key());
        }
        keys
    }

    /// A small number of things.
    fn count(&mut self) -> usize {
        1 + self.rng.below(3) as usize
    }

    fn timeout_ms(&mut self) -> u64 {
        let forever = chance(self.rng, self.plan.forever);
        if forever { 0 } else { 1 + self.rng.below(self.plan.block_ms) }
    }

    /// A value unlike any other, of a size that the plan likes.
    fn value(&mut self) -> Bytes {
        *self.serial += 1;
        let mut text = format!("v{}", self.serial).into_bytes();
        let p = self.plan;
        let len = if chance(self.rng, p.huge) {
            66_000 + self.rng.below(100_000)
        } else if chance(self.rng, p.large) {
            1_000 + self.rng.below(9_000)
        } else if chance(self.rng, p.medium) {
            20 + self.rng.below(300)
        } else {
            0
        };
        let filler = pick(self.rng, &[b'x', b' ', b'\n', 0, 0xff]);
        text.resize(text.len().max(len as usize), filler);
        text.into()
    }

    fn number(&mut self) -> Bytes {
        Bytes::from((self.rng.below(2_000) as i64 - 1_000).to_string())
    }

    fn ttl(&mut self) -> Ttl {
        let ms = 1 + self.rng.below(self.plan.ttl_ms) as i64;
        // An absolute time may have passed when it arrives. A key that is given one is deleted
        // at once, which the model does not follow inside a transaction.
        if self.queueing || self.rng.below(2) == 0 { Ttl::In(ms) } else { Ttl::At(self.wall_ms + ms) }
    }

    fn index(&mut self) -> i64 {
        self.rng.below(12) as i64 - 6
    }

    fn end(&mut self) -> End {
        pick(self.rng, &[End::Left, End::Right])
    }
}
