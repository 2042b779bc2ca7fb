//! Stream values: always an object of their own, and never gone for being empty.
//!
//! Two kinds of changes must be told apart. Adding, deleting and trimming entries concerns
//! those who watch the key or wait for it, as any change of a value does. What happens to
//! groups concerns neither: reading in a group writes to it, and if that woke others who
//! read in a group, they would wake each other for ever.

use super::{
    block::{Entry, Kind, Type},
    edit::Edit,
    event::Event,
    garbage::Garbage,
    keys::{Key, Keys},
    object::Object,
};
use crate::{
    data::{
        stream::{Log, Stream, Trim},
        table::View,
    },
    protocol::Error,
};
use std::ops::{Deref, DerefMut};

/// The stream an entry holds.
///
/// # Panics
/// If the entry is not a stream.
#[inline]
pub fn of(e: &Entry) -> &Stream {
    match e.object() {
        Some(Object::Stream(s)) => s,
        _ => panic!("not a stream"),
    }
}

/// A stream, to be changed. Close it with one of the methods that take `self`.
pub struct StreamMut<'a>(Edit<'a>);

impl Deref for StreamMut<'_> {
    type Target = Stream;

    #[inline]
    fn deref(&self) -> &Stream {
        of(self.0.entry())
    }
}

impl DerefMut for StreamMut<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Stream {
        match self.0.entry_mut().object_mut() {
            Some(Object::Stream(s)) => s,
            _ => panic!("not a stream"),
        }
    }
}

impl StreamMut<'_> {
    /// Whether this edit made the key.
    pub fn is_created(&self) -> bool {
        self.0.is_created()
    }

    /// Removes entries from the front, as [`Log::trim`] does; returns how many.
    pub fn trim(&mut self, trim: Trim, approximate: bool, limit: u64) -> u64 {
        let mut cut = Log::default();
        let gone = self.log.trim(trim, approximate, limit, &mut cut);
        if cut.node_count() > 0 {
            let cut = Stream { log: cut, ..Stream::default() };
            self.0.changes().discard_cut_off(Object::Stream(Box::new(cut)));
        }
        gone
    }

    /// Deletes a group; whether there was one.
    pub fn destroy_group(&mut self, group: &[u8]) -> bool {
        let gone = self.groups.destroy(group);
        let existed = gone.is_some();
        gone.into_iter().for_each(|group| self.0.changes().discard_part(Garbage::group(*group)));
        existed
    }

    /// Deletes a consumer of a group and what is pending for it; returns how much that was.
    pub fn delete_consumer(&mut self, group: &[u8], name: &[u8]) -> Option<usize> {
        let (pending, gone) = self.groups.get_mut(group)?.delete_consumer(name)?;
        self.0.changes().discard_part(Garbage::group(gone));
        Some(pending)
    }

    /// Whether somebody reads the journal.
    pub fn journals(&self) -> bool {
        self.0.journals()
    }

    /// Raises one more event about the key, before the edit closes.
    pub fn raise(&mut self, event: Event) {
        self.0.raise(event);
    }

    /// Has those who wait for the key look again.
    pub fn wake(&mut self) {
        self.0.wake();
    }

    /// Closes the edit: `event` happened to the entries.
    #[inline]
    pub fn changed(self, event: Event, changes: u64) {
        self.0.changed_by(event, changes);
    }

    /// Closes the edit: only groups or counters have changed, and their events have been
    /// raised.
    pub fn changed_aside(self, changes: u64) {
        self.0.changed_aside(changes);
    }
}

impl Keys<'_, '_> {
    /// The stream at `key`; see [`of`].
    ///
    /// # Errors
    /// WRONGTYPE if the key holds another type.
    #[inline]
    pub fn read_stream(&mut self, key: Key) -> Result<Option<View<'_, Entry>>, Error> {
        self.read_as(key, Type::Stream)
    }

    /// Opens the stream at `key` for change.
    ///
    /// # Errors
    /// WRONGTYPE if the key holds another type.
    #[inline]
    pub fn edit_stream(&mut self, key: Key) -> Result<Option<StreamMut<'_>>, Error> {
        Ok(self.edit_as(key, Type::Stream)?.map(StreamMut))
    }

    /// Opens the stream at `key` for change, making an empty one if there is none.
    ///
    /// # Errors
    /// WRONGTYPE if the key holds another type.
    #[inline]
    pub fn upsert_stream(&mut self, key: Key) -> Result<StreamMut<'_>, Error> {
        Ok(StreamMut(self.upsert(key, Kind::Stream)?))
    }
}

#[cfg(test)]
mod tests;
