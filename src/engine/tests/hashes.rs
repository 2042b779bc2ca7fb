//! Hash commands.

use crate::engine::testing::Rig;

#[track_caller]
fn expect(r: &mut Rig, script: &[(&str, &str)]) {
    for (line, reply) in script {
        assert_eq!(&r.run(0, line), reply, "{line}");
    }
}

#[test]
fn fields_and_values() {
    let mut r = Rig::new();
    expect(
        &mut r,
        &[
            ("HSET h a 1 b two a 3", ":2"),
            ("HGET h a", "3"),
            ("HGET h none", "nil"),
            ("HGET none a", "nil"),
            ("HMGET h a none b", "[3 nil two]"),
            ("HMGET none a b", "[nil nil]"),
            ("HGETALL h", "[a 3 b two]"),
            ("HKEYS h", "[a b]"),
            ("HVALS h", "[3 two]"),
            ("HGETALL none", "[]"),
            ("HLEN h", ":2"),
            ("HLEN none", ":0"),
            ("HSTRLEN h b", ":3"),
            ("HSTRLEN h a", ":1"),
            ("HSTRLEN h none", ":0"),
            ("HEXISTS h a", ":1"),
            ("HEXISTS h none", ":0"),
            ("HSETNX h a 9", ":0"),
            ("HSETNX h c 9", ":1"),
            ("HMSET h d 4", "+OK"),
            ("HDEL h a none c d", ":3"),
            ("HDEL h b", ":1"),
            ("HDEL h b", ":0"),
            ("HLEN h", ":0"),
            ("HSET h a", "-ERR wrong number of arguments for 'hset' command"),
            ("HSET h a 1 b", "-ERR wrong number of arguments for 'hset' command"),
            ("HMSET h a 1 b", "-ERR wrong number of arguments for 'hmset' command"),
        ],
    );
    r.session(0).resp3 = true;
    r.run(0, "HSET h a 1");
    assert_eq!(r.run(0, "HGETALL h"), "{a: 1}");
    assert_eq!(r.run(0, "HGETALL none"), "{}");
}

#[test]
fn other_types_are_refused() {
    let mut r = Rig::new();
    r.run(0, "SET s v");
    for line in [
        "HSET s a 1",
        "HSETNX s a 1",
        "HGET s a",
        "HMGET s a",
        "HGETALL s",
        "HKEYS s",
        "HVALS s",
        "HLEN s",
        "HSTRLEN s a",
        "HEXISTS s a",
        "HDEL s a",
        "HINCRBY s a 1",
        "HINCRBYFLOAT s a 1",
        "HRANDFIELD s",
        "HRANDFIELD s 2",
        "HSCAN s 0",
        "HEXPIRE s 1 FIELDS 1 a",
        "HTTL s FIELDS 1 a",
        "HPERSIST s FIELDS 1 a",
        "HGETEX s FIELDS 1 a",
        "HSETEX s FIELDS 1 a 1",
        "HGETDEL s FIELDS 1 a",
    ] {
        assert!(r.run(0, line).starts_with("-WRONGTYPE"), "{line}");
    }
}

#[test]
fn counting() {
    let mut r = Rig::new();
    expect(
        &mut r,
        &[
            ("HINCRBY h n 5", ":5"),
            ("HINCRBY h n -7", ":-2"),
            ("HSET h t text sp ' 1' big 9223372036854775807", ":3"),
            ("HINCRBY h t 1", "-ERR hash value is not an integer"),
            ("HINCRBY h sp 1", "-ERR hash value is not an integer"),
            ("HINCRBY h big 1", "-ERR increment or decrement would overflow"),
            ("HINCRBY h n x", "-ERR value is not an integer or out of range"),
            ("HINCRBYFLOAT h n 0.5", "-1.5"),
            ("HINCRBYFLOAT h f 3.0e3", "3000"),
            ("HINCRBYFLOAT h t 1", "-ERR hash value is not a float"),
            ("HINCRBYFLOAT h n x", "-ERR value is not a valid float"),
            ("HINCRBYFLOAT h n inf", "-ERR value is NaN or Infinity"),
            ("HINCRBYFLOAT x 1 x", "-ERR value is not a valid float"),
            ("HLEN x", ":0"),
            ("HINCRBYFLOAT big f 1.1", "1.1"),
            ("HINCRBYFLOAT big f 0.1", "1.2"),
        ],
    );
}

#[test]
fn random_fields() {
    for entries in ["512", "3"] {
        let mut r = Rig::with(1, &[("hash-max-listpack-entries", entries)]);
        for n in 0..10 {
            r.run(0, &format!("HSET h f{n} {n}"));
        }
        assert!(r.run(0, "HRANDFIELD h").starts_with('f'));
        expect(
            &mut r,
            &[
                ("HRANDFIELD none", "nil"),
                ("HRANDFIELD none 3", "[]"),
                ("HRANDFIELD h 0", "[]"),
                ("HRANDFIELD h x", "-ERR value is not an integer or out of range"),
                ("HRANDFIELD h 1 WITH", "-ERR syntax error"),
                ("HRANDFIELD h 1 WITHVALUES x", "-ERR syntax error"),
                ("HRANDFIELD h 9223372036854775807 WITHVALUES", "-ERR value is out of range"),
                ("HRANDFIELD h -9223372036854770000 WITHVALUES", "-ERR value is out of range"),
            ],
        );
        let words = |s: String| -> Vec<String> { s[1..s.len() - 1].split(' ').map(Into::into).collect() };
        for n in [1, 2, 3, 5, 9, 10, 20] {
            let mut some = words(r.run(0, &format!("HRANDFIELD h {n}")));
            some.sort();
            some.dedup();
            assert_eq!(some.len(), n.min(10));
        }
        assert_eq!(words(r.run(0, "HRANDFIELD h -30")).len(), 30);
        let pairs = words(r.run(0, "HRANDFIELD h -5 WITHVALUES"));
        assert!(pairs.len() == 10 && pairs.chunks(2).all(|p| p[0][1..] == p[1]));
        r.session(0).resp3 = true;
        let nested = r.run(0, "HRANDFIELD h 2 WITHVALUES");
        assert!(nested.starts_with("[[f") && nested.contains("] [f"), "{nested}");
    }
}

#[test]
fn scanning() {
    let mut r = Rig::with(1, &[("hash-max-listpack-entries", "4")]);
    expect(
        &mut r,
        &[
            ("HSET h a 1 b 2 ab 3", ":3"),
            ("HSCAN h 0", "[0 [a 1 b 2 ab 3]]"),
            ("HSCAN h 0 MATCH a* NOVALUES", "[0 [a ab]]"),
            ("HSCAN h 7 COUNT 1 MATCH *", "[0 [a 1 b 2 ab 3]]"),
            ("HSCAN none 0", "[0 []]"),
            ("HSCAN h x", "-ERR invalid cursor"),
            ("HSCAN h -1", "-ERR invalid cursor"),
            ("HSCAN h 0 COUNT 0", "-ERR syntax error"),
            ("HSCAN h 0 COUNT x", "-ERR value is not an integer or out of range"),
            ("HSCAN h 0 TYPE hash", "-ERR syntax error"),
            ("HSCAN h 0 MATCH", "-ERR syntax error"),
        ],
    );
    for n in 0..300 {
        r.run(0, &format!("HSET h f{n} {n}"));
    }
    let (mut cursor, mut fields, mut steps) = ("0".to_string(), Vec::new(), 0);
    loop {
        let reply = r.run(0, &format!("HSCAN h {cursor} COUNT 20 NOVALUES"));
        let (next, found) = reply[1..reply.len() - 2].split_once(" [").unwrap();
        fields.extend(found.split_whitespace().map(String::from));
        cursor = next.into();
        steps += 1;
        if cursor == "0" {
            break;
        }
    }
    fields.sort();
    fields.dedup();
    assert_eq!(fields.len(), 303);
    assert!(steps > 5, "{steps} steps");
}

#[test]
fn setting_when_fields_expire() {
    let mut r = Rig::new();
    expect(
        &mut r,
        &[
            ("HSET h a 1 b 2 c 3", ":3"),
            ("HEXPIRE h 10 FIELDS 2 a none", "[:1 :-2]"),
            ("HTTL h FIELDS 3 a b none", "[:10 :-1 :-2]"),
            ("HPTTL h FIELDS 1 a", "[:10000]"),
            ("HEXPIRETIME h FIELDS 2 a b", "[:1720000010 :-1]"),
            ("HPEXPIRETIME h FIELDS 1 a", "[:1720000010000]"),
            ("HEXPIRE h 20 NX FIELDS 2 a b", "[:0 :1]"),
            ("HEXPIRE h 30 XX FIELDS 2 a c", "[:1 :0]"),
            ("HEXPIRE h 25 GT FIELDS 3 a b c", "[:0 :1 :0]"),
            ("HEXPIRE h 28 LT FIELDS 3 a b c", "[:1 :0 :1]"),
            ("HPEXPIRE h 1500 FIELDS 1 a", "[:1]"),
            ("HTTL h FIELDS 1 a", "[:2]"),
            ("HEXPIREAT h 1720000100 FIELDS 1 a", "[:1]"),
            ("HPEXPIREAT h 1720000100001 FIELDS 1 b", "[:1]"),
            ("HPTTL h FIELDS 2 a b", "[:100000 :100001]"),
            ("HPERSIST h FIELDS 3 a a none", "[:1 :-1 :-2]"),
            ("HEXPIRE none 10 FIELDS 1 a", "[:-2]"),
            ("HTTL none FIELDS 2 a b", "[:-2 :-2]"),
            ("HPERSIST none FIELDS 1 a", "[:-2]"),
            ("HEXPIRE h 0 FIELDS 1 a", "[:2]"),
            ("HPEXPIREAT h 1 FIELDS 2 b c", "[:2 :2]"),
            ("HLEN h", ":0"),
            ("HSET h a 1", ":1"),
            ("HTTL h FIELDS 1 a", "[:-1]"),
        ],
    );
}

#[test]
fn mistakes_about_expiry() {
    let mut r = Rig::new();
    let numfields = "-ERR numfields should be greater than 0 and match the provided number of fields";
    expect(
        &mut r,
        &[
            ("HEXPIRE h 10 FIELDS 2 a", numfields),
            ("HEXPIRE h 10 FIELDS 1 a b", numfields),
            ("HEXPIRE h 10 FIELDS 0 a", numfields),
            ("HEXPIRE h 10 NX 1 a", numfields),
            ("HEXPIRE h 10 FIELDS x a", "-ERR value is not an integer or out of range"),
            ("HEXPIRE h x FIELDS 1 a", "-ERR value is not an integer or out of range"),
            ("HEXPIRE h -1 FIELDS 1 a", "-ERR invalid expire time in 'hexpire' command"),
            ("HPEXPIRE h 9223372036854775807 FIELDS 1 a", "-ERR invalid expire time in 'hpexpire' command"),
            ("HEXPIRE h 1 YY FIELDS 1 a", "-ERR Unsupported option YY"),
            ("HEXPIRE h 1 NX GT FIELDS 1 a", "-ERR NX and XX, GT or LT options at the same time are not compatible"),
            ("HEXPIRE h 1 GT LT FIELDS 1 a", "-ERR GT and LT options at the same time are not compatible"),
            ("HTTL h FIELD 1 a", "-ERR syntax error"),
            ("HTTL h FIELDS 2 a", numfields),
            ("HPERSIST h FIELDS 2 a", numfields),
            ("HGETEX h EX 1 EX 2 FIELDS 1 a", "-ERR syntax error"),
            ("HGETEX h KEEPTTL FIELDS 1 a", "-ERR syntax error"),
            ("HGETEX h EX FIELDS 1 a", "-ERR syntax error"),
            ("HGETEX h EX -1 FIELDS 1 a", "-ERR invalid expire time in 'hgetex' command"),
            ("HSETEX h FNX FXX FIELDS 1 a 1", "-ERR syntax error"),
            ("HSETEX h PERSIST FIELDS 1 a 1", "-ERR syntax error"),
            ("HSETEX h EX 1 KEEPTTL FIELDS 1 a 1", "-ERR syntax error"),
            ("HSETEX h FIELDS 1 a 1 b", numfields),
            ("HSETEX h FIELDS 2 a 1 b", numfields),
            ("HGETDEL h FIELDS 3 a b", "-ERR syntax error"),
            ("HGETDEL h WORDS 1 a", "-ERR syntax error"),
        ],
    );
}

#[test]
fn reading_and_writing_with_expiry() {
    let mut r = Rig::new();
    expect(
        &mut r,
        &[
            ("HSETEX h FIELDS 3 f1 v1 f2 v2 f3 v3", ":1"),
            ("HSETEX h FNX EX 10 FIELDS 2 f2 x f4 x", ":0"),
            ("HSETEX h FXX EX 10 FIELDS 2 f2 x f4 x", ":0"),
            ("HSETEX none FXX FIELDS 1 a x", ":0"),
            ("HLEN none", ":0"),
            ("HSETEX h FXX EX 10 FIELDS 2 f2 v2 f3 v3", ":1"),
            ("HTTL h FIELDS 3 f1 f2 f3", "[:-1 :10 :10]"),
            ("HSETEX h KEEPTTL FIELDS 2 f2 w2 f1 w1", ":1"),
            ("HTTL h FIELDS 3 f1 f2 f3", "[:-1 :10 :10]"),
            ("HSET h f3 w3", ":0"),
            ("HTTL h FIELDS 3 f1 f2 f3", "[:-1 :10 :-1]"),
            ("HSET h n 1", ":1"),
            ("HPEXPIRE h 500 FIELDS 1 n", "[:1]"),
            ("HINCRBY h n 1", ":2"),
            ("HPTTL h FIELDS 1 n", "[:500]"),
            ("HGETEX h FIELDS 2 n none", "[2 nil]"),
            ("HGETEX h PXAT 1720000005000 FIELDS 2 n f1", "[2 w1]"),
            ("HPTTL h FIELDS 2 n f1", "[:5000 :5000]"),
            ("HGETEX h PERSIST FIELDS 2 n none", "[2 nil]"),
            ("HPTTL h FIELDS 2 n f1", "[:-1 :5000]"),
            ("HGETEX none EX 1 FIELDS 1 a", "[nil]"),
            ("HGETDEL h FIELDS 3 n none n", "[2 nil nil]"),
            ("HGETEX h EX 0 FIELDS 1 f1", "[w1]"),
            ("HMGET h f1 f2 f3", "[nil w2 w3]"),
            ("HSETEX h PX 0 FIELDS 3 f2 a f3 a f9 a", ":1"),
            ("HLEN h", ":0"),
            ("HGETDEL h FIELDS 1 f1", "[nil]"),
            ("SET h string", "+OK"),
        ],
    );
}

#[test]
fn expired_fields_are_hidden_and_go() {
    let mut r = Rig::new();
    r.run_all(0, &["HSET h a 1 b 2 c 3", "HPEXPIRE h 100 FIELDS 2 a b"]);
    r.advance_ms(100);
    assert_eq!(r.run(0, "HGET h a"), "1", "in its last millisecond a field is there");
    r.advance_ms(1);
    expect(
        &mut r,
        &[
            ("HGET h a", "nil"),
            ("HMGET h a b c", "[nil nil 3]"),
            ("HGETALL h", "[c 3]"),
            ("HKEYS h", "[c]"),
            ("HLEN h", ":1"),
            ("HEXISTS h a", ":0"),
            ("HSTRLEN h a", ":0"),
            ("HRANDFIELD h 5", "[c]"),
            ("HSCAN h 0", "[0 [c 3]]"),
            ("HTTL h FIELDS 1 a", "[:-2]"),
            ("HPERSIST h FIELDS 1 a", "[:-2]"),
            ("HEXPIRE h 10 FIELDS 1 a", "[:-2]"),
            ("HSETNX h a 7", ":1"),
            ("HTTL h FIELDS 1 a", "[:-1]"),
            ("HDEL h b", ":0"),
            ("HMGET h a b c", "[7 nil 3]"),
        ],
    );
    r.run(0, "HPEXPIRE h 50 FIELDS 2 a c");
    r.advance_ms(51);
    assert_eq!(r.run(0, "HLEN h"), ":0");
    r.expire_some();
    assert_eq!(r.engine.shared.keyspace.shards().iter().map(|s| s.lock().table(0).len()).sum::<usize>(), 0);
}

/// The events since the last call, as `name key` each.
fn events(r: &mut Rig) -> String {
    let lines = r.mail(9).replace("__keyevent@0__:", "");
    let names = lines.lines().map(|l| l.trim_end_matches(']').split_once("* ").unwrap().1);
    names.collect::<Vec<_>>().join(", ")
}

#[test]
fn every_change_has_its_event() {
    let mut r = Rig::with(2, &[("notify-keyspace-events", "KEAn")]);
    r.run(9, "PSUBSCRIBE __keyevent*");
    for (line, want) in [
        ("HSET h a 1 b 2", "new h, hset h"),
        ("HSETNX h a 1", ""),
        ("HSETNX h c 1", "hset h"),
        ("HMSET h c 3", "hset h"),
        ("HINCRBY h a 1", "hincrby h"),
        ("HINCRBYFLOAT h a 1.5", "hincrbyfloat h"),
        ("HDEL h none", ""),
        ("HEXPIRE h 10 FIELDS 2 a none", "hexpire h"),
        ("HEXPIRE h 10 XX FIELDS 1 b", ""),
        ("HPERSIST h FIELDS 2 a b", "hpersist h"),
        ("HPERSIST h FIELDS 1 a", ""),
        ("HGETEX h FIELDS 1 a", ""),
        ("HGETEX h EX 10 FIELDS 1 a", "hexpire h"),
        ("HGETEX h PERSIST FIELDS 1 a", "hpersist h"),
        ("HSETEX h FIELDS 1 d 4", "hset h"),
        ("HSETEX h PX 100 FIELDS 1 d 4", "hset h, hexpire h"),
        ("HSETEX h FNX FIELDS 1 d 4", ""),
        ("HSETEX h PX 0 FIELDS 1 none 4", ""),
        ("HSETEX fresh EX 5 FIELDS 1 d 4", "new fresh, hset fresh, hexpire fresh"),
        ("HSETEX fresh EX 0 FIELDS 1 d 4", "hexpired fresh, del fresh"),
        ("HEXPIRE h 0 FIELDS 1 c", "hexpired h"),
        ("HGETDEL h FIELDS 2 b none", "hdel h"),
    ] {
        r.run(0, line);
        assert_eq!(events(&mut r), want, "{line}");
    }
    // What is left: `a`, and `d` which expires.
    r.advance_ms(101);
    r.expire_some();
    assert_eq!(events(&mut r), "hexpired h");
    r.expire_some();
    assert_eq!(events(&mut r), "");
    r.run(0, "HPEXPIRE h 10 FIELDS 1 a");
    r.advance_ms(11);
    events(&mut r);
    r.expire_some();
    assert_eq!(events(&mut r), "hexpired h, del h");
    assert_eq!(r.run(0, "EXISTS h"), ":0");
    // A write to a due field takes it away and says so.
    r.run_all(0, &["HSET h a 1 b 2", "HPEXPIRE h 10 FIELDS 1 a"]);
    r.advance_ms(11);
    events(&mut r);
    assert_eq!(r.run(0, "HDEL h a"), ":0");
    assert_eq!(events(&mut r), "hexpired h");
}

#[test]
fn fields_keep_their_expiry_when_the_hash_moves() {
    let mut r = Rig::new();
    r.run_all(0, &["HSET h a 1 b 2", "HPEXPIRE h 100 FIELDS 1 a", "COPY h copy", "RENAME h moved", "MOVE moved 1"]);
    assert_eq!(r.run(0, "HPTTL copy FIELDS 2 a b"), "[:100 :-1]");
    r.run(1, "SELECT 1");
    assert_eq!(r.run(1, "HPTTL moved FIELDS 2 a b"), "[:100 :-1]");
    r.advance_ms(101);
    for _ in 0..10 {
        r.expire_some();
    }
    let expired: u64 = r.engine.shared.keyspace.shards().iter().map(|s| s.lock().stats().expired_fields).sum();
    assert_eq!(expired, 2);
    assert_eq!(r.run(0, "HGETALL copy"), "[b 2]");
}
