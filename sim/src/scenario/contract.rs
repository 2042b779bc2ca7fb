//! The contract of `env` on the simulated network and disk.
//!
//! Seeds vary buffer sizes, the lengths of reads and writes, and the order of everything.
//! Faults that the contract does not know (loss, errors) stay off.

use crate::{disk::SimDisks, env::SimEnv, machine::Machine, net::SimNet};
use madsim::{
    rand::{Rng, thread_rng},
    time::timeout,
};
use norn::env::contract::{Place, cases};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};
use std::time::Duration;

/// Longest virtual time of a case.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) async fn run(seed: u64) -> String {
    let mut rng = thread_rng();
    if seed != 0 {
        let share = |p: f64| if p < 0.5 { 0.0 } else { p - 0.5 };
        SimNet::current().configure(|c| {
            // Kernel buffers hold at least this much; the cases count on it.
            c.window = 1 << rng.gen_range(14..=20);
            c.segment = 1 << rng.gen_range(6..=17);
            c.short_read = share(rng.r#gen());
            c.short_write = share(rng.r#gen());
        });
        SimDisks::current().configure(|c| c.short_write = share(rng.r#gen()));
    }
    let all = cases::<SimEnv>();
    let count = all.len();
    for (i, case) in all.into_iter().enumerate() {
        let machine = Machine::idle(u8::try_from(i + 1).expect("few cases"));
        let place = Place { ip: machine.ip, socket_dir: "/run".into() };
        let done = Arc::new(AtomicBool::new(false));
        let done2 = done.clone();
        let task = machine.spawn(move |env| async move {
            (case.run)(env, place).await;
            done2.store(true, Relaxed);
        });
        let ended = timeout(PATIENCE, task).await;
        let done = ended.is_ok() && done.load(Relaxed);
        assert!(done, "{} did not finish", case.name);
    }
    format!("{count} cases")
}
