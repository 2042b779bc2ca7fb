//! MEMORY STATS: where the memory is.

use super::figures::{Figures, Gap};
use crate::commands::ctx::{Ctx, DONE, Outcome};

pub fn stats(ctx: &mut Ctx) -> Outcome {
    let databases = tables(ctx);
    let keys = databases.iter().map(|d| d.0).sum::<usize>() as u64;
    let table_bytes = databases.iter().map(|d| d.1).sum::<usize>() as u64;
    let f = Figures::new(ctx.shared, keys, table_bytes);
    let heap = f.process.heap;
    let shown: Vec<_> = databases.iter().enumerate().filter(|(_, d)| d.0 > 0).collect();
    ctx.out.map(31 + shown.len());
    ints(
        ctx,
        &[
            ("peak.allocated", f.peak),
            ("total.allocated", f.used),
            ("startup.allocated", f.startup),
            ("replication.backlog", 0),
            ("clients.slaves", 0),
            ("clients.normal", f.clients),
            ("cluster.links", 0),
            ("aof.buffer", 0),
            ("lua.caches", 0),
            ("functions.caches", 0),
        ],
    );
    for (db, (_, bytes)) in shown {
        ctx.out.bulk_fmt(format_args!("db.{db}"));
        ctx.out.map(2);
        // One table holds the keys and their expiries.
        ints(ctx, &[("overhead.hashtable.main", *bytes as u64), ("overhead.hashtable.expires", 0)]);
    }
    ints(
        ctx,
        &[
            ("overhead.db.hashtable.lut", f.tables),
            // A table grows a segment at a time: it is never in two places.
            ("overhead.db.hashtable.rehashing", 0),
            ("overhead.total", f.overhead()),
            ("db.dict.rehashing.count", 0),
            ("keys.count", f.keys),
            ("keys.bytes-per-key", f.bytes_per_key()),
            ("dataset.bytes", f.dataset()),
        ],
    );
    double(ctx, "dataset.percentage", f.dataset_percentage());
    double(ctx, "peak.percentage", f.peak_percentage());
    ints(
        ctx,
        &[
            ("allocator.allocated", heap.allocated_bytes),
            ("allocator.active", heap.active_bytes),
            ("allocator.resident", heap.resident_bytes),
            ("allocator.muzzy", heap.muzzy_bytes),
        ],
    );
    gap(ctx, "allocator-fragmentation.ratio", "allocator-fragmentation.bytes", f.fragmentation());
    gap(ctx, "allocator-rss.ratio", "allocator-rss.bytes", f.reserve());
    gap(ctx, "rss-overhead.ratio", "rss-overhead.bytes", f.outside_heap());
    gap(ctx, "fragmentation", "fragmentation.bytes", f.total_gap());
    DONE
}

/// Keys and bytes of the tables, by database.
fn tables(ctx: &mut Ctx) -> Vec<(usize, usize)> {
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
    databases
}

fn ints(ctx: &mut Ctx, fields: &[(&str, u64)]) {
    for (name, value) in fields {
        ctx.out.bulk(name.as_bytes());
        ctx.out.int(*value as i64);
    }
}

fn double(ctx: &mut Ctx, name: &str, value: f64) {
    ctx.out.bulk(name.as_bytes());
    ctx.out.double(value);
}

fn gap(ctx: &mut Ctx, ratio: &str, bytes: &str, gap: Gap) {
    double(ctx, ratio, gap.ratio);
    ctx.out.bulk(bytes.as_bytes());
    ctx.out.int(gap.bytes);
}
