//! SORT and SORT_RO.

use crate::engine::testing::Rig;

/// A list, a set and a sorted set of the same numbers, and what belongs to them.
fn filled() -> Rig {
    let mut r = Rig::with(3, &[("notify-keyspace-events", "KEAn")]);
    r.run_all(
        0,
        &[
            "RPUSH l 3 10 1 2",
            "SADD s 3 10 1 2",
            "ZADD z 4 3 3 10 2 1 1 2",
            "MSET w_1 40 w_2 30 w_3 20 w_10 10",
            "MSET name_1 one name_2 two name_3 three name_10 ten",
            "HSET h_1 n 1 t b",
            "HSET h_2 n 9 t a",
            "HSET h_3 n -5 t d",
            "HSET h_10 n 0.5 t c",
        ],
    );
    r
}

#[test]
fn by_number_and_by_text() {
    let mut r = filled();
    for key in ["l", "s", "z"] {
        for (options, want) in [
            ("", "[1 2 3 10]"),
            ("ASC", "[1 2 3 10]"),
            ("DESC", "[10 3 2 1]"),
            ("DESC ASC", "[1 2 3 10]"),
            ("ALPHA", "[1 10 2 3]"),
            ("ALPHA DESC", "[3 2 10 1]"),
            ("LIMIT 0 2", "[1 2]"),
            ("LIMIT 1 2", "[2 3]"),
            ("LIMIT 2 -1", "[3 10]"),
            ("LIMIT 3 9223372036854775807", "[10]"),
            ("LIMIT -5 2", "[1 2]"),
            ("LIMIT 1 0", "[]"),
            ("LIMIT 4 1", "[]"),
            ("LIMIT 1 2 DESC ALPHA", "[2 10]"),
            ("BY w_*", "[10 3 2 1]"),
            ("BY w_* DESC LIMIT 0 3", "[1 2 3]"),
            ("BY h_*->n", "[3 10 1 2]"),
            ("BY h_*->t ALPHA", "[2 1 10 3]"),
            ("BY h_*->t ALPHA DESC LIMIT 1 2", "[10 1]"),
            // What is missing weighs nothing, and equal weights leave the order to the texts.
            ("BY none_*", "[1 10 2 3]"),
            ("BY w_*->n", "[1 10 2 3]"),
            ("BY h_*", "[1 10 2 3]"),
            ("GET name_*", "[one two three ten]"),
            ("GET # GET name_* LIMIT 0 2", "[1 one 2 two]"),
            ("BY w_* GET h_*->t", "[c d a b]"),
            ("GET none_* GET w_*->n GET h_* GET name LIMIT 0 1", "[nil nil nil nil]"),
        ] {
            for name in ["SORT", "SORT_RO"] {
                assert_eq!(r.run(0, &format!("{name} {key} {options}")), want, "{name} {key} {options}");
            }
        }
    }
}

#[test]
fn not_at_all() {
    let mut r = filled();
    for (line, want) in [
        ("SORT l BY nosort", "[3 10 1 2]"),
        ("SORT l BY nosort DESC", "[2 1 10 3]"),
        ("SORT l BY nosort LIMIT 1 2", "[10 1]"),
        ("SORT l BY nosort DESC LIMIT 1 2", "[1 10]"),
        ("SORT l BY nosort LIMIT 9 2", "[]"),
        ("SORT l BY nosort LIMIT 1 2 GET name_* GET #", "[ten 10 one 1]"),
        ("SORT z BY nosort", "[2 1 10 3]"),
        ("SORT z BY nosort DESC", "[3 10 1 2]"),
        ("SORT z BY nosort LIMIT 1 2", "[1 10]"),
        ("SORT z BY nosort DESC LIMIT 0 1", "[3]"),
        // A constant stays one, whatever comes after it.
        ("SORT l BY nosort BY w_*", "[3 10 1 2]"),
        ("SORT none", "[]"),
        ("SORT none BY nosort LIMIT 0 3", "[]"),
    ] {
        assert_eq!(r.run(0, line), want, "{line}");
    }
    let unsorted = r.run(0, "SORT s BY nosort");
    assert_eq!(unsorted.len(), "[3 10 1 2]".len());
}

#[test]
fn kept() {
    let mut r = filled();
    r.run(9, "PSUBSCRIBE __keyevent*");
    let events = |r: &mut Rig| {
        let lines = r.mail(9).replace("__keyevent@0__:", "");
        let names: Vec<_> =
            lines.lines().map(|l| l.trim_end_matches(']').split_once("* ").unwrap().1.to_string()).collect();
        names.join(", ")
    };
    for (line, reply, raised, stored) in [
        ("SORT l STORE d", ":4", "new d, sortstore d", "[1 2 3 10]"),
        ("SORT l DESC LIMIT 0 2 STORE d", ":2", "sortstore d", "[10 3]"),
        ("SORT l GET name_* GET none_* LIMIT 0 2 STORE d", ":4", "", "[one  two ]"),
        ("SORT s BY nosort STORE d", ":4", "sortstore d", "[1 10 2 3]"),
        ("SORT s BY nosort DESC STORE d", ":4", "sortstore d", "[3 2 10 1]"),
        ("SORT l STORE x STORE d", ":4", "sortstore d", "[1 2 3 10]"),
        ("SORT d STORE d DESC", ":4", "sortstore d", "[10 3 2 1]"),
        ("SORT none STORE d", ":0", "", "[]"),
        ("SORT none STORE d", ":0", "", "[]"),
    ] {
        assert_eq!(r.run(0, line), reply, "{line}");
        let heard = events(&mut r);
        assert!(raised.is_empty() || heard == raised, "{line}: {heard}");
        assert_eq!(r.run(0, "LRANGE d 0 -1"), stored, "{line}");
        events(&mut r);
    }
    r.run_all(0, &["SET d text EX 100", "SORT l STORE d"]);
    assert_eq!(r.run(0, "TTL d"), ":-1");
    assert_eq!(r.run(0, "OBJECT ENCODING d"), "listpack");
    for n in 0..3000 {
        r.run(0, &format!("RPUSH long {}", n * 7919 % 3000));
    }
    r.run(0, "SORT long STORE d");
    assert_eq!(r.run(0, "OBJECT ENCODING d"), "quicklist");
    assert_eq!((r.run(0, "LINDEX d 0"), r.run(0, "LINDEX d 2999")), ("0".into(), "2999".into()));
}

#[test]
fn mistakes() {
    let mut r = filled();
    r.run_all(0, &["SET k v", "RPUSH t a b", "RPUSH blanks ' 1' ''"]);
    for (line, want) in [
        ("SORT k", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("SORT h_1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("SORT t", "-ERR One or more scores can't be converted into double"),
        ("SORT t STORE d", "-ERR One or more scores can't be converted into double"),
        ("SORT l BY name_*", "-ERR One or more scores can't be converted into double"),
        ("SORT l LIMIT 0", "-ERR syntax error"),
        ("SORT l LIMIT a 1", "-ERR value is not an integer or out of range"),
        ("SORT l GET", "-ERR syntax error"),
        ("SORT l BY", "-ERR syntax error"),
        ("SORT l STORE", "-ERR syntax error"),
        ("SORT l NOSUCH", "-ERR syntax error"),
        ("SORT_RO l STORE d", "-ERR syntax error"),
        ("EXISTS d", ":0"),
        ("SORT blanks", "[  1]"),
        ("COMMAND GETKEYS SORT l BY x GET y STORE a STORE b", "[l b]"),
        ("COMMAND GETKEYS SORT l GET store LIMIT 1 store", "[l]"),
        ("COMMAND GETKEYS SORT_RO l STORE d", "[l]"),
    ] {
        assert_eq!(r.run(0, line), want, "{line}");
    }
}

#[test]
fn patterns_reach_any_key_and_expired_ones_go() {
    let mut r = filled();
    r.run_all(0, &["SET w_3 5 PX 10", "HPEXPIRE h_3 10 FIELDS 1 n"]);
    r.advance_ms(11);
    assert_eq!(r.run(0, "SORT l BY w_* GET h_*->n"), "[nil 0.5 9 1]");
    // In a transaction and under other locks as well.
    r.run_all(0, &["MULTI", "SET a 1", "SORT l BY w_* DESC", "SORT l STORE d"]);
    assert_eq!(r.run(0, "EXEC"), "[+OK [1 2 10 3] :4]");
}

/// OBJECT ENCODING shows that Valkey sorts only large sorted sets.
#[test]
fn a_sorted_set_that_was_sorted_is_large() {
    for (command, after) in [("SORT z", "skiplist"), ("SORT_RO z BY x", "skiplist"), ("SORT z LIMIT 0 x", "listpack")] {
        let mut r = filled();
        let dirty = r.engine.shared.total_changes();
        r.run(0, command);
        assert_eq!(r.run(0, "OBJECT ENCODING z"), after, "{command}");
        assert_eq!(r.engine.shared.total_changes(), dirty, "nothing has changed");
        r.audit();
    }
}
