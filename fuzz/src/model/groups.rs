//! Groups of consumers: a map of what is pending, with its owner, and when each consumer was
//! last seen. Nothing of this touches a key for those who watch it or wait for it, except
//! that a group may make its stream.

use super::{
    Done, Expect, Model, Outcome,
    expect::bulk,
    streams::{bound, entry, id, text},
    strings::number,
};
use crate::dump::{ConsumerGroup, Log, Pending, Stored};
use norn::{data::stream::Id, protocol::value::Value};

pub const KNOWN: &[&str] = &["xgroup", "xreadgroup", "xack", "xpending", "xclaim", "xautoclaim", "xinfo"];

/// What XCLAIM's options say.
struct Claim {
    delivered_ms: i64,
    deliveries: Option<u64>,
    force: bool,
    just_id: bool,
    last: Id,
}

impl Model {
    pub(super) fn groups(&mut self, name: &str, args: &[Vec<u8>]) -> Outcome {
        Ok(Done::Reply(match name {
            "xgroup" => self.group(args)?,
            "xreadgroup" => self.read_group(args)?,
            "xack" => self.acknowledge(args)?,
            "xpending" => self.pending(args)?,
            "xclaim" => self.claim(args)?,
            "xautoclaim" => self.claim_idle(args)?,
            "xinfo" => self.info(args)?,
            _ => unreachable!("{name} is not among the known"),
        }))
    }

    /// A stream with a group of this name.
    fn log_of(&self, key: &[u8], group: &[u8]) -> Result<Log, Expect> {
        self.log(key)?.filter(|log| log.groups.contains_key(group)).ok_or(Expect::error(""))
    }

    /// Stores a stream of which only groups have changed.
    fn put_aside(&mut self, key: &[u8], log: Log) {
        let item = self.content.get_mut(&(self.db, key.to_vec())).expect("it was found");
        item.value = Stored::Stream(log);
    }

    fn group(&mut self, args: &[Vec<u8>]) -> Result<Expect, Expect> {
        let sub = args[0].to_ascii_lowercase();
        if sub == b"help" {
            return Ok(Expect::Anything);
        }
        let (key, name) = (&args[1], &args[2]);
        if sub == b"create" {
            return self.create_group(key, name, &args[3], &args[4..]);
        }
        let mut log = self.log(key)?.ok_or(Expect::error(""))?;
        let reply = match sub.as_slice() {
            b"destroy" => Expect::count(log.groups.remove(name).map_or(0, |_| 1)),
            _ => {
                let last = log.last;
                let g = log.groups.get_mut(name).ok_or(Expect::error(""))?;
                match sub.as_slice() {
                    b"setid" => {
                        let (_, read) = options(&args[4..], false)?;
                        let at = if args[3] == b"$" { last } else { set_id(&args[3])? };
                        (g.last, g.read) = (at, read);
                        Expect::ok()
                    }
                    b"createconsumer" => Expect::count(g.meet(&args[3], self.now_ms).into()),
                    b"delconsumer" => {
                        let had = g.pending.len();
                        g.pending.retain(|_, p| p.owner != args[3]);
                        g.consumers.remove(&args[3]);
                        Expect::count(had - g.pending.len())
                    }
                    other => unreachable!("{}", other.escape_ascii()),
                }
            }
        };
        self.put_aside(key, log);
        Ok(reply)
    }

    fn create_group(&mut self, key: &[u8], name: &[u8], at: &[u8], rest: &[Vec<u8>]) -> Result<Expect, Expect> {
        let (make, read) = options(rest, true)?;
        let found = self.log(key)?;
        let is_new = found.is_none();
        if is_new && !make {
            return Err(Expect::error(""));
        }
        let mut log = found.unwrap_or_default();
        let last = if at == b"$" { log.last } else { id(at, 0)? };
        let fresh = ConsumerGroup { last, read, ..ConsumerGroup::default() };
        if log.groups.contains_key(name) {
            return Err(Expect::error("BUSYGROUP"));
        }
        log.groups.insert(name.to_vec(), fresh);
        if is_new {
            self.put_log(key, log)
        } else {
            self.put_aside(key, log)
        }
        Ok(Expect::ok())
    }

    /// `GROUP group consumer [COUNT n] [NOACK] STREAMS key ... id ...`.
    fn read_group(&mut self, args: &[Vec<u8>]) -> Result<Expect, Expect> {
        let bad = || Expect::error("");
        let (mut names, mut count, mut ack, mut at) = (None, 0, true, 0);
        let streams = loop {
            let word = args.get(at).ok_or_else(bad)?.to_ascii_uppercase();
            let after = &args[at + 1..];
            at += match word.as_slice() {
                b"COUNT" if !after.is_empty() => {
                    count = number(&after[0])?;
                    2
                }
                b"GROUP" if after.len() >= 2 => {
                    names = Some((&after[0], &after[1]));
                    3
                }
                b"NOACK" => {
                    ack = false;
                    1
                }
                b"STREAMS" if !after.is_empty() && after.len() % 2 == 0 => break after,
                _ => return Err(bad()),
            };
        };
        let (group, consumer) = names.ok_or_else(bad)?;
        let count = if count <= 0 { usize::MAX } else { count as usize };
        let (keys, ids) = streams.split_at(streams.len() / 2);
        let mut from = Vec::new();
        for (key, text) in keys.iter().zip(ids) {
            self.log_of(key, group)?;
            // The greatest id is as good as `>`.
            from.push(if text == b">" { None } else { Some(id(text, 0)?).filter(|id| *id != Id::MAX) });
        }
        let mut replies = Vec::new();
        for (key, from) in keys.iter().zip(from) {
            let mut log = self.log_of(key, group)?;
            let mut g = log.groups.remove(group).expect("it is there");
            g.meet(consumer, self.now_ms);
            let found = match from {
                Some(after) => Some(g.history(&log, consumer, after, count, self.now_ms)),
                None => g.news(&log, consumer, count, ack, self.now_ms),
            };
            log.groups.insert(group.clone(), g);
            self.put_aside(key, log);
            replies.extend(found.map(|found| Value::Array(vec![bulk(Some(key)), Value::Array(found)])));
        }
        Ok(Expect::Is(if replies.is_empty() { Value::NullArray } else { Value::Array(replies) }))
    }

    fn acknowledge(&mut self, args: &[Vec<u8>]) -> Result<Expect, Expect> {
        let Some(mut log) = self.log(&args[0])? else { return Ok(Expect::int(0)) };
        let Some(g) = log.groups.get_mut(&args[1]) else { return Ok(Expect::int(0)) };
        let ids: Vec<Id> = args[2..].iter().map(|text| id(text, 0)).collect::<Result<_, _>>()?;
        let n = ids.iter().filter(|id| g.pending.remove(id).is_some()).count();
        self.put_aside(&args[0], log);
        Ok(Expect::count(n))
    }

    /// `key group [[IDLE ms] start end count [consumer]]`.
    fn pending(&self, args: &[Vec<u8>]) -> Result<Expect, Expect> {
        let bad = || Expect::error("");
        let log = self.log_of(&args[0], &args[1]);
        let mut rest = &args[2..];
        if rest.is_empty() {
            return Ok(Expect::Is(summary(&log?.groups[&args[1]])));
        }
        if !(3..=6).contains(&rest.len()) {
            return Err(bad());
        }
        let mut least = i64::MIN;
        if rest[0].eq_ignore_ascii_case(b"IDLE") {
            least = number(&rest[1])?;
            rest = &rest[2..];
        }
        let [start, end, count, more @ ..] = rest else { return Err(bad()) };
        let (start, end, count) = (bound(start, true)?, bound(end, false)?, number(count)?);
        let log = log?;
        let found = log.groups[&args[1]].pending.iter().filter(|(id, p)| {
            let idle = self.now_ms.wrapping_sub(p.delivered_ms);
            (start <= **id && **id <= end)
                && (least == 0 || idle >= least)
                && more.first().is_none_or(|name| p.owner == *name)
        });
        let show = |(id, p): (&Id, &Pending)| {
            let idle = self.now_ms.wrapping_sub(p.delivered_ms).max(0);
            Value::Array(vec![text(id), bulk(Some(&p.owner)), Value::Int(idle), Value::Int(p.deliveries as i64)])
        };
        Ok(Expect::Is(Value::Array(found.take(count.max(0) as usize).map(show).collect())))
    }

    /// `key group consumer min-idle id ... options`.
    fn claim(&mut self, args: &[Vec<u8>]) -> Result<Expect, Expect> {
        let mut log = self.log_of(&args[0], &args[1])?;
        let least = number(&args[3])?.max(0);
        let ids: Vec<Id> = args[4..].iter().map_while(|text| id(text, 0).ok()).collect();
        let c = Claim::parse(&args[4 + ids.len()..], self.now_ms)?;
        let (consumer, now) = (&args[2], self.now_ms);
        let mut g = log.groups.remove(&args[1]).expect("it is there");
        g.last = g.last.max(c.last);
        g.meet(consumer, now);
        let mut replies = Vec::new();
        for id in ids {
            let Some(pairs) = log.entries.get(&id) else {
                g.pending.remove(&id);
                continue;
            };
            let old = match g.pending.get(&id) {
                Some(p) if least > 0 && now.wrapping_sub(p.delivered_ms) < least => continue,
                Some(p) => p.deliveries,
                None if c.force => 1,
                None => continue,
            };
            let deliveries = c.deliveries.unwrap_or(old.wrapping_add((!c.just_id).into()));
            g.give(id, consumer, c.delivered_ms, deliveries, now);
            replies.push(if c.just_id { text(&id) } else { entry((&id, pairs)) });
        }
        log.groups.insert(args[1].clone(), g);
        self.put_aside(&args[0], log);
        Ok(Expect::Is(Value::Array(replies)))
    }

    /// `key group consumer min-idle start [COUNT n] [JUSTID]`.
    fn claim_idle(&mut self, args: &[Vec<u8>]) -> Result<Expect, Expect> {
        let (least, start) = (number(&args[3])?.max(0), bound(&args[4], true)?);
        let (mut count, mut just_id, mut rest) = (100, false, args[5..].iter());
        while let Some(word) = rest.next() {
            match word.to_ascii_uppercase().as_slice() {
                b"COUNT" => count = number(rest.next().ok_or(Expect::error(""))?)?,
                b"JUSTID" => just_id = true,
                _ => return Err(Expect::error("")),
            }
            if !(1..=i64::MAX / 16).contains(&count) {
                return Err(Expect::error(""));
            }
        }
        let mut log = self.log_of(&args[0], &args[1])?;
        let (consumer, now, mut left) = (&args[2], self.now_ms, count);
        let mut g = log.groups.remove(&args[1]).expect("it is there");
        g.meet(consumer, now);
        let (mut claimed, mut deleted, mut next) = (Vec::new(), Vec::new(), Id::MIN);
        let all: Vec<(Id, Pending)> = g.pending.range(start..).map(|(id, p)| (*id, p.clone())).collect();
        for (n, (id, p)) in all.into_iter().enumerate() {
            if left == 0 || n as i64 == count * 10 {
                next = id;
                break;
            }
            match log.entries.get(&id) {
                None => {
                    g.pending.remove(&id);
                    deleted.push(text(&id));
                }
                Some(pairs) if least == 0 || now.wrapping_sub(p.delivered_ms) >= least => {
                    g.give(id, consumer, now, p.deliveries.wrapping_add((!just_id).into()), now);
                    claimed.push(if just_id { text(&id) } else { entry((&id, pairs)) });
                }
                Some(_) => continue,
            }
            left -= 1;
        }
        log.groups.insert(args[1].clone(), g);
        self.put_aside(&args[0], log);
        Ok(Expect::Is(Value::Array(vec![text(&next), Value::Array(claimed), Value::Array(deleted)])))
    }
}

impl ConsumerGroup {
    /// A consumer tries something; whether it is new.
    fn meet(&mut self, name: &[u8], now_ms: i64) -> bool {
        let is_new = !self.consumers.contains_key(name);
        self.consumers.entry(name.to_vec()).or_default().0 = now_ms;
        is_new
    }

    /// An entry is pending for `owner` from now on, and for nobody else.
    fn give(&mut self, id: Id, owner: &[u8], delivered_ms: i64, deliveries: u64, now_ms: i64) {
        self.consumers.entry(owner.to_vec()).or_default().1 = Some(now_ms);
        self.pending.insert(id, Pending { owner: owner.to_vec(), delivered_ms, deliveries });
    }

    /// What the group has not read, if anything.
    fn news(&mut self, log: &Log, consumer: &[u8], count: usize, ack: bool, now_ms: i64) -> Option<Vec<Value>> {
        let ids: Vec<Id> = log.entries.keys().copied().filter(|id| *id > self.last).take(count).collect();
        for id in &ids {
            self.read = match self.read {
                Some(n) if !log.has_gap_after(*id) => Some(n.wrapping_add(1)),
                n if log.added == 0 => n,
                _ => log.rank(*id),
            };
            self.last = *id;
            if ack {
                self.give(*id, consumer, now_ms, 1, now_ms);
            }
        }
        let entries = ids.iter().map(|id| entry((id, &log.entries[id])));
        (!ids.is_empty()).then(|| entries.collect())
    }

    /// What is pending for the consumer; nothing but the ids of entries that were deleted.
    fn history(&mut self, log: &Log, consumer: &[u8], after: Id, count: usize, now_ms: i64) -> Vec<Value> {
        let own = self.pending.iter_mut().filter(|(id, p)| **id > after && p.owner == consumer);
        let read = |(id, p): (&Id, &mut Pending)| match log.entries.get(id) {
            Some(pairs) => {
                (p.delivered_ms, p.deliveries) = (now_ms, p.deliveries.wrapping_add(1));
                entry((id, pairs))
            }
            None => Value::Array(vec![text(id), Value::NullArray]),
        };
        own.take(count).map(read).collect()
    }
}

impl Log {
    /// Whether an entry may be missing behind `id`.
    fn has_gap_after(&self, id: Id) -> bool {
        let first = self.entries.keys().next();
        self.max_deleted != Id::MIN && id <= self.max_deleted && first.is_some_and(|first| *first <= self.max_deleted)
    }

    /// How many entries were ever added up to `id`, where the stream can tell.
    pub fn rank(&self, id: Id) -> Option<i64> {
        let (added, len) = (self.added as i64, self.entries.len() as i64);
        let first = self.entries.keys().next().copied().unwrap_or(Id::MIN);
        match () {
            () if added == 0 => Some(0),
            () if id == self.last || (len == 0 && id < self.last) => Some(added),
            () if id > self.last || id > first => None,
            () if self.max_deleted != Id::MIN && self.max_deleted >= first => None,
            () => Some(added - len + i64::from(id == first)),
        }
    }

    /// How many entries the group has yet to read, where the stream can tell.
    pub fn lag(&self, g: &ConsumerGroup) -> Option<i64> {
        let read = g.read.filter(|_| !self.has_gap_after(g.last));
        match self.added {
            0 => Some(0),
            added => read.or_else(|| self.rank(g.last)).map(|read| (added as i64).wrapping_sub(read)),
        }
    }
}

impl Claim {
    fn parse(args: &[Vec<u8>], now_ms: i64) -> Result<Claim, Expect> {
        let mut c = Claim { delivered_ms: now_ms, deliveries: None, force: false, just_id: false, last: Id::MIN };
        let mut args = args.iter();
        while let Some(word) = args.next() {
            let mut value = || args.next().ok_or(Expect::error(""));
            match word.to_ascii_uppercase().as_slice() {
                b"FORCE" => c.force = true,
                b"JUSTID" => c.just_id = true,
                b"IDLE" => c.delivered_ms = now_ms.wrapping_sub(number(value()?)?),
                b"TIME" => c.delivered_ms = number(value()?)?,
                b"RETRYCOUNT" => c.deliveries = number(value()?)?.try_into().ok(),
                b"LASTID" => c.last = id(value()?, 0)?,
                _ => return Err(Expect::error("")),
            }
        }
        if c.delivered_ms < 0 || c.delivered_ms > now_ms {
            c.delivered_ms = now_ms;
        }
        Ok(c)
    }
}

/// `[MKSTREAM] [ENTRIESREAD n]`: whether to make the stream, and how much has been read.
fn options(args: &[Vec<u8>], may_make: bool) -> Result<(bool, Option<i64>), Expect> {
    let (mut make, mut read) = (false, None);
    let mut rest = args.iter();
    while let Some(word) = rest.next() {
        match word.to_ascii_uppercase().as_slice() {
            b"MKSTREAM" if may_make => make = true,
            b"ENTRIESREAD" => {
                let n = number(rest.next().ok_or(Expect::error(""))?)?;
                read = Some(n).filter(|n| *n >= 0);
                if n < -1 {
                    return Err(Expect::error(""));
                }
            }
            _ => return Err(Expect::error("")),
        }
    }
    let most = if may_make { 3 } else { 2 };
    if args.len() > most { Err(Expect::error("")) } else { Ok((make, read)) }
}

/// XGROUP SETID knows the names of the ends.
fn set_id(text: &[u8]) -> Result<Id, Expect> {
    if text.starts_with(b"(") { Err(Expect::error("")) } else { bound(text, true) }
}

/// What XPENDING says without a range.
fn summary(g: &ConsumerGroup) -> Value {
    let (Some(first), Some(last)) = (g.pending.keys().next(), g.pending.keys().next_back()) else {
        return Value::Array(vec![Value::Int(0), Value::NullBulk, Value::NullBulk, Value::NullArray]);
    };
    let owned = |name: &Vec<u8>| g.pending.values().filter(|p| p.owner == *name).count();
    let busy = g.consumers.keys().filter(|name| owned(name) > 0);
    let busy = busy.map(|name| Value::Array(vec![bulk(Some(name)), bulk(Some(owned(name).to_string()))]));
    Value::Array(vec![Value::Int(g.pending.len() as i64), text(first), text(last), Value::Array(busy.collect())])
}
