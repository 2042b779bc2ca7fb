//! Adding entries, and taking them away.

use super::{Fields, Id, Log, NewId, StreamCommand, Trim, read::entry};
use crate::model::{
    calendar::Span,
    command::Key,
    reply::{NO_SUCH_KEY, OK, Reply, WRONGTYPE},
    state::State,
    value::Value,
};
use bytes::Bytes;
use std::rc::Rc;

const TOO_SMALL: Reply = Reply::Error(Bytes::from_static(
    b"ERR The ID specified in XADD is equal or smaller than the target stream top item",
));
const BEHIND_DELETED: Reply =
    Reply::Error(Bytes::from_static(b"ERR The ID specified in XSETID is smaller than current max_deleted_entry_id"));
const BEHIND_TOP: Reply =
    Reply::Error(Bytes::from_static(b"ERR The ID specified in XSETID is smaller than the target stream top item"));
const BEHIND_GIVEN: Reply = Reply::Error(Bytes::from_static(
    b"ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id",
));
const TOO_FEW: Reply = Reply::Error(Bytes::from_static(
    b"ERR The entries_added specified in XSETID is smaller than the target stream length",
));
const ZERO: Reply = Reply::Error(Bytes::from_static(b"ERR The ID specified in XADD must be greater than 0-0"));

impl State<'_> {
    /// `None` if the command has to wait.
    pub(in crate::model) fn run_stream(&mut self, command: &StreamCommand, at: &Span) -> Option<Reply> {
        use StreamCommand::*;
        let reply = match command {
            Read { keys, count, .. } => match self.read(keys, *count) {
                Ok(None) => return None,
                other => other.map(|reply| reply.expect("it was looked at")),
            },
            ReadGroup { .. } => match self.read_group(command, at) {
                Ok(None) => return None,
                other => other.map(|reply| reply.expect("it was looked at")),
            },
            Ack(..) | Summary(..) | Pending(..) => self.run_pending(command, at),
            Claim { .. } | AutoClaim { .. } => self.run_claim(command, at),
            Info(_) | Groups(_) | Consumers(..) => self.run_info(command),
            Create { .. } | SetId(..) | Destroy(..) | CreateConsumer(..) | DelConsumer(..) => self.run_group(command),
            _ => self.run_log(command, at),
        };
        Some(reply.unwrap_or_else(|error| error))
    }

    fn run_log(&mut self, command: &StreamCommand, at: &Span) -> Result<Reply, Reply> {
        use StreamCommand::*;
        match command {
            Add { key, make, trim, id, fields } => self.add_entry(*key, *make, *trim, *id, fields, at),
            Len(k) => Ok(Reply::count(self.log(*k)?.map_or(0, |log| log.entries.len()))),
            Range { key, from, to, rev, count } => {
                let Some(log) = self.log(*key)? else { return Ok(Reply::Array(Vec::new())) };
                if from > to {
                    return Ok(Reply::Array(Vec::new()));
                }
                let count = count.unwrap_or(usize::MAX);
                let range = log.entries.range(from..=to).map(|(id, fields)| entry(*id, fields));
                Ok(Reply::Array(if *rev { range.rev().take(count).collect() } else { range.take(count).collect() }))
            }
            Del(k, ids) => {
                let Some(mut log) = self.log(*k)? else { return Ok(Reply::Int(0)) };
                let gone = ids.iter().filter(|id| log.has(**id) && Rc::make_mut(&mut log).delete(**id)).count();
                if gone > 0 {
                    self.put_log(*k, log);
                }
                Ok(Reply::count(gone))
            }
            Trim(k, trim) => {
                let Some(mut log) = self.log(*k)? else { return Ok(Reply::Int(0)) };
                let gone = trim.apply(&mut log);
                if gone > 0 {
                    self.put_log(*k, log);
                }
                Ok(Reply::count(gone))
            }
            TrimSome(k, trim, limit) => self.trim_some(*k, *trim, *limit),
            SetLast(k, id, added, deleted) => {
                if deleted.is_some_and(|deleted| *id < deleted) {
                    return Err(BEHIND_GIVEN);
                }
                let mut log = self.log(*k)?.ok_or(NO_SUCH_KEY)?;
                if *id < log.deleted {
                    return Err(BEHIND_DELETED);
                }
                if log.entries.last_key_value().is_some_and(|(top, _)| id < top) {
                    return Err(BEHIND_TOP);
                }
                if added.is_some_and(|n| !log.entries.is_empty() && n < log.entries.len() as i64) {
                    return Err(TOO_FEW);
                }
                let stream = Rc::make_mut(&mut log);
                stream.last = *id;
                stream.added = added.unwrap_or(stream.added);
                stream.deleted = deleted.filter(|id| *id != Id::MIN).unwrap_or(stream.deleted);
                self.put_log_aside(*k, log);
                Ok(OK)
            }
            other => unreachable!("not about entries: {other:?}"),
        }
    }

    /// Some of what an exact trim would remove goes, from the front: the reply tells how much.
    fn trim_some(&mut self, k: Key, trim: Trim, limit: usize) -> Result<Reply, Reply> {
        let Some(mut log) = self.log(k)? else { return Ok(Reply::Int(0)) };
        let most = trim.excess(&log).min(if limit == 0 { usize::MAX } else { limit });
        let gone = match self.seen() {
            // If what was seen cannot be, anything else shows it.
            Some(Reply::Int(n)) => usize::try_from(*n).map_or(0, |n| n.min(most)),
            Some(_) => 0,
            None => self.choose(most + 1),
        };
        if gone > 0 {
            let trimmed = Rc::make_mut(&mut log);
            (0..gone).for_each(|_| _ = trimmed.entries.pop_first());
            self.put_log(k, log);
        }
        Ok(Reply::count(gone))
    }

    fn add_entry(
        &mut self,
        k: Key,
        make: bool,
        trim: Option<Trim>,
        id: NewId,
        fields: &Fields,
        at: &Span,
    ) -> Result<Reply, Reply> {
        if id == NewId::Given(Id::MIN) {
            return Err(ZERO);
        }
        let found = self.log(k)?;
        if found.is_none() && !make {
            return Ok(Reply::Nil);
        }
        let mut log = found.unwrap_or_default();
        let id = self.new_id(id, log.last, at).ok_or(TOO_SMALL)?;
        let stream = Rc::make_mut(&mut log);
        stream.last = id;
        stream.added += 1;
        stream.entries.insert(id, Rc::new(fields.clone()));
        trim.iter().for_each(|trim| _ = trim.apply(&mut log));
        self.put_log(k, log);
        Ok(Reply::Bulk(id.text()))
    }

    /// The id that an entry gets, if it can have one.
    fn new_id(&mut self, id: NewId, last: Id, at: &Span) -> Option<Id> {
        match id {
            NewId::Given(id) => (id > last).then_some(id),
            NewId::Ms(ms) if ms == last.ms => Some(last.next()),
            // The very first id is 0-1.
            NewId::Ms(ms) => (ms > last.ms).then_some(Id::new(ms, 0)),
            NewId::Auto => Some(self.auto_id(last, at)),
        }
    }

    /// One of the ids that the clock may have given: the one that was seen, if it is.
    fn auto_id(&mut self, last: Id, at: &Span) -> Id {
        let given = |ms: i64| if ms as u64 > last.ms { Id::new(ms as u64, 0) } else { last.next() };
        match self.seen() {
            Some(Reply::Bulk(text)) => {
                let seen = Id::parse(text).filter(|id| (at.low_ms..=at.high_ms).any(|ms| given(ms) == *id));
                seen.unwrap_or(given(at.low_ms))
            }
            _ => {
                let first = at.low_ms.max(last.ms as i64).min(at.high_ms);
                let choice = self.choose((at.high_ms - first + 1) as usize);
                given(first + choice as i64)
            }
        }
    }

    pub(super) fn log(&mut self, k: Key) -> Result<Option<Rc<Log>>, Reply> {
        match self.slot(k).map(|s| &s.value) {
            None => Ok(None),
            Some(Value::Stream(log)) => Ok(Some(log.clone())),
            Some(_) => Err(WRONGTYPE),
        }
    }

    pub(super) fn put_log(&mut self, k: Key, log: Rc<Log>) {
        self.put_value(k, Value::Stream(log));
    }

    /// Changes a stream in a way that concerns neither who watches it nor who waits for it.
    pub(super) fn put_log_aside(&mut self, k: Key, log: Rc<Log>) {
        self.put_aside(k, Value::Stream(log));
    }
}

impl Log {
    fn has(&self, id: Id) -> bool {
        self.entries.contains_key(&id)
    }

    fn delete(&mut self, id: Id) -> bool {
        self.deleted = self.deleted.max(id);
        self.entries.remove(&id).is_some()
    }
}

impl Trim {
    /// How many entries are too many.
    fn excess(self, log: &Log) -> usize {
        match self {
            Trim::MaxLen(n) => log.entries.len().saturating_sub(n),
            Trim::MinId(id) => log.entries.range(..id).count(),
        }
    }

    /// Trims a stream; how many entries are gone.
    fn apply(self, log: &mut Rc<Log>) -> usize {
        let goes = self.excess(log);
        if goes > 0 {
            let log = Rc::make_mut(log);
            (0..goes).for_each(|_| _ = log.entries.pop_first());
        }
        goes
    }
}
