//! The commands the model understands, and how they are written on the wire.
//!
//! Keys are numbers within a *group*: no command names keys of two groups, so that each
//! group's history can be checked by itself.

use super::{
    bits::BitCommand,
    family::Family,
    geo::GeoCommand,
    reply::Reply,
    sets::SetCommand,
    sketches::SketchCommand,
    streams::{Id, StreamCommand, each_id},
    value::Kind,
    zsets::ZSetCommand,
};
use bytes::Bytes;

/// A key's number within its group.
pub type Key = u8;
/// A hash field's number.
pub type Field = u8;
/// Number of fields that a hash can have.
pub const FIELDS: Field = 8;

/// What SET and its kin do about a key's expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ttl {
    /// Nothing was said.
    None,
    Keep,
    /// Milliseconds from now.
    In(i64),
    /// Unix milliseconds.
    At(i64),
    Persist,
}

/// SET's condition, or that of EXPIRE and its kin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Always,
    Missing,
    Present,
    /// Only of an expiry: to a later, or to an earlier one.
    Later,
    Earlier,
}

/// An end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Left,
    Right,
}

/// A command.
#[derive(Clone, Debug)]
pub enum Command {
    Get(Key),
    Set {
        key: Key,
        value: Bytes,
        when: When,
        get: bool,
        ttl: Ttl,
    },
    GetDel(Key),
    GetEx(Key, Ttl),
    Append(Key, Bytes),
    StrLen(Key),
    IncrBy(Key, i64),
    GetRange(Key, i64, i64),
    SetRange(Key, usize, Bytes),
    MGet(Vec<Key>),
    MSet(Vec<(Key, Bytes)>),
    MSetNx(Vec<(Key, Bytes)>),
    Del(Vec<Key>),
    Exists(Vec<Key>),
    Type(Key),
    /// EXPIRE in its forms, always in milliseconds; `when` is about the expiry.
    Expire {
        key: Key,
        ttl: Ttl,
        when: When,
    },
    Pttl(Key),
    Persist(Key),
    Rename(Key, Key),
    RenameNx(Key, Key),
    Copy {
        from: Key,
        to: Key,
        replace: bool,
    },
    Push {
        key: Key,
        end: End,
        only_existing: bool,
        values: Vec<Bytes>,
    },
    Pop {
        key: Key,
        end: End,
        count: Option<usize>,
    },
    LLen(Key),
    LRange(Key, i64, i64),
    LIndex(Key, i64),
    LSet(Key, i64, Bytes),
    LRem(Key, i64, Bytes),
    LTrim(Key, i64, i64),
    LInsert {
        key: Key,
        before: bool,
        pivot: Bytes,
        value: Bytes,
    },
    LMove {
        from: Key,
        to: Key,
        take: End,
        put: End,
    },
    LMPop {
        keys: Vec<Key>,
        end: End,
        count: usize,
    },
    BPop {
        keys: Vec<Key>,
        end: End,
        timeout_ms: u64,
    },
    BLMove {
        from: Key,
        to: Key,
        take: End,
        put: End,
        timeout_ms: u64,
    },
    BLMPop {
        keys: Vec<Key>,
        end: End,
        count: usize,
        timeout_ms: u64,
    },
    HSet(Key, Vec<(Field, Bytes)>),
    HSetNx(Key, Field, Bytes),
    HGet(Key, Field),
    HMGet(Key, Vec<Field>),
    HDel(Key, Vec<Field>),
    HLen(Key),
    HGetAll(Key),
    /// HSCAN, asked for more than there is; with values or without.
    HScan(Key, bool),
    HIncrBy(Key, Field, i64),
    HExists(Key, Field),
    /// HEXPIRE in its forms, in milliseconds; `when` is about the field's expiry.
    HExpire {
        key: Key,
        ttl: Ttl,
        when: When,
        fields: Vec<Field>,
    },
    HPersist(Key, Vec<Field>),
    HPttl(Key, Vec<Field>),
    /// HPEXPIRETIME.
    HPttlAt(Key, Vec<Field>),
    HGetEx(Key, Ttl, Vec<Field>),
    HGetDel(Key, Vec<Field>),
    /// HSETEX; `when` is FXX or FNX.
    HSetEx {
        key: Key,
        ttl: Ttl,
        when: When,
        pairs: Vec<(Field, Bytes)>,
    },
    OfBits(BitCommand),
    OfGeo(GeoCommand),
    OfSet(SetCommand),
    OfSketch(SketchCommand),
    OfZSet(ZSetCommand),
    OfStream(StreamCommand),
    Watch(Vec<Key>),
    /// UNWATCH, or DISCARD of a transaction.
    Unwatch {
        discard: bool,
    },
    /// EXEC of what MULTI queued.
    Exec(Vec<Command>),
}

impl Command {
    /// The command of a family that has a part of its own in the model.
    pub fn family(&self) -> Option<&dyn Family> {
        match self {
            Command::OfBits(c) => Some(c),
            Command::OfGeo(c) => Some(c),
            Command::OfSet(c) => Some(c),
            Command::OfSketch(c) => Some(c),
            Command::OfZSet(c) => Some(c),
            Command::OfStream(c) => Some(c),
            _ => None,
        }
    }

    /// Calls `f` with every key the command names; for EXEC, those of its queue.
    pub fn each_key(&self, f: &mut dyn FnMut(Key)) {
        use Command::*;
        if let Some(family) = self.family() {
            return family.each_key(f);
        }
        match self {
            Get(k) | GetDel(k) | GetEx(k, _) | Append(k, _) | StrLen(k) | IncrBy(k, _) | GetRange(k, ..) => f(*k),
            SetRange(k, ..) | Type(k) | Pttl(k) | Persist(k) | LLen(k) | LRange(k, ..) | LIndex(k, _) => f(*k),
            LSet(k, ..) | LRem(k, ..) | LTrim(k, ..) | HSet(k, _) | HSetNx(k, ..) | HGet(k, _) => f(*k),
            HMGet(k, _) | HDel(k, _) | HLen(k) | HGetAll(k) | HIncrBy(k, ..) | HExists(k, _) => f(*k),
            HScan(k, _) | HPttlAt(k, _) => f(*k),
            HPersist(k, _) | HPttl(k, _) | HGetEx(k, ..) | HGetDel(k, _) => f(*k),
            HExpire { key, .. } | HSetEx { key, .. } => f(*key),
            Set { key, .. } | Expire { key, .. } | Push { key, .. } | Pop { key, .. } | LInsert { key, .. } => f(*key),
            MGet(ks) | Del(ks) | Exists(ks) | Watch(ks) => ks.iter().for_each(|k| f(*k)),
            LMPop { keys, .. } | BPop { keys, .. } | BLMPop { keys, .. } => keys.iter().for_each(|k| f(*k)),
            MSet(pairs) | MSetNx(pairs) => pairs.iter().for_each(|(k, _)| f(*k)),
            Rename(a, b) | RenameNx(a, b) => [a, b].into_iter().for_each(|k| f(*k)),
            Copy { from, to, .. } | LMove { from, to, .. } | BLMove { from, to, .. } => {
                [from, to].into_iter().for_each(|k| f(*k));
            }
            Exec(queue) => queue.iter().for_each(|c| c.each_key(f)),
            Unwatch { .. } => {}
            OfBits(_) | OfGeo(_) | OfSet(_) | OfSketch(_) | OfZSet(_) | OfStream(_) => {
                unreachable!("a family of its own")
            }
        }
    }

    /// Calls `f` with every field it names and its key; with all fields of a key if it looks at
    /// the whole hash.
    pub fn each_field(&self, f: &mut impl FnMut(Key, Field)) {
        use Command::*;
        match self {
            HSet(k, pairs) => pairs.iter().for_each(|(field, _)| f(*k, *field)),
            HSetEx { key, pairs, .. } => pairs.iter().for_each(|(field, _)| f(*key, *field)),
            HSetNx(k, field, _) | HGet(k, field) | HIncrBy(k, field, _) | HExists(k, field) => f(*k, *field),
            HMGet(k, fields) | HDel(k, fields) | HPersist(k, fields) | HPttl(k, fields) | HPttlAt(k, fields) => {
                fields.iter().for_each(|field| f(*k, *field));
            }
            HGetEx(k, _, fields) | HGetDel(k, fields) | HExpire { key: k, fields, .. } => {
                fields.iter().for_each(|field| f(*k, *field));
            }
            HLen(k) | HGetAll(k) | HScan(k, _) => (0..FIELDS).for_each(|field| f(*k, field)),
            Exec(queue) => queue.iter().for_each(|c| c.each_field(f)),
            _ => {}
        }
    }

    /// Calls `f` with every id of a stream's entry in its reply.
    pub fn each_id(&self, reply: &Reply, f: &mut impl FnMut(Id)) {
        match (self, reply) {
            (Command::OfStream(_), _) => each_id(reply, f),
            (Command::Exec(queue), Reply::Array(replies)) => {
                queue.iter().zip(replies).for_each(|(c, r)| c.each_id(r, f));
            }
            _ => {}
        }
    }

    /// Whether it can wait for a key.
    pub fn blocks(&self) -> bool {
        self.timeout_ms().is_some()
    }

    /// A blocking command's time-out; 0 is for ever.
    pub fn timeout_ms(&self) -> Option<u64> {
        match self {
            Command::BPop { timeout_ms, .. }
            | Command::BLMove { timeout_ms, .. }
            | Command::BLMPop { timeout_ms, .. } => Some(*timeout_ms),
            _ => self.family()?.timeout_ms(),
        }
    }

    /// The type that somebody waits for who waits in it.
    pub fn wants(&self) -> Kind {
        match self {
            Command::OfZSet(_) => Kind::ZSet,
            Command::OfStream(_) => Kind::Stream,
            _ => Kind::List,
        }
    }

    /// Whether somebody who waits in it is also told if what it waits for is lost.
    pub fn minds_loss(&self) -> bool {
        matches!(self, Command::OfStream(c) if c.minds_loss())
    }

    /// The moment (unix ms) at which it lets a key expire, if it names one.
    pub fn deadline_ms(&self) -> Option<i64> {
        match self {
            Command::Set { ttl: Ttl::At(ms), .. }
            | Command::Expire { ttl: Ttl::At(ms), .. }
            | Command::HExpire { ttl: Ttl::At(ms), .. }
            | Command::HSetEx { ttl: Ttl::At(ms), .. }
            | Command::GetEx(_, Ttl::At(ms))
            | Command::HGetEx(_, Ttl::At(ms), _) => Some(*ms),
            _ => None,
        }
    }

    /// Whether it leaves everything as it is, whatever it replies. (Reading a key that has
    /// expired may remove it, which is not the command's doing.)
    pub fn only_reads(&self) -> bool {
        use Command::*;
        match self {
            Get(_) | StrLen(_) | GetRange(..) | MGet(_) | Exists(_) | Type(_) | Pttl(_) | LLen(_) | LRange(..) => true,
            LIndex(..) | HGet(..) | HMGet(..) | HLen(_) | HGetAll(_) | HExists(..) | HPttl(..) => true,
            HScan(..) | HPttlAt(..) => true,
            Exec(queue) => queue.iter().all(Command::only_reads),
            _ => self.family().is_some_and(|family| family.only_reads()),
        }
    }

    /// Whether the reply proves that it left everything as it was, wherever it came in the
    /// order of execution.
    pub fn was_inert(&self, reply: &Reply) -> bool {
        use Command::*;
        if self.only_reads() || matches!(reply, Reply::Error(_)) && !matches!(self, Exec(_)) {
            return true;
        }
        match self {
            Set { when, get: false, .. } => *when != When::Always && reply.is_nil(),
            GetDel(_) | GetEx(..) | Pop { .. } | LMove { .. } | LMPop { .. } => reply.is_nil(),
            MSetNx(_) | Del(_) | Expire { .. } | Persist(_) | RenameNx(..) | Copy { .. } | HSetNx(..) | HDel(..) => {
                *reply == Reply::Int(0)
            }
            LRem(..) | Push { only_existing: true, .. } => *reply == Reply::Int(0),
            LInsert { .. } => matches!(reply, Reply::Int(0 | -1)),
            _ => self.family().is_some_and(|family| family.was_inert(reply)),
        }
    }
}
