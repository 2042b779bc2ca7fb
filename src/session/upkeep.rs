//! How well the server keeps up with what nobody asks for: how many of the keys that may
//! expire are overdue, and for how long memory has been above its limit.
//!
//! Active expiry and the cron report, INFO shows. The share of overdue keys is a moving
//! average over sweeps: one sweep sees only some of the keys.

use crate::base::time::Mono;

/// What one sweep adds to the average.
const NEWEST: f64 = 0.05;
/// A sweep that ends for want of budget is behind if more than this share was overdue.
const BEHIND: f64 = 0.1;

/// See the module.
#[derive(Clone, Copy, Debug, Default)]
pub struct Upkeep {
    overdue: f64,
    /// Sweeps that ended before the last key while many keys were overdue.
    pub sweeps_behind: u64,
    /// Time spent in sweeps.
    pub sweeps_ns: u64,
    over_since: Option<Mono>,
    over_ns: u64,
}

impl Upkeep {
    /// A sweep for expired keys took `ns`: it looked at `seen` keys, `due` of which had
    /// expired, and did or did not come to the end of them.
    pub fn swept(&mut self, seen: usize, due: usize, complete: bool, ns: u64) {
        let share = if seen > 0 { due as f64 / seen as f64 } else { 0.0 };
        self.overdue = NEWEST * share + (1.0 - NEWEST) * self.overdue;
        self.sweeps_behind += u64::from(!complete && share > BEHIND);
        self.sweeps_ns += ns;
    }

    /// Estimated share of the keys with an expiry that have expired and are still there, in
    /// per cent.
    pub fn overdue_percent(&self) -> f64 {
        self.overdue * 100.0
    }

    /// Memory is, or is not, above its limit now.
    pub fn memory(&mut self, over: bool, now: Mono) {
        match (over, self.over_since) {
            (true, None) => self.over_since = Some(now),
            (false, Some(_)) => {
                self.over_ns += self.over_now_ns(now);
                self.over_since = None;
            }
            _ => {}
        }
    }

    /// For how long memory has been above its limit without a break.
    pub fn over_now_ns(&self, now: Mono) -> u64 {
        self.over_since.map_or(0, |since| now.0.saturating_sub(since.0))
    }

    /// For how long it has been in all.
    pub fn over_ns(&self, now: Mono) -> u64 {
        self.over_ns + self.over_now_ns(now)
    }

    /// For CONFIG RESETSTAT.
    pub fn reset(&mut self) {
        *self = Upkeep::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overdue_keys_are_averaged() {
        let mut u = Upkeep::default();
        (0..200).for_each(|_| u.swept(400, 100, false, 5));
        assert!((u.overdue_percent() - 25.0).abs() < 0.1, "{}", u.overdue_percent());
        assert_eq!((u.sweeps_behind, u.sweeps_ns), (200, 1000));
        u.swept(400, 10, false, 0);
        u.swept(40, 40, true, 0);
        assert_eq!(u.sweeps_behind, 200, "it kept up, or came to the end");
        (0..200).for_each(|_| u.swept(0, 0, true, 0));
        assert!(u.overdue_percent() < 0.1, "no keys, none overdue");
    }

    #[test]
    fn time_above_the_limit() {
        let mut u = Upkeep::default();
        u.memory(false, Mono(1));
        u.memory(true, Mono(10));
        u.memory(true, Mono(15));
        assert_eq!((u.over_now_ns(Mono(20)), u.over_ns(Mono(20))), (10, 10));
        u.memory(false, Mono(30));
        assert_eq!((u.over_now_ns(Mono(99)), u.over_ns(Mono(99))), (0, 20));
        u.memory(true, Mono(100));
        assert_eq!((u.over_now_ns(Mono(101)), u.over_ns(Mono(101))), (1, 21));
    }
}
