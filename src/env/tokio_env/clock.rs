//! The monotonic clock, for the price of reading a register.
//!
//! Every command is timed, and asking the operating system takes a twelfth of the time that a
//! small command takes. Processors count ticks at a constant rate, and reading that counter is
//! several times cheaper. So the operating system is asked once a millisecond; in
//! between the counter says how much time has passed since, at the rate that the last two
//! readings show. Nothing else is believed of the counter: after a jump (a thread that moved
//! to a core with another count, a machine that was moved to another host) time is off by at most
//! that millisecond, until the next reading. Time never goes back.

use std::{cell::Cell, time::Instant};

/// How long the counter is followed without asking the operating system.
const FOLLOWED_NS: u64 = 1_000_000;
/// Ticks between which the operating system's answer is believed to belong to the counter's
/// value: some microseconds. The thread may have been put aside.
const CLOSE_TICKS: u64 = 10_000;
/// Rates outside of 0.25 to 16 ticks per nanosecond are an error. In nanoseconds times 2^32.
const RATES: std::ops::Range<u64> = 1 << 28..1 << 34;

/// The time since it was made. Of several clones each is monotonic for itself.
#[derive(Clone)]
pub struct Monotonic {
    start: Instant,
    /// There is a counter worth following.
    counts: bool,
    anchor: Cell<Anchor>,
    last_ns: Cell<u64>,
}

/// A moment at which the operating system was asked.
#[derive(Clone, Copy, Default)]
struct Anchor {
    ns: u64,
    ticks: u64,
    /// Nanoseconds per tick, times 2^32.
    rate: u64,
    /// Ticks from here on that `rate` is good for; 0 if it is not known.
    span: u64,
}

impl Anchor {
    /// The time at which the counter shows `ticks`, if the anchor is near enough.
    #[inline]
    fn at(&self, ticks: u64) -> Option<u64> {
        let passed = ticks.wrapping_sub(self.ticks);
        // Below 2^25 ticks times 2^34.
        (passed < self.span).then(|| self.ns + ((passed * self.rate) >> 32))
    }

    /// The anchor after this one: the operating system said `ns` while the counter went from
    /// `before` to `after`.
    fn next(&self, ns: u64, before: u64, after: u64) -> Anchor {
        let unknown = Anchor { ns, ticks: after, rate: 0, span: 0 };
        if after.wrapping_sub(before) > CLOSE_TICKS {
            // Nothing can be said about the way to here, nor from here on.
            return Anchor { ns: 0, ticks: 0, ..unknown };
        }
        let (ns_passed, ticks_passed) = (ns.saturating_sub(self.ns), after.wrapping_sub(self.ticks));
        if self.ticks == 0 || ticks_passed == 0 {
            return unknown;
        }
        if ns_passed < FOLLOWED_NS {
            // Too short to say more about the rate.
            return *self;
        }
        let rate = (u128::from(ns_passed) << 32) / u128::from(ticks_passed);
        match u64::try_from(rate).ok().filter(|rate| RATES.contains(rate)) {
            Some(rate) => Anchor { rate, span: (FOLLOWED_NS << 32) / rate, ..unknown },
            None => unknown,
        }
    }
}

impl Monotonic {
    pub fn new() -> Monotonic {
        let (counts, anchor) = (has_counter(), Cell::default());
        Monotonic { start: Instant::now(), counts, anchor, last_ns: Cell::new(0) }
    }

    /// Nanoseconds since it was made.
    #[inline]
    pub fn ns(&self) -> u64 {
        let known = if self.counts { self.anchor.get().at(counter()) } else { None };
        let ns = known.unwrap_or_else(|| self.ask()).max(self.last_ns.get());
        self.last_ns.set(ns);
        ns
    }

    /// Asks the operating system.
    #[cold]
    fn ask(&self) -> u64 {
        let before = counter();
        let elapsed = self.start.elapsed();
        let ns = elapsed.as_secs() * 1_000_000_000 + u64::from(elapsed.subsec_nanos());
        if self.counts {
            self.anchor.set(self.anchor.get().next(ns, before, counter()));
        }
        ns
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn counter() -> u64 {
    // SAFETY: the instruction is there on every processor of this architecture, has no effect
    // and touches no memory.
    unsafe { std::arch::x86_64::_rdtsc() }
}

/// Whether the counter's rate is constant, also while the processor changes its own or sleeps.
#[cfg(target_arch = "x86_64")]
fn has_counter() -> bool {
    use std::arch::x86_64::__cpuid;
    const POWER_MANAGEMENT: u32 = 0x8000_0007;
    const INVARIANT: u32 = 1 << 8;
    __cpuid(0x8000_0000).eax >= POWER_MANAGEMENT && __cpuid(POWER_MANAGEMENT).edx & INVARIANT != 0
}

#[cfg(not(target_arch = "x86_64"))]
fn counter() -> u64 {
    0
}

#[cfg(not(target_arch = "x86_64"))]
fn has_counter() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An anchor that knows the rate of a counter of 2.5 ticks per nanosecond.
    fn anchored() -> Anchor {
        let first = Anchor::default().next(1_000, 50_000, 50_100);
        first.next(1_000 + 4_000_000, 10_050_000, 10_050_100)
    }

    #[test]
    fn between_two_readings_the_counter_tells_the_time() {
        let a = anchored();
        assert_eq!(a.at(10_050_100), Some(4_001_000));
        let half_ms = a.at(10_050_100 + 1_250_000).unwrap();
        assert!(half_ms.abs_diff(4_501_000) <= 1, "{half_ms}");
        assert_eq!(a.at(10_050_100 + 2_500_001), None, "a millisecond has passed");
        assert_eq!(a.at(10_050_099), None, "the counter went back");
    }

    #[test]
    fn what_cannot_be_is_not_believed() {
        let a = anchored();
        let asleep = a.next(6_000_000, 15_000_000, 15_000_000 + CLOSE_TICKS + 1);
        assert_eq!(asleep.at(asleep.ticks), None, "put aside while asking");
        assert_eq!(asleep.next(9_000_000, 22_500_000, 22_500_100).span, 0, "and no rate follows from that");
        assert_eq!(a.next(8_000_000, 10_050_200, 10_050_300).span, 0, "the counter stood still");
        assert_eq!(a.next(8_000_000, 1, 2).span, 0, "the counter went back");
    }

    #[test]
    fn it_agrees_with_the_operating_system() {
        let (clock, os) = (Monotonic::new(), Instant::now());
        let (mut last, mut worst) = (0, 0);
        while os.elapsed().as_millis() < 50 {
            let (before, ns) = (os.elapsed().as_nanos() as u64, clock.ns());
            let after = os.elapsed().as_nanos() as u64;
            assert!(ns >= last, "time went back");
            last = ns;
            if after - before < 20_000 {
                worst = worst.max(before.saturating_sub(ns)).max(ns.saturating_sub(after));
            }
        }
        // The two were not made at the same instant either.
        assert!(worst < 1_000_000, "{worst} ns apart");
    }

    proptest! {
        #[test]
        fn no_reading_takes_time_further_than_it_is_followed(
            readings in prop::collection::vec((0u64..1 << 40, any::<u64>(), 0u64..20_000), 1..20),
            ticks in any::<u64>(),
        ) {
            let (mut a, mut newest) = (Anchor::default(), 0);
            for (ns, before, took) in readings {
                newest += ns;
                a = a.next(newest, before, before.wrapping_add(took));
            }
            if let Some(ns) = a.at(ticks) {
                prop_assert!(ns >= a.ns && ns <= a.ns + FOLLOWED_NS);
                prop_assert!(a.ns <= newest);
            }
        }
    }
}
