//! List commands: at the ends, within, from list to list, and waiting.

pub mod blocking;
pub mod ends;
pub mod read;
pub mod transfer;
pub mod within;

use super::ctx::Ctx;
use crate::{
    base::num::parse_i64,
    data::list::{End, NodeLimit},
    keyspace::Event,
    protocol::Error,
};
use std::{ops::Range, sync::atomic::Ordering::Relaxed};

/// The event of adding at an end.
fn pushed(end: End) -> Event {
    Event::list(if end == End::Head { "lpush" } else { "rpush" })
}

/// The event of taking from an end.
fn popped(end: End) -> Event {
    Event::list(if end == End::Head { "lpop" } else { "rpop" })
}

/// How large a packed list may be.
fn limit(ctx: &Ctx) -> NodeLimit {
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

/// Argument `i` as an integer of at least `min`; anything else is the error `message`.
fn at_least(ctx: &Ctx, i: usize, min: i64, message: &'static str) -> Result<usize, Error> {
    parse_i64(ctx.arg(i)).filter(|n| *n >= min).map(|n| n as usize).ok_or(Error::Static(message))
}

/// Argument `i` as an integer whose magnitude is one too.
fn symmetric(ctx: &Ctx, i: usize) -> Result<i64, Error> {
    match parse_i64(ctx.arg(i)).ok_or(Error::NOT_INT)? {
        i64::MIN => Err(Error::not_in_range(-i64::MAX, i64::MAX)),
        n => Ok(n),
    }
}

/// The elements of `len` that lie between two inclusive indexes, negative ones counted
/// from the tail.
fn span(start: i64, stop: i64, len: usize) -> Range<usize> {
    let absolute = |i: i64| if i < 0 { i.saturating_add(len as i64) } else { i };
    let (start, stop) = (absolute(start).max(0), absolute(stop));
    if start > stop || start as usize >= len {
        return 0..0;
    }
    start as usize..len.min((stop as usize).saturating_add(1))
}
