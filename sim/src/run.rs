//! Runs scenarios by seed.
//!
//! Every run gets a fresh thread and a fresh madsim runtime, created before anything else on
//! that thread, so that nothing left over from another seed can influence it.

use crate::{
    disk::SimDisks,
    net::SimNet,
    os::SimOs,
    scenario::{Report, Scenario},
    trace::mix,
};
use madsim::{Config, runtime::Runtime, time::TimeHandle};
use std::{any::Any, future::Future, thread, time::Duration};

/// Virtual time after which a run counts as hanging.
const TIME_LIMIT: Duration = Duration::from_secs(4 * 3600);
const STACK_BYTES: usize = 16 << 20;

/// What a run was like. Two runs of one seed must be equal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// Hash of everything that happened, and of how much.
    pub trace: u64,
    pub events: u64,
    /// Virtual time that passed.
    pub sim_ns: u64,
    /// Replies of a server that were checked.
    pub checked: u64,
    /// What the scenario says about itself.
    pub summary: String,
}

/// Runs a scenario once; the error says what went wrong.
pub fn run(scenario: &'static Scenario, seed: u64) -> Result<Outcome, String> {
    simulate(seed, move || async move {
        let Report { text: summary, checked } = (scenario.run)(seed).await;
        let (trace, events) = trace(seed);
        let sim_ns = TimeHandle::current().elapsed().as_nanos() as u64;
        Outcome { trace: mix(trace, sim_ns), events, sim_ns, checked, summary }
    })
}

/// Runs `f` as the supervisor of a fresh simulation; the error is the message of a panic.
pub fn simulate<F, Fut, T>(seed: u64, f: F) -> Result<T, String>
where
    F: FnOnce() -> Fut + Send + 'static,
    Fut: Future<Output = T>,
    T: Send + 'static,
{
    let thread = thread::Builder::new().name(format!("seed-{seed}"));
    let run = thread.stack_size(STACK_BYTES).spawn(move || {
        let mut runtime = Runtime::with_seed_and_config(seed, Config::default());
        runtime.add_simulator::<SimNet>();
        runtime.add_simulator::<SimDisks>();
        runtime.add_simulator::<SimOs>();
        runtime.set_time_limit(TIME_LIMIT);
        runtime.block_on(async move {
            SimNet::current().start();
            f().await
        })
    });
    run.expect("a thread can start").join().map_err(|panic| message(&*panic))
}

/// The hash and number of everything that has happened in the current simulation.
fn trace(seed: u64) -> (u64, u64) {
    let parts = [SimNet::current().trace(), SimDisks::current().trace(), SimOs::current().trace()];
    let mut trace = mix(0, seed);
    let mut events = 0;
    for (hash, n) in parts {
        trace = mix(mix(trace, hash), n);
        events += n;
    }
    (trace, events)
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without a message").to_owned()
}
