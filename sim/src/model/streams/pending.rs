//! XACK and XPENDING.

use super::{Filter, Group, GroupName, Id, StreamCommand, group::NO_GROUP};
use crate::model::{calendar::Span, command::Key, encode::consumer, reply::Reply, state::State};
use bytes::Bytes;
use std::rc::Rc;

impl State<'_> {
    pub(super) fn run_pending(&mut self, command: &StreamCommand, at: &Span) -> Result<Reply, Reply> {
        match command {
            StreamCommand::Ack(k, group, ids) => self.acknowledge(*k, *group, ids),
            StreamCommand::Summary(k, group) => {
                let log = self.log(*k)?.ok_or(NO_GROUP)?;
                Ok(log.groups.get(group).ok_or(NO_GROUP)?.summary())
            }
            StreamCommand::Pending(k, group, filter) => {
                let log = self.log(*k)?.ok_or(NO_GROUP)?;
                let group = log.groups.get(group).ok_or(NO_GROUP)?;
                Ok(Reply::Array(self.list_pending(group, filter, at)))
            }
            other => unreachable!("not about what is pending: {other:?}"),
        }
    }

    fn acknowledge(&mut self, k: Key, group: GroupName, ids: &[Id]) -> Result<Reply, Reply> {
        let Some(mut log) = self.log(k)? else { return Ok(Reply::Int(0)) };
        let Some(found) = log.groups.get(&group) else { return Ok(Reply::Int(0)) };
        if !ids.iter().any(|id| found.pending.contains_key(id)) {
            return Ok(Reply::Int(0));
        }
        let g = Rc::make_mut(&mut log).group(group);
        let gone = ids.iter().filter(|id| g.pending.remove(id).is_some()).count();
        self.put_log_aside(k, log);
        Ok(Reply::count(gone))
    }

    fn list_pending(&self, group: &Group, filter: &Filter, at: &Span) -> Vec<Reply> {
        let mut rows = Vec::new();
        if filter.from > filter.to {
            return rows;
        }
        for (id, p) in group.pending.range(filter.from..=filter.to) {
            if rows.len() == filter.count {
                break;
            }
            let (low, high) = p.idle(at);
            let text = id.text();
            let seen = || self.seen().is_some_and(|rows| has_row(rows, &text));
            let idle = high >= filter.min_idle_ms && (low >= filter.min_idle_ms || seen());
            if filter.consumer.is_none_or(|c| c == p.consumer) && (filter.min_idle_ms == 0 || idle) {
                rows.push(Reply::Array(vec![
                    Reply::Bulk(text),
                    Reply::Bulk(consumer(p.consumer)),
                    Reply::Between(low.max(0), high.max(0)),
                    Reply::Int(p.deliveries),
                ]));
            }
        }
        rows
    }
}

/// Whether an id stands alone in a list, or begins one of its rows.
pub(super) fn has_row(rows: &Reply, id: &Bytes) -> bool {
    let Reply::Array(rows) = rows else { return false };
    rows.iter().any(|row| match row {
        Reply::Array(row) => row.first() == Some(&Reply::Bulk(id.clone())),
        row => *row == Reply::Bulk(id.clone()),
    })
}

impl Group {
    fn summary(&self) -> Reply {
        let ids = (self.pending.first_key_value(), self.pending.last_key_value());
        let (Some((first, _)), Some((last, _))) = ids else {
            return Reply::Array(vec![Reply::Int(0), Reply::Nil, Reply::Nil, Reply::NilArray]);
        };
        let count = |c: u8| self.pending.values().filter(|p| p.consumer == c).count();
        let busy = (0..8).map(|c| (c, count(c))).filter(|(_, n)| *n > 0);
        let rows =
            busy.map(|(c, n)| Reply::Array(vec![Reply::Bulk(consumer(c)), Reply::Bulk(Bytes::from(n.to_string()))]));
        Reply::Array(vec![
            Reply::count(self.pending.len()),
            Reply::Bulk(first.text()),
            Reply::Bulk(last.text()),
            Reply::Array(rows.collect()),
        ])
    }
}
