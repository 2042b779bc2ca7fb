//! Durations of one command's calls, counted in buckets that widen with the duration.
//!
//! Every power of two of nanoseconds is cut into eight equal buckets, so a bucket is
//! never wider than an eighth of what it counts, and a percentile read from its upper edge
//! is at most 12.5 % too high. Calls of less than 1 µs share the buckets below, calls of more
//! than 17 s the last. One worker writes, anybody reads.

use super::stats::Counter;

/// Buckets per power of two, as a power of two.
const SPLIT_BITS: u32 = 3;
/// Durations below this many ns (a power of two) are counted in equal buckets.
const LINEAR_BITS: u32 = 10;
/// The last power of two with buckets of its own.
const LAST_BITS: u32 = 34;
const SPLIT: usize = 1 << SPLIT_BITS;
const BUCKETS: usize = SPLIT * (2 + LAST_BITS - LINEAR_BITS) as usize;

/// See the module.
#[derive(Debug)]
pub struct Histogram {
    buckets: [Counter; BUCKETS],
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram { buckets: std::array::from_fn(|_| Counter::default()) }
    }
}

fn bucket_of(ns: u64) -> usize {
    let power = (63 - (ns | 1).leading_zeros()).max(LINEAR_BITS - 1);
    if power > LAST_BITS {
        return BUCKETS - 1;
    }
    if ns < 1 << LINEAR_BITS {
        return (ns >> (LINEAR_BITS - SPLIT_BITS)) as usize;
    }
    let part = (ns >> (power - SPLIT_BITS)) as usize & (SPLIT - 1);
    SPLIT * (power - LINEAR_BITS + 1) as usize + part
}

/// The longest duration that a bucket counts, in ns.
fn upper_ns(bucket: usize) -> u64 {
    let (row, part) = (bucket / SPLIT, (bucket % SPLIT) as u64 + 1);
    let start = if row == 0 { 0 } else { 1u64 << (LINEAR_BITS as usize + row - 1) };
    let width = if row == 0 { 1u64 << (LINEAR_BITS - SPLIT_BITS) } else { start >> SPLIT_BITS };
    start + width * part - 1
}

impl Histogram {
    /// Counts a call.
    #[inline]
    pub fn record(&self, ns: u64) {
        self.buckets[bucket_of(ns)].add(1);
    }

    /// Adds this histogram's counts to a snapshot.
    pub fn add_to(&self, sum: &mut Snapshot) {
        self.buckets.iter().zip(&mut sum.0).for_each(|(b, n)| *n += b.get());
    }

    /// Forgets all calls.
    pub fn reset(&self) {
        self.buckets.iter().for_each(Counter::reset);
    }
}

/// The sum of several workers' histograms at one time.
#[derive(Clone, Debug)]
pub struct Snapshot([u64; BUCKETS]);

impl Default for Snapshot {
    fn default() -> Snapshot {
        Snapshot([0; BUCKETS])
    }
}

impl Snapshot {
    /// How many calls were counted.
    pub fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The duration in ns that `percent` of the calls did not exceed; 0 without calls.
    pub fn percentile_ns(&self, percent: f64) -> u64 {
        let want = ((percent / 100.0 * self.count() as f64).ceil() as u64).max(1);
        let mut seen = 0;
        for (i, n) in self.0.iter().enumerate() {
            seen += n;
            if seen >= want {
                return upper_ns(i);
            }
        }
        0
    }

    /// Calls that took less than 2^`power` ns, for powers from 10 to 34.
    pub fn below(&self, power: u32) -> u64 {
        self.0[..SPLIT * (power.clamp(LINEAR_BITS, LAST_BITS + 1) - LINEAR_BITS + 1) as usize].iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_bucket_ends_just_above_what_it_counts(ns in 0u64..1 << 35) {
            let b = bucket_of(ns);
            prop_assert!(ns <= upper_ns(b));
            prop_assert!(b == 0 || ns > upper_ns(b - 1));
            prop_assert!(upper_ns(b) - ns <= (ns / 8).max(127));
        }
    }

    #[test]
    fn percentiles_and_powers() {
        let h = Histogram::default();
        (0..99).for_each(|_| h.record(5_000));
        h.record(3_000_000);
        let mut s = Snapshot::default();
        h.add_to(&mut s);
        assert_eq!(s.count(), 100);
        assert_eq!(s.percentile_ns(50.0), s.percentile_ns(0.0));
        assert!((5_000..5_700).contains(&s.percentile_ns(99.0)));
        assert!((3_000_000..3_400_000).contains(&s.percentile_ns(99.9)));
        assert_eq!((s.below(12), s.below(13), s.below(22)), (0, 99, 100));
        h.reset();
        h.record(u64::MAX);
        let mut s = Snapshot::default();
        h.add_to(&mut s);
        assert_eq!((s.count(), s.percentile_ns(100.0)), (1, upper_ns(BUCKETS - 1)));
        assert_eq!(Snapshot::default().percentile_ns(99.0), 0);
    }
}
