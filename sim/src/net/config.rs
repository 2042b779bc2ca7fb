//! The knobs of the simulated network.

use madsim::rand::{Rng, seq::SliceRandom};

/// How the network behaves; may change while a scenario runs. Probabilities are per event.
#[derive(Clone, Debug)]
pub struct NetConfig {
    /// One-way delay between hosts, lowest and highest, in microseconds.
    pub latency_us: (u64, u64),
    /// The same within one host.
    pub loopback_us: (u64, u64),
    /// Chance that a segment must be sent again, which costs a retransmission time-out.
    pub loss: f64,
    /// Chance that a segment is held up, and for how long at most.
    pub stall: f64,
    pub stall_max_ms: u64,
    /// First retransmission time-out; doubles up to `rto_max_ms`.
    pub rto_ms: u64,
    pub rto_max_ms: u64,
    /// How long a sender keeps trying before its connection times out.
    pub give_up_s: u64,
    /// Bytes one direction of a connection holds: written and not yet known to be read.
    pub window: usize,
    /// Largest segment, in bytes.
    pub segment: usize,
    /// Chance that a read returns less than it could.
    pub short_read: f64,
    /// Chance that a write takes less than it could.
    pub short_write: f64,
    /// Throughput of a directed link; `None` is unlimited.
    pub bytes_per_s: Option<u64>,
    /// Chance that an accept fails because no descriptor is left.
    pub accept_error: f64,
    /// Attempts of a connect that hears nothing, the first waiting one second, each twice as
    /// long as the one before.
    pub connect_tries: u32,
}

impl NetConfig {
    /// A quick network without faults.
    pub fn calm() -> NetConfig {
        NetConfig {
            latency_us: (50, 500),
            loopback_us: (5, 40),
            loss: 0.0,
            stall: 0.0,
            stall_max_ms: 0,
            rto_ms: 200,
            rto_max_ms: 3_200,
            give_up_s: 900,
            window: 256 << 10,
            segment: 64 << 10,
            short_read: 0.0,
            short_write: 0.0,
            bytes_per_s: None,
            accept_error: 0.0,
            connect_tries: 6,
        }
    }

    /// A network drawn at random; most draws have some faults, some have none.
    pub fn draw(rng: &mut impl Rng) -> NetConfig {
        let mut pick = |from: &[f64]| *from.choose(rng).expect("there are choices");
        let loss = pick(&[0.0, 0.0, 0.001, 0.01, 0.05]);
        let stall = pick(&[0.0, 0.0, 0.0005, 0.005]);
        let short_read = pick(&[0.0, 0.01, 0.3, 1.0]);
        let short_write = pick(&[0.0, 0.01, 0.3, 1.0]);
        let accept_error = pick(&[0.0, 0.0, 0.0, 0.02]);
        let slowest_us = *[100, 500, 2_000, 10_000, 100_000].choose(rng).expect("choices");
        NetConfig {
            latency_us: (rng.gen_range(20..=100), slowest_us),
            loss,
            stall,
            stall_max_ms: rng.gen_range(50..=3_000),
            window: 1 << rng.gen_range(12..=18),
            segment: 1 << rng.gen_range(9..=16),
            short_read,
            short_write,
            bytes_per_s: rng.gen_bool(0.2).then(|| 1 << rng.gen_range(16..=24)),
            accept_error,
            ..NetConfig::calm()
        }
    }
}
