//! Setting a key's expiry, and active expiry: removing keys, and fields of hashes, whose
//! time has come although nobody asks for them.
//!
//! The table keeps a tag beside each slot that says whether its key or some field of its
//! hash expires, and a count of tagged slots per segment, so a sweep touches nothing else.
//! A step's budget counts keys and fields looked at, never time: a simulated run must not
//! depend on how fast it runs.

use super::{
    block::{Entry, TAG_EXPIRES, TAG_FIELDS_EXPIRE},
    changes::Changes,
    edit::Edit,
    event,
    hash::{HashLimits, HashMut},
    keys::{Key, Keys},
    object::Object,
    shard::{DbKey, Shard},
};
use crate::{
    base::{hash::HashKey, time::Wall},
    data::table::Element,
};

/// What a step came across.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Seen {
    pub keys: usize,
    /// Of these, keys that had expired, and hashes with fields that had.
    pub due: usize,
    /// There are no further ones.
    pub complete: bool,
}

/// Looks at about `budget` keys of one database that expire, from `cursor` on, and removes
/// those that are due; likewise fields of hashes. Returns what it saw.
pub fn step(
    shard: &mut Shard,
    db: u32,
    now: Wall,
    cursor: &mut u64,
    budget: usize,
    key: HashKey,
    changes: &mut Changes,
) -> Seen {
    let (mut seen, mut due, mut fields_due) = (0, Vec::new(), Vec::new());
    let table = &shard.dbs[db as usize];
    loop {
        *cursor = table.scan_tagged(*cursor, |e| {
            seen += 1;
            let found = || (DbKey::new(db, e.key()), key.hash(e.key()));
            if e.tag() & TAG_EXPIRES != 0 && e.is_due(now) {
                due.push(found());
            } else if e.tag() & TAG_FIELDS_EXPIRE != 0 && has_due_fields(e, now) {
                fields_due.push(found());
            }
        });
        if *cursor == 0 || seen >= budget {
            break;
        }
    }
    for (k, hash) in &due {
        shard.expire(k, *hash, changes);
    }
    for (k, hash) in &fields_due {
        let Shard { dbs, meta } = &mut *shard;
        if let Some(slot) = dbs[db as usize].get_mut(*hash, &k.key) {
            let edit = Edit::new(slot, meta, changes, db, now, false);
            // The lock is held for as many fields as for keys, however many hashes have them.
            HashMut::new(edit, HashLimits::NONE, key).expire((budget / fields_due.len()).max(1));
        }
    }
    Seen { keys: seen, due: due.len() + fields_due.len(), complete: *cursor == 0 }
}

impl Keys<'_, '_> {
    /// Whether what is to expire at a unix time in ms does so at once.
    #[inline]
    pub fn is_past(&self, at_ms: i64) -> bool {
        at_ms <= self.now.0 as i64
    }

    /// Lets an existing key expire at a unix time in ms; one that has come deletes it now.
    /// Whether the key exists.
    pub fn expire_at(&mut self, key: Key, at_ms: i64) -> bool {
        if self.is_past(at_ms) {
            return self.delete(key, event::DEL);
        }
        let Some(mut e) = self.edit(key) else { return false };
        e.entry_mut().set_expiry_ms(Some(at_ms as u64));
        e.changed(event::EXPIRE);
        true
    }

    /// Lets a key live for ever; whether it would not have.
    pub fn persist(&mut self, key: Key) -> bool {
        match self.edit(key) {
            Some(mut e) if e.entry().expiry_ms().is_some() => {
                e.entry_mut().set_expiry_ms(None);
                e.changed(event::PERSIST);
                true
            }
            _ => false,
        }
    }
}

/// Whether some field of this hash may be due.
fn has_due_fields(e: &Entry, now: Wall) -> bool {
    match e.object() {
        Some(Object::Hash(h)) => h.next_expiry_ms().is_some_and(|at| at < now.0),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
