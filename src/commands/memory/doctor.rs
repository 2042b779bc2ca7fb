//! MEMORY DOCTOR: what the figures say, in words.

use super::figures::Figures;
use crate::{
    commands::ctx::{Ctx, DONE, Outcome},
    config::Config,
};

/// Below this the figures say more about an empty server than about its data.
const SMALL_BYTES: u64 = 5 << 20;
/// A client that holds more than this on average holds much.
const LARGE_CLIENT_BYTES: u64 = 200 << 10;

pub fn doctor(ctx: &mut Ctx) -> Outcome {
    let f = Figures::new(ctx.shared, 0, 0);
    let text = report(&f, ctx.shared.clients.len() as u64, ctx.config);
    ctx.out.verbatim("txt", text.as_bytes());
    DONE
}

fn report(f: &Figures, clients: u64, config: &Config) -> String {
    if f.used < SMALL_BYTES {
        return "Hardly any memory is in use: there is nothing to say about it yet.\n".into();
    }
    let limit = config.memory.maxmemory_bytes;
    let findings = [
        (
            f.peak as f64 > 1.5 * f.used as f64,
            "At its peak the server used over half as much again as now. Memory that was given back may still \
             belong to the process; MEMORY PURGE returns it.",
        ),
        (
            f.total_gap().exceeds(1.4),
            "The process occupies over 1.4 times what the server accounts for: memory is fragmented, was recently \
             freed, or is used outside of the account.",
        ),
        (
            f.fragmentation().exceeds(1.1),
            "Over a tenth of the heap is room between small allocations, left by others of the same size. New \
             data of that size will fill it.",
        ),
        (
            f.reserve().exceeds(1.1),
            "The allocator keeps over a tenth more pages than it uses; MEMORY PURGE returns them.",
        ),
        (f.outside_heap().exceeds(1.1), "Over a tenth of the process's memory does not come from the allocator."),
        (
            f.clients / clients.max(1) > LARGE_CLIENT_BYTES,
            "Clients hold over 200 kB each on average; CLIENT LIST tells which, and maxmemory-clients limits them.",
        ),
        (limit > 0 && f.used > limit / 10 * 9, "More than nine tenths of maxmemory are in use."),
    ];
    let found: String = findings.iter().filter(|(holds, _)| *holds).map(|(_, text)| format!("* {text}\n")).collect();
    if found.is_empty() { "No problem was found.\n".into() } else { found }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::process::{Heap, Usage};

    /// A server of 100 MB whose views agree.
    fn healthy() -> Figures {
        let all = 100 << 20;
        let heap = Heap { allocated_bytes: all, active_bytes: all, resident_bytes: all, ..Heap::default() };
        let process = Usage { rss_bytes: all, heap, ..Usage::default() };
        Figures { used: all, peak: all, startup: 0, clients: 1 << 20, tables: 0, keys: 0, process }
    }

    #[test]
    fn each_problem_is_told() {
        let config = Config::default();
        let says = |change: fn(&mut Figures), word: &str| {
            let mut f = healthy();
            change(&mut f);
            let text = report(&f, 100, &config);
            assert!(text.lines().count() == 1 && text.contains(word), "{word}: {text}");
        };
        says(|_| {}, "No problem");
        says(|f| f.used = 1 << 20, "Hardly any");
        says(|f| f.peak *= 2, "At its peak");
        says(|f| f.process.heap.fragmented_bytes = 20 << 20, "between small allocations");
        says(|f| f.process.heap.active_bytes = 80 << 20, "more pages than it uses");
        says(|f| f.process.heap.resident_bytes = 80 << 20, "not come from the allocator");
        says(|f| f.clients = 50 << 20, "200 kB each");
        says(|f| (f.used, f.peak) = (60 << 20, 60 << 20), "1.4 times");
        let mut small = Config::default();
        small.memory.maxmemory_bytes = 105 << 20;
        assert!(report(&healthy(), 100, &small).contains("nine tenths"));
    }
}
