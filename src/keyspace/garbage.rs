//! What is left of deleted and overwritten values, to be freed away from the command that
//! dropped it.
//!
//! Freeing ten million elements takes a second, and whoever does it in one go keeps a core,
//! or the simulator's only thread, from everybody else. So garbage is an iterator, each step
//! of which frees a handful of allocations: a member, a node, a segment's array. Whoever
//! frees it takes so many steps and then lets others have their turn.

use super::{
    block::{Entry, Kind},
    object::Object,
};
use crate::data::{stream::Group, table::Table, zset::Cut};
use std::iter;

type Steps = Box<dyn Iterator<Item = ()> + Send>;

/// Something to be freed in steps. Dropping it frees the rest at once.
pub struct Garbage {
    steps: Steps,
    /// About how many steps it takes from beginning to end; large values of a database count as one.
    pub effort: u64,
    /// How many objects INFO counts it as.
    pub objects: u64,
}

impl Garbage {
    fn new(effort: usize, objects: usize, steps: Steps) -> Garbage {
        Garbage { effort: effort as u64, objects: objects as u64, steps }
    }

    /// A value taken out of its entry. Texts are not counted, however long.
    pub fn object(object: Object) -> Garbage {
        let counted = usize::from(!matches!(object, Object::Str(_)));
        Garbage::new(object.free_effort(), counted, steps_of(object))
    }

    /// A key with its value.
    pub fn entry(entry: Entry) -> Garbage {
        let effort = entry.object().map_or(1, Object::free_effort);
        let counted = usize::from(entry.kind() != Kind::StrLarge);
        Garbage::new(effort, counted, Box::new(steps_of_entry(entry)))
    }

    /// What was cut off a sorted set.
    pub fn cut(cut: Cut) -> Garbage {
        Garbage::new(cut.free_effort(), 0, Box::new(cut.into_freed()))
    }

    /// A stream's group, or what it no longer has.
    pub fn group(group: Group) -> Garbage {
        Garbage::new(group.free_effort(), 0, Box::new(group.into_freed()))
    }

    /// All keys of a database.
    pub fn table(table: Table<Entry>) -> Garbage {
        Garbage::new(table.len(), table.len(), Box::new(table.into_iter().flat_map(steps_of_entry)))
    }

    /// The same, but INFO does not count it: only part of an object, or something that its
    /// command is said to free itself.
    pub fn uncounted(self) -> Garbage {
        Garbage { objects: 0, ..self }
    }

    /// Takes up to so many steps; whether that was not the end.
    pub fn free_some(&mut self, steps: usize) -> bool {
        self.steps.by_ref().take(steps).count() == steps
    }
}

fn steps_of(object: Object) -> Steps {
    match object {
        Object::Str(large) => Box::new(iter::once(large).map(drop)),
        Object::List(list) => Box::new(list.into_freed()),
        Object::Hash(hash) => Box::new(hash.into_freed()),
        Object::Set(set) => Box::new(set.into_freed()),
        Object::ZSet(zset) => Box::new(Cut::from(zset).into_freed()),
        Object::Stream(stream) => Box::new(stream.into_freed()),
    }
}

/// Only what has a value of its own needs more than the one step that frees its block.
fn steps_of_entry(mut entry: Entry) -> impl Iterator<Item = ()> + Send {
    let value = entry.take_object().map(steps_of);
    iter::once(entry).map(drop).chain(value.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::hash::HashKey;
    use crate::data::{
        list::{List, NodeLimit},
        set::SetTable,
        table::Element,
        zset::ZSet,
    };

    const KEY: HashKey = HashKey(1);
    const MEMBERS: usize = 10_000;

    fn set() -> Object {
        let mut set = SetTable::new(KEY);
        (0..MEMBERS).for_each(|n| _ = set.add(&n.to_le_bytes()));
        Object::Set(set)
    }

    fn zset() -> Object {
        let mut zset = ZSet::new(KEY);
        (0..MEMBERS).for_each(|n| zset.insert(&n.to_le_bytes(), n as f64));
        Object::ZSet(zset)
    }

    /// How many slices of a hundred steps it takes.
    fn slices(mut garbage: Garbage) -> usize {
        1 + iter::from_fn(|| garbage.free_some(100).then_some(())).count()
    }

    #[test]
    fn a_collection_takes_as_many_steps_as_it_has_elements() {
        assert_eq!(slices(Garbage::object(set())), MEMBERS / 100 + 1);
        assert!(slices(Garbage::object(zset())) > MEMBERS / 100 + 1, "the tree's nodes come on top");
        assert!(slices(Garbage::entry(Entry::with_object(b"k", set(), None))) > MEMBERS / 100);
        let mut list = List::new(NodeLimit::new(-2));
        (0..MEMBERS * 100).for_each(|_| list.push_back(&b"0123456789"[..]));
        assert_eq!(slices(Garbage::object(Object::List(list.clone()))), list.node_count() / 100 + 1);
    }

    #[test]
    fn a_database_is_freed_key_by_key_and_large_values_element_by_element() {
        let mut table = Table::new(KEY);
        for n in 0..1000u32 {
            let name = n.to_le_bytes();
            let entry = match n {
                500 => Entry::with_object(&name, set(), None),
                _ => Entry::new(Kind::StrInline, &name, 3, None),
            };
            table.insert(entry.hash(KEY), entry);
        }
        assert_eq!(slices(Garbage::table(table)), (1000 + MEMBERS) / 100 + 1);
    }
}
