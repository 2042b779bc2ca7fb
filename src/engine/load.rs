//! Keys from files into the key space.
//!
//! [`Loader::load`] decodes a batch of keys as they stand in an RDB file and stores them.
//! Several loaders, each on a thread of its own, share the work: what takes the time is decoding,
//! allocating, and touching the tables. A loader collects some hundred entries before it
//! stores them, sorted by shard, so that it takes each lock once and the cache misses in a
//! table overlap.

use super::{Engine, access_policy};
use crate::{
    base::time::Wall,
    data::table::Element,
    keyspace::{Entry, access::AccessPolicy},
    persist::rdb::{
        Limits,
        file::{Batch, Damage, Record},
    },
};

/// How many entries are collected before they are stored.
const GROUP: usize = 1024;

/// What becomes of keys that a loader comes across.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Leave out keys that have expired. The base of an append-only file keeps them, for
    /// what follows was written about them.
    pub skip_expired: bool,
    /// Keys that exist are replaced; otherwise they are an error.
    pub replace: bool,
    /// The time that expiries and access times are compared with.
    pub now: Wall,
}

/// How many keys came out of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub loaded: u64,
    pub expired: u64,
    /// Collections without elements, which are left out.
    pub empty: u64,
}

impl Tally {
    /// Adds those of another batch.
    pub fn add(&mut self, other: Tally) {
        self.loaded += other.loaded;
        self.expired += other.expired;
        self.empty += other.empty;
    }
}

/// An entry on its way.
struct Arrival {
    shard: usize,
    db: u32,
    hash: u64,
    /// Where in the file it comes from.
    at: u64,
    entry: Entry,
}

/// See the module.
pub struct Loader<'e> {
    engine: &'e Engine,
    terms: Terms,
    limits: Limits,
    access: AccessPolicy,
    arrivals: Vec<Arrival>,
    tally: Tally,
}

impl<'e> Loader<'e> {
    /// A loader with the configuration as it is now.
    pub fn new(engine: &'e Engine, terms: Terms) -> Loader<'e> {
        let config = engine.shared.config.get();
        Loader {
            engine,
            terms,
            limits: Limits::new(&config.encoding, engine.shared.keyspace.hash_key()),
            access: access_policy(&config),
            arrivals: Vec::with_capacity(GROUP),
            tally: Tally::default(),
        }
    }

    /// Stores the keys of a batch.
    ///
    /// # Errors
    /// If a key is malformed, of a database that there is not, or there already. Some keys
    /// of the batch may have been stored.
    pub fn load(&mut self, batch: &Batch) -> Result<Tally, Damage> {
        self.tally = Tally::default();
        let mut records = batch.records();
        while let Some(record) = records.next()? {
            if self.terms.skip_expired && record.prefix.is_due(self.terms.now) {
                self.tally.expired += 1;
                records.skip(&record)?;
                continue;
            }
            match records.value(&record, &self.limits)? {
                Some(entry) => self.arrive(&record, entry)?,
                None => {
                    self.tally.empty += 1;
                    tracing::debug!("skipping empty key: {}", String::from_utf8_lossy(&record.name));
                }
            }
        }
        self.store()?;
        Ok(self.tally)
    }

    fn arrive(&mut self, record: &Record, mut entry: Entry) -> Result<(), Damage> {
        let space = &self.engine.shared.keyspace;
        if record.db >= space.databases() {
            let what = format!(
                "a key of database {}, but the server is configured to handle {} databases",
                record.db,
                space.databases()
            );
            return Err(Damage::at(record.at, what));
        }
        record.prefix.apply(&mut entry, &self.access, self.terms.now);
        let hash = space.hash(entry.key());
        self.arrivals.push(Arrival { shard: space.shard_of(hash), db: record.db, hash, at: record.at, entry });
        if self.arrivals.len() == GROUP { self.store() } else { Ok(()) }
    }

    /// Stores what has arrived.
    fn store(&mut self) -> Result<(), Damage> {
        let space = &self.engine.shared.keyspace;
        if space.shards().len() > 1 {
            // The order within a shard makes no difference, but it must always be the same.
            self.arrivals.sort_by_key(|a| a.shard);
        }
        let mut arrivals = self.arrivals.drain(..);
        while let Some(first) = arrivals.as_slice().first() {
            let at = first.shard;
            let run = arrivals.as_slice().iter().take_while(|a| a.shard == at).count();
            let mut shard = space.shards()[at].lock();
            arrivals.as_slice()[..run].iter().for_each(|a| shard.expect(a.db, a.hash));
            for a in arrivals.by_ref().take(run) {
                if !shard.load(a.db, a.hash, a.entry, self.terms.replace) {
                    return Err(Damage::at(a.at, "a key that occurs twice"));
                }
                self.tally.loaded += 1;
            }
        }
        Ok(())
    }
}
