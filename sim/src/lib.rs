//! The simulator: a whole cluster, its clients, network and disks in one process from one
//! seed. Compiled only under `--cfg madsim` (see `make sim`).
//!
//! madsim lends its executor, virtual clock, random numbers and the killing of nodes; the
//! network and the disks are ours ([`net`], [`disk`]), because a simulator that is kinder than
//! the kernel proves nothing. [`env`] puts them together as the server's `Env`, [`machine`]
//! crashes and restarts nodes, [`durable`] judges what survives, [`scenario`] holds what is run, [`run`] runs it by seed.
#![cfg(madsim)]

pub mod check;
mod clock;
pub mod disk;
pub mod durable;
pub mod env;
pub mod machine;
pub mod model;
pub mod net;
pub mod os;
pub mod run;
pub mod scenario;
pub mod trace;
pub mod workload;
