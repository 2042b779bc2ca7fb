//! Streams, as ordered maps of entries. What an approximate trim leaves is not said here: the
//! model takes over what it finds.

use super::{Done, Expect, Model, Outcome, expect::bulk, number::int, strings::number};
use crate::dump::{Entries, Item, Log, Pairs, Stored};
use norn::{data::stream::Id, protocol::value::Value};

pub const KNOWN: &[&str] = &["xadd", "xdel", "xlen", "xrange", "xrevrange", "xtrim"];

/// What an exact trim leaves.
enum Keep {
    All,
    /// So many entries, the newest.
    Last(usize),
    From(Id),
}

impl Model {
    pub(super) fn streams(&mut self, name: &str, args: &[Vec<u8>]) -> Outcome {
        let key = &args[0];
        Ok(Done::Reply(match name {
            "xadd" => self.add_entry(args)?,
            "xlen" => Expect::count(self.log(key)?.map_or(0, |log| log.entries.len())),
            "xdel" => {
                let Some(mut log) = self.log(key)? else { return Ok(Done::Reply(Expect::int(0))) };
                let ids: Vec<Id> = args[1..].iter().map(|text| id(text, 0)).collect::<Result<_, _>>()?;
                let gone: Vec<Id> = ids.into_iter().filter(|id| log.entries.remove(id).is_some()).collect();
                if let Some(last) = gone.iter().max() {
                    log.max_deleted = log.max_deleted.max(*last);
                    self.put_log(key, log);
                }
                Expect::count(gone.len())
            }
            "xtrim" => {
                let (keep, rest) = trim(&args[1..])?;
                if !rest.is_empty() {
                    return Err(Expect::error(""));
                }
                let Some(mut log) = self.log(key)? else { return Ok(Done::Reply(Expect::int(0))) };
                let n = keep.cut(&mut log.entries);
                if n > 0 {
                    self.put_log(key, log);
                }
                Expect::count(n)
            }
            "xrange" => self.entries(key, &args[1], &args[2], &args[3..], false)?,
            "xrevrange" => self.entries(key, &args[2], &args[1], &args[3..], true)?,
            _ => unreachable!("{name} is not among the known"),
        }))
    }

    pub(super) fn log(&self, key: &[u8]) -> Result<Option<Log>, Expect> {
        match self.item(key).map(|e| &e.value) {
            None => Ok(None),
            Some(Stored::Stream(log)) => Ok(Some(log.clone())),
            Some(_) => Err(Expect::error("WRONGTYPE")),
        }
    }

    /// A stream stays, even without entries.
    pub(super) fn put_log(&mut self, key: &[u8], log: Log) {
        let expiry_ms = self.item(key).and_then(|e| e.expiry_ms);
        self.put(key, Item { value: Stored::Stream(log), expiry_ms });
    }

    /// `key [NOMKSTREAM] [MAXLEN|MINID [=] threshold] id field value ...`.
    fn add_entry(&mut self, args: &[Vec<u8>]) -> Result<Expect, Expect> {
        let bad = || Expect::error("");
        let (mut make, mut keep, mut rest) = (true, Keep::All, &args[1..]);
        loop {
            let (word, after) = rest.split_first().ok_or_else(bad)?;
            match word.to_ascii_uppercase().as_slice() {
                b"NOMKSTREAM" => (make, rest) = (false, after),
                b"MAXLEN" | b"MINID" if matches!(keep, Keep::All) => (keep, rest) = trim(rest)?,
                _ => break,
            }
        }
        let (wanted, pairs) = rest.split_first().ok_or_else(bad)?;
        if pairs.is_empty() || pairs.len() % 2 == 1 {
            return Err(bad());
        }
        NewId::parse(wanted)?;
        let found = self.log(&args[0])?;
        if found.is_none() && !make {
            return Ok(Expect::bulk(None::<&[u8]>));
        }
        let mut log = found.unwrap_or_default();
        let new = NewId::parse(wanted)?.after(log.last, self.now_ms as u64)?;
        (log.last, log.added) = (new, log.added + 1);
        log.entries.insert(new, pairs.chunks(2).map(|p| (p[0].clone(), p[1].clone())).collect());
        keep.cut(&mut log.entries);
        self.put_log(&args[0], log);
        Ok(Expect::bulk(Some(new.to_string())))
    }

    fn entries(&self, key: &[u8], low: &[u8], high: &[u8], rest: &[Vec<u8>], reverse: bool) -> Result<Expect, Expect> {
        let count = match rest {
            [] => None,
            [word, n] if word.eq_ignore_ascii_case(b"COUNT") => Some(number(n)?),
            _ => return Err(Expect::error("")),
        };
        let (low, high) = (bound(low, true)?, bound(high, false)?);
        let Some(log) = self.log(key)? else { return Ok(Expect::Is(Value::Array(Vec::new()))) };
        let count = match count {
            None => usize::MAX,
            Some(n) if n <= 0 => return Ok(Expect::null_array()),
            Some(n) => n as usize,
        };
        let mut found: Vec<_> = log.entries.iter().filter(|(id, _)| low <= **id && **id <= high).collect();
        if reverse {
            found.reverse();
        }
        Ok(Expect::Is(Value::Array(found.into_iter().take(count).map(entry).collect())))
    }
}

impl Keep {
    /// Removes what is not kept; how many entries that was.
    fn cut(&self, entries: &mut Entries) -> usize {
        let before = entries.len();
        match self {
            Keep::All => {}
            Keep::Last(n) => {
                while entries.len() > *n {
                    entries.pop_first();
                }
            }
            Keep::From(id) => entries.retain(|other, _| other >= id),
        }
        before - entries.len()
    }
}

/// `MAXLEN|MINID [=] threshold`, and what follows.
fn trim(args: &[Vec<u8>]) -> Result<(Keep, &[Vec<u8>]), Expect> {
    let bad = || Expect::error("");
    let (how, rest) = args.split_first().ok_or_else(bad)?;
    let rest = if rest.len() > 1 && rest[0] == b"=" { &rest[1..] } else { rest };
    let (threshold, rest) = rest.split_first().ok_or_else(bad)?;
    let keep = match how.to_ascii_uppercase().as_slice() {
        b"MAXLEN" => Keep::Last(usize::try_from(number(threshold)?).map_err(|_| bad())?),
        b"MINID" => Keep::From(id(threshold, 0)?),
        _ => return Err(bad()),
    };
    Ok((keep, rest))
}

/// The id that XADD is to give.
enum NewId {
    Clock,
    /// The next one of this millisecond.
    In(u64),
    Is(Id),
}

impl NewId {
    fn parse(text: &[u8]) -> Result<NewId, Expect> {
        match text {
            b"*" => Ok(NewId::Clock),
            [ms @ .., b'-', b'*'] => Ok(NewId::In(id(ms, 0)?.ms)),
            text => Ok(NewId::Is(id(text, 0)?)),
        }
    }

    fn after(self, last: Id, now_ms: u64) -> Result<Id, Expect> {
        let next_in = |ms: u64| match ms == last.ms {
            true => Id { ms, seq: last.seq + 1 },
            false => Id { ms, seq: 0 },
        };
        let new = match self {
            NewId::Clock => next_in(now_ms.max(last.ms)),
            NewId::In(ms) => next_in(ms),
            NewId::Is(id) => id,
        };
        if new > last { Ok(new) } else { Err(Expect::error("")) }
    }
}

/// An entry as a reply.
pub fn entry((id, pairs): (&Id, &Pairs)) -> Value {
    let texts = pairs.iter().flat_map(|(f, v)| [bulk(Some(f)), bulk(Some(v))]).collect();
    Value::Array(vec![text(id), Value::Array(texts)])
}

/// An id as a reply.
pub fn text(id: &Id) -> Value {
    bulk(Some(id.to_string()))
}

/// An id; `seq` is what it means to name no sequence number.
pub fn id(text: &[u8], seq: u64) -> Result<Id, Expect> {
    let part = |text: &[u8]| int(text).and_then(|n| u64::try_from(n).ok()).ok_or(Expect::error(""));
    match text.iter().position(|b| *b == b'-') {
        None => Ok(Id { ms: part(text)?, seq }),
        Some(at) => Ok(Id { ms: part(&text[..at])?, seq: part(&text[at + 1..])? }),
    }
}

/// An end of a range, itself in it.
pub fn bound(text: &[u8], low: bool) -> Result<Id, Expect> {
    let seq = if low { 0 } else { u64::MAX };
    match text {
        b"-" => Ok(Id::MIN),
        b"+" => Ok(Id::MAX),
        [b'(', text @ ..] => {
            let id = id(text, seq)?;
            if low { id.next() } else { id.prev() }.ok_or(Expect::error(""))
        }
        text => id(text, seq),
    }
}
