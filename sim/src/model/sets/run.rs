//! What the commands on sets do.

use super::{Algebra, SetCommand};
use crate::model::{
    command::Key,
    members::{Member, MemberSet, iter, name, number, set_of},
    reply::{Reply, WRONGTYPE},
    state::{Slot, State},
    value::Value,
};

impl State<'_> {
    pub(in crate::model) fn run_set(&mut self, command: &SetCommand) -> Result<Reply, Reply> {
        use SetCommand::*;
        Ok(match command {
            Add(k, members) => {
                let (old, given) = (self.members(*k)?, set_of(members));
                self.put_set(*k, old, old | given);
                Reply::count((given & !old).count_ones() as usize)
            }
            Rem(k, members) => {
                let (old, given) = (self.members(*k)?, set_of(members));
                self.put_set(*k, old, old & !given);
                Reply::count((given & old).count_ones() as usize)
            }
            Move(from, to, member) => self.move_member(*from, *to, *member)?,
            Pop(k, count) => self.pop_members(*k, *count)?,
            RandMember(k, count) => self.random_members(*k, *count)?,
            IsMember(k, member) => Reply::Int((self.members(*k)? >> member & 1).into()),
            MIsMember(k, members) => {
                let set = self.members(*k)?;
                Reply::Array(members.iter().map(|m| Reply::Int((set >> m & 1).into())).collect())
            }
            Card(k) => Reply::count(self.members(*k)?.count_ones() as usize),
            Members(k) => texts(self.members(*k)?),
            Scan(k) => Reply::scanned(texts(self.members(*k)?)),
            Combine(how, keys) => texts(self.combine(*how, keys)?),
            Store(how, to, keys) => {
                let result = self.combine(*how, keys)?;
                match result {
                    0 => _ = self.delete(*to),
                    set => self.put(*to, Some(Slot { value: Value::Set(set), due: None })),
                }
                Reply::count(result.count_ones() as usize)
            }
            InterCard { keys, limit } => {
                let n = self.combine(Algebra::Inter, keys)?.count_ones() as usize;
                Reply::count(if *limit > 0 { n.min(*limit) } else { n })
            }
        })
    }

    /// A set's members; none if the key does not exist.
    fn members(&mut self, k: Key) -> Result<MemberSet, Reply> {
        match self.slot(k).map(|s| &s.value) {
            None => Ok(0),
            Some(Value::Set(set)) => Ok(*set),
            Some(_) => Err(WRONGTYPE),
        }
    }

    /// Gives a set other members, if they are others.
    fn put_set(&mut self, k: Key, old: MemberSet, new: MemberSet) {
        if old != new {
            self.put_value(k, Value::Set(new));
        }
    }

    fn move_member(&mut self, from: Key, to: Key, member: Member) -> Result<Reply, Reply> {
        if self.slot(from).is_none() {
            return Ok(Reply::Int(0));
        }
        let (source, target) = (self.members(from)?, self.members(to)?);
        let bit = 1 << member;
        if source & bit == 0 {
            return Ok(Reply::Int(0));
        }
        if from != to {
            self.put_set(from, source, source & !bit);
            self.put_set(to, target, target | bit);
        }
        Ok(Reply::Int(1))
    }

    /// Which members go is the server's choice: the reply tells it.
    fn pop_members(&mut self, k: Key, count: Option<usize>) -> Result<Reply, Reply> {
        let old = self.members(k)?;
        let len = old.count_ones() as usize;
        let n = count.unwrap_or(1).min(len);
        let gone = match (n, self.seen()) {
            (0, _) => 0,
            (_, None) => {
                let choice = self.choose(subsets(len, n));
                subset(old, n, choice)
            }
            (_, Some(seen)) => {
                let taken = members_in(seen).map_or(0, |members| set_of(&members) & old);
                // If what was seen cannot be, anything else shows it.
                if taken.count_ones() as usize == n { taken } else { subset(old, n, 0) }
            }
        };
        self.put_set(k, old, old & !gone);
        Ok(match count {
            Some(_) => texts(gone),
            None => Reply::bulk_or_nil(iter(gone).next().map(name)),
        })
    }

    /// Any members will do, if they are as many as they should be.
    fn random_members(&mut self, k: Key, count: Option<i64>) -> Result<Reply, Reply> {
        let set = self.members(k)?;
        if set == 0 {
            return Ok(if count.is_some() { Reply::Array(Vec::new()) } else { Reply::Nil });
        }
        let n = match count {
            None => 1,
            Some(n) if n < 0 => n.unsigned_abs() as usize,
            Some(n) => (n as usize).min(set.count_ones() as usize),
        };
        let fits = |members: &Vec<Member>| {
            let distinct = set_of(members);
            let repeats = distinct.count_ones() as usize != members.len();
            distinct & !set == 0 && members.len() == n && (!repeats || count.is_some_and(|n| n < 0))
        };
        let drawn = self.seen().and_then(members_in).filter(fits);
        // If what was seen does not fit, anything that does shows it.
        let drawn = drawn.unwrap_or_else(|| iter(set).cycle().take(n).collect());
        let drawn: Vec<_> = drawn.into_iter().map(name).collect();
        Ok(if count.is_some() { Reply::bulks(&drawn) } else { Reply::Bulk(drawn[0].clone()) })
    }

    fn combine(&mut self, how: Algebra, keys: &[Key]) -> Result<MemberSet, Reply> {
        let sets = keys.iter().map(|k| self.members(*k)).collect::<Result<Vec<MemberSet>, Reply>>()?;
        let op: fn(MemberSet, MemberSet) -> MemberSet = how.pick([|a, b| a & b, |a, b| a | b, |a, b| a & !b]);
        Ok(sets.into_iter().reduce(op).unwrap_or(0))
    }
}

fn texts(set: MemberSet) -> Reply {
    Reply::Array(iter(set).map(|m| Reply::Bulk(name(m))).collect())
}

/// The members that a reply consists of.
fn members_in(reply: &Reply) -> Option<Vec<Member>> {
    let one = |r: &Reply| match r {
        Reply::Bulk(text) => number(text),
        _ => None,
    };
    match reply {
        Reply::Array(items) => items.iter().map(one).collect(),
        item => one(item).map(|m| vec![m]),
    }
}

/// How many subsets of size `k` a set of size `n` has.
fn subsets(n: usize, k: usize) -> usize {
    (0..k).fold(1, |ways, i| ways * (n - i) / (i + 1))
}

/// The `i`th subset of size `k`.
fn subset(set: MemberSet, k: usize, i: usize) -> MemberSet {
    let all = (1..=MemberSet::MAX).filter(|s| s & !set == 0 && s.count_ones() as usize == k);
    all.into_iter().nth(i).expect("there are so many")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subset_is_a_choice() {
        let set = set_of(&[1, 4, 5, 9]);
        for k in 1..=4 {
            let all: std::collections::BTreeSet<_> = (0..subsets(4, k)).map(|i| subset(set, k, i)).collect();
            assert_eq!(all.len(), [4, 6, 4, 1][k - 1]);
            assert!(all.iter().all(|s| s & !set == 0 && s.count_ones() as usize == k));
        }
    }
}
