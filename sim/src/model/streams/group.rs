//! Groups of consumers.

use super::{Consumer, GroupName, Id, Log, StreamCommand};
use crate::model::{
    calendar::Span,
    command::Key,
    reply::{OK, Reply},
    state::State,
};
use bytes::Bytes;
use std::{collections::BTreeMap, rc::Rc};

/// A group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Group {
    /// Up to where it has read.
    pub last: Id,
    /// A bit each.
    pub consumers: u8,
    pub pending: BTreeMap<Id, Pending>,
}

/// An entry that was delivered and not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pending {
    pub consumer: Consumer,
    /// It was delivered last between these moments (unix ms).
    pub low_ms: i64,
    pub high_ms: i64,
    pub deliveries: i64,
}

/// What is left of the errors about groups once keys are not named any more.
pub const NO_GROUP: Reply = Reply::Error(Bytes::from_static(b"NOGROUP"));
const BUSY: Reply = Reply::Error(Bytes::from_static(b"BUSYGROUP Consumer Group name already exists"));
const NO_STREAM: Reply = Reply::Error(Bytes::from_static(
    b"ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option \
      to create an empty stream automatically.",
));

impl State<'_> {
    pub(super) fn run_group(&mut self, command: &StreamCommand) -> Result<Reply, Reply> {
        use StreamCommand::*;
        match command {
            Create { key, group, at, make } => self.create_group(*key, *group, *at, *make),
            SetId(k, group, at) => {
                let last = self.log(*k)?.ok_or(NO_STREAM)?.last;
                self.edit_group(*k, *group, |g| g.last = at.unwrap_or(last))?;
                Ok(OK)
            }
            Destroy(k, group) => {
                let mut log = self.log(*k)?.ok_or(NO_STREAM)?;
                if !log.groups.contains_key(group) {
                    return Ok(Reply::Int(0));
                }
                Rc::make_mut(&mut log).groups.remove(group);
                self.put_log_aside(*k, log);
                self.wake(*k);
                Ok(Reply::Int(1))
            }
            CreateConsumer(k, group, consumer) => {
                let bit = 1 << consumer;
                let known = self.group_of(*k, *group)?.consumers & bit != 0;
                if !known {
                    self.edit_group(*k, *group, |g| g.consumers |= bit)?;
                }
                Ok(Reply::Int((!known).into()))
            }
            DelConsumer(k, group, consumer) => {
                let gone = self.group_of(*k, *group)?.pending.values().filter(|p| p.consumer == *consumer).count();
                self.edit_group(*k, *group, |g| {
                    g.consumers &= !(1 << consumer);
                    g.pending.retain(|_, p| p.consumer != *consumer);
                })?;
                Ok(Reply::count(gone))
            }
            other => unreachable!("not about groups: {other:?}"),
        }
    }

    fn create_group(&mut self, k: Key, group: GroupName, at: Option<Id>, make: bool) -> Result<Reply, Reply> {
        let found = self.log(k)?;
        let new = found.is_none();
        if new && !make {
            return Err(NO_STREAM);
        }
        let mut log = found.unwrap_or_default();
        if log.groups.contains_key(&group) {
            return Err(BUSY);
        }
        let last = at.unwrap_or(log.last);
        Rc::make_mut(&mut log).groups.insert(group, Group { last, ..Group::default() });
        if new {
            self.put_log(k, log)
        } else {
            self.put_log_aside(k, log)
        }
        Ok(OK)
    }

    /// A copy of a group of a stream that must exist, for the commands of XGROUP.
    fn group_of(&mut self, k: Key, group: GroupName) -> Result<Group, Reply> {
        self.log(k)?.ok_or(NO_STREAM)?.groups.get(&group).cloned().ok_or(NO_GROUP)
    }

    fn edit_group(&mut self, k: Key, group: GroupName, edit: impl FnOnce(&mut Group)) -> Result<(), Reply> {
        let mut log = self.log(k)?.ok_or(NO_STREAM)?;
        if !log.groups.contains_key(&group) {
            return Err(NO_GROUP);
        }
        edit(Rc::make_mut(&mut log).group(group));
        self.put_log_aside(k, log);
        Ok(())
    }
}

impl Log {
    /// A group that is there.
    pub(super) fn group(&mut self, group: GroupName) -> &mut Group {
        self.groups.get_mut(&group).expect("the caller looked")
    }
}

impl Group {
    /// Makes a consumer known.
    pub(super) fn meet(&mut self, consumer: Consumer) {
        self.consumers |= 1 << consumer;
    }
}

impl Pending {
    /// Delivered just now.
    pub(super) fn new(consumer: Consumer, deliveries: i64, at: &Span) -> Pending {
        Pending { consumer, low_ms: at.low_ms, high_ms: at.high_ms, deliveries }
    }

    /// The least and the greatest time (ms) for which it has been pending.
    pub(super) fn idle(&self, at: &Span) -> (i64, i64) {
        (at.low_ms - self.high_ms, at.high_ms - self.low_ms)
    }
}
