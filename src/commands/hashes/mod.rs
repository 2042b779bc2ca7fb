//! Hash commands: setting, reading, counting with, walking, and fields that expire.

pub mod expiry;
pub mod numbers;
pub mod random;
pub mod read;
pub mod scan;
pub mod timed;
pub mod write;

use super::{ctx::Ctx, items};
use crate::{
    keyspace::hash::{HashLimits, HashRef},
    protocol::Reply,
};
use smallvec::SmallVec;

/// How large a packed hash may be.
fn limits(ctx: &Ctx) -> HashLimits {
    HashLimits::of(&ctx.config.encoding)
}

/// Replies the value of `field`, or null.
#[inline]
fn reply_value(out: &mut Reply, hash: Option<HashRef>, field: &[u8]) {
    match hash.and_then(|h| h.get(field)) {
        Some(value) => items::reply(out, value),
        None => out.null(),
    }
}

/// Fields that a command has done something to, for the journal.
type Fields<'a> = SmallVec<[&'a [u8]; 8]>;

/// Writes to the journal what was done to fields: `head`, then FIELDS and their number if
/// `counted`, then the fields.
fn journal_fields(ctx: &mut Ctx, head: &[&[u8]], counted: bool, fields: &[&[u8]]) {
    if fields.is_empty() || !ctx.journals() {
        return;
    }
    let mut number = itoa::Buffer::new();
    let count = [&b"FIELDS"[..], number.format(fields.len()).as_bytes()];
    ctx.journal_instead(&[head, if counted { &count } else { &[] }, fields].concat());
}
