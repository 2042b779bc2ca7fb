//! Set commands.

use crate::engine::testing::Rig;
use std::collections::BTreeSet;

/// Runs a dialogue in which the order of the items of an array does not count.
#[track_caller]
fn expect(r: &mut Rig, script: &[(&str, &str)]) {
    for (line, reply) in script {
        assert_eq!(sorted(&r.run(0, line)), sorted(reply), "{line}");
    }
}

/// The words between brackets, in order.
fn words(reply: &str) -> Vec<String> {
    let inner = reply.trim_start_matches('~').strip_prefix('[').and_then(|r| r.strip_suffix(']'));
    inner.unwrap_or_else(|| panic!("an array: {reply}")).split_whitespace().map(String::from).collect()
}

fn sorted(reply: &str) -> String {
    if !reply.ends_with(']') || reply[1..].trim_start_matches('[').contains('[') || reply == "nil[]" {
        return reply.into();
    }
    let mut all = words(reply);
    all.sort();
    format!("{}[{}]", if reply.starts_with('~') { "~" } else { "" }, all.join(" "))
}

/// Configurations in which a set of some words takes each of its forms.
const FORMS: [&[(&str, &str)]; 2] = [&[], &[("set-max-listpack-entries", "0"), ("set-max-intset-entries", "0")]];

#[test]
fn members() {
    for form in FORMS {
        let mut r = Rig::with(2, form);
        expect(
            &mut r,
            &[
                ("SADD s a b c a", ":3"),
                ("SADD s c d", ":1"),
                ("SCARD s", ":4"),
                ("SCARD none", ":0"),
                ("SISMEMBER s a", ":1"),
                ("SISMEMBER s x", ":0"),
                ("SISMEMBER none a", ":0"),
                ("SMISMEMBER s a x b", "[:1 :0 :1]"),
                ("SMISMEMBER none a b", "[:0 :0]"),
                ("SMEMBERS s", "[a b c d]"),
                ("SMEMBERS none", "[]"),
                ("SREM s a x d", ":2"),
                ("SREM none a", ":0"),
                ("SREM s b c b", ":2"),
                ("EXISTS s", ":0"),
                ("SADD n 3 -1 70000 3", ":3"),
                ("SMEMBERS n", "[-1 3 70000]"),
                ("SISMEMBER n 3", ":1"),
                ("SISMEMBER n 03", ":0"),
                ("SADD n 03", ":1"),
                ("SISMEMBER n 3", ":1"),
                ("SREM n 70000", ":1"),
                ("SMEMBERS n", "[-1 3 03]"),
                ("TYPE n", "+set"),
            ],
        );
        r.session(0).resp3 = true;
        expect(&mut r, &[("SMEMBERS none", "~[]"), ("SMEMBERS n", "~[-1 3 03]"), ("SISMEMBER n 3", ":1")]);
    }
}

#[test]
fn other_types_are_refused() {
    let mut r = Rig::new();
    r.run_all(0, &["SET k v", "SADD s a"]);
    for line in [
        "SADD k a",
        "SREM k a",
        "SISMEMBER k a",
        "SMISMEMBER k a",
        "SMEMBERS k",
        "SCARD k",
        "SPOP k",
        "SPOP k 2",
        "SRANDMEMBER k",
        "SRANDMEMBER k 2",
        "SMOVE k s a",
        "SMOVE s k a",
        "SINTER s k",
        "SINTER none k",
        "SINTERCARD 2 none k",
        "SINTERSTORE d s k",
        "SUNION s k",
        "SUNIONSTORE d s k",
        "SDIFF s k",
        "SDIFFSTORE d none k",
        "SSCAN k 0",
        "LPUSH s a",
        "HSET s a 1",
        "GET s",
    ] {
        assert!(r.run(0, line).starts_with("-WRONGTYPE"), "{line}");
    }
    assert_eq!(r.run(0, "SMOVE none k a"), ":0");
    assert_eq!(r.run(0, "SINTERSTORE k none s"), ":0", "the destination may be anything");
    assert_eq!(r.run(0, "EXISTS k"), ":0");
}

#[test]
fn encodings() {
    let mut r = Rig::with(1, &[("set-max-intset-entries", "4"), ("set-max-listpack-entries", "6")]);
    let long = "x".repeat(65);
    for (lines, want) in [
        ("SADD s 1 2 3 4", "intset"),
        ("SADD s 1 2 3 4; SADD s 5", "hashtable"),
        ("SADD s 1 2 3 4 5", "listpack"),
        ("SADD s 1 2 3 4 5 6 7", "hashtable"),
        ("SADD s a 1 2", "listpack"),
        ("SADD s 1 2 a", "listpack"),
        ("SADD s 1 2; SADD s a b c d", "listpack"),
        ("SADD s 1 2; SADD s a b c d e", "hashtable"),
        ("SADD s a b c d e f", "listpack"),
        ("SADD s a b c d e f; SADD s a", "listpack"),
        ("SADD s a b c d e f; SADD s g", "hashtable"),
        ("SADD s a b c d e f a", "hashtable"),
        ("SADD s 1; SADD s 1 1 1 1 1", "hashtable"),
        ("SADD s LONG", "hashtable"),
        ("SADD s 1; SADD s LONG", "hashtable"),
        ("SADD s a; SADD s LONG; SREM s LONG", "hashtable"),
        // What is stored by a command on several sets.
        ("SADD a 1 2 3; SADD b 2 3 4; SINTERSTORE s a b", "intset"),
        ("SADD a 1 2 x; SADD b 1 x; SINTERSTORE s a b", "listpack"),
        ("SADD a 1 2 x; SADD b 1 2 y; SINTERSTORE s a b", "intset"),
        ("SADD a 1 2 3 4 5 6 7; SADD b 1 2 3 4 5 6 7 8; SINTERSTORE s a b", "hashtable"),
        ("SADD a 1 2 3 4 5 6 7; SADD b 1 2 3 4 5 8 9; SINTERSTORE s a b", "listpack"),
        ("SADD a 1 2 3; SADD b 3 4; SUNIONSTORE s a b", "intset"),
        ("SADD a 1 2 3; SADD b 4 5; SUNIONSTORE s a b", "hashtable"),
        ("SADD a 1 2; SADD b x; SUNIONSTORE s a b", "listpack"),
        ("SADD a 1 2 x; SADD b x; SDIFFSTORE s a b", "intset"),
        ("SADD a a b c d e f g h; SADD b a b c; SDIFFSTORE s a b", "listpack"),
        // By removal: the copy of the first was a table.
        ("SADD a a b c d e f g h; SADD b a b; SADD c c d; SDIFFSTORE s a b c none none none", "listpack"),
        ("SADD a a b c d e f g h; SADD b a; SADD c b; SADD d c; SADD e x; SDIFFSTORE s a b c d e", "hashtable"),
        // SPOP of most of a table moves the rest to a new set.
        ("SADD s a b c d e f g; SPOP s 5", "hashtable"),
        ("SADD s a b c d e f g; SPOP s 6", "listpack"),
        ("SADD a a b; COPY a s", "listpack"),
        ("SADD a 1; RENAME a s", "intset"),
        ("SADD a 1 2 3 4 5 6 7; COPY a s", "hashtable"),
    ] {
        r.run(0, "FLUSHALL");
        for line in lines.replace("LONG", &long).split("; ") {
            let reply = r.run(0, line);
            assert!(!reply.starts_with('-'), "{line}: {reply}");
        }
        assert_eq!(r.run(0, "OBJECT ENCODING s"), want, "{lines}");
    }
}

#[test]
fn combining() {
    for form in FORMS {
        let mut r = Rig::with(3, form);
        expect(
            &mut r,
            &[
                ("SADD a 1 2 3 x y", ":5"),
                ("SADD b 2 3 4 y", ":4"),
                ("SADD c 3 y z", ":3"),
                ("SADD n 2 3 5", ":3"),
                ("SINTER a b", "[2 3 y]"),
                ("SINTER a b c", "[3 y]"),
                ("SINTER a n", "[2 3]"),
                ("SINTER n b", "[2 3]"),
                ("SINTER a", "[1 2 3 x y]"),
                ("SINTER a a", "[1 2 3 x y]"),
                ("SINTER a none", "[]"),
                ("SINTER none", "[]"),
                ("SUNION a b", "[1 2 3 4 x y]"),
                ("SUNION n c none", "[2 3 5 y z]"),
                ("SUNION none", "[]"),
                ("SUNION a b c n a", "[1 2 3 4 5 x y z]"),
                ("SDIFF a b", "[1 x]"),
                ("SDIFF a none", "[1 2 3 x y]"),
                ("SDIFF none a", "[]"),
                ("SDIFF a a", "[]"),
                ("SDIFF n a", "[5]"),
                ("SDIFF a c n none", "[1 x]"),
                ("SDIFF a c n c n c n", "[1 x]"),
                ("SDIFF a n n n n n n n a", "[]"),
                ("SINTERCARD 2 a b", ":3"),
                ("SINTERCARD 2 a b LIMIT 2", ":2"),
                ("SINTERCARD 2 a b LIMIT 0", ":3"),
                ("SINTERCARD 2 a b LIMIT 10", ":3"),
                ("SINTERCARD 2 a b LIMIT 1 LIMIT 2", ":2"),
                ("SINTERCARD 2 a none", ":0"),
                ("SINTERSTORE d a b", ":3"),
                ("SMEMBERS d", "[2 3 y]"),
                ("SUNIONSTORE d d c", ":4"),
                ("SMEMBERS d", "[2 3 y z]"),
                ("SDIFFSTORE d d a", ":1"),
                ("SMEMBERS d", "[z]"),
                ("EXPIRE d 100", ":1"),
                ("SUNIONSTORE d a", ":5"),
                ("TTL d", ":-1"),
                ("SDIFFSTORE d a a", ":0"),
                ("EXISTS d", ":0"),
                ("SINTERSTORE d none a", ":0"),
                ("SET d string", "+OK"),
                ("SINTERSTORE d a c", ":2"),
                ("TYPE d", "+set"),
            ],
        );
        r.session(0).resp3 = true;
        let resp3 = [("SINTER a c", "~[3 y]"), ("SINTER none", "~[]"), ("SUNION c", "~[3 y z]"), ("SDIFF c a", "~[z]")];
        expect(&mut r, &resp3);
    }
}

#[test]
fn mistakes() {
    let mut r = Rig::new();
    r.run(0, "SADD s a");
    expect(
        &mut r,
        &[
            ("SINTERCARD 0 a", "-ERR numkeys should be greater than 0"),
            ("SINTERCARD x a", "-ERR numkeys should be greater than 0"),
            ("SINTERCARD -1 a", "-ERR numkeys should be greater than 0"),
            ("SINTERCARD 2 a", "-ERR Number of keys can't be greater than number of args"),
            ("SINTERCARD 9223372036854775807 a", "-ERR Number of keys can't be greater than number of args"),
            ("SINTERCARD 1 s LIMIT -1", "-ERR LIMIT can't be negative"),
            ("SINTERCARD 1 s LIMIT x", "-ERR LIMIT can't be negative"),
            ("SINTERCARD 1 s LIMIT", "-ERR syntax error"),
            ("SINTERCARD 1 s t", "-ERR syntax error"),
            ("SPOP s -1", "-ERR value is out of range, must be positive"),
            ("SPOP s x", "-ERR value is out of range, must be positive"),
            ("SPOP s 1 2", "-ERR syntax error"),
            ("SRANDMEMBER s x", "-ERR value is not an integer or out of range"),
            ("SRANDMEMBER s 1 2", "-ERR syntax error"),
            (
                "SRANDMEMBER s -9223372036854775808",
                "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
            ),
            ("SSCAN s x", "-ERR invalid cursor"),
            ("SSCAN s 0 COUNT 0", "-ERR syntax error"),
            ("SSCAN s 0 NOVALUES", "-ERR NOVALUES option can only be used in HSCAN"),
            ("SSCAN s 0 NOSCORES", "-ERR NOSCORES option can only be used in ZSCAN"),
            ("SADD s", "-ERR wrong number of arguments for 'sadd' command"),
        ],
    );
}

#[test]
fn moving() {
    let mut r = Rig::new();
    expect(
        &mut r,
        &[
            ("SADD a 1 2 x", ":3"),
            ("SADD b 3", ":1"),
            ("SMOVE a b 2", ":1"),
            ("SMOVE a b none", ":0"),
            ("SMOVE a b x", ":1"),
            ("SMEMBERS b", "[2 3 x]"),
            ("SMOVE b b x", ":1"),
            ("SMOVE b b none", ":0"),
            ("SMOVE none a 1", ":0"),
            ("SMOVE a new 1", ":1"),
            ("EXISTS a", ":0"),
            ("SMEMBERS new", "[1]"),
            ("SADD c 1", ":1"),
            ("SMOVE c new 1", ":1"),
            ("SMEMBERS new", "[1]"),
        ],
    );
}

#[test]
fn drawing_and_popping() {
    let ints: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    let texts: Vec<String> = (0..20).map(|n| format!("member-{n}")).collect();
    for (all, form) in [(&ints, FORMS[0]), (&texts, FORMS[0]), (&texts, FORMS[1])] {
        let mut r = Rig::with(1, form);
        let whole: BTreeSet<String> = all.iter().cloned().collect();
        let fill = format!("SADD s {}", all.join(" "));
        r.run(0, &fill);
        expect(
            &mut r,
            &[
                ("SRANDMEMBER none", "nil"),
                ("SRANDMEMBER none 3", "[]"),
                ("SRANDMEMBER s 0", "[]"),
                ("SPOP none", "nil"),
                ("SPOP none 3", "[]"),
                ("SPOP s 0", "[]"),
                ("SCARD s", ":20"),
            ],
        );
        assert!(whole.contains(&r.run(0, "SRANDMEMBER s")));
        for n in [1, 3, 6, 7, 19, 20, 30] {
            let some = words(&r.run(0, &format!("SRANDMEMBER s {n}")));
            let distinct: BTreeSet<_> = some.iter().cloned().collect();
            assert_eq!((some.len(), distinct.len()), (n.min(20), n.min(20)));
            assert!(distinct.is_subset(&whole));
        }
        let many = words(&r.run(0, "SRANDMEMBER s -500"));
        assert_eq!(many.len(), 500);
        assert_eq!(many.into_iter().collect::<BTreeSet<_>>(), whole);
        for n in [1, 2, 10, 17, 19, 20, 30] {
            r.run(0, &fill);
            let popped: BTreeSet<_> = words(&r.run(0, &format!("SPOP s {n}"))).into_iter().collect();
            assert_eq!(popped.len(), n.min(20));
            let left: BTreeSet<_> = words(&r.run(0, "SMEMBERS s")).into_iter().collect();
            assert_eq!(left, &whole - &popped);
        }
        assert_eq!(r.run(0, "EXISTS s"), ":0");
        r.run(0, &fill);
        let mut popped: Vec<String> = (0..20).map(|_| r.run(0, "SPOP s")).collect();
        popped.sort();
        assert!(popped.iter().eq(&whole));
        assert_eq!(r.run(0, "SPOP s"), "nil");
        r.run(0, &fill);
        r.session(0).resp3 = true;
        assert!(r.run(0, "SPOP s 2").starts_with("~["));
        assert!(r.run(0, "SRANDMEMBER s 2").starts_with('['));
    }
}

#[test]
fn scanning() {
    let mut r = Rig::with(1, &[("set-max-listpack-entries", "4")]);
    expect(
        &mut r,
        &[
            ("SADD s a b ab", ":3"),
            ("SADD n 3 1 22", ":3"),
            ("SSCAN s 0", "[0 [a b ab]]"),
            ("SSCAN s 0 MATCH a*", "[0 [a ab]]"),
            ("SSCAN n 7 COUNT 1 MATCH *", "[0 [1 3 22]]"),
            ("SSCAN n 0 MATCH 2?", "[0 [22]]"),
            ("SSCAN none 0", "[0 []]"),
        ],
    );
    for n in 0..300 {
        r.run(0, &format!("SADD s m{n}"));
    }
    let (mut cursor, mut seen, mut steps) = ("0".to_string(), BTreeSet::new(), 0);
    loop {
        let reply = r.run(0, &format!("SSCAN s {cursor} COUNT 20"));
        let (next, found) = reply[1..reply.len() - 2].split_once(" [").unwrap();
        seen.extend(found.split_whitespace().map(String::from));
        cursor = next.into();
        steps += 1;
        // The set changes under the walk: what stays is seen.
        r.run(0, &format!("SREM s m{}", 200 + steps));
        r.run(0, &format!("SADD s new{steps}"));
        if cursor == "0" {
            break;
        }
    }
    assert!((0..200).all(|n| seen.contains(&format!("m{n}"))) && seen.contains("ab"));
    assert!(steps > 5, "{steps} steps");
}

#[test]
fn large_sets_together() {
    let mut r = Rig::new();
    for n in 0..2000 {
        r.run(0, &format!("SADD a m{n}"));
        r.run(0, &format!("SADD b m{}", n + 500));
        r.run(0, &format!("SADD c m{}", 2 * n));
    }
    expect(
        &mut r,
        &[
            ("SINTERCARD 2 a b", ":1500"),
            ("SINTERCARD 3 a b c", ":750"),
            ("SINTERSTORE d a b c", ":750"),
            ("SUNIONSTORE d a b c", ":3250"),
            ("SDIFFSTORE d a b", ":500"),
            ("SDIFFSTORE d a c b none none", ":250"),
        ],
    );
    assert_eq!(words(&r.run(0, "SUNION a b c")).len(), 3250);
    assert_eq!(words(&r.run(0, "SUNION a b c a b c")).len(), 3250);
    assert_eq!(words(&r.run(0, "SDIFF a b")).len(), 500);
    assert_eq!(words(&r.run(0, "SPOP a 1900")).len(), 1900);
    assert_eq!(r.run(0, "OBJECT ENCODING a"), "listpack");
    assert_eq!(r.run(0, "SCARD a"), ":100");
}

#[test]
fn the_type_is_known_everywhere() {
    let mut r = Rig::with(2, &[("enable-debug-command", "yes")]);
    r.run_all(0, &["SADD s a b", "SADD n 1 2", "SET k v"]);
    for n in 0..200 {
        r.run(0, &format!("SADD t m{n}"));
    }
    let mut found = words(&r.run(0, "SCAN 0 TYPE set COUNT 100").replace("[0 [", "[").replace("]]", "]"));
    found.sort();
    assert_eq!(found, ["n", "s", "t"]);
    r.run_all(0, &["COPY t u", "COPY s v", "SADD v c", "SREM v c"]);
    assert_eq!(r.run(0, "DEBUG DIGEST-VALUE t"), r.run(0, "DEBUG DIGEST-VALUE u"));
    assert_eq!(r.run(0, "DEBUG DIGEST-VALUE s"), r.run(0, "DEBUG DIGEST-VALUE v"));
    assert!(r.run(0, "DEBUG OBJECT t").contains("encoding:hashtable"));
    assert!(r.run(0, "DEBUG HTSTATS-KEY t").contains("number of elements: 200"));
    let usage: i64 = r.run(0, "MEMORY USAGE t")[1..].parse().unwrap();
    // 200 members in blocks of 8 bytes, and their slots.
    assert!((3200..5000).contains(&usage), "{usage}");
    assert_eq!(r.run(0, "UNLINK t u v"), ":3");
}
