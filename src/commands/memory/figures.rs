//! The memory account beside the views of the allocator and the operating system.
//!
//! Each view contains the one before it: the account counts what the server asked for on
//! purpose, the allocator all that anybody asked for, its active pages the room between
//! allocations, its resident pages those it keeps in reserve, the resident set of the
//! process its code and stacks. A [`Gap`] is what one view has beyond another.

use crate::{base::process::Usage, session::Shared};

/// What a larger view has beyond a smaller one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    pub ratio: f64,
    /// Negative where the views were taken at different moments.
    pub bytes: i64,
}

impl Gap {
    fn between(smaller: u64, larger: u64) -> Gap {
        Gap { ratio: ratio(larger, smaller), bytes: larger as i64 - smaller as i64 }
    }

    /// Whether it is worth a word: over so many times the smaller view, and over 10 MB.
    pub fn exceeds(self, limit: f64) -> bool {
        self.ratio > limit && self.bytes > 10 << 20
    }
}

/// Memory at one time; bytes.
pub struct Figures {
    pub used: u64,
    pub peak: u64,
    /// What the account held before the first client came.
    pub startup: u64,
    pub clients: u64,
    /// The key tables' own arrays.
    pub tables: u64,
    pub keys: u64,
    pub process: Usage,
}

impl Figures {
    /// The account at this moment; `keys` and the bytes of their tables are known to the caller.
    pub fn new(shared: &Shared, keys: u64, tables: u64) -> Figures {
        let clients = shared.clients.memory_bytes();
        let used = shared.keyspace.used_bytes() + clients;
        let (peak, process) = (shared.note_peak(used), *shared.process.lock());
        Figures { used, peak, startup: shared.startup_bytes, clients, tables, keys, process }
    }

    /// What is neither key nor value.
    pub fn overhead(&self) -> u64 {
        self.clients + self.tables
    }

    pub fn dataset(&self) -> u64 {
        self.used.saturating_sub(self.overhead())
    }

    /// Of what has been added since the start.
    pub fn dataset_percentage(&self) -> f64 {
        100.0 * ratio(self.dataset(), self.used.saturating_sub(self.startup))
    }

    pub fn peak_percentage(&self) -> f64 {
        100.0 * ratio(self.used, self.peak)
    }

    pub fn bytes_per_key(&self) -> u64 {
        self.dataset().checked_div(self.keys).unwrap_or(0)
    }

    /// The process beside the account.
    pub fn total_gap(&self) -> Gap {
        Gap::between(self.used, self.process.rss_bytes)
    }

    /// Room between small allocations, which only new ones of the same size can use.
    pub fn fragmentation(&self) -> Gap {
        let heap = &self.process.heap;
        Gap::between(heap.allocated_bytes, heap.allocated_bytes + heap.fragmented_bytes)
    }

    /// Pages that the allocator keeps in reserve.
    pub fn reserve(&self) -> Gap {
        Gap::between(self.process.heap.active_bytes, self.process.heap.resident_bytes)
    }

    /// What of the process is not the allocator's.
    pub fn outside_heap(&self) -> Gap {
        Gap::between(self.process.heap.resident_bytes, self.process.rss_bytes)
    }
}

fn ratio(a: u64, b: u64) -> f64 {
    if b == 0 { 0.0 } else { a as f64 / b as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::process::Heap;

    #[test]
    fn gaps_and_shares() {
        let heap = Heap {
            allocated_bytes: 100 << 20,
            fragmented_bytes: 20 << 20,
            active_bytes: 120 << 20,
            resident_bytes: 132 << 20,
            ..Heap::default()
        };
        let process = Usage { rss_bytes: 198 << 20, heap, ..Usage::default() };
        let f = Figures {
            used: 99 << 20,
            peak: 198 << 20,
            startup: 9 << 20,
            clients: 4 << 20,
            tables: 50 << 20,
            keys: 45 << 10,
            process,
        };
        assert_eq!((f.overhead(), f.dataset(), f.bytes_per_key()), (54 << 20, 45 << 20, 1 << 10));
        assert_eq!((f.dataset_percentage(), f.peak_percentage()), (50.0, 50.0));
        assert_eq!(f.total_gap(), Gap { ratio: 2.0, bytes: 99 << 20 });
        assert_eq!(f.fragmentation(), Gap { ratio: 1.2, bytes: 20 << 20 });
        assert_eq!(f.reserve(), Gap { ratio: 1.1, bytes: 12 << 20 });
        assert_eq!(f.outside_heap(), Gap { ratio: 1.5, bytes: 66 << 20 });
        assert!(f.reserve().exceeds(1.05) && !f.reserve().exceeds(1.1));
        assert!(!Gap { ratio: 5.0, bytes: 9 << 20 }.exceeds(1.1));
        assert_eq!(Gap::between(0, 5).ratio, 0.0);
    }
}
