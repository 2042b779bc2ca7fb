//! Commands: one file per family, each a table of rows and a function per row.

pub mod args;
pub mod bitmaps;
pub mod client;
pub mod command_cmd;
pub mod commandlog;
pub mod config_cmd;
pub mod connection;
pub mod ctx;
pub mod debug;
pub mod expiry;
pub mod generic;
pub mod geo;
pub mod hashes;
pub mod help;
pub mod hyperloglog;
pub mod info;
pub mod items;
pub mod keys;
pub mod latency;
pub mod lists;
pub mod memory;
pub mod monitor;
pub mod pubsub;
pub mod rename;
pub mod row;
pub mod scan_value;
pub mod server_cmd;
pub mod sets;
pub mod sort;
pub mod streams;
pub mod strings;
pub mod table;
pub mod transactions;
pub mod zsets;

pub use ctx::{Block, Ctx, DONE, Flow, Outcome, ShellRequest};
pub use row::{Acl, Arg, ArgKind, Flags, Group, KeyFlags, KeySpec, Row, Scope};
