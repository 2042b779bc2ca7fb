//! Commands on sets.

use super::{Draw, Table, pick};
use crate::model::{
    command::Command,
    members::{INTEGERS, MEMBERS, Member, SHORT},
    sets::{Algebra, SetCommand::*},
};

pub(super) const SETS: Table = &[
    (7, |d, key| Command::OfSet(Add(key, d.some_members()))),
    (2, |d, key| Command::OfSet(Rem(key, d.some_members()))),
    (3, |d, key| Command::OfSet(Move(key, d.key(), d.member()))),
    (3, |_, key| Command::OfSet(Pop(key, None))),
    (1, |d, key| Command::OfSet(Pop(key, Some(d.rng.below(4) as usize)))),
    (1, |_, key| Command::OfSet(RandMember(key, None))),
    (1, |d, key| Command::OfSet(RandMember(key, Some(d.index())))),
    (1, |d, key| Command::OfSet(IsMember(key, d.member()))),
    (1, |d, key| Command::OfSet(MIsMember(key, d.some_members()))),
    (1, |_, key| Command::OfSet(Card(key))),
    (2, |_, key| Command::OfSet(Members(key))),
    (1, |_, key| Command::OfSet(Scan(key))),
    (1, |d, _| Command::OfSet(Combine(d.algebra(), d.some_keys()))),
    (2, |d, key| Command::OfSet(Store(d.algebra(), key, d.some_keys()))),
    (1, |d, _| Command::OfSet(InterCard { keys: d.some_keys(), limit: d.rng.below(3) as usize })),
];

impl Draw<'_> {
    /// A member; which can be drawn differs from group to group.
    pub(super) fn member(&mut self) -> Member {
        let (from, to) = [(0, INTEGERS), (3, 9), (INTEGERS, SHORT), (0, MEMBERS)][self.group / 2 % 4];
        from + self.rng.below(u64::from(to - from)) as Member
    }

    pub(super) fn some_members(&mut self) -> Vec<Member> {
        (0..1 + self.rng.below(3)).map(|_| self.member()).collect()
    }

    pub(super) fn algebra(&mut self) -> Algebra {
        pick(self.rng, &[Algebra::Inter, Algebra::Union, Algebra::Diff])
    }
}
