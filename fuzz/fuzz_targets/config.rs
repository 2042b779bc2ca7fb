//! Arbitrary configuration text, command lines and CONFIG SET pairs: refused or taken over,
//! never a panic; and what was taken over survives being written down.
//!
//! A configuration that loads is rewritten as CONFIG REWRITE does, both into the file it
//! came from and into an empty one, and must load again as the same values.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use norn::config::{
    self, Config,
    cli::{self, Plan},
    directives,
    load::NoFiles,
};

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    /// A file's text.
    Text(&'a [u8]),
    /// Lines whose names are directives, so that values are reached.
    Lines(Vec<(u16, &'a [u8])>),
    Arguments(Vec<Vec<u8>>),
    Set(Vec<(u16, &'a [u8])>),
    Get(Vec<&'a [u8]>),
}

fuzz_target!(|input: Input| match input {
    Input::Text(text) => load(text),
    Input::Lines(lines) => {
        let mut text = Vec::new();
        for (n, value) in lines {
            text.extend([name(n), b" ", value, b"\n"].concat());
        }
        load(&text);
    }
    Input::Arguments(arguments) => {
        if let Plan::Run(launch) = cli::plan(&arguments) {
            _ = launch.load(b"", &NoFiles).map_err(|e| e.to_string());
        }
    }
    Input::Set(pairs) => {
        let pairs: Vec<_> = pairs.iter().map(|(n, value)| (name(*n), *value)).collect();
        let mut live = Config::default();
        match config::set(&mut live, &pairs, Default::default()) {
            Ok(_) => survives(b"", &live, false),
            Err(_) => assert_eq!(live, Config::default(), "all or none"),
        }
    }
    Input::Get(patterns) => drop(config::get(&Config::default(), &patterns)),
});

fn name(n: u16) -> &'static [u8] {
    directives().nth(usize::from(n) % directives().count()).expect("below the count").spec.name.as_bytes()
}

fn load(text: &[u8]) {
    let mut live = Config::default();
    match config::load(&mut live, text, &NoFiles) {
        Ok(()) => {
            survives(text, &live, false);
            // Renames are no directive: a file without them cannot bring them back.
            survives(b"", &Config { renames: Vec::new(), ..live }, true);
        }
        Err(e) => drop(e.to_string()),
    }
}

/// Rewrites `file` to say what `live` holds (`all`: even defaults), and reads it back.
fn survives(file: &[u8], live: &Config, all: bool) {
    let text = config::rewrite(file, live, &Config::default(), all);
    let mut again = Config::default();
    let loaded = config::load(&mut again, &text, &NoFiles);
    let shown = text.escape_ascii();
    assert_eq!(loaded.map_err(|e| e.to_string()), Ok(()), "rewritten: {shown}");
    assert_eq!(&again, live, "rewritten: {shown}");
}
