//! XCLAIM and XAUTOCLAIM.

use super::{Claimant, Delivery, Id, Log, Pending, StreamCommand, group::NO_GROUP, pending::has_row, read::entry};
use crate::model::{calendar::Span, command::Key, reply::Reply, state::State};
use std::rc::Rc;

/// Entries that XAUTOCLAIM looks at for each that it may return.
const ATTEMPTS: usize = 10;

impl State<'_> {
    pub(super) fn run_claim(&mut self, command: &StreamCommand, at: &Span) -> Result<Reply, Reply> {
        match command {
            StreamCommand::Claim { key, who, ids, force, how } => self.claim(*key, *who, ids, (*force, *how), at),
            StreamCommand::AutoClaim { key, who, start, count } => self.auto_claim(*key, *who, *start, *count, at),
            other => unreachable!("it claims nothing: {other:?}"),
        }
    }

    /// The stream, its group knowing the consumer.
    fn claimed_from(&mut self, k: Key, who: Claimant) -> Result<Rc<Log>, Reply> {
        let mut log = self.log(k)?.ok_or(NO_GROUP)?;
        let known = log.groups.get(&who.group).ok_or(NO_GROUP)?.consumers & 1 << who.consumer != 0;
        if !known {
            Rc::make_mut(&mut log).group(who.group).meet(who.consumer);
        }
        Ok(log)
    }

    fn claim(
        &mut self,
        k: Key,
        who: Claimant,
        ids: &[Id],
        (force, how): (bool, Delivery),
        at: &Span,
    ) -> Result<Reply, Reply> {
        let mut log = self.claimed_from(k, who)?;
        if how.last.is_some_and(|last| last > log.groups[&who.group].last) {
            Rc::make_mut(&mut log).group(who.group).last = how.last.expect("it was looked at");
        }
        let mut replies = Vec::new();
        for &id in ids {
            let pending = log.groups[&who.group].pending.get(&id).copied();
            let Some(fields) = log.entries.get(&id).cloned() else {
                if pending.is_some() {
                    Rc::make_mut(&mut log).group(who.group).pending.remove(&id);
                }
                continue;
            };
            let deliveries = match pending {
                Some(p) if self.is_idle(&p, id, who, at, |seen| Some(seen)) => p.deliveries,
                None if force => 1,
                _ => continue,
            };
            let count = how.count.unwrap_or(deliveries + i64::from(!who.just_id));
            let mut new = Pending::new(who.consumer, count, at);
            new.low_ms -= how.idle_ms.unwrap_or(0);
            new.high_ms -= how.idle_ms.unwrap_or(0);
            if let Some(ms) = how.time_ms {
                (new.low_ms, new.high_ms) = (at.low_ms.min(ms), at.high_ms.min(ms));
            }
            Rc::make_mut(&mut log).group(who.group).pending.insert(id, new);
            replies.push(if who.just_id { Reply::Bulk(id.text()) } else { entry(id, &fields) });
        }
        self.put_log_aside(k, log);
        Ok(Reply::Array(replies))
    }

    fn auto_claim(&mut self, k: Key, who: Claimant, start: Id, count: usize, at: &Span) -> Result<Reply, Reply> {
        let mut log = self.claimed_from(k, who)?;
        let (mut claimed, mut deleted, mut next) = (Vec::new(), Vec::new(), Id::MIN);
        let all: Vec<(Id, Pending)> = log.groups[&who.group].pending.range(start..).map(|(id, p)| (*id, *p)).collect();
        let mut left = count;
        for (attempt, (id, p)) in all.into_iter().enumerate() {
            if left == 0 || attempt == count * ATTEMPTS {
                next = id;
                break;
            }
            let Some(fields) = log.entries.get(&id).cloned() else {
                Rc::make_mut(&mut log).group(who.group).pending.remove(&id);
                deleted.push(Reply::Bulk(id.text()));
                left -= 1;
                continue;
            };
            if self.is_idle(&p, id, who, at, second) {
                let new = Pending::new(who.consumer, p.deliveries + i64::from(!who.just_id), at);
                Rc::make_mut(&mut log).group(who.group).pending.insert(id, new);
                claimed.push(if who.just_id { Reply::Bulk(id.text()) } else { entry(id, &fields) });
                left -= 1;
            }
        }
        self.put_log_aside(k, log);
        Ok(Reply::Array(vec![Reply::Bulk(next.text()), Reply::Array(claimed), Reply::Array(deleted)]))
    }

    /// Whether an entry has been pending for long enough. If the clock does not settle that,
    /// the list of claimed entries does, which `list` finds in what was replied.
    fn is_idle(
        &mut self,
        p: &Pending,
        id: Id,
        who: Claimant,
        at: &Span,
        list: impl Fn(&Reply) -> Option<&Reply>,
    ) -> bool {
        let (low, high) = p.idle(at);
        if who.min_idle_ms == 0 || low >= who.min_idle_ms {
            return true;
        }
        if high < who.min_idle_ms {
            return false;
        }
        match self.seen() {
            Some(seen) => list(seen).is_some_and(|rows| has_row(rows, &id.text())),
            None => self.choose(2) == 0,
        }
    }
}

/// XAUTOCLAIM's list of entries.
fn second(reply: &Reply) -> Option<&Reply> {
    match reply {
        Reply::Array(parts) => parts.get(1),
        _ => None,
    }
}
