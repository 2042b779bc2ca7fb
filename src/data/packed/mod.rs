//! A sequence of small elements in one byte string.
//!
//! Small lists, hashes, sets and sorted sets, and every node of a large list, are such
//! sequences: one allocation, no pointers, elements one after the other in listpack's
//! encoding (see [`codec`]). Unlike a listpack there is no header and no end mark: the
//! owner of the bytes knows how many there are. Two flavours:
//!
//! - `Packed<true>` puts a back length after each element, so that a list can be read and
//!   popped from its tail. These bytes are what stands between a listpack's header and its
//!   end mark.
//! - `Packed<false>` leaves it out, which saves a byte per element where nothing walks
//!   backwards.
//!
//! `Packed` is a set of functions, not a value: readers take `&[u8]`, writers a
//! [`ByteStore`]. A position is the byte offset of an element's first byte; the end is the
//! length of the bytes. Readers trust their bytes and panic on nonsense; bytes from outside
//! go through [`Packed::validate`] first.

pub mod codec;
mod item;
mod iter;
mod store;
mod validate;

#[cfg(test)]
mod tests;

pub use item::{Item, Needle};
pub use iter::Iter;
pub use store::ByteStore;
pub use validate::Malformed;

/// Bytes of a listpack that are not elements: its header of 6 and its end mark.
pub const LISTPACK_OVERHEAD: usize = 7;

/// The operations on packed bytes; `BACK` tells whether elements carry back lengths.
pub enum Packed<const BACK: bool> {}

impl<const BACK: bool> Packed<BACK> {
    /// Bytes that `item` takes in such a sequence.
    #[inline]
    pub fn size_of<'a>(item: impl Into<Item<'a>>) -> usize {
        Self::with_back(codec::size_of(item.into()))
    }

    /// The size with the back length of an element whose encoding has `size` bytes.
    #[inline]
    fn with_back(size: usize) -> usize {
        if BACK { size + codec::back_size(size) } else { size }
    }

    /// The element at `at`.
    #[inline]
    pub fn get(bytes: &[u8], at: usize) -> Item<'_> {
        codec::read(&bytes[at..]).0
    }

    /// The position after the element at `at`.
    #[inline]
    pub fn next(bytes: &[u8], at: usize) -> usize {
        at + Self::with_back(codec::size_at(&bytes[at..]))
    }

    /// All elements, in order.
    #[inline]
    pub fn iter(bytes: &[u8]) -> Iter<'_, BACK> {
        Iter::new(bytes, 0)
    }

    /// The elements from position `at` on.
    #[inline]
    pub fn iter_from(bytes: &[u8], at: usize) -> Iter<'_, BACK> {
        Iter::new(bytes, at)
    }

    /// Shows the elements from position `at` on to `f`, up to `count`; how many there were. The
    /// quickest walk: it need not know where it will end.
    #[inline]
    pub fn each<'b>(bytes: &'b [u8], at: usize, count: usize, mut f: impl FnMut(Item<'b>)) -> usize {
        let mut rest = &bytes[at..];
        for n in 0..count {
            if let Some((text, behind)) = codec::read_short(rest, usize::from(BACK)) {
                rest = behind;
                f(Item::Str(text));
                continue;
            }
            if rest.is_empty() {
                return n;
            }
            let (item, size) = codec::read(rest);
            rest = &rest[Self::with_back(size)..];
            f(item);
        }
        count
    }

    /// How many elements there are. Walks them all.
    pub fn len(bytes: &[u8]) -> usize {
        let (mut at, mut count) = (0, 0);
        while at < bytes.len() {
            at = Self::next(bytes, at);
            count += 1;
        }
        count
    }

    /// Position of the `n`-th element from the front, or the end if there are only `n`;
    /// `None` beyond that.
    pub fn nth(bytes: &[u8], n: usize) -> Option<usize> {
        let mut at = 0;
        for _ in 0..n {
            if at >= bytes.len() {
                return None;
            }
            at = Self::next(bytes, at);
        }
        Some(at)
    }

    /// Position of the first element with this text among the elements number 0, `stride`,
    /// 2 `stride` and so on (1 looks at all, 2 at the fields of field-value pairs).
    pub fn find(bytes: &[u8], text: &[u8], stride: usize) -> Option<usize> {
        let needle = Needle::new(text);
        let mut at = 0;
        while at < bytes.len() {
            let (item, size) = codec::read(&bytes[at..]);
            if needle.matches(item) {
                return Some(at);
            }
            at += Self::with_back(size);
            for _ in 1..stride {
                at = Self::next(bytes, at);
            }
        }
        None
    }

    /// Appends an element.
    #[inline]
    pub fn push_back<'a>(store: &mut impl ByteStore, item: impl Into<Item<'a>>) {
        let end = store.bytes().len();
        Self::put(store, end, 0, item.into());
    }

    /// Puts an element before all others.
    #[inline]
    pub fn push_front<'a>(store: &mut impl ByteStore, item: impl Into<Item<'a>>) {
        Self::put(store, 0, 0, item.into());
    }

    /// Puts an element at position `at`, before the one that is there (or at the end).
    #[inline]
    pub fn insert<'a>(store: &mut impl ByteStore, at: usize, item: impl Into<Item<'a>>) {
        Self::put(store, at, 0, item.into());
    }

    /// Puts another element in place of the one at `at`.
    #[inline]
    pub fn replace<'a>(store: &mut impl ByteStore, at: usize, item: impl Into<Item<'a>>) {
        let old = Self::next(store.bytes(), at) - at;
        Self::put(store, at, old, item.into());
    }

    /// Removes up to `n` elements from position `at` on; returns how many there were.
    pub fn remove(store: &mut impl ByteStore, at: usize, n: usize) -> usize {
        let bytes = store.bytes();
        let (mut end, mut removed) = (at, 0);
        while removed < n && end < bytes.len() {
            end = Self::next(bytes, end);
            removed += 1;
        }
        store.splice(at, end - at, 0);
        removed
    }

    /// Writes `item` over the `remove` bytes at `at`.
    #[inline]
    fn put(store: &mut impl ByteStore, at: usize, remove: usize, item: Item<'_>) {
        let gap = store.splice(at, remove, Self::with_back(codec::size_of(item)));
        let size = codec::write(item, gap);
        if BACK {
            codec::write_back(size, &mut gap[size..]);
        }
    }

    /// What a listpack of the same elements would measure, header and end mark included.
    /// Configured thresholds count these bytes. Constant time with back lengths, else a walk.
    pub fn listpack_bytes(bytes: &[u8]) -> usize {
        let mut total = LISTPACK_OVERHEAD + bytes.len();
        if !BACK {
            let mut at = 0;
            while at < bytes.len() {
                let size = codec::size_at(&bytes[at..]);
                total += codec::back_size(size);
                at += size;
            }
        }
        total
    }
}

impl Packed<true> {
    /// The position before `at` (an element's or the end), unless `at` is the first.
    #[inline]
    pub fn prev(bytes: &[u8], at: usize) -> Option<usize> {
        if at == 0 {
            return None;
        }
        let size = codec::read_back(&bytes[..at]);
        Some(at - codec::back_size(size) - size)
    }

    /// Position of the last element.
    #[inline]
    pub fn last(bytes: &[u8]) -> Option<usize> {
        Self::prev(bytes, bytes.len())
    }

    /// Position of the `n`-th element from the tail; 0 is the last one.
    pub fn nth_back(bytes: &[u8], n: usize) -> Option<usize> {
        let mut at = bytes.len();
        for _ in 0..=n {
            at = Self::prev(bytes, at)?;
        }
        Some(at)
    }
}
