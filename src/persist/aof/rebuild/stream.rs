//! A stream as commands: XADD, XSETID, then for each group XGROUP CREATE and for each of its
//! consumers XCLAIM, or XGROUP CREATECONSUMER if nothing is pending for it.
//!
//! An entry may be *gone* and still be pending: XCLAIM does not bring that back. So it is added
//! in its place among the others, claimed, and removed again at the end, behind which the
//! numbers are set. Entries before the first live one are trimmed, because that leaves no trace
//! but in the numbers, and the others deleted.

use crate::{
    data::stream::{Consumer, Entry, Group, Id, Stream},
    protocol::request::{write_argument, write_argument_count, write_request},
};

/// How far a stream has been written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    at: At,
    /// Entries have been added that have to be removed.
    gone: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Entries from this id on.
    Entries(Id),
    /// The head of the group of this number.
    Group(usize),
    /// The consumer of this group with this number.
    Consumer(usize, usize),
    /// What is pending for it from this id on.
    Owned(usize, usize, Id),
    /// The removal of entries that are gone, from this id on.
    Removal(Id),
}

impl Place {
    /// The beginning of a stream.
    pub const START: Place = Place { at: At::Entries(Id::MIN), gone: false };
}

/// Entries looked at once, and removed by one command.
const SOME: usize = 64;

/// Appends what comes next, until `out` is `end` bytes long or more; where to go on, if there
/// is anything left.
pub fn part(key: &[u8], s: &Stream, place: Place, end: usize, out: &mut Vec<u8>) -> Option<Place> {
    let Place { mut at, mut gone } = place;
    loop {
        at = match at {
            At::Entries(from) => {
                let some = Some64::of(s, from);
                gone |= some.entries.iter().any(|(_, e)| e.is_none());
                some.add(key, out);
                match some.next {
                    Some(next) => At::Entries(next),
                    None => {
                        if s.log.is_empty() && !gone {
                            put(out, &[b"XADD", key, b"MAXLEN", b"0", b"0-1", b"x", b"y"]);
                        }
                        if !gone {
                            numbers(key, s, out);
                        }
                        At::Group(0)
                    }
                }
            }
            At::Group(g) => match s.groups.iter().nth(g) {
                Some((name, group)) => {
                    create(key, name, group, out);
                    At::Consumer(g, 0)
                }
                None if gone => {
                    trim(key, s, out);
                    At::Removal(s.log.first_id())
                }
                None => return None,
            },
            At::Consumer(g, c) => {
                let (name, group) = group(s, g);
                match group.consumers().nth(c) {
                    None => At::Group(g + 1),
                    Some(consumer) if consumer.pending_len() == 0 => {
                        put(out, &[b"XGROUP", b"CREATECONSUMER", key, name, &consumer.name]);
                        At::Consumer(g, c + 1)
                    }
                    Some(_) => At::Owned(g, c, Id::MIN),
                }
            }
            At::Owned(g, c, from) => match claims(key, group(s, g), c, from, end, out) {
                Some(next) => At::Owned(g, c, next),
                None => At::Consumer(g, c + 1),
            },
            At::Removal(from) => {
                let some = Some64::of(s, from);
                some.remove(key, out);
                match some.next {
                    Some(next) => At::Removal(next),
                    None => {
                        numbers(key, s, out);
                        return None;
                    }
                }
            }
        };
        if out.len() >= end {
            return Some(Place { at, gone });
        }
    }
}

/// Some entries in the order of their ids, with those that are only pending.
struct Some64<'a> {
    entries: Vec<(Id, Option<Entry<'a>>)>,
    /// Where the next ones begin.
    next: Option<Id>,
}

impl<'a> Some64<'a> {
    fn of(s: &'a Stream, from: Id) -> Some64<'a> {
        let live: Vec<Entry> = s.log.range(from, Id::MAX).take(SOME).collect();
        let mut upto = if live.len() == SOME { live[SOME - 1].id } else { Id::MAX };
        let mut gone = Vec::new();
        for (_, group) in s.groups.iter() {
            let ids = group.pending_from(from).map(|p| p.id).take_while(|id| *id <= upto);
            gone.extend(ids.filter(|id| live.binary_search_by_key(id, |e| e.id).is_err()).take(SOME));
        }
        gone.sort_unstable();
        gone.dedup();
        if gone.len() >= SOME {
            gone.truncate(SOME);
            upto = gone[SOME - 1];
        }
        let live = live.into_iter().take_while(|e| e.id <= upto).map(|e| (e.id, Some(e)));
        let mut entries: Vec<_> = gone.into_iter().map(|id| (id, None)).chain(live).collect();
        entries.sort_unstable_by_key(|(id, _)| *id);
        Some64 { entries, next: if upto == Id::MAX { None } else { upto.next() } }
    }

    fn add(&self, key: &[u8], out: &mut Vec<u8>) {
        for (id, entry) in &self.entries {
            let id = id.to_string();
            let Some(entry) = entry else {
                put(out, &[b"XADD", key, id.as_bytes(), b"x", b"y"]);
                continue;
            };
            write_argument_count(out, 3 + 2 * entry.fields.clone().count());
            [&b"XADD"[..], key, id.as_bytes()].into_iter().for_each(|arg| write_argument(out, arg));
            for (field, value) in entry.fields.clone() {
                field.with_text(|text| write_argument(out, text));
                value.with_text(|text| write_argument(out, text));
            }
        }
    }

    fn remove(&self, key: &[u8], out: &mut Vec<u8>) {
        let gone = self.entries.iter().filter(|(_, e)| e.is_none());
        let ids: Vec<String> = gone.map(|(id, _)| id.to_string()).collect();
        if !ids.is_empty() {
            let args = [&b"XDEL"[..], key].into_iter().chain(ids.iter().map(String::as_bytes));
            write_request(out, args.collect::<Vec<_>>().into_iter());
        }
    }
}

/// Appends a command.
fn put(out: &mut Vec<u8>, args: &[&[u8]]) {
    write_request(out, args.iter().copied());
}

fn group(s: &Stream, number: usize) -> (&[u8], &Group) {
    s.groups.iter().nth(number).expect("the stream has not changed")
}

/// What is known of the stream besides its entries.
fn numbers(key: &[u8], s: &Stream, out: &mut Vec<u8>) {
    let [last, max_deleted] = [s.log.last_id, s.log.max_deleted].map(|id| id.to_string());
    let added = s.log.entries_added.to_string();
    let (last, added, max_deleted) = (last.as_bytes(), added.as_bytes(), max_deleted.as_bytes());
    put(out, &[b"XSETID", key, last, b"ENTRIESADDED", added, b"MAXDELETEDID", max_deleted]);
}

fn create(key: &[u8], name: &[u8], group: &Group, out: &mut Vec<u8>) {
    let (last, read) = (group.last_id.to_string(), group.entries_read.unwrap_or(-1).to_string());
    put(out, &[b"XGROUP", b"CREATE", key, name, last.as_bytes(), b"ENTRIESREAD", read.as_bytes()]);
}

/// Removes what is gone before the first entry.
fn trim(key: &[u8], s: &Stream, out: &mut Vec<u8>) {
    match s.log.first() {
        Some(first) => put(out, &[b"XTRIM", key, b"MINID", first.id.to_string().as_bytes()]),
        None => put(out, &[b"XTRIM", key, b"MAXLEN", b"0"]),
    }
}

/// What is pending for a consumer; the id of the first entry that is left.
fn claims(
    key: &[u8],
    (name, group): (&[u8], &Group),
    consumer: usize,
    from: Id,
    end: usize,
    out: &mut Vec<u8>,
) -> Option<Id> {
    let consumer: &Consumer = group.consumers().nth(consumer).expect("the stream has not changed");
    for (i, id) in consumer.pending_from(from).enumerate() {
        if i > 0 && out.len() >= end {
            return Some(id);
        }
        let pending = group.pending(id).expect("pending for a consumer is pending for its group");
        let (id, at, times) = (id.to_string(), pending.delivered_ms.to_string(), pending.deliveries.to_string());
        let (id, at, times) = (id.as_bytes(), at.as_bytes(), times.as_bytes());
        let who = [&b"XCLAIM"[..], key, name, &consumer.name, b"0", id];
        let how = [&b"TIME"[..], at, b"RETRYCOUNT", times, b"JUSTID", b"FORCE"];
        put(out, &[who, how].concat());
    }
    None
}
