//! Reading a configuration file.
//!
//! One directive per line, `#` starts a comment line. Later lines override earlier ones, except that lines
//! of `save` add up. The command line arrives here too, as lines appended to the file (see `cli`). Included
//! files are read where they are named; a pattern that matches no file includes nothing, a plain name must
//! exist.

use super::include::paths;
pub use super::include::{Files, NoFiles};
use super::text::trimmed_line;
use super::{Config, Rename, find};
use crate::base::split::split;
use std::fmt;

/// Why a configuration was refused; `Display` is what the operator reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// A line is wrong.
    Line {
        /// Counted from 1 within its file.
        number: usize,
        text: Vec<u8>,
        reason: String,
    },
    /// A file cannot be read: its path, and the operating system's message.
    File(String, String),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::Line { number, text, reason } => {
                writeln!(f, "\n*** FATAL CONFIG FILE ERROR (Version {}) ***", env!("CARGO_PKG_VERSION"))?;
                writeln!(f, "Reading the configuration file, at line {number}")?;
                writeln!(f, ">>> '{}'", String::from_utf8_lossy(text))?;
                f.write_str(reason)
            }
            LoadError::File(path, message) => {
                write!(f, "Fatal error, can't open config file '{path}': {message}")
            }
        }
    }
}

/// Directives that older versions knew: a single argument, which has no effect.
const FORMER: [&str; 4] =
    ["list-max-ziplist-entries", "list-max-ziplist-value", "lua-replicate-commands", "io-threads-do-reads"];

/// Deepest nesting of included files; a file that includes itself ends here.
const MAX_DEPTH: usize = 16;

/// Applies `text` to `config`. On error `config` holds what the lines before said.
pub fn load(config: &mut Config, text: &[u8], files: &dyn Files) -> Result<(), LoadError> {
    let mut loader = Loader { config, files, seen: Vec::new() };
    loader.text(text, 0)?;
    config.normalize();
    Ok(())
}

struct Loader<'a> {
    config: &'a mut Config,
    files: &'a dyn Files,
    /// Directives that a line has set.
    seen: Vec<&'static str>,
}

impl Loader<'_> {
    fn text(&mut self, text: &[u8], depth: usize) -> Result<(), LoadError> {
        for (index, line) in text.split(|b| *b == b'\n').enumerate() {
            let line = trimmed_line(line);
            if line.is_empty() || line[0] == b'#' {
                continue;
            }
            let wrong = |reason| LoadError::Line { number: index + 1, text: line.to_vec(), reason };
            let words = split(line).map_err(|_| wrong(UNBALANCED.into()))?;
            let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
            match words.as_slice() {
                [] => {}
                [name, path] if name.eq_ignore_ascii_case(b"include") => {
                    if depth == MAX_DEPTH {
                        return Err(wrong("Included files are nested too deep".into()));
                    }
                    self.include(&String::from_utf8_lossy(path), depth + 1)?;
                }
                [name, words @ ..] => self.directive(name, words).map_err(wrong)?,
            }
        }
        Ok(())
    }

    fn include(&mut self, path: &str, depth: usize) -> Result<(), LoadError> {
        for path in paths(path, self.files) {
            let text = self.files.read(&path).map_err(|message| LoadError::File(path, message))?;
            self.text(&text, depth)?;
        }
        Ok(())
    }

    fn directive(&mut self, name: &[u8], words: &[&[u8]]) -> Result<(), String> {
        let Some((directive, _)) = find(name) else {
            return self.other(name, words);
        };
        let again = self.seen.contains(&directive.spec.name);
        match words {
            // One argument may hold all the words of a directive that takes several.
            [all] if directive.spec.many_words && !all.is_empty() => {
                let words = split(all).map_err(|_| UNBALANCED)?;
                let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
                directive.parse(self.config, &words, again)?;
            }
            _ => directive.parse(self.config, words, again)?,
        }
        if !again {
            self.seen.push(directive.spec.name);
        }
        Ok(())
    }

    /// Lines that are not directives with a value.
    fn other(&mut self, name: &[u8], words: &[&[u8]]) -> Result<(), String> {
        let name = name.to_ascii_lowercase();
        let refused = match (name.as_slice(), words) {
            (former, [_]) if FORMER.iter().any(|f| f.as_bytes() == former) => return Ok(()),
            (b"rename-command", [from, to]) => {
                self.config.renames.push(Rename { from: from.to_vec(), to: to.to_vec() });
                return Ok(());
            }
            (b"user", [_, ..]) => "Access control lists do not exist yet: this user would be able to do everything",
            (b"loadmodule", [_, ..]) => "Modules cannot be loaded",
            (b"sentinel", []) => "There is no sentinel mode",
            (b"sentinel", _) => "sentinel directive while not in sentinel mode",
            (module, []) if module.contains(&b'.') => "Module config specified without value",
            (module, _) if module.contains(&b'.') => "Modules cannot be loaded, and this directive belongs to one",
            _ => "Bad directive or wrong number of arguments",
        };
        Err(refused.into())
    }
}

const UNBALANCED: &str = "Unbalanced quotes in configuration line";
