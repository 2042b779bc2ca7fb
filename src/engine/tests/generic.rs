//! Commands on keys of any type.

use crate::engine::testing::Rig;
use std::collections::BTreeSet;

#[test]
fn existence() {
    Rig::new().script(
        "
        MSET a 1 b 2 => +OK
        EXISTS a b c a => :3
        TOUCH a b c => :2
        TYPE a => +string
        TYPE c => +none
        DEL a c a => :1
        UNLINK b c => :1
        DBSIZE => :0
        EXISTS => -ERR wrong number of arguments for 'exists' command
        SET k v PX 5 => +OK
        .wait 6
        DEL k => :0
        SET k v PX 5 => +OK
        .wait 6
        EXISTS k => :0
        ",
    );
}

#[test]
fn renaming() {
    Rig::new().script(
        "
        RENAME a b => -ERR no such key
        RENAMENX a b => -ERR no such key
        RENAME a a => -ERR no such key
        SET a 1 EX 100 => +OK
        RENAME a a => +OK
        RENAMENX a a => :0
        SET b 2 => +OK
        RENAMENX a b => :0
        RENAME a b => +OK
        MGET a b => [nil 1]
        TTL b => :100
        RENAMENX b c => :1
        APPEND c 2 => :2
        RENAME c raw => +OK
        OBJECT ENCODING raw => raw
        SETRANGE big 50000 x => :50001
        RENAME big big2 => +OK
        STRLEN big2 => :50001
        EXISTS big => :0
        ",
    );
}

#[test]
fn moving() {
    Rig::new().script(
        "
        MOVE a 1 => :0
        SET a 1 EX 100 => +OK
        MOVE a 0 => -ERR source and destination objects are the same
        MOVE a 16 => -ERR DB index is out of range
        MOVE a -1 => -ERR DB index is out of range
        MOVE a x => -ERR value is not an integer or out of range
        MOVE a 2147483648 => -ERR value is out of range, value must between -2147483648 and 2147483647
        MOVE a 1 => :1
        EXISTS a => :0
        SET a 2 => +OK
        MOVE a 1 => :0
        SWAPDB 0 1 => +OK
        GET a => 1
        TTL a => :100
        ",
    );
}

#[test]
fn copying() {
    Rig::new().script(
        "
        COPY a b => :0
        SET a 1 EX 100 => +OK
        COPY a a => -ERR source and destination objects are the same
        COPY a a DB 0 => -ERR source and destination objects are the same
        COPY a b => :1
        TTL b => :100
        SET a 2 => +OK
        COPY a b => :0
        COPY a b REPLACE => :1
        MGET a b => [2 2]
        TTL b => :-1
        COPY a a DB 3 => :1
        COPY a a DB 3 => :0
        COPY a a DB 3 REPLACE => :1
        COPY a b DB 16 => -ERR DB index is out of range
        COPY a b DB x => -ERR value is not an integer or out of range
        COPY a b DB => -ERR syntax error
        COPY a b FOO => -ERR syntax error
        SWAPDB 0 3 => +OK
        GET a => 2
        DBSIZE => :1
        SETRANGE long 40000 x => :40001
        COPY long copy => :1
        APPEND copy y => :40002
        STRLEN long => :40001
        ",
    );
}

#[test]
fn swapping_and_flushing() {
    Rig::new().script(
        "
        SET a 1 => +OK
        SWAPDB 0 1 => +OK
        DBSIZE => :0
        SET b 1 => +OK
        SWAPDB 1 0 => +OK
        GET a => 1
        SWAPDB 0 0 => +OK
        SWAPDB x 1 => -ERR invalid first DB index
        SWAPDB 1 x => -ERR invalid second DB index
        SWAPDB 0 16 => -ERR DB index is out of range
        SWAPDB -1 0 => -ERR DB index is out of range
        FLUSHDB FOO => -ERR syntax error
        FLUSHDB SYNC ASYNC => -ERR syntax error
        FLUSHDB => +OK
        DBSIZE => :0
        SWAPDB 0 1 => +OK
        DBSIZE => :1
        FLUSHALL async => +OK
        DBSIZE => :0
        SET a 1 => +OK
        COPY a a DB 1 => :1
        FLUSHDB sync => +OK
        SWAPDB 0 1 => +OK
        GET a => 1
        FLUSHALL SYNC => +OK
        DBSIZE => :0
        ",
    );
}

#[test]
fn objects() {
    Rig::new().script(
        "
        OBJECT ENCODING missing => nil
        OBJECT FREQ missing => nil
        OBJECT IDLETIME missing => nil
        OBJECT REFCOUNT missing => nil
        SET k v => +OK
        OBJECT REFCOUNT k => :1
        .wait 5000
        OBJECT IDLETIME k => :5
        EXISTS k => :1
        TTL k => :-1
        TYPE k => +string
        OBJECT IDLETIME k => :5
        TOUCH k => :1
        OBJECT IDLETIME k => :0
        OBJECT FREQ k => -ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.
        OBJECT => -ERR wrong number of arguments for 'object' command
        OBJECT FOO k => -ERR unknown subcommand 'FOO'. Try OBJECT HELP.
        OBJECT ENCODING => -ERR wrong number of arguments for 'object|encoding' command
        OBJECT ENCODING a b => -ERR wrong number of arguments for 'object|encoding' command
        ",
    );
    let mut r = Rig::new();
    assert!(r.run(0, "OBJECT HELP").starts_with("[+OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
    let mut r = Rig::with(1, &[("maxmemory-policy", "allkeys-lfu")]);
    r.script(
        "
        SET k v => +OK
        OBJECT FREQ k => :5
        OBJECT IDLETIME k => -ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.
        .wait 120000
        OBJECT FREQ k => :3
        ",
    );
}

#[test]
fn keys_and_random_keys() {
    let mut r = Rig::new();
    assert_eq!(r.run(0, "RANDOMKEY"), "nil");
    assert_eq!(r.run(0, "KEYS *"), "[]");
    r.script("MSET one 1 two 2 three 3 => +OK");
    assert_eq!(r.run(0, "KEYS t*").len(), "[two three]".len());
    assert_eq!(r.run(0, "KEYS ?n[e]"), "[one]");
    assert_eq!(r.run(0, "KEYS *").len(), "[one two three]".len());
    let seen: BTreeSet<String> = (0..100).map(|_| r.run(0, "RANDOMKEY")).collect();
    assert_eq!(seen.len(), 3);
    r.script("PEXPIRE one 5 => :1\n PEXPIRE three 5 => :1\n .wait 6");
    assert_eq!(r.run(0, "KEYS *"), "[two]");
    for _ in 0..100 {
        assert_eq!(r.run(0, "RANDOMKEY"), "two");
    }
    // With all keys expired it finds that out by itself.
    r.script("PEXPIRE two 5 => :1\n .wait 6\n RANDOMKEY => nil\n DBSIZE => :0");
}

/// All names a scan returns, and how many steps it took.
fn scan(r: &mut Rig, options: &str) -> (Vec<String>, usize) {
    let (mut cursor, mut names, mut steps) = ("0".to_string(), Vec::new(), 0);
    loop {
        let reply = r.run(0, &format!("SCAN {cursor} {options}"));
        let (next, list) = reply[1..].split_once(' ').expect("a cursor and a list");
        names.extend(list.trim_matches(['[', ']']).split_whitespace().map(String::from));
        cursor = next.into();
        steps += 1;
        if cursor == "0" {
            return (names, steps);
        }
    }
}

#[test]
fn scanning() {
    for workers in [1, 4] {
        let mut r = Rig::with(workers, &[]);
        assert_eq!(r.run(0, "SCAN 0"), "[0 []]");
        for i in 0..1000 {
            r.run(0, &format!("SET key:{i} {i}"));
        }
        let (mut names, steps) = scan(&mut r, "");
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 1000);
        assert!((30..=120).contains(&steps), "{steps} steps");
        assert!(scan(&mut r, "COUNT 500").1 <= 4);
        assert_eq!(scan(&mut r, "MATCH key:1??").0.len(), 100);
        assert_eq!(scan(&mut r, "match * type STRING count 1000").0.len(), 1000);
        assert_eq!(scan(&mut r, "TYPE zset").0.len(), 0);
        for i in 0..500 {
            r.run(0, &format!("PEXPIRE key:{i} 5"));
        }
        r.advance_ms(6);
        assert_eq!(scan(&mut r, "MATCH key:4??").0.len(), 0);
        assert_eq!(r.run(0, "DBSIZE"), ":900", "only what would have been returned is removed");
        assert_eq!(scan(&mut r, "").0.len(), 500);
        assert_eq!(r.run(0, "DBSIZE"), ":500");
    }
}

#[test]
fn scanning_refuses() {
    Rig::new().script(
        "
        SCAN x => -ERR invalid cursor
        SCAN -1 => -ERR invalid cursor
        SCAN 18446744073709551616 => -ERR invalid cursor
        SCAN 18446744073709551615 => [0 []]
        SCAN 0 COUNT 0 => -ERR syntax error
        SCAN 0 COUNT -5 => -ERR syntax error
        SCAN 0 COUNT x => -ERR value is not an integer or out of range
        SCAN 0 COUNT => -ERR syntax error
        SCAN 0 FOO bar => -ERR syntax error
        SCAN 0 MATCH => -ERR syntax error
        SCAN 0 TYPE foo => -ERR unknown type name 'foo'
        ",
    );
}

#[test]
fn collections_move_whole() {
    Rig::new().script(
        "
        RPUSH l a b c => :3
        EXPIRE l 100 => :1
        COPY l m => :1
        RPUSH m d => :4
        LRANGE l 0 -1 => [a b c]
        LRANGE m 0 -1 => [a b c d]
        TTL m => :100
        RENAME m n => +OK
        LLEN n => :4
        MOVE n 2 => :1
        SWAPDB 0 2 => +OK
        LRANGE n 0 -1 => [a b c d]
        TYPE n => +list
        SET n x => +OK
        GET n => x
        ",
    );
}

/// What somebody who waits for the list `w` in database 0 receives after these commands.
fn wakes(commands: &[&str]) -> String {
    let mut r = Rig::new();
    r.run_all(0, &["RPUSH src x", "SELECT 1", "RPUSH w y", "SELECT 0"]);
    assert_eq!(r.run(1, "BLPOP w 0"), "(blocked)");
    r.run_all(0, commands);
    r.mail(1)
}

#[test]
fn a_list_that_arrives_by_any_way_wakes_who_waits_for_it() {
    for way in [
        &["RENAME src w"][..],
        &["RENAMENX src w"],
        &["COPY src w"],
        &["SELECT 1", "RENAME w src", "SELECT 0", "RENAME src w"],
        &["MULTI", "RENAME src w", "EXEC"],
        &["SELECT 1", "COPY w w DB 0"],
        &["SELECT 1", "MOVE w 0"],
        &["SWAPDB 0 1"],
        &["MULTI", "SWAPDB 1 0", "EXEC"],
    ] {
        assert!(wakes(way).starts_with("[w "), "{way:?}");
    }
    for no_way in [&["SET w string"][..], &["SWAPDB 1 2"], &["COPY src w DB 1"], &["MULTI", "RENAME src w", "DISCARD"]]
    {
        assert_eq!(wakes(no_way), "", "{no_way:?}");
    }
}

#[test]
fn small_integers_count_as_shared() {
    Rig::new().script(
        "
        SET k 9998 => +OK
        INCR k => :9999
        OBJECT REFCOUNT k => :2147483647
        INCR k => :10000
        OBJECT REFCOUNT k => :1
        SET k -1 => +OK
        OBJECT REFCOUNT k => :1
        SET k 0 EX 100 => +OK
        OBJECT REFCOUNT k => :2147483647
        SET k 07 => +OK
        OBJECT REFCOUNT k => :1
        INCRBYFLOAT f 5 => 5
        OBJECT REFCOUNT f => :1
        RPUSH l 5 => :1
        OBJECT REFCOUNT l => :1
        SET k 7 => +OK
        CONFIG SET maxmemory-policy allkeys-lru => +OK
        OBJECT REFCOUNT k => :2147483647
        CONFIG SET maxmemory 100mb => +OK
        OBJECT REFCOUNT k => :1
        CONFIG SET maxmemory-policy allkeys-random => +OK
        OBJECT REFCOUNT k => :2147483647
        ",
    );
}

/// The account is kept by database, so it has to follow when keys and databases change places.
#[test]
fn every_database_keeps_its_account() {
    let mut r = Rig::new();
    let fill = "MSET a 1 b 22 c 333";
    for line in [
        fill,
        "SELECT 3",
        fill,
        "RPUSH l x y z",
        "SWAPDB 0 3",
        "SWAPDB 3 4",
        "MOVE a 5",
        "COPY b b DB 4",
        "SELECT 4",
        "RENAME a d",
        "PEXPIRE b 1",
        "FLUSHDB",
        "SELECT 0",
        "APPEND c 4",
        "FLUSHDB",
        "SELECT 5",
        fill,
        "FLUSHDB SYNC",
        fill,
        "FLUSHALL",
    ] {
        r.run(0, line);
        r.audit();
    }
}
