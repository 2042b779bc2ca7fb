//! A stream's body, both ways.
//!
//! ```text
//! nodes: count, then for each its id (16 bytes, big endian) and its listpack
//! entries, last id; since version 2: first id, greatest deleted id, entries ever added
//! groups: count, then for each
//!     name, last id; since version 2: entries read
//!     pending: count, then for each its id, when (8 bytes) and how often it was delivered
//!     consumers: count, then for each
//!         name, when seen (8 bytes); since version 3: when active
//!         pending: count, then the ids
//! ```
//!
//! Numbers are lengths unless a size is given. Every entry pending for a consumer is pending
//! for its group, and the other way round: a reader insists on it.

use super::{Corrupt, Format, Reader, kind, write};
use crate::data::stream::{Consumer, Group, Id, Log, Node, Stream};

/// The first version whose readers know when consumers were active.
const STREAM_3_SINCE: u16 = 11;

/// The type byte of streams in a format.
pub fn kind_in(format: Format) -> u8 {
    if format.version >= STREAM_3_SINCE { kind::STREAM_3 } else { kind::STREAM_2 }
}

/// How far a stream's body has been written: what comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nodes from this id on.
    Nodes(Id),
    /// A group's head.
    Group(usize),
    /// What is pending for a group from this id on.
    Pending(usize, Id),
    /// A consumer's head: of this group, with this number.
    Consumer(usize, usize),
    /// What is pending for a consumer from this id on.
    Owned(usize, usize, Id),
}

impl Place {
    /// Behind what [`begin`] writes.
    pub const START: Place = Place::Nodes(Id::MIN);
}

/// Appends what a stream's body begins with.
pub fn begin(s: &Stream, out: &mut Vec<u8>) {
    write::len(out, s.log.node_count() as u64);
}

/// Appends what comes next, until `out` is `end` bytes long or more; where to go on, if there
/// is anything left.
pub fn part(s: &Stream, format: Format, place: Place, end: usize, out: &mut Vec<u8>) -> Option<Place> {
    let mut place = place;
    loop {
        place = match place {
            Place::Nodes(from) => match nodes(s, format, from, end, out) {
                Some(next) => Place::Nodes(next),
                None => {
                    numbers(s, out);
                    Place::Group(0)
                }
            },
            Place::Group(g) => {
                let (name, group) = s.groups.iter().nth(g)?;
                write::text(out, name, format.compress);
                group_head(group, out);
                Place::Pending(g, Id::MIN)
            }
            Place::Pending(g, from) => match pending(group(s, g), from, end, out) {
                Some(next) => Place::Pending(g, next),
                None => {
                    write::len(out, group(s, g).consumers().len() as u64);
                    Place::Consumer(g, 0)
                }
            },
            Place::Consumer(g, c) => match group(s, g).consumers().nth(c) {
                Some(consumer) => {
                    consumer_head(consumer, format, out);
                    Place::Owned(g, c, Id::MIN)
                }
                None => Place::Group(g + 1),
            },
            Place::Owned(g, c, from) => {
                let consumer = group(s, g).consumers().nth(c).expect("the stream has not changed");
                match each_until(consumer.pending_from(from), |id| *id, end, out, raw_id) {
                    Some(next) => Place::Owned(g, c, next),
                    None => Place::Consumer(g, c + 1),
                }
            }
        };
        if out.len() >= end {
            return Some(place);
        }
    }
}

/// Appends elements until `out` is `end` bytes long or more; the id of the first one that is
/// left.
fn each_until<T>(
    elements: impl Iterator<Item = T>,
    id: impl Fn(&T) -> Id,
    end: usize,
    out: &mut Vec<u8>,
    mut append: impl FnMut(T, &mut Vec<u8>),
) -> Option<Id> {
    for (i, element) in elements.enumerate() {
        if i > 0 && out.len() >= end {
            return Some(id(&element));
        }
        append(element, out);
    }
    None
}

fn nodes(s: &Stream, format: Format, from: Id, end: usize, out: &mut Vec<u8>) -> Option<Id> {
    each_until(
        s.log.nodes_from(from),
        |n| n.first_id(),
        end,
        out,
        |node, out| {
            write::len(out, 16);
            raw_id(node.first_id(), out);
            let mut listpack = Vec::new();
            node.write_listpack(&mut listpack);
            write::bytes(out, &listpack, format.compress);
        },
    )
}

/// What stands between the nodes and the groups.
fn numbers(s: &Stream, out: &mut Vec<u8>) {
    write::len(out, s.log.len());
    for id in [s.log.last_id, s.log.first_id(), s.log.max_deleted] {
        write::len(out, id.ms);
        write::len(out, id.seq);
    }
    write::len(out, s.log.entries_added);
    write::len(out, s.groups.len() as u64);
}

fn group(s: &Stream, number: usize) -> &Group {
    s.groups.iter().nth(number).expect("the stream has not changed").1
}

fn group_head(g: &Group, out: &mut Vec<u8>) {
    write::len(out, g.last_id.ms);
    write::len(out, g.last_id.seq);
    write::len(out, g.entries_read.unwrap_or(-1) as u64);
    write::len(out, g.pending_len() as u64);
}

fn pending(g: &Group, from: Id, end: usize, out: &mut Vec<u8>) -> Option<Id> {
    each_until(
        g.pending_from(from),
        |p| p.id,
        end,
        out,
        |p, out| {
            raw_id(p.id, out);
            out.extend_from_slice(&p.delivered_ms.to_le_bytes());
            write::len(out, p.deliveries);
        },
    )
}

fn consumer_head(c: &Consumer, format: Format, out: &mut Vec<u8>) {
    write::text(out, &c.name, format.compress);
    out.extend_from_slice(&c.seen_ms.to_le_bytes());
    if kind_in(format) == kind::STREAM_3 {
        out.extend_from_slice(&c.active_ms.unwrap_or(-1).to_le_bytes());
    }
    write::len(out, c.pending_len() as u64);
}

fn raw_id(id: Id, out: &mut Vec<u8>) {
    out.extend_from_slice(&id.ms.to_be_bytes());
    out.extend_from_slice(&id.seq.to_be_bytes());
}

/// Reads the body of a stream.
///
/// # Errors
/// If there is none, or it contradicts itself.
pub fn decode(kind: u8, r: &mut Reader) -> Result<Stream, Corrupt> {
    let mut s = Stream::default();
    for _ in 0..r.count(17)? {
        decode_node(&mut s.log, r)?;
    }
    let entries = r.number()?;
    if entries != s.log.len() {
        return Err(r.corrupt("a miscounted stream"));
    }
    let last_id = id(r)?;
    if s.log.last().is_some_and(|e| e.id > last_id) {
        return Err(r.corrupt("entries behind the last id"));
    }
    s.log.last_id = last_id;
    s.log.entries_added = entries;
    if kind != kind::STREAM {
        // The first id is that of the first entry.
        id(r)?;
        s.log.max_deleted = id(r)?;
        s.log.entries_added = r.number()?;
    }
    for _ in 0..r.count(5)? {
        decode_group(&mut s, kind, r)?;
    }
    Ok(s)
}

fn decode_node(log: &mut Log, r: &mut Reader) -> Result<(), Corrupt> {
    let key = r.text()?;
    let (ms, seq) = key.split_first_chunk::<8>().ok_or(r.corrupt("a malformed node id"))?;
    let seq = seq.try_into().map_err(|_| r.corrupt("a malformed node id"))?;
    let first = Id::new(u64::from_be_bytes(*ms), u64::from_be_bytes(seq));
    let listpack = r.text()?;
    let node = Node::from_listpack(first, &listpack).map_err(|_| r.corrupt("a malformed stream node"))?;
    // One whose entries are all deleted says nothing.
    if node.live() > 0 && !log.push_node(node) {
        return Err(r.corrupt("stream nodes out of order"));
    }
    Ok(())
}

fn id(r: &mut Reader) -> Result<Id, Corrupt> {
    Ok(Id::new(r.number()?, r.number()?))
}

fn decode_group(s: &mut Stream, kind: u8, r: &mut Reader) -> Result<(), Corrupt> {
    let (name, last_id) = (r.text()?, id(r)?);
    let entries_read = match kind {
        kind::STREAM => s.log.count_up_to(last_id).map(|n| n as i64),
        _ => Some(r.number()? as i64).filter(|n| *n != -1),
    };
    if !s.groups.create(&name, last_id, entries_read) {
        return Err(r.corrupt("a group that occurs twice"));
    }
    let mut group = s.groups.get_mut(&name).expect("just made");
    decode_members(&mut group, kind, r)
}

/// An entry that is pending: its id, when and how often it was delivered.
type Delivered = (Id, i64, u64);

fn decode_members(group: &mut Group, kind: u8, r: &mut Reader) -> Result<(), Corrupt> {
    let mut pending: Vec<Delivered> = Vec::new();
    for _ in 0..r.count(25)? {
        pending.push((read_raw_id(r)?, i64::from_le_bytes(r.array()?), r.number()?));
    }
    pending.sort_unstable();
    for _ in 0..r.count(10)? {
        decode_consumer(group, kind, &pending, r)?;
    }
    if group.pending_len() != pending.len() {
        return Err(r.corrupt("pending entries without a consumer"));
    }
    Ok(())
}

fn decode_consumer(group: &mut Group, kind: u8, pending: &[Delivered], r: &mut Reader) -> Result<(), Corrupt> {
    let (name, seen_ms) = (r.text()?, i64::from_le_bytes(r.array()?));
    let (n, new) = group.find_or_create(&name, seen_ms);
    if !new {
        return Err(r.corrupt("Duplicate stream consumer detected"));
    }
    let active_ms = if kind == kind::STREAM_3 { i64::from_le_bytes(r.array()?) } else { seen_ms };
    if active_ms != -1 {
        group.served(n, active_ms);
    }
    for _ in 0..r.count(16)? {
        let id = read_raw_id(r)?;
        let known = pending.binary_search_by_key(&id, |p| p.0).map_err(|_| r.corrupt("an unknown pending entry"))?;
        if group.pending(id).is_some() {
            return Err(r.corrupt("an entry pending for two consumers"));
        }
        let (_, delivered_ms, deliveries) = pending[known];
        group.deliver(id, n, delivered_ms, deliveries);
    }
    Ok(())
}

fn read_raw_id(r: &mut Reader) -> Result<Id, Corrupt> {
    Ok(Id::new(u64::from_be_bytes(r.array()?), u64::from_be_bytes(r.array()?)))
}
