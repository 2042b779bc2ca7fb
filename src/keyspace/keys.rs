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
    changes::Changes,
    edit::Edit,
    event::{self, Event},
    held::Held,
    shard::Shard,
};
use crate::{
    base::{prng::Prng, time::Wall},
    data::table::{Element, View, ViewMut},
    protocol::Error,
};
use smallvec::SmallVec;

/// A key's name and hash.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    pub bytes: &'a [u8],
    pub hash: u64,
}

/// Entries that are lent together; `None` for a key that does not exist.
pub type Views<'a> = SmallVec<[Option<View<'a, Entry>>; 4]>;

/// One command's view of one database.
pub struct Keys<'a, 'e> {
    pub held: &'a mut Held<'e>,
    /// The selected database.
    pub db: u32,
    /// Frozen for the command or transaction.
    pub now: Wall,
    pub access: &'a mut AccessPolicy,
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
                if !$self.changes.keep_expired {
                    let gone = e.remove();
                    $shard.meta.expire(gone, $self.db, $self.changes);
                }
                $slot = None;
            }
            other => $slot = other,
        }
    }};
}

/// A new entry with a collection that has no element yet.
#[cold]
fn fresh(kind: Kind, key: Key, clock: u32, epoch: bool) -> Entry {
    let mut e = Entry::empty(kind, key.bytes);
    e.set_clock(clock);
    e.set_epoch(epoch);
    e
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
        self.look_up(key, self.access.touch, true)
    }

    /// As [`Keys::read`], without marking the access: for commands that ask about a key
    /// and not for its value.
    pub fn inspect(&mut self, key: Key) -> Option<View<'_, Entry>> {
        self.look_up(key, false, true)
    }

    /// As [`Keys::inspect`], without an event if there is no such key.
    pub fn inspect_quietly(&mut self, key: Key) -> Option<View<'_, Entry>> {
        self.look_up(key, false, false)
    }

    #[inline(always)]
    fn look_up(&mut self, key: Key, touch: bool, tell_miss: bool) -> Option<View<'_, Entry>> {
        let (shard, slot): (&mut Shard, Option<ViewMut<'_, Entry>>);
        live!(self, key, shard => slot);
        match slot {
            Some(mut e) => {
                self.changes.hits += 1;
                if touch {
                    let (was, c) = (e.clock(), self.access.touched(e.clock(), self.now, self.rng));
                    // A store would take the block's cache line away from other workers.
                    if c != was {
                        e.set_clock(c);
                    }
                }
                Some(e.into_view())
            }
            None => {
                self.changes.misses += 1;
                if tell_miss {
                    self.changes.raise(event::KEYMISS, self.db, key.bytes);
                }
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

    /// As [`Keys::read_as`] for several keys, whose entries are then lent together.
    ///
    /// # Errors
    /// WRONGTYPE if any key holds another type.
    pub fn read_all<'k>(
        &mut self,
        keys: impl Iterator<Item = Key<'k>> + Clone,
        want: Type,
    ) -> Result<Views<'_>, Error> {
        for key in keys.clone() {
            self.read_as(key, want)?;
        }
        Ok(self.lend_all(keys))
    }

    /// The entries of several keys that have been read, lent together.
    pub(super) fn lend_all<'k>(&self, keys: impl Iterator<Item = Key<'k>>) -> Views<'_> {
        let view = |key: Key| {
            let shard = self.held.peek(self.held.space().shard_of(key.hash));
            shard.table(self.db).get(key.hash, key.bytes).filter(|e| !e.is_due(self.now))
        };
        keys.map(view).collect()
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
    #[inline(always)]
    pub fn edit(&mut self, key: Key) -> Option<Edit<'_>> {
        let (shard, slot): (&mut Shard, Option<ViewMut<'_, Entry>>);
        live!(self, key, shard => slot);
        let mut slot = slot?;
        if self.access.touch {
            let c = self.access.touched(slot.clock(), self.now, self.rng);
            slot.set_clock(c);
        }
        Some(Edit::new(slot, &mut shard.meta, self.changes, self.db, self.now, false))
    }

    /// Opens an existing key of one type for change.
    ///
    /// # Errors
    /// WRONGTYPE if the key holds another.
    #[inline(always)]
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
    #[inline(always)]
    pub fn upsert(&mut self, key: Key, kind: Kind) -> Result<Edit<'_>, Error> {
        let at = self.held.space().shard_of(key.hash);
        let Shard { dbs, meta } = self.held.shard(at);
        let (db, now, access, epoch) = (self.db, self.now, &*self.access, meta.epoch);
        let fresh = || fresh(kind, key, access.fresh(now), epoch);
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
        if created {
            meta.account(db, 0, slot.heap_bytes());
        }
        Ok(Edit::new(slot, meta, self.changes, db, now, created))
    }

    /// Stores `entry` under its own name, replacing whatever the key held.
    pub fn put(&mut self, hash: u64, mut entry: Entry, event: Event) {
        if entry.clock() == 0 {
            entry.set_clock(self.access.fresh(self.now));
        }
        let at = self.held.space().shard_of(hash);
        let Shard { dbs, meta } = self.held.shard(at);
        let (table, db, after) = (&mut dbs[self.db as usize], self.db, entry.heap_bytes());
        entry.set_epoch(meta.epoch);
        if let Some(mut slot) = table.get_mut(hash, entry.key()) {
            let stale = slot.is_due(self.now);
            let mut old = slot.replace(entry);
            meta.preserve(db, &mut old);
            meta.resized = true;
            meta.account(db, 0, after);
            if stale {
                meta.expire(old, db, self.changes);
                self.changes.raise(event::NEW, db, slot.key());
            } else {
                meta.account(db, old.heap_bytes(), 0);
                self.changes.discard(old);
            }
            meta.touched(self.changes, db, slot.key(), event);
            return;
        }
        self.add(hash, entry, Some(event));
    }

    /// Stores an entry under a name that is free. Without an event only its being new is
    /// recorded, and the caller records the rest with [`Keys::touched`].
    pub(super) fn add(&mut self, hash: u64, mut entry: Entry, event: Option<Event>) {
        if entry.clock() == 0 {
            entry.set_clock(self.access.fresh(self.now));
        }
        let at = self.held.space().shard_of(hash);
        let Shard { dbs, meta } = self.held.shard(at);
        entry.set_epoch(meta.epoch);
        meta.account(self.db, 0, entry.heap_bytes());
        meta.resized = true;
        let slot = dbs[self.db as usize].insert(hash, entry);
        self.changes.raise(event::NEW, self.db, slot.key());
        if let Some(event) = event {
            meta.touched(self.changes, self.db, slot.key(), event);
        }
    }

    /// Takes a live key out, without recording an event: for a move or a rename, which
    /// record their own with [`Keys::touched`].
    pub fn take(&mut self, key: Key) -> Option<Entry> {
        let (shard, slot): (&mut Shard, Option<ViewMut<'_, Entry>>);
        live!(self, key, shard => slot);
        let mut e = slot?.remove();
        shard.meta.preserve(self.db, &mut e);
        shard.meta.account(self.db, e.heap_bytes(), 0);
        shard.meta.resized = true;
        Some(e)
    }

    /// Records that a key changed in a way that no other call of this door recorded.
    pub fn touched(&mut self, key: Key, event: Event) {
        let at = self.held.space().shard_of(key.hash);
        self.held.shard(at).meta.touched(self.changes, self.db, key.bytes, event);
    }

    /// Raises one more event about a key whose change has been recorded.
    pub fn raise(&mut self, key: Key, event: Event) {
        self.changes.raise(event, self.db, key.bytes);
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
}
