//! Every path a source file names, written out in full: grouped imports are taken apart,
//! `self::` and `super::` are resolved against the module they stand in.

use crate::lexer::Token;

/// A path and the line it stands on. Paths inside this crate begin with `crate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub path: Vec<String>,
    pub line: usize,
}

/// The module a file of `src/` is, from its path below `src/`: `a/mod.rs` and `a.rs` are `[a]`.
pub fn module_of(file: &str) -> Vec<String> {
    let stem = file.trim_end_matches(".rs");
    let mut parts: Vec<String> = stem.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|p| p == "mod") || matches!(stem, "lib" | "main") {
        parts.pop();
    }
    parts
}

/// The paths named in `tokens`, which stand in `module`.
pub fn paths(tokens: &[Token], module: &[String]) -> Vec<Named> {
    let mut walk = Walk { tokens, at: 0, module: module.to_vec(), opened: Vec::new(), depth: 0, out: Vec::new() };
    while walk.at < tokens.len() {
        walk.step();
    }
    walk.out
}

struct Walk<'a> {
    tokens: &'a [Token],
    at: usize,
    module: Vec<String>,
    /// Brace depths at which the inline modules we are in were opened.
    opened: Vec<usize>,
    depth: usize,
    out: Vec<Named>,
}

fn is_word(text: &str) -> bool {
    text.bytes().next().is_some_and(|b| b == b'_' || b.is_ascii_alphabetic() || b >= 0x80)
}

impl Walk<'_> {
    fn text(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", |t| &t.text)
    }

    fn step(&mut self) {
        match self.text(0) {
            "use" if is_word(self.text(1)) || matches!(self.text(1), "::" | "{") => {
                self.at += 1;
                self.tree(&[]);
            }
            "mod" if is_word(self.text(1)) && self.text(2) == "{" => {
                let name = self.text(1).to_owned();
                self.module.push(name);
                self.opened.push(self.depth);
                self.depth += 1;
                self.at += 3;
            }
            "{" => {
                self.depth += 1;
                self.at += 1;
            }
            "}" => {
                self.depth = self.depth.saturating_sub(1);
                if self.opened.last() == Some(&self.depth) {
                    self.opened.pop();
                    self.module.pop();
                }
                self.at += 1;
            }
            word if is_word(word) => self.inline(),
            _ => self.at += 1,
        }
    }

    /// A path in code: `a::b::c`, ending before generics.
    fn inline(&mut self) {
        let line = self.tokens[self.at].line;
        let mut path = vec![self.text(0).to_owned()];
        self.at += 1;
        while self.text(0) == "::" && is_word(self.text(1)) {
            path.push(self.text(1).to_owned());
            self.at += 2;
        }
        self.record(path, line);
    }

    /// One branch of a `use` tree below `prefix`; leaves `at` on what follows it.
    fn tree(&mut self, prefix: &[String]) {
        let mut path = prefix.to_vec();
        let mut line = self.tokens.get(self.at).map_or(0, |t| t.line);
        loop {
            match self.text(0) {
                "::" => self.at += 1,
                "{" => {
                    self.at += 1;
                    while !matches!(self.text(0), "}" | "") {
                        let before = self.at;
                        self.tree(&path);
                        if self.text(0) == "," || self.at == before {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                "as" => self.at += 2,
                "*" => self.at += 1,
                word if is_word(word) => {
                    line = self.tokens[self.at].line;
                    path.push(word.to_owned());
                    self.at += 1;
                }
                _ => return self.record(path, line),
            }
        }
    }

    fn record(&mut self, path: Vec<String>, line: usize) {
        let mut module = self.module.clone();
        let mut rest = path.as_slice();
        if path.len() > 1 && matches!(path[0].as_str(), "self" | "super") {
            while let Some(first) = rest.first() {
                match first.as_str() {
                    "self" => {}
                    "super" => {
                        module.pop();
                    }
                    _ => break,
                }
                rest = &rest[1..];
            }
            let path = std::iter::once("crate".to_owned()).chain(module).chain(rest.iter().cloned()).collect();
            self.out.push(Named { path, line });
        } else if !path.is_empty() {
            self.out.push(Named { path, line });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexer::tokens;

    fn named(source: &str, file: &str) -> Vec<String> {
        paths(&tokens(source), &module_of(file)).into_iter().map(|n| n.path.join("::")).collect()
    }

    #[test]
    fn grouped_imports_are_taken_apart() {
        assert_eq!(
            named("use crate::{a::b, c::{self, d as e, *}};", "x.rs"),
            ["crate::a::b", "crate::c::self", "crate::c::d", "crate::c"]
        );
        assert_eq!(named("pub use std::{fs, net::{TcpStream}};", "x.rs")[1..], ["std::fs", "std::net::TcpStream"]);
    }

    #[test]
    fn super_chains_are_resolved() {
        assert_eq!(named("use super::super::y::z;", "a/b/c.rs"), ["crate::a::y::z"]);
        assert_eq!(named("use super::super::server::z;", "a/b.rs"), ["crate::server::z"]);
        assert_eq!(named("use super::{super::engine::q, r};", "a/b.rs"), ["crate::engine::q", "crate::a::r"]);
        assert_eq!(named("mod t { use super::super::engine; } use super::k;", "a.rs"), ["crate::engine", "crate::k"]);
    }

    #[test]
    fn paths_in_code_are_seen() {
        let all = named("fn f() { crate::server::run(std::time::Instant::now()); $crate::env::X }", "a.rs");
        for want in ["crate::server::run", "std::time::Instant::now", "crate::env::X"] {
            assert!(all.iter().any(|p| p == want), "{want} in {all:?}");
        }
    }

    #[test]
    fn files_are_modules() {
        assert_eq!(module_of("a/mod.rs"), ["a"]);
        assert_eq!(module_of("a/b.rs"), ["a", "b"]);
        assert!(module_of("lib.rs").is_empty());
    }
}
