//! A sequence ordered by id, in chunks.
//!
//! Ids mostly arrive in order and leave from the front, and there may be millions. A ring of
//! chunks of up to [`CHUNK`] elements serves that: appending touches the last chunk,
//! trimming the first, a search is two binary searches, and a change in the middle moves
//! one chunk's elements and now and then the ring's (which are a hundredth in number). A
//! chunk that is full because of appending stays full. There is no empty chunk. Elements
//! may own memory of their own; the account here is that of the chunks and the ring.

use super::Id;
use crate::data::alloc::size_class;
use std::collections::VecDeque;

/// Most elements of a chunk.
const CHUNK: usize = 64;

/// Something that has its place by an id.
pub trait Keyed {
    fn id(&self) -> Id;
}

impl Keyed for Id {
    fn id(&self) -> Id {
        *self
    }
}

/// The place of an element, or the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    chunk: usize,
    at: usize,
}

/// See the module.
#[derive(Debug)]
pub struct Sorted<T> {
    chunks: VecDeque<Vec<T>>,
    len: usize,
    /// Heap bytes of the chunks.
    chunk_bytes: usize,
}

impl<T> Default for Sorted<T> {
    fn default() -> Sorted<T> {
        Sorted { chunks: VecDeque::new(), len: 0, chunk_bytes: 0 }
    }
}

/// What a chunk's allocation costs.
fn bytes_of<T>(chunk: &Vec<T>) -> usize {
    size_class(chunk.capacity() * size_of::<T>())
}

impl<T: Keyed> Sorted<T> {
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of allocations.
    pub fn chunk_count(&self) -> usize {
        self.chunks.len()
    }

    /// Heap bytes of the chunks and their ring. Constant time.
    pub fn heap_bytes(&self) -> usize {
        self.chunk_bytes + size_class(self.chunks.capacity() * size_of::<Vec<T>>())
    }

    /// The chunks, owned.
    pub fn into_chunks(self) -> impl Iterator<Item = Vec<T>> {
        self.chunks.into_iter()
    }

    /// The element with the smallest id.
    pub fn first(&self) -> Option<&T> {
        self.chunks.front().map(|c| &c[0])
    }

    /// The element with the greatest id.
    #[inline]
    pub fn last(&self) -> Option<&T> {
        self.chunks.back().and_then(|c| c.last())
    }

    /// The element with the greatest id, whose id must stay.
    #[inline]
    pub fn last_mut(&mut self) -> Option<&mut T> {
        self.chunks.back_mut().and_then(|c| c.last_mut())
    }

    /// The place of the first element whose id is not below `id`.
    pub fn lower_bound(&self, id: Id) -> Place {
        // The last chunk that begins below `id` holds the place, or ends just before it.
        let chunk = self.chunks.partition_point(|c| c[0].id() < id).saturating_sub(1);
        let at = self.chunks.get(chunk).map_or(0, |c| c.partition_point(|e| e.id() < id));
        self.normal(Place { chunk, at })
    }

    /// The place of the last element whose id is not above `id`.
    pub fn floor(&self, id: Id) -> Option<Place> {
        let chunk = self.chunks.partition_point(|c| c[0].id() <= id).checked_sub(1)?;
        let at = self.chunks[chunk].partition_point(|e| e.id() <= id) - 1;
        Some(Place { chunk, at })
    }

    /// The place of the element with this id.
    pub fn place(&self, id: Id) -> Option<Place> {
        self.floor(id).filter(|p| self.chunks[p.chunk][p.at].id() == id)
    }

    /// The place of the first element, or the end.
    pub fn start(&self) -> Place {
        Place { chunk: 0, at: 0 }
    }

    /// The place of the last element.
    pub fn final_place(&self) -> Option<Place> {
        let chunk = self.chunks.len().checked_sub(1)?;
        Some(Place { chunk, at: self.chunks[chunk].len() - 1 })
    }

    /// The place after one that is not the end.
    pub fn after(&self, p: Place) -> Place {
        self.normal(Place { at: p.at + 1, ..p })
    }

    /// The place before this one.
    pub fn before(&self, p: Place) -> Option<Place> {
        if p.at > 0 {
            return Some(Place { at: p.at - 1, ..p });
        }
        let chunk = p.chunk.checked_sub(1)?;
        Some(Place { chunk, at: self.chunks[chunk].len() - 1 })
    }

    /// A place just behind a chunk is the beginning of the next.
    fn normal(&self, p: Place) -> Place {
        match self.chunks.get(p.chunk) {
            Some(c) if p.at == c.len() => Place { chunk: p.chunk + 1, at: 0 },
            _ => p,
        }
    }

    /// The element at a place; `None` at the end.
    #[inline]
    pub fn get(&self, p: Place) -> Option<&T> {
        self.chunks.get(p.chunk)?.get(p.at)
    }

    /// The element at a place, whose id must stay.
    pub fn get_mut(&mut self, p: Place) -> Option<&mut T> {
        self.chunks.get_mut(p.chunk)?.get_mut(p.at)
    }

    /// The element with this id.
    pub fn find(&self, id: Id) -> Option<&T> {
        self.get(self.place(id)?)
    }

    /// The element with this id, which must stay.
    pub fn find_mut(&mut self, id: Id) -> Option<&mut T> {
        let p = self.place(id)?;
        self.get_mut(p)
    }

    /// The elements from a place on.
    pub fn iter_from(&self, p: Place) -> impl Iterator<Item = &T> {
        let skipped = self.chunks.range(p.chunk.min(self.chunks.len())..);
        skipped.enumerate().flat_map(move |(n, c)| &c[if n == 0 { p.at } else { 0 }..])
    }

    /// All elements.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flatten()
    }

    /// Adds an element; false, and nothing done, if there is one with its id.
    pub fn insert(&mut self, element: T) -> bool {
        let id = element.id();
        if self.last().is_none_or(|last| last.id() < id) {
            self.append(element);
            return true;
        }
        let chunk = self.chunks.partition_point(|c| c[0].id() <= id).saturating_sub(1);
        let Err(at) = self.chunks[chunk].binary_search_by_key(&id, Keyed::id) else { return false };
        let (chunk, at) = self.make_room(chunk, at);
        self.edit(chunk, |c| {
            grow(c);
            c.insert(at, element);
        });
        self.len += 1;
        true
    }

    fn append(&mut self, element: T) {
        if self.chunks.back().is_none_or(|c| c.len() == CHUNK) {
            self.chunks.push_back(Vec::new());
        }
        self.edit(self.chunks.len() - 1, |c| {
            grow(c);
            c.push(element);
        });
        self.len += 1;
    }

    /// Splits a chunk if it is full; returns where the place in it is now.
    fn make_room(&mut self, chunk: usize, at: usize) -> (usize, usize) {
        if self.chunks[chunk].len() < CHUNK {
            return (chunk, at);
        }
        let mut rest = Vec::new();
        self.edit(chunk, |c| rest = c.split_off(CHUNK / 2));
        self.chunk_bytes += bytes_of(&rest);
        self.chunks.insert(chunk + 1, rest);
        if at <= CHUNK / 2 { (chunk, at) } else { (chunk + 1, at - CHUNK / 2) }
    }

    fn edit<R>(&mut self, chunk: usize, f: impl FnOnce(&mut Vec<T>) -> R) -> R {
        let c = &mut self.chunks[chunk];
        let before = bytes_of(c);
        let r = f(c);
        self.chunk_bytes = self.chunk_bytes + bytes_of(c) - before;
        r
    }

    /// Removes the element with this id.
    pub fn remove(&mut self, id: Id) -> Option<T> {
        let p = self.place(id)?;
        Some(self.remove_at(p))
    }

    /// The chunks, in order.
    pub fn chunks(&self) -> impl DoubleEndedIterator<Item = &[T]> {
        self.chunks.iter().map(Vec::as_slice)
    }

    /// How many chunks there are whose last element is before something, as all before it are.
    pub fn chunks_before(&self, before: impl Fn(&T) -> bool) -> usize {
        self.chunks.partition_point(|c| c.last().is_some_and(&before))
    }

    /// Takes so many chunks away from the front.
    pub fn split_front(&mut self, chunks: usize) -> Sorted<T> {
        let staying = self.chunks.split_off(chunks);
        let chunks = std::mem::replace(&mut self.chunks, staying);
        let front =
            Sorted { len: chunks.iter().map(Vec::len).sum(), chunk_bytes: chunks.iter().map(bytes_of).sum(), chunks };
        self.len -= front.len;
        self.chunk_bytes -= front.chunk_bytes;
        front
    }

    /// Removes the first element.
    pub fn pop_first(&mut self) -> Option<T> {
        (!self.is_empty()).then(|| self.remove_at(self.start()))
    }

    /// Removes the element at a place.
    ///
    /// # Panics
    /// At the end.
    pub fn remove_at(&mut self, p: Place) -> T {
        let gone = self.chunks[p.chunk].remove(p.at);
        self.len -= 1;
        let left = self.chunks[p.chunk].len();
        let next = self.chunks.get(p.chunk + 1).map_or(CHUNK, Vec::len);
        if left == 0 {
            self.drop_chunk(p.chunk);
        } else if left + next <= CHUNK / 2 {
            let mut rest = self.drop_chunk(p.chunk + 1);
            self.edit(p.chunk, |c| {
                c.reserve_exact(rest.len());
                c.append(&mut rest);
            });
        }
        gone
    }

    fn drop_chunk(&mut self, chunk: usize) -> Vec<T> {
        let gone = self.chunks.remove(chunk).expect("a chunk's number");
        self.chunk_bytes -= bytes_of(&gone);
        gone
    }

    /// Panics unless every invariant holds. For tests and fuzzers: walks everything.
    pub fn check(&self) {
        assert!(self.chunks.iter().all(|c| (1..=CHUNK).contains(&c.len())), "the length of a chunk");
        assert_eq!(self.len, self.chunks.iter().map(Vec::len).sum::<usize>(), "the length");
        assert_eq!(self.chunk_bytes, self.chunks.iter().map(bytes_of).sum::<usize>(), "the account of chunks");
        let ids: Vec<Id> = self.iter().map(Keyed::id).collect();
        assert!(ids.windows(2).all(|w| w[0] < w[1]), "the order");
    }
}

/// Makes room for one more, by doubling but never beyond a full chunk.
fn grow<T>(chunk: &mut Vec<T>) {
    if chunk.len() == chunk.capacity() {
        chunk.reserve_exact(chunk.len().clamp(1, CHUNK - chunk.len()));
    }
}

impl<T: Keyed + Clone> Clone for Sorted<T> {
    fn clone(&self) -> Sorted<T> {
        let chunks = self.chunks.clone();
        let chunk_bytes = chunks.iter().map(bytes_of).sum();
        Sorted { chunks, chunk_bytes, len: self.len }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[derive(Clone, Debug)]
    enum Step {
        Append(u64),
        Insert(u64),
        Remove(u64),
        Pop,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => (1..3u64).prop_map(Step::Append),
            4 => (0..400u64).prop_map(Step::Insert),
            2 => (0..400u64).prop_map(Step::Remove),
            1 => Just(Step::Pop),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn behaves_like_a_set(steps in prop::collection::vec(step(), 1..600), probe in 0..500u64) {
            let (mut sorted, mut model) = (Sorted::default(), BTreeSet::new());
            for s in steps {
                match s {
                    Step::Append(n) => {
                        let id = model.last().map_or(Id::MIN, |last: &Id| Id::new(last.ms + n, 0));
                        prop_assert!(sorted.insert(id));
                        model.insert(id);
                    }
                    Step::Insert(n) => prop_assert_eq!(sorted.insert(Id::new(n, 0)), model.insert(Id::new(n, 0))),
                    Step::Remove(n) => {
                        prop_assert_eq!(sorted.remove(Id::new(n, 0)).is_some(), model.remove(&Id::new(n, 0)));
                    }
                    Step::Pop => prop_assert_eq!(sorted.pop_first(), model.pop_first()),
                }
            }
            sorted.check();
            prop_assert_eq!(sorted.iter().copied().collect::<Vec<_>>(), model.iter().copied().collect::<Vec<_>>());
            let probe = Id::new(probe, 0);
            let from = sorted.lower_bound(probe);
            let ahead: Vec<Id> = sorted.iter_from(from).copied().collect();
            prop_assert_eq!(&ahead, &model.range(probe..).copied().collect::<Vec<_>>());
            prop_assert_eq!(sorted.get(from).copied(), ahead.first().copied());
            prop_assert_eq!(sorted.floor(probe).map(|p| *sorted.get(p).unwrap()), model.range(..=probe).next_back().copied());
            let mut back = Vec::new();
            let mut at = sorted.final_place();
            while let Some(p) = at {
                back.push(*sorted.get(p).unwrap());
                at = sorted.before(p);
            }
            prop_assert_eq!(back, model.iter().rev().copied().collect::<Vec<_>>());
            let copy = sorted.clone();
            copy.check();
            prop_assert_eq!(copy.len(), model.len());
        }
    }

    #[test]
    fn appending_fills_chunks() {
        let mut sorted = Sorted::default();
        (0..1000).for_each(|n| assert!(sorted.insert(Id::new(n, 0))));
        assert_eq!(sorted.chunk_count(), 1000usize.div_ceil(CHUNK));
        sorted.check();
    }
}
