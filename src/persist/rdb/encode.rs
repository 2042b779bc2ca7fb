//! A value as RDB bytes: its type byte, then its body.
//!
//! Small lists, hashes and sets are written in the form they have here, which is that of a
//! listpack or an intset but for a header, so that they cost one copy; large ones element by
//! element. What is written is what Valkey 7.2 and 8.0 read ([`super::VERSION`]), unless a
//! value needs more: fields that expire are written as Valkey 9 does.

use super::{kind, stream, write};
use crate::{
    base::time::Wall,
    data::{
        hash::HashTable,
        list::{List, NodeContent},
        packed::{Item, LISTPACK_OVERHEAD, Packed},
        set::ints,
        zset,
    },
    keyspace::{self, Entry, Type, hash::HashRef, list::ListRef, set::SetRef, string::Str, zset::ZsetRef},
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
        Type::List => list(ListRef::of(e), format, out),
        Type::Hash => hash(HashRef::of(e, Wall(0)), format, out),
        Type::Set => set(SetRef::of(e), format, out),
        Type::Stream => stream::encode(keyspace::stream::of(e), format, out),
        Type::ZSet => zset(ZsetRef::of(e), format, out),
    }
}

fn string(s: Str, format: Format, out: &mut Vec<u8>) {
    match s {
        Str::Int(n) => write::int(out, n),
        other => other.with(|text| write::text(out, text, format.compress)),
    }
}

fn list(l: ListRef, format: Format, out: &mut Vec<u8>) {
    match l {
        ListRef::Packed(bytes, count) => {
            write::len(out, 1);
            write::len(out, NODE_PACKED);
            listpack(count, bytes, format, out);
        }
        ListRef::Nodes(l) => nodes(l, format, out),
    }
}

fn nodes(l: &List, format: Format, out: &mut Vec<u8>) {
    write::len(out, l.node_count() as u64);
    for node in l.nodes() {
        match node {
            NodeContent::Packed(bytes, count) => {
                write::len(out, NODE_PACKED);
                listpack(count, bytes, format, out);
            }
            NodeContent::Plain(text) => {
                write::len(out, NODE_PLAIN);
                write::bytes(out, text, format.compress);
            }
        }
    }
}

fn hash(h: HashRef, format: Format, out: &mut Vec<u8>) {
    match h {
        HashRef::Packed(bytes) => relisted(Packed::<false>::iter(bytes), format, out),
        HashRef::Table(table, _) => fields(table, format, out),
    }
}

fn fields(table: &HashTable, format: Format, out: &mut Vec<u8>) {
    let expire = table.expiring() > 0;
    write::len(out, table.len() as u64);
    for e in table.iter() {
        write::text(out, e.field, format.compress);
        write::text(out, e.value, format.compress);
        if expire {
            write::time_ms(out, e.expiry_ms);
        }
    }
}

fn set(s: SetRef, format: Format, out: &mut Vec<u8>) {
    match s {
        SetRef::Ints(bytes) => intset(bytes, format, out),
        SetRef::Packed(bytes) if format.version >= SET_LISTPACK_SINCE => {
            relisted(Packed::<false>::iter(bytes), format, out);
        }
        _ => {
            write::len(out, s.len() as u64);
            s.each(|member| write::item(out, member, format.compress));
        }
    }
}

fn zset(z: ZsetRef, format: Format, out: &mut Vec<u8>) {
    match z {
        ZsetRef::Packed(bytes) => {
            let mut elements = Vec::with_capacity(2 * bytes.len());
            zset::packed::to_listpack(bytes, &mut elements);
            listpack(2 * z.len(), &elements, format, out);
        }
        ZsetRef::Tree(tree) => {
            write::len(out, tree.len() as u64);
            // Backwards, so that whoever inserts them one by one does so at the front.
            for e in tree.iter(0..tree.len(), true) {
                write::text(out, e.member, format.compress);
                out.extend_from_slice(&e.score.to_le_bytes());
            }
        }
    }
}

/// Appends packed elements with back lengths, as the text that is a listpack.
fn listpack(count: usize, bytes: &[u8], format: Format, out: &mut Vec<u8>) {
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
