//! DUMP and RESTORE.

use crate::{
    engine::testing::Rig,
    persist::{
        dump,
        rdb::{Format, Limits},
    },
    protocol::value::Value,
};
use proptest::prelude::*;

fn rig() -> Rig {
    Rig::with(1, &[("list-max-listpack-size", "8"), ("hash-max-listpack-entries", "8")])
}

/// The bytes DUMP replies.
fn payload(r: &mut Rig, key: &str) -> Vec<u8> {
    match r.call(0, &[b"DUMP", key.as_bytes()]).remove(0) {
        Value::Bulk(bytes) => bytes,
        other => panic!("{other:?}"),
    }
}

fn restore(r: &mut Rig, key: &str, payload: &[u8], more: &[&[u8]]) -> String {
    let mut args: Vec<&[u8]> = vec![b"RESTORE", key.as_bytes(), b"0", payload];
    args.extend(more);
    crate::engine::testing::show(&r.call(0, &args)[0])
}

/// Values of every type in every form.
const VALUES: &[&str] = &[
    "SET key 12",
    "SET key -70000",
    "SET key 9223372036854775807",
    "SET key 0012",
    "SET key text",
    "SET key aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "RPUSH key a 1 -5000 b",
    "RPUSH key 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20",
    "HSET key a 1 b two",
    "HSET key a 1 b 2 c 3 d 4 e 5 f 6 g 7 h 8 i 9 j 10",
    "SADD key 1 2 3",
    "SADD key 1 70000 9223372036854775807",
    "SADD key a 1 b",
    "ZADD key 1 a 2.5 b inf c -inf d 3e20 e",
    "XADD key 5-1 f v g 7",
    "XADD key 18446744073709551615-3 field value",
];

/// What a client sees of a value.
fn seen(r: &mut Rig, key: &str) -> Vec<String> {
    let read = match r.run(0, &format!("TYPE {key}")).as_str() {
        "+string" => format!("GET {key}"),
        "+list" => format!("LRANGE {key} 0 -1"),
        "+hash" => format!("HGETALL {key}"),
        "+set" => format!("SMEMBERS {key}"),
        "+zset" => format!("ZRANGE {key} 0 -1 WITHSCORES"),
        "+stream" => format!("XINFO STREAM {key} FULL"),
        other => panic!("{other}"),
    };
    let text = r.run(0, &read);
    let mut words: Vec<String> = text.trim_matches(['[', ']']).split(' ').map(str::to_owned).collect();
    if read.starts_with('S') || read.starts_with('H') {
        words.sort();
    }
    words.push(r.run(0, &format!("OBJECT ENCODING {key}")));
    words
}

#[test]
fn every_form_comes_back() {
    for set in VALUES {
        let mut r = rig();
        r.run(0, set);
        let payload = payload(&mut r, "key");
        assert_eq!(restore(&mut r, "copy", &payload, &[]), "+OK", "{set}");
        assert_eq!(seen(&mut r, "copy"), seen(&mut r, "key"), "{set}");
        assert_eq!(restore(&mut r, "copy", &payload, &[]), "-BUSYKEY Target key name already exists.");
        assert_eq!(restore(&mut r, "copy", &payload, &[b"REPLACE"]), "+OK");
    }
}

#[test]
fn large_tables_come_back() {
    let mut r = rig();
    for i in 0..2000 {
        r.run(0, &format!("SADD set member{i}"));
        r.run(0, &format!("ZADD zset {i}.5 member{i}"));
        r.run(0, &format!("HSET hash field{i} {i}"));
        r.run(0, &format!("RPUSH list {i}"));
    }
    for key in ["set", "zset", "hash", "list"] {
        let payload = payload(&mut r, key);
        assert_eq!(restore(&mut r, "copy", &payload, &[b"REPLACE"]), "+OK");
        assert_eq!(seen(&mut r, "copy"), seen(&mut r, key));
    }
}

#[test]
fn streams_come_back_with_their_groups() {
    let mut r = rig();
    for i in 1..300 {
        r.run(0, &format!("XADD key {i}-0 field {i} other{i} v"));
    }
    for line in [
        "XDEL key 7-0 120-0",
        "XTRIM key MINID 5",
        "XGROUP CREATE key empty $",
        "XGROUP CREATE key readers 0",
        "XREADGROUP GROUP readers alice COUNT 10 STREAMS key >",
        "XREADGROUP GROUP readers bob COUNT 5 STREAMS key >",
        "XGROUP CREATECONSUMER key readers idle",
        "XACK key readers 6-0",
        "XDEL key 9-0",
    ] {
        r.run(0, line);
    }
    let payload = payload(&mut r, "key");
    assert_eq!(restore(&mut r, "copy", &payload, &[]), "+OK");
    assert_eq!(seen(&mut r, "copy"), seen(&mut r, "key"));
    assert_eq!(r.run(0, "XINFO GROUPS copy"), r.run(0, "XINFO GROUPS key"));
    assert_eq!(r.run(0, "XPENDING copy readers - + 100"), r.run(0, "XPENDING key readers - + 100"));
    r.run(0, "DEL key");
    for (line, reply) in [("XADD copy 299-0 a b", "-ERR"), ("XADD copy 300-0 a b", "300-0")] {
        assert!(r.run(0, line).starts_with(reply), "{line}");
    }
}

#[test]
fn expiring_fields_come_back() {
    let mut r = rig();
    r.run(0, "HSET h a 1 b 2");
    r.run(0, "HPEXPIRE h 5000 FIELDS 1 a");
    let payload = payload(&mut r, "h");
    assert_eq!(restore(&mut r, "copy", &payload, &[]), "+OK");
    assert_eq!(r.run(0, "HPEXPIRETIME copy FIELDS 2 a b"), r.run(0, "HPEXPIRETIME h FIELDS 2 a b"));
    r.advance_ms(5001);
    assert_eq!(r.run(0, "HGETALL copy"), "[b 2]");
}

#[test]
fn expiry_and_access_are_set() {
    let mut r = rig();
    r.run(0, "SET k v");
    let p = payload(&mut r, "k");
    let mut with = |ttl: &str, more: &[&[u8]]| {
        let mut args: Vec<&[u8]> = vec![b"RESTORE", b"k", ttl.as_bytes(), &p, b"REPLACE"];
        args.extend(more);
        crate::engine::testing::show(&r.call(0, &args)[0])
    };
    assert_eq!(with("5000", &[]), "+OK");
    assert_eq!(with("-1", &[]), "-ERR Invalid TTL value, must be >= 0");
    assert_eq!(with("x", &[]), "-ERR value is not an integer or out of range");
    assert_eq!(with("0", &[b"IDLETIME", b"-1"]), "-ERR Invalid IDLETIME value, must be >= 0");
    assert_eq!(with("0", &[b"FREQ", b"256"]), "-ERR Invalid FREQ value, must be >= 0 and <= 255");
    assert_eq!(with("0", &[b"FREQ", b"1", b"IDLETIME", b"1"]), "-ERR syntax error");
    assert_eq!(with("0", &[b"NONSENSE"]), "-ERR syntax error");
    assert_eq!(with("0", &[b"IDLETIME", b"1000"]), "+OK");
    assert_eq!(r.run(0, "OBJECT IDLETIME k"), ":1000");
    assert_eq!(r.run(0, "PTTL k"), ":-1");
}

#[test]
fn what_has_expired_is_not_restored() {
    let mut r = rig();
    r.run(0, "SET k v");
    let p = payload(&mut r, "k");
    let args: &[&[u8]] = &[b"RESTORE", b"k", b"1", &p, b"REPLACE", b"ABSTTL"];
    assert_eq!(crate::engine::testing::show(&r.call(0, args)[0]), "+OK");
    assert_eq!(r.run(0, "EXISTS k"), ":0");
}

#[test]
fn a_damaged_payload_is_refused() {
    let mut r = rig();
    assert_eq!(r.run(0, "DUMP none"), "nil");
    for set in VALUES {
        r.run(0, "DEL key");
        r.run(0, set);
        let whole = payload(&mut r, "key");
        for end in 0..whole.len() {
            let reply = restore(&mut r, "copy", &whole[..end], &[]);
            assert_eq!(reply, "-ERR DUMP payload version or checksum are wrong", "{set}, {end} bytes");
        }
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            let reply = restore(&mut r, "copy", &bytes, &[]);
            assert_eq!(reply, "-ERR DUMP payload version or checksum are wrong", "{set}, byte {at}");
        }
    }
    assert_eq!(r.run(0, "EXISTS copy"), ":0");
}

#[test]
fn tests_may_do_without_the_checksum() {
    let mut r = Rig::with(1, &[("enable-debug-command", "yes")]);
    r.run(0, "SET k v");
    let mut damaged = payload(&mut r, "k");
    *damaged.last_mut().expect("a checksum") ^= 1;
    let refusal = "-ERR DUMP payload version or checksum are wrong";
    assert_eq!(restore(&mut r, "copy", &damaged, &[]), refusal);
    assert_eq!(r.run(0, "DEBUG SET-SKIP-CHECKSUM-VALIDATION 1"), "+OK");
    assert_eq!(restore(&mut r, "copy", &damaged, &[]), "+OK");
    assert_eq!(restore(&mut r, "short", &damaged[..9], &[]), refusal);
    let version = damaged.len() - 9;
    damaged[version] = 1;
    assert_eq!(restore(&mut r, "future", &damaged, &[]), refusal);
    assert_eq!(restore(&mut r, "empty", &damaged[version - 1..], &[]), refusal);
    assert_eq!(restore(&mut r, "empty", &[11, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[]), "-ERR Bad data format");
    assert_eq!(r.run(0, "GET copy"), "v");
}

#[test]
fn versions_are_checked() {
    let mut r = rig();
    r.run(0, "SET k v");
    let limits = Limits::new(&crate::config::Config::default().encoding, crate::base::hash::HashKey(1));
    let refused = |version| {
        let entry = crate::keyspace::string::entry(b"k", b"v", None);
        let bytes = dump::dump(&entry, Format { version, compress: false });
        (dump::restore(&bytes, b"k", &limits, true).is_err(), dump::restore(&bytes, b"k", &limits, false).is_err())
    };
    for version in [1, 6, 10, 11, 12, 80] {
        assert_eq!(refused(version), (false, false), "{version}");
    }
    assert_eq!(refused(13), (true, false));
    assert_eq!(refused(81), (true, true));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// With the checksum made right again, whatever was damaged is noticed or is a value; the
    /// rig's audit sees to its account.
    #[test]
    fn a_forged_payload_does_no_harm(
        set in proptest::sample::select(VALUES),
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
        cut in proptest::option::of(any::<proptest::sample::Index>()),
    ) {
        let mut r = rig();
        r.run(0, set);
        let whole = payload(&mut r, "key");
        let mut value = whole[..whole.len() - 10].to_vec();
        for (at, byte) in edits {
            let at = at.index(value.len());
            value[at] = byte;
        }
        if let Some(cut) = cut {
            value.truncate(cut.index(value.len()) + 1);
        }
        let reply = restore(&mut r, "copy", &dump::seal(value, 11), &[]);
        prop_assert!(reply == "+OK" || reply == "-ERR Bad data format", "{}", reply);
        if reply == "+OK" {
            seen(&mut r, "copy");
            r.run(0, "DEL copy");
        }
    }
}
