//! What the simulator runs. A scenario draws its circumstances from the seed, runs a workload
//! with faults, then lets everything calm down and demands that it recovers. It panics where a
//! promise is broken and returns a line about what it did.

mod contract;
mod net;

use std::{future::Future, pin::Pin};

/// A boxed run of a scenario.
pub type Run = Pin<Box<dyn Future<Output = String>>>;

/// Something to simulate.
pub struct Scenario {
    pub name: &'static str,
    /// One line for `norn-sim list`.
    pub about: &'static str,
    /// Runs in the supervisor of a fresh simulation; panics on a violation.
    pub run: fn(seed: u64) -> Run,
}

/// Every scenario.
pub static SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "contract",
        about: "the cases of env::contract on the simulated network and disk",
        run: |seed| Box::pin(contract::run(seed)),
    },
    Scenario {
        name: "net",
        about: "random connections under network faults and crashes: in order, nothing invented, nothing leaked",
        run: |seed| Box::pin(net::run(seed)),
    },
];

/// The scenario of that name.
pub fn find(name: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|s| s.name == name)
}
