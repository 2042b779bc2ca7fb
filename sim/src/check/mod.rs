//! Judges of what clients saw.

pub mod history;
mod lanes;
pub mod search;
#[cfg(test)]
mod tests;

pub use history::History;
