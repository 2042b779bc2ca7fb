//! A server's content as plain values, read from its tables and not through commands.

use norn::{
    base::time::Wall,
    data::{
        stream::{Entry as StreamEntry, Group, Id},
        table::Element,
    },
    engine::Engine,
    keyspace::{
        Entry, Held, Type, hash::HashRef, list::ListRef, object::Object, set::SetRef, stream, string::Str,
        zset::ZsetRef,
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// A key of a database.
pub type Key = (u32, Vec<u8>);
/// A hash's fields: value, and when the field expires (unix ms).
pub type Fields = BTreeMap<Vec<u8>, (Vec<u8>, Option<u64>)>;
/// A set's members.
pub type Members = BTreeSet<Vec<u8>>;
/// Everything stored.
pub type Content = BTreeMap<Key, Item>;

/// A key's value and when it expires (unix ms).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub value: Stored,
    pub expiry_ms: Option<u64>,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    Text(Vec<u8>),
    List(Vec<Vec<u8>>),
    Hash(Fields),
    Set(Members),
    SortedSet(Scored),
    Stream(Log),
}

/// A sorted set's members in order, each with the bits of its score. There is one zero.
pub type Scored = Vec<(u64, Vec<u8>)>;
/// An entry's fields and values.
pub type Pairs = Vec<(Vec<u8>, Vec<u8>)>;
/// A stream's entries.
pub type Entries = BTreeMap<Id, Pairs>;

/// A stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    pub entries: Entries,
    pub last: Id,
    pub max_deleted: Id,
    /// Entries ever added.
    pub added: u64,
    /// The groups by name.
    pub groups: BTreeMap<Vec<u8>, ConsumerGroup>,
}

/// A group of consumers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsumerGroup {
    /// Up to here it has read.
    pub last: Id,
    /// Entries it has read of all ever added, if that is known.
    pub read: Option<i64>,
    /// When each consumer was last seen, and when it was last given something (unix ms).
    pub consumers: BTreeMap<Vec<u8>, (i64, Option<i64>)>,
    pub pending: BTreeMap<Id, Pending>,
}

/// What is pending for an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    pub owner: Vec<u8>,
    /// Unix ms.
    pub delivered_ms: i64,
    pub deliveries: u64,
}

/// All keys that have not expired at `now`.
pub fn dump(engine: &Engine, now: Wall) -> Content {
    let space = &engine.shared.keyspace;
    let mut held = Held::new(space);
    held.all();
    let mut content = Content::new();
    for at in 0..space.shards().len() {
        for db in 0..space.databases() {
            for e in held.shard(at).table(db).iter().filter(|e| !e.is_due(now)) {
                let item = Item { value: value(&e, now), expiry_ms: e.expiry_ms() };
                assert!(content.insert((db, e.key().to_vec()), item).is_none(), "a key in two places");
            }
        }
    }
    held.release();
    content
}

fn value(e: &Entry, now: Wall) -> Stored {
    match e.type_of() {
        Type::String => Stored::Text(Str::of(e).to_vec()),
        Type::List => {
            let list = ListRef::of(e);
            let items: Vec<_> = list.range(0..list.len()).map(|item| item.to_vec()).collect();
            assert_eq!(items.len(), list.len());
            Stored::List(items)
        }
        Type::Hash => {
            let mut fields = Fields::new();
            match e.object() {
                // With the fields that are due: only active expiry and writers remove them.
                Some(Object::Hash(table)) => table.iter().for_each(|f| {
                    fields.insert(f.field.to_vec(), (f.value.to_vec(), f.expiry_ms));
                }),
                _ => HashRef::of(e, now).each(|field, value| {
                    fields.insert(field.to_vec(), (value.to_vec(), None));
                }),
            }
            Stored::Hash(fields)
        }
        Type::Set => {
            let set = SetRef::of(e);
            let members: Members = set.iter().map(|member| member.to_vec()).collect();
            assert_eq!(members.len(), set.len());
            Stored::Set(members)
        }
        Type::ZSet => {
            let set = ZsetRef::of(e);
            let members: Vec<_> = set.all().map(|(member, score)| ((score + 0.0).to_bits(), member.to_vec())).collect();
            assert_eq!(members.len(), set.len());
            Stored::SortedSet(members)
        }
        Type::Stream => {
            let s = stream::of(e);
            let texts = |entry: StreamEntry| entry.fields.map(|(f, v)| (f.to_vec(), v.to_vec())).collect();
            let entries: Entries = s.log.range(Id::MIN, Id::MAX).map(|e| (e.id, texts(e))).collect();
            assert_eq!(entries.len() as u64, s.log.len());
            let groups = s.groups.iter().map(|(name, g)| (name.to_vec(), group(g)));
            Stored::Stream(Log {
                entries,
                last: s.log.last_id,
                max_deleted: s.log.max_deleted,
                added: s.log.entries_added,
                groups: groups.collect(),
            })
        }
    }
}

fn group(g: &Group) -> ConsumerGroup {
    let pending = g.pending_from(Id::MIN).map(|p| {
        let owner = g.consumer(p.owner()).name.to_vec();
        (p.id, Pending { owner, delivered_ms: p.delivered_ms, deliveries: p.deliveries })
    });
    ConsumerGroup {
        last: g.last_id,
        read: g.entries_read,
        consumers: g.consumers().map(|c| (c.name.to_vec(), (c.seen_ms, c.active_ms))).collect(),
        pending: pending.collect(),
    }
}
