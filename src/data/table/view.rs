//! Borrowed elements. The table owns only a word per element; a view is the owning handle
//! made anew from that word, and never dropped.

use std::marker::PhantomData;
use std::mem::{self, ManuallyDrop};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use super::Element;
use super::directory::Directory;
use super::slot::Slot;

/// A handle to the block of an occupied slot, not to be dropped unless the slot is emptied.
#[inline]
pub(super) fn handle<E: Element>(slot: Slot) -> ManuallyDrop<E> {
    debug_assert!(!slot.is_empty());
    // SAFETY: an occupied slot holds what `into_raw` and `tag` gave. `ManuallyDrop` keeps the
    // slot the owner.
    ManuallyDrop::new(unsafe { E::from_parts(NonNull::new_unchecked(slot.block()), slot.tag()) })
}

/// A shared borrow of an element.
pub struct View<'a, E> {
    element: ManuallyDrop<E>,
    table: PhantomData<&'a E>,
}

impl<E: Element> View<'_, E> {
    #[inline]
    pub(super) fn new(slot: Slot) -> Self {
        View { element: handle(slot), table: PhantomData }
    }
}

impl<E> Deref for View<'_, E> {
    type Target = E;

    #[inline]
    fn deref(&self) -> &E {
        &self.element
    }
}

/// An exclusive borrow of an element. Its block may be moved and its tag changed, but not
/// its key; the table learns of it when the view is dropped.
pub struct ViewMut<'a, E: Element> {
    directory: &'a mut Directory,
    /// Where the element is: some entry of its segment, and its slot there.
    entry: u32,
    at: u32,
    /// What the slot holds. Mostly an element is where it was, so only then is it written back.
    slot: Slot,
    element: ManuallyDrop<E>,
}

impl<'a, E: Element> ViewMut<'a, E> {
    #[inline]
    pub(super) fn new(directory: &'a mut Directory, entry: usize, at: usize, slot: Slot) -> Self {
        ViewMut { directory, entry: entry as u32, at: at as u32, slot, element: handle(slot) }
    }

    /// Takes the element out of the table.
    pub fn remove(self) -> E {
        let mut this = ManuallyDrop::new(self);
        let (first, at) = this.place();
        this.directory.take(first, at);
        // SAFETY: `this` is not used again, and its slot is gone.
        unsafe { ManuallyDrop::take(&mut this.element) }
    }

    /// Gives up the right to change the element; what has changed is written back.
    #[inline]
    pub fn into_view(self) -> View<'a, E> {
        View::new(ManuallyDrop::new(self).write_back())
    }

    /// The first entry of the segment, and the slot there.
    fn place(&self) -> (usize, usize) {
        (self.directory.first(self.entry as usize), self.at as usize)
    }

    /// Ends the use of the handle: tells the table where the element is now. Returns its slot.
    #[inline]
    fn write_back(&mut self) -> Slot {
        let tag = self.element.tag();
        // SAFETY: the handle is not used again; the slot owns the block from here on.
        let block = unsafe { ManuallyDrop::take(&mut self.element) }.into_raw();
        if block.as_ptr() != self.slot.block() || tag != self.slot.tag() {
            self.slot = Slot::new(self.slot.fingerprint(), block, tag);
            let (first, at) = self.place();
            self.directory.set_slot(first, at, self.slot);
        }
        self.slot
    }

    /// Puts another element with the same key in the place of this one, which is returned.
    pub fn replace(&mut self, element: E) -> E {
        debug_assert!(self.element.key() == element.key());
        mem::replace(&mut self.element, element)
    }
}

impl<E: Element> Deref for ViewMut<'_, E> {
    type Target = E;

    #[inline]
    fn deref(&self) -> &E {
        &self.element
    }
}

impl<E: Element> DerefMut for ViewMut<'_, E> {
    #[inline]
    fn deref_mut(&mut self) -> &mut E {
        &mut self.element
    }
}

impl<E: Element> Drop for ViewMut<'_, E> {
    #[inline]
    fn drop(&mut self) {
        self.write_back();
    }
}
