//! Commands on strings as rows of bits.

pub mod combine;
pub mod count;
pub mod field;
pub mod single;

use super::{
    ctx::Ctx,
    row::{Acl, Flags, Group, Row, Run},
};
use crate::{base::num::parse_i64, keyspace::Event, protocol::Error};

const SETBIT: Event = Event::string("setbit");

const OFFSET: Error = Error::Static("ERR bit offset is not an integer or out of range");

/// A bitmap command's row, to be completed with struct update syntax.
const fn row(name: &'static str, arity: i16, flags: Flags, run: Run) -> Row {
    Row { flags, acl: Acl::BITMAP, complexity: "O(1)", ..Row::new(name, arity, Group::Bitmap, run) }
}

/// Argument `i` as the offset of a bit; `#` in front counts in units of `unit` bits, if there
/// are any.
fn offset_arg(ctx: &Ctx, i: usize, unit: Option<u32>) -> Result<u64, Error> {
    let (text, unit) = match (ctx.arg(i), unit) {
        ([b'#', text @ ..], Some(unit)) => (text, unit),
        (text, _) => (text, 1),
    };
    let offset = parse_i64(text).and_then(|n| n.checked_mul(unit.into())).and_then(|n| u64::try_from(n).ok());
    offset.filter(|n| n / 8 < ctx.config.limits.proto_max_bulk_len_bytes).ok_or(OFFSET)
}
