//! Waiting for lists: who is served, when, by what, and how a wait ends otherwise.

use crate::{
    engine::testing::Rig,
    session::{blocked::State, mailbox::Msg},
};

/// Runs commands of several clients: (client, line, reply).
#[track_caller]
fn play(r: &mut Rig, script: &[(usize, &str, &str)]) {
    for (client, line, reply) in script {
        let got = if *line == "mail" { r.mail(*client) } else { r.run(*client, line) };
        assert_eq!(&got, reply, "client {client}: {line}");
    }
}

const WAITS: &str = "(blocked)";

#[test]
fn an_element_at_hand_is_taken_at_once() {
    let mut r = Rig::new();
    play(
        &mut r,
        &[
            (0, "RPUSH b 1 2 3 4 5", ":5"),
            (0, "BLPOP a b 0", "[b 1]"),
            (0, "BRPOP a b 0", "[b 5]"),
            (0, "BLMPOP 0 2 a b RIGHT COUNT 2", "[b [4 3]]"),
            (0, "BLMOVE b a LEFT LEFT 0", "2"),
            (0, "BRPOPLPUSH a b 0", "2"),
            (0, "LRANGE b 0 -1", "[2]"),
            (0, "EXISTS a", ":0"),
        ],
    );
}

#[test]
fn a_push_serves_who_waits() {
    let mut r = Rig::new();
    play(
        &mut r,
        &[
            (0, "BLPOP a b 0", WAITS),
            (1, "RPUSH b x y", ":2"),
            (0, "mail", "[b x]"),
            (1, "LRANGE b 0 -1", "[y]"),
            (0, "BRPOP c 0", WAITS),
            (1, "LPUSH c 1 2", ":2"),
            (0, "mail", "[c 1]"),
            (0, "BLMPOP 0 1 d LEFT COUNT 10", WAITS),
            (1, "RPUSH d 1 2 3", ":3"),
            (0, "mail", "[d [1 2 3]]"),
            (1, "EXISTS d", ":0"),
            (0, "BLMOVE e f RIGHT LEFT 0", WAITS),
            (1, "RPUSH e 1 2", ":2"),
            (0, "mail", "2"),
            (0, "BRPOPLPUSH g f 0", WAITS),
            (1, "LMOVE e g LEFT LEFT", "1"),
            (0, "mail", "1"),
            (1, "LRANGE f 0 -1", "[1 2]"),
        ],
    );
    assert!(r.engine.shared.blocked.is_empty());
}

#[test]
fn first_come_first_served() {
    let mut r = Rig::new();
    play(
        &mut r,
        &[
            (0, "BLPOP a 0", WAITS),
            (1, "BRPOP b a 0", WAITS),
            (2, "BLPOP a b 0", WAITS),
            (3, "BLPOP a 0", WAITS),
            (9, "RPUSH a 1 2 3", ":3"),
            (0, "mail", "[a 1]"),
            (1, "mail", "[a 3]"),
            (2, "mail", "[a 2]"),
            (3, "mail", ""),
            (9, "RPUSH b x", ":1"),
            (9, "LPUSH a 4 5", ":2"),
            (3, "mail", "[a 5]"),
            (9, "LRANGE a 0 -1", "[4]"),
            (9, "LRANGE b 0 -1", "[x]"),
        ],
    );
}

#[test]
fn one_who_left_the_queue_comes_last_again() {
    let mut r = Rig::new();
    play(
        &mut r,
        &[
            (0, "BLPOP a 0", WAITS),
            (1, "BLPOP a 0", WAITS),
            (9, "RPUSH a 1", ":1"),
            (0, "mail", "[a 1]"),
            (0, "BLPOP a 0", WAITS),
            (9, "RPUSH a 2 3", ":2"),
            (1, "mail", "[a 2]"),
            (0, "mail", "[a 3]"),
        ],
    );
}

#[test]
fn requests_behind_a_blocked_one_wait_too() {
    let mut r = Rig::new();
    assert!(r.send(0, b"BLPOP a 0\r\nPING\r\nRPUSH z 1\r\n").is_empty());
    assert_eq!(r.run(1, "EXISTS z"), ":0");
    assert_eq!(r.run(1, "RPUSH a x"), ":1");
    assert_eq!(r.mail(0), "[a x]\n+PONG\n:1");
}

#[test]
fn whatever_makes_a_list_wakes() {
    for (prepare, wake) in [
        ("RPUSH from x", "RENAME from a"),
        ("RPUSH from x", "RENAMENX from a"),
        ("RPUSH from x", "COPY from a"),
        ("RPUSH from x", "LMOVE from a LEFT LEFT"),
        ("RPUSH from x", "RPOPLPUSH from a"),
        ("PING", "RPUSH a x"),
    ] {
        let mut r = Rig::new();
        r.run(1, prepare);
        assert_eq!(r.run(0, "BLPOP a 0"), WAITS);
        r.run(1, wake);
        assert_eq!(r.mail(0), "[a x]", "{wake}");
    }
}

#[test]
fn other_databases() {
    let mut r = Rig::new();
    play(
        &mut r,
        &[
            (0, "BLPOP a 0", WAITS),
            (1, "SELECT 1", "+OK"),
            (1, "RPUSH a x", ":1"),
            (0, "mail", ""),
            (1, "SWAPDB 0 1", "+OK"),
            (0, "mail", "[a x]"),
            (0, "BLPOP b 0", WAITS),
            (1, "RPUSH b y", ":1"),
            (1, "MOVE b 0", ":1"),
            (0, "mail", "[b y]"),
            (0, "BLPOP c 0", WAITS),
            (1, "RPUSH c z", ":1"),
            (1, "COPY c c DB 0", ":1"),
            (0, "mail", "[c z]"),
        ],
    );
}

#[test]
fn a_transaction_is_over_before_anyone_is_served() {
    let mut r = Rig::new();
    play(
        &mut r,
        &[
            (0, "BLPOP a b 0", WAITS),
            (1, "MULTI", "+OK"),
            (1, "RPUSH b 1", "+QUEUED"),
            (1, "RPUSH a 2", "+QUEUED"),
            (1, "LLEN b", "+QUEUED"),
            (1, "EXEC", "[:1 :1 :1]"),
            (0, "mail", "[a 2]"),
            (0, "BLPOP a 0", WAITS),
            (1, "MULTI", "+OK"),
            (1, "RPUSH a 1", "+QUEUED"),
            (1, "DEL a", "+QUEUED"),
            (1, "EXEC", "[:1 :1]"),
            (0, "mail", ""),
            (1, "MULTI", "+OK"),
            (1, "RPUSH a 1", "+QUEUED"),
            (1, "DEL a", "+QUEUED"),
            (1, "SET a string", "+QUEUED"),
            (1, "EXEC", "[:1 :1 +OK]"),
            (0, "mail", ""),
            (1, "DEL a", ":1"),
            (1, "RPUSH a 3", ":1"),
            (0, "mail", "[a 3]"),
        ],
    );
}

#[test]
fn inside_a_transaction_nobody_waits() {
    let mut r = Rig::new();
    play(
        &mut r,
        &[
            (0, "MULTI", "+OK"),
            (0, "BLPOP a 0", "+QUEUED"),
            (0, "BLMPOP 0 1 a LEFT", "+QUEUED"),
            (0, "BLMOVE a b LEFT LEFT 0", "+QUEUED"),
            (0, "BRPOPLPUSH a b 0", "+QUEUED"),
            (0, "RPUSH a x", "+QUEUED"),
            (0, "BRPOP a 0", "+QUEUED"),
            (0, "BLPOP a -1", "+QUEUED"),
            (0, "EXEC", "[nil[] nil[] nil nil :1 [a x] -ERR timeout is negative]"),
        ],
    );
}

#[test]
fn chains_of_moves() {
    let mut r = Rig::new();
    play(
        &mut r,
        &[
            (0, "BLMOVE a b LEFT RIGHT 0", WAITS),
            (1, "BLMOVE b c LEFT RIGHT 0", WAITS),
            (2, "BLPOP c 0", WAITS),
            (9, "RPUSH a x", ":1"),
            (0, "mail", "x"),
            (1, "mail", "x"),
            (2, "mail", "[c x]"),
            (9, "EXISTS a b c", ":0"),
            // A ring of waiters passes the element on until nobody waits.
            (0, "BLMOVE a b LEFT RIGHT 0", WAITS),
            (1, "BLMOVE b a LEFT RIGHT 0", WAITS),
            (9, "RPUSH a y", ":1"),
            (0, "mail", "y"),
            (1, "mail", "y"),
            (9, "LRANGE a 0 -1", "[y]"),
            // To itself.
            (9, "DEL a", ":1"),
            (0, "BLMOVE a a LEFT RIGHT 0", WAITS),
            (9, "RPUSH a 1 2", ":2"),
            (0, "mail", "1"),
            (9, "LRANGE a 0 -1", "[2 1]"),
        ],
    );
}

#[test]
fn the_destination_is_looked_at_when_served() {
    let mut r = Rig::new();
    play(
        &mut r,
        &[
            (9, "SET d string", "+OK"),
            (0, "BLMOVE a d LEFT LEFT 0", WAITS),
            (1, "BLPOP a 0", WAITS),
            (9, "RPUSH a x", ":1"),
            (0, "mail", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
            (1, "mail", "[a x]"),
            (0, "PING", "+PONG"),
        ],
    );
}

#[test]
fn keys_of_other_types_wake_nobody() {
    let mut r = Rig::new();
    play(
        &mut r,
        &[
            (0, "BLPOP a b 0", WAITS),
            (1, "SET a string", "+OK"),
            (1, "HSET b f v", ":1"),
            (1, "APPEND a x", ":7"),
            (0, "mail", ""),
            (1, "DEL a b", ":2"),
            (1, "RPUSH b y", ":1"),
            (0, "mail", "[b y]"),
            // Served because of one key, it finds another of the wrong type first.
            (0, "BLPOP a b 0", WAITS),
            (1, "SET a string", "+OK"),
            (1, "RPUSH b z", ":1"),
            (0, "mail", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
            (1, "LRANGE b 0 -1", "[z]"),
        ],
    );
}

#[test]
fn time_runs_out() {
    let mut r = Rig::new();
    play(&mut r, &[(0, "BLPOP a 0.1", WAITS), (1, "BLMOVE a b LEFT LEFT 0.1001", WAITS), (2, "BRPOP a 0", WAITS)]);
    r.advance_ms(99);
    play(&mut r, &[(0, "mail", ""), (1, "mail", "")]);
    r.advance_ms(1);
    play(&mut r, &[(0, "mail", "nil[]"), (1, "mail", "")]);
    r.advance_ms(1);
    play(&mut r, &[(1, "mail", "nil[]")]);
    r.advance_ms(1 << 40);
    play(&mut r, &[(2, "mail", ""), (9, "RPUSH a x", ":1"), (2, "mail", "[a x]"), (0, "BLMPOP 1 1 a LEFT", WAITS)]);
    r.session(0).resp3 = true;
    r.advance_ms(1000);
    assert_eq!(r.mail(0), "nil");
}

#[test]
fn being_looked_at_in_vain_does_not_extend_the_wait() {
    let mut r = Rig::new();
    assert_eq!(r.run(0, "BLPOP a 1"), WAITS);
    r.advance_ms(600);
    r.run_all(1, &["MULTI", "RPUSH a x", "DEL a", "EXEC"]);
    assert_eq!(r.mail(0), "");
    r.advance_ms(400);
    assert_eq!(r.mail(0), "nil[]");
}

#[test]
fn timeouts_are_checked() {
    let mut r = Rig::new();
    for (timeout, error) in [
        ("x", "timeout is not a float or out of range"),
        ("nan", "timeout is not a float or out of range"),
        ("''", "timeout is not a float or out of range"),
        ("-1", "timeout is negative"),
        ("-0.5", "timeout is negative"),
        ("-inf", "timeout is negative"),
        ("inf", "timeout is out of range"),
        ("1e400", "timeout is out of range"),
        ("9223372036854776", "timeout is out of range"),
        ("9223372036854775", "timeout is out of range"),
    ] {
        for line in ["BLPOP k ", "BRPOP k ", "BLMOVE k l LEFT LEFT ", "BRPOPLPUSH k l "] {
            assert_eq!(r.run(0, &format!("{line}{timeout}")), format!("-ERR {error}"), "{line}{timeout}");
        }
        assert_eq!(r.run(0, &format!("BLMPOP {timeout} 1 k LEFT")), format!("-ERR {error}"));
    }
    for timeout in ["0x1p-1", "1e-4", "0.001", "9000000000000000", "-0", "0.0"] {
        assert_eq!(r.run(0, &format!("BLPOP k {timeout}")), WAITS, "{timeout}");
        r.run(1, "RPUSH k x");
        assert_eq!(r.mail(0), "[k x]");
    }
}

#[test]
fn who_wants_no_reply_gets_none() {
    let mut r = Rig::new();
    r.run(0, "CLIENT REPLY OFF");
    r.run(0, "BLPOP a 0");
    r.run(1, "RPUSH a x");
    assert_eq!((r.mail(0).as_str(), r.run(1, "EXISTS a").as_str()), ("", ":0"));
    r.run(0, "BLPOP a 1");
    r.advance_ms(1000);
    assert_eq!(r.mail(0), "");
    assert_eq!(r.run(0, "CLIENT REPLY ON"), "+OK");
    r.run(0, "CLIENT REPLY SKIP");
    r.run(0, "BLPOP a 1");
    r.advance_ms(1000);
    assert_eq!((r.mail(0).as_str(), r.run(0, "PING").as_str()), ("", "+PONG"));
}

#[test]
fn a_dead_client_is_not_served() {
    let mut r = Rig::new();
    play(&mut r, &[(0, "BLPOP a b 0", WAITS), (1, "BLPOP a 0", WAITS)]);
    r.disconnect(0);
    play(&mut r, &[(9, "RPUSH a x", ":1"), (1, "mail", "[a x]"), (9, "RPUSH b y", ":1"), (9, "LLEN b", ":1")]);
}

/// Ends a client's wait as CLIENT UNBLOCK does; whether it waited.
fn unblock(r: &mut Rig, client: usize, error: bool) -> bool {
    let session = r.session(client);
    let waits = session.blocked.as_ref().is_some_and(|b| b.claim(State::Ended));
    if waits {
        session.info.mailbox.post(Msg::Unblock { error });
    }
    waits
}

#[test]
fn client_unblock() {
    let mut r = Rig::new();
    assert_eq!(r.run(0, "BLPOP a 0"), WAITS);
    assert!(unblock(&mut r, 0, false));
    assert_eq!(r.mail(0), "nil[]");
    assert!(!unblock(&mut r, 0, false));
    assert_eq!(r.run(0, "BLPOP a 0"), WAITS);
    assert!(unblock(&mut r, 0, true));
    assert_eq!(r.run(1, "RPUSH a x"), ":1", "nobody takes it any more");
    assert_eq!(r.mail(0), "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
    assert_eq!(r.run(0, "BLPOP a 0"), "[a x]");
    assert_eq!(r.run(0, "BLPOP a 0"), WAITS);
    assert!(unblock(&mut r, 0, true));
    r.disconnect(0);
    assert!(r.engine.shared.blocked.is_empty());
}

/// Another worker is just serving the client, in vain, when its connection ends.
#[test]
fn the_end_of_a_client_is_not_lost_while_it_is_being_served() {
    let mut r = Rig::new();
    assert_eq!(r.run(0, "BLPOP a 0"), WAITS);
    let b = r.session(0).blocked.clone().unwrap();
    assert!(b.claim(State::Served));
    r.disconnect(0);
    assert!(b.unclaim(), "the one who serves has to forget the wait");
    let (at, key) = &b.keys[0];
    r.engine.shared.keyspace.shards()[*at].lock().unwait(key, b.info.id);
}

#[test]
fn an_expired_list_wakes_nobody() {
    let mut r = Rig::new();
    play(&mut r, &[(9, "RPUSH a x", ":1"), (9, "PEXPIRE a 100", ":1")]);
    r.advance_ms(101);
    play(
        &mut r,
        &[
            (0, "BLPOP a 0", WAITS),
            (9, "RPUSHX a y", ":0"),
            (0, "mail", ""),
            (9, "RPUSH a z", ":1"),
            (0, "mail", "[a z]"),
        ],
    );
}

#[test]
fn what_serving_changes_is_seen() {
    let mut r = Rig::with(2, &[("notify-keyspace-events", "KEAn")]);
    play(
        &mut r,
        &[(0, "BLMOVE a b LEFT RIGHT 0", WAITS), (2, "WATCH b", "+OK"), (2, "MULTI", "+OK"), (2, "PING", "+QUEUED")],
    );
    r.run(3, "PSUBSCRIBE __keyevent*");
    r.run(9, "RPUSH a x");
    let events: Vec<String> = r.mail(3).lines().map(|l| l.replace("__keyevent@0__:", "")).collect();
    let names: Vec<&str> = events.iter().map(|l| l.trim_end_matches(']').split_once("* ").unwrap().1).collect();
    assert_eq!(names, ["new a", "rpush a", "new b", "rpush b", "lpop a", "del a"]);
    assert_eq!(r.run(2, "EXEC"), "nil[]");
}

#[test]
fn clients_of_one_and_of_many_shards_fare_alike() {
    for workers in [1, 2, 4] {
        let mut r = Rig::with(workers, &[]);
        for c in 0..20 {
            let line = format!("BLMOVE from{} to{} LEFT RIGHT 0", c % 5, c % 3);
            assert_eq!(r.run(c, &line), WAITS);
        }
        for n in 0..20 {
            r.run(99, &format!("RPUSH from{} {n}", n % 5));
        }
        let got: Vec<String> = (0..20).map(|c| r.mail(c)).collect();
        assert_eq!(got, (0..20).map(|n| n.to_string()).collect::<Vec<_>>());
        assert!(r.engine.shared.blocked.is_empty());
    }
}
