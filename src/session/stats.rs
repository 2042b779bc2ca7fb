//! Counters. Each worker writes its own and nobody else's; INFO sums them.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A counter with one writer: a plain load and store, no locked instruction.
#[derive(Default, Debug)]
pub struct Counter(AtomicU64);

impl Counter {
    #[inline]
    pub fn add(&self, n: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(n), Relaxed);
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
    /// Calls by duration: bucket `i` counts those of less than 2^i microseconds.
    pub by_duration: [Counter; 32],
}

/// What one worker counts.
#[derive(Debug)]
#[repr(align(128))]
pub struct WorkerStats {
    pub commands: Counter,
    pub connections: Counter,
    pub rejected_connections: Counter,
    pub net_in_bytes: Counter,
    pub net_out_bytes: Counter,
    pub reads: Counter,
    pub writes: Counter,
    pub error_replies: Counter,
    pub query_limit_disconnections: Counter,
    pub output_limit_disconnections: Counter,
    pub unexpected_errors: Counter,
    pub per_command: Box<[CommandStats]>,
}

impl WorkerStats {
    /// Zeros, with room for `commands` commands.
    pub fn new(commands: usize) -> WorkerStats {
        WorkerStats {
            commands: Counter::default(),
            connections: Counter::default(),
            rejected_connections: Counter::default(),
            net_in_bytes: Counter::default(),
            net_out_bytes: Counter::default(),
            reads: Counter::default(),
            writes: Counter::default(),
            error_replies: Counter::default(),
            query_limit_disconnections: Counter::default(),
            output_limit_disconnections: Counter::default(),
            unexpected_errors: Counter::default(),
            per_command: (0..commands).map(|_| CommandStats::default()).collect(),
        }
    }
}
