//! Replies of packed elements.

use crate::{data::packed::Item, protocol::Reply};

/// Replies an element's text as a bulk string.
#[inline]
pub fn reply(out: &mut Reply, item: Item) {
    match item {
        Item::Str(text) => out.bulk(text),
        Item::Int(n) => out.bulk_int(n),
    }
}

/// Makes `count` replies, or as many as the client can still be sent.
#[inline]
pub fn repeat(out: &mut Reply, count: usize, mut one: impl FnMut(&mut Reply)) {
    for _ in 0..count {
        if out.is_futile() {
            return;
        }
        one(out);
    }
}
