//! How background work makes way for clients.
//!
//! A thread of its own is not enough: where there are no more cores than workers it takes its
//! turn on one of theirs, and a worker that is woken on that core waits for the rest of the turn.
//! The operating system does not take the core from one thread for another at once: yielding, a
//! lower priority and shorter time slices were tried and did not help. (The idle class helped
//! most requests, but a lock held by a thread of that class keeps who needs it waiting for
//! 100 ms.) So background work goes on for a fraction of a millisecond and then rests, if clients
//! are at work.

use crate::session::shared::Shared;
use std::time::Duration;

/// How long a rest is: the shortest time that can be slept.
pub const REST: Duration = Duration::from_millis(1);

/// How long has been worked without a rest.
pub struct Pace {
    work_ns: u64,
    worked_ns: u64,
    /// Commands that had been executed at the last rest.
    commands: u64,
}

impl Pace {
    /// For work that goes on for so long.
    pub fn new(work_ns: u64) -> Pace {
        Pace { work_ns, worked_ns: 0, commands: 0 }
    }

    /// Whether `more_ns` of work would be the last before a rest.
    pub fn is_enough(&self, more_ns: u64) -> bool {
        self.worked_ns + more_ns > self.work_ns
    }

    /// Counts work that was done; whether a rest is due because clients have been at work.
    pub fn worked(&mut self, ns: u64, shared: &Shared) -> bool {
        self.worked_ns += ns;
        if !self.is_enough(0) {
            return false;
        }
        let commands = shared.workers.iter().map(|w| w.commands.get()).sum();
        self.worked_ns = 0;
        std::mem::replace(&mut self.commands, commands) != commands
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Config, engine::Engine, session::shared::Boot};

    #[test]
    fn a_rest_is_due_after_enough_work_where_clients_are_at_work() {
        let engine = Engine::new(Config::default(), Boot::default(), 1, 7);
        let (shared, mut pace) = (&engine.shared, Pace::new(100));
        shared.workers[0].commands.add(1);
        assert!(!pace.worked(60, shared));
        assert!(!pace.is_enough(40) && pace.is_enough(41));
        assert!(pace.worked(41, shared));
        assert!(!pace.worked(101, shared), "nobody has been at work since");
        shared.workers[0].commands.add(1);
        assert!(!pace.worked(100, shared), "it begins anew after each look");
        assert!(pace.worked(1, shared));
    }
}
