//! Every invariant of a table, checked by looking at every slot.

use super::directory::{CALLER_BITS, Directory};
use super::segment::Segment;
use super::slot::WIDTH;
use super::view::handle;
use super::{Element, Table};
use crate::data::alloc::size_class;

impl<E: Element> Table<E> {
    /// Panics if anything is out of order.
    pub fn check(&self) {
        let directory = &self.directory;
        assert_eq!(directory.entries().len(), 1 << directory.bits);
        let (mut len, mut deepest, mut bytes) = (0, 0, directory.own_bytes());
        let mut tags = vec![0; directory.entries().len()];
        let mut first = 0;
        while first < directory.entries().len() {
            let segment = &directory.entries()[first];
            check_copies(directory, first);
            tags[first] = self.check_segment(first, segment);
            len += segment.len as usize;
            deepest += u32::from(segment.depth == directory.bits);
            bytes += size_class(64 * segment.n());
            assert!(directory.oversize || segment.n() <= super::directory::SPLIT);
            first = directory.after(first);
        }
        assert_eq!(len, self.len());
        assert_eq!(deepest, directory.deepest());
        assert_eq!(bytes, self.heap_bytes());
        let having = |bit| self.iter().filter(|e| e.tag() >> bit & 1 == 1).count();
        directory.tags.check(&tags, std::array::from_fn(having));
    }

    /// Checks one segment's elements and returns how many are tagged.
    fn check_segment(&self, first: usize, segment: &Segment) -> u32 {
        let (mut len, mut tagged) = (0, 0);
        for (at, bucket) in segment.buckets().iter().enumerate() {
            for (i, slot) in bucket.slots.iter().enumerate() {
                assert_eq!(slot.is_empty(), i >= bucket.len(), "elements stand at the front");
                if slot.is_empty() {
                    continue;
                }
                let element = handle::<E>(*slot);
                let hash = element.hash(self.key);
                assert_eq!(slot.fingerprint(), hash as u16);
                assert_eq!(slot.tag(), element.tag());
                let entry = self.directory.index(hash);
                assert_eq!(self.directory.first(entry), first, "{hash:#x} << {CALLER_BITS}");
                let mut walk = segment.home(slot.fingerprint());
                while walk != at {
                    assert!(segment.buckets()[walk].is_full(), "a search would stop early");
                    walk = segment.next(walk);
                }
                len += 1;
                tagged += u32::from(slot.tag() != 0);
            }
        }
        assert_eq!(len, segment.len);
        assert!(len as usize <= segment.n() * WIDTH);
        tagged
    }
}

/// Checks that all entries of a segment agree.
fn check_copies(directory: &Directory, first: usize) {
    let entries = directory.entries();
    for entry in first..directory.after(first) {
        assert_eq!(entries[entry].buckets().as_ptr(), entries[first].buckets().as_ptr());
        assert_eq!(entries[entry].n(), entries[first].n());
        assert_eq!(entries[entry].depth, entries[first].depth);
        assert!(entry == first || entries[entry].len == 0);
        assert_eq!(directory.first(entry), first);
    }
}
