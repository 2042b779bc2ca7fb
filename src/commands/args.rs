//! Shapes of arguments that several families share.

use super::ctx::{Block, Ctx, DONE, Flow, Outcome};
use crate::{
    base::{
        long_double::LongDouble,
        num::{parse_f64, parse_i64},
        time::Mono,
    },
    keyspace::Type,
    protocol::Error,
    session::blocked::TimeoutReply,
};
use std::ops::Range;

/// Argument `i` as an integer of at least `min`; anything else is the error `message`.
pub fn at_least(ctx: &Ctx, i: usize, min: i64, message: &'static str) -> Result<usize, Error> {
    parse_i64(ctx.arg(i)).filter(|n| *n >= min).map(|n| n as usize).ok_or(Error::Static(message))
}

/// Argument `i` as an integer whose magnitude is one too.
pub fn symmetric(ctx: &Ctx, i: usize) -> Result<i64, Error> {
    match parse_i64(ctx.arg(i)).ok_or(Error::NOT_INT)? {
        i64::MIN => Err(Error::not_in_range(-i64::MAX, i64::MAX)),
        n => Ok(n),
    }
}

/// The elements of `len` that lie between two inclusive indexes, negative ones counted
/// from the end.
pub fn span(start: i64, stop: i64, len: usize) -> Range<usize> {
    let absolute = |i: i64| if i < 0 { i.saturating_add(len as i64) } else { i };
    let (start, stop) = (absolute(start).max(0), absolute(stop));
    if start > stop || start as usize >= len {
        return 0..0;
    }
    start as usize..len.min((stop as usize).saturating_add(1))
}

/// What LMPOP, ZMPOP and their blocking variants ask for: `numkeys key [key ...] end [COUNT
/// count]`.
pub struct Mpop<E> {
    /// Argument positions of the keys.
    pub keys: Range<usize>,
    pub end: E,
    pub count: usize,
}

impl<E> Mpop<E> {
    /// Parses the arguments from `at` on; `end_arg` reads the one that names the end.
    ///
    /// # Errors
    /// As Valkey's.
    pub fn parse(ctx: &Ctx, at: usize, end_arg: fn(&Ctx, usize) -> Result<E, Error>) -> Result<Mpop<E>, Error> {
        let keys = at_least(ctx, at, 1, "ERR numkeys should be greater than 0")?;
        let end_at = keys.checked_add(at + 1).filter(|i| *i < ctx.argc()).ok_or(Error::SYNTAX)?;
        let end = end_arg(ctx, end_at)?;
        let mut count = 1;
        if ctx.argc() > end_at + 1 {
            if !ctx.is(end_at + 1, "COUNT") || ctx.argc() == end_at + 2 {
                return Err(Error::SYNTAX);
            }
            count = at_least(ctx, end_at + 2, 1, "ERR count should be greater than 0")?;
            if ctx.argc() > end_at + 3 {
                return Err(Error::SYNTAX);
            }
        }
        Ok(Mpop { keys: at + 1..end_at, end, count })
    }
}

/// Asks to be blocked on the keys in these arguments until one holds a value of type `want`.
pub fn wait(ctx: &mut Ctx, keys: Vec<usize>, deadline: Option<Mono>, want: Type) -> Outcome {
    if ctx.session.deny_blocking {
        ctx.out.null_array();
        return DONE;
    }
    let on_timeout = TimeoutReply::NullArray;
    let block = Block { keys, deadline, want, or_loss: false, args: None, on_timeout };
    Ok(Flow::Block(Box::new(block)))
}

/// When a timeout in seconds, given in argument `i`, will be over; `None`: never.
///
/// # Errors
/// If it is no number, negative, or beyond all time.
pub fn deadline(ctx: &Ctx, i: usize) -> Result<Option<Mono>, Error> {
    let text = ctx.arg(i);
    LongDouble::parse(text).ok_or(Error::TIMEOUT_NOT_FLOAT)?;
    // What is a long double but no double is beyond any timeout.
    let beyond = if text.contains(&b'-') { f64::NEG_INFINITY } else { f64::INFINITY };
    let ms = (parse_f64(text).unwrap_or(beyond) * 1000.0).ceil();
    if ms < 0.0 {
        return Err(Error::TIMEOUT_NEGATIVE);
    }
    // The bound is 2^63 as a double; what is below it is an integer of 63 bits.
    if ms >= i64::MAX as f64 || ms as u64 > i64::MAX as u64 - ctx.now.wall.0 {
        return Err(Error::TIMEOUT_RANGE);
    }
    let after_ns = (ms as u64).saturating_mul(1_000_000);
    Ok((ms > 0.0).then_some(Mono(ctx.now.mono.0.saturating_add(after_ns))))
}
