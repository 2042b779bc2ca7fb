//! Stream commands: entries, groups of consumers, and waiting for either.

pub mod add;
pub mod autoclaim;
pub mod claim;
pub mod delete;
pub mod group;
pub mod info;
mod journal;
pub mod pending;
pub mod range;
pub mod read;
mod read_args;
mod trim;

use super::{
    ctx::Ctx,
    items,
    row::{Acl, Flags, Group, Row, Run},
};
use crate::{
    data::stream::{Entry, Id, NodeLimit},
    keyspace::Event,
    protocol::{Error, Reply},
};

const XADD: Event = Event::stream("xadd");
const XTRIM: Event = Event::stream("xtrim");
const CREATE_CONSUMER: Event = Event::stream("xgroup-createconsumer");

/// A stream command's row, to be completed with struct update syntax.
const fn row(name: &'static str, arity: i16, flags: Flags, run: Run) -> Row {
    Row { flags, acl: Acl::STREAM, since: "5.0.0", complexity: "O(1)", ..Row::new(name, arity, Group::Stream, run) }
}

/// When a node is full.
fn limit(ctx: &Ctx) -> NodeLimit {
    let e = &ctx.config.encoding;
    NodeLimit { bytes: e.stream_node_max_bytes, entries: e.stream_node_max_entries }
}

/// The frozen time, unix ms.
fn now_ms(ctx: &Ctx) -> i64 {
    ctx.keys.access.real(ctx.now.wall).0 as i64
}

/// Argument `i` as the id of one entry.
fn id_arg(ctx: &Ctx, i: usize) -> Result<Id, Error> {
    Id::parse(ctx.arg(i), 0).ok_or(Error::INVALID_STREAM_ID)
}

/// The arguments from `first` on as ids.
fn id_args(ctx: &Ctx, first: usize) -> Result<Vec<Id>, Error> {
    (first..ctx.argc()).map(|i| id_arg(ctx, i)).collect()
}

/// Argument `i` as the lowest id of a range; `(` in front leaves the id itself out.
fn start_arg(ctx: &Ctx, i: usize) -> Result<Id, Error> {
    match ctx.arg(i) {
        [b'(', id @ ..] if !id.is_empty() => {
            let id = Id::parse(id, 0).ok_or(Error::INVALID_STREAM_ID)?;
            id.next().ok_or(Error::Static("ERR invalid start ID for the interval"))
        }
        id => Id::parse_bound(id, 0).ok_or(Error::INVALID_STREAM_ID),
    }
}

/// Argument `i` as the greatest id of a range.
fn end_arg(ctx: &Ctx, i: usize) -> Result<Id, Error> {
    match ctx.arg(i) {
        [b'(', id @ ..] if !id.is_empty() => {
            let id = Id::parse(id, u64::MAX).ok_or(Error::INVALID_STREAM_ID)?;
            id.prev().ok_or(Error::Static("ERR invalid end ID for the interval"))
        }
        id => Id::parse_bound(id, u64::MAX).ok_or(Error::INVALID_STREAM_ID),
    }
}

/// Argument `i` as how many to return at most: an integer, of which a negative one is 0.
fn count_arg(ctx: &Ctx, i: usize) -> Result<usize, Error> {
    Ok(usize::try_from(ctx.int(i)?).unwrap_or(0))
}

#[inline]
fn reply_id(out: &mut Reply, id: Id) {
    id.with_text(|text| out.bulk(text));
}

/// Replies an id, and fields and values by turns.
#[inline]
fn reply_entry(out: &mut Reply, e: Entry) {
    out.array(2);
    reply_id(out, e.id);
    out.array(2 * e.fields.len());
    for (field, value) in e.fields {
        items::reply(out, field);
        items::reply(out, value);
    }
}

/// Replies an array of entries.
#[inline]
fn reply_entries<'a>(out: &mut Reply, entries: impl Iterator<Item = Entry<'a>>) {
    let (array, mut n) = (out.begin_array(), 0);
    for e in entries {
        reply_entry(out, e);
        n += 1;
    }
    out.end(array, n);
}
