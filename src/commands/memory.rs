//! MEMORY: what keys cost, and where the server's memory is.
//!
//! What a key costs and what the data set takes come from the engine's own account; what
//! the allocator makes of it was last told by the environment. Asking the allocator to act
//! is the shell's business.

use super::{
    ctx::{Ctx, DONE, Flow, Outcome, ShellRequest},
    help,
    row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row, Run, Scope},
};
use crate::{base::num::parse_i64, protocol::Error};

const TIPS: &[&str] = &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"];
const ALLOCATOR_COST: &str = "Depends on how much memory is allocated, could be slow";
/// What a key costs in the table: a word in an array that is about seven eighths full.
const SLOT_BYTES: usize = 9;

const fn row(name: &'static str, arity: i16, run: Run) -> Row {
    Row { since: "4.0.0", complexity: "O(1)", ..Row::new(name, arity, Group::Server, run) }
}

/// This family's commands.
pub const ROWS: &[Row] = &[Row {
    complexity: "Depends on subcommand.",
    summary: "A container for commands about memory.",
    subs: &[
        Row {
            summary: "Returns an analysis of the use of memory, for people.",
            tips: TIPS,
            ..row("doctor", 2, doctor)
        },
        Row { since: "4.0.0", ..help::row(Group::Server, Acl::NONE) },
        Row {
            complexity: ALLOCATOR_COST,
            summary: "Returns what the allocator says about itself.",
            tips: TIPS,
            ..row("malloc-stats", 2, malloc_stats)
        },
        Row {
            complexity: ALLOCATOR_COST,
            summary: "Makes the allocator give unused memory back.",
            tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
            ..row("purge", 2, purge)
        },
        Row { summary: "Returns where the memory is.", tips: TIPS, scope: Scope::Each, ..row("stats", 2, stats) },
        Row {
            flags: Flags::READONLY,
            complexity: "O(N) where N is the number of samples.",
            summary: "Returns how many bytes a key and its value take.",
            keys: &[KeySpec::at(2, KeyFlags::RO)],
            args: &[Arg::key("key"), Arg::int("count").after("SAMPLES").optional()],
            ..row("usage", -3, usage)
        },
    ],
    ..row("memory", -2, help::container)
}];

fn usage(ctx: &mut Ctx) -> Outcome {
    let mut i = 3;
    while i < ctx.argc() {
        if !ctx.is(i, "SAMPLES") || i + 1 == ctx.argc() {
            return Err(Error::SYNTAX);
        }
        // The account needs no samples.
        match parse_i64(ctx.arg(i + 1)) {
            None => return Err(Error::NOT_INT),
            Some(n) if n < 0 => return Err(Error::SYNTAX),
            Some(_) => i += 2,
        }
    }
    let key = ctx.key(2);
    match ctx.keys.inspect_quietly(key).map(|e| e.heap_bytes() + SLOT_BYTES) {
        Some(bytes) => ctx.out.int(bytes as i64),
        None => ctx.out.null(),
    }
    DONE
}

fn malloc_stats(_: &mut Ctx) -> Outcome {
    Ok(Flow::Shell(ShellRequest::AllocatorReport))
}

fn purge(_: &mut Ctx) -> Outcome {
    Ok(Flow::Shell(ShellRequest::ReleaseMemory))
}

/// The account at one time.
struct Account {
    /// Keys and bytes of the tables, by database.
    databases: Vec<(usize, usize)>,
    clients_bytes: u64,
    total_bytes: u64,
    peak_bytes: u64,
}

impl Account {
    fn take(ctx: &mut Ctx) -> Account {
        let space = ctx.keys.held.space();
        let mut databases = vec![(0, 0); space.databases() as usize];
        for at in 0..space.shards().len() {
            ctx.keys.held.with(at, |shard| {
                for (db, sum) in databases.iter_mut().enumerate() {
                    let table = shard.table(db as u32);
                    sum.0 += table.len();
                    sum.1 += table.heap_bytes();
                }
            });
        }
        let total_bytes = ctx.shared.used_bytes();
        let peak_bytes = ctx.shared.note_peak(total_bytes);
        let clients_bytes = total_bytes.saturating_sub(space.used_bytes());
        Account { databases, clients_bytes, total_bytes, peak_bytes }
    }

    fn keys(&self) -> usize {
        self.databases.iter().map(|d| d.0).sum()
    }

    /// Bytes that are neither keys nor values.
    fn overhead_bytes(&self) -> u64 {
        self.clients_bytes + self.databases.iter().map(|d| d.1 as u64).sum::<u64>()
    }
}

fn ratio(a: u64, b: u64) -> f64 {
    if b == 0 { 0.0 } else { a as f64 / b as f64 }
}

fn stats(ctx: &mut Ctx) -> Outcome {
    let a = Account::take(ctx);
    let p = *ctx.shared.process.lock();
    let data = a.total_bytes.saturating_sub(a.overhead_bytes());
    let map = ctx.out.begin_map();
    let mut n = 0;
    let mut int = |ctx: &mut Ctx, name: &str, value: u64| {
        ctx.out.bulk(name.as_bytes());
        ctx.out.int(value as i64);
        n += 1;
    };
    int(ctx, "peak.allocated", a.peak_bytes);
    int(ctx, "total.allocated", a.total_bytes);
    int(ctx, "startup.allocated", 0);
    int(ctx, "replication.backlog", 0);
    int(ctx, "clients.slaves", 0);
    int(ctx, "clients.normal", a.clients_bytes);
    int(ctx, "cluster.links", 0);
    int(ctx, "aof.buffer", 0);
    int(ctx, "lua.caches", 0);
    int(ctx, "functions.caches", 0);
    let table_bytes = a.databases.iter().map(|d| d.1 as u64).sum();
    int(ctx, "overhead.db.hashtable.lut", table_bytes);
    // A table grows a segment at a time: it is never in two places.
    int(ctx, "overhead.db.hashtable.rehashing", 0);
    int(ctx, "db.dict.rehashing.count", 0);
    int(ctx, "overhead.total", a.overhead_bytes());
    int(ctx, "keys.count", a.keys() as u64);
    int(ctx, "keys.bytes-per-key", a.total_bytes.checked_div(a.keys() as u64).unwrap_or(0));
    int(ctx, "dataset.bytes", data);
    int(ctx, "allocator.allocated", p.allocated_bytes);
    int(ctx, "allocator.active", p.active_bytes);
    int(ctx, "allocator.resident", p.resident_bytes);
    int(ctx, "allocator-fragmentation.bytes", p.active_bytes.saturating_sub(p.allocated_bytes));
    int(ctx, "allocator-rss.bytes", p.resident_bytes.saturating_sub(p.active_bytes));
    int(ctx, "rss-overhead.bytes", p.rss_bytes.saturating_sub(p.resident_bytes));
    int(ctx, "fragmentation.bytes", p.rss_bytes.saturating_sub(a.total_bytes));
    let doubles = [
        ("dataset.percentage", 100.0 * ratio(data, a.total_bytes)),
        ("peak.percentage", 100.0 * ratio(a.total_bytes, a.peak_bytes)),
        ("allocator-fragmentation.ratio", ratio(p.active_bytes, p.allocated_bytes)),
        ("allocator-rss.ratio", ratio(p.resident_bytes, p.active_bytes)),
        ("rss-overhead.ratio", ratio(p.rss_bytes, p.resident_bytes)),
        ("fragmentation", ratio(p.rss_bytes, a.total_bytes)),
    ];
    for (name, value) in doubles {
        ctx.out.bulk(name.as_bytes());
        ctx.out.double(value);
    }
    n += doubles.len();
    for (db, (_, table_bytes)) in a.databases.iter().enumerate().filter(|(_, d)| d.1 > 0) {
        ctx.out.bulk_fmt(format_args!("db.{db}"));
        ctx.out.map(2);
        ctx.out.bulk(b"overhead.hashtable.main");
        ctx.out.int(*table_bytes as i64);
        ctx.out.bulk(b"overhead.hashtable.expires");
        ctx.out.int(0);
        n += 1;
    }
    ctx.out.end(map, n);
    DONE
}

/// Below this the figures say more about an empty server than about its data.
const SMALL_BYTES: u64 = 5 << 20;

fn doctor(ctx: &mut Ctx) -> Outcome {
    let used = ctx.shared.used_bytes();
    let peak = ctx.shared.note_peak(used);
    let p = *ctx.shared.process.lock();
    let mut text = String::new();
    if used < SMALL_BYTES {
        text.push_str("Hardly any memory is in use: there is nothing to say about it yet.\n");
    } else {
        if ratio(peak, used) > 1.5 {
            text.push_str(
                "* At its peak the server used over half as much again as now. The memory that was given \
                           back may still belong to the process; MEMORY PURGE returns it.\n",
            );
        }
        if ratio(p.rss_bytes, used) > 1.4 {
            text.push_str(
                "* The process occupies over 1.4 times what the server accounts for: memory is fragmented, \
                           or was recently freed.\n",
            );
        }
        let limit = ctx.config.memory.maxmemory_bytes;
        if limit > 0 && used > limit / 10 * 9 {
            text.push_str("* More than nine tenths of maxmemory are in use.\n");
        }
        if text.is_empty() {
            text.push_str("No problem was found.\n");
        }
    }
    ctx.out.verbatim("txt", text.as_bytes());
    DONE
}
