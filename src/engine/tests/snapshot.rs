//! Snapshots made while everything changes.

use crate::{
    engine::testing::{Rig, show},
    keyspace::Entry,
    persist::{
        dump,
        rdb::{Format, Limits, Reader, decode, file::op},
        snapshot::Snapshot,
    },
};
use proptest::prelude::*;

fn rig() -> Rig {
    let small =
        [("list-max-listpack-size", "-1"), ("set-max-listpack-entries", "8"), ("hash-max-listpack-entries", "8")];
    Rig::with(2, &[&small[..], &[("enable-debug-command", "yes"), ("zset-max-listpack-entries", "8")]].concat())
}

/// The keys of a file, each with its database.
fn keys(file: &[u8], limits: &Limits) -> Vec<(u64, Entry)> {
    let mut r = Reader::new(&file[9..]);
    let (mut db, mut expiry_ms, mut found) = (0, None, Vec::new());
    loop {
        match r.byte().unwrap() {
            op::AUX => drop((r.text().unwrap(), r.text().unwrap())),
            op::SELECTDB => db = r.number().unwrap(),
            op::RESIZEDB => drop((r.number().unwrap(), r.number().unwrap())),
            op::EXPIRETIME_MS => expiry_ms = Some(u64::from_le_bytes(r.array().unwrap())),
            op::EOF => break,
            kind => {
                let name = r.text().unwrap().into_owned();
                let mut e = decode(kind, &mut r, &name, limits).unwrap();
                e.set_expiry_ms(expiry_ms.take());
                found.push((db, e));
            }
        }
    }
    assert_eq!(r.left(), 8, "the checksum is the end");
    found
}

/// The digest of a server that has loaded the file.
fn digest_of(file: &[u8], source: &Rig) -> String {
    let config = source.engine.shared.config.get();
    let limits = Limits::new(&config.encoding, source.engine.shared.keyspace.hash_key());
    let mut other = rig();
    for (db, e) in keys(file, &limits) {
        let payload = dump::dump(&e, Format { version: 11, compress: false });
        let ttl = e.expiry_ms().unwrap_or(0).to_string();
        other.run(0, &format!("SELECT {db}"));
        use crate::data::table::Element;
        let reply = other.call(0, &[b"RESTORE", e.key(), ttl.as_bytes(), &payload, b"ABSTTL"]);
        assert_eq!(show(&reply[0]), "+OK", "every key once");
    }
    other.run(0, "DEBUG DIGEST")
}

/// The same of one that has executed commands.
fn digest_of_commands(text: &[u8]) -> String {
    let mut other = rig();
    other.replay(text);
    other.run(0, "DEBUG DIGEST")
}

/// Makes steps of a snapshot; true at its end.
fn steps(r: &Rig, s: &mut Snapshot, n: usize, file: &mut Vec<u8>) -> bool {
    let done = (0..n).any(|_| s.step(&r.engine.shared));
    file.extend(s.take(1).unwrap_or_default());
    done
}

fn fill(r: &mut Rig) {
    for i in 0..300 {
        r.run(0, &format!("SELECT {}", i % 3));
        r.run(0, &format!("SET s{i} {i}"));
        r.run(0, &format!("RPUSH l{} a {i}", i % 7));
        r.run(0, &format!("HSET h{} f{i} {i}", i % 11));
        r.run(0, &format!("ZADD z{} {i} m{i}", i % 5));
        r.run(0, &format!("XADD x{} {}-1 f {i}", i % 4, i + 1));
    }
    r.run(0, "SELECT 0");
    let long = "x".repeat(90);
    for key in ["big:l", "big:s", "big:h", "big:z"] {
        for i in 0..30 {
            let items = |f: &dyn Fn(usize) -> String| (0..40).map(|j| f(i * 40 + j)).collect::<Vec<_>>().join(" ");
            match key {
                "big:l" => r.run(0, &format!("RPUSH {key} {}", items(&|n| format!("{long}{n}")))),
                "big:s" => r.run(0, &format!("SADD {key} {}", items(&|n| format!("{long}{n}")))),
                "big:h" => r.run(0, &format!("HSET {key} {}", items(&|n| format!("{n} {long}{n}")))),
                _ => r.run(0, &format!("ZADD {key} {}", items(&|n| format!("{n} {long}{n}")))),
            };
        }
    }
    for i in 0..1500 {
        r.run(0, &format!("XADD big:x {}-0 field {long}{i}", i + 1));
    }
    r.run(0, "XGROUP CREATE big:x g 0");
    r.run(0, "XREADGROUP GROUP g c COUNT 700 STREAMS big:x >");
    r.run(0, "SET text '' ");
    r.run(0, "SETRANGE text 50000 end");
}

fn command() -> impl Strategy<Value = String> {
    let n = 0..300u32;
    prop_oneof![
        6 => n.clone().prop_map(|i| format!("SET s{i} changed")),
        3 => n.clone().prop_map(|i| format!("DEL s{i}")),
        2 => n.clone().prop_map(|i| format!("SET new{i} x")),
        2 => n.clone().prop_map(|i| format!("RENAME s{i} s{}", i + 1)),
        2 => n.clone().prop_map(|i| format!("PEXPIRE s{i} {}", i % 7)),
        2 => n.clone().prop_map(|i| format!("HDEL h{} f{i}", i % 11)),
        2 => n.clone().prop_map(|i| format!("ZINCRBY z{} 5 m{i}", i % 5)),
        2 => n.clone().prop_map(|i| format!("LPOP l{}", i % 7)),
        2 => n.clone().prop_map(|i| format!("XDEL x{} {i}-1", i % 4)),
        1 => n.clone().prop_map(|i| format!("MOVE s{i} 1")),
        1 => n.prop_map(|i| format!("COPY s{i} copy{i} REPLACE")),
        2 => prop::sample::select(vec![
            "APPEND text x", "RPUSH big:l x", "SADD big:s x", "SREM big:s x", "HSET big:h 3 x", "ZADD big:z 5 x", "XACK big:x g 5-0",
            "DEL big:h", "RENAME big:l other:l", "SET big:z x", "XTRIM big:x MAXLEN 10", "SELECT 1", "SELECT 2", "SELECT 0",
            "SWAPDB 0 1", "SWAPDB 1 2", "FLUSHDB", "FLUSHDB SYNC", "MULTI", "EXEC",
        ]).prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// The file shows the instant the snapshot began, whatever happens while it is written.
    #[test]
    fn a_file_shows_one_instant(text: bool, commands in prop::collection::vec((command(), 0..3usize), 50..300)) {
        let mut r = rig();
        fill(&mut r);
        let want = r.run(0, "DEBUG DIGEST");
        let now = r.now();
        r.run(0, "CONFIG SET aof-use-rdb-preamble no");
        let mut s = r.begin_snapshot(text);
        prop_assert_eq!(s.is_commands(), text);
        prop_assert_eq!(now, r.now());
        let (mut file, mut done) = (Vec::new(), false);
        for (line, n) in commands {
            let mut reply = r.run(0, &line);
            // It waits for a value: the snapshot writes it next.
            for _ in 0..100_000 {
                if done || reply != "(paused)" {
                    break;
                }
                done = steps(&r, &mut s, 1, &mut file);
                r.advance_ms(1);
                reply = r.mail(0);
                if reply.is_empty() && matches!(r.progress(0), crate::engine::Progress::Paused { .. }) {
                    reply = "(paused)".into();
                }
            }
            prop_assert_ne!(reply, "(paused)");
            done = done || steps(&r, &mut s, n, &mut file);
        }
        while !done {
            done = steps(&r, &mut s, 50, &mut file);
        }
        let got = if text { digest_of_commands(&file) } else { digest_of(&file, &r) };
        prop_assert_eq!(got, want);
    }
}

#[test]
fn a_snapshot_that_is_given_up_leaves_no_trace() {
    let mut r = rig();
    fill(&mut r);
    let want = r.run(0, "DEBUG DIGEST");
    let mut s = r.begin_snapshot(false);
    for _ in 0..20 {
        s.step(&r.engine.shared);
    }
    s.give_up();
    r.run(0, "DEL s1");
    r.run(0, "SET s1 1");
    while !s.step(&r.engine.shared) {}
    assert!(!r.engine.shared.saving.is_snapshot());
    let mut s = r.begin_snapshot(false);
    let mut file = Vec::new();
    while !steps(&r, &mut s, 1, &mut file) {}
    assert_eq!(digest_of(&file, &r), r.run(0, "DEBUG DIGEST"));
    assert_ne!(want, "");
}

#[test]
fn who_changes_a_large_value_waits_for_it_and_nobody_else_does() {
    let mut r = rig();
    fill(&mut r);
    let mut s = r.begin_snapshot(false);
    assert_eq!(r.run(0, "SADD big:s x"), "(paused)");
    assert_eq!(r.run(1, "SET s1 y"), "+OK");
    assert_eq!(r.run(1, "SCARD big:s"), ":1200");
    assert_eq!(r.run(2, "SADD big:l x"), "(paused)", "whatever it will reply");
    let mut steps = 0;
    while r.mail(0).is_empty() {
        s.step(&r.engine.shared);
        r.advance_ms(1);
        steps += 1;
    }
    assert!((3..20).contains(&steps), "in slices, and before anything else: {steps}");
    s.give_up();
    while !s.step(&r.engine.shared) {}
    r.advance_ms(1);
    assert!(r.mail(2).starts_with("-WRONGTYPE"));
}
