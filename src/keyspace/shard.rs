//! A shard: one lock's worth of the key space, in every database.
//!
//! Everything that belongs to a key lives with it under the same lock: the table entry,
//! who watches it, who waits for it, and the memory it costs. The account is kept in size
//! classes of what the entries hold plus the tables' own arrays, so it is a pure function
//! of content and replays; [`Shard::publish`] makes it readable without the lock.

use super::{
    block::Entry,
    changes::Changes,
    epoch::Keep,
    event::{self, Event},
};
use crate::base::sync::{Mutex, MutexGuard};
use crate::{
    base::hash::{HashKey, HashMap},
    data::{
        prefetch,
        table::{Element, Table},
    },
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

/// A watched key's owner: set when the key changes before EXEC.
pub type WatchFlag = Arc<AtomicBool>;

/// A key of some database, owned.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct DbKey {
    pub db: u32,
    pub key: Box<[u8]>,
}

impl DbKey {
    pub fn new(db: u32, key: &[u8]) -> DbKey {
        DbKey { db, key: key.into() }
    }
}

/// A client blocked on a key.
#[derive(Clone, Copy, Debug)]
pub struct Waiter {
    pub client: u64,
    /// It wants to hear that there is no such key any more.
    pub or_loss: bool,
}

/// Counters that are kept under the shard's lock and summed on reading.
#[derive(Clone, Copy, Default, Debug)]
pub struct ShardStats {
    pub expired: u64,
    pub expired_fields: u64,
    pub evicted: u64,
}

/// What a shard knows about its keys besides their values; separate from the tables so
/// that both can be borrowed at once.
#[derive(Default)]
#[repr(C)]
pub struct Meta {
    // What every request looks at comes first: it shares the cache line of the lock.
    /// Bytes of entries and objects; the tables' own arrays come on top.
    pub(super) entry_bytes: usize,
    /// Set when a table may have changed the size of its arrays.
    pub(super) resized: bool,
    /// Parity of the snapshot epoch, and who keeps what a snapshot has yet to save.
    pub(super) epoch: bool,
    pub(super) keeper: Option<Box<dyn Keep>>,
    /// The part of them in each database but the first, which nearly everybody uses alone: its
    /// part is what remains.
    beyond_bytes: Vec<usize>,
    watched: HashMap<DbKey, Vec<WatchFlag>>,
    /// Clients blocked on a key, in the order they came.
    waiting: HashMap<DbKey, Vec<Waiter>>,
    pub stats: ShardStats,
}

impl Meta {
    /// Tells a key's watchers that it changed.
    pub(super) fn mark_watched(&self, db: u32, key: &[u8]) {
        if self.watched.is_empty() {
            return;
        }
        if let Some(v) = self.watched.get(&DbKey::new(db, key)) {
            v.iter().for_each(|f| f.store(true, Relaxed));
        }
    }

    /// Whether anybody watches any key or waits for one.
    #[inline]
    pub(super) fn is_heeded(&self) -> bool {
        !self.watched.is_empty() || !self.waiting.is_empty()
    }

    #[inline]
    pub(super) fn is_waited(&self, db: u32, key: &[u8]) -> bool {
        !self.waiting.is_empty() && self.waiting.contains_key(&DbKey::new(db, key))
    }

    /// Has those who wait for a key look again, once the command has ended.
    pub(super) fn wake(&self, changes: &mut Changes, db: u32, key: &[u8]) {
        if self.is_waited(db, key) {
            changes.ready.push(DbKey::new(db, key));
        }
    }

    /// Keys of `db` that somebody watches, in key order.
    pub(super) fn watched_keys(&self, db: u32) -> Vec<Box<[u8]>> {
        let mut v: Vec<_> = self.watched.keys().filter(|k| k.db == db).map(|k| k.key.clone()).collect();
        v.sort_unstable();
        v
    }

    /// Records a change of a key: its watchers, its waiters, the event, the dirty count.
    #[inline]
    pub(super) fn touched(&self, changes: &mut Changes, db: u32, key: &[u8], event: Event) {
        if self.is_heeded() {
            self.mark_watched(db, key);
            self.wake(changes, db, key);
        }
        changes.raise(event, db, key);
        changes.dirty += 1;
    }

    /// Records that time removed `gone` from the key table.
    pub(super) fn expire(&mut self, mut gone: Entry, db: u32, changes: &mut Changes) {
        self.preserve(db, &mut gone);
        self.account(db, gone.heap_bytes(), 0);
        self.resized = true;
        self.stats.expired += 1;
        self.mark_watched(db, gone.key());
        self.wake(changes, db, gone.key());
        changes.raise(event::EXPIRED, db, gone.key());
        let lazy = changes.ops.lazy_expire;
        changes.ops.push_removal(db, gone.key(), lazy);
        changes.discard(gone);
    }

    /// Adjusts the account for an entry of a database that went from `before` to `after` heap
    /// bytes.
    #[inline]
    pub(super) fn account(&mut self, db: u32, before: usize, after: usize) {
        self.entry_bytes = self.entry_bytes + after - before;
        if db > 0 {
            let own = &mut self.beyond_bytes[db as usize - 1];
            *own = *own + after - before;
        }
    }

    /// Heap bytes of a database's entries.
    pub(super) fn db_bytes(&self, db: u32) -> usize {
        match db {
            0 => self.entry_bytes - self.beyond_bytes.iter().sum::<usize>(),
            _ => self.beyond_bytes[db as usize - 1],
        }
    }

    /// Exchanges the accounts of two databases.
    pub(super) fn swap_accounts(&mut self, a: u32, b: u32) {
        let (of_a, of_b) = (self.db_bytes(a), self.db_bytes(b));
        for (db, bytes) in [(a, of_b), (b, of_a)] {
            if db > 0 {
                self.beyond_bytes[db as usize - 1] = bytes;
            }
        }
    }
}

/// What one lock guards.
#[repr(C)]
pub struct Shard {
    pub(super) dbs: Vec<Table<Entry>>,
    pub(super) meta: Meta,
}

impl Shard {
    fn new(key: HashKey, databases: usize) -> Shard {
        let meta = Meta { beyond_bytes: vec![0; databases - 1], ..Meta::default() };
        Shard { dbs: (0..databases).map(|_| Table::new(key)).collect(), meta }
    }

    /// Heap bytes of this shard's data.
    pub fn used_bytes(&self) -> usize {
        self.meta.entry_bytes + self.table_bytes()
    }

    /// Checks the account against the entries: for tests, the simulator and the fuzzers.
    ///
    /// # Panics
    /// If they differ.
    pub fn check_account(&self) {
        for (db, table) in self.dbs.iter().enumerate() {
            let entries: usize = table.iter().map(|e| e.heap_bytes()).sum();
            assert_eq!(entries, self.meta.db_bytes(db as u32), "the account of a shard's entries in database {db}");
        }
        if self.meta.keeper.is_none() {
            let agree = |e: &Entry| e.epoch() == self.meta.epoch;
            assert!(self.dbs.iter().flat_map(Table::iter).all(|e| agree(&e)), "an entry of another epoch");
        }
    }

    /// Heap bytes of the tables' own arrays.
    pub fn table_bytes(&self) -> usize {
        self.dbs.iter().map(Table::heap_bytes).sum()
    }

    /// The table of one database.
    pub fn table(&self, db: u32) -> &Table<Entry> {
        &self.dbs[db as usize]
    }

    /// Counters of this shard.
    pub fn stats(&self) -> &ShardStats {
        &self.meta.stats
    }

    /// Sets all counters to zero.
    pub fn reset_stats(&mut self) {
        self.meta.stats = ShardStats::default();
    }

    /// Removes a key whose time has come.
    pub(super) fn expire(&mut self, k: &DbKey, hash: u64, changes: &mut Changes) {
        if let Some(gone) = self.dbs[k.db as usize].remove(hash, &k.key) {
            self.meta.expire(gone, k.db, changes);
        }
    }

    /// Watches a key until [`Shard::unwatch`].
    pub fn watch(&mut self, key: DbKey, flag: WatchFlag) {
        self.meta.watched.entry(key).or_default().push(flag);
    }

    /// Forgets one watcher of a key.
    pub fn unwatch(&mut self, key: &DbKey, flag: &WatchFlag) {
        let watched = &mut self.meta.watched;
        if let Some(v) = watched.get_mut(key) {
            v.retain(|f| !Arc::ptr_eq(f, flag));
            if v.is_empty() {
                watched.remove(key);
            }
        }
    }

    /// Tells the watchers of every key of `db` that `changed` picks.
    pub(super) fn mark_watched_where(&self, db: u32, changed: impl Fn(&[u8]) -> bool) {
        for (k, v) in self.meta.watched.iter().filter(|(k, _)| k.db == db) {
            if changed(&k.key) {
                v.iter().for_each(|f| f.store(true, Relaxed));
            }
        }
    }

    /// Queues a blocked client behind those who already wait for the key.
    pub fn wait(&mut self, key: DbKey, waiter: Waiter) {
        let q = self.meta.waiting.entry(key).or_default();
        if q.iter().all(|w| w.client != waiter.client) {
            q.push(waiter);
        }
    }

    /// Forgets that a client waits for the key.
    pub fn unwait(&mut self, key: &DbKey, client: u64) {
        let waiting = &mut self.meta.waiting;
        if let Some(q) = waiting.get_mut(key) {
            q.retain(|w| w.client != client);
            if q.is_empty() {
                waiting.remove(key);
            }
        }
    }

    /// The clients that wait for the key, first come first.
    pub fn waiters(&self, key: &DbKey) -> &[Waiter] {
        self.meta.waiting.get(key).map_or(&[], Vec::as_slice)
    }

    /// Keys of `db` that somebody waits for, in key order.
    pub fn waited_keys(&self, db: u32) -> Vec<DbKey> {
        let mut v: Vec<DbKey> = self.meta.waiting.keys().filter(|k| k.db == db).cloned().collect();
        v.sort();
        v
    }

    /// How many keys somebody waits for.
    pub fn waited_len(&self) -> usize {
        self.meta.waiting.len()
    }

    /// How many keys are watched.
    pub fn watched_len(&self) -> usize {
        self.meta.watched.len()
    }
}

/// A shard behind its lock, on cache lines of its own.
#[repr(C, align(128))]
pub struct ShardLock {
    inner: Mutex<Shard>,
    /// [`Shard::used_bytes`] of every shard as of its last unlock: side by side, because
    /// with `maxmemory` every write adds them all up.
    accounts: Arc<[AtomicU64]>,
    /// This shard's number.
    index: usize,
}

impl ShardLock {
    /// Waits for the lock.
    #[inline]
    pub fn lock(&self) -> ShardGuard<'_> {
        let guard = self.inner.lock();
        let entry_bytes = guard.meta.entry_bytes;
        ShardGuard { guard, lock: self, entry_bytes }
    }

    /// Shows `f` the shard, if nobody holds the lock.
    #[inline]
    pub fn glance(&self, f: impl FnOnce(&Shard)) {
        if let Some(shard) = self.inner.try_lock() {
            f(&shard);
        }
    }
}

/// A locked shard; publishes the shard's memory account when it is released.
pub struct ShardGuard<'a> {
    guard: MutexGuard<'a, Shard>,
    lock: &'a ShardLock,
    /// The account when the lock was taken.
    entry_bytes: usize,
}

impl std::ops::Deref for ShardGuard<'_> {
    type Target = Shard;
    #[inline]
    fn deref(&self) -> &Shard {
        &self.guard
    }
}

impl std::ops::DerefMut for ShardGuard<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Shard {
        &mut self.guard
    }
}

impl ShardGuard<'_> {
    /// Makes the shard's account readable without the lock.
    #[inline]
    pub(super) fn publish(&mut self) {
        let s = &mut *self.guard;
        if s.meta.entry_bytes != self.entry_bytes || s.meta.resized {
            s.meta.resized = false;
            self.entry_bytes = s.meta.entry_bytes;
            self.lock.accounts[self.lock.index].store(s.used_bytes() as u64, Relaxed);
        }
    }
}

impl Drop for ShardGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        self.publish();
    }
}

/// Most shards of one server: as many as the hash and a scan's cursor have bits for.
pub const MAX_SHARDS: usize = 1024;

/// Every shard of one server.
pub struct Keyspace {
    shards: Box<[ShardLock]>,
    accounts: Arc<[AtomicU64]>,
    key: HashKey,
    databases: u32,
}

impl Keyspace {
    /// `shards` is rounded up to a power of two.
    pub fn new(key: HashKey, shards: usize, databases: u32) -> Keyspace {
        let n = shards.next_power_of_two().min(MAX_SHARDS);
        let accounts: Arc<[AtomicU64]> = (0..n).map(|_| AtomicU64::new(0)).collect();
        let shards = (0..n)
            .map(|index| ShardLock {
                inner: Mutex::new(Shard::new(key, databases as usize)),
                accounts: accounts.clone(),
                index,
            })
            .collect();
        Keyspace { shards, accounts, key, databases }
    }

    /// The shards by number.
    pub fn shards(&self) -> &[ShardLock] {
        &self.shards
    }

    /// How many databases SELECT offers.
    pub fn databases(&self) -> u32 {
        self.databases
    }

    /// The hash that places a key.
    #[inline]
    pub fn hash(&self, key: &[u8]) -> u64 {
        self.key.hash(key)
    }

    /// The secret behind [`Keyspace::hash`].
    pub fn hash_key(&self) -> HashKey {
        self.key
    }

    /// The shard of a hash: its top ten bits, which the tables within leave alone.
    #[inline]
    pub fn shard_of(&self, hash: u64) -> usize {
        (hash >> 54) as usize & (self.shards.len() - 1)
    }

    /// A hint that the lock for a hash will be taken soon: another worker may have its line.
    #[inline]
    pub fn prefetch_lock(&self, hash: u64) {
        if self.shards.len() > 1 {
            prefetch::for_write(&self.shards[self.shard_of(hash)]);
        }
    }

    /// Heap bytes of all keys, values and tables, without taking a lock.
    pub fn used_bytes(&self) -> u64 {
        self.accounts.iter().map(|a| a.load(Relaxed)).sum()
    }
}
