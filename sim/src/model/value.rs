//! What a key can hold.

use super::{hashes::Map, members::MemberSet, sketches::Sketch, streams::Log, zsets::ZSet};
use bytes::Bytes;
use std::{collections::VecDeque, rc::Rc};

/// A key's value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    Str(Bytes),
    /// A string, too.
    Sketch(Sketch),
    List(Rc<VecDeque<Bytes>>),
    Hash(Map),
    Set(MemberSet),
    ZSet(ZSet),
    Stream(Rc<Log>),
}

/// A value's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Str,
    List,
    Hash,
    Set,
    ZSet,
    Stream,
}

impl Value {
    pub fn kind(&self) -> Kind {
        match self {
            Value::Str(_) | Value::Sketch(_) => Kind::Str,
            Value::List(_) => Kind::List,
            Value::Hash(_) => Kind::Hash,
            Value::Set(_) => Kind::Set,
            Value::ZSet(_) => Kind::ZSet,
            Value::Stream(_) => Kind::Stream,
        }
    }

    /// A collection that has nothing in it does not exist; a stream does.
    pub(super) fn is_nothing(&self) -> bool {
        match self {
            Value::Str(_) | Value::Sketch(_) | Value::Stream(_) => false,
            Value::List(l) => l.is_empty(),
            Value::Hash(h) => h.is_empty(),
            Value::Set(set) => *set == 0,
            Value::ZSet(set) => set.is_empty(),
        }
    }
}
