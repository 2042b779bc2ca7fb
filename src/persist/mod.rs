//! What leaves the process and comes back: values as bytes.
//!
//! [`rdb`] is the format of Valkey's and Redis's database files; [`dump`] is the envelope
//! DUMP puts one value in, and RESTORE opens; [`aof`] is the append-only file. Nothing here touches
//! a file: bytes come in and go out.

pub mod aof;
pub mod checksum;
pub mod dump;
pub mod rdb;
pub mod snapshot;
