//! The state of one group of keys, and what every command does to it.
//!
//! A state is small and cheap to copy: the checker keeps many. Time is uncertain: a key
//! that expires carries the range in which its deadline lies, and [`State::fate`] says
//! whether it may be alive, or gone, when an operation looks at it.

use super::{
    calendar::{Calendar, Span},
    command::{Command, FIELDS, Field, Key, Ttl},
    hashes::Map,
    luck::Luck,
    reply::{OK, Reply},
    streams::Id,
    value::Value,
};
use smallvec::SmallVec;
use std::{
    hash::{Hash, Hasher},
    rc::Rc,
};

/// A sequence of operations, as the checker numbers them.
pub type Lane = u16;
/// A connection.
pub type ConnId = u32;
/// A set of keys and fields of keys, a bit each.
pub type KeySet = u64;
/// Beside the bits of keys: the deadline that the command sets has passed already.
pub const LATE: KeySet = 1 << 7;

/// When a key expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Due {
    /// The deadline (unix ms) lies between these.
    pub low_ms: i64,
    pub high_ms: i64,
    /// It has been in force since this virtual time (ns), at the earliest.
    pub since_ns: u64,
}

impl Due {
    /// The time that is left, as PTTL tells it.
    pub(super) fn left(&self, at: &Span) -> Reply {
        Reply::Between((self.low_ms - at.high_ms).max(0), (self.high_ms - at.low_ms).max(0))
    }

    /// Whether what it limits can still be there when an operation looks at it.
    fn fate(&self, at: &Span, calendar: &Calendar) -> Fate {
        // It is gone once the clock has passed the deadline.
        if at.low_ms > self.high_ms {
            Fate::Gone
        } else if at.high_ms > self.low_ms {
            Fate::Unclear
        } else if calendar.highest_ms(self.since_ns, at.to_ns) > self.low_ms {
            Fate::Either
        } else {
            Fate::Alive
        }
    }
}

/// A field's bit in a [`KeySet`].
pub fn field_bit(k: Key, f: Field) -> KeySet {
    1 << (FIELDS + k * FIELDS + f)
}

/// The fields of one key in a set, a bit each.
pub(super) fn fields_of(set: KeySet, k: Key) -> u8 {
    (set >> (FIELDS + k * FIELDS)) as u8
}

/// What time has done when a command is executed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Doom {
    /// Keys and fields that have expired: the first look at one removes it.
    pub gone: KeySet,
    /// Fields that are due and may still be in memory: nobody sees them.
    pub hidden: KeySet,
}

/// A key that exists.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Slot {
    pub value: Value,
    pub due: Option<Due>,
}

/// A client that waits in a blocking command.
#[derive(Clone, Debug)]
pub struct Waiter<'h> {
    pub lane: Lane,
    pub command: &'h Command,
    /// What `$` meant in it when it began to wait.
    pub settled: SmallVec<[Id; 1]>,
}

/// A watched key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Watch {
    pub conn: ConnId,
    pub key: Key,
    pub dirty: bool,
    /// Its time had come before it was watched: that it goes is no change.
    expired: bool,
}

/// A client's command.
#[derive(Clone, Copy, Debug)]
pub struct Call<'h> {
    pub lane: Lane,
    pub conn: ConnId,
    pub command: &'h Command,
    pub at: &'h Span,
}

/// Whether what expires is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Alive,
    /// Its time has come.
    Gone,
    /// Its time may just have come, or not.
    Unclear,
    /// Its time had come before the clock was set back: it depends on whether anybody noticed.
    Either,
}

/// What came of a command.
#[derive(Clone, Debug)]
pub enum Outcome {
    Reply(Reply),
    /// The client waits now.
    Blocked,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct State<'h> {
    pub(super) slots: SmallVec<[Option<Slot>; 4]>,
    /// In the order they came.
    pub waiting: SmallVec<[Waiter<'h>; 2]>,
    pub watching: SmallVec<[Watch; 2]>,
    /// Keys that changed while somebody waited.
    pub(super) ready: SmallVec<[Key; 2]>,
    /// Waiting clients that the last command served, and their replies.
    pub served: SmallVec<[(Lane, Reply); 1]>,
    /// Whether the last command changed anything.
    pub changed: bool,
    pub(super) doom: Doom,
    pub(super) settled: SmallVec<[Id; 1]>,
    pub luck: Luck<'h>,
}

impl Hash for State<'_> {
    fn hash<H: Hasher>(&self, h: &mut H) {
        self.slots.hash(h);
        self.watching.hash(h);
        self.waiting.len().hash(h);
        self.waiting.iter().for_each(|w| (w.lane + 1, &w.settled).hash(h));
    }
}

impl<'h> State<'h> {
    /// `keys` keys, none of which exists.
    pub fn new(keys: usize) -> State<'h> {
        State { slots: (0..keys).map(|_| None).collect(), ..State::default() }
    }

    /// A key's value and expiry, as a command sees it.
    pub(super) fn slot(&mut self, k: Key) -> Option<&Slot> {
        if self.doom.gone & 1 << k != 0 {
            self.expire(k);
        } else if self.doom.gone >> FIELDS != 0 {
            self.expire_doomed_fields(k);
        }
        self.slots[k as usize].as_ref()
    }

    /// A key's value and expiry, as it is in memory.
    pub fn peek(&self, k: Key) -> Option<&Slot> {
        self.slots[k as usize].as_ref()
    }

    /// Whether any key or field can expire.
    pub fn expires(&self) -> bool {
        self.slots.iter().flatten().any(|s| {
            // A hash left without fields may go at any time.
            let fields = |map: &Map| map.is_empty() || map.values().any(|(_, due)| due.is_some());
            s.due.is_some() || matches!(&s.value, Value::Hash(map) if fields(map))
        })
    }

    /// Whether a key can still be there when an operation looks at it.
    pub fn fate(&self, k: Key, at: &Span, calendar: &Calendar) -> Fate {
        let Some(slot) = self.peek(k) else { return Fate::Alive };
        let own = slot.due.map_or(Fate::Alive, |due| due.fate(at, calendar));
        let Value::Hash(map) = &slot.value else { return own };
        // Without a field that is certainly there, nobody knows about the key.
        let lives = |due: &Option<Due>| due.is_none_or(|due| due.fate(at, calendar) == Fate::Alive);
        if own == Fate::Alive && !map.values().any(|(_, due)| lives(due)) { Fate::Either } else { own }
    }

    /// Whether a field can still be there when an operation looks at it.
    pub fn field_fate(&self, k: Key, f: Field, at: &Span, calendar: &Calendar) -> Fate {
        match self.peek(k).map(|s| &s.value) {
            Some(Value::Hash(map)) => {
                let due = map.get(&f).and_then(|(_, due)| *due);
                due.map_or(Fate::Alive, |due| due.fate(at, calendar))
            }
            _ => Fate::Alive,
        }
    }

    /// Removes the fields of a hash that have expired; it stays, even without any.
    fn expire_doomed_fields(&mut self, k: Key) {
        let fields = fields_of(self.doom.gone, k);
        let Some(Slot { value: Value::Hash(map), .. }) = &mut self.slots[k as usize] else { return };
        for f in (0..FIELDS).filter(|f| fields & 1 << f != 0) {
            Rc::make_mut(map).remove(&f);
            self.changed = true;
            self.doom.gone &= !field_bit(k, f);
        }
    }

    /// Removes a key whose time has come.
    fn expire(&mut self, k: Key) {
        self.doom.gone &= !(1 << k);
        if self.slots[k as usize].take().is_some() {
            self.changed = true;
            for w in self.watching.iter_mut().filter(|w| w.key == k) {
                w.dirty |= !w.expired;
                w.expired = false;
            }
            self.wake(k);
        }
    }

    /// Notes that a key changed.
    pub(super) fn touch(&mut self, k: Key) {
        self.changed = true;
        self.watching.iter_mut().filter(|w| w.key == k).for_each(|w| w.dirty = true);
        self.wake(k);
    }

    /// Has those who wait for a key look again.
    pub(super) fn wake(&mut self, k: Key) {
        if !self.waiting.is_empty() {
            self.ready.push(k);
        }
    }

    /// Deletes a key; whether it existed.
    pub(super) fn delete(&mut self, k: Key) -> bool {
        let exists = self.slot(k).is_some();
        if exists {
            self.put(k, None);
        }
        exists
    }

    /// Gives a key that exists another value without anybody being told.
    pub(super) fn put_aside(&mut self, k: Key, value: Value) {
        self.changed = true;
        self.slots[k as usize].as_mut().expect("it was looked at").value = value;
    }

    /// Sets a key, or deletes it.
    pub(super) fn put(&mut self, k: Key, slot: Option<Slot>) {
        self.slot(k);
        self.slots[k as usize] = slot;
        self.touch(k);
    }

    /// Gives a key a value and a deadline, unless that has passed: then the key is deleted.
    pub(super) fn put_until(&mut self, k: Key, value: Value, ttl: Ttl, at: &Span) {
        if self.doom.gone & LATE == 0 {
            self.put(k, Some(Slot { value, due: Self::due(ttl, at) }));
        } else {
            self.delete(k);
        }
    }

    /// Sets a key's value and keeps its expiry; an emptied collection ceases to exist.
    pub(super) fn put_value(&mut self, k: Key, value: Value) {
        let due = self.slot(k).and_then(|s| s.due);
        self.put(k, (!value.is_nothing()).then_some(Slot { value, due }));
    }

    /// The deadline that `ttl` means for a command at `at`.
    pub(super) fn due(ttl: Ttl, at: &Span) -> Option<Due> {
        match ttl {
            Ttl::In(ms) => Some(Due { low_ms: at.low_ms + ms, high_ms: at.high_ms + ms, since_ns: at.from_ns }),
            Ttl::At(ms) => Some(Due { low_ms: ms, high_ms: ms, since_ns: at.from_ns }),
            Ttl::None | Ttl::Keep | Ttl::Persist => None,
        }
    }

    /// Before a command.
    pub(super) fn begin(&mut self, doom: Doom) {
        self.changed = false;
        self.doom = doom;
        self.ready.clear();
        self.served.clear();
        self.settled.clear();
    }

    /// Runs a client's command.
    pub fn apply(&mut self, call: &Call<'h>, doom: Doom, luck: Luck<'h>) -> Outcome {
        let Call { lane, conn, command, at } = *call;
        self.begin(doom);
        self.luck = luck;
        let outcome = match command {
            Command::Exec(queue) => Outcome::Reply(self.exec(conn, queue, at)),
            Command::Watch(keys) => Outcome::Reply(self.watch(conn, keys)),
            Command::Unwatch { .. } => {
                self.unwatch(conn);
                Outcome::Reply(OK)
            }
            _ => match self.run(command, at) {
                None => {
                    let settled = std::mem::take(&mut self.settled);
                    self.waiting.push(Waiter { lane, command, settled });
                    self.changed = true;
                    Outcome::Blocked
                }
                Some(reply) => Outcome::Reply(reply),
            },
        };
        self.luck.look_away();
        self.serve_ready(at);
        self.doom = Doom::default();
        outcome
    }

    fn watch(&mut self, conn: ConnId, keys: &[Key]) -> Reply {
        for &key in keys {
            if !self.watching.iter().any(|w| w.conn == conn && w.key == key) {
                let expired = self.doom.gone & 1 << key != 0;
                self.watching.push(Watch { conn, key, dirty: false, expired });
                self.changed = true;
            }
        }
        OK
    }

    /// Forgets what a connection watches.
    pub fn unwatch(&mut self, conn: ConnId) {
        let before = self.watching.len();
        self.watching.retain(|w| w.conn != conn);
        self.changed |= self.watching.len() != before;
    }

    fn exec(&mut self, conn: ConnId, queue: &'h [Command], at: &Span) -> Reply {
        let gone = self.doom.gone;
        let has_expired = |w: &Watch| !w.expired && gone & 1 << w.key != 0;
        let dirty = self.watching.iter().any(|w| w.conn == conn && (w.dirty || has_expired(w)));
        self.unwatch(conn);
        if dirty {
            return Reply::NilArray;
        }
        let seen = self.seen();
        let results = queue.iter().enumerate().map(|(i, c)| {
            self.luck.look_at(seen, i);
            self.settled.clear();
            let reply = self.run(c, at);
            // Nobody waits inside a transaction.
            reply.unwrap_or(if matches!(c, Command::BLMove { .. }) { Reply::Nil } else { Reply::NilArray })
        });
        Reply::Array(results.collect())
    }

    /// What a command replies, having done its work; `None` if it has to wait.
    pub(super) fn run(&mut self, command: &Command, at: &Span) -> Option<Reply> {
        let done = match command {
            Command::OfBits(c) => Some(self.run_bits(c).unwrap_or_else(|error| error)),
            Command::OfGeo(c) => Some(self.run_geo(c).unwrap_or_else(|error| error)),
            Command::OfSketch(c) => Some(self.run_sketch(c).unwrap_or_else(|error| error)),
            Command::OfSet(c) => Some(self.run_set(c).unwrap_or_else(|error| error)),
            Command::OfZSet(c) => self.run_zset(c),
            Command::OfStream(c) => self.run_stream(c, at),
            _ => {
                let done = self.run_string(command, at);
                let done = done.or_else(|| self.run_key(command, at)).or_else(|| self.run_hash(command, at));
                done.or_else(|| self.run_list(command))
            }
        };
        // Who finds nothing and does not want to wait is told so.
        if done.is_none() && !command.blocks() { Some(Reply::NilArray) } else { done }
    }
}
