//! List commands: at the ends, within, from list to list, and waiting.

pub mod blocking;
pub mod ends;
pub mod read;
pub mod transfer;
pub mod within;

use super::ctx::Ctx;
use crate::{
    data::list::{End, NodeLimit},
    keyspace::Event,
    protocol::Error,
};
use std::sync::atomic::Ordering::Relaxed;

/// The event of adding at an end.
fn pushed(end: End) -> Event {
    Event::list(if end == End::Head { "lpush" } else { "rpush" })
}

/// The event of taking from an end.
fn popped(end: End) -> Event {
    Event::list(if end == End::Head { "lpop" } else { "rpop" })
}

/// How large a packed list may be.
pub(super) fn limit(ctx: &Ctx) -> NodeLimit {
    let large_from = ctx.shared.debug.large_element_bytes.load(Relaxed);
    NodeLimit::new(ctx.config.encoding.list_max_listpack_size).with_large_from(large_from)
}

/// Argument `i` as LEFT or RIGHT.
fn end_arg(ctx: &Ctx, i: usize) -> Result<End, Error> {
    match () {
        () if ctx.is(i, "LEFT") => Ok(End::Head),
        () if ctx.is(i, "RIGHT") => Ok(End::Tail),
        () => Err(Error::SYNTAX),
    }
}
