//! Which files an `include` line means.
//!
//! A plain path means itself. A pattern means what it matches when its wildcards, each within one component
//! of the path, are compared with the names in the directories: sorted, and without names that start with a
//! dot unless the pattern's component does.

use super::text::is_pattern;
use crate::base::glob;

/// Where included files come from.
pub trait Files {
    /// The content of a file, or the operating system's message.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;
    /// The names in a directory, sorted; none if it cannot be read.
    fn list(&self, dir: &str) -> Vec<String>;
}

/// No files: for text that includes none.
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> Result<Vec<u8>, String> {
        Err("No such file or directory".into())
    }

    fn list(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}

/// The files that `path` means; a plain path whether it exists or not.
pub(super) fn paths(path: &str, files: &dyn Files) -> Vec<String> {
    let components: Vec<&str> = path.split('/').collect();
    let Some(first) = components.iter().position(|c| is_pattern(c.as_bytes())) else {
        return vec![path.to_owned()];
    };
    // The part before the first wildcard, then one component more each round.
    let mut found = vec![components[..first].iter().map(|c| format!("{c}/")).collect::<String>()];
    for (index, component) in components.iter().enumerate().skip(first) {
        let end = if index + 1 < components.len() { "/" } else { "" };
        found = found.iter().flat_map(|start| matching(start, component, end, files)).collect();
    }
    found
}

/// The names in a directory that match `component`, between `start`, which names the directory and is
/// empty or ends with a slash, and `end`.
fn matching(start: &str, component: &str, end: &str, files: &dyn Files) -> Vec<String> {
    let dir = match start.trim_end_matches('/') {
        "" if start.is_empty() => ".",
        "" => "/",
        dir => dir,
    };
    let hidden = |name: &str| name.starts_with('.') && !component.starts_with('.');
    let mut names = files.list(dir);
    names.retain(|name| !hidden(name) && glob::matches(component.as_bytes(), name.as_bytes(), false));
    names.iter().map(|name| format!("{start}{name}{end}")).collect()
}
