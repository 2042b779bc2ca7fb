//! Keys that change their name or their database.
//!
//! Both names of a command are locked: a name's shard does not depend on the database.

use super::{
    event::{self, Event},
    keys::{Key, Keys},
};

impl Keys<'_, '_> {
    /// Gives a key another name, replacing what that name held; whether there was such a
    /// key. The two names differ.
    pub fn rename(&mut self, from: Key, to: Key) -> bool {
        let Some(e) = self.take(from) else { return false };
        if let Some(old) = self.take(to) {
            self.changes.discard(old);
        }
        self.add(to.hash, e.renamed(to.bytes), None);
        self.left(from, event::RENAME_FROM);
        self.touched(to, event::RENAME_TO);
        true
    }

    /// Moves a key to another database; false if it does not exist here or does there.
    pub fn move_to(&mut self, key: Key, db: u32) -> bool {
        if self.within(db, |there| there.exists(key)) {
            return false;
        }
        let Some(e) = self.take(key) else { return false };
        self.within(db, |there| there.add(key.hash, e, None));
        self.left(key, event::MOVE_FROM);
        self.within(db, |there| there.touched(key, event::MOVE_TO));
        true
    }

    /// Copies a key to another name or database; false if it does not exist or, unless
    /// `replace`, the other does.
    pub fn copy(&mut self, from: Key, to: Key, db: u32, replace: bool) -> bool {
        if self.read(from).is_none() {
            return false;
        }
        if !replace && self.within(db, |there| there.exists(to)) {
            return false;
        }
        let mut copy = self.peek(from).expect("it was there just now").copy_as(to.bytes);
        copy.set_clock(self.access.fresh(self.now));
        self.within(db, |there| {
            if let Some(old) = there.take(to) {
                there.changes.discard(old);
            }
            there.add(to.hash, copy, Some(event::COPY_TO));
        });
        true
    }

    /// Runs `f` in another database.
    fn within<T>(&mut self, db: u32, f: impl FnOnce(&mut Self) -> T) -> T {
        let here = std::mem::replace(&mut self.db, db);
        let r = f(self);
        self.db = here;
        r
    }

    /// Records that a key is no longer found here; its arrival elsewhere counts as the
    /// change.
    fn left(&mut self, key: Key, event: Event) {
        let at = self.held.space().shard_of(key.hash);
        let meta = &self.held.shard(at).meta;
        meta.mark_watched(self.db, key.bytes);
        meta.wake(self.changes, self.db, key.bytes);
        self.changes.raise(event, self.db, key.bytes);
    }
}
