//! The first lines of a server's log.

use crate::{config::Config, session::shared::Boot};

/// Says who starts, where, and under which number.
pub fn print(config: &Config, boot: &Boot) {
    let (version, pid, port) = (env!("CARGO_PKG_VERSION"), boot.pid, config.network.port);
    tracing::warn!(
        "Norn version={version}, bits={}, workers={}, pid={pid}, just started",
        usize::BITS,
        config.network.io_threads
    );
    if boot.config_file.is_empty() {
        tracing::warn!("Warning: no config file specified, using the default config.");
    } else {
        tracing::warn!("Configuration loaded");
    }
    if !config.monitoring.always_show_logo {
        tracing::info!("Running mode=standalone, port={port}.");
        return;
    }
    let facts = [
        format!("Norn {version}"),
        format!("Running in standalone mode, {} workers", config.network.io_threads),
        format!("Port: {port}"),
        format!("PID: {pid}"),
    ];
    let art = [r"  |\  |", r"  | \ |   a thread", r"  |  \|   for every", r"  |   |   fate"];
    for (left, right) in art.iter().zip(facts) {
        tracing::info!("{left:<20} {right}");
    }
}
