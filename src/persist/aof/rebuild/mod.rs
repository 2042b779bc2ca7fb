//! A key as the commands that rebuild it: what the base of an append-only file consists of
//! when it is to be text (`aof-use-rdb-preamble no`).
//!
//! Every command names its key and adds at most 64 elements, so a key can be written in parts,
//! and a loader never holds more than one command. What expires does so at an absolute time:
//! fields with their own command, the key with the last one of all. Whoever executes the
//! commands must see to it that nothing expires meanwhile, as for any append-only file.
//!
//! A key's value does not change between two parts (see `persist::snapshot`), so a place in it
//! stays valid.
//!
//! Source: the documentation of Valkey's commands; `aof.c` for which of them are used.

mod adder;
mod stream;

use crate::{
    base::{num::f64_text, time::Wall},
    data::{
        list::NodeContent,
        packed::{Item, Packed},
        table::Element,
    },
    keyspace::{Entry, Type, hash::HashRef, list::ListRef, set::SetRef, stream as streams, string::Str, zset::ZsetRef},
    protocol::request::{write_argument, write_argument_count, write_argument_len, write_request},
};
use adder::Adder;

/// How far a key has been written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Start,
    /// At this node of a list.
    Node(usize),
    /// At this cursor of a table.
    Cursor(u64),
    /// At this rank of a sorted set.
    Rank(usize),
    Stream(stream::Place),
    End,
}

/// Appends the next commands of a key: about `budget_bytes`, and at least one element. Returns
/// the place to go on from.
///
/// # Panics
/// If the place belongs to another key.
pub fn part(e: &Entry, place: Place, budget_bytes: usize, out: &mut Vec<u8>) -> Place {
    let end = out.len().saturating_add(budget_bytes);
    let next = match (e.type_of(), place) {
        (_, Place::End) => return Place::End,
        (Type::String, Place::Start) => string(e, out),
        (Type::List, Place::Start) => list(e, 0, end, out),
        (Type::List, Place::Node(first)) => list(e, first, end, out),
        (Type::Hash, Place::Start) => hash(e, 0, end, out),
        (Type::Hash, Place::Cursor(cursor)) => hash(e, cursor, end, out),
        (Type::Set, Place::Start) => set(e, 0, end, out),
        (Type::Set, Place::Cursor(cursor)) => set(e, cursor, end, out),
        (Type::ZSet, Place::Start) => zset(e, 0, end, out),
        (Type::ZSet, Place::Rank(rank)) => zset(e, rank, end, out),
        (Type::Stream, Place::Start) => stream(e, stream::Place::START, end, out),
        (Type::Stream, Place::Stream(place)) => stream(e, place, end, out),
        (kind, place) => unreachable!("no part {place:?} of a {}", kind.name()),
    };
    if next == Place::End {
        expiry(e, out);
    }
    next
}

/// Appends all commands of a key.
pub fn record(e: &Entry, out: &mut Vec<u8>) {
    rest(e, Place::Start, out);
}

/// Appends all commands of a key from a place on.
pub fn rest(e: &Entry, mut place: Place, out: &mut Vec<u8>) {
    while place != Place::End {
        place = part(e, place, usize::MAX, out);
    }
}

/// Appends what stands before and behind the text of a long string, which are `len` bytes.
pub fn around_text(e: &Entry, len: usize, before: &mut Vec<u8>, behind: &mut Vec<u8>) {
    write_argument_count(before, 3);
    write_argument(before, b"SET");
    write_argument(before, e.key());
    write_argument_len(before, len);
    behind.extend_from_slice(b"\r\n");
    expiry(e, behind);
}

/// Appends the command after which all others are about a database.
pub fn select(db: u32, out: &mut Vec<u8>) {
    write_request(out, [&b"SELECT"[..], itoa::Buffer::new().format(db).as_bytes()].into_iter());
}

fn expiry(e: &Entry, out: &mut Vec<u8>) {
    if let Some(at_ms) = e.expiry_ms() {
        write_request(out, [&b"PEXPIREAT"[..], e.key(), itoa::Buffer::new().format(at_ms).as_bytes()].into_iter());
    }
}

fn string(e: &Entry, out: &mut Vec<u8>) -> Place {
    Str::of(e).with(|text| write_request(out, [&b"SET"[..], e.key(), text].into_iter()));
    Place::End
}

fn list(e: &Entry, first: usize, end: usize, out: &mut Vec<u8>) -> Place {
    let mut adder = Adder::new("RPUSH", e.key(), out);
    match ListRef::of(e) {
        ListRef::Packed(bytes, _) => Packed::<true>::iter(bytes).for_each(|item| adder.add(&[item])),
        ListRef::Nodes(list) => {
            for (i, node) in list.nodes_from(first).enumerate() {
                if i > 0 && adder.len() >= end {
                    adder.finish();
                    return Place::Node(first + i);
                }
                match node {
                    NodeContent::Packed(bytes, _) => Packed::<true>::iter(bytes).for_each(|item| adder.add(&[item])),
                    NodeContent::Plain(text) => adder.add(&[Item::Str(text)]),
                }
            }
        }
    }
    adder.finish();
    Place::End
}

fn hash(e: &Entry, mut cursor: u64, end: usize, out: &mut Vec<u8>) -> Place {
    let mut adder = Adder::new("HMSET", e.key(), out);
    let hash = HashRef::of(e, Wall(0));
    loop {
        match hash {
            HashRef::Packed(_) => hash.each(|field, value| adder.add(&[field, value])),
            HashRef::Table(table, _) => {
                cursor = table.scan(cursor, |f| match f.expiry_ms {
                    None => adder.add(&[Item::Str(f.field), Item::Str(f.value)]),
                    Some(at_ms) => {
                        let mut digits = itoa::Buffer::new();
                        let at_ms = digits.format(at_ms).as_bytes();
                        adder.aside(
                            [&b"HSETEX"[..], e.key(), b"PXAT", at_ms, b"FIELDS", b"1", f.field, f.value].into_iter(),
                        );
                    }
                });
            }
        }
        if cursor == 0 || adder.len() >= end {
            adder.finish();
            return after(cursor);
        }
    }
}

fn set(e: &Entry, mut cursor: u64, end: usize, out: &mut Vec<u8>) -> Place {
    let mut adder = Adder::new("SADD", e.key(), out);
    loop {
        cursor = match SetRef::of(e) {
            SetRef::Table(table) => table.scan(cursor, |member| adder.add(&[Item::Str(member)])),
            small => {
                small.each(|member| adder.add(&[member]));
                0
            }
        };
        if cursor == 0 || adder.len() >= end {
            adder.finish();
            return after(cursor);
        }
    }
}

/// The place at a cursor, which is 0 once the walk is over.
fn after(cursor: u64) -> Place {
    if cursor == 0 { Place::End } else { Place::Cursor(cursor) }
}

fn zset(e: &Entry, first: usize, end: usize, out: &mut Vec<u8>) -> Place {
    let mut adder = Adder::new("ZADD", e.key(), out);
    let set = ZsetRef::of(e);
    for (i, (member, score)) in set.range(first..set.len(), false).enumerate() {
        if i > 0 && adder.len() >= end {
            adder.finish();
            return Place::Rank(first + i);
        }
        adder.add(&[Item::Str(f64_text(score).as_bytes()), member]);
    }
    adder.finish();
    Place::End
}

fn stream(e: &Entry, place: stream::Place, end: usize, out: &mut Vec<u8>) -> Place {
    stream::part(e.key(), streams::of(e), place, end, out).map_or(Place::End, Place::Stream)
}
