//! Counters. Each worker writes its own and nobody else's; INFO sums them.

use super::histogram::Histogram;
use crate::base::sync::Mutex;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

/// A counter with one writer: a plain load and store, no locked instruction.
#[derive(Default, Debug)]
pub struct Counter(AtomicU64);

impl Counter {
    #[inline]
    pub fn add(&self, n: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(n), Relaxed);
    }

    /// Becomes `n` if that is more.
    #[inline]
    pub fn raise(&self, n: u64) {
        if n > self.get() {
            self.0.store(n, Relaxed);
        }
    }

    #[inline]
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }

    /// For CONFIG RESETSTAT; a concurrent `add` may survive it.
    pub fn reset(&self) {
        self.0.store(0, Relaxed);
    }
}

/// What one worker counts per command.
#[derive(Default, Debug)]
pub struct CommandStats {
    pub calls: Counter,
    pub busy_ns: Counter,
    /// Refused before execution.
    pub rejected: Counter,
    /// Replied an error.
    pub failed: Counter,
    /// Durations of the calls; most commands are never called and have none.
    durations: Mutex<Option<Arc<Histogram>>>,
}

impl CommandStats {
    /// Counts a call that took `ns`.
    #[inline]
    pub fn called(&self, ns: u64) {
        self.calls.add(1);
        self.busy_ns.add(ns);
    }

    /// Where the worker counts the durations; it keeps what it gets and asks only once.
    pub fn histogram(&self) -> Arc<Histogram> {
        self.durations.lock().get_or_insert_default().clone()
    }

    /// Durations of the calls, if any were counted.
    pub fn durations(&self) -> Option<Arc<Histogram>> {
        self.durations.lock().clone()
    }

    /// For CONFIG RESETSTAT.
    pub fn reset(&self) {
        [&self.calls, &self.busy_ns, &self.rejected, &self.failed].iter().for_each(|c| c.reset());
        self.durations().inspect(|h| h.reset());
    }
}

macro_rules! worker_stats {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What one worker counts.
        #[derive(Debug, Default)]
        #[repr(align(128))]
        pub struct WorkerStats {
            $($(#[$doc])* pub $name: Counter,)*
            /// By the command's number.
            pub per_command: Box<[CommandStats]>,
        }

        impl WorkerStats {
            /// For CONFIG RESETSTAT.
            pub fn reset(&self) {
                $(self.$name.reset();)*
                self.per_command.iter().for_each(CommandStats::reset);
            }
        }
    };
}

worker_stats! {
    commands,
    connections,
    rejected_connections,
    net_in_bytes,
    net_out_bytes,
    reads,
    writes,
    /// Keys that reading commands found, and that they did not.
    keyspace_hits,
    keyspace_misses,
    error_replies,
    /// Passwords that were wrong, or users that do not exist.
    auth_failures,
    query_limit_disconnections,
    output_limit_disconnections,
    unexpected_errors,
    /// Calls of the engine with a client's bytes, and rounds of housekeeping.
    cycles,
    /// How long those took, of which housekeeping.
    cycles_ns,
    housekeeping_ns,
    longest_cycle_ns,
    most_commands_in_cycle,
}

impl WorkerStats {
    /// Counts a cycle that took `ns` and ran `commands` commands.
    #[inline]
    pub fn cycle(&self, ns: u64, commands: u64) {
        self.cycles.add(1);
        self.cycles_ns.add(ns);
        self.longest_cycle_ns.raise(ns);
        self.most_commands_in_cycle.raise(commands);
    }

    /// Zeros, with room for `commands` commands.
    pub fn new(commands: usize) -> WorkerStats {
        WorkerStats { per_command: (0..commands).map(|_| CommandStats::default()).collect(), ..WorkerStats::default() }
    }
}
