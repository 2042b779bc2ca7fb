//! List commands.

use crate::engine::testing::Rig;

/// Runs commands of client 0 and compares their replies.
#[track_caller]
fn expect(r: &mut Rig, script: &[(&str, &str)]) {
    for (line, reply) in script {
        assert_eq!(&r.run(0, line), reply, "{line}");
    }
}

#[test]
fn pushing_and_popping() {
    let mut r = Rig::new();
    expect(
        &mut r,
        &[
            ("RPUSH l a b", ":2"),
            ("LPUSH l 1 -7 x", ":5"),
            ("LRANGE l 0 -1", "[x -7 1 a b]"),
            ("LPUSHX l y", ":6"),
            ("RPUSHX none y", ":0"),
            ("LPOP l", "y"),
            ("RPOP l 2", "[b a]"),
            ("LPOP l 0", "[]"),
            ("LPOP l 9", "[x -7 1]"),
            ("LPOP l", "nil"),
            ("RPOP l 1", "nil[]"),
            ("LLEN l", ":0"),
            ("LPOP l -1", "-ERR value is out of range, must be positive"),
            ("LPOP l x", "-ERR value is out of range, must be positive"),
            ("LPOP l 1 2", "-ERR wrong number of arguments for 'lpop' command"),
            ("LPUSH l", "-ERR wrong number of arguments for 'lpush' command"),
        ],
    );
}

#[test]
fn other_types_are_refused() {
    let mut r = Rig::new();
    r.run(0, "SET s v");
    r.run(0, "RPUSH l a");
    let wrong = "-WRONGTYPE Operation against a key holding the wrong kind of value";
    for line in [
        "LPUSH s x",
        "RPUSHX s x",
        "LPOP s",
        "RPOP s 1",
        "LLEN s",
        "LRANGE s 0 1",
        "LINDEX s 0",
        "LSET s 0 x",
        "LINSERT s BEFORE a b",
        "LREM s 0 x",
        "LTRIM s 0 1",
        "LPOS s x",
        "LMOVE s l LEFT LEFT",
        "LMOVE l s LEFT LEFT",
        "RPOPLPUSH l s",
        "LMPOP 2 none s LEFT",
        "BLPOP none s 0",
        "BLMOVE s l LEFT LEFT 0",
        "BLMOVE l s LEFT LEFT 0",
        "BRPOPLPUSH l s 0",
        "BLMPOP 0 1 s LEFT",
    ] {
        assert_eq!(r.run(0, line), wrong, "{line}");
    }
    assert_eq!(r.run(0, "LRANGE l 0 -1"), "[a]");
    assert_eq!(r.run(0, "LMOVE none s LEFT LEFT"), "nil", "nothing to move, so the destination does not matter");
    assert_eq!(r.run(0, "GET l"), wrong);
}

#[test]
fn reading_by_position() {
    let mut r = Rig::new();
    expect(
        &mut r,
        &[
            ("RPUSH l a b c b", ":4"),
            ("LRANGE l 1 2", "[b c]"),
            ("LRANGE l -2 100", "[c b]"),
            ("LRANGE l 3 1", "[]"),
            ("LRANGE l -100 -4", "[a]"),
            ("LRANGE l 4 9", "[]"),
            ("LRANGE l -9223372036854775808 9223372036854775807", "[a b c b]"),
            ("LRANGE l x 1", "-ERR value is not an integer or out of range"),
            ("LINDEX l 0", "a"),
            ("LINDEX l -1", "b"),
            ("LINDEX l 4", "nil"),
            ("LINDEX l -5", "nil"),
            ("LINDEX none x", "nil"),
            ("LINDEX l x", "-ERR value is not an integer or out of range"),
        ],
    );
}

#[test]
fn positions_of_a_value() {
    let mut r = Rig::new();
    expect(
        &mut r,
        &[
            ("RPUSH l a b c 1 2 3 c c", ":8"),
            ("LPOS l c", ":2"),
            ("LPOS l 3", ":5"),
            ("LPOS l c RANK 2", ":6"),
            ("LPOS l c RANK -1", ":7"),
            ("LPOS l c RANK 4", "nil"),
            ("LPOS l c COUNT 2", "[:2 :6]"),
            ("LPOS l c COUNT 0 RANK -2", "[:6 :2]"),
            ("LPOS l c COUNT 0 MAXLEN 7", "[:2 :6]"),
            ("LPOS l c MAXLEN 2", "nil"),
            ("LPOS l nope COUNT 1", "[]"),
            ("LPOS none c COUNT 1", "[]"),
            ("LPOS none c", "nil"),
            ("LPOS l c COUNT -1", "-ERR COUNT can't be negative"),
            ("LPOS l c MAXLEN x", "-ERR MAXLEN can't be negative"),
            ("LPOS l c RANK", "-ERR syntax error"),
            ("LPOS l c RANK x", "-ERR value is not an integer or out of range"),
            (
                "LPOS l c RANK -9223372036854775808",
                "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
            ),
        ],
    );
    assert!(r.run(0, "LPOS l c RANK 0").starts_with("-ERR RANK can't be zero: use 1 to start"));
}

#[test]
fn changing_within() {
    let mut r = Rig::new();
    expect(
        &mut r,
        &[
            ("RPUSH l a b c b a", ":5"),
            ("LSET l -1 z", "+OK"),
            ("LSET l 5 z", "-ERR index out of range"),
            ("LSET l x z", "-ERR value is not an integer or out of range"),
            ("LSET none x z", "-ERR no such key"),
            ("LINSERT l BEFORE b 1", ":6"),
            ("LINSERT l after c 2", ":7"),
            ("LINSERT l AFTER nope 2", ":-1"),
            ("LINSERT none AFTER a 2", ":0"),
            ("LINSERT l AROUND a 2", "-ERR syntax error"),
            ("LRANGE l 0 -1", "[a 1 b c 2 b z]"),
            ("LREM l -1 b", ":1"),
            ("LRANGE l 0 -1", "[a 1 b c 2 z]"),
            ("LREM l 0 nope", ":0"),
            ("LREM none 0 a", ":0"),
            ("LREM l x a", "-ERR value is not an integer or out of range"),
            ("LTRIM l 1 -2", "+OK"),
            ("LRANGE l 0 -1", "[1 b c 2]"),
            ("LTRIM l 5 9", "+OK"),
            ("LLEN l", ":0"),
            ("LTRIM none 0 1", "+OK"),
            ("RPUSH m x x x", ":3"),
            ("LREM m 2 x", ":2"),
            ("LREM m 0 x", ":1"),
            ("LPUSHX m x", ":0"),
        ],
    );
}

#[test]
fn from_list_to_list() {
    let mut r = Rig::new();
    expect(
        &mut r,
        &[
            ("RPUSH a 1 two 3", ":3"),
            ("LMOVE a b LEFT RIGHT", "1"),
            ("LMOVE a b right left", "3"),
            ("LRANGE b 0 -1", "[3 1]"),
            ("RPOPLPUSH b b", "1"),
            ("LRANGE b 0 -1", "[1 3]"),
            ("LMOVE b b LEFT LEFT", "1"),
            ("LRANGE b 0 -1", "[1 3]"),
            ("RPOPLPUSH a b", "two"),
            ("LLEN a", ":0"),
            ("RPOPLPUSH a b", "nil"),
            ("LMOVE b a UP LEFT", "-ERR syntax error"),
            ("RPUSH one x", ":1"),
            ("LMOVE one one RIGHT LEFT", "x"),
            ("LRANGE one 0 -1", "[x]"),
        ],
    );
}

#[test]
fn popping_from_the_first_of_several() {
    let mut r = Rig::new();
    expect(
        &mut r,
        &[
            ("RPUSH b 1 2 3", ":3"),
            ("LMPOP 2 a b LEFT", "[b [1]]"),
            ("LMPOP 2 a b RIGHT COUNT 5", "[b [3 2]]"),
            ("LMPOP 2 a b RIGHT COUNT 5", "nil[]"),
            ("LMPOP 0 a LEFT", "-ERR numkeys should be greater than 0"),
            ("LMPOP x a LEFT", "-ERR numkeys should be greater than 0"),
            ("LMPOP 3 a b LEFT", "-ERR syntax error"),
            ("LMPOP 9223372036854775807 a LEFT", "-ERR syntax error"),
            ("LMPOP 1 a LEFT COUNT 0", "-ERR count should be greater than 0"),
            ("LMPOP 1 a LEFT COUNT", "-ERR syntax error"),
            ("LMPOP 1 a LEFT COUNT 1 COUNT 1", "-ERR syntax error"),
            ("LMPOP 1 a UP", "-ERR syntax error"),
        ],
    );
}

#[test]
fn large_lists() {
    let mut r = Rig::with(1, &[("list-max-listpack-size", "8")]);
    let big = "x".repeat(9000);
    assert_eq!(r.run(0, &format!("RPUSH l a {big} b")), ":3");
    for n in 0..100 {
        r.run(0, &format!("LPUSH l {n}"));
    }
    expect(
        &mut r,
        &[
            ("LLEN l", ":103"),
            ("LRANGE l 0 2", "[99 98 97]"),
            ("LINDEX l -1", "b"),
            ("LINDEX l -2", &big),
            ("LTRIM l 50 -1", "+OK"),
            ("LPOP l 2", "[49 48]"),
            ("LREM l 0 7", ":1"),
            ("LPOS l a", ":47"),
            ("RPOP l 49", &r_reply(&big)),
            ("LRANGE l 0 -1", "[47]"),
        ],
    );
}

/// What the long pop of [`large_lists`] returns.
fn r_reply(big: &str) -> String {
    let numbers = (0..47).filter(|n| *n != 7).map(|n| n.to_string());
    let all: Vec<String> = ["b".into(), big.into(), "a".into()].into_iter().chain(numbers).collect();
    format!("[{}]", all.join(" "))
}
