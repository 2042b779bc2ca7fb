//! String commands, a file per theme.

pub mod get;
pub mod lcs;
pub mod number;
mod options;
pub mod range;
pub mod set;
pub mod set_many;

use super::row::{Flags, Group, Row, Run};

/// A string command's row, to be completed with struct update syntax.
const fn row(name: &'static str, arity: i16, flags: Flags, run: Run) -> Row {
    Row { flags, acl: super::row::Acl::STRING, complexity: "O(1)", ..Row::new(name, arity, Group::String, run) }
}
