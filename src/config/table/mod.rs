//! The rows, one file per theme.

use super::Directive;

pub mod cluster;
pub mod encoding;
pub mod limits;
pub mod memory;
pub mod monitoring;
pub mod network;
pub mod persistence;
pub mod process;
pub mod replication;
pub mod security;
pub mod tls;

/// Every theme's rows.
pub(super) const ROWS: [&[Directive]; 11] = [
    network::ROWS,
    limits::ROWS,
    memory::ROWS,
    encoding::ROWS,
    persistence::ROWS,
    replication::ROWS,
    cluster::ROWS,
    security::ROWS,
    tls::ROWS,
    monitoring::ROWS,
    process::ROWS,
];
