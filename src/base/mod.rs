//! Leaf helpers with no knowledge of keys, clients or the protocol.

pub mod hash;
pub mod time;
