//! A value from RDB bytes.
//!
//! Whatever form a value was written in, it is built by adding its elements one by one, as
//! commands would: the form it takes here follows from this server's configuration, and an
//! element that occurs twice is noticed.

use super::{
    Corrupt, EMPTY_VALUE, Reader,
    encode::{LISTPACK_END, NODE_PACKED, NODE_PLAIN},
    kind, legacy, stream, ziplist,
};
use crate::{
    base::{hash::HashKey, num::parse_f64},
    config::Encoding,
    data::{
        hash::MAX_EXPIRY_MS,
        list::NodeLimit,
        packed::{Item, LISTPACK_OVERHEAD, Packed},
        zset::Builder,
    },
    keyspace::{
        Entry,
        hash::{HashDraft, HashLimits},
        list,
        object::Object,
        set::{Rules, SetDraft, SetLimits},
        string,
        zset::{ZsetLimits, entry_of},
    },
};
use std::borrow::Cow;

type Decoded<T> = Result<T, Corrupt>;

/// What the form of a value depends on.
#[derive(Clone, Copy)]
pub struct Limits {
    list: NodeLimit,
    hash: HashLimits,
    set: Rules,
    zset: ZsetLimits,
    /// Keys the tables of large values.
    key: HashKey,
}

impl Limits {
    /// The configured limits; `key` keys the tables of large values.
    pub fn new(c: &Encoding, key: HashKey) -> Limits {
        Limits {
            list: NodeLimit::new(c.list_max_listpack_size),
            hash: HashLimits::of(c),
            set: Rules::new(SetLimits::of(c), key),
            zset: ZsetLimits::of(c),
            key,
        }
    }
}

/// Reads the body of a value whose type byte was `kind`, as the value of a key called `name`.
///
/// # Errors
/// If the bytes are not such a value, or one without elements.
pub fn decode(kind: u8, r: &mut Reader, name: &[u8], limits: &Limits) -> Decoded<Entry> {
    let began = r.at();
    let e = match kind {
        kind::STRING => string::entry(name, &r.text()?, None),
        kind::LIST | kind::LIST_ZIPLIST | kind::LIST_QUICKLIST | kind::LIST_QUICKLIST_2 => list(kind, r, name, limits)?,
        kind::SET | kind::SET_INTSET | kind::SET_LISTPACK => set(kind, r, name, limits)?,
        kind::ZSET | kind::ZSET_2 | kind::ZSET_ZIPLIST | kind::ZSET_LISTPACK => zset(kind, r, name, limits)?,
        kind::STREAM | kind::STREAM_2 | kind::STREAM_3 => {
            let stream = stream::decode(kind, r)?;
            return Ok(Entry::with_object(name, Object::Stream(Box::new(stream)), None));
        }
        kind::HASH | kind::HASH_2 | kind::HASH_METADATA => fields(kind, r, name, limits)?,
        kind::HASH_ZIPMAP | kind::HASH_ZIPLIST | kind::HASH_LISTPACK => small_hash(kind, r, name, limits)?,
        kind::HASH_LISTPACK_EX => timed_fields(r, name, limits)?,
        _ => return Err(r.corrupt("unknown or unsupported type of value")),
    };
    if e.weigh().1 {
        return Err(Corrupt { at: began, what: EMPTY_VALUE, missing: 0 });
    }
    Ok(e)
}

fn list(kind: u8, r: &mut Reader, name: &[u8], limits: &Limits) -> Decoded<Entry> {
    let mut list = list::Draft::new(limits.list);
    if kind == kind::LIST {
        for _ in 0..r.count(1)? {
            list.push(&*r.text()?);
        }
        return Ok(list.into_entry(name));
    }
    let mut push = |item: Item| {
        list.push(item);
        Ok(())
    };
    match kind {
        kind::LIST_ZIPLIST => each_of(r, ziplist::each, &mut push)?,
        kind::LIST_QUICKLIST => {
            for _ in 0..r.count(1)? {
                each_of(r, ziplist::each, &mut push)?;
            }
        }
        _ => {
            for _ in 0..r.count(2)? {
                match r.number()? {
                    NODE_PLAIN => match &*r.text()? {
                        // Only long elements have a node of their own.
                        [] => return Err(r.corrupt("an empty list node")),
                        text => push(Item::Str(text)).map_err(|what| r.corrupt(what))?,
                    },
                    NODE_PACKED => each_of(r, listpack, &mut push)?,
                    _ => return Err(r.corrupt("unknown kind of list node")),
                }
            }
        }
    }
    Ok(list.into_entry(name))
}

fn set(kind: u8, r: &mut Reader, name: &[u8], limits: &Limits) -> Decoded<Entry> {
    let mut set = SetDraft::new(name, limits.set, kind != kind::SET_LISTPACK);
    let mut add = |item: Item| match set.add(item) {
        true => Ok(()),
        false => Err("a member that occurs twice"),
    };
    match kind {
        kind::SET => {
            for _ in 0..r.count(1)? {
                add(Item::from_text(&r.text()?)).map_err(|what| r.corrupt(what))?;
            }
        }
        kind::SET_INTSET => each_of(r, intset, &mut add)?,
        _ => each_of(r, listpack, &mut add)?,
    }
    Ok(set.into_entry())
}

fn zset(kind: u8, r: &mut Reader, name: &[u8], limits: &Limits) -> Decoded<Entry> {
    let mut set = Builder::new(limits.key);
    let mut add = |member: &[u8], score: f64| {
        let mut twice = false;
        if score.is_nan() {
            return Err("a score that is no number");
        }
        set.merge(member, score, |old| {
            twice = true;
            old
        });
        if twice { Err("a member that occurs twice") } else { Ok(()) }
    };
    if matches!(kind, kind::ZSET | kind::ZSET_2) {
        for _ in 0..r.count(2)? {
            let member = r.text()?;
            let score = if kind == kind::ZSET { r.score_text()? } else { f64::from_le_bytes(r.array()?) };
            add(&member, score).map_err(|what| r.corrupt(what))?;
        }
        return Ok(entry_of(name, set, limits.zset));
    }
    let mut pending: Option<Vec<u8>> = None;
    let mut visit = |item: Item| match pending.take() {
        None => {
            pending = Some(item.to_vec());
            Ok(())
        }
        Some(member) => {
            let score = item.with_text(parse_f64).ok_or("a malformed score")?;
            add(&member, score)
        }
    };
    each_of(r, if kind == kind::ZSET_ZIPLIST { ziplist::each } else { listpack }, &mut visit)?;
    match pending {
        None => Ok(entry_of(name, set, limits.zset)),
        Some(_) => Err(r.corrupt("a member without a score")),
    }
}

/// A hash written field by field, with or without expiries.
fn fields(kind: u8, r: &mut Reader, name: &[u8], limits: &Limits) -> Decoded<Entry> {
    let first_ms = if kind == kind::HASH_METADATA { r.time_ms()?.unwrap_or(0) } else { 0 };
    let count = r.count(2)?;
    let mut hash = HashDraft::new(name, limits.hash, limits.key, count);
    for _ in 0..count {
        let after_ms = if kind == kind::HASH_METADATA { r.number()? } else { 0 };
        let (field, value) = (r.text()?, r.text()?);
        let expiry_ms = match kind {
            kind::HASH_2 => r.time_ms()?,
            kind::HASH_METADATA => relative(after_ms, first_ms),
            _ => None,
        };
        add_field(&mut hash, &field, &value, expiry_ms).map_err(|what| r.corrupt(what))?;
    }
    Ok(hash.into_entry())
}

/// Redis 7.4 writes an expiry as the time after the first one of the hash plus 1, 0 for none.
fn relative(after_ms: u64, first_ms: u64) -> Option<u64> {
    (after_ms > 0).then(|| first_ms.saturating_add(after_ms - 1))
}

fn add_field(hash: &mut HashDraft, field: &[u8], value: &[u8], expiry_ms: Option<u64>) -> Result<(), &'static str> {
    if expiry_ms.is_some_and(|t| t > MAX_EXPIRY_MS) {
        return Err("a field that expires beyond all time");
    }
    if hash.add(field, value, expiry_ms) { Ok(()) } else { Err("a field that occurs twice") }
}

/// A hash whose fields and values alternate in one text.
fn small_hash(kind: u8, r: &mut Reader, name: &[u8], limits: &Limits) -> Decoded<Entry> {
    let mut hash = HashDraft::new(name, limits.hash, limits.key, 0);
    let mut pending: Option<Vec<u8>> = None;
    let mut add = |item: Item| match pending.take() {
        None => {
            pending = Some(item.to_vec());
            Ok(())
        }
        Some(field) => item.with_text(|value| add_field(&mut hash, &field, value, None)),
    };
    match kind {
        kind::HASH_ZIPMAP => each_of(r, legacy::zipmap, &mut add)?,
        kind::HASH_ZIPLIST => each_of(r, ziplist::each, &mut add)?,
        _ => each_of(r, listpack, &mut add)?,
    }
    match pending {
        None => Ok(hash.into_entry()),
        Some(_) => Err(r.corrupt("a field without a value")),
    }
}

/// A listpack of fields, values and expiries, as Redis 7.4 writes it.
fn timed_fields(r: &mut Reader, name: &[u8], limits: &Limits) -> Decoded<Entry> {
    // The expiries that follow are absolute; this is the earliest of them.
    r.time_ms()?;
    let mut hash = HashDraft::new(name, limits.hash, limits.key, 0);
    let mut pending: Vec<Vec<u8>> = Vec::with_capacity(2);
    let mut add = |item: Item| {
        if pending.len() < 2 {
            pending.push(item.to_vec());
            return Ok(());
        }
        let at_ms = item.as_int().and_then(|t| u64::try_from(t).ok()).ok_or("a malformed expiry")?;
        let added = add_field(&mut hash, &pending[0], &pending[1], (at_ms > 0).then_some(at_ms));
        pending.clear();
        added
    };
    each_of(r, listpack, &mut add)?;
    match pending.is_empty() {
        true => Ok(hash.into_entry()),
        false => Err(r.corrupt("a field without an expiry")),
    }
}

/// What takes the elements of a small form; it may object to one.
pub(super) type Visit<'v> = dyn FnMut(Item) -> Result<(), &'static str> + 'v;
/// Shows every element of a small form, or says what is wrong with it.
type Walk = fn(&[u8], &mut Visit) -> Result<(), &'static str>;

/// Reads a text and shows `visit` the elements of the small form it is.
fn each_of(r: &mut Reader, walk: Walk, visit: &mut Visit) -> Decoded<()> {
    let text: Cow<[u8]> = r.text()?;
    walk(&text, visit).map_err(|what| r.corrupt(what))
}

fn listpack(text: &[u8], visit: &mut Visit) -> Result<(), &'static str> {
    const HEAD: usize = LISTPACK_OVERHEAD - 1;
    let well_formed = text.len() >= LISTPACK_OVERHEAD
        && text.last() == Some(&LISTPACK_END)
        && u32::from_le_bytes(text[..4].try_into().expect("four bytes")) as usize == text.len();
    if !well_formed {
        return Err("malformed listpack");
    }
    let counted = u16::from_le_bytes([text[4], text[5]]);
    let bytes = &text[HEAD..text.len() - 1];
    let count = Packed::<true>::validate(bytes).map_err(|_| "malformed listpack element")?;
    if counted != u16::MAX && usize::from(counted) != count {
        return Err("miscounted listpack");
    }
    Packed::<true>::iter(bytes).try_for_each(visit)
}

fn intset(text: &[u8], visit: &mut Visit) -> Result<(), &'static str> {
    let (head, values) = text.split_at_checked(8).ok_or("malformed intset")?;
    let number = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().expect("four bytes")) as usize;
    let (width, count) = (number(0), number(4));
    if !matches!(width, 2 | 4 | 8) || count.checked_mul(width) != Some(values.len()) {
        return Err("malformed intset");
    }
    let extended = |b: &[u8]| {
        let mut wide = [if b[width - 1] & 0x80 == 0 { 0 } else { 0xff }; 8];
        wide[..width].copy_from_slice(b);
        i64::from_le_bytes(wide)
    };
    let all = values.chunks_exact(width).map(extended);
    if !all.clone().is_sorted_by(|a, b| a < b) {
        return Err("unordered intset");
    }
    all.map(Item::Int).try_for_each(visit)
}
