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
use crate::data::stream::{Group, Id, Log, Node, Stream};

/// The first version whose readers know when consumers were active.
const STREAM_3_SINCE: u16 = 11;

/// The type byte of streams in a format.
pub fn kind_in(format: Format) -> u8 {
    if format.version >= STREAM_3_SINCE { kind::STREAM_3 } else { kind::STREAM_2 }
}

/// Appends the body of a stream.
pub fn encode(s: &Stream, format: Format, out: &mut Vec<u8>) {
    let active = kind_in(format) == kind::STREAM_3;
    write::len(out, s.log.node_count() as u64);
    for node in s.log.nodes() {
        write::len(out, 16);
        raw_id(node.first_id(), out);
        let mut listpack = Vec::new();
        node.write_listpack(&mut listpack);
        write::bytes(out, &listpack, format.compress);
    }
    write::len(out, s.log.len());
    for id in [s.log.last_id, s.log.first_id(), s.log.max_deleted] {
        write::len(out, id.ms);
        write::len(out, id.seq);
    }
    write::len(out, s.log.entries_added);
    write::len(out, s.groups.len() as u64);
    for (name, group) in s.groups.iter() {
        write::text(out, name, format.compress);
        encode_group(group, active, format, out);
    }
}

fn raw_id(id: Id, out: &mut Vec<u8>) {
    out.extend_from_slice(&id.ms.to_be_bytes());
    out.extend_from_slice(&id.seq.to_be_bytes());
}

fn encode_group(g: &Group, active: bool, format: Format, out: &mut Vec<u8>) {
    write::len(out, g.last_id.ms);
    write::len(out, g.last_id.seq);
    write::len(out, g.entries_read.unwrap_or(-1) as u64);
    write::len(out, g.pending_len() as u64);
    for p in g.pending_from(Id::MIN) {
        raw_id(p.id, out);
        out.extend_from_slice(&p.delivered_ms.to_le_bytes());
        write::len(out, p.deliveries);
    }
    write::len(out, g.consumers().len() as u64);
    for c in g.consumers() {
        write::text(out, &c.name, format.compress);
        out.extend_from_slice(&c.seen_ms.to_le_bytes());
        if active {
            out.extend_from_slice(&c.active_ms.unwrap_or(-1).to_le_bytes());
        }
        write::len(out, c.pending_len() as u64);
        c.pending_from(Id::MIN).for_each(|id| raw_id(id, out));
    }
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
        return Err(r.corrupt("a consumer that occurs twice"));
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
