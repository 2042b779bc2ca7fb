//! Time as the core sees it: numbers that come in as arguments.

/// Monotonic nanoseconds since the process (or the simulation) began.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Hash)]
pub struct Mono(pub u64);

/// Unix time in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Hash)]
pub struct Wall(pub u64);

/// Both clocks, read together; frozen for the length of a command or a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Now {
    /// For deadlines and durations.
    pub mono: Mono,
    /// For expiry and whatever a client sees.
    pub wall: Wall,
    /// Microseconds of the calendar that `wall` leaves out.
    pub us: u16,
}

impl Now {
    /// The calendar's reading in unix microseconds.
    #[inline]
    pub fn at(mono: Mono, unix_us: u64) -> Now {
        Now { mono, wall: Wall(unix_us / 1000), us: (unix_us % 1000) as u16 }
    }

    /// What the calendar reads in unix microseconds.
    #[inline]
    pub fn unix_us(self) -> u64 {
        self.wall.0 * 1000 + u64::from(self.us)
    }
}
