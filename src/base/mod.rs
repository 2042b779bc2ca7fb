//! Leaf helpers with no knowledge of keys, clients or the protocol.

pub mod bytes;
pub mod calendar;
pub mod clock;
pub mod glob;
pub mod hash;
pub mod long_double;
pub mod memory_size;
pub mod num;
pub mod prng;
pub mod process;
pub mod split;
pub mod sync;
pub mod time;
pub mod version;
