//! Commands on keys of any type, a file per theme.

pub mod dump;
pub mod existence;
pub mod flush;
pub mod iterate;
pub mod migrate;
pub mod object;
pub mod relocate;

use super::row::{Acl, Flags, Group, Row, Run};

/// A generic command's row, to be completed with struct update syntax.
const fn row(name: &'static str, arity: i16, flags: Flags, run: Run) -> Row {
    Row { flags, acl: Acl::KEYSPACE, complexity: "O(1)", ..Row::new(name, arity, Group::Generic, run) }
}
