//! The append-only file: every change as a command, in the order of execution.
//!
//! The layout is Valkey's of several parts: a base that holds the data set of some moment
//! (an RDB file, or commands that rebuild it), files with the commands since then (*incr*),
//! and a manifest that lists them. Files are text that any Valkey or Redis since 7.0 loads.
//!
//! What is ours are comment lines, which their loaders skip: each batch of commands that the
//! server wrote at once stands behind a line with its length and checksum and with the offset
//! up to which the file was known to be durable then. So a reader tells a *torn tail*, what a
//! loss of power left of writes that had not been synced, from *rot*, damage to what had been
//! promised: the first is cut off, the second is an error.
//!
//! | module | what it does |
//! |---|---|
//! | [`manifest`] | the list of files, as text and back, and the names of new ones |
//! | [`annotation`] | the comment lines |
//! | [`scan`] | finds where commands and transactions end |
//! | [`rebuild`] | keys as commands, for a base without RDB |
//! | [`reader`] | a file's chunks in, runs of commands to execute out, and the verdict |
//!
//! Sources: `aof.c` and `valkey-check-aof.c` of Valkey 8 for names, formats and error texts.

pub mod annotation;
pub mod manifest;
pub mod reader;
pub mod rebuild;
pub mod scan;

#[cfg(test)]
mod tests;

pub use manifest::Manifest;
pub use reader::{Damage, End, Reader};
