//! The groups of a stream, by name.

use super::{Group, Id};
use crate::data::alloc::size_class;
use std::ops::{Deref, DerefMut};

/// One group with its name.
#[derive(Clone, Debug)]
struct Named {
    name: Box<[u8]>,
    group: Box<Group>,
}

impl Named {
    fn heap_bytes(&self) -> usize {
        size_class(self.name.len()) + size_class(size_of::<Group>()) + self.group.heap_bytes()
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct Groups {
    /// In the order of names.
    all: Vec<Named>,
    /// Heap bytes of the groups.
    bytes: usize,
}

/// A group, to be changed; the account follows when it is dropped.
pub struct GroupMut<'a> {
    group: &'a mut Group,
    bytes: &'a mut usize,
    before: usize,
}

impl Deref for GroupMut<'_> {
    type Target = Group;
    fn deref(&self) -> &Group {
        self.group
    }
}

impl DerefMut for GroupMut<'_> {
    fn deref_mut(&mut self) -> &mut Group {
        self.group
    }
}

impl Drop for GroupMut<'_> {
    fn drop(&mut self) {
        *self.bytes = *self.bytes + self.group.heap_bytes() - self.before;
    }
}

impl Groups {
    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Heap bytes behind the groups. Constant time.
    #[inline]
    pub(super) fn heap_bytes(&self) -> usize {
        self.bytes + size_class(self.all.capacity() * size_of::<Named>())
    }

    /// About how many allocations they have.
    pub(super) fn free_effort(&self) -> usize {
        self.all.iter().map(|n| 2 + n.group.free_effort()).sum()
    }

    /// Frees the groups, something of one with each step.
    pub(super) fn into_freed(self) -> impl Iterator<Item = ()> + Send {
        self.all.into_iter().flat_map(|named| named.group.into_freed())
    }

    fn rank(&self, name: &[u8]) -> Result<usize, usize> {
        self.all.binary_search_by(|n| n.name.as_ref().cmp(name))
    }

    /// The group called `name`.
    pub fn get(&self, name: &[u8]) -> Option<&Group> {
        self.rank(name).ok().map(|i| &*self.all[i].group)
    }

    /// The group called `name`, to be changed.
    pub fn get_mut(&mut self, name: &[u8]) -> Option<GroupMut<'_>> {
        let i = self.rank(name).ok()?;
        let group = &mut *self.all[i].group;
        Some(GroupMut { before: group.heap_bytes(), group, bytes: &mut self.bytes })
    }

    /// Names and groups, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], &Group)> {
        self.all.iter().map(|n| (&*n.name, &*n.group))
    }

    /// Makes a group that has read up to `last_id`; false if there is one of that name.
    pub fn create(&mut self, name: &[u8], last_id: Id, entries_read: Option<i64>) -> bool {
        let Err(rank) = self.rank(name) else { return false };
        let group = Box::new(Group::new(last_id, entries_read));
        let named = Named { name: name.into(), group };
        self.bytes += named.heap_bytes();
        self.all.insert(rank, named);
        true
    }

    /// Takes a group out, if there is one of that name.
    pub fn destroy(&mut self, name: &[u8]) -> Option<Box<Group>> {
        let gone = self.all.remove(self.rank(name).ok()?);
        self.bytes -= gone.heap_bytes();
        Some(gone.group)
    }

    /// Panics unless every invariant holds. For tests and fuzzers: walks everything.
    pub fn check(&self) {
        assert_eq!(self.bytes, self.all.iter().map(Named::heap_bytes).sum::<usize>(), "the account of groups");
        assert!(self.all.windows(2).all(|w| w[0].name < w[1].name), "the order of names");
        self.all.iter().for_each(|n| n.group.check());
    }
}

/// A copy has no room to grow, so its account is its own.
impl Clone for Groups {
    fn clone(&self) -> Groups {
        let all = self.all.clone();
        Groups { bytes: all.iter().map(Named::heap_bytes).sum(), all }
    }
}
