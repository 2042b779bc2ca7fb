//! HyperLogLogs, of the few members that [`super::members`] knows.
//!
//! Each of these has a register of its own, so a sketch of them is as good as the set: PFCOUNT
//! is exact, and PFADD says that something changed if and only if a member is new. What is not
//! modelled are the bytes; clients send such keys nothing that would show or change them.

use super::{
    command::Key,
    encode::Words,
    family::Family,
    members::{Member, MemberSet, set_of},
    reply::{OK, Reply},
    state::State,
    value::Value,
};
use bytes::Bytes;

/// What a sketch's text begins with, and all that is known of it.
pub const MAGIC: Bytes = Bytes::from_static(b"HYLL");

const NO_SKETCH: Reply = Reply::Error(Bytes::from_static(b"WRONGTYPE Key is not a valid HyperLogLog string value."));

/// A HyperLogLog.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sketch {
    members: MemberSet,
    /// The text tells the number of members; to write it there is a change of the key.
    counted: bool,
}

/// A command.
#[derive(Clone, Debug)]
pub enum SketchCommand {
    Add(Key, Vec<Member>),
    Count(Vec<Key>),
    Merge(Key, Vec<Key>),
}

use SketchCommand::*;

impl Family for SketchCommand {
    fn each_key(&self, f: &mut dyn FnMut(Key)) {
        match self {
            Add(k, _) => f(*k),
            Count(keys) => keys.iter().for_each(|k| f(*k)),
            Merge(to, from) => [to].into_iter().chain(from).for_each(|k| f(*k)),
        }
    }

    fn words(&self, w: &mut Words) {
        match self {
            Add(k, members) => w.word("PFADD").key(*k).members(members),
            Count(keys) => w.word("PFCOUNT").keys(keys),
            Merge(to, from) => w.word("PFMERGE").key(*to).keys(from),
        };
    }

    fn only_reads(&self) -> bool {
        matches!(self, Count(keys) if keys.len() > 1)
    }

    fn was_inert(&self, reply: &Reply) -> bool {
        matches!(self, Add(..)) && *reply == Reply::Int(0)
    }
}

impl State<'_> {
    pub(super) fn run_sketch(&mut self, command: &SketchCommand) -> Result<Reply, Reply> {
        match command {
            Add(k, members) => {
                let old = self.sketch(*k)?;
                let all = old.unwrap_or_default().members | set_of(members);
                let changes = old.is_none_or(|old| old.members != all);
                if changes {
                    self.put_sketch(*k, all, false);
                }
                Ok(Reply::Int(changes.into()))
            }
            Count(keys) => {
                let mut all = 0;
                for k in keys {
                    all |= self.sketch(*k)?.unwrap_or_default().members;
                }
                if let [k] = keys[..]
                    && self.sketch(k)?.is_some_and(|s| !s.counted)
                {
                    self.put_sketch(k, all, true);
                }
                Ok(Reply::count(all.count_ones() as usize))
            }
            Merge(to, from) => {
                let mut all = self.sketch(*to)?.unwrap_or_default().members;
                for k in from {
                    all |= self.sketch(*k)?.unwrap_or_default().members;
                }
                self.put_sketch(*to, all, false);
                Ok(OK)
            }
        }
    }

    fn sketch(&mut self, k: Key) -> Result<Option<Sketch>, Reply> {
        if let Some(Value::Sketch(s)) = self.slot(k).map(|s| &s.value) {
            return Ok(Some(*s));
        }
        // Another string is none, and an error is about the type.
        self.text(k)?.map_or(Ok(None), |_| Err(NO_SKETCH))
    }

    fn put_sketch(&mut self, k: Key, members: MemberSet, counted: bool) {
        self.put_value(k, Value::Sketch(Sketch { members, counted }));
    }
}
