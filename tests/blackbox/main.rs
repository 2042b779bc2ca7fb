//! Black-box tests: the built binary, real sockets, one module per subject.

#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod aof_base;
mod aof_file;
mod aof_off;
mod aof_old;
mod buffers;
mod command_rows;
#[path = "../common/mod.rs"]
mod common;
mod dir;
mod durability;
mod exchange;
mod harness;
mod journal;
mod migrate;
mod process;
mod rdb_file;
mod saving;
mod silence;
mod start;
