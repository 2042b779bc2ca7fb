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
//!
//! Sources: `rdb.h` and `rdb.c` of Valkey 8 and 9, and the documentation of the format.

pub mod writer;

pub use writer::{About, Access, Writer, record};

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
