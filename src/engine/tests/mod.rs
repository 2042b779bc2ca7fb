//! Tests of commands through the engine, a file per family.

mod bitmaps;
mod blocking;
mod client;
mod command;
mod config;
mod connection;
mod debug;
mod dump;
mod events;
mod eviction;
mod expiry;
mod generic;
mod geo;
mod hashes;
mod hyperloglog;
mod info;
mod lists;
mod pubsub;
mod records;
mod rig;
mod sets;
mod sort;
mod streams;
mod strings;
mod transactions;
mod zsets;
