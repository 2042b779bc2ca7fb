//! The versions this server goes by.
//!
//! Clients and tools decide from them which commands and fields they may use. Redis's is
//! the last that Valkey claims compatibility with. Valkey's is the release whose commands
//! and options the command families present here have in full: a part that is missing
//! altogether (scripts, say) is missing at every version, and answers as an unknown command.

/// `redis_version`.
pub const REDIS: &str = "7.2.4";
/// `valkey_version`.
pub const VALKEY: &str = "9.0.0";
/// `norn_version`.
pub const NORN: &str = env!("CARGO_PKG_VERSION");
