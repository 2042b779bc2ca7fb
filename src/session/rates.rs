//! How much happens per second at present: what INFO's `instantaneous_` fields show.
//!
//! Ten times a second a timer hands in the counters' readings; a rate is the mean over the
//! last sixteen of them.

/// Counters whose rates are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rate {
    Commands,
    InputBytes,
    OutputBytes,
    /// See [`super::stats::WorkerStats::cycles`].
    Cycles,
    BusyNs,
}

const RATES: usize = 5;
const SAMPLES: usize = 16;
/// Time between two samples.
const PERIOD_MS: u64 = 100;

/// See the module.
#[derive(Debug, Default)]
pub struct Rates {
    /// Readings at the last sample, and when that was.
    last: [u64; RATES],
    last_ms: u64,
    per_second: [[u64; SAMPLES]; RATES],
    next: usize,
}

impl Rates {
    /// Takes a sample at a monotonic time, unless the last one is too recent.
    pub fn sample(&mut self, now_ms: u64, readings: [u64; RATES]) {
        let ms = now_ms.saturating_sub(self.last_ms);
        if self.last_ms > 0 && ms < PERIOD_MS {
            return;
        }
        if self.last_ms > 0 {
            for ((ring, now), last) in self.per_second.iter_mut().zip(readings).zip(self.last) {
                // CONFIG RESETSTAT turns counters back.
                ring[self.next] = now.saturating_sub(last) * 1000 / ms;
            }
            self.next = (self.next + 1) % SAMPLES;
        }
        (self.last, self.last_ms) = (readings, now_ms);
    }

    /// Mean per second over the last samples.
    pub fn get(&self, rate: Rate) -> u64 {
        self.per_second[rate as usize].iter().sum::<u64>() / SAMPLES as u64
    }

    /// For CONFIG RESETSTAT.
    pub fn reset(&mut self) {
        *self = Rates::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_load_shows_its_rate() {
        let mut r = Rates::default();
        for i in 0..40 {
            r.sample(1_000 + i * 50, [i * 100, 0, i, 0, 0]);
        }
        assert_eq!(r.get(Rate::Commands), 2_000);
        assert_eq!(r.get(Rate::InputBytes), 0);
        assert_eq!(r.get(Rate::OutputBytes), 20);
        r.sample(10_000, [0; 5]);
        assert!(r.get(Rate::Commands) < 2_000, "counters that were reset do not underflow");
        r.reset();
        assert_eq!(r.get(Rate::Commands), 0);
    }
}
