//! The RDB format: one value after another, each behind a byte that says its type and form.
//!
//! | module | what it does |
//! |---|---|
//! | [`write`] | lengths, texts, numbers, as bytes |
//! | [`read`] | the same back, from bytes that may be hostile |
//! | [`encode`] | a value's type byte and body |
//! | [`decode`] | a value from its type byte and body, whichever of the forms it is in |
//! | [`stream`] | streams, both ways |
//! | [`file`] | whole files: values with their keys, and what stands around them |
//! | [`ziplist`] | the small forms that servers before 7.0 wrote |
//!
//! A reader takes nothing on trust. What it allocates is bounded by the bytes it was given,
//! small forms are checked element by element, a member that occurs twice is an error, and
//! every value is built anew by the same code that commands use, so that it is in the form
//! this server's configuration calls for.
//!
//! Sources: `rdb.h` and `rdb.c` of Valkey 8 and 9 and Redis 7.4 for type numbers, the
//! documentation of RDB file formats for the rest.

pub mod decode;
pub mod encode;
pub mod file;
mod legacy;
mod lzf;
pub mod parts;
pub mod read;
mod stream;
pub mod write;
mod ziplist;

#[cfg(test)]
mod tests;

pub use decode::{Limits, decode};
pub use encode::{Format, encode};
pub use read::Reader;

/// The version that Valkey 7.2 and 8, and Redis 7.2, read.
pub const VERSION: u16 = 11;
/// Valkey 9's, for what older servers do not know.
pub const VERSION_VALKEY_9: u16 = 80;
/// The last version that Redis and Valkey share; what Redis 7.4 added follows.
pub const VERSION_REDIS_7_4: u16 = 12;

/// Whether values and files of this version are read. `strict` refuses the versions that
/// neither this server nor its ancestors wrote.
pub fn is_known(version: u16, strict: bool) -> bool {
    let strange = version > VERSION_REDIS_7_4 && version != VERSION_VALKEY_9;
    !(strict && strange)
}

/// Type bytes: what follows, and in which form.
pub mod kind {
    pub const STRING: u8 = 0;
    pub const LIST: u8 = 1;
    pub const SET: u8 = 2;
    /// Scores are texts.
    pub const ZSET: u8 = 3;
    pub const HASH: u8 = 4;
    /// Scores are doubles.
    pub const ZSET_2: u8 = 5;
    /// A module's value, as candidates of release 4.0 wrote it.
    pub const MODULE_PRE_GA: u8 = 6;
    /// A module's value.
    pub const MODULE: u8 = 7;
    pub const HASH_ZIPMAP: u8 = 9;
    pub const LIST_ZIPLIST: u8 = 10;
    pub const SET_INTSET: u8 = 11;
    pub const ZSET_ZIPLIST: u8 = 12;
    pub const HASH_ZIPLIST: u8 = 13;
    pub const LIST_QUICKLIST: u8 = 14;
    pub const STREAM: u8 = 15;
    pub const HASH_LISTPACK: u8 = 16;
    pub const ZSET_LISTPACK: u8 = 17;
    pub const LIST_QUICKLIST_2: u8 = 18;
    /// With the ids and counts that lag is computed from.
    pub const STREAM_2: u8 = 19;
    pub const SET_LISTPACK: u8 = 20;
    /// With the times at which consumers were active.
    pub const STREAM_3: u8 = 21;
    /// Fields that expire, as Valkey 9 writes them.
    pub const HASH_2: u8 = 22;
    /// Fields that expire, as Redis 7.4 writes them.
    pub const HASH_METADATA: u8 = 24;
    pub const HASH_LISTPACK_EX: u8 = 25;

    /// What a form is called, for people.
    pub fn name(kind: u8) -> &'static str {
        match kind {
            STRING => "String",
            LIST => "List",
            SET => "Set",
            ZSET | ZSET_2 => "Zset",
            HASH | HASH_2 | HASH_METADATA => "Hash",
            MODULE_PRE_GA | MODULE => "Module",
            HASH_ZIPMAP => "Zipmap",
            LIST_ZIPLIST => "List ziplist",
            SET_INTSET => "Intset",
            ZSET_ZIPLIST => "Zset ziplist",
            HASH_ZIPLIST => "Hash ziplist",
            LIST_QUICKLIST => "Quicklist ziplist",
            STREAM | STREAM_2 | STREAM_3 => "Stream listpack",
            HASH_LISTPACK | HASH_LISTPACK_EX => "Hash listpack",
            ZSET_LISTPACK => "Zset listpack",
            LIST_QUICKLIST_2 => "Quicklist listpack",
            SET_LISTPACK => "Set listpack",
            _ => "Value",
        }
    }
}

/// Bytes that are not what the format says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupt {
    /// Offset of what is wrong.
    pub at: usize,
    /// What is wrong with it.
    pub what: &'static str,
    /// How many more bytes are needed at least to tell; 0 if it is wrong whatever follows.
    pub missing: u64,
}

impl Corrupt {
    /// Whether it is a collection without elements, as servers with a bug wrote them.
    pub fn is_empty_value(&self) -> bool {
        self.what == EMPTY_VALUE
    }
}

const EMPTY_VALUE: &str = "a collection without elements";

impl std::fmt::Display for Corrupt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at byte {}", self.what, self.at)
    }
}

impl std::error::Error for Corrupt {}
