//! A value as RDB bytes: its type byte, then its body.
//!
//! Small lists, hashes and sets are written in the form they have here, which is that of a
//! listpack or an intset but for a header, so that they cost one copy; large ones element by
//! element. What is written is what Valkey 7.2 and 8.0 read ([`super::VERSION`]), unless a
//! value needs more: fields that expire are written as Valkey 9 does.

use super::{kind, parts, stream, write};
use crate::{
    base::time::Wall,
    data::{
        packed::{Item, LISTPACK_OVERHEAD, Packed},
        set::ints,
        zset,
    },
    keyspace::{Entry, Type, hash::HashRef, list::ListRef, set::SetRef, string::Str, zset::ZsetRef},
};

/// Which dialect of the format is written.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// Version whose readers are to understand it.
    pub version: u16,
    /// Compress texts (LZF).
    pub compress: bool,
}

/// Container of a list's node: one long text, or a listpack.
pub(super) const NODE_PLAIN: u64 = 1;
pub(super) const NODE_PACKED: u64 = 2;
/// The byte after a listpack's last element.
pub(super) const LISTPACK_END: u8 = 0xff;
/// The first version with sets that are listpacks.
const SET_LISTPACK_SINCE: u16 = 11;

/// Appends the type byte and the body of an entry's value. Nothing is filtered by time.
pub fn encode(e: &Entry, format: Format, out: &mut Vec<u8>) {
    out.push(kind_of(e, format));
    body(e, format, out);
}

/// The type byte of an entry's value: its type, and the form that [`body`] writes.
pub fn kind_of(e: &Entry, format: Format) -> u8 {
    match e.type_of() {
        Type::String => kind::STRING,
        Type::List => kind::LIST_QUICKLIST_2,
        Type::Hash => match HashRef::of(e, Wall(0)) {
            HashRef::Packed(_) => kind::HASH_LISTPACK,
            HashRef::Table(table, _) if table.expiring() > 0 => kind::HASH_2,
            HashRef::Table(..) => kind::HASH,
        },
        Type::Set => match SetRef::of(e) {
            SetRef::Ints(_) => kind::SET_INTSET,
            SetRef::Packed(_) if format.version >= SET_LISTPACK_SINCE => kind::SET_LISTPACK,
            _ => kind::SET,
        },
        Type::Stream => stream::kind_in(format),
        Type::ZSet => match ZsetRef::of(e) {
            ZsetRef::Packed(_) => kind::ZSET_LISTPACK,
            ZsetRef::Tree(_) => kind::ZSET_2,
        },
    }
}

/// Appends what follows an entry's type byte, and its name where there is one.
pub fn body(e: &Entry, format: Format, out: &mut Vec<u8>) {
    match e.type_of() {
        Type::String => string(Str::of(e), format, out),
        Type::List => list(e, format, out),
        Type::Hash => hash(e, format, out),
        Type::Set => set(e, format, out),
        Type::Stream => parts::all(e, format, out),
        Type::ZSet => zset(e, format, out),
    }
}

fn string(s: Str, format: Format, out: &mut Vec<u8>) {
    match s {
        Str::Int(n) => write::int(out, n),
        other => other.with(|text| write::text(out, text, format.compress)),
    }
}

fn list(e: &Entry, format: Format, out: &mut Vec<u8>) {
    match ListRef::of(e) {
        ListRef::Packed(bytes, count) => {
            write::len(out, 1);
            write::len(out, NODE_PACKED);
            listpack(count, bytes, format, out);
        }
        ListRef::Nodes(_) => parts::all(e, format, out),
    }
}

fn hash(e: &Entry, format: Format, out: &mut Vec<u8>) {
    match HashRef::of(e, Wall(0)) {
        HashRef::Packed(bytes) => relisted(Packed::<false>::iter(bytes), format, out),
        HashRef::Table(..) => parts::all(e, format, out),
    }
}

fn set(e: &Entry, format: Format, out: &mut Vec<u8>) {
    let s = SetRef::of(e);
    match s {
        SetRef::Ints(bytes) => intset(bytes, format, out),
        SetRef::Packed(bytes) if format.version >= SET_LISTPACK_SINCE => {
            relisted(Packed::<false>::iter(bytes), format, out);
        }
        SetRef::Packed(_) => {
            write::len(out, s.len() as u64);
            s.each(|member| write::item(out, member, format.compress));
        }
        SetRef::Table(_) => parts::all(e, format, out),
    }
}

fn zset(e: &Entry, format: Format, out: &mut Vec<u8>) {
    let z = ZsetRef::of(e);
    match z {
        ZsetRef::Packed(bytes) => {
            let mut elements = Vec::with_capacity(2 * bytes.len());
            zset::packed::to_listpack(bytes, &mut elements);
            listpack(2 * z.len(), &elements, format, out);
        }
        ZsetRef::Tree(_) => parts::all(e, format, out),
    }
}

/// Appends packed elements with back lengths, as the text that is a listpack.
pub(super) fn listpack(count: usize, bytes: &[u8], format: Format, out: &mut Vec<u8>) {
    let mut text = Vec::with_capacity(bytes.len() + LISTPACK_OVERHEAD);
    text.extend_from_slice(&((bytes.len() + LISTPACK_OVERHEAD) as u32).to_le_bytes());
    text.extend_from_slice(&u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes());
    text.extend_from_slice(bytes);
    text.push(LISTPACK_END);
    write::bytes(out, &text, format.compress);
}

/// Appends elements as the text that is a listpack.
fn relisted<'a>(items: impl Iterator<Item = Item<'a>>, format: Format, out: &mut Vec<u8>) {
    let (mut bytes, mut count) = (Vec::new(), 0);
    for item in items {
        Packed::<true>::push_back(&mut bytes, item);
        count += 1;
    }
    listpack(count, &bytes, format, out);
}

/// Appends sorted integers as the text that is an intset.
fn intset(bytes: &[u8], format: Format, out: &mut Vec<u8>) {
    let (width, values) = ints::parts(bytes);
    let mut text = Vec::with_capacity(values.len() + 8);
    text.extend_from_slice(&(width as u32).to_le_bytes());
    text.extend_from_slice(&(ints::len(bytes) as u32).to_le_bytes());
    text.extend_from_slice(values);
    write::bytes(out, &text, format.compress);
}
