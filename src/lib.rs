//! Norn: a drop-in Valkey server whose every production line also runs inside a
//! deterministic simulator and under fuzzers.
//!
//! The layers, each naming only those above it in this list (`tests/tidy.rs` checks):
//!
//! - [`base`]: glob, numbers and their text forms, prng, time types, hashing.
//! - [`protocol`]: RESP2/RESP3 requests in, replies out, every client-visible error text.
//! - [`data`]: containers that know nothing of keys, time or clients.
//! - [`config`]: the directives, their file and command-line syntax, the live values.
//! - [`keyspace`]: shards, the key table, entries, expiry, eviction, memory account; `edit` is the one door to change.
//! - [`session`]: one connection's state, mailboxes, the registries of clients and channels.
//! - [`persist`]: values as bytes and back: the RDB format, DUMP's envelope, the append-only file's parts.
//! - [`commands`]: one file per family: a table of rows and a function per row.
//! - [`engine`]: dispatch: ordered pre-checks, lock scope, execution, effects.
//! - [`env`]: the seam: network, disk, clocks, randomness, tasks; and the tokio implementation.
//! - [`server`]: the shell: listeners, connections, timers; generic over [`env::Env`].

pub mod base;
pub mod commands;
pub mod config;
pub mod data;
pub mod engine;
pub mod env;
pub mod keyspace;
pub mod persist;
pub mod protocol;
pub mod server;
pub mod session;
