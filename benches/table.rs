//! The table against hashbrown: nanoseconds per operation, bytes of arrays per key, and
//! the longest single insertion. `cargo bench --bench table -- [keys]...`, by default 1
//! and 10 million.

#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::hint::black_box;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::time::Instant;

use norn::base::hash::HashKey;
use norn::data::table::{Element, Table};

#[global_allocator]
static ALLOCATOR: norn::env::tokio_env::Allocator = norn::env::tokio_env::Allocator;

const SECRET: HashKey = HashKey(42);

/// A block of a 16-byte key and 16 bytes of value.
struct Item(NonNull<[u8; 32]>);

impl Item {
    fn new(key: &[u8; 16]) -> Item {
        let mut block = [0; 32];
        block[..16].copy_from_slice(key);
        Item(NonNull::from(Box::leak(Box::new(block))))
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        // SAFETY: made in `new` by leaking a box.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

impl Element for Item {
    fn into_raw(self) -> NonNull<u8> {
        ManuallyDrop::new(self).0.cast()
    }
    unsafe fn from_raw(p: NonNull<u8>) -> Self {
        Item(p.cast())
    }
    fn key(&self) -> &[u8] {
        // SAFETY: the block lives as long as the handle.
        let block = unsafe { self.0.as_ref() };
        &block[..16]
    }
    fn tag(&self) -> u8 {
        // SAFETY: as above.
        let block = unsafe { self.0.as_ref() };
        block[16]
    }
}

/// Key number `i`, in the order of insertion for even `i`; odd ones are never inserted.
fn key(i: usize) -> [u8; 16] {
    let mut key = *b"key:000000000000";
    let mut rest = i;
    for digit in key[4..].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    key
}

/// Numbers below `n` in an order without pattern.
fn shuffled(n: usize) -> impl Iterator<Item = usize> {
    let mut state = 1u64;
    (0..n.min(4_000_000)).map(move |_| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (((state >> 32) * n as u64) >> 32) as usize
    })
}

fn report(what: &str, count: usize, start: Instant) {
    let ns = start.elapsed().as_nanos() as f64 / count as f64;
    println!("  {what:<24}{ns:8.1} ns");
}

fn ours(n: usize) {
    println!("table, {n} keys");
    let mut table = Table::<Item>::new(SECRET);
    let start = Instant::now();
    for i in 0..n {
        let key = key(2 * i);
        table.insert(SECRET.hash(&key), Item::new(&key));
    }
    report("insert", n, start);
    println!("  {:<24}{:8.2} bytes", "arrays per key", table.heap_bytes() as f64 / n as f64);
    lookups(&table, n);
    let start = Instant::now();
    let sum: usize = table.iter().map(|item| item.0.as_ptr().addr() & 8).sum();
    report("iterate, no blocks", n, start);
    black_box(sum);
    let (mut cursor, mut seen) = (0, 0);
    let start = Instant::now();
    loop {
        cursor = table.scan(cursor, |item| seen += usize::from(item.key()[15] & 1) + 1);
        if cursor == 0 {
            break;
        }
    }
    report("scan", n, start);
    black_box(seen);
    let mut state = 1u64;
    let mut rng = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        state ^ state >> 32
    };
    let start = Instant::now();
    for _ in 0..1_000_000 {
        black_box(table.random(&mut rng));
    }
    report("random", 1_000_000, start);
    let start = Instant::now();
    for i in (0..n).step_by(2) {
        let key = key(2 * i);
        drop(table.remove(SECRET.hash(&key), &key));
    }
    report("remove every second", n / 2, start);
    let start = Instant::now();
    table.into_iter().for_each(drop);
    report("take the rest apart", n / 2, start);
    pauses(n);
}

/// The longest insertions. The same work is done three times and the least time of each
/// insertion counts, which leaves out what the machine does meanwhile.
fn pauses(n: usize) {
    let mut all = vec![u32::MAX; n];
    for _ in 0..3 {
        let mut table = Table::<Item>::new(SECRET);
        for (i, least) in all.iter_mut().enumerate() {
            let key = key(2 * i);
            let item = Item::new(&key);
            let hash = SECRET.hash(&key);
            let start = thread_ns();
            table.insert(hash, item);
            *least = (thread_ns() - start).min(u64::from(*least)) as u32;
        }
    }
    all.sort_unstable_by(|a, b| b.cmp(a));
    let [longest, third, tenth] = [0, 2, 9].map(|i| all[i] / 1000);
    let rare = all[n / 10_000] / 1000;
    let over = all.partition_point(|ns| *ns > 100_000);
    println!(
        "  insertions: longest {longest} us, third {third}, tenth {tenth}, 99.99 per cent below {rare}; over 100 us: {over}"
    );
}

/// The processor time this thread has used.
fn thread_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes one timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

fn lookups(table: &Table<Item>, n: usize) {
    let start = Instant::now();
    let find = |i| {
        let key = key(i);
        table.get(SECRET.hash(&key), &key).is_some()
    };
    let count = shuffled(n).filter(|i| find(2 * i)).count();
    report("hit", count, start);
    let start = Instant::now();
    let miss = |i: &usize| table.get(SECRET.hash(&key(2 * i + 1)), &key(2 * i + 1)).is_none();
    let count = shuffled(n).filter(miss).count();
    report("miss", count, start);
    let start = Instant::now();
    let mut numbers = shuffled(n);
    let mut found = 0;
    loop {
        let batch: [_; 16] = std::array::from_fn(|_| {
            let key = key(2 * numbers.next().unwrap_or(0));
            let hash = SECRET.hash(&key);
            table.prefetch_bucket(hash);
            (hash, key)
        });
        batch.iter().for_each(|(hash, _)| table.prefetch_block(*hash));
        let hits = batch.iter().filter(|(hash, key)| table.get(*hash, key).is_some());
        found += hits.count();
        if found >= n.min(4_000_000) {
            break;
        }
    }
    report("hit, batches of 16", found, start);
}

fn theirs(n: usize) {
    println!("hashbrown, {n} keys");
    let rehash = |item: &Item| SECRET.hash(item.key());
    let mut table = hashbrown::HashTable::<Item>::new();
    let start = Instant::now();
    for i in 0..n {
        let key = key(2 * i);
        table.insert_unique(SECRET.hash(&key), Item::new(&key), rehash);
    }
    report("insert", n, start);
    let bytes = table.allocation_size() as f64 / n as f64;
    println!("  {:<24}{bytes:8.2} bytes", "arrays per key");
    let start = Instant::now();
    let find = |i: usize| table.find(SECRET.hash(&key(i)), |item| item.key() == key(i)).is_some();
    let count = shuffled(n).filter(|i| find(2 * i)).count();
    report("hit", count, start);
    let start = Instant::now();
    let count = shuffled(n).filter(|i| !find(2 * i + 1)).count();
    report("miss", count, start);
    let start = Instant::now();
    for i in (0..n).step_by(2) {
        let key = key(2 * i);
        if let Ok(entry) = table.find_entry(SECRET.hash(&key), |item| item.key() == key) {
            drop(entry.remove());
        }
    }
    report("remove every second", n / 2, start);
}

fn main() {
    let sizes: Vec<usize> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![1_000_000, 10_000_000] } else { sizes };
    for n in sizes {
        ours(n);
        theirs(n);
    }
}
