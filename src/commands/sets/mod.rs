//! Set commands: adding and removing, asking and walking, drawing, combining.

pub mod algebra;
pub mod combine;
pub mod random;
pub mod read;
pub mod store;
pub mod write;

use super::{ctx::Ctx, row::*};
use crate::keyspace::{Key, set::SetLimits};
use smallvec::SmallVec;
use std::ops::Range;

const READ: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))];
const ASK: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RO)];
const NO_ORDER: &[&str] = &["nondeterministic_output_order"];
const NO_DETERMINISM: &[&str] = &["nondeterministic_output"];

/// How large the small forms of a set may be.
fn limits(ctx: &Ctx) -> SetLimits {
    SetLimits::of(&ctx.config.encoding)
}

/// A set command's row, to be completed with struct update syntax.
const fn row(name: &'static str, arity: i16, flags: Flags, run: Run) -> Row {
    Row { flags, acl: Acl::SET, since: "1.0.0", complexity: "O(1)", ..Row::new(name, arity, Group::Set, run) }
}

/// The keys in a range of arguments.
fn keys<'a>(ctx: &Ctx<'a, '_>, at: Range<usize>) -> SmallVec<[Key<'a>; 4]> {
    at.map(|i| ctx.key(i)).collect()
}
