//! The directives of `valkey.conf`, their live values, and the ways in and out.
//!
//! A directive is one row in one of the files under `table/`: the field that holds its value, its type
//! and default, its name, bounds and flags. From the row follow the file syntax ([`load`]), the command
//! line ([`cli`]), CONFIG GET ([`get`]), CONFIG SET ([`set`]) and CONFIG REWRITE ([`rewrite`]).
//!
//! [`Config`] is plain data: cloned for CONFIG SET's all-or-nothing rule, compared to find what changed,
//! and read as ordinary fields elsewhere. Fields read on hot paths are `Copy`. Nothing here opens a file
//! or reads a clock: the text of included files comes from a [`load::Files`].

mod addresses;
pub mod check_aof;
pub mod cli;
mod client_memory;
pub mod directive;
mod get;
mod include;
pub mod load;
mod notify;
mod numbers;
pub mod rewrite;
mod save_points;
pub mod set;
mod table;
mod text;
pub mod title;
mod value;
mod word;

pub use addresses::{BindAddresses, PrimaryAddress};
pub use client_memory::{MemoryCap, OutputLimit, OutputLimits};
pub use directive::{Directive, Part, directives, find, warnings};
pub use get::get;
pub use load::load;

pub use notify::NotifyFlags;
pub use numbers::{OomScores, Percentiles};
pub use rewrite::rewrite;
pub use save_points::{SavePoint, SavePoints};
pub use set::set;
pub use table::cluster::Cluster;
pub use table::encoding::Encoding;
pub use table::limits::Limits;
pub use table::memory::Memory;
pub use table::monitoring::Monitoring;
pub use table::network::Network;
pub use table::persistence::Persistence;
pub use table::process::Process;
pub use table::replication::Replication;
pub use table::security::Security;
pub use table::tls::Tls;
pub use value::Secret;
pub use word::*;

/// Every directive's live value, grouped by theme.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    pub network: Network,
    pub limits: Limits,
    pub memory: Memory,
    pub encoding: Encoding,
    pub persistence: Persistence,
    pub replication: Replication,
    pub cluster: Cluster,
    pub security: Security,
    pub tls: Tls,
    pub monitoring: Monitoring,
    pub process: Process,
    /// `rename-command` lines in file order.
    pub renames: Vec<Rename>,
}

impl Config {
    /// What all clients together may hold, in bytes; `None` if there is no limit.
    pub fn clients_limit_bytes(&self) -> Option<u64> {
        self.limits.maxmemory_clients.limit_bytes(self.memory.maxmemory_bytes)
    }

    /// Whether a limit decides what becomes of a client that does not take its replies. If
    /// none does, it has to wait.
    pub fn limits_replies(&self, subscriber: bool) -> bool {
        self.limits.client_output_buffer_limit.of(subscriber).hard_bytes > 0 || self.clients_limit_bytes().is_some()
    }

    /// Brings values that are accepted but mean no more than their nearest sensible neighbour into range.
    fn normalize(&mut self) {
        self.process.hz = self.process.hz.clamp(1, 500);
    }
}

/// One `rename-command` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    /// The command's name in the table, as written.
    pub from: Vec<u8>,
    /// The name clients must use instead; empty removes the command.
    pub to: Vec<u8>,
}

#[cfg(test)]
mod tests;
