//! One field of a large hash: a thin pointer to the only heap block it needs.
//!
//! ```text
//! | flags | field len | value len | expiry, 6 bytes, if any | field | value |
//! ```
//!
//! The two lengths take a byte each if both fit, else four each. So a field of 16 bytes
//! with a value of 3 is 22 bytes, 28 with an expiry: both are served from the allocator's
//! 32. A block is requested with its size class, not its bare size: so the size to free it
//! with follows from its header alone, and a value may be overwritten in place by any other
//! that leads to the same class.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::{self, NonNull};
use std::slice;

use crate::data::alloc::size_class;
use crate::data::table::{Element, View};

/// Set when the lengths take four bytes each.
const LONG: u8 = 1;
/// Set when there is an expiry.
const EXPIRES: u8 = 2;
const EXPIRY_BYTES: usize = 6;
/// The latest time an expiry can tell: in the year 10889.
pub const MAX_EXPIRY_MS: u64 = (1 << 48) - 1;
/// The table's mark for fields with an expiry.
const TAG_EXPIRES: u8 = 1;

/// A field name, its value, and perhaps when it expires.
pub(super) struct Field(NonNull<u8>);

// SAFETY: a field owns its block alone, as a `Box` would.
unsafe impl Send for Field {}
// SAFETY: nothing in a block changes behind a shared reference.
unsafe impl Sync for Field {}

/// What a field holds, borrowed from the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The field's name.
    pub field: &'a [u8],
    /// Its value.
    pub value: &'a [u8],
    /// When it expires, in Unix milliseconds.
    pub expiry_ms: Option<u64>,
}

impl Entry<'_> {
    /// Whether the field has expired at `now_ms`. It has not in its very last millisecond.
    #[inline]
    pub fn is_due(&self, now_ms: u64) -> bool {
        is_due(self.expiry_ms, now_ms)
    }
}

/// The one rule for when an expiry has passed.
#[inline]
pub(super) fn is_due(expiry_ms: Option<u64>, now_ms: u64) -> bool {
    expiry_ms.is_some_and(|at| at < now_ms)
}

/// Where things are in a block. Offsets and lengths in bytes.
#[derive(Clone, Copy)]
struct Shape {
    flags: u8,
    field_len: usize,
    value_len: usize,
}

impl Shape {
    fn of(field_len: usize, value_len: usize, expires: bool) -> Shape {
        let longest = field_len.max(value_len);
        assert!(longest <= u32::MAX as usize, "a hash field or value is at most 4 GiB long");
        let long = if longest > usize::from(u8::MAX) { LONG } else { 0 };
        Shape { flags: long | if expires { EXPIRES } else { 0 }, field_len, value_len }
    }

    #[inline]
    fn expires(self) -> bool {
        self.flags & EXPIRES != 0
    }

    #[inline]
    fn expiry_at(self) -> usize {
        if self.flags & LONG != 0 { 9 } else { 3 }
    }

    #[inline]
    fn field_at(self) -> usize {
        self.expiry_at() + if self.expires() { EXPIRY_BYTES } else { 0 }
    }

    #[inline]
    fn value_at(self) -> usize {
        self.field_at() + self.field_len
    }

    /// Bytes in use.
    #[inline]
    fn used(self) -> usize {
        self.value_at() + self.value_len
    }

    /// Bytes of the block.
    #[inline]
    fn size(self) -> usize {
        size_class(self.used())
    }

    fn layout(self) -> Layout {
        Layout::from_size_align(self.size(), 8).expect("a block is far smaller than the address space")
    }

    /// Writes the head of a block but for the expiry.
    fn write(self, block: &mut [u8]) {
        block[0] = self.flags;
        if self.flags & LONG != 0 {
            block[1..5].copy_from_slice(&(self.field_len as u32).to_le_bytes());
            block[5..9].copy_from_slice(&(self.value_len as u32).to_le_bytes());
        } else {
            block[1] = self.field_len as u8;
            block[2] = self.value_len as u8;
        }
    }
}

impl Field {
    /// A field in a block of its own. An expiry is at most `MAX_EXPIRY_MS`.
    pub fn new(field: &[u8], value: &[u8], expiry_ms: Option<u64>) -> Field {
        let shape = Shape::of(field.len(), value.len(), expiry_ms.is_some());
        let layout = shape.layout();
        // SAFETY: the head alone makes the layout's size greater than 0.
        let block = unsafe { alloc(layout) };
        let Some(block) = NonNull::new(block) else { handle_alloc_error(layout) };
        // SAFETY: head, field, value and the unused rest follow each other and make up the
        // `layout.size()` bytes of the block, which is new and so overlaps nothing.
        unsafe {
            let at = |offset: usize| block.as_ptr().add(offset);
            ptr::write_bytes(at(0), 0, shape.field_at());
            ptr::copy_nonoverlapping(field.as_ptr(), at(shape.field_at()), field.len());
            ptr::copy_nonoverlapping(value.as_ptr(), at(shape.value_at()), value.len());
            ptr::write_bytes(at(shape.used()), 0, layout.size() - shape.used());
        }
        let mut made = Field(block);
        let bytes = made.bytes_mut(shape);
        shape.write(bytes);
        if let Some(at) = expiry_ms {
            write_expiry(bytes, shape, at);
        }
        made
    }

    #[inline]
    fn shape(&self) -> Shape {
        let p = self.0.as_ptr();
        // SAFETY: `new` makes blocks of at least 8 bytes, and of at least 16 with `LONG`.
        unsafe {
            let flags = *p;
            let (field_len, value_len) = if flags & LONG != 0 {
                let len = |at: usize| u32::from_le(p.add(at).cast::<u32>().read_unaligned()) as usize;
                (len(1), len(5))
            } else {
                (usize::from(*p.add(1)), usize::from(*p.add(2)))
            };
            Shape { flags, field_len, value_len }
        }
    }

    #[inline]
    fn bytes(&self, shape: Shape) -> &[u8] {
        // SAFETY: the block is at least as long as what its head says is in use.
        unsafe { slice::from_raw_parts(self.0.as_ptr(), shape.used()) }
    }

    fn bytes_mut(&mut self, shape: Shape) -> &mut [u8] {
        // SAFETY: as in `bytes`; all of the block was written when it was made.
        unsafe { slice::from_raw_parts_mut(self.0.as_ptr(), shape.size()) }
    }

    /// Everything the block tells.
    #[inline]
    pub fn entry(&self) -> Entry<'_> {
        let shape = self.shape();
        let bytes = self.bytes(shape);
        Entry {
            field: &bytes[shape.field_at()..shape.value_at()],
            value: &bytes[shape.value_at()..],
            expiry_ms: read_expiry(bytes, shape),
        }
    }

    /// What an element of a table holds, for as long as the table is borrowed.
    #[inline]
    pub fn lend<'a>(view: View<'a, Field>) -> Entry<'a> {
        let Entry { field, value, expiry_ms } = view.entry();
        // SAFETY: the slices lie in the block, not in the handle, and the block stays as it
        // is while the table is borrowed, which is for `'a`.
        unsafe {
            Entry {
                field: slice::from_raw_parts(field.as_ptr(), field.len()),
                value: slice::from_raw_parts(value.as_ptr(), value.len()),
                expiry_ms,
            }
        }
    }

    /// When the field expires.
    #[inline]
    pub fn expiry_ms(&self) -> Option<u64> {
        let shape = self.shape();
        read_expiry(self.bytes(shape), shape)
    }

    /// Heap bytes of the block.
    #[inline]
    pub fn heap_bytes(&self) -> usize {
        self.shape().size()
    }

    /// Changes value and expiry, in place if the block can stay; if not, returns the heap bytes
    /// before and after.
    pub fn update(&mut self, value: &[u8], expiry_ms: Option<u64>) -> Option<(usize, usize)> {
        let old = self.shape();
        let new = Shape::of(old.field_len, value.len(), expiry_ms.is_some());
        if new.flags != old.flags || new.used() != old.used() && new.size() != old.size() {
            *self = Field::new(self.key(), value, expiry_ms);
            return Some((old.size(), self.heap_bytes()));
        }
        let bytes = self.bytes_mut(new);
        new.write(bytes);
        bytes[new.value_at()..new.used()].copy_from_slice(value);
        if let Some(at) = expiry_ms {
            write_expiry(bytes, new, at);
        }
        None
    }

    /// Changes the expiry only.
    pub fn set_expiry(&mut self, expiry_ms: Option<u64>) {
        let shape = self.shape();
        match expiry_ms {
            Some(at) if shape.expires() => write_expiry(self.bytes_mut(shape), shape, at),
            None if !shape.expires() => {}
            _ => {
                let entry = self.entry();
                *self = Field::new(entry.field, entry.value, expiry_ms);
            }
        }
    }
}

impl Drop for Field {
    fn drop(&mut self) {
        // SAFETY: the block was made with the layout that its head still tells.
        unsafe { dealloc(self.0.as_ptr(), self.shape().layout()) }
    }
}

impl Element for Field {
    fn into_raw(self) -> NonNull<u8> {
        std::mem::ManuallyDrop::new(self).0
    }

    unsafe fn from_raw(p: NonNull<u8>) -> Self {
        Field(p)
    }

    #[inline]
    fn key(&self) -> &[u8] {
        let shape = self.shape();
        &self.bytes(shape)[shape.field_at()..shape.value_at()]
    }

    fn tag(&self) -> u8 {
        if self.shape().expires() { TAG_EXPIRES } else { 0 }
    }
}

fn read_expiry(bytes: &[u8], shape: Shape) -> Option<u64> {
    shape.expires().then(|| {
        let mut le = [0; 8];
        le[..EXPIRY_BYTES].copy_from_slice(&bytes[shape.expiry_at()..][..EXPIRY_BYTES]);
        u64::from_le_bytes(le)
    })
}

fn write_expiry(bytes: &mut [u8], shape: Shape, at: u64) {
    assert!(at <= MAX_EXPIRY_MS, "an expiry has 48 bits");
    bytes[shape.expiry_at()..][..EXPIRY_BYTES].copy_from_slice(&at.to_le_bytes()[..EXPIRY_BYTES]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn short_fields_fit_small_classes() {
        assert_eq!(Field::new(&[b'f'; 16], b"abc", None).heap_bytes(), 24);
        assert_eq!(Field::new(&[b'f'; 16], b"abc", Some(MAX_EXPIRY_MS)).heap_bytes(), 32);
        assert_eq!(Field::new(b"", b"", None).heap_bytes(), 8);
    }

    #[test]
    fn a_value_of_the_same_class_is_overwritten_in_place() {
        let mut f = Field::new(b"field", b"0123456789", None);
        let block = f.0;
        f.update(b"abcdefghijklmnop", None);
        assert_eq!((f.0, f.entry().value), (block, b"abcdefghijklmnop".as_slice()));
        f.update(&[b'x'; 300], None);
        assert_ne!(f.0, block);
        assert_eq!(f.entry().value, [b'x'; 300]);
    }

    fn part() -> impl Strategy<Value = Vec<u8>> {
        let lengths = prop_oneof![0usize..20, 254usize..258, 1000usize..1002];
        lengths.prop_flat_map(|n| prop::collection::vec(any::<u8>(), n))
    }

    fn expiry() -> impl Strategy<Value = Option<u64>> {
        prop::option::of(prop_oneof![Just(0), 0..MAX_EXPIRY_MS, Just(MAX_EXPIRY_MS)])
    }

    proptest! {
        #[test]
        fn holds_what_was_put(field in part(), changes in prop::collection::vec((prop::option::of(part()), expiry()), 1..8)) {
            let mut f = Field::new(&field, b"first", None);
            let mut value = b"first".to_vec();
            for (new_value, expiry_ms) in changes {
                match new_value {
                    Some(new_value) => {
                        f.update(&new_value, expiry_ms);
                        value = new_value;
                    }
                    None => f.set_expiry(expiry_ms),
                }
                prop_assert_eq!(f.entry(), Entry { field: &field, value: &value, expiry_ms });
                prop_assert_eq!(f.expiry_ms(), expiry_ms);
                prop_assert_eq!(f.key(), field.as_slice());
                prop_assert_eq!(f.tag() != 0, expiry_ms.is_some());
                // SAFETY: straight from `into_raw`.
                f = unsafe { Field::from_raw(f.into_raw()) };
            }
        }
    }
}
