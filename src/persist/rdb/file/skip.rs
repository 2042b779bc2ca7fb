//! Where a value ends, found without making it: so that one reader keeps ahead of many
//! who decode.

use crate::persist::rdb::{Corrupt, Reader, kind};

type Skipped = Result<(), Corrupt>;

/// Whether [`body`] can go over values with this type byte.
pub fn knows(kind: u8) -> bool {
    matches!(kind, kind::STRING..=kind::ZSET_2 | kind::HASH_ZIPMAP..=kind::HASH_2 | kind::HASH_METADATA..=kind::HASH_LISTPACK_EX)
}

/// Goes over the body of a value whose type byte was `kind`.
///
/// # Errors
/// If the type is unknown or no value can look like this; or, with
/// [`Corrupt::missing`] set, if the bytes end before the value does.
pub fn body(kind: u8, r: &mut Reader) -> Skipped {
    match kind {
        kind::STRING
        | kind::HASH_ZIPMAP
        | kind::LIST_ZIPLIST
        | kind::SET_INTSET
        | kind::ZSET_ZIPLIST
        | kind::HASH_ZIPLIST
        | kind::HASH_LISTPACK
        | kind::ZSET_LISTPACK
        | kind::SET_LISTPACK => r.skip_text(),
        kind::LIST | kind::SET | kind::LIST_QUICKLIST => each(r, 1, Reader::skip_text),
        kind::LIST_QUICKLIST_2 => each(r, 2, |r| {
            r.number()?;
            r.skip_text()
        }),
        kind::HASH => each(r, 2, field),
        kind::ZSET => each(r, 2, |r| {
            r.skip_text()?;
            r.score_text().map(drop)
        }),
        kind::ZSET_2 => each(r, 9, |r| {
            r.skip_text()?;
            fixed(r, 8)
        }),
        kind::HASH_2 => each(r, 10, |r| {
            field(r)?;
            fixed(r, 8)
        }),
        kind::HASH_METADATA => {
            fixed(r, 8)?;
            each(r, 3, |r| {
                r.number()?;
                field(r)
            })
        }
        kind::HASH_LISTPACK_EX => {
            fixed(r, 8)?;
            r.skip_text()
        }
        kind::STREAM | kind::STREAM_2 | kind::STREAM_3 => stream(kind, r),
        _ => Err(r.corrupt("unknown or unsupported type of value")),
    }
}

/// Goes over a count and as many elements, each of at least `min_bytes`.
fn each<'a>(r: &mut Reader<'a>, min_bytes: usize, mut skip: impl FnMut(&mut Reader<'a>) -> Skipped) -> Skipped {
    for _ in 0..r.count(min_bytes)? {
        skip(r)?;
    }
    Ok(())
}

fn fixed(r: &mut Reader, bytes: usize) -> Skipped {
    r.take(bytes).map(drop)
}

fn field(r: &mut Reader) -> Skipped {
    r.skip_text()?;
    r.skip_text()
}

fn numbers(r: &mut Reader, count: usize) -> Skipped {
    for _ in 0..count {
        r.number()?;
    }
    Ok(())
}

fn stream(kind: u8, r: &mut Reader) -> Skipped {
    let ids_and_counts = kind != kind::STREAM;
    each(r, 2, field)?;
    // How many entries, the last id; the first, the greatest deleted one, entries ever added.
    numbers(r, if ids_and_counts { 8 } else { 3 })?;
    each(r, 5, |r| {
        r.skip_text()?;
        // The last id; entries read.
        numbers(r, if ids_and_counts { 3 } else { 2 })?;
        each(r, 25, |r| {
            fixed(r, 24)?;
            numbers(r, 1)
        })?;
        each(r, 10, |r| {
            r.skip_text()?;
            fixed(r, if kind == kind::STREAM_3 { 16 } else { 8 })?;
            each(r, 16, |r| fixed(r, 16))
        })
    })
}
