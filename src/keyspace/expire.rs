//! Setting a key's expiry, and active expiry: removing keys whose time has come although
//! nobody asks for them.
//!
//! The table keeps a tag beside each slot that says whether its key expires, and a count
//! of tagged slots per segment, so a sweep touches nothing else. A step's budget counts
//! keys looked at, never time: a simulated run must not depend on how fast it runs.

use super::{
    block::TAG_EXPIRES,
    changes::Changes,
    event,
    keys::{Key, Keys},
    shard::{DbKey, Shard},
};
use crate::{
    base::{hash::HashKey, time::Wall},
    data::table::Element,
};

/// Looks at about `budget` keys of one database that expire, from `cursor` on, and removes
/// those that are due. Returns how many were.
pub fn step(
    shard: &mut Shard,
    db: u32,
    now: Wall,
    cursor: &mut u64,
    budget: usize,
    key: HashKey,
    changes: &mut Changes,
) -> usize {
    let (mut seen, mut due) = (0, Vec::new());
    let table = &shard.dbs[db as usize];
    loop {
        *cursor = table.scan_tagged(*cursor, |e| {
            seen += 1;
            if e.tag() & TAG_EXPIRES != 0 && e.is_due(now) {
                due.push((DbKey::new(db, e.key()), key.hash(e.key())));
            }
        });
        if *cursor == 0 || seen >= budget {
            break;
        }
    }
    for (k, hash) in &due {
        shard.expire(k, *hash, changes);
    }
    due.len()
}

impl Keys<'_, '_> {
    /// Lets an existing key expire at a unix time in ms; one that has come deletes it now.
    /// Whether the key exists.
    pub fn expire_at(&mut self, key: Key, at_ms: i64) -> bool {
        if at_ms <= self.now.0 as i64 {
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
