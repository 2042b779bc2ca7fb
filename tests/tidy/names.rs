//! Which names a file may use: the layer rule, and what only the seam may touch.

use crate::lexer::{Token, tokens};
use crate::paths::{Named, module_of, paths};

/// The layers from left to right; those in one group do not name each other.
const LAYERS: &[&[&str]] = &[
    &["base"],
    &["protocol", "data", "config"],
    &["keyspace"],
    &["session"],
    &["persist", "replication", "cluster"],
    &["commands"],
    &["engine"],
    &["server"],
];

/// Paths that reach the world outside, for `env` and `main` only, and what to use instead.
const OUTSIDE: &[(&str, &str)] = &[
    ("std::fs", "files go through env::Disk"),
    ("std::net", "sockets go through env; addresses as data are core::net"),
    ("std::os", "the operating system is behind env"),
    ("std::env", "only main reads arguments"),
    ("std::thread", "threads are Env::spawn_worker"),
    ("std::process", "return to main instead"),
    ("std::io::stdin", "the console belongs to main"),
    ("std::io::stdout", "the console belongs to main"),
    ("std::io::stderr", "log through tracing"),
    ("std::time::Instant", "time comes in as base::time::Mono"),
    ("std::time::SystemTime", "time comes in as base::time::Wall"),
    ("std::time::UNIX_EPOCH", "time comes in as base::time::Wall"),
    ("std::collections::HashMap", "base::hash::HashMap"),
    ("std::collections::HashSet", "base::hash::HashSet"),
    ("std::collections::hash_map", "base::hash::HashMap"),
    ("std::collections::hash_set", "base::hash::HashSet"),
    ("std::hash::RandomState", "hash keys come through Env"),
    ("std::hash::DefaultHasher", "base::hash::HashKey"),
    ("tokio::fs", "files go through env::Disk"),
    ("tokio::net", "sockets go through env"),
    ("tokio::time", "Env::sleep and Env::timeout"),
    ("tokio::signal", "Env::shutdown_signal"),
    ("tokio::spawn", "Env::spawn"),
    ("tokio::task", "Env::spawn"),
    ("tokio::runtime", "Env::spawn_worker"),
    ("tokio::process", "there are no child processes"),
    ("tokio::sync::watch", "wakes in an order of its own: a Notify or a mailbox"),
    ("socket2", "sockets go through env"),
    ("libc", "the operating system is behind env"),
    ("tikv_jemalloc_ctl", "decisions rest on the engine's own account, figures come from Env::usage"),
    ("rand", "randomness comes in as base's seeded generator"),
    ("getrandom", "randomness comes through Env"),
    ("fastrand", "randomness comes in as base's seeded generator"),
];

/// Names that are wrong wherever they come from, except in `env` and `main`.
const WORDS: &[(&str, &str)] = &[
    ("Instant", "time comes in as base::time::Mono"),
    ("SystemTime", "time comes in as base::time::Wall"),
    ("RandomState", "hash keys come through Env"),
    ("TcpStream", "sockets go through env"),
    ("TcpListener", "sockets go through env"),
    ("UnixStream", "sockets go through env"),
    ("thread_local", "nothing is kept per thread: simulated nodes share threads"),
];

/// Types that make a static change after the start.
const CHANGING: [&str; 6] = ["OnceLock", "LazyLock", "Mutex", "RwLock", "Cell", "Atomic"];

fn top(file: &str) -> &str {
    file.split('/').next().unwrap_or("").trim_end_matches(".rs")
}

fn group(layer: &str) -> Option<usize> {
    LAYERS.iter().position(|g| g.contains(&layer))
}

/// Whether `from` may name `to`.
fn may_name(from: &str, to: &str) -> bool {
    if from == to || from == "main" {
        return true;
    }
    match (from, to) {
        ("env", to) => to == "base",
        (from, "env") => from == "server",
        _ => matches!((group(from), group(to)), (Some(from), Some(to)) if to < from),
    }
}

fn is_layer(name: &str) -> bool {
    name == "env" || group(name).is_some()
}

/// Complaints about `source`, which is `file` below `src/`.
pub fn complaints(file: &str, source: &str) -> Vec<String> {
    let tokens = tokens(source);
    let mut named = paths(&tokens, &module_of(file));
    named.dedup();
    let mut out = Vec::new();
    let mut say = |line: usize, what: String| out.push(format!("src/{file}:{line}: {what}"));
    let from = top(file);
    if from != "lib" && from != "main" && !is_layer(from) {
        say(1, format!("`{from}` is no layer: add it to the list in tests/tidy/names.rs and ARCHITECTURE.md"));
    }
    for name in &named {
        if let Some(what) = layer_breach(from, name) {
            say(name.line, what);
        }
    }
    if from == "env" || from == "main" {
        return out;
    }
    for name in &named {
        for (path, instead) in OUTSIDE {
            if starts_with(&name.path, path) {
                say(name.line, format!("`{path}` outside env: {instead}"));
            }
        }
    }
    word_complaints(from, &tokens, &mut say);
    static_complaints(&tokens, &mut say);
    out
}

fn word_complaints(from: &str, tokens: &[Token], say: &mut impl FnMut(usize, String)) {
    for pair in tokens.windows(2) {
        let (word, next) = (pair[0].text.as_str(), pair[1].text.as_str());
        for (banned, instead) in WORDS {
            if word == *banned {
                say(pair[0].line, format!("`{banned}` outside env: {instead}"));
            }
        }
        if (word == "async" || word == "." && next == "await") && from != "server" {
            say(pair[0].line, "`async` left of server: the core does no waiting".into());
        }
        if word == "select" && next == "!" && !followed_by_biased(tokens, &pair[0]) {
            say(pair[0].line, "select! without `biased;` polls in a random order".into());
        }
    }
}

/// Complaints about statics that change: simulated nodes share the process.
fn static_complaints(tokens: &[Token], say: &mut impl FnMut(usize, String)) {
    for (i, t) in tokens.iter().enumerate().filter(|(_, t)| t.text == "static") {
        // A lifetime is a token of another text; up to its `=` stands the static's type.
        let item = tokens[i + 1..].iter().take_while(|t| t.text != "=" && t.text != ";");
        let words: Vec<&str> = item.map(|t| t.text.as_str()).take(40).collect();
        if words.first() == Some(&"mut")
            || words.iter().any(|w| CHANGING.iter().any(|c| w.starts_with(c) || w.ends_with(c)))
        {
            say(t.line, "no static that changes: simulated nodes share the process".into());
        }
    }
}

/// Whether the `select!` at `start` begins with `biased;`.
fn followed_by_biased(tokens: &[Token], start: &Token) -> bool {
    let at = tokens.iter().position(|t| std::ptr::eq(t, start)).unwrap_or(0);
    tokens.get(at + 3).is_some_and(|t| t.text == "biased")
}

fn layer_breach(from: &str, name: &Named) -> Option<String> {
    let inside = match name.path.first()?.as_str() {
        "crate" => from != "main",
        "norn" => true,
        _ => false,
    };
    let to = name.path.get(1)?;
    if inside && from != "lib" && is_layer(to) && !may_name(from, to) {
        return Some(format!("layer `{from}` names `{to}` ({})", name.path.join("::")));
    }
    (inside && to == "sim" || name.path[0] == "norn_sim").then(|| "src never names the simulator".into())
}

fn starts_with(path: &[String], prefix: &str) -> bool {
    let mut parts = path.iter();
    // `core` and `alloc` are what `std` re-exports; only the names matter here.
    prefix.split("::").all(|p| parts.next().is_some_and(|q| p == q))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(file: &str, source: &str) -> bool {
        complaints(file, source).is_empty()
    }

    #[test]
    fn layers_name_only_the_left() {
        assert!(clean("commands/string.rs", "use crate::{base::num, keyspace::Shard, session};"));
        assert!(!clean("commands/string.rs", "use crate::{base::num, engine::Engine};"));
        assert!(!clean("keyspace/mod.rs", "fn f() { crate::engine::run() }"));
        assert!(!clean("data/list.rs", "use crate::protocol::Reply;"));
        assert!(!clean("protocol/a/b.rs", "use super::super::super::keyspace::Shard;"));
        assert!(clean("protocol/a/b.rs", "use super::super::Reply;"));
        assert!(!clean("data/mod.rs", "mod tests { use super::super::config::Config; }"));
    }

    #[test]
    fn the_seam_is_named_by_server_alone() {
        assert!(clean("server/mod.rs", "use crate::{engine::Engine, env::Env};"));
        assert!(clean("main.rs", "use norn::{env::tokio, server};"));
        assert!(!clean("engine/mod.rs", "use crate::env::Env;"));
        assert!(!clean("env/mod.rs", "use crate::config::Config;"));
    }

    #[test]
    fn the_outside_is_reached_through_env() {
        for bad in [
            "use std::{fs, io};",
            "use std::net::SocketAddr;",
            "fn f() { std::thread::sleep(d) }",
            "use std::time; fn f() { time::Instant::now() }",
            "use std::collections::{BTreeMap, HashMap};",
            "use tokio::sync::{mpsc, watch};",
            "use libc::c_int;",
            "thread_local! {}",
            "static mut X: u8 = 0;",
            "static X: OnceLock<u8> = OnceLock::new();",
            "pub static N: AtomicU64 = AtomicU64::new(0);",
            "static C: Mutex<Vec<u8>> = Mutex::new(Vec::new());",
            "fn f() { tokio::select! { a = b => c } }",
        ] {
            assert!(!clean("server/mod.rs", bad), "{bad}");
        }
        assert!(clean("env/tokio.rs", "use std::{fs, net::TcpStream, time::Instant};"));
        assert!(clean("session/mod.rs", "struct S { x: OnceLock<u8>, n: &'static AtomicU64 }"));
        assert!(clean("session/mod.rs", "static NAMES: [&str; 1] = [\"Mutex\"];"));
        assert!(clean("server/mod.rs", "use core::net::SocketAddr; // std::fs"));
        assert!(clean("server/mod.rs", "fn f() { tokio::select! { biased; a = b => c } }"));
    }

    #[test]
    fn waiting_is_for_the_server() {
        assert!(clean("server/conn.rs", "async fn f() { g().await }"));
        assert!(!clean("session/mod.rs", "fn f() { g().await }"));
        assert!(!clean("session/mod.rs", "fn f() { async move {} }"));
        assert!(clean("session/mod.rs", "// async\nfn f() { \"async\" }"));
    }

    #[test]
    fn a_new_directory_must_be_placed() {
        assert!(!clean("util/mod.rs", "fn f() {}"));
    }
}
