//! The clock as an argument: whoever drives the core lends it one.
//!
//! Every command is timed, so clocks are read often. [`Ticking`] reads both once and from
//! then on only the monotonic one, from which the other follows.

use super::time::{Mono, Now};

/// A source of the current time. Production reads the hardware; the simulator's virtual
/// clock stands still while a command runs.
pub trait Clock {
    /// Both clocks.
    fn now(&self) -> Now;

    /// The monotonic clock alone.
    fn mono(&self) -> Mono {
        self.now().mono
    }
}

/// Another clock's time for the length of one batch of commands.
pub struct Ticking<'a> {
    clock: &'a dyn Clock,
    base: Now,
}

impl<'a> Ticking<'a> {
    /// Begins with what `clock` says now.
    pub fn new(clock: &'a dyn Clock) -> Ticking<'a> {
        Ticking { clock, base: clock.now() }
    }

    /// The time it began with.
    pub fn base(&self) -> Now {
        self.base
    }

    /// Brings up to date what this clock has shown. Most commands take less than a microsecond,
    /// after which the calendar mostly shows what it did.
    #[inline]
    pub fn advance(&self, now: &mut Now) {
        let mono = self.clock.mono();
        if self.passed_us(mono) == self.passed_us(now.mono) {
            now.mono = mono;
        } else {
            *now = self.at(mono);
        }
    }

    #[inline]
    fn passed_us(&self, mono: Mono) -> u64 {
        mono.0.saturating_sub(self.base.mono.0) / 1000
    }

    fn at(&self, mono: Mono) -> Now {
        Now::at(mono, self.base.unix_us() + self.passed_us(mono))
    }
}

impl Clock for Ticking<'_> {
    #[inline]
    fn now(&self) -> Now {
        self.at(self.clock.mono())
    }

    fn mono(&self) -> Mono {
        self.clock.mono()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    struct Hand(Cell<u64>);

    impl Clock for Hand {
        fn now(&self) -> Now {
            Now::at(Mono(self.0.get()), 1_000_250)
        }
    }

    #[test]
    fn the_calendar_follows_the_monotonic_clock() {
        let hand = Hand(Cell::new(5_000_000));
        let ticking = Ticking::new(&hand);
        hand.0.set(6_999_999);
        assert_eq!(ticking.now(), Now::at(Mono(6_999_999), 1_002_249));
        hand.0.set(7_000_000);
        assert_eq!(ticking.now().unix_us(), 1_002_250);
        let mut now = ticking.base();
        for ns in [5_000_999, 5_001_000, 5_001_001, 6_999_999, 7_000_000] {
            hand.0.set(ns);
            ticking.advance(&mut now);
            assert_eq!(now, ticking.now());
        }
    }
}
