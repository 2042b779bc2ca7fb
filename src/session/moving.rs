//! Keys on their way to another server.
//!
//! MIGRATE deletes a key once the target has acknowledged it, and the network takes its time.
//! Meanwhile nobody may change what has already been sent, or the change would be lost. So the
//! keys are claimed when they are read, under their shards' locks: whoever names a claimed key
//! finds out under the same locks and waits, as if paused and with the request untouched. The
//! claim ends under the locks again, when the keys that arrived have been deleted. Who reads
//! waits too: a key is here or there, and nobody who has seen it there sees it here any more.
//!
//! A name is claimed in all databases at once, because MOVE and COPY name the database of a
//! key in an argument of its own.

use crate::{base::sync::Mutex, keyspace::shard::DbKey};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

#[derive(Default)]
struct State {
    names: BTreeSet<Box<[u8]>>,
    passed_over: Vec<DbKey>,
}

/// All claims. See the module.
#[derive(Default)]
pub struct Moving {
    /// Names claimed. Whoever holds a key's lock sees whether that key is among them.
    count: AtomicUsize,
    state: Mutex<State>,
}

impl Moving {
    /// Whether any key is claimed.
    #[inline]
    pub fn is_any(&self) -> bool {
        self.count.load(Relaxed) > 0
    }

    /// Whether a key is claimed. Its lock is held.
    pub fn has(&self, name: &[u8]) -> bool {
        self.is_any() && self.state.lock().names.contains(name)
    }

    /// Claims keys, whose locks are held and which are not claimed.
    pub fn claim<'k>(self: &Arc<Self>, names: impl Iterator<Item = &'k [u8]>) -> Claim {
        let mut state = self.state.lock();
        // A key may be named twice in one request.
        let names = names.filter(|name| state.names.insert((*name).into())).map(Into::into).collect();
        self.count.store(state.names.len(), Relaxed);
        Claim { moving: self.clone(), names }
    }

    /// Notes that nobody was served who waits for `key`, because that would have taken a
    /// claimed key as well.
    pub fn pass_over(&self, key: &DbKey) {
        let mut state = self.state.lock();
        if !state.passed_over.contains(key) {
            state.passed_over.push(key.clone());
        }
    }
}

/// Keys that are claimed until this is dropped.
pub struct Claim {
    moving: Arc<Moving>,
    names: Vec<Box<[u8]>>,
}

impl Claim {
    /// The claimed keys.
    pub fn names(&self) -> &[Box<[u8]>] {
        &self.names
    }

    /// Ends the claim; the keys at which somebody may be served now.
    pub fn end(self) -> Vec<DbKey> {
        let moving = self.moving.clone();
        drop(self);
        std::mem::take(&mut moving.state.lock().passed_over)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut state = self.moving.state.lock();
        for name in &self.names {
            state.names.remove(name);
        }
        self.moving.count.store(state.names.len(), Relaxed);
    }
}

impl std::fmt::Debug for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.names.iter().map(|n| n.escape_ascii().to_string())).finish()
    }
}

/// What MIGRATE has to carry to another server.
#[derive(Debug)]
pub struct Migration {
    pub host: String,
    /// 0 if the client named none that can be.
    pub port: u16,
    /// The database there, whatever the client called it.
    pub database: i64,
    /// How long nothing may come or go.
    pub timeout_ms: u64,
    /// The arguments of AUTH; empty: the target wants none.
    pub credentials: Vec<Box<[u8]>>,
    /// Keys that exist there are overwritten.
    pub replace: bool,
    /// The database here.
    pub db: u32,
    pub cargo: Vec<Cargo>,
    /// Keeps the keys as they were sent; none if they stay here anyway.
    pub claim: Option<Claim>,
}

/// One key with its value.
#[derive(Debug)]
pub struct Cargo {
    pub key: Box<[u8]>,
    pub expiry_ms: Option<u64>,
    /// As DUMP gives it.
    pub payload: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_ends_when_it_is_dropped_and_only_its_own_names_are_free() {
        let moving = Arc::new(Moving::default());
        let a = moving.claim([&b"x"[..], b"y", b"x"].into_iter());
        let b = moving.claim([&b"z"[..]].into_iter());
        assert!(moving.has(b"x") && moving.has(b"y") && moving.has(b"z") && !moving.has(b"w"));
        assert_eq!(a.names().len(), 2);
        drop(a);
        assert!(!moving.has(b"x") && !moving.has(b"y") && moving.has(b"z"));
        let key = DbKey::new(3, b"q");
        moving.pass_over(&key);
        moving.pass_over(&key);
        assert_eq!(b.end(), [key]);
        assert!(!moving.is_any() && !moving.has(b"z"));
    }
}
