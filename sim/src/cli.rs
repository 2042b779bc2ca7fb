//! The command line: which scenarios, which seeds, how often; one line per run.
//!
//! The trace hash in a line is what to compare between processes: the same commit, toolchain
//! and seed must print the same line. A failure ends with the one command that repeats it.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // a program of its own, outside the simulation

use norn_sim::{
    run::{Outcome, run},
    scenario::{SCENARIOS, Scenario, find},
};
use std::{ops::Range, process::exit, time::Instant};

const USAGE: &str = "\
norn-sim list                      the scenarios
norn-sim run [options]             runs them
  --scenario NAME                  only this one
  --seed N | --seeds A..B          which seeds (default 1..11)
  --twice                          runs each seed twice and compares
  --quiet                          only failures and the sum";

struct Options {
    scenarios: Vec<&'static Scenario>,
    seeds: Range<u64>,
    twice: bool,
    quiet: bool,
}

pub(crate) fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("list") => {
            for scenario in SCENARIOS {
                println!("{:12} {}", scenario.name, scenario.about);
            }
        }
        Some("run") => match parse(&args[1..]) {
            Ok(options) => run_all(&options),
            Err(problem) => usage(&problem),
        },
        _ => usage("nothing to do"),
    }
}

fn usage(problem: &str) -> ! {
    eprintln!("norn-sim: {problem}\n{USAGE}");
    exit(2);
}

fn parse(args: &[String]) -> Result<Options, String> {
    let mut options = Options { scenarios: SCENARIOS.iter().collect(), seeds: 1..11, twice: false, quiet: false };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "--scenario" => {
                let name = value()?;
                options.scenarios = vec![find(name).ok_or(format!("no scenario {name}"))?];
            }
            "--seed" => {
                let seed = number(value()?)?;
                options.seeds = seed..seed + 1;
            }
            "--seeds" => {
                let range = value()?;
                let (from, to) = range.split_once("..").ok_or("seeds are a range: A..B")?;
                options.seeds = number(from)?..number(to)?;
            }
            "--twice" => options.twice = true,
            "--quiet" => options.quiet = true,
            other => return Err(format!("unknown option {other}")),
        }
    }
    Ok(options)
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("not a number: {text}"))
}

fn run_all(options: &Options) {
    let start = Instant::now();
    let (mut runs, mut events, mut sim_ns, mut checked) = (0u64, 0, 0, 0);
    for scenario in &options.scenarios {
        for seed in options.seeds.clone() {
            let outcome = run_one(scenario, seed, options.twice);
            if !options.quiet {
                print(scenario, seed, &outcome);
            }
            runs += 1;
            events += outcome.events;
            sim_ns += outcome.sim_ns;
            checked += outcome.checked;
        }
    }
    let wall_s = start.elapsed().as_secs_f64();
    let sim_s = sim_ns as f64 / 1e9;
    let times = if options.twice { 2 } else { 1 };
    let rate = |n: u64| (n * times) as f64 / wall_s;
    let (event_rate, checked_rate) = (rate(events), rate(checked));
    println!("{runs} runs ok in {wall_s:.1} s: {sim_s:.0} simulated s, {events} events, {event_rate:.0} events/s");
    println!("{checked} replies checked, {checked_rate:.0} per second");
}

/// Runs a seed, twice if asked to; does not return from a failure.
fn run_one(scenario: &'static Scenario, seed: u64, twice: bool) -> Outcome {
    let first = run(scenario, seed).unwrap_or_else(|e| fail(scenario, seed, "sim", &e));
    if twice {
        let again = run(scenario, seed).unwrap_or_else(|e| fail(scenario, seed, "sim-twice", &e));
        if again != first {
            let difference = format!("two runs of one seed differ:\n  {first:?}\n  {again:?}");
            fail(scenario, seed, "sim-twice", &difference);
        }
    }
    first
}

fn print(scenario: &Scenario, seed: u64, outcome: &Outcome) {
    let Outcome { trace, events, sim_ns, summary, .. } = outcome;
    let name = scenario.name;
    let sim_s = *sim_ns as f64 / 1e9;
    println!("{name} seed {seed}: trace {trace:016x}, {events} events, {sim_s:.3} s: {summary}");
}

fn fail(scenario: &Scenario, seed: u64, target: &str, what: &str) -> ! {
    let name = scenario.name;
    eprintln!("{name} seed {seed} failed: {what}");
    eprintln!("reproduce: make {target} SCENARIO={name} SEED={seed}");
    exit(1);
}
