//! Keys of any type, and their expiry.

use super::{Done, Expect, Model, Outcome, number::int, strings::number};
use crate::dump::{Item, Key, Stored};
use norn::protocol::value::Value;

pub const KNOWN: &[&str] = &[
    "del",
    "unlink",
    "exists",
    "touch",
    "type",
    "expire",
    "pexpire",
    "expireat",
    "pexpireat",
    "ttl",
    "pttl",
    "expiretime",
    "pexpiretime",
    "persist",
    "rename",
    "renamenx",
    "copy",
    "move",
    "swapdb",
    "select",
    "keys",
    "echo",
    "ping",
    "flushall",
    "flushdb",
];

impl Model {
    pub(super) fn keys(&mut self, name: &str, args: &[Vec<u8>]) -> Outcome {
        let key = &args[0];
        Ok(Done::Reply(match name {
            "del" | "unlink" => {
                let there = |m: &mut Model, k: &Vec<u8>| {
                    let there = m.exists(k);
                    m.remove(k);
                    there
                };
                Expect::count(args.iter().filter(|k| there(self, k)).count())
            }
            "exists" | "touch" => Expect::count(args.iter().filter(|k| self.exists(k)).count()),
            "type" => {
                let name = match self.item(key).map(|e| &e.value) {
                    None => "none",
                    Some(Stored::Text(_)) => "string",
                    Some(Stored::List(_)) => "list",
                    Some(Stored::Hash(_)) => "hash",
                    Some(Stored::Set(_)) => "set",
                    Some(Stored::SortedSet(_)) => "zset",
                    Some(Stored::Stream(_)) => "stream",
                };
                Expect::Is(Value::Simple(name.into()))
            }
            "expire" => self.expire(key, &args[1], 1000, self.now_ms, &args[2..])?,
            "pexpire" => self.expire(key, &args[1], 1, self.now_ms, &args[2..])?,
            "expireat" => self.expire(key, &args[1], 1000, 0, &args[2..])?,
            "pexpireat" => self.expire(key, &args[1], 1, 0, &args[2..])?,
            "ttl" => self.left(key, 1000, self.now_ms),
            "pttl" => self.left(key, 1, self.now_ms),
            "expiretime" => self.left(key, 1000, 0),
            "pexpiretime" => self.left(key, 1, 0),
            "persist" => Expect::int(self.persist(key).into()),
            "rename" => self.rename(key, &args[1], true)?,
            "renamenx" => self.rename(key, &args[1], false)?,
            "copy" => self.copy(key, &args[1], &args[2..])?,
            "move" => self.move_key(key, &args[1])?,
            "swapdb" => self.swap(&args[0], &args[1])?,
            "select" => {
                self.db = self.database(key)?;
                Expect::ok()
            }
            "keys" if key == b"*" => {
                let names = self.content.keys().filter(|(db, _)| *db == self.db);
                Expect::Unordered(names.map(|(_, name)| Value::Bulk(name.clone())).collect())
            }
            "keys" => Expect::Anything,
            "ping" if args.len() > 1 => Expect::error(""),
            "echo" | "ping" => Expect::bulk(Some(key)),
            "flushall" | "flushdb" => {
                if ![&b"sync"[..], b"async"].contains(&&*key.to_ascii_lowercase()) || args.len() > 1 {
                    return Err(Expect::error(""));
                }
                let db = self.db;
                self.flush(|k| name == "flushall" || k.0 == db);
                Expect::ok()
            }
            _ => unreachable!("{name} is not among the known"),
        }))
    }

    pub(super) fn item(&self, key: &[u8]) -> Option<&Item> {
        self.content.get(&(self.db, key.to_vec()))
    }

    pub(super) fn exists(&self, key: &[u8]) -> bool {
        self.item(key).is_some()
    }

    pub(super) fn put(&mut self, key: &[u8], item: Item) {
        let key = (self.db, key.to_vec());
        self.content.insert(key.clone(), item);
        self.touch(key);
    }

    pub(super) fn remove(&mut self, key: &[u8]) {
        let key = (self.db, key.to_vec());
        if self.content.remove(&key).is_some() {
            self.touch(key);
        }
    }

    pub(super) fn persist(&mut self, key: &[u8]) -> bool {
        match self.item(key).cloned() {
            Some(item) if item.expiry_ms.is_some() => {
                self.put(key, Item { expiry_ms: None, ..item });
                true
            }
            _ => false,
        }
    }

    /// Gives an existing key an expiry; one that has passed removes it.
    pub(super) fn expire_at(&mut self, key: &[u8], at: i64) {
        if at <= self.now_ms {
            self.remove(key);
        } else if let Some(item) = self.item(key).cloned() {
            self.put(key, Item { expiry_ms: Some(at as u64), ..item });
        }
    }

    fn expire(
        &mut self,
        key: &[u8],
        time: &[u8],
        unit: i64,
        base: i64,
        conditions: &[Vec<u8>],
    ) -> Result<Expect, Expect> {
        let at = number(time)?.checked_mul(unit).and_then(|ms| ms.checked_add(base)).ok_or(Expect::error(""))?;
        let c = Conditions::parse(conditions)?;
        let Some(item) = self.item(key) else { return Ok(Expect::int(0)) };
        if !c.allow(item.expiry_ms.map(|at| at as i64), at) {
            return Ok(Expect::int(0));
        }
        self.expire_at(key, at);
        Ok(Expect::int(1))
    }

    /// What TTL and its kin reply.
    fn left(&self, key: &[u8], unit: i64, base: i64) -> Expect {
        Expect::int(match self.item(key).map(|e| e.expiry_ms) {
            None => -2,
            Some(None) => -1,
            Some(Some(at)) => ((at as i64 - base).max(0) + unit / 2) / unit,
        })
    }

    fn rename(&mut self, from: &[u8], to: &[u8], replace: bool) -> Result<Expect, Expect> {
        let item = self.item(from).cloned().ok_or(Expect::error("ERR no such key"))?;
        let free = replace || !self.exists(to);
        if free && from != to {
            self.remove(from);
            self.put(to, item);
        }
        Ok(if replace { Expect::ok() } else { Expect::int(free.into()) })
    }

    fn copy(&mut self, from: &[u8], to: &[u8], options: &[Vec<u8>]) -> Result<Expect, Expect> {
        let (mut db, mut replace, mut options) = (self.db, false, options.iter());
        while let Some(word) = options.next() {
            match word.to_ascii_uppercase().as_slice() {
                b"REPLACE" => replace = true,
                b"DB" => db = self.database(options.next().ok_or(Expect::error(""))?)?,
                _ => return Err(Expect::error("")),
            }
        }
        let to = (db, to.to_vec());
        if to == (self.db, from.to_vec()) {
            return Err(Expect::error(""));
        }
        let Some(item) = self.item(from).cloned() else { return Ok(Expect::int(0)) };
        if self.content.contains_key(&to) && !replace {
            return Ok(Expect::int(0));
        }
        self.content.insert(to.clone(), item);
        self.touch(to);
        Ok(Expect::int(1))
    }

    fn move_key(&mut self, key: &[u8], db: &[u8]) -> Result<Expect, Expect> {
        let db = self.database(db)?;
        if db == self.db {
            return Err(Expect::error(""));
        }
        let (from, to) = ((self.db, key.to_vec()), (db, key.to_vec()));
        if self.content.contains_key(&to) {
            return Ok(Expect::int(0));
        }
        let Some(item) = self.content.remove(&from) else { return Ok(Expect::int(0)) };
        self.content.insert(to.clone(), item);
        self.touch(from);
        self.touch(to);
        Ok(Expect::int(1))
    }

    fn database(&self, text: &[u8]) -> Result<u32, Expect> {
        let db = int(text).and_then(|n| u32::try_from(n).ok()).filter(|db| *db < self.databases);
        db.ok_or(Expect::error(""))
    }

    fn swap(&mut self, a: &[u8], b: &[u8]) -> Result<Expect, Expect> {
        let (a, b) = (self.database(a)?, self.database(b)?);
        if a == b {
            return Ok(Expect::ok());
        }
        let other = |db: u32| if db == a { b } else { a };
        let (moved, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.content).into_iter().partition(|((db, _), _)| *db == a || *db == b);
        let names: std::collections::BTreeSet<Vec<u8>> = moved.iter().map(|((_, name), _)| name.clone()).collect();
        self.content = rest.into_iter().collect();
        self.content.extend(moved.into_iter().map(|((db, name), item)| ((other(db), name), item)));
        let keys = |db: u32| names.iter().map(move |name| (db, name.clone()) as Key);
        keys(a).chain(keys(b)).collect::<Vec<_>>().into_iter().for_each(|key| self.touch(key));
        Ok(Expect::ok())
    }
}

/// Which present expiry lets a new one take its place.
#[derive(Default)]
pub struct Conditions {
    nx: bool,
    xx: bool,
    gt: bool,
    lt: bool,
}

impl Conditions {
    pub fn parse(words: &[Vec<u8>]) -> Result<Conditions, Expect> {
        let mut c = Conditions::default();
        for word in words {
            match word.to_ascii_uppercase().as_slice() {
                b"NX" => c.nx = true,
                b"XX" => c.xx = true,
                b"GT" => c.gt = true,
                b"LT" => c.lt = true,
                _ => return Err(Expect::error("")),
            }
        }
        let contradiction = c.nx && (c.xx || c.gt || c.lt) || c.gt && c.lt;
        if contradiction { Err(Expect::error("")) } else { Ok(c) }
    }

    /// No expiry is later than any.
    pub fn allow(&self, old: Option<i64>, new: i64) -> bool {
        let later = |a: i64, b: Option<i64>| b.is_some_and(|b| a > b);
        let earlier = |a: i64, b: Option<i64>| b.is_none_or(|b| a < b);
        (!self.nx || old.is_none())
            && (!self.xx || old.is_some())
            && (!self.gt || later(new, old))
            && (!self.lt || earlier(new, old))
    }
}
