//! Sorted-set commands.

use crate::engine::testing::Rig;

#[test]
fn adding_with_conditions() {
    Rig::new().script(
        "
        ZADD z 1 a 2.5 b 3 c => :3
        ZADD z 1 a 4 b 0 d => :1
        ZADD z CH 1 a 5 b 7 e => :2
        ZRANGE z 0 -1 WITHSCORES => [d 0 a 1 c 3 b 5 e 7]
        ZADD z NX 9 a 9 f => :1
        ZADD z XX 8 f 8 g => :0
        ZADD z XX CH GT 7 f 4 a => :1
        ZADD z CH LT 9 f 1 a => :1
        ZADD z GT CH 2 a 1 b 6 new => :2
        ZMSCORE z a b f new g => [2 5 8 6 nil]
        ZADD z INCR 1.5 a => 3.5
        ZADD z NX INCR 1 a => nil
        ZADD z XX INCR 1 nobody => nil
        ZADD z GT INCR -1 a => nil
        ZADD z LT INCR -1 a => 2.5
        ZINCRBY z 10 a => 12.5
        ZINCRBY z -inf q => -inf
        ZINCRBY z inf q => -ERR resulting score is not a number (NaN)
        ZADD z INCR +inf q => -ERR resulting score is not a number (NaN)
        ZADD none XX 1 a => :0
        ZADD none XX INCR 1 a => nil
        EXISTS none => :0
        ZADD z NX XX 1 a => -ERR XX and NX options at the same time are not compatible
        ZADD z NX GT 1 a => -ERR GT, LT, and/or NX options at the same time are not compatible
        ZADD z GT LT 1 a => -ERR GT, LT, and/or NX options at the same time are not compatible
        ZADD z INCR 1 a 2 b => -ERR INCR option supports a single increment-element pair
        ZADD z 1 a 2 => -ERR syntax error
        ZADD z NX CH => -ERR syntax error
        ZADD z nan a => -ERR value is not a valid float
        ZADD z 1 a x b => -ERR value is not a valid float
        ZINCRBY z x a => -ERR value is not a valid float
        ZADD z nx gt => -ERR syntax error
        ZADD s 1 a => :1
        SET s v => +OK
        ZADD s 1 a => -WRONGTYPE Operation against a key holding the wrong kind of value
        ZINCRBY s 1 a => -WRONGTYPE Operation against a key holding the wrong kind of value
        ",
    );
}

#[test]
fn scores_have_exact_texts() {
    let mut r = Rig::new();
    r.script(
        "
        ZADD z 0.1 a 1e20 b 3.0e3 c -inf d Infinity e 1e-7 f -0.5 g 4611686018427387904 h 0x10 i => :9
        ZMSCORE z a b c d e f g h i => [0.1 1e+20 3000 -inf inf 1e-7 -0.5 4611686018427387904 16]
        ",
    );
    r.session(0).resp3 = true;
    r.script(
        "
        ZSCORE z a => ,0.1
        ZSCORE z d => ,-inf
        ZRANGE z 0 1 WITHSCORES => [[d ,-inf] [g ,-0.5]]
        ZPOPMIN z => [d ,-inf]
        ZPOPMIN z 2 => [[g ,-0.5] [f ,1e-7]]
        ZINCRBY z 1 a => ,1.1
        ZSCORE z none => nil
        ",
    );
}

#[test]
fn removing_and_counting() {
    for limit in ["0", "128"] {
        Rig::with(2, &[("zset-max-listpack-entries", limit)]).script(
            "
            ZADD z 1 a 2 b 3 c 4 d 5 e 6 f 7 g => :7
            ZCARD z => :7
            ZCOUNT z 2 5 => :4
            ZCOUNT z (2 (5 => :2
            ZCOUNT z -inf +inf => :7
            ZCOUNT z 5 2 => :0
            ZCOUNT z x 2 => -ERR min or max is not a float
            ZCOUNT z nan 2 => -ERR min or max is not a float
            ZRANK z c => :2
            ZREVRANK z c => :4
            ZRANK z c WITHSCORE => [:2 3]
            ZREVRANK z c withscore => [:4 3]
            ZRANK z none => nil
            ZRANK z none WITHSCORE => nil[]
            ZRANK none a => nil
            ZRANK z c X => -ERR syntax error
            ZRANK z c WITHSCORE X => -ERR wrong number of arguments for 'zrank' command
            ZREM z a none g => :2
            ZREMRANGEBYRANK z 0 0 => :1
            ZREMRANGEBYRANK z -1 -1 => :1
            ZREMRANGEBYRANK z 5 9 => :0
            ZREMRANGEBYRANK z a 9 => -ERR value is not an integer or out of range
            ZREMRANGEBYSCORE z (3 4 => :1
            ZREMRANGEBYSCORE z x 4 => -ERR min or max is not a float
            ZRANGE z 0 -1 => [c e]
            ZREM z c e => :2
            EXISTS z => :0
            ZADD lex 0 a 0 b 0 c 0 d => :4
            ZLEXCOUNT lex - + => :4
            ZLEXCOUNT lex (a [c => :2
            ZLEXCOUNT lex a c => -ERR min or max not valid string range item
            ZREMRANGEBYLEX lex [b (d => :2
            ZREMRANGEBYLEX lex b [d => -ERR min or max not valid string range item
            ZREMRANGEBYLEX lex - + => :2
            EXISTS lex => :0
            ZREM none a => :0
            ZCARD none => :0
            ZCOUNT none 0 1 => :0
            ZREMRANGEBYRANK none 0 1 => :0
            ",
        );
    }
}

#[test]
fn ranges_of_all_kinds() {
    for limit in ["0", "128"] {
        Rig::with(2, &[("zset-max-listpack-entries", limit)]).script(
            "
            ZADD z 1 a 2 b 2 c 3 d 4 e => :5
            ZRANGE z 0 -1 => [a b c d e]
            ZRANGE z 1 2 WITHSCORES => [b 2 c 2]
            ZRANGE z -2 -1 REV => [b a]
            ZREVRANGE z 0 1 WITHSCORES => [e 4 d 3]
            ZRANGE z 3 1 => []
            ZRANGE z 5 9 => []
            ZRANGE z 2 3 BYSCORE => [b c d]
            ZRANGE z (2 +inf BYSCORE WITHSCORES => [d 3 e 4]
            ZRANGE z 3 2 BYSCORE REV => [d c b]
            ZRANGE z 2 3 BYSCORE REV => []
            ZRANGEBYSCORE z 1 4 LIMIT 1 2 => [b c]
            ZRANGEBYSCORE z 1 4 LIMIT 1 -1 => [b c d e]
            ZRANGEBYSCORE z 1 4 LIMIT 9 2 => []
            ZRANGEBYSCORE z 1 4 LIMIT -1 2 => []
            ZRANGEBYSCORE z 1 4 LIMIT 0 0 => []
            ZREVRANGEBYSCORE z 4 (1 LIMIT 1 2 WITHSCORES => [d 3 c 2]
            ZREVRANGEBYSCORE z +inf -inf => [e d c b a]
            ZADD l 0 a 0 bb 0 c 0 d => :4
            ZRANGE l [b (d BYLEX => [bb c]
            ZRANGE l + [b BYLEX REV LIMIT 1 5 => [c bb]
            ZRANGEBYLEX l - [bb => [a bb]
            ZREVRANGEBYLEX l + - LIMIT 0 2 => [d c]
            ZRANGEBYLEX l + - => []
            ZRANGE z 0 1 LIMIT 0 1 => -ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX
            ZRANGE l - + BYLEX WITHSCORES => -ERR syntax error, WITHSCORES not supported in combination with BYLEX
            ZRANGE z a 1 => -ERR value is not an integer or out of range
            ZRANGE z a 1 BYSCORE => -ERR min or max is not a float
            ZRANGE z a 1 BYLEX => -ERR min or max not valid string range item
            ZRANGE z 0 1 BYSCORE BYLEX => -ERR syntax error
            ZRANGE z 0 1 BYSCORE LIMIT 1 => -ERR syntax error
            ZREVRANGE z 0 1 REV => -ERR syntax error
            ZRANGE none 0 -1 => []
            ZRANGESTORE dst z 2 3 BYSCORE => :3
            ZRANGE dst 0 -1 WITHSCORES => [b 2 c 2 d 3]
            ZRANGESTORE dst z 0 1 REV => :2
            ZRANGE dst 0 -1 => [d e]
            ZRANGESTORE dst z 0 1 WITHSCORES => -ERR syntax error
            ZRANGESTORE dst none 0 1 => :0
            EXISTS dst => :0
            SET s v => +OK
            ZRANGE s 0 1 => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZRANGESTORE s z 0 0 => :1
            TYPE s => +zset
            ",
        );
    }
}

#[test]
fn unions_intersections_and_differences() {
    for limit in ["0", "128"] {
        let mut r = Rig::with(2, &[("zset-max-listpack-entries", limit)]);
        r.script(
            "
            ZADD a 1 x 2 y 3 z => :3
            ZADD b 10 y 20 z 30 w => :3
            ZUNION 2 a b => [x y z w]
            ZUNION 2 a b WITHSCORES => [x 1 y 12 z 23 w 30]
            ZUNION 2 a b WEIGHTS 2 -1 AGGREGATE MIN WITHSCORES => [w -30 z -20 y -10 x 2]
            ZUNION 1 none => []
            ZUNIONSTORE d 2 a b AGGREGATE MAX => :4
            ZRANGE d 0 -1 WITHSCORES => [x 1 y 10 z 20 w 30]
            ZINTER 2 a b WITHSCORES => [y 12 z 23]
            ZINTER 3 a b none => []
            ZINTERSTORE d 2 a b WEIGHTS 0 1 => :2
            ZRANGE d 0 -1 WITHSCORES => [y 10 z 20]
            ZINTERCARD 2 a b => :2
            ZINTERCARD 2 a b LIMIT 1 => :1
            ZINTERCARD 2 a b LIMIT 0 => :2
            ZINTERCARD 2 a b LIMIT -1 => -ERR LIMIT can't be negative
            ZINTERCARD 2 a b LIMIT => -ERR syntax error
            ZDIFF 2 a b WITHSCORES => [x 1]
            ZDIFF 2 a a => []
            ZDIFFSTORE d 2 b a => :1
            ZRANGE d 0 -1 WITHSCORES => [w 30]
            ZDIFFSTORE d 2 a a => :0
            EXISTS d => :0
            ZADD i inf x -inf y => :2
            ZADD j -inf x -inf y => :2
            ZUNION 2 i j WITHSCORES => [y -inf x 0]
            ZUNION 1 i WEIGHTS 0 WITHSCORES => [x 0 y 0]
            SADD t y q => :2
            ZUNION 2 t a WEIGHTS 5 1 WITHSCORES => [x 1 z 3 q 5 y 7]
            ZINTER 2 a t WITHSCORES => [y 3]
            ZDIFF 2 t a WITHSCORES => [q 1]
            ZINTERCARD 2 t t => :2
            ZUNION 0 a => -ERR at least 1 input key is needed for 'zunion' command
            ZUNIONSTORE d 0 a => -ERR at least 1 input key is needed for 'zunionstore' command
            ZUNION x a => -ERR value is not an integer or out of range
            ZUNION 3 a b => -ERR syntax error
            ZUNION 2 a b WEIGHTS 1 => -ERR syntax error
            ZUNION 2 a b WEIGHTS 1 x => -ERR weight value is not a float
            ZUNION 2 a b AGGREGATE AVG => -ERR syntax error
            ZUNIONSTORE d 2 a b WITHSCORES => -ERR syntax error
            ZDIFF 2 a b WEIGHTS 1 1 => -ERR syntax error
            SET s v => +OK
            ZUNION 2 a s X => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZUNIONSTORE a 2 a b => :4
            ZCARD a => :4
            ",
        );
        r.session(0).resp3 = true;
        r.script("ZINTER 2 a b WITHSCORES => [[y ,22] [z ,43] [w ,60]]");
    }
}

#[test]
fn popping() {
    for limit in ["0", "128"] {
        Rig::with(2, &[("zset-max-listpack-entries", limit)]).script(
            "
            ZADD z 1 a 2 b 3 c 4 d 5 e 6 f => :6
            ZPOPMIN z => [a 1]
            ZPOPMAX z => [f 6]
            ZPOPMIN z 2 => [b 2 c 3]
            ZPOPMIN z 0 => []
            ZPOPMIN z -1 => -ERR value is out of range, must be positive
            ZPOPMIN z x => -ERR value is out of range, must be positive
            ZPOPMIN z 1 2 => -ERR syntax error
            ZPOPMAX none => []
            ZMPOP 2 none z MAX COUNT 10 => [z [[e 5] [d 4]]]
            EXISTS z => :0
            ZMPOP 1 z MIN => nil[]
            ZMPOP 0 z MIN => -ERR numkeys should be greater than 0
            ZMPOP 2 z MIN => -ERR syntax error
            ZMPOP 1 z LEFT => -ERR syntax error
            ZMPOP 1 z MIN COUNT 0 => -ERR count should be greater than 0
            ZMPOP 1 z MIN COUNT 1 COUNT 2 => -ERR syntax error
            ",
        );
    }
}

#[test]
fn waiting() {
    Rig::new().script(
        "
        BZPOPMIN a b 0 => (blocked)
        1> ZADD b 2 y 1 x => :2
        .mail => [b x 1]
        BZPOPMAX b a 0 => [b y 2]
        BZMPOP 0 2 a b MAX COUNT 5 => (blocked)
        2> BZPOPMIN a 0 => (blocked)
        # A list is nothing for them.
        1> RPUSH a 1 => :1
        0> .mail =>
        1> DEL a => :1
        1> ZADD a 1 p 2 q => :2
        0> .mail => [a [[q 2] [p 1]]]
        2> .mail =>
        1> ZUNIONSTORE a 1 none => :0
        1> ZADD src 7 s => :1
        1> ZRANGESTORE a src 0 -1 => :1
        2> .mail => [a s 7]
        1> EXISTS a => :0
        BZPOPMIN a 1 => (blocked)
        .wait 1001
        0> .mail => nil[]
        BZPOPMIN a -1 => -ERR timeout is negative
        BZPOPMIN a x => -ERR timeout is not a float or out of range
        BZMPOP 0 0 a MIN => -ERR numkeys should be greater than 0
        MULTI => +OK
        BZPOPMIN a 0 => +QUEUED
        BZMPOP 0 1 a MIN => +QUEUED
        EXEC => [nil[] nil[]]
        # A rename makes a key ready as well; a waiter of a list sleeps on.
        BLPOP a 0 => (blocked)
        2> BZPOPMAX a 0 => (blocked)
        1> RENAME src a => +OK
        2> .mail => [a s 7]
        0> .mail =>
        1> RPUSH a e => :1
        0> .mail => [a e]
        SET s v => +OK
        BZPOPMIN s 0 => -WRONGTYPE Operation against a key holding the wrong kind of value
        ",
    );
}

#[test]
fn encodings_follow_the_thresholds() {
    let mut r = Rig::with(
        2,
        &[("zset-max-listpack-entries", "3"), ("zset-max-listpack-value", "5"), ("enable-debug-command", "yes")],
    );
    r.script(
        "
        ZADD z 1 a 2 b 3 c => :3
        OBJECT ENCODING z => listpack
        TYPE z => +zset
        ZADD z 1 a 4 b => :0
        OBJECT ENCODING z => listpack
        ZADD z 4 d => :1
        OBJECT ENCODING z => skiplist
        ZREM z a b c => :3
        OBJECT ENCODING z => skiplist
        ZADD long 1 abcdef => :1
        OBJECT ENCODING long => skiplist
        ZADD many XX 1 a 2 b 3 c 4 d => :0
        ZADD many 1 a 1 a 1 a 1 a => :1
        OBJECT ENCODING many => skiplist
        ZUNIONSTORE u 1 many => :1
        OBJECT ENCODING u => listpack
        ZUNIONSTORE u 1 long => :1
        OBJECT ENCODING u => skiplist
        COPY z w => :1
        ZRANGE w 0 -1 WITHSCORES => [d 4]
        OBJECT ENCODING w => skiplist
        RENAME w x => +OK
        ZSCORE x d => 4
        DEL x => :1
        ",
    );
    assert_eq!(r.run(0, "SCAN 0 TYPE zset COUNT 100").matches("long").count(), 1);
    assert!(r.run(0, "DEBUG OBJECT z").contains("encoding:skiplist"));
}

#[test]
fn scanning() {
    let mut r = Rig::new();
    r.script(
        "
        ZADD z 1 a 2.5 b => :2
        ZSCAN z 0 => [0 [a 1 b 2.5]]
        ZSCAN z 0 NOSCORES => [0 [a b]]
        ZSCAN z 0 MATCH b* COUNT 5 => [0 [b 2.5]]
        ZSCAN z 0 NOVALUES => -ERR NOVALUES option can only be used in HSCAN
        ZSCAN z x => -ERR invalid cursor
        ZSCAN none 0 => [0 []]
        ",
    );
    for n in 0..400 {
        r.run(0, &format!("ZADD big {n}.1 member:{n}"));
    }
    let (mut cursor, mut seen) = ("0".to_owned(), 0);
    loop {
        let reply = r.run(0, &format!("ZSCAN big {cursor} COUNT 50 NOSCORES"));
        let (next, members) = reply.trim_start_matches('[').split_once(' ').unwrap();
        seen += members.matches("member:").count();
        cursor = next.to_owned();
        if cursor == "0" {
            break;
        }
    }
    assert_eq!(seen, 400);
    assert_eq!(r.run(0, "ZSCAN big 0 MATCH member:7 COUNT 1000"), "[0 [member:7 7.0999999999999996]]");
}

#[test]
fn random_members() {
    let mut r = Rig::new();
    r.script(
        "
        ZRANDMEMBER none => nil
        ZRANDMEMBER none 3 => []
        ZADD one 1.5 a => :1
        ZRANDMEMBER one => a
        ZRANDMEMBER one 5 WITHSCORES => [a 1.5]
        ZRANDMEMBER one -3 => [a a a]
        ZRANDMEMBER one 0 => []
        ZRANDMEMBER one x => -ERR value is not an integer or out of range
        ZRANDMEMBER one 1 X => -ERR syntax error
        ZRANDMEMBER one -9223372036854775808 => -ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807
        ZRANDMEMBER one -9223372036854775807 WITHSCORES => -ERR value is out of range
        ",
    );
    for (key, n) in [("small", 100), ("big", 1000)] {
        for m in 0..n {
            r.run(0, &format!("ZADD {key} {m} m{m}"));
        }
        for count in [10, n / 2, n] {
            let reply = r.run(0, &format!("ZRANDMEMBER {key} {count}"));
            let mut members: Vec<&str> = reply.trim_matches(['[', ']']).split(' ').collect();
            members.sort();
            members.dedup();
            assert_eq!(members.len(), count, "distinct members of {key}");
        }
        let reply = r.run(0, &format!("ZRANDMEMBER {key} -50 WITHSCORES"));
        assert_eq!(reply.matches('m').count(), 50);
    }
    r.session(0).resp3 = true;
    assert_eq!(r.run(0, "ZRANDMEMBER one -2 WITHSCORES"), "[[a ,1.5] [a ,1.5]]");
}
