//! Pre-images in chunks of one size, which are used again.
//!
//! Many megabytes of pre-images pass through a snapshot while clients write. Were they kept in
//! one buffer for each shard, every buffer would grow by being copied to a larger one, and the
//! allocator would hold on to all the smaller ones for seconds: several times what is kept at
//! any moment. Chunks are handed on from the shard to the walk, written, and given back.

use crate::base::sync::Mutex;
use std::sync::Arc;

/// Bytes of a chunk, and of them those beyond which no further record is begun. A long record
/// makes its chunk larger; that one is not used again.
const CHUNK_BYTES: usize = 16 << 10;
const FULL_BYTES: usize = CHUNK_BYTES - (1 << 10);
/// More runs than this are as unusual.
const KEEP_RUNS: usize = 64;

/// Neighbouring records of one database.
struct Run {
    db: u32,
    end: usize,
    keys: u64,
}

/// Records one after the other.
#[derive(Default)]
pub(super) struct Chunk {
    records: Vec<u8>,
    runs: Vec<Run>,
}

impl Chunk {
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Its records: database, bytes, and how many they are.
    pub fn runs(&self) -> impl Iterator<Item = (u32, &[u8], u64)> {
        let mut start = 0;
        self.runs.iter().map(move |run| {
            let records = &self.records[start..run.end];
            start = run.end;
            (run.db, records, run.keys)
        })
    }

    fn add(&mut self, db: u32, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.records);
        let end = self.records.len();
        match self.runs.last_mut() {
            Some(run) if run.db == db => (run.end, run.keys) = (end, run.keys + 1),
            _ => self.runs.push(Run { db, end, keys: 1 }),
        }
    }
}

/// Chunks without records.
#[derive(Default)]
pub(super) struct Spares(Mutex<Vec<Chunk>>);

impl Spares {
    fn take(&self) -> Chunk {
        let spare = self.0.lock().pop();
        spare.unwrap_or_else(|| Chunk { records: Vec::with_capacity(CHUNK_BYTES), runs: Vec::new() })
    }

    /// Gives a chunk back that has been written.
    pub fn give(&self, mut chunk: Chunk) {
        if chunk.records.capacity() <= CHUNK_BYTES && chunk.runs.capacity() <= KEEP_RUNS {
            chunk.records.clear();
            chunk.runs.clear();
            self.0.lock().push(chunk);
        }
    }
}

/// The records of one shard that have not been collected.
pub(super) struct Records {
    full: Vec<Chunk>,
    last: Option<Chunk>,
    spares: Arc<Spares>,
}

impl Records {
    pub fn new(spares: Arc<Spares>) -> Records {
        Records { full: Vec::new(), last: None, spares }
    }

    /// Appends the record that `write` writes; returns its bytes.
    pub fn add(&mut self, db: u32, write: impl FnOnce(&mut Vec<u8>)) -> usize {
        let chunk = self.last.get_or_insert_with(|| self.spares.take());
        let before = chunk.len();
        chunk.add(db, write);
        let bytes = chunk.len() - before;
        if chunk.len() > FULL_BYTES {
            self.full.extend(self.last.take());
        }
        bytes
    }

    /// Hands over all chunks.
    pub fn take(&mut self) -> impl Iterator<Item = Chunk> {
        std::mem::take(&mut self.full).into_iter().chain(self.last.take())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_in_order_with_their_databases() {
        let spares = Arc::new(Spares::default());
        let mut records = Records::new(spares.clone());
        for round in 0..3 {
            let mut want: Vec<(u32, Vec<u8>)> = Vec::new();
            for i in 0..1000u32 {
                let (db, record) = (i / 300 % 2, i.to_le_bytes().repeat(if i == 500 { 9000 } else { 40 }));
                assert_eq!(records.add(db, |out| out.extend_from_slice(&record)), record.len());
                want.push((db, record));
            }
            let (mut got, mut keys) = ([Vec::new(), Vec::new()], 0);
            for chunk in records.take() {
                for (db, bytes, n) in chunk.runs() {
                    got[db as usize].extend_from_slice(bytes);
                    keys += n;
                }
                spares.give(chunk);
            }
            let of = |db| want.iter().filter(|(of, _)| *of == db).flat_map(|(_, r)| r.clone()).collect::<Vec<u8>>();
            assert_eq!((got, keys), ([of(0), of(1)], 1000), "round {round}");
        }
        let spares = spares.0.lock();
        assert!(!spares.is_empty() && spares.iter().all(|c| c.records.capacity() == CHUNK_BYTES), "the long one");
    }
}
