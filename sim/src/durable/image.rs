//! A data set at one instant, outside of the server: to be compared, and to be loaded into another
//! engine.
//!
//! What is compared is everything a client could find out, except access times: values,
//! expiries of keys and fields, groups of streams with what is pending. Encodings are not.

use crate::trace::digest;
use norn::{
    base::time::Wall,
    data::{
        stream::{Id, Stream},
        table::Element,
    },
    engine::Engine,
    keyspace::{Entry, Held, Type, hash::HashRef, list::ListRef, set::SetRef, stream, string::Str, zset::ZsetRef},
    persist::{
        dump::{dump, restore},
        rdb::{Format, Limits},
    },
};
use std::{collections::BTreeMap, fmt::Write};

/// Database and name.
type Name = (u32, Vec<u8>);

/// What distinguishes two values of a key.
#[derive(Clone, PartialEq, Eq)]
struct Facts {
    kind: &'static str,
    expiry_ms: Option<u64>,
    /// What it holds, or the beginning and a hash of that.
    content: Vec<u8>,
}

/// Of longer values only so much is kept.
const SHOWN_BYTES: usize = 150;

impl std::fmt::Debug for Facts {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{} ({:?}) {}", self.kind, self.expiry_ms, self.content.escape_ascii())
    }
}

/// Values as they can be compared.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Picture(BTreeMap<Name, Facts>);

/// Values as they can be loaded.
pub struct Image {
    pub picture: Picture,
    payloads: Vec<(Name, Vec<u8>)>,
}

const FORMAT: Format = Format { version: 11, compress: false };

impl Picture {
    /// Of all that is in the key space. All locks are held.
    pub fn of(held: &mut Held) -> Picture {
        let mut all = BTreeMap::new();
        each(held, |name, e| drop(all.insert(name, facts(e))));
        Picture(all)
    }

    /// Of an engine's key space.
    pub fn of_engine(engine: &Engine) -> Picture {
        let mut held = Held::new(&engine.shared.keyspace);
        held.all();
        Picture::of(&mut held)
    }

    /// Keys that differ.
    pub fn differences(&self, other: &Picture) -> Vec<String> {
        let names = self.0.keys().chain(other.0.keys().filter(|k| !self.0.contains_key(*k)));
        let differ = names.filter(|k| self.0.get(*k) != other.0.get(*k));
        let show = |(db, name): &Name| format!("{db}:{}", name.escape_ascii());
        differ.map(|k| format!("{}: it was {:?} and is {:?}", show(k), self.0.get(k), other.0.get(k))).collect()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Image {
    /// Of all that is in the key space. All locks are held.
    pub fn take(held: &mut Held) -> Image {
        let mut payloads = Vec::new();
        each(held, |name, e| payloads.push((name, dump(e, FORMAT))));
        Image { picture: Picture::of(held), payloads }
    }

    /// Of an engine's key space.
    pub fn of_engine(engine: &Engine) -> Image {
        let mut held = Held::new(&engine.shared.keyspace);
        held.all();
        Image::take(&mut held)
    }

    /// Puts everything into an empty engine.
    pub fn load(&self, engine: &Engine) {
        let (space, config) = (&engine.shared.keyspace, engine.shared.config.get());
        let limits = Limits::new(&config.encoding, space.hash_key());
        let mut held = Held::new(space);
        held.all();
        for (name, payload) in &self.payloads {
            let (db, key) = name;
            let mut e = restore(payload, key, &limits, true).expect("a value that has just been dumped");
            e.set_expiry_ms(self.picture.0[name].expiry_ms);
            let hash = space.hash(key);
            held.shard(space.shard_of(hash)).load(*db, hash, e, false);
        }
        assert_eq!(Picture::of(&mut held), self.picture, "values dumped and restored");
    }
}

fn each(held: &mut Held, mut f: impl FnMut(Name, &Entry)) {
    let space = held.space();
    for at in 0..space.shards().len() {
        for db in 0..space.databases() {
            for e in held.shard(at).table(db).iter() {
                f((db, e.key().to_vec()), &e);
            }
        }
    }
}

fn facts(e: &Entry) -> Facts {
    let mut content = content(e);
    if content.len() > SHOWN_BYTES {
        let hash = digest(&content);
        content.truncate(SHOWN_BYTES);
        content.extend_from_slice(&hash.to_le_bytes());
    }
    Facts { kind: e.type_of().name(), expiry_ms: e.expiry_ms(), content }
}

/// The value as bytes that do not depend on its encoding.
fn content(e: &Entry) -> Vec<u8> {
    let mut parts: Vec<Vec<u8>> = Vec::new();
    match e.type_of() {
        Type::String => Str::of(e).with(|text| parts.push(text.to_vec())),
        Type::List => ListRef::of(e).range(0..usize::MAX).for_each(|i| i.with_text(|t| parts.push(t.to_vec()))),
        Type::Hash => {
            let hash = HashRef::of(e, Wall(0));
            hash.each(|field, value| {
                let mut part = Vec::new();
                field.with_text(|text| {
                    part.extend_from_slice(text);
                    part.extend_from_slice(format!("\0{:?}\0", hash.expiry_ms(text).flatten()).as_bytes());
                });
                value.with_text(|text| part.extend_from_slice(text));
                parts.push(part);
            });
            parts.sort_unstable();
        }
        Type::Set => {
            SetRef::of(e).each(|member| member.with_text(|text| parts.push(text.to_vec())));
            parts.sort_unstable();
        }
        Type::ZSet => ZsetRef::of(e).all().for_each(|(member, score)| {
            member.with_text(|text| parts.push([text, b"\0".as_slice(), &(score + 0.0).to_le_bytes()].concat()));
        }),
        Type::Stream => of_stream(stream::of(e), &mut parts),
    }
    let mut all = Vec::new();
    for part in parts {
        all.extend_from_slice(part.len().to_string().as_bytes());
        all.push(b':');
        all.extend_from_slice(&part);
    }
    all
}

fn of_stream(s: &Stream, parts: &mut Vec<Vec<u8>>) {
    let log = &s.log;
    parts.push(format!("{:?} {:?} {}", log.last_id, log.max_deleted, log.entries_added).into_bytes());
    for entry in log.range(Id::MIN, Id::MAX) {
        let mut part = format!("{:?}", entry.id).into_bytes();
        for (field, value) in entry.fields {
            for item in [field, value] {
                item.with_text(|text| {
                    part.push(0);
                    part.extend_from_slice(text);
                });
            }
        }
        parts.push(part);
    }
    for (name, group) in s.groups.iter() {
        let mut text = format!("{} {:?} {:?}", name.escape_ascii(), group.last_id, group.entries_read);
        for consumer in group.consumers() {
            let _ = write!(text, " {}", consumer.name.escape_ascii());
        }
        for p in group.pending_from(Id::MIN) {
            let owner = group.consumer(p.owner()).name.escape_ascii();
            let _ = write!(text, " {:?} {owner} {} {}", p.id, p.delivered_ms, p.deliveries);
        }
        parts.push(text.into_bytes());
    }
}
