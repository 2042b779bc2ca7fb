//! What the server's wall clock may have shown, and when.
//!
//! A client knows when it sent a request and when it had the reply; the server read its
//! clock somewhere between. The clock itself jumps when a scenario says so.

/// The wall clock of the server over the run: true time plus a skew that jumps.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// Unix nanoseconds at virtual time 0.
    base_ns: u64,
    /// From this virtual time (ns) on, the clock is ahead by so many ms; ascending.
    jumps: Vec<(u64, i64)>,
}

/// When an operation may have been executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Virtual time (ns) between which it was.
    pub from_ns: u64,
    pub to_ns: u64,
    /// The lowest and highest reading of the wall clock (unix ms) in that time.
    pub low_ms: i64,
    pub high_ms: i64,
}

impl Calendar {
    /// A clock that is right.
    pub fn new(base_ns: u64) -> Calendar {
        Calendar { base_ns, jumps: vec![(0, 0)] }
    }

    /// From `at_ns` on the clock is ahead of true time by `skew_ms`.
    pub fn jump(&mut self, at_ns: u64, skew_ms: i64) {
        self.jumps.push((at_ns, skew_ms));
    }

    fn reading(&self, at_ns: u64, skew_ms: i64) -> i64 {
        ((self.base_ns + at_ns) / 1_000_000) as i64 + skew_ms
    }

    /// What the clock shows at `at_ns` (unix ms).
    pub fn wall_ms(&self, at_ns: u64) -> i64 {
        let last = self.jumps.iter().rev().find(|(from, _)| *from <= at_ns);
        self.reading(at_ns, last.map_or(0, |(_, skew)| *skew))
    }

    /// The span between two virtual times.
    pub fn span(&self, from_ns: u64, to_ns: u64) -> Span {
        let (mut low_ms, mut high_ms) = (i64::MAX, i64::MIN);
        let mut end_ns = to_ns;
        // Between two jumps the clock only rises.
        for &(start_ns, skew_ms) in self.jumps.iter().rev().filter(|(start, _)| *start <= to_ns) {
            low_ms = low_ms.min(self.reading(start_ns.max(from_ns), skew_ms));
            high_ms = high_ms.max(self.reading(end_ns, skew_ms));
            if start_ns <= from_ns {
                break;
            }
            end_ns = start_ns;
        }
        Span { from_ns, to_ns, low_ms, high_ms }
    }

    /// The highest reading between two virtual times.
    pub fn highest_ms(&self, from_ns: u64, to_ns: u64) -> i64 {
        self.span(from_ns, to_ns).high_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_see_jumps() {
        let mut c = Calendar::new(1_000_000_000);
        c.jump(5_000_000, 100);
        c.jump(9_000_000, -50);
        assert_eq!(c.wall_ms(4_000_000), 1_004);
        assert_eq!(c.wall_ms(5_000_000), 1_105);
        assert_eq!(c.wall_ms(9_000_000), 959);
        let s = c.span(1_000_000, 4_000_000);
        assert_eq!((s.low_ms, s.high_ms), (1_001, 1_004));
        let s = c.span(4_000_000, 10_000_000);
        assert_eq!((s.low_ms, s.high_ms), (959, 1_109));
        let s = c.span(6_000_000, 7_000_000);
        assert_eq!((s.low_ms, s.high_ms), (1_106, 1_107));
    }
}
