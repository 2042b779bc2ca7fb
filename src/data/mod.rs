//! See the layer list in `lib.rs`.

pub mod alloc;
pub mod bare;
pub mod bits;
pub mod geo;
pub mod hash;
pub mod hyperloglog;
pub mod list;
pub mod packed;
pub mod prefetch;
pub mod set;
pub mod stream;
pub mod table;
pub mod zset;
