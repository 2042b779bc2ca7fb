//! Hash commands of the model.
//!
//! A field that is due is hidden, but it may linger: should the clock be set back it may be
//! seen again, and a hash all of whose fields are due may or may not still exist as a key.

use super::{
    calendar::Span,
    command::{Command, Field, Key, Ttl, When},
    encode::field,
    reply::{HASH_NOT_AN_INTEGER, OVERFLOW, Reply, WRONGTYPE},
    state::{Due, LATE, State, fields_of},
    strings::integer,
    value::Value,
};
use bytes::Bytes;
use std::{collections::BTreeMap, rc::Rc};

/// A hash's fields, their values and when they expire.
pub type Map = Rc<BTreeMap<Field, (Bytes, Option<Due>)>>;

impl State<'_> {
    pub(super) fn run_hash(&mut self, command: &Command, at: &Span) -> Option<Reply> {
        let reply = match command {
            Command::HSet(k, pairs) => self.fields(*k).map(|mut map| {
                let before = map.len();
                Rc::make_mut(&mut map).extend(pairs.iter().map(|(f, v)| (*f, (v.clone(), None))));
                let new = map.len() - before;
                self.put_hash(*k, map);
                Reply::count(new)
            }),
            Command::HSetNx(k, f, v) => self.fields(*k).map(|mut map| {
                let free = !map.contains_key(f);
                if free {
                    Rc::make_mut(&mut map).insert(*f, (v.clone(), None));
                    self.put_hash(*k, map);
                }
                Reply::Int(free.into())
            }),
            Command::HDel(k, fs) => self.fields(*k).map(|mut map| {
                let gone = fs.iter().filter(|f| take(&mut map, **f)).count();
                if gone > 0 {
                    self.put_hash(*k, map);
                }
                Reply::count(gone)
            }),
            Command::HIncrBy(k, f, n) => self.incr_field(*k, *f, *n),
            Command::HExpire { key, ttl, when, fields } => self.expire_fields(*key, *ttl, *when, fields, at),
            Command::HPersist(k, fs) => self.persist_fields(*k, fs),
            Command::HGetEx(k, ttl, fs) => self.get_fields(*k, *ttl, fs, at),
            Command::HGetDel(k, fs) => self.fields(*k).map(|mut map| {
                let taken = fs.iter().map(|f| {
                    let value = value_of(&map, *f);
                    take(&mut map, *f);
                    value
                });
                let replies: Vec<Reply> = taken.collect();
                if replies.iter().any(|r| !r.is_nil()) {
                    self.put_hash(*k, map);
                }
                Reply::Array(replies)
            }),
            Command::HSetEx { key, ttl, when, pairs } => self.set_fields(*key, *ttl, *when, pairs, at),
            _ => return self.read_hash(command, at),
        };
        Some(reply.unwrap_or_else(|error| error))
    }

    /// The commands that only look.
    fn read_hash(&mut self, command: &Command, at: &Span) -> Option<Reply> {
        let reply = match command {
            Command::HGet(k, f) => self.fields(*k).map(|map| value_of(&map, *f)),
            Command::HMGet(k, fs) => {
                self.fields(*k).map(|map| Reply::Array(fs.iter().map(|f| value_of(&map, *f)).collect()))
            }
            Command::HLen(k) => self.fields(*k).map(|map| Reply::count(map.len())),
            Command::HGetAll(k) => self.fields(*k).map(|map| {
                let mut pairs: Vec<(Bytes, &Bytes)> = map.iter().map(|(f, (v, _))| (field(*f), v)).collect();
                pairs.sort();
                let flat = pairs.into_iter().flat_map(|(f, v)| [Reply::Bulk(f), Reply::Bulk(v.clone())]);
                Reply::Array(flat.collect())
            }),
            Command::HScan(k, values) => self.fields(*k).map(|map| {
                let mut pairs: Vec<(Bytes, &Bytes)> = map.iter().map(|(f, (v, _))| (field(*f), v)).collect();
                pairs.sort();
                let texts = |(f, v): (Bytes, &Bytes)| {
                    [Some(Reply::Bulk(f)), values.then(|| Reply::Bulk(v.clone()))].into_iter().flatten()
                };
                Reply::scanned(Reply::Array(pairs.into_iter().flat_map(texts).collect()))
            }),
            Command::HExists(k, f) => self.fields(*k).map(|map| Reply::Int(map.contains_key(f).into())),
            Command::HPttl(k, fs) => self.fields(*k).map(|map| {
                let left = |f| match map.get(f) {
                    None => Reply::Int(-2),
                    Some((_, None)) => Reply::Int(-1),
                    Some((_, Some(due))) => due.left(at),
                };
                Reply::Array(fs.iter().map(left).collect())
            }),
            Command::HPttlAt(k, fs) => self.fields(*k).map(|map| {
                let deadline = |f| match map.get(f) {
                    None => Reply::Int(-2),
                    Some((_, None)) => Reply::Int(-1),
                    Some((_, Some(due))) => Reply::Between(due.low_ms, due.high_ms),
                };
                Reply::Array(fs.iter().map(deadline).collect())
            }),
            _ => return None,
        };
        Some(reply.unwrap_or_else(|error| error))
    }

    /// A hash's fields that can be seen; none if the key does not exist.
    fn fields(&mut self, k: Key) -> Result<Map, Reply> {
        let mut map = match self.slot(k).map(|s| &s.value) {
            None => return Ok(Map::default()),
            Some(Value::Hash(map)) => map.clone(),
            Some(_) => return Err(WRONGTYPE),
        };
        let hidden = fields_of(self.doom.hidden, k);
        if hidden != 0 {
            Rc::make_mut(&mut map).retain(|f, _| hidden & 1 << f == 0);
        }
        Ok(map)
    }

    /// Gives a hash these fields and keeps those that nobody sees.
    fn put_hash(&mut self, k: Key, mut map: Map) {
        let hidden = fields_of(self.doom.hidden, k);
        if hidden != 0
            && let Some(Value::Hash(old)) = self.slot(k).map(|s| &s.value)
        {
            for (f, cell) in old.iter().filter(|(f, _)| hidden & 1 << **f != 0) {
                Rc::make_mut(&mut map).entry(*f).or_insert_with(|| cell.clone());
            }
        }
        self.put_value(k, Value::Hash(map));
    }

    fn incr_field(&mut self, k: Key, f: Field, n: i64) -> Result<Reply, Reply> {
        let mut map = self.fields(k)?;
        let (old, due) = match map.get(&f) {
            None => (0, None),
            Some((text, due)) => (integer(text).ok_or(HASH_NOT_AN_INTEGER)?, *due),
        };
        let new = old.checked_add(n).ok_or(OVERFLOW)?;
        Rc::make_mut(&mut map).insert(f, (new.to_string().into(), due));
        self.put_hash(k, map);
        Ok(Reply::Int(new))
    }

    /// Gives a field of a map a deadline, or deletes it if that has passed; says which.
    fn set_due(&self, map: &mut Map, f: Field, ttl: Ttl, at: &Span) -> Reply {
        if self.doom.gone & LATE != 0 {
            take(map, f);
            return Reply::Int(2);
        }
        if map.contains_key(&f) {
            Rc::make_mut(map).get_mut(&f).expect("it is there").1 = Self::due(ttl, at);
        }
        Reply::Int(1)
    }

    fn expire_fields(&mut self, k: Key, ttl: Ttl, when: When, fs: &[Field], at: &Span) -> Result<Reply, Reply> {
        let mut map = self.fields(k)?;
        let before = map.clone();
        let seen = self.seen();
        let mut replies = Vec::new();
        for (n, f) in fs.iter().enumerate() {
            let seen = match seen {
                Some(Reply::Array(parts)) => Some(parts.get(n) != Some(&Reply::Int(0))),
                other => other.map(|_| false),
            };
            replies.push(match map.get(f).map(|(_, due)| *due) {
                None => Reply::Int(-2),
                Some(due) if self.may_expire(due, ttl, when, at, seen) => self.set_due(&mut map, *f, ttl, at),
                Some(_) => Reply::Int(0),
            });
        }
        self.put_map(k, &before, map);
        Ok(Reply::Array(replies))
    }

    fn persist_fields(&mut self, k: Key, fs: &[Field]) -> Result<Reply, Reply> {
        let mut map = self.fields(k)?;
        let before = map.clone();
        let one = |f: &Field| match map.get(f) {
            None => Reply::Int(-2),
            Some((_, None)) => Reply::Int(-1),
            Some((_, Some(_))) => {
                Rc::make_mut(&mut map).get_mut(f).expect("it was there").1 = None;
                Reply::Int(1)
            }
        };
        let replies = fs.iter().map(one).collect();
        self.put_map(k, &before, map);
        Ok(Reply::Array(replies))
    }

    fn get_fields(&mut self, k: Key, ttl: Ttl, fs: &[Field], at: &Span) -> Result<Reply, Reply> {
        let mut map = self.fields(k)?;
        let before = map.clone();
        let one = |f: &Field| {
            let value = value_of(&map, *f);
            match ttl {
                Ttl::In(_) | Ttl::At(_) => drop(self.set_due(&mut map, *f, ttl, at)),
                Ttl::Persist if !value.is_nil() => Rc::make_mut(&mut map).get_mut(f).expect("it was there").1 = None,
                _ => {}
            }
            value
        };
        let values = fs.iter().map(one).collect();
        self.put_map(k, &before, map);
        Ok(Reply::Array(values))
    }

    fn set_fields(
        &mut self,
        k: Key,
        ttl: Ttl,
        when: When,
        pairs: &[(Field, Bytes)],
        at: &Span,
    ) -> Result<Reply, Reply> {
        let mut map = self.fields(k)?;
        let before = map.clone();
        let refused = match when {
            When::Always => false,
            When::Missing => pairs.iter().any(|(f, _)| map.contains_key(f)),
            When::Present => !pairs.iter().all(|(f, _)| map.contains_key(f)),
            When::Later | When::Earlier => unreachable!("a condition of expiry"),
        };
        if refused {
            return Ok(Reply::Int(0));
        }
        for (f, v) in pairs {
            if self.doom.gone & LATE != 0 {
                take(&mut map, *f);
                continue;
            }
            let due = match ttl {
                Ttl::Keep => map.get(f).and_then(|(_, due)| *due),
                ttl => Self::due(ttl, at),
            };
            Rc::make_mut(&mut map).insert(*f, (v.clone(), due));
        }
        self.put_map(k, &before, map);
        Ok(Reply::Int(1))
    }

    /// Stores a map if it is not the same any more.
    fn put_map(&mut self, k: Key, before: &Map, map: Map) {
        if !Rc::ptr_eq(before, &map) {
            self.put_hash(k, map);
        }
    }
}

fn value_of(map: &Map, f: Field) -> Reply {
    Reply::bulk_or_nil(map.get(&f).map(|(v, _)| v.clone()))
}

/// Removes a field; whether it was there.
fn take(map: &mut Map, f: Field) -> bool {
    map.contains_key(&f) && Rc::make_mut(map).remove(&f).is_some()
}
