//! One allocation per key: header, key, value and optional expiry in one block.
//!
//! ```text
//! byte 0      kind (what the payload is)
//! byte 1      flags: expiry present, wide lengths and expiry, string history, epoch
//! bytes 2..5  access clock, 24 bits (LRU seconds, or LFU minutes and counter)
//! then        key length     1 byte, or 4 when WIDE_KEY
//!             payload length 1 byte, or 4 when WIDE_PAYLOAD
//!             expiry         6 bytes, unix ms, when EXPIRES; 8 when also WIDE_EXPIRY
//!             key bytes, payload bytes
//! ```
//!
//! The block's capacity is always the size class of what it holds, so its layout can be
//! recomputed from the header, a payload grows in place inside its class, and the memory
//! account is a pure function of content. A value too large or too rich for a byte string
//! lives in a boxed [`Object`] and the payload is its address.

use super::object::Object;
use crate::{
    base::time::Wall,
    data::{alloc::size_class, packed::ByteStore, table::Element},
};
use std::{
    alloc::{Layout, alloc, dealloc, handle_alloc_error, realloc},
    ptr::NonNull,
};

/// What a payload is: the type and its encoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Kind {
    /// A string that is a canonical 64-bit integer; the payload is its 8 bytes.
    StrInt = 0,
    /// A string; the payload is its text.
    StrInline = 1,
    /// A string in an [`Object`].
    StrLarge = 2,
    /// A list; the payload is a count and packed elements with back-lengths.
    ListPacked = 3,
    /// A list in an [`Object`].
    ListNodes = 4,
    /// A hash; the payload is packed field, value, field, value ...
    HashPacked = 5,
    /// A hash in an [`Object`].
    HashTable = 6,
    /// A set; the payload is sorted integers.
    SetInts = 7,
    /// A set; the payload is packed members.
    SetPacked = 8,
    /// A set in an [`Object`].
    SetTable = 9,
    /// A sorted set; the payload is packed member, score, member, score ...
    ZsetPacked = 10,
    /// A sorted set in an [`Object`].
    ZsetTree = 11,
    /// A stream; always in an [`Object`].
    Stream = 12,
}

/// A value's type as clients see it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Type {
    String,
    List,
    Hash,
    Set,
    ZSet,
    Stream,
}

impl Type {
    /// The name TYPE replies.
    pub const fn name(self) -> &'static str {
        match self {
            Type::String => "string",
            Type::List => "list",
            Type::Hash => "hash",
            Type::Set => "set",
            Type::ZSet => "zset",
            Type::Stream => "stream",
        }
    }
}

impl Kind {
    const ALL: &[Kind] = &[
        Kind::StrInt,
        Kind::StrInline,
        Kind::StrLarge,
        Kind::ListPacked,
        Kind::ListNodes,
        Kind::HashPacked,
        Kind::HashTable,
        Kind::SetInts,
        Kind::SetPacked,
        Kind::SetTable,
        Kind::ZsetPacked,
        Kind::ZsetTree,
        Kind::Stream,
    ];

    /// Kinds by their numbers, of which some are free.
    const BY_NUMBER: [Kind; 16] = {
        let (mut table, mut i) = ([Kind::StrInt; 16], 0);
        while i < Kind::ALL.len() {
            table[Kind::ALL[i] as usize] = Kind::ALL[i];
            i += 1;
        }
        table
    };

    pub const fn type_of(self) -> Type {
        match self {
            Kind::StrInt | Kind::StrInline | Kind::StrLarge => Type::String,
            Kind::ListPacked | Kind::ListNodes => Type::List,
            Kind::HashPacked | Kind::HashTable => Type::Hash,
            Kind::SetInts | Kind::SetPacked | Kind::SetTable => Type::Set,
            Kind::ZsetPacked | Kind::ZsetTree => Type::ZSet,
            Kind::Stream => Type::Stream,
        }
    }

    /// Payload bytes of a packed collection without elements; they are zeros.
    pub const fn empty_bytes(self) -> usize {
        match self {
            Kind::ListPacked => super::list::COUNT_BYTES,
            _ => 0,
        }
    }

    /// Whether a payload may be that of a collection without elements.
    const fn may_be_empty(self) -> bool {
        matches!(self, Kind::ListPacked | Kind::HashPacked | Kind::SetInts | Kind::SetPacked | Kind::ZsetPacked)
    }

    /// Whether the payload is the address of an [`Object`].
    pub const fn is_object(self) -> bool {
        matches!(
            self,
            Kind::StrLarge | Kind::ListNodes | Kind::HashTable | Kind::SetTable | Kind::ZsetTree | Kind::Stream
        )
    }
}

const EXPIRES: u8 = 1;
const WIDE_KEY: u8 = 2;
const WIDE_PAYLOAD: u8 = 4;
const RAW: u8 = 8;
const FIELDS_EXPIRE: u8 = 16;
/// The expiry does not fit into six bytes: it lies beyond the year 10000.
const WIDE_EXPIRY: u8 = 32;
/// Parity of the snapshot epoch the value was last saved or changed in; see `epoch`.
const EPOCH: u8 = 64;
const FIXED: usize = 5;
const EXPIRY_BYTES: usize = 6;

/// Slot tag: the key has an expiry.
pub const TAG_EXPIRES: u8 = 1;
/// Slot tag: the key is a hash some of whose fields expire.
pub const TAG_FIELDS_EXPIRE: u8 = 2;

/// The flags that the length of a block's header depends on.
const WIDTHS: u8 = EXPIRES | WIDE_KEY | WIDE_PAYLOAD | WIDE_EXPIRY;
/// Bytes of the header with these flags.
const KEY_AT: [u8; WIDTHS as usize + 1] = {
    let (mut table, mut flags) = ([0; WIDTHS as usize + 1], 0);
    while flags <= WIDTHS {
        let s = Shape { flags, key_len: 0, payload_len: 0 };
        table[flags as usize] = (s.expiry_at() + s.expiry_len()) as u8;
        flags += 1;
    }
    table
};

/// The flags that say how an expiry is kept.
fn expiry_flags(at_ms: Option<u64>) -> u8 {
    match at_ms {
        None => 0,
        Some(at) if at < 1 << (8 * EXPIRY_BYTES) => EXPIRES,
        Some(_) => EXPIRES | WIDE_EXPIRY,
    }
}

/// Where the parts of a block lie.
#[derive(Clone, Copy)]
struct Shape {
    flags: u8,
    key_len: usize,
    payload_len: usize,
}

impl Shape {
    /// `keep` are the flags of a former shape, of which those that describe the value and
    /// the expiry are taken over.
    fn new(keep: u8, key_len: usize, payload_len: usize) -> Shape {
        assert!(key_len <= u32::MAX as usize && payload_len <= u32::MAX as usize);
        let mut flags = keep & (RAW | FIELDS_EXPIRE | EXPIRES | WIDE_EXPIRY | EPOCH);
        if key_len > 255 {
            flags |= WIDE_KEY;
        }
        if payload_len > 255 {
            flags |= WIDE_PAYLOAD;
        }
        Shape { flags, key_len, payload_len }
    }

    #[inline]
    const fn payload_len_at(self) -> usize {
        FIXED + if self.flags & WIDE_KEY != 0 { 4 } else { 1 }
    }

    #[inline]
    const fn expiry_at(self) -> usize {
        self.payload_len_at() + if self.flags & WIDE_PAYLOAD != 0 { 4 } else { 1 }
    }

    #[inline]
    const fn expiry_len(self) -> usize {
        match self.flags & (EXPIRES | WIDE_EXPIRY) {
            0 => 0,
            EXPIRES => EXPIRY_BYTES,
            _ => 8,
        }
    }

    /// Bytes before the key, which the flags alone tell: looked up, because every access to a
    /// value asks.
    #[inline]
    fn key_at(self) -> usize {
        usize::from(KEY_AT[usize::from(self.flags & WIDTHS)])
    }

    #[inline]
    fn payload_at(self) -> usize {
        self.key_at() + self.key_len
    }

    #[inline]
    fn total(self) -> usize {
        self.payload_at() + self.payload_len
    }

    fn layout(self) -> Layout {
        // 8-aligned: the table keeps three tag bits in the address.
        Layout::from_size_align(size_class(self.total()), 8).expect("a block is below isize::MAX")
    }
}

/// What an entry weighs, before its block is rounded to a size class: most edits leave it as it
/// was, which is told without rounding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Weight {
    block_bytes: usize,
    /// Heap bytes of the object, 0 if there is none.
    object_bytes: usize,
}

impl Weight {
    /// Heap bytes, in size classes.
    #[inline]
    pub fn heap_bytes(self) -> usize {
        size_class(self.block_bytes) + self.object_bytes
    }
}

/// An owning handle to one key's block.
pub struct Entry(NonNull<u8>);

// SAFETY: an entry owns its block and everything in it is plain data or a `Send` object.
unsafe impl Send for Entry {}

impl Entry {
    /// A block for `key` with a payload of `payload_len` zeros to be filled
    /// through [`Entry::payload_mut`]. Not for kinds that hold an object.
    pub fn new(kind: Kind, key: &[u8], payload_len: usize, expiry_ms: Option<u64>) -> Entry {
        assert!(!kind.is_object());
        Entry::raw_new(kind, key, payload_len, expiry_ms)
    }

    /// A block with a collection that has no element yet.
    pub fn empty(kind: Kind, key: &[u8]) -> Entry {
        match kind {
            Kind::Stream => Entry::with_object(key, Object::Stream(Box::default()), None),
            _ => Entry::new(kind, key, kind.empty_bytes(), None),
        }
    }

    /// A block whose value is `object`.
    pub fn with_object(key: &[u8], object: Object, expiry_ms: Option<u64>) -> Entry {
        let mut e = Entry::raw_new(object.kind(), key, 8, expiry_ms);
        e.store_object(object);
        e
    }

    fn raw_new(kind: Kind, key: &[u8], payload_len: usize, expiry_ms: Option<u64>) -> Entry {
        let shape = Shape::new(expiry_flags(expiry_ms), key.len(), payload_len);
        let layout = shape.layout();
        // SAFETY: the layout is not empty (the header alone is 7 bytes).
        let Some(p) = NonNull::new(unsafe { alloc(layout) }) else { handle_alloc_error(layout) };
        let mut e = Entry(p);
        e.write_header(kind, shape, 0);
        if let Some(at) = expiry_ms {
            e.write_expiry(shape, at);
        }
        // SAFETY: the block was allocated for `shape`, which holds the key at `key_at`.
        unsafe { p.add(shape.key_at()).copy_from_nonoverlapping(NonNull::from(key).cast(), key.len()) };
        e.zero_payload(shape, 0);
        e
    }

    /// Gives payload bytes from `from` on a value, because memory that has none may not be
    /// borrowed as bytes; all short of [`super::string::LARGE`] or so.
    #[inline]
    fn zero_payload(&mut self, s: Shape, from: usize) {
        // SAFETY: the payload is part of the shape the block was allocated for.
        unsafe { self.0.add(s.payload_at() + from).write_bytes(0, s.payload_len - from) };
    }

    #[inline]
    fn byte(&self, at: usize) -> u8 {
        // SAFETY: every block holds at least its fixed header; callers pass offsets inside it.
        unsafe { self.0.add(at).read() }
    }

    #[inline]
    fn len_at(&self, at: usize, wide: bool) -> usize {
        if wide {
            // SAFETY: the flags say that four length bytes stand here.
            unsafe { self.0.add(at).cast::<u32>().read_unaligned() as usize }
        } else {
            self.byte(at) as usize
        }
    }

    #[inline]
    fn shape(&self) -> Shape {
        let flags = self.byte(1);
        let key_len = self.len_at(FIXED, flags & WIDE_KEY != 0);
        let mut s = Shape { flags, key_len, payload_len: 0 };
        s.payload_len = self.len_at(s.payload_len_at(), flags & WIDE_PAYLOAD != 0);
        s
    }

    fn write_len(&mut self, at: usize, wide: bool, len: usize) {
        // SAFETY: `at` is a length's place in the shape this block was allocated for.
        unsafe {
            if wide {
                self.0.add(at).cast::<u32>().write_unaligned(len as u32);
            } else {
                self.0.add(at).write(len as u8);
            }
        }
    }

    fn write_header(&mut self, kind: Kind, s: Shape, clock: u32) {
        let [c0, c1, c2, _] = clock.to_le_bytes();
        let head = [kind as u8, s.flags, c0, c1, c2];
        // SAFETY: the fixed header is the first five bytes of every block.
        unsafe { self.0.cast::<[u8; FIXED]>().write(head) };
        self.write_len(FIXED, s.flags & WIDE_KEY != 0, s.key_len);
        self.write_len(s.payload_len_at(), s.flags & WIDE_PAYLOAD != 0, s.payload_len);
    }

    fn write_expiry(&mut self, s: Shape, at_ms: u64) {
        let b = at_ms.to_le_bytes();
        // SAFETY: `expiry_len` bytes, at most eight, stand at `expiry_at`.
        unsafe { self.0.add(s.expiry_at()).copy_from_nonoverlapping(NonNull::from(&b).cast(), s.expiry_len()) };
    }

    #[inline]
    fn slice(&self, at: usize, len: usize) -> &[u8] {
        // SAFETY: callers pass a part of the block's shape; it lives as long as `self`.
        unsafe { std::slice::from_raw_parts(self.0.add(at).as_ptr(), len) }
    }

    /// The payload's kind.
    #[inline]
    pub fn kind(&self) -> Kind {
        Kind::BY_NUMBER[self.byte(0) as usize]
    }

    /// The value's type.
    #[inline]
    pub fn type_of(&self) -> Type {
        self.kind().type_of()
    }

    /// Unix time in ms at which the key ceases to exist.
    #[inline]
    pub fn expiry_ms(&self) -> Option<u64> {
        let s = self.shape();
        if s.flags & EXPIRES == 0 {
            return None;
        }
        let mut b = [0u8; 8];
        b[..s.expiry_len()].copy_from_slice(self.slice(s.expiry_at(), s.expiry_len()));
        Some(u64::from_le_bytes(b))
    }

    /// Whether the key has expired; in its very last millisecond it has not.
    #[inline]
    pub fn is_due(&self, now: Wall) -> bool {
        self.byte(1) & EXPIRES != 0 && self.expiry_ms().is_some_and(|at| at < now.0)
    }

    /// The 24-bit access clock.
    #[inline]
    pub fn clock(&self) -> u32 {
        u32::from_le_bytes([self.byte(2), self.byte(3), self.byte(4), 0])
    }

    /// Parity of the snapshot epoch the value was last saved or changed in.
    #[inline]
    pub fn epoch(&self) -> bool {
        self.byte(1) & EPOCH != 0
    }

    /// See [`Entry::epoch`].
    #[inline]
    pub fn set_epoch(&mut self, epoch: bool) {
        self.set_flag(EPOCH, epoch);
    }

    /// Sets the access clock (its low 24 bits).
    #[inline]
    pub fn set_clock(&mut self, clock: u32) {
        let [c0, c1, c2, _] = clock.to_le_bytes();
        // SAFETY: bytes 2..5 are part of the fixed header.
        unsafe { self.0.add(2).cast::<[u8; 3]>().write([c0, c1, c2]) };
    }

    /// Whether a string was made by a command that edits text in place (it then reports
    /// the raw encoding whatever its length).
    pub fn is_raw(&self) -> bool {
        self.byte(1) & RAW != 0
    }

    /// See [`Entry::is_raw`].
    pub fn set_raw(&mut self, on: bool) {
        self.set_flag(RAW, on);
    }

    /// Records whether some fields of this hash expire.
    pub fn set_fields_expire(&mut self, on: bool) {
        self.set_flag(FIELDS_EXPIRE, on);
    }

    fn set_flag(&mut self, bit: u8, on: bool) {
        let f = if on { self.byte(1) | bit } else { self.byte(1) & !bit };
        // SAFETY: byte 1 is part of the fixed header.
        unsafe { self.0.add(1).write(f) };
    }

    /// The payload's bytes; for an object kind, its address.
    #[inline]
    pub fn payload(&self) -> &[u8] {
        let s = self.shape();
        self.slice(s.payload_at(), s.payload_len)
    }

    /// The payload's bytes, to be changed without changing their number.
    #[inline]
    pub fn payload_mut(&mut self) -> &mut [u8] {
        let s = self.shape();
        // SAFETY: the payload is part of the block, and `&mut self` is the only handle.
        unsafe { std::slice::from_raw_parts_mut(self.0.add(s.payload_at()).as_ptr(), s.payload_len) }
    }

    /// The boxed value.
    #[inline]
    pub fn object(&self) -> Option<&Object> {
        self.object_of(self.kind(), self.shape())
    }

    /// The boxed value of an entry of this kind and shape.
    #[inline]
    fn object_of(&self, kind: Kind, shape: Shape) -> Option<&Object> {
        // SAFETY: the payload of an object kind is the address of a live box this entry owns.
        kind.is_object().then(|| unsafe { &*self.object_ptr(shape) })
    }

    /// The boxed value, to be changed.
    #[inline]
    pub fn object_mut(&mut self) -> Option<&mut Object> {
        // SAFETY: as in `object_of`, and `&mut self` is the only handle.
        self.kind().is_object().then(|| unsafe { &mut *self.object_ptr(self.shape()) })
    }

    #[inline]
    fn object_ptr(&self, shape: Shape) -> *mut Object {
        let payload = self.slice(shape.payload_at(), shape.payload_len);
        let b: [u8; 8] = payload.try_into().expect("an object's payload is an address");
        std::ptr::with_exposed_provenance_mut(u64::from_le_bytes(b) as usize)
    }

    fn store_object(&mut self, object: Object) {
        let p = Box::into_raw(Box::new(object)).expose_provenance() as u64;
        self.payload_mut().copy_from_slice(&p.to_le_bytes());
    }

    /// Replaces the value by a payload of `len` bytes, which is returned: the caller fills all
    /// of it.
    pub fn set_payload(&mut self, kind: Kind, len: usize) -> &mut [u8] {
        assert!(!kind.is_object());
        let old = self.shape();
        if self.kind() == kind && old.payload_len == len && old.flags & (RAW | FIELDS_EXPIRE) == 0 {
            return self.payload_mut();
        }
        self.drop_object();
        self.set_flag(RAW | FIELDS_EXPIRE, false);
        // The kind first: no path may see an object kind without an object.
        self.set_kind(kind);
        let old = self.shape();
        self.reshape(Shape::new(old.flags, old.key_len, len), 0);
        self.payload_mut()
    }

    /// Replaces the value by a boxed one.
    pub fn set_object(&mut self, object: Object) {
        self.set_payload(Kind::StrInline, 8);
        let kind = object.kind();
        self.store_object(object);
        self.set_kind(kind);
    }

    fn set_kind(&mut self, kind: Kind) {
        // SAFETY: byte 0 is part of the fixed header.
        unsafe { self.0.write(kind as u8) };
    }

    /// Sets, moves or removes the expiry.
    pub fn set_expiry_ms(&mut self, at: Option<u64>) {
        let old = self.shape();
        let flags = old.flags & !(EXPIRES | WIDE_EXPIRY) | expiry_flags(at);
        if flags != old.flags {
            self.reshape(Shape::new(flags, old.key_len, old.payload_len), old.payload_len);
        }
        if let Some(at) = at {
            self.write_expiry(self.shape(), at);
        }
    }

    /// A copy of this entry under another name; the boxed value is cloned.
    pub fn copy_as(&self, key: &[u8]) -> Entry {
        let mut e = match self.object() {
            Some(o) => Entry::with_object(key, o.clone(), self.expiry_ms()),
            None => {
                let mut e = Entry::new(self.kind(), key, self.payload().len(), self.expiry_ms());
                e.payload_mut().copy_from_slice(self.payload());
                e
            }
        };
        e.set_flag(self.byte(1) & (RAW | FIELDS_EXPIRE), true);
        e.set_clock(self.clock());
        e
    }

    /// The same value under another name.
    pub fn renamed(mut self, key: &[u8]) -> Entry {
        if !self.kind().is_object() {
            return self.copy_as(key);
        }
        let keep = self.byte(1) & (RAW | FIELDS_EXPIRE);
        let (kind, clock) = (self.kind(), self.clock());
        let mut e = Entry::raw_new(Kind::StrInline, key, 8, self.expiry_ms());
        e.payload_mut().copy_from_slice(self.payload());
        e.set_kind(kind);
        e.set_flag(keep, true);
        e.set_clock(clock);
        // The object now belongs to `e`.
        self.set_kind(Kind::StrInline);
        e
    }

    /// Heap bytes this key costs: its block and its object, in size classes.
    #[inline]
    pub fn heap_bytes(&self) -> usize {
        self.weight().heap_bytes()
    }

    /// See [`Weight`].
    #[inline(always)]
    pub fn weight(&self) -> Weight {
        self.weigh().0
    }

    /// What closing an edit asks: the weight, and whether this is a collection with no element
    /// left.
    #[inline(always)]
    pub fn weigh(&self) -> (Weight, bool) {
        let (shape, kind) = (self.shape(), self.kind());
        let block_bytes = shape.total();
        match self.object_of(kind, shape) {
            Some(o) => (Weight { block_bytes, object_bytes: o.heap_bytes() }, o.is_empty()),
            None => {
                let empty = kind.may_be_empty() && shape.payload_len <= kind.empty_bytes();
                (Weight { block_bytes, object_bytes: 0 }, empty)
            }
        }
    }

    /// Moves the block to another shape, keeping the key and the first `keep` payload bytes.
    fn reshape(&mut self, new: Shape, keep: usize) {
        let old = self.shape();
        let (ol, nl) = (old.layout(), new.layout());
        let (kind, clock, expiry) = (self.kind(), self.clock(), self.expiry_ms());
        if nl.size() > ol.size() {
            self.resize(ol, nl);
        }
        let (from, to) = (old.key_at(), new.key_at());
        if from != to {
            // SAFETY: both ranges lie inside the larger of the two shapes, which is allocated.
            unsafe { self.0.add(from).copy_to(self.0.add(to), old.key_len + keep) };
        }
        self.write_header(kind, new, clock);
        self.zero_payload(new, keep);
        if new.flags & EXPIRES != 0 {
            self.write_expiry(new, expiry.unwrap_or(0));
        }
        if nl.size() < ol.size() {
            self.resize(ol, nl);
        }
    }

    fn resize(&mut self, old: Layout, new: Layout) {
        // SAFETY: `old` is the layout the block was allocated with; `new` is not empty.
        let p = unsafe { realloc(self.0.as_ptr(), old, new.size()) };
        self.0 = NonNull::new(p).unwrap_or_else(|| handle_alloc_error(new));
    }

    /// Takes the boxed value out; what is left is an unspecified short string, for a
    /// caller that is about to store another value.
    pub fn take_object(&mut self) -> Option<Object> {
        if !self.kind().is_object() {
            return None;
        }
        // SAFETY: the entry owns the box; the kind is changed at once so that nobody sees it again.
        let object = unsafe { Box::from_raw(self.object_ptr(self.shape())) };
        self.set_kind(Kind::StrInline);
        Some(*object)
    }

    fn drop_object(&mut self) {
        drop(self.take_object());
    }
}

impl ByteStore for Entry {
    fn bytes(&self) -> &[u8] {
        self.payload()
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        self.payload_mut()
    }

    fn splice(&mut self, at: usize, remove: usize, insert: usize) -> &mut [u8] {
        let old = self.shape();
        let len = old.payload_len;
        assert!(at + remove <= len);
        let new_len = len - remove + insert;
        let tail = len - at - remove;
        if insert < remove {
            self.payload_mut().copy_within(at + remove.., at + insert);
        }
        self.reshape(Shape::new(old.flags, old.key_len, new_len), len.min(new_len));
        let p = self.payload_mut();
        if insert > remove {
            p.copy_within(at + remove..at + remove + tail, at + insert);
        }
        &mut p[at..at + insert]
    }
}

impl Element for Entry {
    fn into_raw(self) -> NonNull<u8> {
        std::mem::ManuallyDrop::new(self).0
    }

    unsafe fn from_raw(p: NonNull<u8>) -> Self {
        Entry(p)
    }

    #[inline]
    fn key(&self) -> &[u8] {
        let s = self.shape();
        self.slice(s.key_at(), s.key_len)
    }

    #[inline]
    fn tag(&self) -> u8 {
        let f = self.byte(1);
        (f & EXPIRES) | if f & FIELDS_EXPIRE != 0 { TAG_FIELDS_EXPIRE } else { 0 }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.drop_object();
        let layout = self.shape().layout();
        // SAFETY: the block was allocated with this layout and nobody else has it.
        unsafe { dealloc(self.0.as_ptr(), layout) };
    }
}
