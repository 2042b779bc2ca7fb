//! What happens to whole databases: flushing one, exchanging two. Both need every lock.

use super::{garbage::Garbage, keys::Keys, shard::Shard};
use crate::data::table::Table;

impl Keys<'_, '_> {
    /// Deletes every key of one database; returns how many there were. Their memory is given
    /// back away from the command, which is said to have done it itself unless `lazy`.
    pub fn flush(&mut self, db: u32, lazy: bool) -> u64 {
        let space = self.held.space();
        let mut gone = 0;
        for at in 0..space.shards().len() {
            let shard = self.held.shard(at);
            shard.mark_watched_where(db, |k| shard.dbs[db as usize].get(space.hash(k), k).is_some());
            self.changes.ready.extend(shard.waited_keys(db));
            let table = std::mem::replace(&mut shard.dbs[db as usize], Table::new(space.hash_key()));
            if table.is_empty() {
                continue;
            }
            gone += table.len() as u64;
            let bytes = shard.meta.db_bytes(db);
            shard.meta.account(db, bytes, 0);
            shard.meta.resized = true;
            let unwanted = match &mut shard.meta.keeper {
                Some(keeper) => keeper.keep_table(db, table),
                None => Some(table),
            };
            if let Some(garbage) = unwanted.map(Garbage::table) {
                self.changes.garbage.push(if lazy { garbage } else { garbage.uncounted() });
            }
        }
        self.changes.dirty += gone;
        gone
    }

    /// Exchanges the contents of two databases.
    pub fn swap(&mut self, a: u32, b: u32) {
        self.changes.dirty += 1;
        if a == b {
            return;
        }
        let space = self.held.space();
        for at in 0..space.shards().len() {
            self.expire_watched(at, [a, b]);
            let shard = self.held.shard(at);
            for (db, other) in [(a, b), (b, a)] {
                let has = |d: u32, k: &[u8]| shard.dbs[d as usize].get(space.hash(k), k).is_some();
                shard.mark_watched_where(db, |k| has(db, k) || has(other, k));
            }
            shard.dbs.swap(a as usize, b as usize);
            shard.meta.swap_accounts(a, b);
            if let Some(keeper) = &mut shard.meta.keeper {
                keeper.swap(a, b);
            }
            for db in [a, b] {
                self.changes.ready.extend(shard.waited_keys(db));
            }
        }
    }

    /// Removes expired keys that somebody watches in one of two databases, from both: a
    /// key that only time has removed is no change when it comes from the other one.
    fn expire_watched(&mut self, at: usize, dbs: [u32; 2]) {
        let (space, now) = (self.held.space(), self.now);
        let Shard { dbs: tables, meta } = self.held.shard(at);
        let watched = dbs.map(|db| meta.watched_keys(db));
        for key in watched.into_iter().flatten() {
            let hash = space.hash(&key);
            for db in dbs {
                if let Some(e) = tables[db as usize].get_mut(hash, &key)
                    && e.is_due(now)
                {
                    meta.expire(e.remove(), db, self.changes);
                }
            }
        }
    }
}
