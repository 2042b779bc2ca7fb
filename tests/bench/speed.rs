//! CPU per operation and throughput: one server core, one client core, 50 connections, a
//! million keys of 16 bytes with values of 16 bytes.

use super::load::{Keys, Load, Template};
use super::table::{Judged, Row, median, print};
use super::{Pair, Side, process};
use std::io;

const CONNECTIONS: usize = 50;
const KEYS: u64 = 1_000_000;
/// Rounds of each server, in the order A B B A A B B A ...
const ROUNDS: usize = 7;

/// What is measured at one depth.
struct Depth {
    requests: usize,
    /// Operations in a round: about a second.
    ops: u64,
    /// The bounds of CPU per operation and of throughput, where there are any.
    cpu: Option<(f64, f64)>,
    throughput: Option<(f64, f64)>,
}

const DEPTHS: [(&str, Depth); 3] = [
    ("cpu-16", Depth { requests: 16, ops: 1_000_000, cpu: Some((0.65, 0.45)), throughput: None }),
    ("ops-64", Depth { requests: 64, ops: 2_000_000, cpu: None, throughput: Some((1.4, 2.0)) }),
    ("cpu-1", Depth { requests: 1, ops: 150_000, cpu: Some((0.95, 0.85)), throughput: None }),
];

/// Measures those depths that `wanted` names.
pub fn run(pair: &Pair, wanted: &dyn Fn(&str) -> bool) -> io::Result<()> {
    let depths: Vec<&Depth> = DEPTHS.iter().filter(|(name, _)| wanted(name)).map(|(_, depth)| depth).collect();
    if depths.is_empty() {
        return Ok(());
    }
    let servers = [pair.start(Side::Ours, &[]), pair.start(Side::Peer, &[])];
    let mut loads = Vec::new();
    for server in &servers {
        let mut load = Load::connect(server.port, CONNECTIONS)?;
        load.run(&Template::set(), 100, KEYS, Keys::From(0))?;
        loads.push(load);
    }
    for depth in depths {
        for (name, template) in [("GET", Template::get()), ("SET", Template::set())] {
            // For each server: CPU microseconds per operation, operations per second.
            let mut cpu = [vec![], vec![]];
            let mut rate = [vec![], vec![]];
            for round in 0..ROUNDS {
                for side in if round % 2 == 0 { [0, 1] } else { [1, 0] } {
                    let before = process::cpu_s(servers[side].pid())?;
                    let (ops, took) = loads[side].run(&template, depth.requests, depth.ops, Keys::Random(KEYS))?;
                    let used = process::cpu_s(servers[side].pid())? - before;
                    cpu[side].push(used * 1e6 / ops as f64);
                    rate[side].push(ops as f64 / took.as_secs_f64() / 1000.0);
                }
            }
            report(name, depth, cpu.map(median), rate.map(median));
        }
    }
    Ok(())
}

fn report(name: &str, depth: &Depth, cpu: [f64; 2], rate: [f64; 2]) {
    let n = depth.requests;
    let line = |figure: String, unit, values: [f64; 2], judged, (must, aim)| {
        print(&Row { figure, unit, ours: values[0], peer: values[1], judged, must, aim });
    };
    if let Some(bounds) = depth.cpu {
        line(format!("{name} {n} deep: server CPU per op"), "us", cpu, Judged::RatioDown, bounds);
    }
    if let Some(bounds) = depth.throughput {
        line(format!("{name} {n} deep: throughput"), "k/s", rate, Judged::RatioUp, bounds);
    }
}
