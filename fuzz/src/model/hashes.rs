//! Hashes, as ordered maps. No command here meets a field that is due: the script lets
//! active expiry run whenever the clock has moved past one.

use super::{Done, Expect, Model, Outcome, expect::bulk, keys::Conditions, number::int, strings::number};
use crate::dump::{Fields, Item, Stored};
use norn::protocol::value::Value;

pub const KNOWN: &[&str] = &[
    "hset",
    "hmset",
    "hsetnx",
    "hget",
    "hmget",
    "hgetall",
    "hkeys",
    "hvals",
    "hlen",
    "hexists",
    "hstrlen",
    "hdel",
    "hincrby",
    "hexpire",
    "hpexpire",
    "hexpireat",
    "hpexpireat",
    "httl",
    "hpttl",
    "hexpiretime",
    "hpexpiretime",
    "hpersist",
];

/// A bound that the real server sets at its own place; beyond it an error may come.
const FAR_MS: i64 = 1 << 45;

impl Model {
    pub(super) fn hashes(&mut self, name: &str, args: &[Vec<u8>]) -> Outcome {
        let key = &args[0];
        Ok(Done::Reply(match name {
            "hset" | "hmset" => {
                if args.len() % 2 == 0 {
                    return Err(Expect::error(""));
                }
                let mut hash = self.hash(key)?;
                let new = |pair: &&[Vec<u8>]| hash.insert(pair[0].clone(), (pair[1].clone(), None)).is_none();
                let n = args[1..].chunks(2).filter(new).count();
                self.put_hash(key, hash);
                if name == "hset" { Expect::count(n) } else { Expect::ok() }
            }
            "hsetnx" => {
                let mut hash = self.hash(key)?;
                let absent = !hash.contains_key(&args[1]);
                if absent {
                    hash.insert(args[1].clone(), (args[2].clone(), None));
                    self.put_hash(key, hash);
                }
                Expect::int(absent.into())
            }
            "hget" => Expect::bulk(self.hash(key)?.get(&args[1]).map(|f| &f.0)),
            "hmget" => {
                let hash = self.hash(key)?;
                Expect::Is(Value::Array(args[1..].iter().map(|f| bulk(hash.get(f).map(|f| &f.0))).collect()))
            }
            "hgetall" => {
                let pair = |(f, v): (Vec<u8>, (Vec<u8>, _))| (Value::Bulk(f), Value::Bulk(v.0));
                Expect::Pairs(self.hash(key)?.into_iter().map(pair).collect())
            }
            "hkeys" => Expect::Unordered(self.hash(key)?.into_keys().map(Value::Bulk).collect()),
            "hvals" => Expect::Unordered(self.hash(key)?.into_values().map(|v| Value::Bulk(v.0)).collect()),
            "hlen" => Expect::count(self.hash(key)?.len()),
            "hexists" => Expect::int(self.hash(key)?.contains_key(&args[1]).into()),
            "hstrlen" => Expect::count(self.hash(key)?.get(&args[1]).map_or(0, |f| f.0.len())),
            "hdel" => {
                let mut hash = self.hash(key)?;
                let n = args[1..].iter().filter(|f| hash.remove(*f).is_some()).count();
                if n > 0 {
                    self.put_hash(key, hash);
                }
                Expect::count(n)
            }
            "hincrby" => self.add_to_field(key, &args[1], number(&args[2])?)?,
            "hexpire" => self.expire_fields_of(args, 1000, self.now_ms)?,
            "hpexpire" => self.expire_fields_of(args, 1, self.now_ms)?,
            "hexpireat" => self.expire_fields_of(args, 1000, 0)?,
            "hpexpireat" => self.expire_fields_of(args, 1, 0)?,
            "httl" => self.fields_left(args, 1000, self.now_ms)?,
            "hpttl" => self.fields_left(args, 1, self.now_ms)?,
            "hexpiretime" => self.fields_left(args, 1000, 0)?,
            "hpexpiretime" => self.fields_left(args, 1, 0)?,
            "hpersist" => self.persist_fields(args)?,
            _ => unreachable!("{name} is not among the known"),
        }))
    }

    /// The hash, or an empty one.
    fn hash(&self, key: &[u8]) -> Result<Fields, Expect> {
        match self.item(key).map(|e| &e.value) {
            None => Ok(Fields::new()),
            Some(Stored::Hash(hash)) => Ok(hash.clone()),
            Some(_) => Err(Expect::error("WRONGTYPE")),
        }
    }

    fn put_hash(&mut self, key: &[u8], hash: Fields) {
        if hash.is_empty() {
            return self.remove(key);
        }
        let expiry_ms = self.item(key).and_then(|e| e.expiry_ms);
        self.put(key, Item { value: Stored::Hash(hash), expiry_ms });
    }

    fn add_to_field(&mut self, key: &[u8], field: &[u8], by: i64) -> Result<Expect, Expect> {
        let mut hash = self.hash(key)?;
        let (old, expiry) = match hash.get(field) {
            Some((text, expiry)) => (int(text).ok_or(Expect::error("ERR hash value is not an integer"))?, *expiry),
            None => (0, None),
        };
        let new = old.checked_add(by).ok_or(Expect::error(""))?;
        hash.insert(field.into(), (new.to_string().into(), expiry));
        self.put_hash(key, hash);
        Ok(Expect::int(new))
    }

    /// `key time [condition] FIELDS n field ...`.
    fn expire_fields_of(&mut self, args: &[Vec<u8>], unit: i64, base: i64) -> Result<Expect, Expect> {
        let word = args.iter().skip(2).position(|w| w.eq_ignore_ascii_case(b"FIELDS"));
        let at = 2 + word.ok_or(Expect::error(""))?;
        let names = counted(&args[at + 1..])?;
        let conditions = Conditions::parse(&args[2..at])?;
        let time = number(&args[1])?;
        let time = time.checked_mul(unit).and_then(|ms| ms.checked_add(base)).filter(|ms| *ms < FAR_MS && time >= 0);
        let time = time.ok_or(Expect::error(""))?;
        let mut hash = self.hash(&args[0])?;
        let (mut changed, mut replies) = (false, Vec::new());
        for name in names {
            replies.push(match hash.get_mut(name) {
                None => -2,
                Some((_, old)) if !conditions.allow(old.map(|at| at as i64), time) => 0,
                Some(_) if time <= self.now_ms => {
                    hash.remove(name);
                    changed = true;
                    2
                }
                Some((_, expiry)) => {
                    *expiry = Some(time as u64);
                    changed = true;
                    1
                }
            });
        }
        if changed {
            self.put_hash(&args[0], hash);
        }
        Ok(ints(replies))
    }

    /// `key FIELDS n field ...`.
    fn fields_left(&mut self, args: &[Vec<u8>], unit: i64, base: i64) -> Result<Expect, Expect> {
        let (names, hash) = self.named(args)?;
        let left = |name: &Vec<u8>| match hash.get(name) {
            None => -2,
            Some((_, None)) => -1,
            Some((_, Some(at))) => ((*at as i64 - base).max(0) + unit / 2) / unit,
        };
        Ok(ints(names.iter().map(left)))
    }

    fn persist_fields(&mut self, args: &[Vec<u8>]) -> Result<Expect, Expect> {
        let (names, mut hash) = self.named(args)?;
        let mut persist = |name: &Vec<u8>| match hash.get_mut(name) {
            None => -2,
            Some((_, expiry)) => expiry.take().map_or(-1, |_| 1),
        };
        let replies: Vec<i64> = names.iter().map(&mut persist).collect();
        if replies.contains(&1) {
            self.put_hash(&args[0], hash);
        }
        Ok(ints(replies))
    }

    fn named<'a>(&self, args: &'a [Vec<u8>]) -> Result<(&'a [Vec<u8>], Fields), Expect> {
        if !args[1].eq_ignore_ascii_case(b"FIELDS") {
            return Err(Expect::error(""));
        }
        Ok((counted(&args[2..])?, self.hash(&args[0])?))
    }
}

/// The fields behind their number, which must be right.
fn counted(words: &[Vec<u8>]) -> Result<&[Vec<u8>], Expect> {
    let (n, names) = words.split_first().ok_or(Expect::error(""))?;
    let fits = !names.is_empty() && int(n) == Some(names.len() as i64);
    if fits { Ok(names) } else { Err(Expect::error("")) }
}

fn ints(numbers: impl IntoIterator<Item = i64>) -> Expect {
    Expect::Is(Value::Array(numbers.into_iter().map(Value::Int).collect()))
}
