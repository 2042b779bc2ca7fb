//! MIGRATE, as far as the engine goes: what is asked of the shell, who waits meanwhile, how it
//! ends.

use crate::engine::{Progress, testing::Rig};

/// Begins to move keys, which leaves no reply yet.
fn begin(r: &mut Rig, client: usize, line: &str) {
    assert_eq!(r.run(client, line), "(shell)", "{line}");
    assert!(matches!(r.progress(client), Progress::Shell(_)), "{line}: {:?}", r.progress(client));
}

fn waits(r: &mut Rig, client: usize) -> bool {
    matches!(r.progress(client), Progress::Paused { .. })
}

#[test]
fn arguments_are_looked_at_before_keys() {
    let mut r = Rig::new();
    r.run(0, "SET k v");
    let syntax = "-ERR syntax error";
    let number = "-ERR value is not an integer or out of range";
    let two = "-ERR When using MIGRATE KEYS option, the key argument must be set to the empty string";
    for (line, want) in [
        ("MIGRATE h 1 k 0", "-ERR wrong number of arguments for 'migrate' command"),
        ("MIGRATE h 1 k 0 10 NOSUCH", syntax),
        ("MIGRATE h 1 k 0 10 AUTH", syntax),
        ("MIGRATE h 1 k 0 10 COPY AUTH2 user", syntax),
        ("MIGRATE h 1 k 0 10 KEYS k", two),
        ("MIGRATE h 1 k x y KEYS k", two),
        ("MIGRATE h 1 k 0 x", number),
        ("MIGRATE h 1 k x 10", number),
        ("MIGRATE h 1 nosuch 0 10", "+NOKEY"),
        ("MIGRATE h 1 '' 0 10", "+NOKEY"),
        ("MIGRATE h 1 '' 0 10 KEYS", "+NOKEY"),
        ("MIGRATE h 1 '' 0 10 KEYS a b", "+NOKEY"),
    ] {
        assert_eq!(r.run(0, line), want, "{line}");
    }
}

#[test]
fn keys_are_found_behind_the_options() {
    let mut r = Rig::new();
    let invalid = "-ERR Invalid arguments specified for command";
    for (line, want) in [
        ("MIGRATE h 1 k 0 10", "[k]"),
        ("MIGRATE h 1 '' 0 10 COPY KEYS a b", "[a b]"),
        ("MIGRATE h 1 '' 0 10 AUTH keys KEYS a", "[a]"),
        ("MIGRATE h 1 '' 0 10 AUTH2 keys keys KEYS keys", "[keys]"),
        ("MIGRATE h 1 k 0 10 KEYS a", invalid),
        ("MIGRATE h 1 '' 0 10 KEYS", invalid),
    ] {
        assert_eq!(r.run(0, &format!("COMMAND GETKEYS {line}")), want, "{line}");
    }
    let flags = r.run(0, "COMMAND GETKEYSANDFLAGS MIGRATE h 1 k 0 10");
    assert_eq!(flags, "[[k [+RW +access +delete]]]");
}

#[test]
fn the_shell_is_told_everything() {
    let mut r = Rig::new();
    r.run_all(0, &["SELECT 2", "SET a v", "SET b w PXAT 1999999999999"]);
    begin(&mut r, 0, "MIGRATE host 6380 '' 7 0 REPLACE AUTH2 me pw KEYS b nosuch a");
    let m = r.end_move(0, |_| false);
    let credentials: Vec<&[u8]> = m.credentials.iter().map(|c| &**c).collect();
    assert_eq!((m.host.as_str(), m.port, m.database, m.timeout_ms, m.replace), ("host", 6380, 7, 1000, true));
    assert_eq!((credentials, m.db), (vec![&b"me"[..], b"pw"], 2));
    let keys: Vec<_> = m.cargo.iter().map(|c| (&*c.key, c.expiry_ms)).collect();
    assert_eq!(keys, [(&b"b"[..], Some(1_999_999_999_999)), (b"a", None)]);
    begin(&mut r, 0, "MIGRATE host 70000 a -1 25 COPY AUTH pw");
    let m = r.end_move(0, |_| true);
    assert_eq!((m.port, m.database, m.timeout_ms, m.replace, m.credentials.len()), (0, -1, 25, false, 1));
    assert_eq!(r.run(0, "MGET a b"), "[v w]", "copied, or not arrived");
}

#[test]
fn what_has_arrived_is_deleted_and_journaled_as_such() {
    let mut r = Rig::new();
    r.run_all(0, &["MSET a 1 b 2 c 3", "CONFIG SET notify-keyspace-events KEA"]);
    r.journal();
    r.run(2, "SUBSCRIBE __keyevent@0__:del");
    r.run_all(1, &["WATCH c", "MULTI", "SET x 1"]);
    begin(&mut r, 0, "MIGRATE h 1 '' 0 10 KEYS a b c");
    r.end_move(0, |i| i != 1);
    assert_eq!(r.journal(), "SELECT 0\nDEL a c");
    assert_eq!(r.run(0, "MGET a b c"), "[nil 2 nil]");
    assert_eq!(r.mail(2).matches("__keyevent@0__:del").count(), 2);
    assert_eq!(r.run(1, "EXEC"), "nil[]");
    begin(&mut r, 0, "MIGRATE h 1 b 0 10");
    r.end_move(0, |_| false);
    assert_eq!((r.journal().as_str(), r.run(0, "GET b").as_str()), ("", "2"));
}

#[test]
fn who_names_a_key_on_its_way_waits() {
    let lines = [
        ("SET a 2", "+OK"),
        ("GET a", "nil"),
        ("DEL b a", ":1"),
        ("RENAME b a", "+OK"),
        ("COPY b a DB 1", ":1"),
        ("FLUSHALL", "+OK"),
        ("SWAPDB 0 1", "+OK"),
        ("CLIENT REPLY SKIP\r\nSET a 2\r\nPING", "+PONG"),
    ];
    for (line, want) in lines {
        let mut r = Rig::with(2, &[]);
        r.run_all(0, &["SET a 1", "SET b 1"]);
        begin(&mut r, 0, "MIGRATE h 1 a 0 10");
        let before = r.send(1, format!("{line}\r\n").as_bytes());
        assert!(before.is_empty() && waits(&mut r, 1), "{line}: {before:?}");
        assert_eq!(r.mail(1), "", "{line}: still");
        assert_eq!(r.run(2, "GET b"), "1", "{line}: others go on");
        r.end_move(0, |_| true);
        assert_eq!(r.mail(1), want, "{line}");
    }
}

#[test]
fn a_long_request_waits_whole() {
    let mut r = Rig::new();
    r.run(0, "SET a 1");
    begin(&mut r, 0, "MIGRATE h 1 a 0 10");
    let long = vec![b'x'; 200_000];
    for _ in 0..2 {
        assert!(r.call(1, &[b"APPEND", b"a", &long]).is_empty() && waits(&mut r, 1));
    }
    r.end_move(0, |_| false);
    assert_eq!(r.mail(1), ":200001\n:400001");
    assert_eq!(r.run(0, "STRLEN a"), ":400001");
}

#[test]
fn a_transaction_waits_as_a_whole() {
    let mut r = Rig::new();
    r.run_all(0, &["SET a 1", "SET b 1"]);
    r.run_all(1, &["WATCH b", "MULTI", "INCR b", "INCR a"]);
    begin(&mut r, 0, "MIGRATE h 1 a 0 10");
    assert_eq!(r.run(1, "EXEC"), "(paused)");
    assert!(waits(&mut r, 1));
    assert_eq!(r.run(2, "GET b"), "1");
    r.end_move(0, |_| false);
    assert_eq!(r.mail(1), "[:2 :2]");
}

#[test]
fn nobody_is_served_across_a_key_on_its_way() {
    let mut r = Rig::new();
    r.run_all(0, &["RPUSH to z"]);
    assert_eq!(r.run(1, "BLMOVE from to LEFT RIGHT 0"), "(blocked)");
    begin(&mut r, 0, "MIGRATE h 1 to 0 10");
    assert_eq!(r.run(2, "RPUSH from x"), ":1");
    assert_eq!((r.mail(1).as_str(), r.run(2, "LRANGE from 0 -1").as_str()), ("", "[x]"));
    r.end_move(0, |_| true);
    assert_eq!(r.mail(1), "x");
    assert_eq!(r.run(2, "LRANGE to 0 -1"), "[x]");
}

#[test]
fn a_copy_keeps_nobody_waiting() {
    let mut r = Rig::new();
    r.run(0, "SET a 1");
    begin(&mut r, 0, "MIGRATE h 1 a 0 10 COPY");
    assert_eq!(r.run(1, "INCR a"), ":2");
    r.end_move(0, |_| true);
    assert_eq!(r.run(1, "GET a"), "2");
}

#[test]
fn inside_multi_there_is_nothing_to_wait_for() {
    let mut r = Rig::new();
    r.run_all(0, &["SET a 1", "MULTI", "MIGRATE h 1 nosuch 0 10", "MIGRATE h 1 a 0 10", "SET b 1"]);
    assert_eq!(r.run(0, "EXEC"), "[+NOKEY -ERR Command not allowed inside a transaction +OK]");
    assert_eq!(r.run(1, "APPEND a 1"), ":2");
}

#[test]
fn passwords_are_not_shown() {
    let mut r = Rig::new();
    r.run_all(0, &["CONFIG SET slowlog-log-slower-than 0"]);
    r.run(1, "MONITOR");
    r.run_all(0, &["MIGRATE h 1 '' 0 10 COPY AUTH pw KEYS auth a", "MIGRATE h 1 b 0 10 AUTH2 me pw"]);
    for shown in [r.mail(1), r.run(0, "SLOWLOG GET 3")] {
        assert!(!shown.contains("pw") && !shown.contains("me") && shown.contains("(redacted)"), "{shown}");
        assert!(shown.contains("auth") && shown.contains("AUTH2"), "{shown}");
    }
}
