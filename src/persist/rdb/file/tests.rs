//! Files taken apart: as they should be, cut anywhere, and damaged.

use super::*;
use crate::{
    base::hash::HashKey,
    config::Config,
    data::table::Element,
    keyspace::{string, string::Str},
    persist::{
        checksum,
        rdb::{Format, Limits},
    },
};
use bytes::Bytes;

const FORMAT: Format = Format { version: 11, compress: false };

fn options(len: Option<u64>) -> Options {
    Options { strict: true, checksum: true, len, more_follows: false }
}

/// Everything a file holds, in words.
fn read(chunks: &[&[u8]], options: Options) -> Result<Vec<String>, Damage> {
    let mut scanner = Scanner::new(options);
    let mut seen = Vec::new();
    for chunk in chunks {
        scanner.feed(Bytes::copy_from_slice(chunk));
        while let Some(item) = scanner.next()? {
            show(&item, &mut seen)?;
        }
    }
    scanner.end();
    while let Some(item) = scanner.next()? {
        show(&item, &mut seen)?;
    }
    Ok(seen)
}

fn show(item: &Item, seen: &mut Vec<String>) -> Result<(), Damage> {
    let limits = Limits::new(&Config::default().encoding, HashKey(7));
    let Item::Keys(batch) = item else {
        seen.push(match item {
            Item::Version(v) => format!("version {v}"),
            Item::Aux { name, value } => format!("{} is {}", name.escape_ascii(), value.escape_ascii()),
            other => format!("{other:?}"),
        });
        return Ok(());
    };
    let (mut records, mut keys) = (batch.records(), 0);
    while let Some(r) = records.next()? {
        let value = records.value(&r, &limits)?.map_or("nothing".into(), |e| {
            assert_eq!(e.key(), &r.name[..]);
            Str::of(&e).to_vec().escape_ascii().to_string()
        });
        let p = r.prefix;
        let extra = [p.expiry_ms, p.idle_s, p.frequency.map(u64::from)];
        let extra: Vec<String> = extra.into_iter().flatten().map(|n| format!(" {n}")).collect();
        seen.push(format!("{}: {}={value}{}", r.db, r.name.escape_ascii(), extra.concat()));
        keys += 1;
    }
    assert_eq!(keys, batch.keys);
    Ok(())
}

fn whole(bytes: &[u8]) -> Result<Vec<String>, Damage> {
    read(&[bytes], options(Some(bytes.len() as u64)))
}

fn refused(bytes: &[u8], at: u64, what: &str) {
    let damage = whole(bytes).unwrap_err();
    assert!(damage.what.contains(what), "{damage}");
    assert_eq!(damage.at, at, "{damage}");
}

/// A file with these items, a version and a checksum.
fn file(version: u16, items: &[u8]) -> Vec<u8> {
    let mut bytes = format!("REDIS{version:04}").into_bytes();
    bytes.extend_from_slice(items);
    bytes.push(op::EOF);
    if version >= 5 {
        let sum = checksum::of(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
    }
    bytes
}

/// One of everything that a writer writes.
fn written() -> Vec<u8> {
    let mut w = Writer::new(FORMAT, Access::Nothing, true, About::default());
    w.function(b"code");
    w.sizes(0, 3, 1);
    w.entry(0, &string::entry(b"a", b"text", None));
    w.entry(0, &string::entry(b"7", b"-70000", Some(1 << 40)));
    w.entry(3, &string::entry(b"b", &[b'x'; 300], None));
    w.end();
    w.take()
}

#[test]
fn what_was_written_is_read() {
    let seen = whole(&written()).unwrap();
    let version = format!("valkey-ver is {}", crate::base::version::VALKEY);
    let want = ["version 11", &version, "redis-bits is 64", "ctime is 0", "used-mem is 0", "aof-base is 0"];
    assert_eq!(seen[..6], want);
    assert!(seen[6].starts_with("Function") && seen[6].contains("code"));
    assert_eq!(seen[7], "Sizes { db: 0, keys: 3, expiring: 1 }");
    let long = format!("3: b={}", "x".repeat(300));
    assert_eq!(seen[8..11], ["0: a=text", "0: 7=-70000 1099511627776", &long]);
    assert_eq!(seen[11..], ["End(Right)"]);
}

#[test]
fn chunks_make_no_difference() {
    let bytes = written();
    let want = whole(&bytes).unwrap();
    for size in [1, 2, 3, 7, 50, 299] {
        let chunks: Vec<&[u8]> = bytes.chunks(size).collect();
        for len in [None, Some(bytes.len() as u64)] {
            assert_eq!(read(&chunks, options(len)).unwrap(), want, "{size}");
        }
    }
}

#[test]
fn a_file_that_is_cut_short_is_refused() {
    let bytes = written();
    for end in 0..bytes.len() {
        assert!(whole(&bytes[..end]).is_err(), "{end}");
        let damage = read(&[&bytes[..end]], options(None)).unwrap_err();
        assert!(damage.what.starts_with("the file ends too early"), "{damage}");
        assert!(damage.at <= end as u64);
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let mut newest = b"VALKEY080\xff".to_vec();
    newest.extend_from_slice(&checksum::of(b"VALKEY080\xff").to_le_bytes());
    for mut bytes in [written(), newest] {
        assert!(whole(&bytes).is_ok());
        for at in 0..bytes.len() * 8 {
            bytes[at / 8] ^= 1 << (at % 8);
            assert!(whole(&bytes).is_err(), "bit {at}");
            bytes[at / 8] ^= 1 << (at % 8);
        }
    }
}

#[test]
fn the_checksum_may_be_absent_or_unwanted() {
    let mut bytes = file(11, b"");
    let end = bytes.len() - 8;
    bytes[end..].fill(0);
    assert_eq!(whole(&bytes).unwrap().last().unwrap(), "End(Absent)");
    bytes[end] = 1;
    refused(&bytes, end as u64, "wrong checksum");
    let unchecked = Options { checksum: false, ..options(None) };
    assert_eq!(read(&[&bytes], unchecked).unwrap().last().unwrap(), "End(Unchecked)");
    assert_eq!(whole(&file(4, b"")).unwrap(), ["version 4", "End(Absent)"]);
}

#[test]
fn what_follows_the_file_is_left() {
    let mut bytes = written();
    let end = bytes.len();
    bytes.extend_from_slice(b"*1\r\n");
    refused(&bytes, end as u64, "bytes after the end");
    for size in [1, 64, 10_000] {
        let mut scanner = Scanner::new(Options { more_follows: true, ..options(None) });
        let mut rest = Vec::new();
        for chunk in bytes.chunks(size) {
            scanner.feed(Bytes::copy_from_slice(chunk));
            while scanner.next().unwrap().is_some() {}
        }
        assert_eq!(scanner.at(), end as u64);
        rest.extend_from_slice(&scanner.into_rest());
        assert_eq!(rest, b"*1\r\n", "{size}");
    }
}

#[test]
fn versions_are_checked() {
    let with_magic = |magic: &[u8]| {
        let mut bytes = file(11, b"");
        bytes[..9].copy_from_slice(magic);
        bytes
    };
    for magic in [b"REDIS0000", b"REDIS0013", b"REDIS0080", b"VALKEY011", b"VALKEY081", b"REDIS00x1"] {
        refused(&with_magic(magic), 0, "can't handle RDB format version");
    }
    refused(&with_magic(b"RABBIT011"), 0, "signature");
    for version in [1, 2, 3, 6, 7, 8, 9, 10, 11, 12] {
        assert!(whole(&file(version, b"")).is_ok());
    }
    let relaxed = Options { strict: false, checksum: false, ..options(None) };
    for magic in [b"REDIS0013", b"VALKEY081"] {
        assert!(read(&[&with_magic(magic)], relaxed).is_ok());
    }
}

#[test]
fn old_forms_of_time_are_read() {
    let items =
        b"\xfd\x0a\0\0\0\0\x01a\x01v\xfd\xff\xff\xff\xff\0\x01b\x01v\xfc\xff\xff\xff\xff\xff\xff\xff\xff\0\x01c\x01v\
        \xf8\x07\0\x01d\x01v\xf9\xff\0\x01e\x01v";
    let want = ["0: a=v 10000", "0: b=v 0", "0: c=v", "0: d=v 7", "0: e=v 255"];
    assert_eq!(whole(&file(9, items)).unwrap()[1..6], want);
}

#[test]
fn what_is_harmless_is_passed_over() {
    let seen = whole(&file(11, b"\xf4\x05\x01\x00\0\x01a\x01v\xf4\x06\x01\x00\x04\x01h\x00")).unwrap();
    assert_eq!(seen[1..3], ["0: a=v", "0: h=nothing"], "hints about slots, and a hash without fields");
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    // A letter is six bits, the version ten.
    let spelt = b"graphdata".iter().fold(0u64, |id, letter| id << 6 | u64::from(letter - b'a' + 26));
    let mut number = vec![0x81];
    number.extend_from_slice(&(spelt << 10 | 3).to_be_bytes());
    let items = |before: &[u8]| file(11, &[before, &number, b"\x02\x01\x00"].concat());
    refused(&items(b"\xf7"), 9, "module 'graphdata'");
    refused(&items(b"\0\x01k\x01v\x07\x01k"), 9 + 5 + 3 + 9, "module 'graphdata'");
    refused(&file(11, b"\xf6\x04code"), 9, "candidate");
    refused(&file(11, b"\xf3\x04name\x00"), 9, "import of slots");
    refused(&file(11, b"\x63\x01kv"), 12, "unknown type of value or opcode 99");
    refused(&file(12, b"\x16\x01k\x01\x01f\x01v"), 12, "Redis 7.4");
    refused(&file(6, b"\xfa\x01a\x01b"), 9, "this version");
    refused(&file(11, b"\xfc\0\0\0\0\0\0\0\0\xfe\0"), 19, "without a key");
    refused(&file(11, b"\x0e\x01k\x81\x7f\xff\xff\xff\xff\xff\xff\xff"), 21, "ends too early: more elements");
}

#[test]
fn a_count_beyond_all_numbers_is_refused() {
    let bytes = file(11, b"\x03\x01k\x81\xff\xff\xff\xff\xff\xff\xff\xff");
    assert!(whole(&bytes).is_err());
    assert!(read(&[&bytes], options(None)).unwrap_err().what.contains("ends too early"));
}

#[test]
fn a_large_value_is_not_looked_at_for_every_chunk() {
    let text = vec![b'x'; 3 << 20];
    let mut w = Writer::new(FORMAT, Access::Nothing, true, About::default());
    w.entry(0, &string::entry(b"a", &text, None));
    w.end();
    let bytes = w.take();
    let mut scanner = Scanner::new(options(None));
    let mut looks = 0;
    for chunk in bytes.chunks(1000) {
        scanner.feed(Bytes::copy_from_slice(chunk));
        while scanner.next().unwrap().is_some() {
            looks += 1;
        }
    }
    assert_eq!(looks, 1 + 5 + 1 + 1 + 1, "version, five facts, the database, the key, the end");
}
