//! See the layer list in `lib.rs`.
pub mod log;
