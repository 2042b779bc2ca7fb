//! XREAD and XREADGROUP.

use super::{Fields, From, Id, Log, Pending, StreamCommand, group::NO_GROUP};
use crate::model::{
    calendar::Span,
    command::Key,
    encode::{field, key_mark},
    reply::Reply,
    state::State,
};
use bytes::Bytes;
use smallvec::SmallVec;
use std::{
    ops::Bound::{Excluded, Unbounded},
    rc::Rc,
};

const EMPTY: Reply = Reply::Error(Bytes::from_static(b"ERR the stream last element ID is 0-0"));

impl State<'_> {
    /// `None` if there is nothing to read.
    pub(super) fn read(&mut self, keys: &[(Key, From)], count: Option<usize>) -> Result<Option<Reply>, Reply> {
        let mut logs: Vec<(Key, Rc<Log>, Id)> = Vec::new();
        // What `$` meant when the client began to wait.
        let settled = std::mem::take(&mut self.settled);
        let mut meant: SmallVec<[Id; 1]> = SmallVec::new();
        for (i, (k, from)) in keys.iter().enumerate() {
            let log = self.log(*k)?.unwrap_or_default();
            let after = match from {
                From::After(id) => *id,
                From::New => settled.get(i).copied().unwrap_or(log.last),
                From::Last if self.slot(*k).is_none() => Id::MIN,
                From::Last => log.last.prev().ok_or(EMPTY)?,
            };
            meant.push(after);
            logs.push((*k, log, after));
        }
        let news = logs.iter().filter(|(_, log, after)| log.after(*after).next().is_some());
        let streams: Vec<Reply> = news
            .map(|(k, log, after)| {
                let new = log.after(*after).take(count.unwrap_or(usize::MAX));
                stream(*k, new.map(|(id, fields)| entry(id, fields)).collect())
            })
            .collect();
        if streams.is_empty() {
            self.settled = meant;
            return Ok(None);
        }
        Ok(Some(Reply::Array(streams)))
    }

    /// `None` if there is nothing to read.
    pub(super) fn read_group(&mut self, command: &StreamCommand, at: &Span) -> Result<Option<Reply>, Reply> {
        let StreamCommand::ReadGroup { group, consumer, keys, count, no_ack, .. } = command else {
            unreachable!("it reads no group: {command:?}");
        };
        for (k, _) in keys {
            if !self.log(*k)?.is_some_and(|log| log.groups.contains_key(group)) {
                return Err(NO_GROUP);
            }
        }
        let most = count.unwrap_or(usize::MAX);
        let mut streams = Vec::new();
        for (k, from) in keys {
            let before = self.log(*k)?.expect("it was looked at");
            let mut log = before.clone();
            if log.groups[group].consumers & 1 << consumer == 0 {
                Rc::make_mut(&mut log).group(*group).meet(*consumer);
            }
            match from {
                Some(after) => {
                    let own = log.groups[group].pending.range((Excluded(*after), Unbounded));
                    let own = own.filter(|(_, p)| p.consumer == *consumer).take(most);
                    let ids: Vec<Id> = own.map(|(id, _)| *id).collect();
                    let mut replies = Vec::new();
                    for id in ids {
                        let Some(fields) = log.entries.get(&id).cloned() else {
                            replies.push(Reply::Array(vec![Reply::Bulk(id.text()), Reply::NilArray]));
                            continue;
                        };
                        replies.push(entry(id, &fields));
                        let p = Rc::make_mut(&mut log).group(*group).pending.get_mut(&id).expect("it is pending");
                        *p = Pending::new(*consumer, p.deliveries + 1, at);
                    }
                    streams.push(stream(*k, replies));
                }
                None => {
                    let last = log.groups[group].last;
                    let new: Vec<_> = log.after(last).take(most).map(|(id, fields)| (id, fields.clone())).collect();
                    if !new.is_empty() {
                        let g = Rc::make_mut(&mut log).group(*group);
                        for (id, _) in &new {
                            g.last = *id;
                            if !no_ack {
                                g.pending.insert(*id, Pending::new(*consumer, 1, at));
                            }
                        }
                        streams.push(stream(*k, new.iter().map(|(id, fields)| entry(*id, fields)).collect()));
                    }
                }
            }
            if !Rc::ptr_eq(&before, &log) {
                self.put_log_aside(*k, log);
            }
        }
        Ok((!streams.is_empty()).then_some(Reply::Array(streams)))
    }
}

impl Log {
    /// The entries after an id.
    fn after(&self, id: Id) -> impl Iterator<Item = (Id, &Rc<Fields>)> {
        self.entries.range((Excluded(id), Unbounded)).map(|(id, fields)| (*id, fields))
    }
}

fn stream(k: Key, entries: Vec<Reply>) -> Reply {
    Reply::Array(vec![Reply::Bulk(key_mark(k)), Reply::Array(entries)])
}

/// An entry as it is replied.
pub(super) fn entry(id: Id, fields: &Fields) -> Reply {
    let flat = fields.iter().flat_map(|(f, v)| [Reply::Bulk(field(*f)), Reply::Bulk(v.clone())]);
    Reply::Array(vec![Reply::Bulk(id.text()), Reply::Array(flat.collect())])
}
