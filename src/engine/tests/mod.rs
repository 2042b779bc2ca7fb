//! Tests of commands through the engine, a file per family.

mod lists;
mod rig;
