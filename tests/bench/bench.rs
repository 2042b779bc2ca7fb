//! `make bench`: speed and memory beside `redis-server`, measured in one run and printed as
//! a table.
//!
//! `bench [ROW...]` measures all rows or those named (or beginning so): cpu-16 ops-64 cpu-1
//! engine write-* range-* whole-* (single requests: `collections`) mem-empty mem-3 mem-ttl mem-100
//! mem-hash elem-{zset,set,hash,list,stream} pause-insert pause-free-* file-{everysec,always,load-rdb,
//! load-aof,save}. `NORN_BIN` names the binary under test; `NORN_BIN=$(command -v redis-server)` shows how far from 1 noise alone takes the ratios.

#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod collections;
#[path = "../common/mod.rs"]
mod common;
mod engine;
mod files;
mod load;
mod memory;
mod pause;
mod process;
mod speed;
mod table;

use common::Server;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::{env, io};

/// The server's own, since one figure is measured in this process.
#[global_allocator]
static ALLOCATOR: norn::env::tokio_env::Allocator = norn::env::tokio_env::Allocator;

/// Which server.
#[derive(Clone, Copy)]
pub enum Side {
    Ours,
    Peer,
}

/// The two binaries.
pub struct Pair {
    ours: PathBuf,
    peer: PathBuf,
}

impl Pair {
    fn binary(&self, side: Side) -> &PathBuf {
        match side {
            Side::Ours => &self.ours,
            Side::Peer => &self.peer,
        }
    }

    /// Starts one with a single worker on the server's core.
    pub fn start(&self, side: Side, options: &[&str]) -> Server {
        let mut command = Command::new("taskset");
        command.args(["-c", process::SERVER_CORE]).arg(self.binary(side));
        command.args(["--io-threads", "1"]).args(options);
        Server::start_with(command)
    }

    /// Starts one on all cores.
    pub fn start_unpinned(&self, side: Side, options: &[&str]) -> Server {
        Server::start_with(self.command(side, options))
    }

    /// What starts one on all cores: the benchmark itself is pinned, and children would inherit
    /// that.
    pub fn command(&self, side: Side, options: &[&str]) -> Command {
        let mut command = Command::new("taskset");
        let both = format!("{},{}", process::SERVER_CORE, process::CLIENT_CORE);
        command.args(["-c", &both]).arg(self.binary(side)).args(options);
        command
    }
}

fn measure(rows: &[String]) -> io::Result<()> {
    process::pin_self()?;
    let peer = common::peer().ok_or_else(|| io::Error::other("redis-server is not installed"))?;
    let pair = Pair { ours: common::subject(), peer };
    let wanted = |row: &str| rows.is_empty() || rows.iter().any(|name| row.starts_with(name.as_str()));
    println!("{} beside {}\n", pair.ours.display(), pair.peer.display());
    table::print_head();
    speed::run(&pair, &wanted)?;
    engine::run(&wanted)?;
    collections::run(&pair, &wanted)?;
    memory::run(&pair, &wanted)?;
    pause::run(&pair, &wanted)?;
    files::run(&pair, &wanted)
}

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let done = match args.as_slice() {
        [mode, port] if mode == "insert" => match port.parse() {
            Ok(port) => pause::insert(port),
            Err(_) => Err(io::Error::other("insert needs a port")),
        },
        [mode] if mode == "engine-alone" => {
            engine::measure();
            Ok(())
        }
        rows => measure(rows),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}
