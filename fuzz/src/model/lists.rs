//! Lists, as vectors.

use super::{
    Done, Expect, Model, Outcome,
    expect::bulk,
    number::{int, timeout_ms},
    strings::number,
};
use crate::dump::{Item, Stored};
use norn::protocol::value::Value;

pub const KNOWN: &[&str] = &[
    "llen",
    "lrange",
    "lindex",
    "lpush",
    "rpush",
    "lpushx",
    "rpushx",
    "lpop",
    "rpop",
    "lmpop",
    "lset",
    "linsert",
    "lrem",
    "ltrim",
    "lmove",
    "rpoplpush",
    "blpop",
    "brpop",
    "blmove",
    "brpoplpush",
    "blmpop",
];

/// An end of a list.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Left,
    Right,
}

type Texts = Vec<Vec<u8>>;

impl Model {
    pub(super) fn lists(&mut self, name: &str, args: &[Vec<u8>]) -> Outcome {
        let key = &args[0];
        Ok(Done::Reply(match name {
            "llen" => Expect::count(self.list(key)?.map_or(0, |l| l.len())),
            "lrange" => {
                let (start, end) = (number(&args[1])?, number(&args[2])?);
                let list = self.list(key)?.unwrap_or_default();
                Expect::bulks(&list[range(list.len(), start, end)])
            }
            "lindex" => {
                let Some(list) = self.list(key)? else { return Ok(Done::Reply(Expect::bulk(None::<&[u8]>))) };
                Expect::bulk(place(list.len(), number(&args[1])?).map(|i| &list[i]))
            }
            "lpush" | "rpush" | "lpushx" | "rpushx" => {
                let list = self.list(key)?;
                if list.is_none() && name.ends_with('x') {
                    return Ok(Done::Reply(Expect::int(0)));
                }
                let mut list = list.unwrap_or_default();
                args[1..].iter().for_each(|text| put(&mut list, end_of(name), text.clone()));
                let len = list.len();
                self.put_list(key, list);
                Expect::count(len)
            }
            "lpop" | "rpop" => self.pop(end_of(name), args)?,
            "lset" => {
                let mut list = self.list(key)?.ok_or(Expect::error("ERR no such key"))?;
                let i = place(list.len(), number(&args[1])?).ok_or(Expect::error("ERR index out of range"))?;
                list[i] = args[2].clone();
                self.put_list(key, list);
                Expect::ok()
            }
            "linsert" => self.insert(key, &args[1], &args[2], &args[3])?,
            "lrem" => self.remove_equal(key, number(&args[1])?, &args[2])?,
            "ltrim" => {
                let (start, end) = (number(&args[1])?, number(&args[2])?);
                if let Some(list) = self.list(key)? {
                    let kept = list[range(list.len(), start, end)].to_vec();
                    self.put_list(key, kept);
                }
                Expect::ok()
            }
            "lmove" => self.transfer(key, &args[1], end(&args[2])?, end(&args[3])?)?.unwrap_or_else(nil),
            "rpoplpush" => self.transfer(key, &args[1], End::Right, End::Left)?.unwrap_or_else(nil),
            "lmpop" => self.mpop(args)?.unwrap_or_else(Expect::null_array),
            _ => return self.blocking(name, args),
        }))
    }

    fn blocking(&mut self, name: &str, args: &[Vec<u8>]) -> Outcome {
        let last = args.len() - 1;
        let (timeout, keys): (&[u8], &[Vec<u8>]) = match name {
            "blpop" | "brpop" => (&args[last], &args[..last]),
            "blmpop" => {
                let n = int(&args[1]).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
                (&args[0], args.get(2..2 + n.min(args.len())).unwrap_or_default())
            }
            _ => (&args[last], &args[..1]),
        };
        let timeout_ms = timeout_ms(timeout).ok_or(Expect::error(""))?;
        let until_ms = self.now_ms.checked_add(timeout_ms).ok_or(Expect::error(""))?;
        let (done, gave_up) = match name {
            "blpop" | "brpop" => (self.pop_first(end_of(&name[1..]), keys)?, Expect::null_array()),
            "blmpop" => (self.mpop(&args[1..])?, Expect::null_array()),
            "blmove" => (self.transfer(&args[0], &args[1], end(&args[2])?, end(&args[3])?)?, nil()),
            "brpoplpush" => (self.transfer(&args[0], &args[1], End::Right, End::Left)?, nil()),
            _ => unreachable!("{name} is not among the known"),
        };
        let until_ms = (timeout_ms > 0).then_some(until_ms);
        Ok(match done {
            Some(reply) => Done::Reply(reply),
            None if self.no_waiting => Done::Reply(gave_up),
            None => Done::Wait { keys: keys.to_vec(), until_ms },
        })
    }

    fn list(&self, key: &[u8]) -> Result<Option<Texts>, Expect> {
        match self.item(key).map(|e| &e.value) {
            None => Ok(None),
            Some(Stored::List(list)) => Ok(Some(list.clone())),
            Some(_) => Err(Expect::error("WRONGTYPE")),
        }
    }

    /// Stores what is left of a list: nothing, if it is empty.
    fn put_list(&mut self, key: &[u8], list: Texts) {
        if list.is_empty() {
            return self.remove(key);
        }
        let expiry_ms = self.item(key).and_then(|e| e.expiry_ms);
        self.put(key, Item { value: Stored::List(list), expiry_ms });
    }

    fn pop(&mut self, end: End, args: &[Vec<u8>]) -> Result<Expect, Expect> {
        if args.len() > 2 {
            return Err(Expect::error(""));
        }
        let count = match args.get(1) {
            None => None,
            Some(n) => Some(number(n).ok().and_then(|n| usize::try_from(n).ok()).ok_or(Expect::error(""))?),
        };
        let Some(mut list) = self.list(&args[0])? else {
            return Ok(if count.is_some() { Expect::null_array() } else { nil() });
        };
        let taken: Texts = (0..count.unwrap_or(1)).map_while(|_| take(&mut list, end)).collect();
        if !taken.is_empty() {
            self.put_list(&args[0], list);
        }
        Ok(match count {
            None => Expect::bulk(taken.first()),
            Some(_) => Expect::bulks(&taken),
        })
    }

    /// BLPOP's look.
    fn pop_first(&mut self, end: End, keys: &[Vec<u8>]) -> Result<Option<Expect>, Expect> {
        for key in keys {
            if let Some(mut list) = self.list(key)? {
                let text = take(&mut list, end).expect("no list is empty");
                self.put_list(key, list);
                return Ok(Some(Expect::bulks([key, &text])));
            }
        }
        Ok(None)
    }

    /// `numkeys key ... LEFT|RIGHT [COUNT n]`.
    fn mpop(&mut self, args: &[Vec<u8>]) -> Result<Option<Expect>, Expect> {
        let bad = || Expect::error("");
        let n = int(&args[0]).filter(|n| *n > 0).ok_or(bad())? as usize;
        let (keys, rest) = args[1..].split_at_checked(n).ok_or(bad())?;
        let end = end(rest.first().ok_or(bad())?)?;
        let count = match &rest[1..] {
            [] => 1,
            [word, n] if word.eq_ignore_ascii_case(b"COUNT") => int(n).filter(|n| *n > 0).ok_or(bad())?,
            _ => return Err(bad()),
        };
        for key in keys {
            if let Some(mut list) = self.list(key)? {
                let taken: Texts = (0..count).map_while(|_| take(&mut list, end)).collect();
                self.put_list(key, list);
                let taken = Value::Array(taken.into_iter().map(Value::Bulk).collect());
                return Ok(Some(Expect::Is(Value::Array(vec![bulk(Some(key)), taken]))));
            }
        }
        Ok(None)
    }

    fn transfer(&mut self, from: &[u8], to: &[u8], out: End, into: End) -> Result<Option<Expect>, Expect> {
        let Some(mut source) = self.list(from)? else { return Ok(None) };
        self.list(to)?;
        let text = take(&mut source, out).expect("no list is empty");
        if from == to {
            put(&mut source, into, text.clone());
            self.put_list(from, source);
        } else {
            let mut target = self.list(to)?.unwrap_or_default();
            put(&mut target, into, text.clone());
            self.put_list(to, target);
            self.put_list(from, source);
        }
        Ok(Some(Expect::bulk(Some(text))))
    }

    fn insert(&mut self, key: &[u8], place: &[u8], pivot: &[u8], text: &[u8]) -> Result<Expect, Expect> {
        let behind = match place.to_ascii_uppercase().as_slice() {
            b"BEFORE" => 0,
            b"AFTER" => 1,
            _ => return Err(Expect::error("")),
        };
        let Some(mut list) = self.list(key)? else { return Ok(Expect::int(0)) };
        let Some(at) = list.iter().position(|t| t == pivot) else { return Ok(Expect::int(-1)) };
        list.insert(at + behind, text.into());
        let len = list.len();
        self.put_list(key, list);
        Ok(Expect::count(len))
    }

    fn remove_equal(&mut self, key: &[u8], count: i64, text: &[u8]) -> Result<Expect, Expect> {
        let Some(mut list) = self.list(key)? else { return Ok(Expect::int(0)) };
        if count < 0 {
            list.reverse();
        }
        let limit = if count == 0 { u64::MAX } else { count.unsigned_abs() };
        let mut removed = 0;
        list.retain(|t| {
            let goes = t == text && removed < limit;
            removed += u64::from(goes);
            !goes
        });
        if count < 0 {
            list.reverse();
        }
        if removed > 0 {
            self.put_list(key, list);
        }
        Ok(Expect::int(removed as i64))
    }
}

fn nil() -> Expect {
    Expect::bulk(None::<&[u8]>)
}

fn end_of(name: &str) -> End {
    if name.starts_with('l') { End::Left } else { End::Right }
}

fn end(word: &[u8]) -> Result<End, Expect> {
    match word.to_ascii_uppercase().as_slice() {
        b"LEFT" => Ok(End::Left),
        b"RIGHT" => Ok(End::Right),
        _ => Err(Expect::error("")),
    }
}

fn put(list: &mut Texts, end: End, text: Vec<u8>) {
    list.insert(if end == End::Left { 0 } else { list.len() }, text);
}

fn take(list: &mut Texts, end: End) -> Option<Vec<u8>> {
    match end {
        End::Left if list.is_empty() => None,
        End::Left => Some(list.remove(0)),
        End::Right => list.pop(),
    }
}

/// The place that an index means.
fn place(len: usize, i: i64) -> Option<usize> {
    let i = if i < 0 { i.checked_add(len as i64)? } else { i };
    usize::try_from(i).ok().filter(|i| *i < len)
}

/// The places from `start` to `end`, both included.
pub(super) fn range(len: usize, start: i64, end: i64) -> std::ops::Range<usize> {
    let n = len as i64;
    let place = |i: i64| if i < 0 { i.saturating_add(n) } else { i };
    let (start, end) = (place(start).max(0), place(end).min(n - 1));
    if start > end { 0..0 } else { start as usize..end as usize + 1 }
}
