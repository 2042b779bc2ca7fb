//! One key of a file: what stands in front of it, its type, its name, its value.

use super::{Damage, op, skip};
use crate::persist::rdb::{self, Corrupt, Limits, Reader};
use crate::{base::time::Wall, keyspace::Entry, keyspace::access::AccessPolicy};
use bytes::Bytes;
use std::borrow::Cow;

/// What stands in front of a key's name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prefix {
    /// When the key expires (unix ms); a time before 1970 is the beginning of 1970.
    pub expiry_ms: Option<u64>,
    /// Seconds since the last access.
    pub idle_s: Option<u64>,
    pub frequency: Option<u8>,
    /// The type byte of the value.
    pub kind: u8,
}

/// What comes next where keys are.
#[derive(Clone, Copy, Debug)]
pub enum Lead {
    /// A key; its name follows.
    Key(Prefix),
    /// The keys that follow belong to this database.
    Database(u32),
    /// Something without consequences here.
    Hint,
    /// Something else, of which only this first byte has been read.
    Other(u8),
}

impl Lead {
    /// Reads what stands in front of a key, or what is no key.
    ///
    /// # Errors
    /// If the bytes end, or properties of a key are followed by something else.
    pub fn read(r: &mut Reader) -> Result<Lead, Corrupt> {
        let mut p = Prefix::default();
        let began = r.at();
        loop {
            match r.byte()? {
                op::EXPIRETIME_MS => p.expiry_ms = expiry(i64::from_le_bytes(r.array()?)),
                op::EXPIRETIME => {
                    let at_s = i64::from(i32::from_le_bytes(r.array()?));
                    p.expiry_ms = Some((at_s.max(0) * 1000) as u64);
                }
                op::IDLE => p.idle_s = Some(r.number()?),
                op::FREQ => p.frequency = Some(r.byte()?),
                kind if kind < op::SLOT_IMPORT => return Ok(Lead::Key(Prefix { kind, ..p })),
                _ if r.at() > began + 1 => return Err(r.corrupt("an expiry or access time without a key")),
                op::SELECTDB => {
                    let db = u32::try_from(r.number()?).map_err(|_| r.corrupt("an impossible database"))?;
                    return Ok(Lead::Database(db));
                }
                op::SLOT_INFO => {
                    // The slot, its keys, and how many of them expire.
                    for _ in 0..3 {
                        r.number()?;
                    }
                    return Ok(Lead::Hint);
                }
                other => return Ok(Lead::Other(other)),
            }
        }
    }
}

impl Prefix {
    /// Whether the key has expired.
    pub fn is_due(&self, now: Wall) -> bool {
        self.expiry_ms.is_some_and(|at_ms| at_ms < now.0)
    }

    /// Gives an entry what the file says of its expiry, and of its access if the eviction
    /// policy works with it.
    pub fn apply(&self, e: &mut Entry, access: &AccessPolicy, now: Wall) {
        if self.expiry_ms.is_some() {
            e.set_expiry_ms(self.expiry_ms);
        }
        e.set_clock(match (self.idle_s, self.frequency) {
            (_, Some(frequency)) if access.lfu => access.with_frequency(frequency, now),
            (Some(idle_s), _) if !access.lfu => access.with_idle(idle_s, now),
            _ => access.fresh(now),
        });
    }
}

fn expiry(at_ms: i64) -> Option<u64> {
    (at_ms != -1).then_some(at_ms.max(0) as u64)
}

/// Keys one after another, as they stand in the file, with what says which database they
/// belong to.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The database of the first key, unless the bytes say otherwise.
    pub db: u32,
    /// Where in the file it begins.
    pub at: u64,
    pub bytes: Bytes,
    /// How many keys.
    pub keys: u64,
}

impl Batch {
    /// The keys in the order they come.
    pub fn records(&self) -> Records<'_> {
        Records { batch: self, db: self.db, r: Reader::new(&self.bytes) }
    }

    fn damage(&self, c: Corrupt) -> Damage {
        Damage::at(self.at + c.at as u64, c.what)
    }
}

/// A key whose value has not been read.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    pub db: u32,
    pub prefix: Prefix,
    pub name: Cow<'a, [u8]>,
    /// Where in the file its type byte is.
    pub at: u64,
}

/// Reads the keys of a [`Batch`]: after each [`Records::next`] either [`Records::value`] or
/// [`Records::skip`].
pub struct Records<'a> {
    batch: &'a Batch,
    db: u32,
    r: Reader<'a>,
}

impl<'a> Records<'a> {
    /// The next key.
    ///
    /// # Errors
    /// If there is none where one should be.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Record<'a>>, Damage> {
        self.record().map_err(|c| self.batch.damage(c))
    }

    fn record(&mut self) -> Result<Option<Record<'a>>, Corrupt> {
        while self.r.left() > 0 {
            match Lead::read(&mut self.r)? {
                Lead::Key(prefix) => {
                    let at = self.batch.at + self.r.at() as u64 - 1;
                    return Ok(Some(Record { db: self.db, prefix, name: self.r.text()?, at }));
                }
                Lead::Database(db) => self.db = db,
                Lead::Hint => {}
                Lead::Other(_) => return Err(self.r.corrupt("no key where one should be")),
            }
        }
        Ok(None)
    }

    /// The value of the key just read; `None` if it is a collection without elements, as
    /// servers with a bug left them in files.
    ///
    /// # Errors
    /// If it is malformed.
    pub fn value(&mut self, record: &Record, limits: &Limits) -> Result<Option<Entry>, Damage> {
        match rdb::decode(record.prefix.kind, &mut self.r, &record.name, limits) {
            Ok(e) => Ok(Some(e)),
            Err(c) if c.is_empty_value() => Ok(None),
            Err(c) => Err(self.batch.damage(c)),
        }
    }

    /// Goes over the value of the key just read.
    ///
    /// # Errors
    /// If it has no end.
    pub fn skip(&mut self, record: &Record) -> Result<(), Damage> {
        skip::body(record.prefix.kind, &mut self.r).map_err(|c| self.batch.damage(c))
    }
}
