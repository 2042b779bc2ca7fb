//! What one command sees of the key space, and the only door through which it changes.
//!
//! Reading hides and removes expired keys and marks the access clock. Changing goes
//! through [`Keys::edit`] (an existing key), [`Keys::upsert`] (a collection that may have
//! to be made), [`Keys::put`] and [`Keys::delete`]; each of them keeps the memory account
//! and records the event, the watchers, and the waiters of the key, so that no command has
//! to remember a side effect.

use super::{
    access::AccessPolicy,
    block::{Entry, Kind, Type},
    changes::{Changes, Garbage},
    edit::Edit,
    event::{self, Event},
    held::Held,
    shard::Shard,
};
use crate::{
    base::{prng::Prng, time::Wall},
    data::table::{Element, Table, View, ViewMut},
    protocol::Error,
};

/// A key's name and hash.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    pub bytes: &'a [u8],
    pub hash: u64,
}

/// One command's view of one database.
pub struct Keys<'a, 'e> {
    pub held: &'a mut Held<'e>,
    /// The selected database.
    pub db: u32,
    /// Frozen for the command or transaction.
    pub now: Wall,
    pub access: AccessPolicy,
    pub rng: &'a mut Prng,
    pub changes: &'a mut Changes,
}

/// Outcome of a look-up that removes an expired key on the way.
macro_rules! live {
    ($self:ident, $key:ident, $shard:ident => $slot:ident) => {{
        let at = $self.held.space().shard_of($key.hash);
        $shard = $self.held.shard(at);
        match $shard.dbs[$self.db as usize].get_mut($key.hash, $key.bytes) {
            Some(e) if e.is_due($self.now) => {
                let gone = e.remove();
                $shard.meta.expire(gone, $self.db, $self.changes);
                $slot = None;
            }
            other => $slot = other,
        }
    }};
}

impl<'a, 'e> Keys<'a, 'e> {
    /// The key called `bytes`.
    #[inline]
    pub fn key<'k>(&self, bytes: &'k [u8]) -> Key<'k> {
        Key { bytes, hash: self.held.space().hash(bytes) }
    }

    /// Looks a key up for reading: counts a hit or miss and marks the access.
    #[inline]
    pub fn read(&mut self, key: Key) -> Option<View<'_, Entry>> {
        let (shard, slot): (&mut Shard, Option<ViewMut<'_, Entry>>);
        live!(self, key, shard => slot);
        match slot {
            Some(mut e) => {
                shard.meta.stats.hits += 1;
                if self.access.touch {
                    let c = self.access.touched(e.clock(), self.now, self.rng);
                    e.set_clock(c);
                }
                Some(e.into_view())
            }
            None => {
                shard.meta.stats.misses += 1;
                self.changes.raise(event::KEYMISS, self.db, key.bytes);
                None
            }
        }
    }

    /// As [`Keys::read`], for a command on one type.
    ///
    /// # Errors
    /// WRONGTYPE if the key holds another.
    #[inline]
    pub fn read_as(&mut self, key: Key, want: Type) -> Result<Option<View<'_, Entry>>, Error> {
        match self.read(key) {
            Some(e) if e.type_of() != want => Err(Error::WRONGTYPE),
            other => Ok(other),
        }
    }

    /// Looks a key up without counting or marking the access.
    pub fn peek(&mut self, key: Key) -> Option<View<'_, Entry>> {
        let (_shard, slot): (&mut Shard, Option<ViewMut<'_, Entry>>);
        live!(self, key, _shard => slot);
        slot.map(ViewMut::into_view)
    }

    /// Whether the key exists.
    pub fn exists(&mut self, key: Key) -> bool {
        self.peek(key).is_some()
    }

    /// Opens an existing key for change.
    #[inline]
    pub fn edit(&mut self, key: Key) -> Option<Edit<'_>> {
        let (shard, slot): (&mut Shard, Option<ViewMut<'_, Entry>>);
        live!(self, key, shard => slot);
        let mut slot = slot?;
        if self.access.touch {
            let c = self.access.touched(slot.clock(), self.now, self.rng);
            slot.set_clock(c);
        }
        Some(Edit::new(slot, &mut shard.meta, self.changes, self.db, self.now))
    }

    /// Opens an existing key of one type for change.
    ///
    /// # Errors
    /// WRONGTYPE if the key holds another.
    pub fn edit_as(&mut self, key: Key, want: Type) -> Result<Option<Edit<'_>>, Error> {
        match self.edit(key) {
            Some(e) if e.entry().type_of() != want => Err(Error::WRONGTYPE),
            other => Ok(other),
        }
    }

    /// Opens a collection for change, making an empty one of `kind` if there is none. An
    /// edit that leaves it empty removes it again.
    ///
    /// # Errors
    /// WRONGTYPE if the key holds another type.
    pub fn upsert(&mut self, key: Key, kind: Kind) -> Result<Edit<'_>, Error> {
        let at = self.held.space().shard_of(key.hash);
        let Shard { dbs, meta } = self.held.shard(at);
        let (db, now, access) = (self.db, self.now, self.access);
        let fresh = || {
            let mut e = Entry::new(kind, key.bytes, kind.empty_bytes(), None);
            e.payload_mut().fill(0);
            e.set_clock(access.fresh(now));
            e
        };
        let (mut slot, mut created) = dbs[db as usize].get_or_insert_with(key.hash, key.bytes, fresh);
        if created {
            meta.resized = true;
        } else if slot.is_due(now) {
            let gone = slot.replace(fresh());
            meta.expire(gone, db, self.changes);
            created = true;
        } else if slot.type_of() != kind.type_of() {
            return Err(Error::WRONGTYPE);
        } else if access.touch {
            let c = access.touched(slot.clock(), now, self.rng);
            slot.set_clock(c);
        }
        if !created {
            return Ok(Edit::new(slot, meta, self.changes, db, now));
        }
        meta.account(0, slot.heap_bytes());
        Ok(Edit::new(slot, meta, self.changes, db, now).created())
    }

    /// Stores `entry` under its own name, replacing whatever the key held.
    pub fn put(&mut self, hash: u64, mut entry: Entry, event: Event) {
        if entry.clock() == 0 {
            entry.set_clock(self.access.fresh(self.now));
        }
        let at = self.held.space().shard_of(hash);
        let Shard { dbs, meta } = self.held.shard(at);
        let (table, db, after) = (&mut dbs[self.db as usize], self.db, entry.heap_bytes());
        meta.resized = true;
        if let Some(mut slot) = table.get_mut(hash, entry.key()) {
            let stale = slot.is_due(self.now);
            let old = slot.replace(entry);
            meta.account(0, after);
            if stale {
                meta.expire(old, db, self.changes);
                self.changes.raise(event::NEW, db, slot.key());
            } else {
                meta.account(old.heap_bytes(), 0);
                self.changes.discard(old);
            }
            meta.touched(self.changes, db, slot.key(), event);
            return;
        }
        let slot = table.insert(hash, entry);
        meta.account(0, after);
        self.changes.raise(event::NEW, db, slot.key());
        meta.touched(self.changes, db, slot.key(), event);
    }

    /// Takes a live key out, without recording an event: for a move or a rename, which
    /// record their own with [`Keys::touched`].
    pub fn take(&mut self, key: Key) -> Option<Entry> {
        let (shard, slot): (&mut Shard, Option<ViewMut<'_, Entry>>);
        live!(self, key, shard => slot);
        let e = slot?.remove();
        shard.meta.account(e.heap_bytes(), 0);
        shard.meta.resized = true;
        Some(e)
    }

    /// Records that a key changed in a way that no other call of this door recorded.
    pub fn touched(&mut self, key: Key, event: Event) {
        let at = self.held.space().shard_of(key.hash);
        self.held.shard(at).meta.touched(self.changes, self.db, key.bytes, event);
    }

    /// Deletes a key; whether it existed.
    pub fn delete(&mut self, key: Key, event: Event) -> bool {
        match self.take(key) {
            Some(e) => {
                self.changes.discard(e);
                self.touched(key, event);
                true
            }
            None => false,
        }
    }

    /// Deletes every key of one database; returns how many there were. Needs every lock.
    pub fn flush(&mut self, db: u32) -> u64 {
        let space = self.held.space();
        let mut gone = 0;
        for at in 0..space.shards().len() {
            let shard = self.held.shard(at);
            shard.mark_watched_where(db, |k| shard.dbs[db as usize].get(space.hash(k), k).is_some());
            let table = std::mem::replace(&mut shard.dbs[db as usize], Table::new(space.hash_key()));
            gone += table.len() as u64;
            let bytes: usize = table.iter().map(|e| e.heap_bytes()).sum();
            shard.meta.account(bytes, 0);
            shard.meta.resized = true;
            if !table.is_empty() {
                self.changes.garbage.push(Garbage::Table(table));
            }
        }
        self.changes.dirty += gone;
        gone
    }

    /// Exchanges the contents of two databases. Needs every lock.
    pub fn swap(&mut self, a: u32, b: u32) {
        let space = self.held.space();
        for at in 0..space.shards().len() {
            let shard = self.held.shard(at);
            for (db, other) in [(a, b), (b, a)] {
                let has = |d: u32, k: &[u8]| shard.dbs[d as usize].get(space.hash(k), k).is_some();
                shard.mark_watched_where(db, |k| has(db, k) || has(other, k));
            }
            shard.dbs.swap(a as usize, b as usize);
            for db in [a, b] {
                let ready = shard.waited_keys(db).into_iter();
                self.changes
                    .ready
                    .extend(ready.filter(|k| shard.dbs[db as usize].get(space.hash(&k.key), &k.key).is_some()));
            }
        }
        self.changes.dirty += 1;
    }
}
