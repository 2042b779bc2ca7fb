//! What the kernel says about a server process, and where the processes run.

use std::process::{Command, Stdio};
use std::{fs, io};

/// The core of the server; the client has [`CLIENT_CORE`] to itself.
pub const SERVER_CORE: &str = "0";
pub const CLIENT_CORE: &str = "1";

/// CPU seconds, user and system, that a process's threads have used: to the nanosecond, where
/// `/proc/PID/stat` tells hundredths of a second.
pub fn cpu_s(pid: u32) -> io::Result<f64> {
    let mut used_ns = 0.0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let stat = fs::read_to_string(thread?.path().join("schedstat"))?;
        used_ns += stat.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0.0);
    }
    Ok(used_ns / 1e9)
}

/// Resident bytes of a process.
pub fn rss_bytes(pid: u32) -> io::Result<u64> {
    field_bytes(&format!("/proc/{pid}/status"), "VmRSS:")
}

/// Bytes of memory that a process and its children take together: what they share counts once.
pub fn family_bytes(pid: u32) -> io::Result<u64> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
    if children.is_empty() {
        return rss_bytes(pid);
    }
    // A child may have ended in between.
    let shares = children.split_ascii_whitespace().map(|child| share_bytes(child).unwrap_or(0));
    Ok(share_bytes(&pid.to_string())? + shares.sum::<u64>())
}

/// A process's proportional share of the memory it maps.
fn share_bytes(pid: &str) -> io::Result<u64> {
    field_bytes(&format!("/proc/{pid}/smaps_rollup"), "Pss:")
}

/// A line of a file of the kernel's that tells kilobytes.
fn field_bytes(path: &str, name: &str) -> io::Result<u64> {
    let text = fs::read_to_string(path)?;
    let line = text.lines().find(|line| line.starts_with(name)).unwrap_or("");
    let kb = line.split_ascii_whitespace().nth(1).and_then(|kb| kb.parse().ok()).unwrap_or(0u64);
    Ok(kb * 1024)
}

/// Ties this process to the client's core.
pub fn pin_self() -> io::Result<()> {
    let pid = std::process::id().to_string();
    let mut command = Command::new("taskset");
    let status = command.args(["-pc", CLIENT_CORE, &pid]).stdout(Stdio::null()).status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other("taskset failed: are there two cores?")) }
}
