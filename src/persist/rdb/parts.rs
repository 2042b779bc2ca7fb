//! The body of a large value in parts, so that its shard's lock is held for one at a time.
//!
//! The value does not change between two parts (whoever wants to change it waits, see
//! `persist::snapshot`), so a place in it stays valid: a node's number, a table's cursor, a
//! rank, an id. What is read in between changes nothing a part depends on.

use super::{
    Format,
    encode::{NODE_PACKED, NODE_PLAIN, listpack},
    stream, write,
};
use crate::{
    data::{hash::HashTable, list::List, list::NodeContent, set::SetTable, zset::ZSet},
    keyspace::{Entry, object::Object},
};

/// How far a value's body has been written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Start,
    /// At this node of a list.
    Node(usize),
    /// At this cursor of a table.
    Cursor(u64),
    /// So many elements of a sorted set are left.
    Left(usize),
    Stream(stream::Place),
    End,
}

/// Appends the next part of the body of an entry that holds a collection in an [`Object`]:
/// about `budget_bytes`, and at least one element. Returns the place to go on from.
///
/// # Panics
/// If the entry holds no such value, or the place belongs to another.
pub fn part(e: &Entry, format: Format, place: Place, budget_bytes: usize, out: &mut Vec<u8>) -> Place {
    let end = out.len().saturating_add(budget_bytes);
    match (e.object(), place) {
        (_, Place::End) => Place::End,
        (Some(Object::List(list)), place) => nodes(list, format, place, end, out),
        (Some(Object::Hash(hash)), place) => fields(hash, format, place, end, out),
        (Some(Object::Set(set)), place) => members(set, format, place, end, out),
        (Some(Object::ZSet(set)), place) => scores(set, format, place, end, out),
        (Some(Object::Stream(s)), Place::Start) => {
            stream::begin(s, out);
            Place::Stream(stream::Place::START)
        }
        (Some(Object::Stream(s)), Place::Stream(place)) => {
            stream::part(s, format, place, end, out).map_or(Place::End, Place::Stream)
        }
        (object, place) => unreachable!("no part {place:?} of {:?}", object.map(Object::kind)),
    }
}

/// Appends the whole body of such an entry.
pub(super) fn all(e: &Entry, format: Format, out: &mut Vec<u8>) {
    let mut place = Place::Start;
    while place != Place::End {
        place = part(e, format, place, usize::MAX, out);
    }
}

fn nodes(list: &List, format: Format, place: Place, end: usize, out: &mut Vec<u8>) -> Place {
    let Place::Node(first) = place else {
        write::len(out, list.node_count() as u64);
        return Place::Node(0);
    };
    for (i, node) in list.nodes_from(first).enumerate() {
        if i > 0 && out.len() >= end {
            return Place::Node(first + i);
        }
        match node {
            NodeContent::Packed(bytes, count) => {
                write::len(out, NODE_PACKED);
                listpack(count, bytes, format, out);
            }
            NodeContent::Plain(text) => {
                write::len(out, NODE_PLAIN);
                write::bytes(out, text, format.compress);
            }
        }
    }
    Place::End
}

fn fields(table: &HashTable, format: Format, place: Place, end: usize, out: &mut Vec<u8>) -> Place {
    let Place::Cursor(mut cursor) = place else {
        write::len(out, table.len() as u64);
        return Place::Cursor(0);
    };
    let expire = table.expiring() > 0;
    loop {
        cursor = table.scan(cursor, |e| {
            write::text(out, e.field, format.compress);
            write::text(out, e.value, format.compress);
            if expire {
                write::time_ms(out, e.expiry_ms);
            }
        });
        if cursor == 0 || out.len() >= end {
            return after(cursor);
        }
    }
}

fn members(table: &SetTable, format: Format, place: Place, end: usize, out: &mut Vec<u8>) -> Place {
    let Place::Cursor(mut cursor) = place else {
        write::len(out, table.len() as u64);
        return Place::Cursor(0);
    };
    loop {
        cursor = table.scan(cursor, |member| write::text(out, member, format.compress));
        if cursor == 0 || out.len() >= end {
            return after(cursor);
        }
    }
}

/// The place at a cursor, which is 0 once the walk is over.
fn after(cursor: u64) -> Place {
    if cursor == 0 { Place::End } else { Place::Cursor(cursor) }
}

/// Backwards, so that whoever inserts them one by one does so at the front.
fn scores(set: &ZSet, format: Format, place: Place, end: usize, out: &mut Vec<u8>) -> Place {
    let Place::Left(mut left) = place else {
        write::len(out, set.len() as u64);
        return Place::Left(set.len());
    };
    for e in set.iter(0..left, true) {
        write::text(out, e.member, format.compress);
        out.extend_from_slice(&e.score.to_le_bytes());
        left -= 1;
        if out.len() >= end {
            break;
        }
    }
    if left == 0 { Place::End } else { Place::Left(left) }
}
