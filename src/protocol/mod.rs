//! The wire: RESP2 and RESP3 requests in, replies out, and every client-visible error text.

pub mod error;
pub mod output;
pub mod reply;
pub mod request;
pub mod value;

pub use error::Error;
pub use output::Output;
pub use reply::{Deferred, Reply};
pub use request::{Limits, Parsed, Parser, Span};
