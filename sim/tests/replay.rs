//! A seed decides everything: in this process, in another one, and for the seeds that once
//! found a bug (`sim/seeds.txt`).
#![cfg(madsim)]
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // outside the simulation

use norn_sim::{
    run::{Outcome, run},
    scenario::{SCENARIOS, find},
};
use std::process::Command;

const SEEDS: &str = include_str!("../seeds.txt");

/// Scenarios and seeds of the list.
fn listed() -> impl Iterator<Item = (&'static str, u64)> {
    let lines = SEEDS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| {
        let (what, why) = line.split_once(':').unwrap_or_else(|| panic!("no sentence in {line:?}"));
        assert!(why.trim().ends_with('.'), "no sentence in {line:?}");
        let (name, seed) = what.split_once(' ').unwrap_or_else(|| panic!("no seed in {line:?}"));
        (name, seed.parse().unwrap_or_else(|_| panic!("no seed in {line:?}")))
    })
}

fn outcome(name: &str, seed: u64) -> Outcome {
    let scenario = find(name).unwrap_or_else(|| panic!("no scenario {name}"));
    run(scenario, seed).unwrap_or_else(|e| panic!("{name} seed {seed}: {e}"))
}

#[test]
fn seeds_that_found_a_bug_pass() {
    for (name, seed) in listed() {
        outcome(name, seed);
    }
}

#[test]
fn a_seed_gives_the_same_run_twice_in_one_process() {
    for scenario in SCENARIOS {
        assert_eq!(outcome(scenario.name, 3), outcome(scenario.name, 3), "{}", scenario.name);
        assert_ne!(outcome(scenario.name, 3).trace, outcome(scenario.name, 4).trace, "{}", scenario.name);
    }
}

#[test]
fn a_seed_gives_the_same_run_in_other_processes() {
    let lines = || {
        let command = Command::new(env!("CARGO_BIN_EXE_norn-sim")).args(["run", "--seeds", "5..7"]).output();
        let out = command.expect("norn-sim starts");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        // The last two lines tell how long it took.
        let text = String::from_utf8(out.stdout).expect("text");
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.truncate(lines.len() - 2);
        lines
    };
    let first = lines();
    assert_eq!(first.len(), 2 * SCENARIOS.len());
    assert_eq!(first, lines());
}
