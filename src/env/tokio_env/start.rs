//! What a process does once, before its server starts: reads its configuration, goes to
//! its directory, opens its log.

use crate::env::words;
use std::{fs, io, path::Path};

/// A file's bytes.
///
/// # Errors
/// The operating system's, in words.
pub fn read_file(path: &str) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|e| words(&e))
}

/// The file names in a directory, sorted; none if it cannot be read.
pub fn list_dir(dir: &str) -> Vec<String> {
    let names = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut names: Vec<String> = names.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// `path` from the root, whether or not it exists.
pub fn absolute(path: &str) -> String {
    std::path::absolute(path).map_or_else(|_| path.into(), |p| p.to_string_lossy().into_owned())
}

/// Makes `dir` the working directory and returns it from the root.
///
/// # Errors
/// The operating system's, in words.
pub fn enter_dir(dir: &str) -> Result<String, String> {
    std::env::set_current_dir(dir).map_err(|e| words(&e))?;
    let here = std::env::current_dir().map_err(|e| words(&e))?;
    Ok(here.to_string_lossy().into_owned())
}

/// Where the log goes: the end of a file, or standard output if `path` is empty.
///
/// # Errors
/// The operating system's, in words.
pub fn open_log(path: &str) -> Result<Box<dyn io::Write + Send>, String> {
    if path.is_empty() {
        return Ok(Box::new(io::stdout()));
    }
    let file = fs::OpenOptions::new().append(true).create(true).open(Path::new(path)).map_err(|e| words(&e))?;
    Ok(Box::new(file))
}

/// Leaves the process's number in a file; a failure is no reason not to start.
pub fn write_pid(path: &str) {
    if !path.is_empty() && fs::write(path, format!("{}\n", std::process::id())).is_err() {
        tracing::warn!("Failed to write PID file: {path}");
    }
}

/// Removes the file of [`write_pid`].
pub fn remove_pid(path: &str) {
    if !path.is_empty() {
        let _ = fs::remove_file(path);
    }
}

/// The running program's path.
pub fn executable() -> String {
    std::env::current_exe().map_or_else(|_| "norn".into(), |p| p.to_string_lossy().into_owned())
}

/// Kernel, release and machine, as INFO's `os` shows them.
pub fn os() -> String {
    let text = |path: &str| fs::read_to_string(path).map(|t| t.trim().to_owned()).unwrap_or_default();
    let (kind, release) = (text("/proc/sys/kernel/ostype"), text("/proc/sys/kernel/osrelease"));
    if kind.is_empty() { std::env::consts::OS.into() } else { format!("{kind} {release} {}", std::env::consts::ARCH) }
}
