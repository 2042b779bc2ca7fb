//! Commands of the model that concern keys of any type.

use super::{
    calendar::Span,
    command::{Command, Key, Ttl, When},
    reply::{NO_SUCH_KEY, OK, Reply},
    state::{Due, Slot, State},
    value::Value,
};
use bytes::Bytes;

impl State<'_> {
    pub(super) fn run_key(&mut self, command: &Command, at: &Span) -> Option<Reply> {
        Some(match command {
            Command::Del(ks) => {
                let mut gone = 0;
                for k in ks {
                    gone += usize::from(self.delete(*k));
                }
                Reply::count(gone)
            }
            Command::Exists(ks) => Reply::count(ks.iter().filter(|k| self.slot(**k).is_some()).count()),
            Command::Type(k) => Reply::Status(Bytes::from_static(match self.slot(*k).map(|s| &s.value) {
                None => b"none",
                Some(Value::Str(_) | Value::Sketch(_)) => b"string",
                Some(Value::List(_)) => b"list",
                Some(Value::Hash(_)) => b"hash",
                Some(Value::Set(_)) => b"set",
                Some(Value::ZSet(_)) => b"zset",
                Some(Value::Stream(_)) => b"stream",
            })),
            Command::Expire { key, ttl, when } => self.set_expiry(*key, *ttl, *when, at),
            Command::Pttl(k) => match self.slot(*k) {
                None => Reply::Int(-2),
                Some(Slot { due: None, .. }) => Reply::Int(-1),
                Some(Slot { due: Some(due), .. }) => due.left(at),
            },
            Command::Persist(k) => match self.slot(*k).cloned() {
                Some(slot) if slot.due.is_some() => {
                    self.put(*k, Some(Slot { due: None, ..slot }));
                    Reply::Int(1)
                }
                _ => Reply::Int(0),
            },
            Command::Rename(a, b) => match self.slot(*a).cloned() {
                None => NO_SUCH_KEY,
                Some(_) if a == b => OK,
                Some(slot) => {
                    self.rename(*a, *b, slot);
                    OK
                }
            },
            Command::RenameNx(a, b) => match self.slot(*a).cloned() {
                None => NO_SUCH_KEY,
                Some(_) if self.slot(*b).is_some() => Reply::Int(0),
                Some(slot) => {
                    self.rename(*a, *b, slot);
                    Reply::Int(1)
                }
            },
            Command::Copy { from, to, replace } => match self.slot(*from).cloned() {
                Some(slot) if *replace || self.slot(*to).is_none() => {
                    self.put(*to, Some(slot));
                    Reply::Int(1)
                }
                _ => Reply::Int(0),
            },
            _ => return None,
        })
    }

    fn rename(&mut self, from: Key, to: Key, slot: Slot) {
        self.put(from, None);
        self.put(to, Some(slot));
    }

    /// Whether what is due at a time, or never, may be given another. Where the clock does not
    /// settle which comes first, it is what was seen.
    pub(super) fn may_expire(&mut self, old: Option<Due>, ttl: Ttl, when: When, at: &Span, seen: Option<bool>) -> bool {
        let (Some(old), Some(new)) = (old, Self::due(ttl, at)) else {
            return !matches!(when, When::Present | When::Later) || old.is_some();
        };
        let (first, second) = match when {
            When::Always | When::Present => return true,
            When::Missing => return false,
            When::Later => (old, new),
            When::Earlier => (new, old),
        };
        if first.high_ms < second.low_ms {
            return true;
        }
        first.low_ms < second.high_ms && seen.unwrap_or_else(|| self.choose(2) == 0)
    }

    fn set_expiry(&mut self, k: Key, ttl: Ttl, when: When, at: &Span) -> Reply {
        let Some(slot) = self.slot(k).cloned() else { return Reply::Int(0) };
        let seen = self.seen().map(|reply| *reply != Reply::Int(0));
        if !self.may_expire(slot.due, ttl, when, at, seen) {
            return Reply::Int(0);
        }
        self.put_until(k, slot.value, ttl, at);
        Reply::Int(1)
    }
}
