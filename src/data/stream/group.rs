//! A consumer group: who has been given which entries and has not acknowledged them yet.
//!
//! Pending entries are kept once for the group, with their owner's number, and as bare ids
//! for each consumer, both ordered. Consumers have numbers, so that a pending entry names
//! its owner in four bytes; those by name are an ordered list of the numbers.

use super::{
    Id,
    log::Log,
    sorted::{Keyed, Sorted},
};
use crate::data::alloc::size_class;

/// With a consumer that has at least one in so many of all pending entries, the others are
/// moved: they are passed in order, but each that goes has to be looked for.
const REBUILD_RATIO: usize = 16;

/// An entry delivered and not acknowledged.
#[derive(Clone, Debug)]
pub struct Pending {
    pub id: Id,
    /// When it was last delivered, unix ms.
    pub delivered_ms: i64,
    /// How often it was delivered.
    pub deliveries: u64,
    owner: u32,
}

impl Keyed for Pending {
    fn id(&self) -> Id {
        self.id
    }
}

impl Pending {
    /// The number of the consumer it was delivered to.
    pub fn owner(&self) -> ConsumerNumber {
        ConsumerNumber(self.owner)
    }
}

/// A consumer's number in its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsumerNumber(u32);

/// A member of a group.
#[derive(Clone, Debug)]
pub struct Consumer {
    pub name: Box<[u8]>,
    /// When it last tried to read or claim, unix ms.
    pub seen_ms: i64,
    /// When it last was given something, unix ms.
    pub active_ms: Option<i64>,
    pending: Sorted<Id>,
}

impl Consumer {
    /// How many entries it has not acknowledged.
    pub fn pending_len(&self) -> usize {
        self.pending.len()
    }

    /// The ids it has not acknowledged, from `start` on.
    pub fn pending_from(&self, start: Id) -> impl Iterator<Item = Id> {
        self.pending.iter_from(self.pending.lower_bound(start)).copied()
    }

    fn heap_bytes(&self) -> usize {
        size_class(self.name.len()) + self.pending.heap_bytes()
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct Group {
    /// The last entry delivered to anyone.
    pub last_id: Id,
    /// How many entries of the stream's whole history have been read, if known.
    pub entries_read: Option<i64>,
    pending: Sorted<Pending>,
    /// Consumers by number; numbers of deleted ones are used again.
    consumers: Vec<Option<Consumer>>,
    free: Vec<u32>,
    /// Numbers in the order of names.
    by_name: Vec<u32>,
    /// Heap bytes of the consumers.
    consumer_bytes: usize,
}

impl Group {
    /// A group that has read up to `last_id`.
    pub(super) fn new(last_id: Id, entries_read: Option<i64>) -> Group {
        Group { last_id, entries_read, ..Group::default() }
    }

    /// Heap bytes behind the group. Constant time.
    pub(super) fn heap_bytes(&self) -> usize {
        self.pending.heap_bytes()
            + self.consumer_bytes
            + size_class(self.consumers.capacity() * size_of::<Option<Consumer>>())
            + size_class(self.free.capacity() * size_of::<u32>())
            + size_class(self.by_name.capacity() * size_of::<u32>())
    }

    /// About how many allocations it has.
    pub fn free_effort(&self) -> usize {
        let owned = self.consumers.iter().flatten().map(|consumer| 1 + consumer.pending.chunk_count());
        self.pending.chunk_count() + owned.sum::<usize>()
    }

    /// Frees the group, one chunk of pending entries or one consumer with each step.
    pub fn into_freed(self) -> impl Iterator<Item = ()> + Send {
        let consumers = self.consumers.into_iter().flatten();
        let owned = consumers.flat_map(|consumer| consumer.pending.into_chunks().map(drop).chain(std::iter::once(())));
        self.pending.into_chunks().map(drop).chain(owned)
    }

    /// Takes over the next entry of a delivery to this group: the last id, and the count of
    /// those read.
    pub fn advance(&mut self, log: &Log, id: Id) {
        self.entries_read = match self.entries_read {
            Some(n) if !log.has_gap_after(id) => Some(n.wrapping_add(1)),
            n if log.entries_added == 0 => n,
            _ => log.count_up_to(id).map(|n| n as i64),
        };
        self.last_id = id;
    }

    /// How many entries the group has yet to read, if that can be told.
    pub fn lag(&self, log: &Log) -> Option<i64> {
        let added = log.entries_added as i64;
        match self.entries_read {
            _ if added == 0 => Some(0),
            Some(read) if !log.has_gap_after(self.last_id) => Some(added.wrapping_sub(read)),
            _ => log.count_up_to(self.last_id).map(|read| added.wrapping_sub(read as i64)),
        }
    }

    fn rank(&self, name: &[u8]) -> Result<usize, usize> {
        self.by_name.binary_search_by(|n| self.at(*n).name.as_ref().cmp(name))
    }

    fn at(&self, number: u32) -> &Consumer {
        self.consumers[number as usize].as_ref().expect("a number in use")
    }

    /// The number of the consumer called `name`.
    pub fn find(&self, name: &[u8]) -> Option<ConsumerNumber> {
        self.rank(name).ok().map(|rank| ConsumerNumber(self.by_name[rank]))
    }

    /// A consumer.
    pub fn consumer(&self, n: ConsumerNumber) -> &Consumer {
        self.at(n.0)
    }

    /// All consumers, by name.
    pub fn consumers(&self) -> impl ExactSizeIterator<Item = &Consumer> {
        self.by_name.iter().map(|n| self.at(*n))
    }

    /// The number of the consumer called `name`, which is made if there is none; and whether
    /// it was.
    pub fn find_or_create(&mut self, name: &[u8], now_ms: i64) -> (ConsumerNumber, bool) {
        let rank = match self.rank(name) {
            Ok(rank) => return (ConsumerNumber(self.by_name[rank]), false),
            Err(rank) => rank,
        };
        let fresh = Consumer { name: name.into(), seen_ms: now_ms, active_ms: None, pending: Sorted::default() };
        self.consumer_bytes += fresh.heap_bytes();
        let number = self.free.pop().unwrap_or_else(|| {
            self.consumers.push(None);
            u32::try_from(self.consumers.len() - 1).expect("fewer than 2^32 consumers")
        });
        self.consumers[number as usize] = Some(fresh);
        self.by_name.insert(rank, number);
        (ConsumerNumber(number), true)
    }

    /// Deletes a consumer and what is pending for it; returns how much that was, and what is
    /// left of it to be freed, in the guise of a group.
    pub fn delete_consumer(&mut self, name: &[u8]) -> Option<(usize, Group)> {
        let rank = self.rank(name).ok()?;
        let number = self.by_name.remove(rank);
        let gone = self.consumers[number as usize].take().expect("a number in use");
        self.consumer_bytes -= gone.heap_bytes();
        self.free.push(number);
        let (owned, all) = (gone.pending_len(), self.pending.len());
        let mut left = Group::default();
        if owned.saturating_mul(REBUILD_RATIO) < all {
            for id in gone.pending.iter() {
                self.pending.remove(*id);
            }
        } else {
            left.pending = std::mem::take(&mut self.pending);
            let staying = left.pending.iter().filter(|p| p.owner != number);
            staying.take(all - owned).for_each(|p| _ = self.pending.insert(p.clone()));
        }
        left.consumers.push(Some(gone));
        Some((owned, left))
    }

    /// Notes that a consumer tried to do something.
    pub fn saw(&mut self, n: ConsumerNumber, now_ms: i64) {
        self.edit_consumer(n.0, |c| c.seen_ms = now_ms);
    }

    /// Notes that a consumer was given something.
    pub fn served(&mut self, n: ConsumerNumber, now_ms: i64) {
        self.edit_consumer(n.0, |c| c.active_ms = Some(now_ms));
    }

    fn edit_consumer(&mut self, number: u32, f: impl FnOnce(&mut Consumer)) {
        let c = self.consumers[number as usize].as_mut().expect("a number in use");
        let before = c.heap_bytes();
        f(c);
        self.consumer_bytes = self.consumer_bytes + c.heap_bytes() - before;
    }

    /// How many entries are pending.
    pub fn pending_len(&self) -> usize {
        self.pending.len()
    }

    /// What is pending for an id.
    pub fn pending(&self, id: Id) -> Option<&Pending> {
        self.pending.find(id)
    }

    /// Everything pending, from `start` on.
    pub fn pending_from(&self, start: Id) -> impl Iterator<Item = &Pending> {
        self.pending.iter_from(self.pending.lower_bound(start))
    }

    /// The greatest pending id.
    pub fn last_pending(&self) -> Option<Id> {
        self.pending.last().map(|p| p.id)
    }

    /// Makes an entry pending for a consumer, whoever had it before.
    pub fn deliver(&mut self, id: Id, to: ConsumerNumber, delivered_ms: i64, deliveries: u64) {
        let owner = to.0;
        match self.pending.find_mut(id) {
            None => {
                self.pending.insert(Pending { id, delivered_ms, deliveries, owner });
            }
            Some(p) => {
                (p.delivered_ms, p.deliveries) = (delivered_ms, deliveries);
                let former = std::mem::replace(&mut p.owner, owner);
                if former == owner {
                    return;
                }
                self.edit_consumer(former, |c| assert!(c.pending.remove(id).is_some(), "its owner knows it"));
            }
        }
        self.edit_consumer(owner, |c| assert!(c.pending.insert(id), "it has one owner"));
    }

    /// Notes that a pending entry was delivered once more to its owner.
    pub fn redeliver(&mut self, id: Id, now_ms: i64) {
        if let Some(p) = self.pending.find_mut(id) {
            p.delivered_ms = now_ms;
            p.deliveries = p.deliveries.wrapping_add(1);
        }
    }

    /// Ends what is pending for an id; whether something was.
    pub fn acknowledge(&mut self, id: Id) -> bool {
        let Some(gone) = self.pending.remove(id) else { return false };
        self.edit_consumer(gone.owner, |c| assert!(c.pending.remove(id).is_some(), "its owner knows it"));
        true
    }

    /// Panics unless every invariant holds. For tests and fuzzers: walks everything.
    pub fn check(&self) {
        self.pending.check();
        let bytes: usize = self.consumers().map(Consumer::heap_bytes).sum();
        assert_eq!(self.consumer_bytes, bytes, "the account of consumers");
        assert_eq!(self.by_name.len() + self.free.len(), self.consumers.len(), "the numbers");
        let names: Vec<&[u8]> = self.consumers().map(|c| &*c.name).collect();
        assert!(names.windows(2).all(|w| w[0] < w[1]), "the order of names");
        self.consumers().for_each(|c| c.pending.check());
        for p in self.pending.iter() {
            assert!(self.at(p.owner).pending.find(p.id).is_some(), "an entry pending for nobody");
        }
        let owned: usize = self.consumers().map(Consumer::pending_len).sum();
        assert_eq!(owned, self.pending.len(), "entries pending for somebody only");
    }
}

/// A copy has no room to grow, so its account is its own.
impl Clone for Group {
    fn clone(&self) -> Group {
        let consumers = self.consumers.clone();
        Group {
            consumer_bytes: consumers.iter().flatten().map(Consumer::heap_bytes).sum(),
            consumers,
            pending: self.pending.clone(),
            free: self.free.clone(),
            by_name: self.by_name.clone(),
            ..*self
        }
    }
}
