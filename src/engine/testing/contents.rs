//! What a server holds, in full and as text: to compare two servers by.
//!
//! Everything a client could ever find out is in it, times to the millisecond, and nothing
//! else: no encodings, no access clocks, not when a consumer was last seen. What has expired
//! and is stored still is in it too.

use super::Rig;
use crate::{
    base::time::Wall,
    data::{packed::Item, stream::Id, table::Element},
    keyspace::{Entry, Held, Type, hash::HashRef, list::ListRef, set::SetRef, stream, string::Str, zset::ZsetRef},
};
use std::{collections::BTreeMap, fmt::Write};

impl Rig {
    /// Every key by database and name, as text.
    pub fn contents(&self) -> BTreeMap<(u32, String), String> {
        let space = &self.engine.shared.keyspace;
        let mut held = Held::new(space);
        held.all();
        let mut all = BTreeMap::new();
        for at in 0..space.shards().len() {
            for db in 0..space.databases() {
                for e in held.shard(at).table(db).iter() {
                    let expiry = e.expiry_ms().map(|at| format!(" until {at}")).unwrap_or_default();
                    let text = format!("{}{expiry}: {}", e.type_of().name(), value(&e));
                    all.insert((db, e.key().escape_ascii().to_string()), text);
                }
            }
        }
        all
    }
}

fn text(item: Item) -> String {
    item.with_text(|text| text.escape_ascii().to_string())
}

fn value(e: &Entry) -> String {
    let mut parts: Vec<String> = Vec::new();
    match e.type_of() {
        Type::String => Str::of(e).with(|text| parts.push(text.escape_ascii().to_string())),
        Type::List => parts.extend(ListRef::of(e).range(0..usize::MAX).map(text)),
        Type::Set => SetRef::of(e).each(|member| parts.push(text(member))),
        Type::ZSet => {
            let pair = |(member, score): (Item, f64)| format!("{} {:x}", text(member), (score + 0.0).to_bits());
            parts.extend(ZsetRef::of(e).all().map(pair));
        }
        Type::Hash => {
            // At a time when nothing is due.
            let hash = HashRef::of(e, Wall(0));
            hash.each(|field, value| {
                let expiry = field.with_text(|field| hash.expiry_ms(field)).flatten();
                parts.push(format!("{} {} {expiry:?}", text(field), text(value)));
            });
        }
        Type::Stream => return stream_value(stream::of(e)),
    }
    if matches!(e.type_of(), Type::Set | Type::Hash) {
        parts.sort();
    }
    parts.join(", ")
}

fn stream_value(s: &crate::data::stream::Stream) -> String {
    let mut out = String::new();
    let log = &s.log;
    write!(out, "last {:?} added {} deleted {:?}", log.last_id, log.entries_added, log.max_deleted).expect("text");
    for e in log.range(Id::MIN, Id::MAX) {
        let fields: Vec<String> = e.fields.map(|(f, v)| format!("{}={}", text(f), text(v))).collect();
        write!(out, ", {} {}", e.id, fields.join(" ")).expect("text");
    }
    for (name, g) in s.groups.iter() {
        let name = name.escape_ascii();
        write!(out, "; group {name} last {} read {:?}", g.last_id, g.entries_read).expect("text");
        for c in g.consumers() {
            write!(out, ", consumer {}", c.name.escape_ascii()).expect("text");
        }
        for p in g.pending_from(Id::MIN) {
            let owner = g.consumer(p.owner()).name.escape_ascii();
            write!(out, ", {} for {owner} at {} {} times", p.id, p.delivered_ms, p.deliveries).expect("text");
        }
    }
    out
}
