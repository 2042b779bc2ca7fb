//! The 24-bit access clock of an entry: seconds for LRU, or minutes and a logarithmic
//! counter for LFU, with Valkey's parameters so that OBJECT FREQ and IDLETIME agree.

use crate::base::{prng::Prng, time::Wall};

/// The largest value of the 24-bit LRU clock.
pub const CLOCK_MAX: u32 = (1 << 24) - 1;
/// What a new key's LFU counter starts with.
const LFU_INIT: u32 = 5;

/// How reads mark entries; copied out of the configuration once per command.
#[derive(Clone, Copy, Debug)]
pub struct AccessPolicy {
    /// Keep frequencies (an LFU eviction policy is configured) instead of times.
    pub lfu: bool,
    pub lfu_log_factor: u32,
    pub lfu_decay_minutes: u32,
    /// Off for clients that asked for CLIENT NO-TOUCH.
    pub touch: bool,
    /// How far the real time is ahead of that of the commands, which stands still while a log
    /// is replayed, so that nothing expires.
    pub ahead_ms: u64,
}

fn seconds(now: Wall) -> u32 {
    (now.0 / 1000) as u32 & CLOCK_MAX
}

fn minutes(now: Wall) -> u32 {
    (now.0 / 60_000) as u32 & 0xffff
}

impl AccessPolicy {
    /// The real time when it is `now` for a command.
    #[inline]
    pub fn real(&self, now: Wall) -> Wall {
        Wall(now.0 + self.ahead_ms)
    }

    /// Whether commands come from a log, which was written by who knew better.
    pub fn replays(&self) -> bool {
        self.ahead_ms > 0
    }

    /// The clock of a key created now.
    #[inline]
    pub fn fresh(&self, now: Wall) -> u32 {
        let now = self.real(now);
        if self.lfu { minutes(now) << 8 | LFU_INIT } else { seconds(now) }
    }

    /// The clock of a key with `clock` when it is accessed now.
    #[inline]
    pub fn touched(&self, clock: u32, now: Wall, rng: &mut Prng) -> u32 {
        if !self.lfu {
            return seconds(self.real(now));
        }
        let c = self.frequency(clock, now);
        minutes(self.real(now)) << 8 | self.incremented(c, rng)
    }

    /// The LFU counter after decay by the minutes that have passed.
    pub fn frequency(&self, clock: u32, now: Wall) -> u32 {
        let (then, counter) = (clock >> 8 & 0xffff, clock & 0xff);
        let passed = minutes(self.real(now)).wrapping_sub(then) & 0xffff;
        let periods = passed.checked_div(self.lfu_decay_minutes).unwrap_or(0);
        counter.saturating_sub(periods)
    }

    fn incremented(&self, counter: u32, rng: &mut Prng) -> u32 {
        if counter >= 255 {
            return 255;
        }
        let base = counter.saturating_sub(LFU_INIT) as f64;
        let p = 1.0 / (base * self.lfu_log_factor as f64 + 1.0);
        counter + u32::from(rng.f64() < p)
    }

    /// A clock that reports `frequency` now.
    pub fn with_frequency(&self, frequency: u8, now: Wall) -> u32 {
        minutes(self.real(now)) << 8 | u32::from(frequency)
    }

    /// A clock whose key has been idle for `idle_s` seconds now.
    pub fn with_idle(&self, idle_s: u64, now: Wall) -> u32 {
        let idle = idle_s.min(u64::from(CLOCK_MAX)) as u32;
        seconds(self.real(now)).wrapping_sub(idle) & CLOCK_MAX
    }

    /// Seconds since the last access according to an LRU clock.
    pub fn idle_s(&self, clock: u32, now: Wall) -> u64 {
        u64::from(seconds(self.real(now)).wrapping_sub(clock) & CLOCK_MAX)
    }
}
