//! Whole files in the RDB format.
//!
//! ```text
//! magic     "REDIS" and 4 digits of the version; "VALKEY" and 3 digits from version 80 on
//! items     each behind a byte that says what it is:
//!     AUX name value          who wrote the file, when, and what for
//!     FUNCTION2 code          a library of functions
//!     SELECTDB number         the database of the keys that follow
//!     RESIZEDB keys expiring  how many keys the database has
//!     [EXPIRETIME_MS time] [IDLE seconds | FREQ frequency] type name body
//!                             a key; the bytes in front apply to it alone
//! EOF checksum                since version 5: of all bytes so far, or 0 if none was kept
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`writer`] | the pieces, in the order they come, with the checksum |
//! | [`scanner`] | the pieces back, from bytes as they arrive; keys many at a time |
//! | [`skip`] | where a value ends |
//! | [`record`] | one key with its value |
//! | `check` | a file gone over for a person |
//!
//! Sources: `rdb.h` and `rdb.c` of Valkey 8 and 9, and the documentation of the format.

use std::borrow::Cow;

mod check;
pub mod record;
pub mod scanner;
pub mod skip;
pub mod writer;

#[cfg(test)]
mod tests;

pub use check::Check;
pub use record::{Batch, Record, Records};
pub use scanner::{Checked, Item, Options, Scanner};
pub use writer::{About, Access, Writer, record, record_head};

/// Bytes that say what follows; all other values are types of keys ([`super::kind`]).
pub mod op {
    /// A job that imports slots into a cluster's node was under way.
    pub const SLOT_IMPORT: u8 = 243;
    /// How many keys a slot of a cluster has.
    pub const SLOT_INFO: u8 = 244;
    pub const FUNCTION2: u8 = 245;
    /// Functions as candidates of release 7.0 wrote them.
    pub const FUNCTION_PRE_GA: u8 = 246;
    /// What a module keeps besides its keys.
    pub const MODULE_AUX: u8 = 247;
    pub const IDLE: u8 = 248;
    pub const FREQ: u8 = 249;
    pub const AUX: u8 = 250;
    pub const RESIZEDB: u8 = 251;
    pub const EXPIRETIME_MS: u8 = 252;
    /// In seconds, as servers before 2.6 wrote it.
    pub const EXPIRETIME: u8 = 253;
    pub const SELECTDB: u8 = 254;
    pub const EOF: u8 = 255;
}

/// Bytes of the magic text with its version.
pub const MAGIC_BYTES: usize = 9;
/// Bytes of the checksum behind everything.
pub const CHECKSUM_BYTES: usize = 8;

/// Whether a file that begins like this is an RDB file: the base of an append-only file may
/// be one or not.
pub fn is_rdb(beginning: &[u8]) -> bool {
    beginning.starts_with(b"REDIS") || beginning.starts_with(b"VALKEY")
}

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Offset in the file.
    pub at: u64,
    /// What is wrong there.
    pub what: Cow<'static, str>,
}

impl Damage {
    pub fn at(at: u64, what: impl Into<Cow<'static, str>>) -> Damage {
        Damage { at, what: what.into() }
    }
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at offset {}", self.what, self.at)
    }
}

impl std::error::Error for Damage {}

/// The name of a module, which its number spells: nine letters of six bits each, and ten
/// bits of a version.
fn module_name(id: u64) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    (1..=9).rev().map(|place| LETTERS[(id >> (10 + 6 * (place - 1)) & 63) as usize] as char).collect()
}
