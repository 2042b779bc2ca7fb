//! What the simulator runs. A scenario draws its circumstances from the seed, runs a workload
//! with faults, then lets everything calm down and demands that it recovers. It panics where a
//! promise is broken and reports what it did.

mod contract;
mod crash;
mod disk;
mod expiry;
mod moves;
mod net;
mod smoke;
mod spoil;
mod stage;

use std::{future::Future, pin::Pin};

/// What a run did.
pub struct Report {
    /// A line about it.
    pub text: String,
    /// Replies of a server that were checked.
    pub checked: u64,
}

/// A boxed run of a scenario.
pub type Run = Pin<Box<dyn Future<Output = Report>>>;

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
        run: |seed| Box::pin(async move { contract::run(seed).await.into() }),
    },
    Scenario {
        name: "net",
        about: "random connections under network faults and crashes: in order, nothing invented, nothing leaked",
        run: |seed| Box::pin(async move { net::run(seed).await.into() }),
    },
    Scenario {
        name: "smoke",
        about: "one server, many clients, faults and clock jumps: every history linearizable, nothing left over",
        run: |seed| Box::pin(smoke::run(seed)),
    },
    Scenario {
        name: "expiry",
        about: "keys and fields that expire under a jumping clock: never served, always removed, always counted",
        run: |seed| Box::pin(expiry::run(seed)),
    },
    Scenario {
        name: "crash",
        about: "kills and losses of power while clients write, under every policy: what comes back was promised",
        run: |seed| Box::pin(crash::run(seed)),
    },
    Scenario {
        name: "disk",
        about: "a disk that is full, fails, is slow or rots: nothing acknowledged is lost, service resumes by itself",
        run: |seed| Box::pin(disk::run(seed)),
    },
    Scenario {
        name: "upgrade-files",
        about: "the same while the append-only file is turned on and off",
        run: |seed| Box::pin(crash::run_upgrade(seed)),
    },
    Scenario {
        name: "moves",
        about: "keys that two servers send each other under every fault: never gone, never older than acknowledged",
        run: |seed| Box::pin(moves::run(seed)),
    },
];

impl From<String> for Report {
    fn from(text: String) -> Report {
        Report { text, checked: 0 }
    }
}

/// The scenario of that name.
pub fn find(name: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|s| s.name == name)
}
