//! The latency monitor: for each kind of event, the worst moments of late.
//!
//! An event that took at least `latency-monitor-threshold` milliseconds leaves a sample;
//! samples of the same second are merged into the worst. The lock is only taken for such
//! events and by whoever reads.

use parking_lot::Mutex;
use std::collections::{BTreeMap, VecDeque};

/// Most samples kept for one event.
const SAMPLES: usize = 160;

/// The worst of one second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Unix seconds.
    pub time_s: u64,
    pub latency_ms: u64,
}

/// One event's history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Series {
    /// Oldest first.
    pub samples: VecDeque<Sample>,
    /// The worst since the last reset.
    pub max_ms: u64,
    /// Sum and number of all latencies since the last reset.
    pub sum_ms: u64,
    pub count: u64,
}

impl Series {
    fn add(&mut self, sample: Sample) {
        self.max_ms = self.max_ms.max(sample.latency_ms);
        self.sum_ms += sample.latency_ms;
        self.count += 1;
        match self.samples.back_mut() {
            Some(last) if last.time_s == sample.time_s => last.latency_ms = last.latency_ms.max(sample.latency_ms),
            _ => {
                if self.samples.len() == SAMPLES {
                    self.samples.pop_front();
                }
                self.samples.push_back(sample);
            }
        }
    }
}

/// All events' histories.
#[derive(Default)]
pub struct LatencyMonitor(Mutex<BTreeMap<&'static str, Series>>);

impl LatencyMonitor {
    /// Records that `event` took so long.
    pub fn add(&self, event: &'static str, sample: Sample) {
        self.0.lock().entry(event).or_default().add(sample);
    }

    /// The history of an event, if there is one.
    pub fn series(&self, event: &[u8]) -> Option<Series> {
        let all = self.0.lock();
        all.iter().find(|(name, _)| name.as_bytes() == event).map(|(_, series)| series.clone())
    }

    /// All histories by name.
    pub fn all(&self) -> Vec<(&'static str, Series)> {
        self.0.lock().iter().map(|(name, series)| (*name, series.clone())).collect()
    }

    /// Forgets one event, or all; returns how many there were.
    pub fn reset(&self, event: Option<&[u8]>) -> usize {
        let mut all = self.0.lock();
        let before = all.len();
        all.retain(|name, _| event.is_some_and(|e| !e.eq_ignore_ascii_case(name.as_bytes())));
        before - all.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(m: &LatencyMonitor, event: &'static str, time_s: u64, latency_ms: u64) {
        m.add(event, Sample { time_s, latency_ms });
    }

    #[test]
    fn a_second_keeps_its_worst() {
        let m = LatencyMonitor::default();
        for (t, ms) in [(1, 5), (1, 9), (1, 3), (2, 4)] {
            add(&m, "command", t, ms);
        }
        let s = m.series(b"command").unwrap();
        assert_eq!(s.samples, [Sample { time_s: 1, latency_ms: 9 }, Sample { time_s: 2, latency_ms: 4 }]);
        assert_eq!((s.max_ms, s.sum_ms, s.count), (9, 21, 4));
        assert_eq!(m.series(b"fork"), None);
    }

    #[test]
    fn old_samples_go_and_reset_picks() {
        let m = LatencyMonitor::default();
        (0..200).for_each(|t| add(&m, "command", t, 1));
        assert_eq!(m.series(b"command").unwrap().samples.front().unwrap().time_s, 40);
        add(&m, "expire-cycle", 1, 1);
        assert_eq!(m.reset(Some(b"COMMAND")), 1);
        assert_eq!(m.reset(None), 1);
        assert_eq!(m.all(), []);
    }
}
