//! Directories: what the process sees, what the media holds, and what lies between.
//!
//! Creating, renaming and removing are pending until the directory is synced. When power is
//! lost, a prefix of the pending operations survives, as with a metadata journal. A rename is
//! atomic: both its halves survive or neither. Syncing a file says nothing about its name.
//!
//! Paths are kept whole in one ordered map; the working directory is the root, so that `x`,
//! `./x` and `/x` are the same file.

use std::{
    collections::BTreeMap,
    io::{self, ErrorKind},
};

/// Names a file's content.
pub(super) type Ino = u64;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Entry {
    Dir,
    File(Ino),
}

type Paths = BTreeMap<String, Entry>;
/// What an operation puts at each path it touches; `None` removes.
type Change = Vec<(String, Option<Entry>)>;

#[derive(Default)]
pub(super) struct Tree {
    now: Paths,
    durable: Paths,
    /// In order, each with its number.
    pending: Vec<(u64, Change)>,
    changes: u64,
}

/// The canonical form of a path.
pub(super) fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

fn apply(to: &mut Paths, change: &Change) {
    for (path, entry) in change {
        match entry {
            Some(entry) => to.insert(path.clone(), *entry),
            None => to.remove(path),
        };
    }
}

impl Tree {
    fn entry(&self, path: &str) -> Option<Entry> {
        if path.is_empty() {
            return Some(Entry::Dir);
        }
        self.now.get(path).copied()
    }

    /// What is at a path, provided that its parents are directories.
    pub(super) fn find(&self, path: &str) -> io::Result<Option<Entry>> {
        let mut dir = parent(path);
        while !dir.is_empty() {
            if let Some(Entry::File(_)) = self.entry(dir) {
                return Err(ErrorKind::NotADirectory.into());
            }
            dir = parent(dir);
        }
        if self.entry(parent(path)).is_none() {
            return Err(ErrorKind::NotFound.into());
        }
        Ok(self.entry(path))
    }

    /// The file at a path.
    pub(super) fn file(&self, path: &str) -> io::Result<Ino> {
        match self.find(path)? {
            Some(Entry::File(ino)) => Ok(ino),
            Some(Entry::Dir) => Err(ErrorKind::IsADirectory.into()),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    fn change(&mut self, change: Change) {
        apply(&mut self.now, &change);
        self.changes += 1;
        self.pending.push((self.changes, change));
    }

    pub(super) fn add_file(&mut self, path: &str, ino: Ino) {
        self.change(vec![(path.to_owned(), Some(Entry::File(ino)))]);
    }

    pub(super) fn remove(&mut self, path: &str) -> io::Result<()> {
        self.file(path)?;
        self.change(vec![(path.to_owned(), None)]);
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let ino = self.file(from)?;
        if self.find(to)? == Some(Entry::Dir) {
            return Err(ErrorKind::IsADirectory.into());
        }
        if from != to {
            let arrive = (to.to_owned(), Some(Entry::File(ino)));
            self.change(vec![arrive, (from.to_owned(), None)]);
        }
        Ok(())
    }

    /// Creates a directory and its parents.
    pub(super) fn create_dir(&mut self, path: &str) -> io::Result<()> {
        match self.entry(path) {
            Some(Entry::Dir) => return Ok(()),
            Some(Entry::File(_)) => return Err(ErrorKind::AlreadyExists.into()),
            None => {}
        }
        if let Some(Entry::File(_)) = self.entry(parent(path)) {
            return Err(ErrorKind::NotADirectory.into());
        }
        self.create_dir(parent(path))?;
        self.change(vec![(path.to_owned(), Some(Entry::Dir))]);
        Ok(())
    }

    /// Names in a directory, sorted.
    pub(super) fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        match self.find(dir)? {
            Some(Entry::Dir) => {}
            Some(Entry::File(_)) => return Err(ErrorKind::NotADirectory.into()),
            None => return Err(ErrorKind::NotFound.into()),
        }
        let paths = self.now.keys().filter(|p| parent(p) == dir);
        let mut names: Vec<String> = paths.map(|p| p.rsplit('/').next().unwrap_or(p).to_owned()).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// How many names there are, and how many of them are directories'.
    pub(super) fn count(&self) -> (u64, u64) {
        let dirs = self.now.values().filter(|entry| **entry == Entry::Dir).count();
        (self.now.len() as u64, dirs as u64)
    }

    /// How many operations are not durable.
    pub(super) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Names the last operation so far; a sync covers everything up to it.
    pub(super) fn last_change(&self) -> u64 {
        self.changes
    }

    /// Makes the operations up to `upto` durable where they touch `dir`.
    pub(super) fn sync(&mut self, dir: &str, upto: u64) {
        let mut left: Vec<(u64, Change)> = Vec::new();
        for (seq, change) in std::mem::take(&mut self.pending) {
            let touches = change.iter().any(|(path, _)| parent(path) == dir);
            if seq > upto || !touches {
                left.push((seq, change));
                continue;
            }
            apply(&mut self.durable, &change);
            // Older pending operations on the same paths have nothing left to do.
            for (_, older) in &mut left {
                older.retain(|(path, _)| change.iter().all(|(p, _)| p != path));
            }
        }
        left.retain(|(_, change)| !change.is_empty());
        self.pending = left;
    }

    /// Power is lost and returns: the first `kept` pending operations have survived.
    pub(super) fn power_loss(&mut self, kept: usize) {
        for (_, change) in self.pending.drain(..).take(kept) {
            apply(&mut self.durable, &change);
        }
        // What lies in a directory that never became durable cannot be reached.
        let reachable = |path: &str, all: &Paths| {
            let mut dir = parent(path);
            while !dir.is_empty() && all.get(dir) == Some(&Entry::Dir) {
                dir = parent(dir);
            }
            dir.is_empty()
        };
        self.now = self.durable.clone();
        self.now.retain(|path, _| reachable(path, &self.durable));
        self.durable.clone_from(&self.now);
    }

    /// Whether a file has a name, or may have one after a loss of power.
    pub(super) fn is_named(&self, ino: Ino) -> bool {
        let file = Entry::File(ino);
        let mut pending = self.pending.iter().flat_map(|(_, change)| change);
        self.now.values().any(|e| *e == file)
            || self.durable.values().any(|e| *e == file)
            || pending.any(|(_, e)| *e == Some(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(tree: &Tree) -> Vec<String> {
        tree.list("").expect("the root is there")
    }

    #[test]
    fn paths_are_normalised() {
        for path in ["a/b", "/a/b", "./a//b/", "a/x/../b", "../a/b"] {
            assert_eq!(normal(path), "a/b");
        }
        assert_eq!(normal("."), "");
    }

    #[test]
    fn unsynced_names_vanish_in_order() {
        for kept in 0..=3 {
            let mut tree = Tree::default();
            tree.add_file("a", 1);
            tree.add_file("b", 2);
            tree.rename("b", "a").expect("rename");
            tree.power_loss(kept);
            let expected: &[&str] = [&[][..], &["a"], &["a", "b"], &["a"]][kept];
            assert_eq!(names(&tree), expected);
            let a = tree.file("a").ok();
            assert_eq!(a, [None, Some(1), Some(1), Some(2)][kept]);
        }
    }

    #[test]
    fn a_sync_covers_only_its_directory() {
        let mut tree = Tree::default();
        tree.create_dir("d").expect("mkdir");
        tree.add_file("d/f", 1);
        tree.add_file("g", 2);
        tree.sync("d", tree.last_change());
        assert_eq!(tree.pending(), 2);
        tree.power_loss(0);
        assert!(names(&tree).is_empty(), "the directory itself was not synced");
    }

    #[test]
    fn a_synced_rename_supersedes_older_operations() {
        let mut tree = Tree::default();
        tree.create_dir("a").expect("mkdir");
        tree.create_dir("b").expect("mkdir");
        tree.sync("", tree.last_change());
        tree.add_file("b/y", 9);
        tree.add_file("a/x", 1);
        tree.rename("a/x", "b/y").expect("rename");
        tree.sync("a", tree.last_change());
        tree.sync("b", tree.last_change());
        tree.power_loss(0);
        assert_eq!(tree.file("b/y").expect("it is there"), 1);
        assert_eq!(tree.pending(), 0);
    }

    #[test]
    fn operations_after_the_start_of_a_sync_are_not_covered() {
        let mut tree = Tree::default();
        tree.add_file("a", 1);
        let upto = tree.last_change();
        tree.add_file("b", 2);
        tree.sync("", upto);
        tree.power_loss(0);
        assert_eq!(names(&tree), ["a"]);
    }
}
