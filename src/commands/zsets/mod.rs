//! Sorted-set commands: giving scores, ranges by rank, score and name, combining, popping,
//! waiting.

pub mod add;
mod algebra;
pub mod blocking;
pub mod combine;
pub mod pop;
mod query;
pub mod random;
pub mod range;
pub mod read;
pub mod remove;
pub mod scan;
pub mod store;

use super::{
    ctx::{Ctx, DONE, Outcome},
    items,
};
use crate::{
    data::{packed::Item, zset::Builder},
    keyspace::{
        Event, event,
        zset::{ZsetLimits, entry_of},
    },
    protocol::{Error, Reply},
};

const NOT_SCORES: Error = Error::Static("ERR min or max is not a float");
const NOT_LEX: Error = Error::Static("ERR min or max not valid string range item");

/// How large a packed sorted set may be.
pub(super) fn limits(ctx: &Ctx) -> ZsetLimits {
    ZsetLimits::of(&ctx.config.encoding)
}

/// Replies a member and, if wanted, its score: as an array of the two in RESP3.
#[inline]
fn reply_member(out: &mut Reply, scores: bool, member: Item, score: f64) {
    if scores && out.resp3 {
        out.array(2);
    }
    items::reply(out, member);
    if scores {
        out.double(score);
    }
}

/// Replies `n` members and, if wanted, their scores.
#[inline]
fn reply_members<'m>(out: &mut Reply, n: usize, scores: bool, members: impl Iterator<Item = (Item<'m>, f64)>) {
    out.array(if scores && !out.resp3 { 2 * n } else { n });
    members.for_each(|(member, score)| reply_member(out, scores, member, score));
}

/// Stores a result under the key in argument `at` and replies its size; an empty one deletes
/// the key.
pub(super) fn store(ctx: &mut Ctx, at: usize, members: Builder, event: Event) -> Outcome {
    let (key, limits, len) = (ctx.key(at), limits(ctx), members.len());
    if members.is_empty() {
        ctx.keys.delete(key, event::DEL);
    } else {
        ctx.keys.put(key.hash, entry_of(key.bytes, members, limits), event);
    }
    ctx.out.int(len as i64);
    DONE
}
