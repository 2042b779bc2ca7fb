//! Commands on sets.

mod run;

use super::{
    command::Key,
    encode::Words,
    family::{Family, Name},
    members::Member,
    reply::Reply,
};

/// How sets are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algebra {
    Inter,
    Union,
    Diff,
}

/// More than any collection of the workload has, so that one call of SCAN's kin shows it all.
pub const SCAN_COUNT: i64 = 1000;

/// A command.
#[derive(Clone, Debug)]
pub enum SetCommand {
    Add(Key, Vec<Member>),
    Rem(Key, Vec<Member>),
    Move(Key, Key, Member),
    Pop(Key, Option<usize>),
    RandMember(Key, Option<i64>),
    IsMember(Key, Member),
    MIsMember(Key, Vec<Member>),
    Card(Key),
    Members(Key),
    /// SSCAN, asked for more than there is.
    Scan(Key),
    Combine(Algebra, Vec<Key>),
    Store(Algebra, Key, Vec<Key>),
    /// `limit` 0 is none.
    InterCard {
        keys: Vec<Key>,
        limit: usize,
    },
}

use SetCommand::*;

impl Family for SetCommand {
    fn each_key(&self, f: &mut dyn FnMut(Key)) {
        match self {
            Add(k, _) | Rem(k, _) | Pop(k, _) | RandMember(k, _) | IsMember(k, _) | MIsMember(k, _) => f(*k),
            Card(k) | Members(k) | Scan(k) => f(*k),
            Move(from, to, _) => [from, to].into_iter().for_each(|k| f(*k)),
            Combine(_, keys) | InterCard { keys, .. } => keys.iter().for_each(|k| f(*k)),
            Store(_, to, keys) => [to].into_iter().chain(keys).for_each(|k| f(*k)),
        }
    }

    fn words(&self, w: &mut Words) {
        match self {
            Add(k, members) => w.word("SADD").key(*k).members(members),
            Rem(k, members) => w.word("SREM").key(*k).members(members),
            Move(from, to, member) => w.word("SMOVE").key(*from).key(*to).members(&[*member]),
            Pop(k, count) => w.word("SPOP").key(*k).ints(count.map(|n| n as i64)),
            RandMember(k, count) => w.word("SRANDMEMBER").key(*k).ints(*count),
            IsMember(k, member) => w.word("SISMEMBER").key(*k).members(&[*member]),
            MIsMember(k, members) => w.word("SMISMEMBER").key(*k).members(members),
            Card(k) => w.word("SCARD").key(*k),
            Members(k) => w.word("SMEMBERS").key(*k),
            Scan(k) => w.word("SSCAN").key(*k).word("0").word("COUNT").int(SCAN_COUNT),
            Combine(how, keys) => w.word(how.pick(["SINTER", "SUNION", "SDIFF"])).keys(keys),
            Store(how, to, keys) => w.word(how.pick(["SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE"])).key(*to).keys(keys),
            InterCard { keys, limit } => {
                w.word("SINTERCARD").int(keys.len() as i64).keys(keys);
                if *limit > 0 { w.word("LIMIT").int(*limit as i64) } else { w }
            }
        };
    }

    fn only_reads(&self) -> bool {
        !matches!(self, Add(..) | Rem(..) | Move(..) | Pop(..) | Store(..))
    }

    fn was_inert(&self, reply: &Reply) -> bool {
        match self {
            Add(..) | Rem(..) | Move(..) => *reply == Reply::Int(0),
            Pop(..) => reply.is_nil() || *reply == Reply::Array(Vec::new()),
            _ => false,
        }
    }

    fn normalise(&self, reply: &mut Reply, _: Name) {
        if matches!(self, Members(_) | Combine(..) | Pop(_, Some(_))) {
            reply.sort_texts();
        }
        if let (Scan(_), Reply::Array(parts)) = (self, reply) {
            parts.iter_mut().for_each(Reply::sort_texts);
        }
    }
}

impl Algebra {
    /// The one of three that stands for it.
    pub fn pick<T: Copy>(self, of: [T; 3]) -> T {
        of[self as usize]
    }
}
