//! A hash table that grows without a pause and without doubling its memory.
//!
//! Elements are owning handles to heap blocks that hold their own key; the table keeps one
//! word for each and nothing else. The words lie in segments of at most some 900 slots
//! (`segment`), found through a directory indexed by leading bits of the hash
//! (`directory`). What a word says about its element, and how eight of them are searched
//! at once, is in `slot`.
//!
//! A lookup costs three dependent accesses: directory entry, bucket, block. A miss costs
//! two. Growth happens one segment at a time: its array goes up by a step of 14 to 25 per
//! cent, which touches no block, until it is split in two, which touches some 800. So the
//! slots are 75 to 94 per cent full at every size, and no insertion waits for more than
//! one segment.
//!
//! The hash travels with the call: callers compute it once with the same [`HashKey`] the
//! table was made with.

#[cfg(any(test, fuzzing))]
mod check;
mod directory;
mod into_iter;
mod iter;
mod random;
mod scan;
mod segment;
mod slot;
mod tags;
mod view;

#[cfg(test)]
mod tests;

use std::marker::PhantomData;
use std::ptr::NonNull;

pub use into_iter::IntoIter;
pub use iter::Iter;
pub use view::{View, ViewMut};

use crate::base::bytes::same;
use crate::base::hash::HashKey;
use crate::data::prefetch;
use directory::Directory;
use segment::Segment;
use slot::{AHEAD, Slot};
use view::handle;

/// An owning handle to one heap block that holds its key: pointer sized, the address a
/// multiple of 8 and below 2^48.
///
/// The table makes handles anew from the block's address whenever it lends an element, and
/// several may exist at once, only one of which is ever used to change the block or is
/// dropped. So a handle should keep a `NonNull` and not a `Box`.
pub trait Element: Sized {
    /// Gives the block away.
    fn into_raw(self) -> NonNull<u8>;

    /// Takes the block back.
    ///
    /// # Safety
    /// `p` came from `into_raw` and is not used again.
    unsafe fn from_raw(p: NonNull<u8>) -> Self;

    /// Takes the block back, for handles to which the tag says how to read it.
    ///
    /// # Safety
    /// As for `from_raw`; `tag` is what [`Element::tag`] said before.
    #[inline]
    unsafe fn from_parts(p: NonNull<u8>, tag: u8) -> Self {
        let _ = tag;
        // SAFETY: promised by the caller.
        unsafe { Self::from_raw(p) }
    }

    /// What the element is found by. Never changes while it is in a table.
    fn key(&self) -> &[u8];

    /// Three bits the table keeps beside the pointer, so that scans for them need not touch
    /// the block.
    fn tag(&self) -> u8;

    /// The hash of the key.
    #[inline]
    fn hash(&self, key: HashKey) -> u64 {
        key.hash(self.key())
    }
}

/// The hash table. See the head of this module.
pub struct Table<E: Element> {
    key: HashKey,
    directory: Directory,
    elements: PhantomData<E>,
}

// SAFETY: the table owns its arrays and elements, and lends elements only along with borrows
// of itself.
unsafe impl<E: Element + Send> Send for Table<E> {}
// SAFETY: as above; nothing changes behind a shared borrow.
unsafe impl<E: Element + Sync> Sync for Table<E> {}

impl<E: Element> Table<E> {
    /// An empty table, which has allocated nothing.
    pub const fn new(key: HashKey) -> Self {
        Table { key, directory: Directory::new(), elements: PhantomData }
    }

    /// Number of elements.
    #[inline]
    pub fn len(&self) -> usize {
        self.directory.len
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of elements whose tag has this bit, one of the three.
    pub fn tagged_with(&self, bit: u8) -> usize {
        self.directory.tags.with_bit(bit.trailing_zeros() as usize)
    }

    /// Number of elements whose tag is not 0.
    #[inline]
    pub fn tagged(&self) -> usize {
        self.directory.tags.total()
    }

    /// Bytes of the table's own arrays, as the allocator rounds them, without the blocks of
    /// the elements.
    #[inline]
    pub fn heap_bytes(&self) -> usize {
        self.directory.heap_bytes
    }

    /// The element with this key. `hash` is the key's hash.
    #[inline]
    pub fn get(&self, hash: u64, key: &[u8]) -> Option<View<'_, E>> {
        let segment = self.directory.segment(hash);
        let (_, slot) = find::<E>(segment, hash, key)?;
        Some(View::new(slot))
    }

    /// The element with this key, to be changed or removed.
    #[inline(always)]
    pub fn get_mut(&mut self, hash: u64, key: &[u8]) -> Option<ViewMut<'_, E>> {
        let i = self.directory.index(hash);
        let (at, slot) = find::<E>(&self.directory.entries()[i], hash, key)?;
        Some(ViewMut::new(&mut self.directory, i, at, slot))
    }

    /// Adds an element whose key is not in the table yet.
    #[inline]
    pub fn insert(&mut self, hash: u64, element: E) -> ViewMut<'_, E> {
        debug_assert_eq!(hash, element.hash(self.key), "a hash made with another key");
        debug_assert!(self.get(hash, element.key()).is_none(), "the key is there already");
        let key = self.key;
        let first = self.directory.reserve(hash, &|segment, each| rehash::<E>(key, segment, each));
        let tag = element.tag();
        let slot = Slot::new(hash as u16, element.into_raw(), tag);
        let at = self.directory.place(first, slot);
        ViewMut::new(&mut self.directory, first, at, slot)
    }

    /// The element with this key, which `make` makes if there is none; also whether it did.
    #[inline(always)]
    pub fn get_or_insert_with(&mut self, hash: u64, key: &[u8], make: impl FnOnce() -> E) -> (ViewMut<'_, E>, bool) {
        let i = self.directory.index(hash);
        match find::<E>(&self.directory.entries()[i], hash, key) {
            Some((at, slot)) => (ViewMut::new(&mut self.directory, i, at, slot), false),
            None => (self.insert_made(hash, make()), true),
        }
    }

    /// [`Table::insert`], apart from where most elements are found.
    #[inline(never)]
    fn insert_made(&mut self, hash: u64, element: E) -> ViewMut<'_, E> {
        self.insert(hash, element)
    }

    /// Takes the element with this key out.
    #[inline]
    pub fn remove(&mut self, hash: u64, key: &[u8]) -> Option<E> {
        self.get_mut(hash, key).map(ViewMut::remove)
    }

    /// A hint that the bucket for this hash is needed soon.
    #[inline]
    pub fn prefetch_bucket(&self, hash: u64) {
        self.directory.segment(hash).prefetch_bucket(hash as u16);
    }

    /// A hint that the likeliest block for this hash is needed soon. Reads the bucket,
    /// which should have been prefetched.
    #[inline]
    pub fn prefetch_block(&self, hash: u64) {
        self.directory.segment(hash).prefetch_block(hash as u16);
    }

    /// All elements, in no particular order.
    pub fn iter(&self) -> Iter<'_, E> {
        Iter::new(&self.directory)
    }

    /// Drops all elements and frees all memory, in one go.
    pub fn clear(&mut self) {
        *self = Table::new(self.key);
    }
}

impl<E: Element> Drop for Table<E> {
    fn drop(&mut self) {
        drop(self.take_apart());
    }
}

/// The slot of the element with this key in the segment for its hash, and the slot's index.
#[inline]
fn find<E: Element>(segment: &Segment, hash: u64, key: &[u8]) -> Option<(usize, Slot)> {
    segment.find(hash as u16, |slot| same(handle::<E>(slot).key(), key))
}

/// Hands every element of a segment on, together with its hash.
fn rehash<E: Element>(key: HashKey, segment: &Segment, each: &mut dyn FnMut(Slot, u64)) {
    for slot in prefetched(segment) {
        each(slot, handle::<E>(slot).hash(key));
    }
}

/// The elements of a segment whose blocks are all to be touched, each some time before.
fn prefetched(segment: &Segment) -> impl Iterator<Item = Slot> {
    let slots = segment.slots();
    let ahead = slots.iter().skip(AHEAD).map(Some).chain(std::iter::repeat(None));
    slots.iter().zip(ahead).filter_map(|(slot, ahead)| {
        if let Some(soon) = ahead {
            prefetch::for_read(soon.block());
        }
        (!slot.is_empty()).then_some(*slot)
    })
}
