//! Tests of commands through the engine, a file per family.

mod connection;
mod lists;
mod rig;
