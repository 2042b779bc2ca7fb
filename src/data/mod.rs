//! See the layer list in `lib.rs`.

pub mod list;
pub mod packed;
