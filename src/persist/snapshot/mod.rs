//! A snapshot: the data set as it was at one instant, written while it changes.
//!
//! [`Snapshot::begin`] turns the epoch of all shards under all their locks (`keyspace::epoch`);
//! that instant is what the file will show. [`Snapshot::step`] then walks shard after shard
//! under one lock at a time, a bounded slice per step. What clients change before the walk has come
//! to it is saved by the door to change, as a pre-image in the shard's [`kept::Kept`], which steps
//! collect and write. Every value is saved exactly once, by whoever comes first.
//!
//! The extra memory is that of the pre-images not yet written; clients that write wait
//! while it is above a bound (`session::saving`). A collection too large for one slice is left
//! to the end of its shard and written in parts; a client that wants to change it
//! meanwhile waits, and has it written next. A long text is shared, not copied.
//!
//! What is written is an RDB file, or for the base of an append-only file with
//! `aof-use-rdb-preamble no` commands, without what stands around them in a file.
//!
//! Nothing here does I/O: [`Snapshot::take`] hands out the bytes, and whoever writes them may
//! give up at any point ([`Snapshot::give_up`]); the walk is then finished without saving.

mod chunks;
mod form;
mod kept;

use super::rdb::{
    Format, VERSION_VALKEY_9,
    file::{About, Access},
};
use crate::{
    base::sync::Mutex,
    config::Config,
    data::table::{Element, Table},
    keyspace::{
        Entry, Held, access::AccessPolicy, block::TAG_FIELDS_EXPIRE, epoch, garbage::Garbage, object::Object,
        shard::Keyspace,
    },
    session::{Shared, saving::Saving},
};
use chunks::{Chunk, Spares};
use form::{Form, LongText, Output, Place};
use kept::{Keeper, Kept, Streaming};
use std::{collections::VecDeque, sync::Arc};

/// A collection with more heap than this is written in parts.
const LARGE_BYTES: usize = 64 << 10;
/// About as many bytes are written under one lock.
const SLICE_BYTES: usize = 8 << 10;
/// Most steps of a table's walk under one lock: about eight entries each.
const SLICE_STEPS: usize = 16;
/// Pre-images beyond this are collected from all shards before the walk goes on.
const COLLECT_BYTES: u64 = 4 << 20;
/// About as many bytes of pre-images are written in one step.
const WRITE_BYTES: usize = 64 << 10;

/// Whether a value is written in parts.
pub fn is_large(e: &Entry) -> bool {
    e.object().is_some_and(|o| !matches!(o, Object::Str(_)) && o.heap_bytes() > LARGE_BYTES)
}

/// See the module.
pub struct Snapshot {
    kept: Vec<Arc<Mutex<Kept>>>,
    /// Pre-images that have been collected and not written.
    collected: VecDeque<Chunk>,
    texts: VecDeque<LongText>,
    spares: Arc<Spares>,
    saving: Arc<Saving>,
    form: Form,
    output: Output,
    /// Where the walk stands.
    shard: usize,
    db: u32,
    cursor: u64,
    /// Large values of this shard that the walk has passed: database, key.
    large: VecDeque<(u32, Box<[u8]>)>,
    /// The shard of the value that is being written in parts.
    streaming: Option<usize>,
    /// Keys there were when it began, and keys written so far.
    pub keys_total: u64,
    pub keys: u64,
    given_up: bool,
}

impl Snapshot {
    /// Begins a snapshot of this instant. All locks are held.
    pub fn begin(held: &mut Held, shared: &Shared, config: &Config, access: AccessPolicy, about: About) -> Snapshot {
        let databases = held.space().databases();
        let shards = held.space().shards().len();
        let fields_expire =
            (0..shards).any(|at| (0..databases).any(|db| held.shard(at).table(db).tagged_with(TAG_FIELDS_EXPIRE) > 0));
        let version = if fields_expire { VERSION_VALKEY_9 } else { config.persistence.rdb_version as u16 };
        let format = Format { version, compress: config.persistence.rdbcompression };
        let access = Access::of(config.memory.maxmemory_policy, access, about.created);
        let functions = shared.functions.lock();
        // No command of this server's would bring functions back.
        let commands = about.aof_base && !config.persistence.aof_use_rdb_preamble && functions.is_empty();
        let form = if commands { Form::Commands } else { Form::Rdb(format, access) };
        let saving = shared.saving.clone();
        let spares = Arc::new(Spares::default());
        let kept = |_| Arc::new(Mutex::new(Kept::new(form, databases, saving.clone(), spares.clone())));
        let kept: Vec<_> = (0..shards).map(kept).collect();
        for (at, kept) in kept.iter().enumerate() {
            held.shard(at).begin_epoch(Box::new(Keeper(kept.clone())));
        }
        saving.set_snapshot(true);
        let mut output = Output::new(form, config, about, &functions);
        let mut keys_total = 0;
        for db in 0..databases {
            let tables = (0..shards).map(|at| held.peek(at).table(db));
            let (keys, expiring) = tables.fold((0, 0), |n, t| (n.0 + t.len(), n.1 + t.tagged_with(1)));
            keys_total += keys as u64;
            if keys > 0 {
                output.sizes(db, keys as u64, expiring as u64);
            }
        }
        Snapshot {
            kept,
            collected: VecDeque::new(),
            texts: VecDeque::new(),
            spares,
            saving,
            form,
            output,
            shard: 0,
            db: 0,
            cursor: 0,
            large: VecDeque::new(),
            streaming: None,
            keys_total,
            keys: 0,
            given_up: false,
        }
    }

    /// Does a bounded piece of work; true when all is done and the file has its end.
    pub fn step(&mut self, shared: &Shared) -> bool {
        let space = &shared.keyspace;
        if let Some(at) = self.streaming {
            self.write_part(space, at);
        } else if let Some(key) = self.saving.take_urgent() {
            let hash = space.hash(&key.key);
            let at = space.shard_of(hash);
            let db = self.kept[at].lock().snapshot_db(key.db);
            if let Some(db) = db {
                self.start_large(space, at, db, key.key);
            }
        } else if !self.collected.is_empty() || !self.texts.is_empty() {
            self.write_collected();
        } else if self.saving.kept_bytes() > COLLECT_BYTES {
            (0..self.kept.len()).for_each(|at| self.collect(space, at));
        } else if self.shard < self.kept.len() {
            self.walk(shared);
        } else {
            self.saving.set_snapshot(false);
            self.output.end();
            return true;
        }
        false
    }

    /// Whether it is written as commands. Then [`Snapshot::take`] hands out whole ones.
    pub fn is_commands(&self) -> bool {
        matches!(self.form, Form::Commands)
    }

    /// What has been written since the last time, once it is at least `min` bytes.
    pub fn take(&mut self, min: usize) -> Option<Vec<u8>> {
        (self.output.len() >= min.max(1)).then(|| self.output.take())
    }

    /// Saves nothing more; the walk still has to be finished, by more steps.
    pub fn give_up(&mut self) {
        self.given_up = true;
        self.kept.iter().for_each(|k| k.lock().given_up = true);
    }

    /// Takes over the pre-images of a shard, to be written.
    fn collect(&mut self, space: &Keyspace, at: usize) {
        let _shard = space.shards()[at].lock();
        let mut kept = self.kept[at].lock();
        let (records, texts) = kept.take();
        self.collected.extend(records);
        self.texts.extend(texts);
    }

    /// Writes some of what has been collected.
    fn write_collected(&mut self) {
        let mut written = 0;
        while written < WRITE_BYTES {
            let bytes = if let Some(chunk) = self.collected.pop_front() {
                for (db, records, keys) in chunk.runs().filter(|_| !self.given_up) {
                    self.output.of(db).extend_from_slice(records);
                    self.keys += keys;
                }
                let bytes = chunk.len();
                self.spares.give(chunk);
                bytes
            } else if let Some(text) = self.texts.pop_front() {
                let bytes = text.text.len();
                if !self.given_up {
                    self.write_text(text);
                }
                bytes
            } else {
                return;
            };
            self.saving.add_kept_bytes(-(bytes as i64));
            written += bytes;
        }
    }

    fn write_text(&mut self, t: LongText) {
        self.form.text(&t, self.output.of(t.db));
        self.keys += 1;
    }

    /// One slice of the walk through a shard; at its end, its large values.
    fn walk(&mut self, shared: &Shared) {
        let (space, at) = (&shared.keyspace, self.shard);
        if self.db as usize >= space.databases() as usize {
            match self.large.pop_front() {
                Some((db, key)) => self.start_large(space, at, db, key),
                None => self.leave_shard(shared, at),
            }
            return;
        }
        let mut texts = Vec::new();
        let mut shard = space.shards()[at].lock();
        let epoch = shard.epoch();
        let kept = self.kept[at].clone();
        let mut kept = kept.lock();
        let begun = self.output.len();
        for _ in 0..SLICE_STEPS {
            let Some(table) = kept.table(&mut shard, self.db).filter(|t| !t.is_empty()) else {
                (self.db, self.cursor) = (self.db + 1, 0);
                break;
            };
            self.cursor = self.save_some(table, epoch, &mut texts);
            if self.cursor == 0 {
                self.db += 1;
                break;
            }
            if self.output.len() > begun + SLICE_BYTES {
                break;
            }
        }
        drop(kept);
        drop(shard);
        texts.into_iter().for_each(|t| self.write_text(t));
    }

    /// One step of the walk through a table.
    fn save_some(&mut self, table: &mut Table<Entry>, epoch: bool, texts: &mut Vec<LongText>) -> u64 {
        let (db, cursor) = (self.db, self.cursor);
        epoch::walk(table, epoch, cursor, |e| {
            if self.given_up {
                return true;
            }
            if is_large(e) {
                self.large.push_back((db, e.key().into()));
                return false;
            }
            match self.form.long_text(db, e) {
                Some(text) => texts.push(text),
                None => {
                    self.form.record(e, self.output.of(db));
                    self.keys += 1;
                }
            }
            true
        })
    }

    /// Begins to write a value in parts, if it has yet to be saved.
    fn start_large(&mut self, space: &Keyspace, at: usize, db: u32, key: Box<[u8]>) {
        let hash = space.hash(&key);
        let mut shard = space.shards()[at].lock();
        let mut kept = self.kept[at].lock();
        let Some(found) = kept.unsaved(&mut shard, db, hash, &key) else { return };
        if self.given_up {
            return found.saved();
        }
        let place = self.form.part(found.entry(), Place::Start, 0, self.output.of(db));
        drop(found);
        kept.streaming = Some(Streaming { db, hash, key, place, rest: None });
        self.streaming = Some(at);
    }

    /// Writes the next part of the value that is being written in parts.
    fn write_part(&mut self, space: &Keyspace, at: usize) {
        let mut shard = space.shards()[at].lock();
        let mut kept = self.kept[at].lock();
        let mut s = kept.streaming.take().expect("a value is being written");
        if let Some(rest) = s.rest.take() {
            self.output.of(s.db).extend_from_slice(&rest);
        } else {
            let found = kept.unsaved(&mut shard, s.db, s.hash, &s.key).expect("whoever changes it writes the rest");
            if self.given_up {
                s.place = Place::End;
            } else {
                s.place = self.form.part(found.entry(), s.place, SLICE_BYTES, self.output.of(s.db));
            }
            if s.place == Place::End {
                found.saved();
            } else {
                drop(found);
                kept.streaming = Some(s);
                return;
            }
        }
        self.keys += 1;
        self.streaming = None;
    }

    /// Ends the work on a shard all of which has been saved.
    fn leave_shard(&mut self, shared: &Shared, at: usize) {
        self.collect(&shared.keyspace, at);
        let mut shard = shared.keyspace.shards()[at].lock();
        let mut kept = self.kept[at].lock();
        shard.end_epoch();
        let tables: Vec<_> = kept.take_tables().map(Garbage::table).collect();
        drop(kept);
        drop(shard);
        shared.graveyard.bury(tables.into_iter());
        (self.shard, self.db, self.cursor) = (at + 1, 0, 0);
    }
}
