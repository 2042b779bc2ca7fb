//! A sequential model of the server, one group of keys at a time.
//!
//! It is written from the documented behaviour of the commands, shares no code with the
//! server's engine, and favours being obviously right over being quick: values are plain
//! collections. It does know what makes a concurrent server hard to get right: transactions
//! with WATCH, clients that wait and the order in which they are served, and keys that
//! expire by a clock that jumps.

pub mod bits;
mod blocking;
pub mod calendar;
pub mod command;
pub mod encode;
mod family;
pub mod geo;
mod hashes;
mod keys;
mod lists;
mod luck;
pub mod members;
pub mod reply;
pub mod sets;
pub mod sketches;
pub mod state;
pub mod streams;
mod strings;
mod value;
pub mod zsets;

pub use calendar::{Calendar, Span};
pub use command::Command;
pub use luck::Luck;
pub use reply::Reply;
pub use state::State;
