//! Commands on streams.
//!
//! Two things about a stream are the server's to say. The id of an entry added with `*` is
//! its clock's reading unless that is behind the last id: any id is right that the clock may
//! have given. And how long an entry has been pending is known as closely as the clock is:
//! where that decides whether an entry is claimed, what was replied tells.

mod add;
mod claim;
mod group;
mod id;
mod info;
mod pending;
mod read;
mod words;

use super::{
    command::{Field, Key},
    encode::Words,
    family::{Family, Name},
    reply::Reply,
};
use bytes::Bytes;
pub use group::{Group, Pending};
pub use id::Id;
use std::{collections::BTreeMap, rc::Rc};

/// A group's number, and a consumer's.
pub type GroupName = u8;
pub type Consumer = u8;

/// What an entry says.
pub type Fields = Vec<(Field, Bytes)>;

/// A stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Log {
    pub entries: BTreeMap<Id, Rc<Fields>>,
    /// How many were ever added, or what XSETID made of that.
    pub added: i64,
    /// The id of the entry that was added last, deleted or not.
    pub last: Id,
    /// The greatest id that XDEL has deleted.
    pub deleted: Id,
    pub groups: BTreeMap<GroupName, Group>,
}

/// The id of an entry to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewId {
    Auto,
    /// The server chooses the sequence number.
    Ms(u64),
    Given(Id),
}

/// How a stream is trimmed, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trim {
    MaxLen(usize),
    MinId(Id),
}

/// From where XREAD reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    After(Id),
    /// What is added from now on.
    New,
    /// The last entry.
    Last,
}

/// What XCLAIM and XAUTOCLAIM have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimant {
    pub group: GroupName,
    pub consumer: Consumer,
    pub min_idle_ms: i64,
    pub just_id: bool,
}

/// What XCLAIM says about the delivery, instead of what would be so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// It was so many milliseconds ago,
    pub idle_ms: Option<i64>,
    /// or at this time (unix ms), if that has come.
    pub time_ms: Option<i64>,
    /// It was the so-many-th.
    pub count: Option<i64>,
    /// Up to here the group has read.
    pub last: Option<Id>,
}

/// XPENDING's filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter {
    pub min_idle_ms: i64,
    pub from: Id,
    pub to: Id,
    pub count: usize,
    pub consumer: Option<Consumer>,
}

/// A command.
#[derive(Clone, Debug)]
pub enum StreamCommand {
    Add {
        key: Key,
        make: bool,
        trim: Option<Trim>,
        id: NewId,
        fields: Fields,
    },
    Len(Key),
    Range {
        key: Key,
        from: Id,
        to: Id,
        rev: bool,
        count: Option<usize>,
    },
    Del(Key, Vec<Id>),
    Trim(Key, Trim),
    /// As much as is convenient, which is the server's choice, but no more than so many; 0 is
    /// no limit.
    TrimSome(Key, Trim, usize),
    /// XSETID, perhaps with how many entries were added and the greatest id deleted.
    SetLast(Key, Id, Option<i64>, Option<Id>),
    /// XINFO STREAM, GROUPS and CONSUMERS.
    Info(Key),
    Groups(Key),
    Consumers(Key, GroupName),
    /// `block_ms` 0 is for ever.
    Read {
        keys: Vec<(Key, From)>,
        count: Option<usize>,
        block_ms: Option<u64>,
    },
    /// From an id on reads what is pending for the consumer, else what is new.
    ReadGroup {
        group: GroupName,
        consumer: Consumer,
        keys: Vec<(Key, Option<Id>)>,
        count: Option<usize>,
        block_ms: Option<u64>,
        no_ack: bool,
    },
    /// `at` is the last entry if nothing is said.
    Create {
        key: Key,
        group: GroupName,
        at: Option<Id>,
        make: bool,
    },
    SetId(Key, GroupName, Option<Id>),
    Destroy(Key, GroupName),
    CreateConsumer(Key, GroupName, Consumer),
    DelConsumer(Key, GroupName, Consumer),
    Ack(Key, GroupName, Vec<Id>),
    Summary(Key, GroupName),
    Pending(Key, GroupName, Filter),
    Claim {
        key: Key,
        who: Claimant,
        ids: Vec<Id>,
        force: bool,
        how: Delivery,
    },
    AutoClaim {
        key: Key,
        who: Claimant,
        start: Id,
        count: usize,
    },
}

use StreamCommand::*;

/// What the model knows of XINFO's replies, in its order.
const STREAM_FACTS: &[&[u8]] = &[
    b"length",
    b"last-generated-id",
    b"max-deleted-entry-id",
    b"entries-added",
    b"groups",
    b"first-entry",
    b"last-entry",
];
const GROUP_FACTS: &[&[u8]] = &[b"name", b"consumers", b"pending", b"last-delivered-id"];
const CONSUMER_FACTS: &[&[u8]] = &[b"name", b"pending"];

impl Family for StreamCommand {
    fn each_key(&self, f: &mut dyn FnMut(Key)) {
        match self {
            Add { key, .. } | Range { key, .. } | Create { key, .. } => f(*key),
            Claim { key, .. } | AutoClaim { key, .. } => f(*key),
            TrimSome(k, ..) | SetLast(k, ..) | Info(k) | Groups(k) | Consumers(k, _) => f(*k),
            Len(k) | Del(k, _) | Trim(k, _) | SetId(k, ..) | Destroy(k, _) => f(*k),
            CreateConsumer(k, ..) | DelConsumer(k, ..) | Ack(k, ..) | Summary(k, _) | Pending(k, ..) => f(*k),
            Read { keys, .. } => keys.iter().for_each(|(k, _)| f(*k)),
            ReadGroup { keys, .. } => keys.iter().for_each(|(k, _)| f(*k)),
        }
    }

    fn words(&self, w: &mut Words) {
        self.write(w);
    }

    fn only_reads(&self) -> bool {
        let reads = matches!(self, Len(_) | Range { .. } | Read { .. } | Summary(..) | Pending(..));
        reads || matches!(self, Info(_) | Groups(_) | Consumers(..))
    }

    fn was_inert(&self, reply: &Reply) -> bool {
        match self {
            Add { .. } => reply.is_nil(),
            Del(..) | Trim(..) | TrimSome(..) | Destroy(..) | CreateConsumer(..) | Ack(..) => *reply == Reply::Int(0),
            _ => false,
        }
    }

    fn timeout_ms(&self) -> Option<u64> {
        match self {
            Read { block_ms, .. } | ReadGroup { block_ms, .. } => *block_ms,
            _ => None,
        }
    }

    fn normalise(&self, reply: &mut Reply, name: Name) {
        if let Reply::Error(text) = reply {
            // Some errors name the key.
            if text.starts_with(b"NOGROUP") {
                *reply = group::NO_GROUP;
            }
            return;
        }
        match (self, &mut *reply) {
            (Info(_), reply) => reply.keep_named(STREAM_FACTS),
            (Groups(_), Reply::Array(rows)) => rows.iter_mut().for_each(|row| row.keep_named(GROUP_FACTS)),
            (Consumers(..), Reply::Array(rows)) => rows.iter_mut().for_each(|row| row.keep_named(CONSUMER_FACTS)),
            _ => {}
        }
        if let (Read { .. } | ReadGroup { .. }, Reply::Array(streams)) = (self, reply) {
            // RESP3 has a map of streams by name.
            if matches!(streams.first(), Some(Reply::Bulk(_))) {
                *streams = streams.chunks(2).map(|pair| Reply::Array(pair.to_vec())).collect();
            }
            let mut keys = Vec::new();
            self.each_key(&mut |k| keys.push(k));
            streams.iter_mut().for_each(|stream| stream.mark_first_key(&keys, name));
        }
    }
}

impl StreamCommand {
    /// Whether somebody who waits in it is also told if what it waits for is lost.
    pub fn minds_loss(&self) -> bool {
        matches!(self, ReadGroup { .. })
    }
}

/// Calls `f` with every id in a reply.
pub fn each_id(reply: &Reply, f: &mut impl FnMut(Id)) {
    match reply {
        Reply::Bulk(text) => Id::parse(text).into_iter().for_each(f),
        Reply::Array(items) => items.iter().for_each(|item| each_id(item, f)),
        _ => {}
    }
}
