//! What clients ask: commands drawn at random, sensible often enough to mean something.
//!
//! Each key usually holds one type, by its group's number and perhaps its own; now and then
//! a command of another type is drawn for it. A *unit* is what must stay together on a connection: one command, or a
//! transaction from WATCH to EXEC.

use super::plan::{Plan, chance, pick};
use crate::model::command::{Command, End, FIELDS, Field, Key, Ttl, When};
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
    pub keys: usize,
    /// Groups differ in which types their keys have.
    pub group: usize,
    /// Not to block.
    pub calm: bool,
    /// Inside a transaction.
    pub queueing: bool,
}

const HOMES: usize = 4;

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
        let usual = if self.plan.mixed { u64::from(key) } else { 0 };
        let home = if chance(self.rng, self.plan.mismatch) { self.rng.below(4) } else { usual };
        if chance(self.rng, self.plan.expiry) {
            return self.about_expiry(key);
        }
        match self.rng.below(20) {
            0 => self.generic(key),
            1 if self.keys > 1 => self.between_keys(key),
            _ => match (home as usize + self.group) % HOMES {
                0 => self.string(key),
                1 => self.list(key),
                2 => self.hash(key),
                _ => self.counter(key),
            },
        }
    }

    fn key(&mut self) -> Key {
        self.rng.below(self.keys as u64) as Key
    }

    fn some_keys(&mut self) -> Vec<Key> {
        (0..1 + self.rng.below(self.keys.min(3) as u64)).map(|_| self.key()).collect()
    }

    fn field(&mut self) -> Field {
        self.rng.below(u64::from(FIELDS)) as Field
    }

    fn some_fields(&mut self) -> Vec<Field> {
        (0..1 + self.rng.below(3)).map(|_| self.field()).collect()
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

    fn string(&mut self, key: Key) -> Command {
        match self.rng.below(16) {
            0..=4 => Command::Get(key),
            5..=8 => Command::Set { key, value: self.value(), when: When::Always, get: false, ttl: Ttl::None },
            9 => Command::Set {
                key,
                value: self.value(),
                when: pick(self.rng, &[When::Always, When::Missing, When::Present]),
                get: self.rng.below(2) == 0,
                ttl: pick(self.rng, &[Ttl::None, Ttl::Keep]),
            },
            10 => Command::Append(key, self.value().slice(..2)),
            11 => Command::StrLen(key),
            12 => Command::GetRange(key, self.index(), self.index()),
            13 => Command::SetRange(key, self.rng.below(8) as usize, self.value().slice(..2)),
            14 => Command::GetDel(key),
            _ => Command::Del(vec![key]),
        }
    }

    fn counter(&mut self, key: Key) -> Command {
        match self.rng.below(8) {
            0 | 1 => Command::Get(key),
            2 => Command::Set { key, value: self.number(), when: When::Always, get: false, ttl: Ttl::None },
            3 => Command::IncrBy(key, self.index()),
            4 => Command::IncrBy(key, pick(self.rng, &[i64::MAX, i64::MIN + 1])),
            n => Command::IncrBy(key, if n == 5 { -1 } else { 1 }),
        }
    }

    fn list(&mut self, key: Key) -> Command {
        if !self.calm && chance(self.rng, self.plan.blocking) {
            return self.blocking(key);
        }
        match self.rng.below(24) {
            0..=6 => {
                let values = (0..1 + self.rng.below(3)).map(|_| self.value()).collect();
                Command::Push { key, end: self.end(), only_existing: self.rng.below(8) == 0, values }
            }
            7..=10 => Command::Pop { key, end: self.end(), count: None },
            11 => Command::Pop { key, end: self.end(), count: Some(1 + self.rng.below(3) as usize) },
            12 | 13 => Command::LRange(key, self.index(), self.index()),
            14 => Command::LRange(key, 0, -1),
            15 => Command::LLen(key),
            16 => Command::LIndex(key, self.index()),
            17 => Command::LSet(key, self.index(), self.value()),
            18 => Command::LRem(key, self.index(), self.known()),
            19 => Command::LTrim(key, self.index(), self.index()),
            20 => Command::LInsert { key, before: self.rng.below(2) == 0, pivot: self.known(), value: self.value() },
            21 => Command::LMPop { keys: self.some_keys(), end: self.end(), count: 1 + self.rng.below(3) as usize },
            _ => Command::LMove { from: key, to: self.key(), take: self.end(), put: self.end() },
        }
    }

    /// A value that may well be in a list: a recent one.
    fn known(&mut self) -> Bytes {
        Bytes::from(format!("v{}", self.serial.saturating_sub(self.rng.below(20))))
    }

    fn blocking(&mut self, key: Key) -> Command {
        let forever = chance(self.rng, self.plan.forever);
        let timeout_ms = if forever { 0 } else { 1 + self.rng.below(self.plan.block_ms) };
        let mut keys = vec![key];
        while self.rng.below(3) == 0 {
            keys.push(self.key());
        }
        match self.rng.below(4) {
            0 | 1 => Command::BPop { keys, end: self.end(), timeout_ms },
            2 => Command::BLMPop { keys, end: self.end(), count: 1 + self.rng.below(2) as usize, timeout_ms },
            _ => Command::BLMove { from: key, to: self.key(), take: self.end(), put: self.end(), timeout_ms },
        }
    }

    fn hash(&mut self, key: Key) -> Command {
        if chance(self.rng, self.plan.field_expiry) {
            return self.about_field_expiry(key);
        }
        match self.rng.below(16) {
            0..=4 => {
                let n = 1 + self.rng.below(3);
                Command::HSet(key, (0..n).map(|_| (self.field(), self.value())).collect())
            }
            5 => Command::HSetNx(key, self.field(), self.value()),
            6 | 7 => Command::HGet(key, self.field()),
            8 => Command::HMGet(key, self.some_fields()),
            9 | 10 => Command::HDel(key, self.some_fields()),
            11 => Command::HLen(key),
            12 => Command::HGetAll(key),
            13 => Command::HExists(key, self.field()),
            14 => Command::HSet(key, vec![(self.field(), self.number())]),
            _ => Command::HIncrBy(key, self.field(), self.index()),
        }
    }

    fn about_field_expiry(&mut self, key: Key) -> Command {
        let when = |rng: &mut Prng| pick(rng, &[When::Always, When::Always, When::Missing, When::Present]);
        match self.rng.below(10) {
            0..=2 => {
                let ttl = self.ttl();
                Command::HExpire { key, ttl, when: when(self.rng), fields: self.some_fields() }
            }
            3..=5 => {
                let ttl = match self.rng.below(4) {
                    0 => pick(self.rng, &[Ttl::None, Ttl::Keep]),
                    _ => self.ttl(),
                };
                let pairs = (0..1 + self.rng.below(3)).map(|_| (self.field(), self.value())).collect();
                Command::HSetEx { key, ttl, when: when(self.rng), pairs }
            }
            6 => {
                let ttl = match self.rng.below(3) {
                    0 => pick(self.rng, &[Ttl::None, Ttl::Persist]),
                    _ => self.ttl(),
                };
                Command::HGetEx(key, ttl, self.some_fields())
            }
            7 => Command::HGetDel(key, self.some_fields()),
            8 => Command::HPersist(key, self.some_fields()),
            _ => Command::HPttl(key, self.some_fields()),
        }
    }

    fn generic(&mut self, key: Key) -> Command {
        match self.rng.below(5) {
            0 => Command::Del(self.some_keys()),
            1 => Command::Exists(self.some_keys()),
            2 => Command::Type(key),
            3 => Command::Pttl(key),
            _ => Command::Persist(key),
        }
    }

    fn between_keys(&mut self, key: Key) -> Command {
        let other = (u64::from(key) + 1 + self.rng.below(self.keys as u64 - 1)) % self.keys as u64;
        let other = other as Key;
        let n = 1 + self.rng.below(3);
        match self.rng.below(8) {
            0 | 1 => Command::MGet((0..n).map(|_| self.key()).collect()),
            2 => Command::MSet((0..n).map(|_| (self.key(), self.value())).collect()),
            3 => Command::MSetNx((0..n).map(|_| (self.key(), self.value())).collect()),
            4 => Command::Rename(key, other),
            5 => Command::RenameNx(key, other),
            _ => Command::Copy { from: key, to: other, replace: self.rng.below(2) == 0 },
        }
    }

    fn about_expiry(&mut self, key: Key) -> Command {
        match self.rng.below(8) {
            0 | 1 => Command::Set {
                key,
                value: self.value(),
                when: pick(self.rng, &[When::Always, When::Missing]),
                get: false,
                ttl: self.ttl(),
            },
            2 | 3 => Command::Expire {
                key,
                ttl: self.ttl(),
                when: pick(self.rng, &[When::Always, When::Missing, When::Present]),
            },
            4 => Command::GetEx(key, pick(self.rng, &[Ttl::None, Ttl::Persist])),
            5 => Command::GetEx(key, self.ttl()),
            6 => Command::Pttl(key),
            _ => Command::Persist(key),
        }
    }
}
