//! Strings. A type error is an `Err`, whatever else the command would have said.

use super::{Done, Expect, Model, Outcome, expect::bulk, number::int};
use crate::dump::{Item, Stored};
use norn::protocol::value::Value;

pub const KNOWN: &[&str] = &[
    "get", "set", "getset", "getdel", "getex", "setnx", "setex", "psetex", "append", "strlen", "incr", "decr",
    "incrby", "decrby", "getrange", "substr", "setrange", "mget", "mset", "msetnx", "delifeq",
];

/// What SET and GETEX are told about the expiry.
#[derive(Clone, Copy, PartialEq)]
enum Ttl {
    None,
    Keep,
    Persist,
    At(i64),
}

/// SET's options.
struct Options {
    ttl: Ttl,
    missing: bool,
    present: bool,
    equals: Option<Vec<u8>>,
    get: bool,
}

impl Model {
    pub(super) fn strings(&mut self, name: &str, args: &[Vec<u8>]) -> Outcome {
        let key = &args[0];
        Ok(Done::Reply(match name {
            "get" => Expect::bulk(self.text(key)?),
            "set" => self.set(key, &args[1], &args[2..])?,
            "getset" => {
                let old = self.text(key)?;
                self.put_text(key, args[1].clone(), None);
                Expect::bulk(old)
            }
            "getdel" => {
                let old = self.text(key)?;
                if old.is_some() {
                    self.remove(key);
                }
                Expect::bulk(old)
            }
            "getex" => self.getex(key, &args[1..])?,
            "setnx" => {
                let absent = !self.exists(key);
                if absent {
                    self.put_text(key, args[1].clone(), None);
                }
                Expect::int(absent.into())
            }
            "setex" | "psetex" => {
                let at = self.time(&args[1], if name == "setex" { 1000 } else { 1 }, false)?;
                self.put_text(key, args[2].clone(), Some(at as u64));
                Expect::ok()
            }
            "append" => {
                let text = [self.text(key)?.unwrap_or_default(), args[1].clone()].concat();
                let len = text.len();
                self.keep_text(key, text);
                Expect::count(len)
            }
            "strlen" => Expect::count(self.text(key)?.map_or(0, |t| t.len())),
            "incr" => self.add(key, 1)?,
            "decr" => self.add(key, -1)?,
            "incrby" => self.add(key, number(&args[1])?)?,
            "decrby" => self.add(key, number(&args[1])?.checked_neg().ok_or(Expect::error(""))?)?,
            "getrange" | "substr" => {
                let (start, end) = (number(&args[1])?, number(&args[2])?);
                let text = self.text(key)?.unwrap_or_default();
                Expect::bulk(Some(part(&text, start, end)))
            }
            "setrange" => self.setrange(key, number(&args[1])?, &args[2])?,
            "mget" => {
                let texts: Vec<Value> = args.iter().map(|k| bulk(self.text(k).ok().flatten())).collect();
                Expect::Is(Value::Array(texts))
            }
            "mset" | "msetnx" => self.mset(name == "msetnx", args)?,
            "delifeq" => {
                let same = self.text(key)?.as_ref() == Some(&args[1]);
                if same {
                    self.remove(key);
                }
                Expect::int(same.into())
            }
            _ => unreachable!("{name} is not among the known"),
        }))
    }

    pub(super) fn text(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Expect> {
        match self.item(key).map(|e| &e.value) {
            None => Ok(None),
            Some(Stored::Text(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Expect::error("WRONGTYPE")),
        }
    }

    fn put_text(&mut self, key: &[u8], text: Vec<u8>, expiry_ms: Option<u64>) {
        self.put(key, Item { value: Stored::Text(text), expiry_ms });
    }

    /// Changes the text and not the expiry.
    pub(super) fn keep_text(&mut self, key: &[u8], text: Vec<u8>) {
        let expiry_ms = self.item(key).and_then(|e| e.expiry_ms);
        self.put_text(key, text, expiry_ms);
    }

    /// A time to live as unix ms.
    pub(super) fn time(&self, text: &[u8], unit_ms: i64, absolute: bool) -> Result<i64, Expect> {
        let base = if absolute { 0 } else { self.now_ms };
        let at = int(text).filter(|n| *n > 0).and_then(|n| n.checked_mul(unit_ms)?.checked_add(base));
        at.ok_or(Expect::error(""))
    }

    fn options(&self, args: &[Vec<u8>]) -> Result<Options, Expect> {
        let mut o = Options { ttl: Ttl::None, missing: false, present: false, equals: None, get: false };
        let mut args = args.iter();
        let mut times = 0;
        while let Some(word) = args.next() {
            let word = String::from_utf8_lossy(word).to_ascii_uppercase();
            let mut time = |unit, absolute| {
                let at = self.time(args.next().ok_or(Expect::error(""))?, unit, absolute);
                Ok::<_, Expect>(Ttl::At(at?))
            };
            match word.as_str() {
                "NX" => o.missing = true,
                "XX" => o.present = true,
                "IFEQ" => o.equals = Some(args.next().ok_or(Expect::error(""))?.clone()),
                "GET" => o.get = true,
                "KEEPTTL" => o.ttl = Ttl::Keep,
                "PERSIST" => o.ttl = Ttl::Persist,
                "EX" => o.ttl = time(1000, false)?,
                "PX" => o.ttl = time(1, false)?,
                "EXAT" => o.ttl = time(1000, true)?,
                "PXAT" => o.ttl = time(1, true)?,
                _ => return Err(Expect::error("")),
            }
            times += usize::from(!matches!(word.as_str(), "NX" | "XX" | "IFEQ" | "GET"));
        }
        let conditions = [o.missing, o.present, o.equals.is_some()].iter().filter(|c| **c).count();
        if conditions > 1 || times > 1 { Err(Expect::error("")) } else { Ok(o) }
    }

    fn set(&mut self, key: &[u8], value: &[u8], args: &[Vec<u8>]) -> Result<Expect, Expect> {
        let o = self.options(args)?;
        if o.ttl == Ttl::Persist {
            return Err(Expect::error(""));
        }
        let old = if o.get || o.equals.is_some() { self.text(key)? } else { None };
        let met = if o.missing {
            !self.exists(key)
        } else if o.present {
            self.exists(key)
        } else {
            o.equals.is_none() || old == o.equals
        };
        if met {
            match o.ttl {
                Ttl::Keep => self.keep_text(key, value.into()),
                Ttl::At(at) if at <= self.now_ms => self.remove(key),
                Ttl::At(at) => self.put_text(key, value.into(), Some(at as u64)),
                _ => self.put_text(key, value.into(), None),
            }
        }
        Ok(match (o.get, met) {
            (true, _) => Expect::bulk(old),
            (false, true) => Expect::ok(),
            (false, false) => Expect::bulk(None::<&[u8]>),
        })
    }

    fn getex(&mut self, key: &[u8], args: &[Vec<u8>]) -> Result<Expect, Expect> {
        // A time is looked at only where there is a key.
        let plain = |w: &Vec<u8>| int(w).is_none();
        if !self.exists(key) && !args.iter().all(plain) {
            return Ok(Expect::Anything);
        }
        let o = self.options(args)?;
        if o.missing || o.present || o.equals.is_some() || o.get || o.ttl == Ttl::Keep {
            return Err(Expect::error(""));
        }
        let text = self.text(key)?;
        if text.is_some() {
            match o.ttl {
                Ttl::Persist => drop(self.persist(key)),
                Ttl::At(at) => self.expire_at(key, at),
                _ => {}
            }
        }
        Ok(Expect::bulk(text))
    }

    fn add(&mut self, key: &[u8], by: i64) -> Result<Expect, Expect> {
        let old = match self.text(key)? {
            Some(text) => number(&text)?,
            None => 0,
        };
        let new = old.checked_add(by).ok_or(Expect::error(""))?;
        self.keep_text(key, new.to_string().into());
        Ok(Expect::int(new))
    }

    fn setrange(&mut self, key: &[u8], offset: i64, part: &[u8]) -> Result<Expect, Expect> {
        let offset = usize::try_from(offset).map_err(|_| Expect::error(""))?;
        let mut text = self.text(key)?.unwrap_or_default();
        if part.is_empty() {
            return Ok(Expect::count(text.len()));
        }
        let end = offset.checked_add(part.len()).filter(|end| *end <= self.max_bytes).ok_or(Expect::error(""))?;
        if text.len() < end {
            text.resize(end, 0);
        }
        text[offset..end].copy_from_slice(part);
        let len = text.len();
        self.keep_text(key, text);
        Ok(Expect::count(len))
    }

    fn mset(&mut self, only_new: bool, args: &[Vec<u8>]) -> Result<Expect, Expect> {
        if args.len() % 2 != 0 {
            return Err(Expect::error(""));
        }
        if only_new && args.chunks(2).any(|pair| self.exists(&pair[0])) {
            return Ok(Expect::int(0));
        }
        args.chunks(2).for_each(|pair| self.put_text(&pair[0], pair[1].clone(), None));
        Ok(if only_new { Expect::int(1) } else { Expect::ok() })
    }
}

/// An integer argument.
pub fn number(text: &[u8]) -> Result<i64, Expect> {
    int(text).ok_or(Expect::error(""))
}

/// The bytes from `start` to `end`, both included, negative ones counted from the end.
fn part(text: &[u8], start: i64, end: i64) -> Vec<u8> {
    let len = text.len() as i64;
    let place = |i: i64| if i < 0 { i.saturating_add(len) } else { i };
    if start < 0 && end < 0 && start > end {
        return Vec::new();
    }
    // An end before the text means its first byte.
    let (start, end) = (place(start).max(0), place(end).max(0).min(len - 1));
    if start > end { Vec::new() } else { text[start as usize..=end as usize].to_vec() }
}
