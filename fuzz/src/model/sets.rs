//! Sets, as ordered sets. What is drawn at random is not said here.

use super::{Done, Expect, Model, Outcome, number::int};
use crate::dump::{Item, Members, Stored};
use norn::protocol::value::Value;

pub const KNOWN: &[&str] = &[
    "sadd",
    "srem",
    "sismember",
    "smismember",
    "smembers",
    "scard",
    "smove",
    "sinter",
    "sintercard",
    "sunion",
    "sdiff",
    "sinterstore",
    "sunionstore",
    "sdiffstore",
];

impl Model {
    pub(super) fn sets(&mut self, name: &str, args: &[Vec<u8>]) -> Outcome {
        let key = &args[0];
        Ok(Done::Reply(match name {
            "sadd" => {
                let mut set = self.members_of(key)?;
                let n = args[1..].iter().filter(|m| set.insert((*m).clone())).count();
                if n > 0 {
                    self.put_set(key, set);
                }
                Expect::count(n)
            }
            "srem" => {
                let mut set = self.members_of(key)?;
                let n = args[1..].iter().filter(|m| set.remove(*m)).count();
                if n > 0 {
                    self.put_set(key, set);
                }
                Expect::count(n)
            }
            "sismember" => Expect::int(self.members_of(key)?.contains(&args[1]).into()),
            "smismember" => {
                let set = self.members_of(key)?;
                Expect::Is(Value::Array(args[1..].iter().map(|m| Value::Int(set.contains(m).into())).collect()))
            }
            "smembers" => members(self.members_of(key)?),
            "scard" => Expect::count(self.members_of(key)?.len()),
            "smove" => self.move_member(key, &args[1], &args[2])?,
            "sinter" => members(self.intersection(args)?),
            "sunion" => members(self.union(args)?),
            "sdiff" => members(self.difference(args)?),
            "sintercard" => self.intersection_size(args)?,
            "sinterstore" => self.intersection(&args[1..]).map(|set| self.store_set(key, set))?,
            "sunionstore" => self.union(&args[1..]).map(|set| self.store_set(key, set))?,
            "sdiffstore" => self.difference(&args[1..]).map(|set| self.store_set(key, set))?,
            _ => unreachable!("{name} is not among the known"),
        }))
    }

    /// The set, or an empty one.
    fn members_of(&self, key: &[u8]) -> Result<Members, Expect> {
        match self.item(key).map(|e| &e.value) {
            None => Ok(Members::new()),
            Some(Stored::Set(set)) => Ok(set.clone()),
            Some(_) => Err(Expect::error("WRONGTYPE")),
        }
    }

    fn put_set(&mut self, key: &[u8], set: Members) {
        if set.is_empty() {
            return self.remove(key);
        }
        let expiry_ms = self.item(key).and_then(|e| e.expiry_ms);
        self.put(key, Item { value: Stored::Set(set), expiry_ms });
    }

    /// Puts a set in the place of anything.
    fn store_set(&mut self, key: &[u8], set: Members) -> Expect {
        let n = set.len();
        if n == 0 {
            self.remove(key);
        } else {
            self.put(key, Item { value: Stored::Set(set), expiry_ms: None });
        }
        Expect::count(n)
    }

    fn move_member(&mut self, from: &[u8], to: &[u8], member: &Vec<u8>) -> Result<Expect, Expect> {
        if !self.exists(from) {
            return Ok(Expect::int(0));
        }
        let (mut source, mut destination) = (self.members_of(from)?, self.members_of(to)?);
        let moved = source.contains(member);
        if moved && from != to {
            source.remove(member);
            self.put_set(from, source);
            if destination.insert(member.clone()) {
                self.put_set(to, destination);
            }
        }
        Ok(Expect::int(moved.into()))
    }

    fn all(&self, keys: &[Vec<u8>]) -> Result<Vec<Members>, Expect> {
        keys.iter().map(|key| self.members_of(key)).collect()
    }

    fn intersection(&self, keys: &[Vec<u8>]) -> Result<Members, Expect> {
        let all = self.all(keys)?;
        Ok(all[0].iter().filter(|m| all.iter().all(|set| set.contains(*m))).cloned().collect())
    }

    fn union(&self, keys: &[Vec<u8>]) -> Result<Members, Expect> {
        Ok(self.all(keys)?.into_iter().flatten().collect())
    }

    fn difference(&self, keys: &[Vec<u8>]) -> Result<Members, Expect> {
        let all = self.all(keys)?;
        Ok(all[0].iter().filter(|m| !all[1..].iter().any(|set| set.contains(*m))).cloned().collect())
    }

    /// `numkeys key ... [LIMIT n] ...`.
    fn intersection_size(&self, args: &[Vec<u8>]) -> Result<Expect, Expect> {
        let refused = || Expect::error("");
        let n = int(&args[0]).filter(|n| (1..args.len() as i64).contains(n)).ok_or_else(refused)? as usize;
        let mut limit = 0;
        for option in args[1 + n..].chunks(2) {
            let [word, value] = option else { return Err(refused()) };
            let value = int(value).filter(|n| *n >= 0 && word.eq_ignore_ascii_case(b"LIMIT"));
            limit = value.ok_or_else(refused)? as usize;
        }
        let len = self.intersection(&args[1..=n])?.len();
        Ok(Expect::count(if limit > 0 { len.min(limit) } else { len }))
    }
}

fn members(set: Members) -> Expect {
    Expect::Unordered(set.into_iter().map(Value::Bulk).collect())
}
