//! The key space: shards behind locks, the key table, entries, expiry, eviction, the
//! memory account, and `Keys`, the one door to change.

pub mod access;
pub mod block;
#[cfg(test)]
mod block_tests;
pub mod changes;
pub mod database;
pub mod edit;
pub mod epoch;
pub mod event;
pub mod evict;
pub mod expire;
pub mod garbage;
pub mod hash;
pub mod held;
pub mod keys;
pub mod list;
mod load;
pub mod object;
pub mod ops;
pub mod relocate;
pub mod scan;
pub mod set;
pub mod shard;
pub mod stream;
pub mod string;
pub mod zset;

pub use block::{Entry, Kind, Type};
pub use edit::Edit;
pub use event::Event;
pub use held::Held;
pub use keys::{Key, Keys};
