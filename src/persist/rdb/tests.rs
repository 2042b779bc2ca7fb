//! Primitives both ways, and the forms that only other servers write.

use super::*;
use crate::{
    base::{hash::HashKey, time::Wall},
    config::Config,
    data::packed::Packed,
    keyspace::{Entry, hash::HashRef, list::ListRef, zset::ZsetRef},
};
use proptest::prelude::*;

fn limits() -> Limits {
    Limits::new(&Config::default().encoding, HashKey(7))
}

fn read(kind: u8, body: &[u8]) -> Result<Entry, Corrupt> {
    let mut r = Reader::new(body);
    let e = decode(kind, &mut r, b"k", &limits())?;
    assert_eq!(r.left(), 0);
    Ok(e)
}

/// A small form in the text that carries it.
fn text(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write::bytes(&mut out, bytes, false);
    out
}

/// A ziplist of these entries, each without the length of the one before.
fn ziplist(entries: &[&[u8]]) -> Vec<u8> {
    let (mut body, mut before) = (Vec::new(), 0);
    for e in entries {
        body.push(before);
        body.extend_from_slice(e);
        before = e.len() as u8 + 1;
    }
    let tail = 10 + body.len() as u32 - u32::from(before);
    let mut out = (11 + body.len() as u32).to_le_bytes().to_vec();
    out.extend_from_slice(&tail.to_le_bytes());
    out.extend_from_slice(&(entries.len() as u16).to_le_bytes());
    out.extend_from_slice(&body);
    out.push(255);
    out
}

fn elements(e: &Entry) -> Vec<String> {
    let l = ListRef::of(e);
    l.range(0..l.len()).map(|i| String::from_utf8(i.to_vec()).unwrap()).collect()
}

#[test]
fn ziplists_are_read() {
    let entries: &[&[u8]] = &[
        b"\x03abc",
        b"\x40\x02xy",
        b"\x80\x00\x00\x00\x01z",
        b"\xf1",
        b"\xfd",
        b"\xfe\x80",
        b"\xc0\x00\x80",
        b"\xf0\xff\xff\x7f",
        b"\xd0\x00\x00\x00\x80",
        b"\xe0\xff\xff\xff\xff\xff\xff\xff\x7f",
    ];
    let want = ["abc", "xy", "z", "0", "12", "-128", "-32768", "8388607", "-2147483648", "9223372036854775807"];
    let list = read(kind::LIST_ZIPLIST, &text(&ziplist(entries))).unwrap();
    assert_eq!(elements(&list), want);
    let mut nodes = vec![2];
    nodes.extend(text(&ziplist(&entries[..2])));
    nodes.extend(text(&ziplist(&entries[2..])));
    assert_eq!(elements(&read(kind::LIST_QUICKLIST, &nodes).unwrap()), want);
}

#[test]
fn damaged_ziplists_are_refused() {
    let whole = ziplist(&[b"\x03abc", b"\xf1", b"\xc0\x00\x80"]);
    for end in 0..whole.len() {
        assert!(read(kind::LIST_ZIPLIST, &text(&whole[..end])).is_err());
    }
    for (at, byte) in [(0, 99), (4, 10), (4, 99), (5, 1), (8, 9), (10, 1), (15, 4), (15, 255), (whole.len() - 1, 0)] {
        let mut bytes = whole.clone();
        bytes[at] = byte;
        assert!(read(kind::LIST_ZIPLIST, &text(&bytes)).is_err(), "{at}");
    }
}

#[test]
fn hashes_and_sorted_sets_of_old_are_read() {
    let get = |e: &Entry, f: &[u8]| HashRef::of(e, Wall(0)).get(f).map(|i| i.to_vec());
    let hash = read(kind::HASH_ZIPLIST, &text(&ziplist(&[b"\x01f", b"\xf3"]))).unwrap();
    assert_eq!(get(&hash, b"f").unwrap(), b"2");
    let zipmap = b"\x02\x01f\x01\x00v\x02ff\x02\x01vv\x00\xff";
    let hash = read(kind::HASH_ZIPMAP, &text(zipmap)).unwrap();
    assert_eq!((get(&hash, b"f").unwrap(), get(&hash, b"ff").unwrap()), (b"v".to_vec(), b"vv".to_vec()));
    assert!(read(kind::HASH_ZIPMAP, &text(&zipmap[..14])).is_err());
    let zset = read(kind::ZSET_ZIPLIST, &text(&ziplist(&[b"\x01m", b"\x031.5"]))).unwrap();
    assert_eq!(ZsetRef::of(&zset).score(b"m"), Some(1.5));
    let zset = read(kind::ZSET, b"\x02\x01m\x031.5\x01n\xfe").unwrap();
    assert_eq!(ZsetRef::of(&zset).score(b"n"), Some(f64::INFINITY));
    assert!(read(kind::ZSET, b"\x01\x01m\xfd").is_err(), "not a number");
}

#[test]
fn fields_that_expire_are_read_as_redis_writes_them() {
    let expiry = |e: &Entry, f: &[u8]| HashRef::of(e, Wall(0)).expiry_ms(f);
    let mut body = 5000u64.to_le_bytes().to_vec();
    body.extend_from_slice(b"\x02\x00\x01a\x011\x0b\x01b\x012");
    let hash = read(kind::HASH_METADATA, &body).unwrap();
    assert_eq!((expiry(&hash, b"a"), expiry(&hash, b"b")), (Some(None), Some(Some(5010))));

    let mut elements = Vec::new();
    for item in [&b"a"[..], b"1", b"0", b"b", b"2", b"5010"] {
        Packed::<true>::push_back(&mut elements, item);
    }
    let listpack = |count: u16, elements: &[u8]| {
        let mut bytes = (elements.len() as u32 + 7).to_le_bytes().to_vec();
        bytes.extend_from_slice(&count.to_le_bytes());
        bytes.extend_from_slice(elements);
        bytes.push(255);
        let mut body = 5010u64.to_le_bytes().to_vec();
        body.extend(text(&bytes));
        body
    };
    let hash = read(kind::HASH_LISTPACK_EX, &listpack(6, &elements)).unwrap();
    assert_eq!((expiry(&hash, b"a"), expiry(&hash, b"b")), (Some(None), Some(Some(5010))));
    assert!(read(kind::HASH_LISTPACK_EX, &listpack(5, &elements)).is_err(), "miscounted");
    let end = elements.len() - Packed::<true>::size_of(5010);
    assert!(read(kind::HASH_LISTPACK_EX, &listpack(5, &elements[..end])).is_err(), "an expiry is missing");
}

#[test]
fn what_occurs_twice_is_refused() {
    assert!(read(kind::SET, b"\x02\x01a\x01a").is_err());
    assert!(read(kind::HASH, b"\x02\x01a\x011\x01a\x012").is_err());
    assert!(read(kind::ZSET, b"\x02\x01m\x011\x01m\x012").is_err());
    assert!(read(kind::SET_INTSET, &text(b"\x02\0\0\0\x02\0\0\0\x01\0\x01\0")).is_err());
}

#[test]
fn collections_without_elements_and_unknown_types_are_refused() {
    for kind in [kind::LIST, kind::SET, kind::HASH, kind::ZSET, kind::LIST_QUICKLIST_2] {
        assert!(read(kind, b"\0").is_err(), "{kind}");
    }
    assert!(read(6, b"\0").is_err());
    assert!(read(7, b"\0").is_err());
    assert!(read(99, b"\0").is_err());
    assert!(read(kind::LIST_QUICKLIST_2, b"\x01\x01\x01a").is_ok());
    assert!(read(kind::LIST_QUICKLIST_2, b"\x01\x01\x00").is_err(), "an element without a text has no node of its own");
}

#[test]
fn claims_of_length_are_checked_before_anything_is_allocated() {
    let huge = b"\x81\x7f\xff\xff\xff\xff\xff\xff\xff";
    for kind in [kind::STRING, kind::LIST, kind::SET, kind::HASH, kind::ZSET, kind::ZSET_2, kind::HASH_2] {
        assert!(read(kind, huge).is_err(), "{kind}");
    }
    assert!(read(kind::STRING, b"\xc3\x02\x81\x00\x00\x00\x00\x7f\xff\xff\xffab").is_err());
}

proptest! {
    #[test]
    fn lengths_come_back(n: u64, shift in 0u32..64) {
        let n = n >> shift;
        let mut out = Vec::new();
        write::len(&mut out, n);
        prop_assert_eq!(Reader::new(&out).number(), Ok(n));
    }

    #[test]
    fn texts_come_back(
        text in prop_oneof![
            any::<i64>().prop_map(|n| n.to_string().into_bytes()),
            any::<i16>().prop_map(|n| n.to_string().into_bytes()),
            proptest::collection::vec(any::<u8>(), 0..300),
            (any::<u8>(), 0usize..20_000).prop_map(|(b, n)| vec![b; n]),
        ],
        compress: bool,
    ) {
        let mut out = Vec::new();
        write::text(&mut out, &text, compress);
        prop_assert!(out.len() <= text.len() + 5);
        let mut r = Reader::new(&out);
        prop_assert_eq!(&r.text().unwrap()[..], &text[..]);
        prop_assert_eq!(r.left(), 0);
    }

    #[test]
    fn arbitrary_bytes_do_no_harm(kind in 0u8..30, body in proptest::collection::vec(any::<u8>(), 0..100)) {
        let _ = decode(kind, &mut Reader::new(&body), b"k", &limits());
    }
}
