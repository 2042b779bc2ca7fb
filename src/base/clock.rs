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
}

impl Clock for Ticking<'_> {
    #[inline]
    fn now(&self) -> Now {
        let mono = self.clock.mono();
        let passed_us = mono.0.saturating_sub(self.base.mono.0) / 1000;
        Now::at(mono, self.base.unix_us() + passed_us)
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
    }
}
