//! The arguments of XREAD and XREADGROUP.

use super::super::{ctx::Ctx, row::KeyFlags};
use super::count_arg;
use crate::{
    base::{num::parse_i64, time::Mono},
    protocol::Error,
    session::Args,
};

/// What XREAD or XREADGROUP was asked.
#[derive(Default)]
pub struct ReadArgs<'a> {
    /// Most entries per stream; 0: all.
    pub count: usize,
    /// Wait if there is nothing, until then (`None`: for ever).
    pub block: Option<Option<Mono>>,
    /// Group and consumer.
    pub group: Option<(&'a [u8], &'a [u8])>,
    pub no_ack: bool,
    /// The first key's argument, and how many there are; ids follow.
    pub first: usize,
    pub streams: usize,
}

impl<'a> ReadArgs<'a> {
    pub fn parse(ctx: &Ctx<'a, '_>) -> Result<ReadArgs<'a>, Error> {
        let in_group = ctx.row.name == "xreadgroup";
        let (mut a, mut i) = (ReadArgs::default(), 1);
        while i < ctx.argc() {
            let more = ctx.argc() - i - 1;
            if more >= 1 && ctx.is(i, "BLOCK") {
                a.block = Some(deadline_arg(ctx, i + 1)?);
                i += 1;
            } else if more >= 1 && ctx.is(i, "COUNT") {
                a.count = count_arg(ctx, i + 1)?;
                i += 1;
            } else if more >= 1 && ctx.is(i, "STREAMS") {
                if more % 2 == 1 {
                    return Err(unbalanced(in_group));
                }
                (a.first, a.streams) = (i + 1, more / 2);
                break;
            } else if more >= 2 && ctx.is(i, "GROUP") {
                if !in_group {
                    return Err(GROUP_NOT_HERE);
                }
                a.group = Some((ctx.arg(i + 1), ctx.arg(i + 2)));
                i += 2;
            } else if ctx.is(i, "NOACK") {
                if !in_group {
                    return Err(NOACK_NOT_HERE);
                }
                a.no_ack = true;
            } else {
                return Err(Error::SYNTAX);
            }
            i += 1;
        }
        match () {
            () if a.streams == 0 => Err(Error::SYNTAX),
            () if in_group && a.group.is_none() => Err(Error::Static("ERR Missing GROUP option for XREADGROUP")),
            () => Ok(a),
        }
    }
}

/// When a timeout in milliseconds, given in argument `i`, will be over; `None`: never.
fn deadline_arg(ctx: &Ctx, i: usize) -> Result<Option<Mono>, Error> {
    let ms = parse_i64(ctx.arg(i)).ok_or(Error::TIMEOUT_NOT_INT)?;
    let ms = u64::try_from(ms).map_err(|_| Error::TIMEOUT_NEGATIVE)?;
    if ms > i64::MAX as u64 - ctx.now.wall.0 {
        return Err(Error::TIMEOUT_RANGE);
    }
    let after_ns = ms.saturating_mul(1_000_000);
    Ok((ms > 0).then_some(Mono(ctx.now.mono.0.saturating_add(after_ns))))
}

fn unbalanced(in_group: bool) -> Error {
    let (name, symbol) = if in_group { ("xreadgroup", '>') } else { ("xread", '$') };
    Error::err(format!(
        "Unbalanced '{name}' list of streams: for each stream key an ID or '{symbol}' must be specified."
    ))
}

const GROUP_NOT_HERE: Error =
    Error::Static("ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.");
const NOACK_NOT_HERE: Error =
    Error::Static("ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.");

/// The keys: the first half of what follows the word STREAMS, which may also be the name of
/// a group.
pub fn keys(args: Args) -> Vec<(usize, KeyFlags)> {
    let mut i = 1;
    while i < args.len() {
        let word = args.at(i);
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        if is("STREAMS") {
            let n = args.len() - i - 1;
            let flags = KeyFlags::RO.or(KeyFlags::ACCESS);
            return if n.is_multiple_of(2) { (i + 1..=i + n / 2).map(|k| (k, flags)).collect() } else { Vec::new() };
        }
        i += match () {
            () if is("BLOCK") || is("COUNT") => 2,
            () if is("GROUP") => 3,
            () if is("NOACK") => 1,
            () => break,
        };
    }
    Vec::new()
}
