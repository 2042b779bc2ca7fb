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
