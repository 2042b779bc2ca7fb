//! String values: integers, short text in the key's block, long text shared with replies.
//!
//! A string that reads as a canonical 64-bit integer is kept as one, so INCR never parses;
//! text of [`LARGE`] bytes or more moves out of the block into a shared buffer, so that a
//! reply carries it without a copy and an APPEND grows it in place.

use super::{
    block::{Entry, Kind, Type},
    event::{self, Event},
    keys::{Key, Keys},
    object::{Large, Object},
};
use crate::{
    base::num::parse_i64,
    data::{packed::ByteStore, table::View},
    protocol::{Error, Reply},
};
use bytes::{Bytes, BytesMut};
use std::ops::Range;

/// Text of this many bytes or more lives outside the block.
pub const LARGE: usize = 32 << 10;
/// Longest text reported as embstr.
const EMBSTR_MAX: usize = 44;

/// A string value.
#[derive(Clone, Copy)]
pub enum Str<'a> {
    Int(i64),
    Inline(&'a [u8]),
    Large(&'a Bytes),
}

/// What becomes of a key's expiry when its value is replaced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ttl {
    Clear,
    Keep,
    /// Unix ms.
    At(u64),
}

impl Ttl {
    /// The expiry of a key that had none.
    fn new_expiry_ms(self) -> Option<u64> {
        match self {
            Ttl::At(ms) => Some(ms),
            Ttl::Clear | Ttl::Keep => None,
        }
    }
}

impl<'a> Str<'a> {
    /// The string an entry holds.
    ///
    /// # Panics
    /// If the entry is not a string.
    #[inline]
    pub fn of(e: &'a Entry) -> Str<'a> {
        match e.kind() {
            Kind::StrInt => Str::Int(i64::from_le_bytes(e.payload().try_into().expect("eight bytes"))),
            Kind::StrInline => Str::Inline(e.payload()),
            _ => match e.object() {
                Some(Object::Str(s)) => Str::Large(s.bytes()),
                _ => panic!("not a string"),
            },
        }
    }

    /// Length of the text in bytes.
    pub fn len(self) -> usize {
        match self {
            Str::Int(n) => itoa::Buffer::new().format(n).len(),
            Str::Inline(b) => b.len(),
            Str::Large(b) => b.len(),
        }
    }

    /// Whether the text is empty.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Runs `f` on the text.
    #[inline]
    pub fn with<T>(self, f: impl FnOnce(&[u8]) -> T) -> T {
        match self {
            Str::Int(n) => f(itoa::Buffer::new().format(n).as_bytes()),
            Str::Inline(b) => f(b),
            Str::Large(b) => f(b),
        }
    }

    /// The text in a buffer of its own.
    pub fn to_vec(self) -> Vec<u8> {
        self.with(<[u8]>::to_vec)
    }

    /// The text in a buffer that may be shared: long text is not copied.
    pub fn to_bytes(self) -> Bytes {
        match self {
            Str::Large(b) => b.clone(),
            other => other.with(Bytes::copy_from_slice),
        }
    }

    /// The value as an integer.
    pub fn int(self) -> Option<i64> {
        match self {
            Str::Int(n) => Some(n),
            other => other.with(parse_i64),
        }
    }

    /// Replies the text as a bulk string.
    #[inline]
    pub fn reply(self, out: &mut Reply) {
        match self {
            Str::Int(n) => out.bulk_int(n),
            Str::Inline(b) => out.bulk(b),
            Str::Large(b) => out.bulk_shared(b.clone()),
        }
    }
}

impl Str<'_> {
    /// Replies a part of the text.
    pub fn reply_range(self, range: Range<usize>, out: &mut Reply) {
        match self {
            Str::Large(b) => out.bulk_shared(b.slice(range)),
            other => other.with(|text| out.bulk(&text[range])),
        }
    }
}

/// The encoding OBJECT ENCODING reports for a string entry.
pub fn encoding(e: &Entry) -> &'static str {
    match e.kind() {
        Kind::StrInt => "int",
        Kind::StrInline if !e.is_raw() && e.payload().len() <= EMBSTR_MAX => "embstr",
        _ => "raw",
    }
}

/// Replaces an entry's value by `text`, choosing the encoding as SET does.
#[inline]
pub fn store(e: &mut Entry, text: &[u8]) {
    if text.len() <= 20
        && let Some(n) = parse_i64(text)
    {
        store_int(e, n);
    } else {
        store_text(e, text);
    }
}

/// Replaces an entry's value by an integer.
#[inline]
pub fn store_int(e: &mut Entry, n: i64) {
    e.set_payload(Kind::StrInt, 8).copy_from_slice(&n.to_le_bytes());
}

/// Replaces an entry's value by `text` without looking for an integer in it.
pub fn store_text(e: &mut Entry, text: &[u8]) {
    if text.len() < LARGE {
        e.set_payload(Kind::StrInline, text.len()).copy_from_slice(text);
    } else {
        e.set_object(Object::Str(Large::new(Bytes::copy_from_slice(text), text.len())));
    }
}

/// A new entry holding `text`.
pub fn entry(key: &[u8], text: &[u8], expiry_ms: Option<u64>) -> Entry {
    if text.len() <= 20
        && let Some(n) = parse_i64(text)
    {
        return int_entry(key, n, expiry_ms);
    }
    text_entry(key, text, expiry_ms)
}

/// A new entry holding an integer.
pub fn int_entry(key: &[u8], n: i64, expiry_ms: Option<u64>) -> Entry {
    let mut e = Entry::new(Kind::StrInt, key, 8, expiry_ms);
    e.payload_mut().copy_from_slice(&n.to_le_bytes());
    e
}

/// A new entry holding `text`, whatever it reads as.
pub fn text_entry(key: &[u8], text: &[u8], expiry_ms: Option<u64>) -> Entry {
    if text.len() < LARGE {
        let mut e = Entry::new(Kind::StrInline, key, text.len(), expiry_ms);
        e.payload_mut().copy_from_slice(text);
        return e;
    }
    let text = Large::new(Bytes::copy_from_slice(text), text.len());
    Entry::with_object(key, Object::Str(text), expiry_ms)
}

/// A new entry of text that was edited into being: raw, and no copy if it is long.
pub fn raw_entry(key: &[u8], text: Vec<u8>) -> Entry {
    let mut e = if text.len() < LARGE {
        text_entry(key, &text, None)
    } else {
        let buffer_bytes = text.capacity();
        Entry::with_object(key, Object::Str(Large::new(text.into(), buffer_bytes)), None)
    };
    e.set_raw(true);
    e
}

/// Lengthens an entry's text; returns the new length.
pub fn append(e: &mut Entry, tail: &[u8]) -> usize {
    let len = Str::of(e).len();
    set_range(e, len, tail)
}

/// Overwrites a part of an entry's text, lengthening it as necessary, with zeros before
/// `offset` if it is shorter than that; returns the new length. Marks it raw.
pub fn set_range(e: &mut Entry, offset: usize, part: &[u8]) -> usize {
    let end = offset + part.len();
    if e.kind() == Kind::StrInline && end < LARGE {
        let len = e.payload().len();
        if end > len {
            e.splice(len, 0, end - len).fill(0);
        }
        e.payload_mut()[offset..end].copy_from_slice(part);
        e.set_raw(true);
        return end.max(len);
    }
    edit_text(e, |text| {
        if end > text.len() {
            text.resize(end, 0);
        }
        text[offset..end].copy_from_slice(part);
        text.len()
    })
}

/// Changes bytes of an entry's text, but not how many there are, and marks it raw.
pub fn edit_bytes<T>(e: &mut Entry, f: impl FnOnce(&mut [u8]) -> T) -> T {
    if e.kind() != Kind::StrInline {
        return edit_text(e, |text| f(text));
    }
    e.set_raw(true);
    f(e.payload_mut())
}

/// Changes an entry's text through what may grow and shrink anywhere, and marks it raw.
pub fn edit_store<T>(e: &mut Entry, f: impl FnOnce(&mut dyn ByteStore) -> T) -> T {
    if e.kind() == Kind::StrInline {
        e.set_raw(true);
        return f(e);
    }
    let mut text = Str::of(e).to_vec();
    let r = f(&mut text);
    store_text(e, &text);
    e.set_raw(true);
    r
}

/// Changes an entry's text in place through a growable buffer, and marks it raw. `f` sees
/// the whole text and may lengthen or shorten it.
pub fn edit_text<T>(e: &mut Entry, f: impl FnOnce(&mut BytesMut) -> T) -> T {
    let r = if let Some(Object::Str(large)) = e.object_mut() {
        large.edit(f)
    } else {
        let mut text = Str::of(e).with(|t| BytesMut::from(t));
        let r = f(&mut text);
        if text.len() < LARGE {
            e.set_payload(Kind::StrInline, text.len()).copy_from_slice(&text);
        } else {
            let buffer_bytes = text.capacity();
            e.set_object(Object::Str(Large::new(text.freeze(), buffer_bytes)));
        }
        r
    };
    e.set_raw(true);
    r
}

impl Keys<'_, '_> {
    /// The string at `key`.
    ///
    /// # Errors
    /// WRONGTYPE if the key holds another type.
    #[inline]
    pub fn read_string(&mut self, key: Key) -> Result<Option<View<'_, Entry>>, Error> {
        self.read_as(key, Type::String)
    }

    /// Sets a key to `text`, whatever it held before. An expiry given with it raises an
    /// event of its own.
    pub fn set_string(&mut self, key: Key, text: &[u8], ttl: Ttl, event: Event) {
        if let Some(mut e) = self.edit(key) {
            e.discard_value();
            store(e.entry_mut(), text);
            if ttl != Ttl::Keep {
                e.entry_mut().set_expiry_ms(ttl.new_expiry_ms());
            }
            e.changed(event);
        } else {
            self.add(key.hash, entry(key.bytes, text, ttl.new_expiry_ms()), Some(event));
        }
        self.raise_expire(key, ttl);
    }

    /// As [`Keys::set_string`], with text that arrived in a buffer of its own, which is
    /// kept, not copied; `buffer_bytes` is the size of that buffer.
    pub fn set_shared(&mut self, key: Key, text: Bytes, buffer_bytes: usize, ttl: Ttl, event: Event) {
        let at = match ttl {
            Ttl::Keep => self.peek(key).and_then(|e| e.expiry_ms()),
            other => other.new_expiry_ms(),
        };
        let object = Object::Str(Large::new(text, buffer_bytes));
        self.put(key.hash, Entry::with_object(key.bytes, object, at), event);
        self.raise_expire(key, ttl);
    }

    fn raise_expire(&mut self, key: Key, ttl: Ttl) {
        if let Ttl::At(_) = ttl {
            self.raise(key, event::EXPIRE);
        }
    }
}
