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
