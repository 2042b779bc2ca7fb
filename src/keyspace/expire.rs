//! Active expiry: removing keys whose time has come although nobody asks for them.
//!
//! The table keeps a tag beside each slot that says whether its key expires, and a count
//! of tagged slots per segment, so a sweep touches nothing else. A step's budget counts
//! keys looked at, never time: a simulated run must not depend on how fast it runs.

use super::{block::TAG_EXPIRES, changes::Changes, shard::DbKey, shard::Shard};
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
