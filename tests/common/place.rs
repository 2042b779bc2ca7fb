//! A directory for a test's files.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

/// An empty directory, removed on drop.
pub struct Place(pub PathBuf);

impl Place {
    pub fn new() -> Place {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("norn-place-{}-{}", std::process::id(), NEXT.fetch_add(1, Relaxed));
        let dir = env::temp_dir().join(name);
        fs::create_dir_all(&dir).expect("a directory for the test");
        Place(dir)
    }

    /// Where a file of this name is.
    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A copy of the files in a directory that holds no others.
    pub fn copy_of(dir: &Path) -> Place {
        let place = Place::new();
        for file in fs::read_dir(dir).expect("a directory").map(Result::unwrap) {
            fs::copy(file.path(), place.0.join(file.file_name())).expect("a plain file");
        }
        place
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
