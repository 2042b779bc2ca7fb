//! What the compiler does not check about this code base: who may name whom, what only the
//! seam may touch, how long files and functions are, that nothing unfinished is left, and
//! that the documents name files which exist. There is no list of exemptions.

#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

#[path = "tidy/docs.rs"]
mod docs;
#[path = "tidy/lexer.rs"]
mod lexer;
#[path = "tidy/mutants.rs"]
mod mutants;
#[path = "tidy/names.rs"]
mod names;
#[path = "tidy/paths.rs"]
mod paths;
#[path = "tidy/shape.rs"]
mod shape;

use std::{fs, path::Path};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `dir` for which `wanted` holds, as (path from the root, text), sorted.
fn files(dir: &str, wanted: fn(&str) -> bool) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let Ok(entries) = fs::read_dir(root().join(dir)) else {
        return out;
    };
    for entry in entries {
        let entry = entry.unwrap();
        let path = format!("{dir}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            // Not ours: what builds and fuzz runs leave behind.
            if !["/target", "/corpus", "/artifacts"].iter().any(|made| path.ends_with(made)) {
                out.extend(files(&path, wanted));
            }
        } else if wanted(&path) {
            out.push((path.clone(), fs::read_to_string(root().join(path)).unwrap()));
        }
    }
    out.sort();
    out
}

fn rust(path: &str) -> bool {
    path.ends_with(".rs")
}

fn all_rust() -> Vec<(String, String)> {
    ["src", "sim", "fuzz", "tests", "benches"].iter().flat_map(|dir| files(dir, rust)).collect()
}

#[track_caller]
fn report(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn layers_and_the_seam() {
    let sources = files("src", rust);
    assert!(sources.len() > 10, "src/ was not found");
    report(sources.iter().flat_map(|(path, text)| names::complaints(&path["src/".len()..], text)).collect());
}

#[test]
fn files_and_functions_are_short() {
    let sources = all_rust();
    report(sources.iter().flat_map(|(path, text)| shape::length_complaints(path, text)).collect());
    let median = shape::median(sources.iter().map(|(_, text)| text.lines().count()).collect());
    assert!(median <= shape::MEDIAN_LINES, "the median file has {median} lines, more than {}", shape::MEDIAN_LINES);
}

#[test]
fn nothing_unfinished_is_left() {
    let mut texts = all_rust();
    for name in
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile", "Cargo.toml", "clippy.toml"]
    {
        texts.push((name.to_owned(), fs::read_to_string(root().join(name)).unwrap()));
    }
    report(texts.iter().flat_map(|(path, text)| shape::leftover_complaints(path, text)).collect());
}

#[test]
fn documents_name_what_exists() {
    let mut complaints = Vec::new();
    for name in ["ARCHITECTURE.md", "README.md"] {
        let text = fs::read_to_string(root().join(name)).unwrap();
        for (line, path) in docs::paths(&text) {
            // A path is meant from the root or, in talk of layers, from src/.
            if !root().join(&path).exists() && !root().join("src").join(&path).exists() {
                complaints.push(format!("{name}:{line}: `{path}` does not exist"));
            }
        }
    }
    report(complaints);
}

#[test]
fn planted_bugs_still_apply() {
    let patches = files("sim/mutants", |path| path.ends_with(".patch"));
    assert!(patches.len() > 10, "{}", patches.len());
    let file = |path: &str| fs::read_to_string(root().join(path)).ok();
    report(
        patches
            .iter()
            .flat_map(|(at, text)| mutants::stale(text, file).into_iter().map(move |c| format!("{at}: {c}")))
            .collect(),
    );
}
