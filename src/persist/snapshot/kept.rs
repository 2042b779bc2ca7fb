//! What one shard keeps for a snapshot: pre-images, and tables that were flushed.
//!
//! A pre-image is written at once, uncompressed, because the one who is about
//! to change the value waits for it; a long text is kept by reference and written later. A
//! large collection is being written slice by slice when somebody insists on changing it:
//! then the rest of it is written at once, which is slow and therefore avoided
//! (`Engine::waits_for_snapshot`), but always right.

use super::chunks::{Chunk, Records, Spares};
use super::form::{Form, LongText, Place};
use crate::base::sync::Mutex;
use crate::{
    data::table::{Element, Table},
    keyspace::{
        Entry,
        epoch::{self, Keep, Unsaved},
        shard::Shard,
    },
    session::saving::Saving,
};
use std::sync::Arc;

/// A value that is being written in slices.
pub(super) struct Streaming {
    pub db: u32,
    pub hash: u64,
    pub key: Box<[u8]>,
    pub place: Place,
    /// What was left of it when somebody changed it.
    pub rest: Option<Vec<u8>>,
}

/// See the module.
pub(super) struct Kept {
    form: Form,
    /// Nothing is to be saved any more.
    pub given_up: bool,
    /// Where the snapshot's databases are now; `None` once flushed.
    at: Vec<Option<u32>>,
    records: Records,
    texts: Vec<LongText>,
    /// Flushed tables.
    tables: Vec<(u32, Table<Entry>)>,
    pub streaming: Option<Streaming>,
    saving: Arc<Saving>,
}

impl Kept {
    pub fn new(form: Form, databases: u32, saving: Arc<Saving>, spares: Arc<Spares>) -> Kept {
        Kept {
            form: form.quick(),
            given_up: false,
            at: (0..databases).map(Some).collect(),
            records: Records::new(spares),
            texts: Vec::new(),
            tables: Vec::new(),
            streaming: None,
            saving,
        }
    }

    /// The snapshot's number of a database.
    pub fn snapshot_db(&self, db: u32) -> Option<u32> {
        self.at.iter().position(|at| *at == Some(db)).map(|p| p as u32)
    }

    /// The table of one of the snapshot's databases.
    pub fn table<'t>(&'t mut self, shard: &'t mut Shard, db: u32) -> Option<&'t mut Table<Entry>> {
        match self.at[db as usize] {
            Some(now) => Some(shard.table_to_save(now)),
            None => self.tables.iter_mut().find(|(of, _)| *of == db).map(|(_, t)| t),
        }
    }

    /// An entry of one of the snapshot's databases, if it has yet to be saved.
    pub fn unsaved<'t>(&'t mut self, shard: &'t mut Shard, db: u32, hash: u64, key: &[u8]) -> Option<Unsaved<'t>> {
        let epoch = shard.epoch();
        epoch::unsaved(self.table(shard, db)?, epoch, hash, key)
    }

    /// Takes the pre-images, records and texts. They count as kept until they are written.
    pub fn take(&mut self) -> (impl Iterator<Item = Chunk>, Vec<LongText>) {
        (self.records.take(), std::mem::take(&mut self.texts))
    }

    /// Takes the flushed tables, all of which has been saved.
    pub fn take_tables(&mut self) -> impl Iterator<Item = Table<Entry>> {
        std::mem::take(&mut self.tables).into_iter().map(|(_, t)| t)
    }

    fn keep(&mut self, db: u32, e: &Entry) {
        if let Some(s) = &mut self.streaming
            && s.db == db
            && *s.key == *e.key()
        {
            let mut rest = Vec::new();
            while s.place != Place::End {
                s.place = self.form.part(e, s.place, usize::MAX, &mut rest);
            }
            s.rest = Some(rest);
            return;
        }
        match self.form.long_text(db, e) {
            Some(text) => {
                self.saving.add_kept_bytes(text.text.len() as i64);
                self.texts.push(text);
            }
            None => {
                let bytes = self.records.add(db, |out| self.form.record(e, out));
                self.saving.add_kept_bytes(bytes as i64);
            }
        }
    }
}

/// The shard's end of what it shares with the snapshot.
pub(super) struct Keeper(pub Arc<Mutex<Kept>>);

impl Keep for Keeper {
    fn keep(&mut self, db: u32, e: &Entry) {
        let mut kept = self.0.lock();
        if !kept.given_up {
            let db = kept.snapshot_db(db).expect("an entry of the snapshot is in one of its databases");
            kept.keep(db, e);
        }
    }

    fn keep_table(&mut self, db: u32, table: Table<Entry>) -> Option<Table<Entry>> {
        let mut kept = self.0.lock();
        let Some(of) = kept.snapshot_db(db) else { return Some(table) };
        kept.at[of as usize] = None;
        kept.tables.push((of, table));
        None
    }

    fn swap(&mut self, a: u32, b: u32) {
        for at in self.0.lock().at.iter_mut().flatten() {
            *at = match *at {
                db if db == a => b,
                db if db == b => a,
                db => db,
            };
        }
    }
}
