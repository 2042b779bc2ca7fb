//! A small file system of its own, that can be full or read-only.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

/// A file system in memory, mounted until this is dropped.
pub struct Mount(PathBuf);

impl Mount {
    /// Mounts a file system of `size` (as `mount` takes it) at a directory; `None`, with a word to
    /// whoever reads the tests' output, if that is not allowed here.
    pub fn new(dir: &Path, size: &str) -> Option<Mount> {
        let options = format!("size={size}");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "none"]).arg(dir).status();
        if mounted.is_ok_and(|s| s.success()) {
            return Some(Mount(dir.to_owned()));
        }
        let _ = std::io::stderr().write_all(b"*** SKIPPED: no file system can be mounted\n");
        None
    }

    /// Changes its options: `size=16m`, `ro`, `rw`.
    #[track_caller]
    pub fn change(&self, options: &str) {
        let done = Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(&self.0).status();
        assert!(done.unwrap().success(), "{options}");
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
