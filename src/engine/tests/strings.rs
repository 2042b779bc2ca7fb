//! String commands.

use crate::engine::testing::Rig;
use proptest::prelude::*;

#[test]
fn get_and_set() {
    Rig::new().script(
        "
        GET k => nil
        SET k v => +OK
        GET k => v
        SET k 12345 => +OK
        OBJECT ENCODING k => int
        SET k 012345 => +OK
        OBJECT ENCODING k => embstr
        SET k aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa => +OK
        OBJECT ENCODING k => raw
        SET k '' => +OK
        GET k => 
        STRLEN k => :0
        STRLEN missing => :0
        SET k -9223372036854775808 => +OK
        OBJECT ENCODING k => int
        STRLEN k => :20
        SET k 9223372036854775808 => +OK
        OBJECT ENCODING k => embstr
        GET => -ERR wrong number of arguments for 'get' command
        SET k => -ERR wrong number of arguments for 'set' command
        ",
    );
}

#[test]
fn set_conditions() {
    Rig::new().script(
        "
        SET k a XX => nil
        SET k a NX => +OK
        SET k b nx => nil
        GET k => a
        SET k b xX => +OK
        SET k c NX XX => -ERR syntax error
        SET k c XX NX => -ERR syntax error
        SET k c NX NX => nil
        SET k c GET => b
        SET k d XX GET => c
        SET k e NX GET => d
        GET k => d
        SET missing e NX GET => nil
        GET missing => e
        SET missing2 e XX GET => nil
        EXISTS missing2 => :0
        SET k e GET GET => d
        SETNX k x => :0
        SETNX n x => :1
        GETSET n y => x
        GETSET fresh y => nil
        SET k v FOO => -ERR syntax error
        SET k v EX => -ERR syntax error
        ",
    );
}

#[test]
fn set_if_equal() {
    Rig::new().script(
        "
        SET k a IFEQ a => nil
        EXISTS k => :0
        SET k a IFEQ a GET => nil
        SET k a => +OK
        SET k b IFEQ x => nil
        SET k b IFEQ a => +OK
        SET k c ifeq b get => b
        SET k d IFEQ b GET => c
        GET k => c
        SET k 5 => +OK
        SET k 6 IFEQ 5 EX 10 => +OK
        TTL k => :10
        SET k 7 IFEQ 6 NX => -ERR syntax error
        SET k 7 XX IFEQ 6 => -ERR syntax error
        SET k 7 IFEQ => -ERR syntax error
        DELIFEQ k 7 => :0
        DELIFEQ k 6 => :1
        DELIFEQ k 6 => :0
        DELIFEQ k => -ERR wrong number of arguments for 'delifeq' command
        ",
    );
}

#[test]
fn set_expiry() {
    Rig::new().script(
        "
        SET k v EX 10 => +OK
        TTL k => :10
        SET k v KEEPTTL => +OK
        TTL k => :10
        SET k v => +OK
        TTL k => :-1
        SET k v PX 1500 => +OK
        PTTL k => :1500
        SET k v EX 0 => -ERR invalid expire time in 'set' command
        SET k v EX -1 => -ERR invalid expire time in 'set' command
        SET k v PX 9223372036854775807 => -ERR invalid expire time in 'set' command
        SET k v EX 9223372036854776 => -ERR invalid expire time in 'set' command
        SET k v EX x => -ERR value is not an integer or out of range
        SET k v EX 10 PX 10 => -ERR syntax error
        SET k v EX 10 KEEPTTL => -ERR syntax error
        SET k v KEEPTTL EX 10 => -ERR syntax error
        SET k v EXAT 10 EX 10 => -ERR syntax error
        SET k v EX 5 EX 20 => +OK
        TTL k => :20
        SET k v NX EX x => -ERR value is not an integer or out of range
        SET k v PXAT 1 => +OK
        EXISTS k => :0
        SET k v => +OK
        SET k w EXAT 1 GET => v
        EXISTS k => :0
        SET k v PXAT 9223372036854775807 => +OK
        PEXPIRETIME k => :9223372036854775807
        SET k w KEEPTTL => +OK
        PEXPIRETIME k => :9223372036854775807
        SET k v EXAT 33177117420 => +OK
        EXPIRETIME k => :33177117420
        SETEX k 10 v => +OK
        TTL k => :10
        PSETEX k 10000 v => +OK
        TTL k => :10
        SETEX k 0 v => -ERR invalid expire time in 'setex' command
        PSETEX k -5 v => -ERR invalid expire time in 'psetex' command
        SETEX k x v => -ERR value is not an integer or out of range
        SET k v PX 5 => +OK
        .wait 7
        GET k => nil
        ",
    );
}

#[test]
fn getex_and_getdel() {
    Rig::new().script(
        "
        GETEX k EX x => nil
        GETEX k FOO => -ERR syntax error
        SET k v => +OK
        GETEX k => v
        TTL k => :-1
        GETEX k EX 10 => v
        TTL k => :10
        GETEX k => v
        TTL k => :10
        GETEX k PERSIST => v
        TTL k => :-1
        GETEX k PX 10000 => v
        TTL k => :10
        GETEX k EX 10 PERSIST => -ERR syntax error
        GETEX k PERSIST EX 10 => -ERR syntax error
        GETEX k KEEPTTL => -ERR syntax error
        GETEX k NX => -ERR syntax error
        GETEX k EX 0 => -ERR invalid expire time in 'getex' command
        GETEX k EX x => -ERR value is not an integer or out of range
        GETEX k PXAT 33177117420000 => v
        EXPIRETIME k => :33177117420
        GETEX k EXAT 1 => v
        EXISTS k => :0
        SET k v => +OK
        GETDEL k => v
        GETDEL k => nil
        ",
    );
}

#[test]
fn several_at_once() {
    Rig::new().script(
        "
        MSET a 1 b 2 a 3 => +OK
        MGET a b c => [3 2 nil]
        MSET a => -ERR wrong number of arguments for 'mset' command
        MSET a 1 b => -ERR wrong number of arguments for 'mset' command
        MSETNX c 1 a 2 => :0
        EXISTS c => :0
        MSETNX c 1 d 2 c 3 => :1
        MGET c d => [3 2]
        MSETNX a 1 b => -ERR wrong number of arguments for 'msetnx' command
        ",
    );
}

#[test]
fn several_at_once_with_options() {
    Rig::new().script(
        "
        MSETEX 2 a 1 b 2 EX 10 => :1
        TTL a => :10
        MSETEX 2 a 3 c 4 NX => :0
        MSETEX 2 a 3 c 4 XX => :0
        MGET a c => [1 nil]
        MSETEX 2 a 3 b 4 XX KEEPTTL => :1
        TTL b => :10
        MSETEX 1 a 5 => :1
        TTL a => :-1
        MSETEX 2 d 1 e 2 PX 5000 NX => :1
        MSETEX 2 a 1 b 2 PXAT 1 => :1
        EXISTS a b => :0
        MSETEX 0 a 1 => -ERR invalid numkeys value
        MSETEX x a 1 => -ERR invalid numkeys value
        MSETEX 2 a 1 b => -ERR wrong number of arguments for 'msetex' command
        MSETEX 1 a 1 GET => -ERR syntax error
        MSETEX 1 a 1 NX XX => -ERR syntax error
        MSETEX 1 a 1 EX 0 => -ERR invalid expire time in 'msetex' command
        ",
    );
}

#[test]
fn integers() {
    Rig::new().script(
        "
        INCR n => :1
        INCRBY n 41 => :42
        DECR n => :41
        DECRBY n 42 => :-1
        INCRBY n 9223372036854775807 => :9223372036854775806
        INCR n => :9223372036854775807
        INCR n => -ERR increment or decrement would overflow
        GET n => 9223372036854775807
        SET n -9223372036854775808 => +OK
        DECR n => -ERR increment or decrement would overflow
        DECRBY n -9223372036854775808 => -ERR decrement would overflow
        DECRBY missing -9223372036854775808 => -ERR decrement would overflow
        INCRBY missing -9223372036854775808 => :-9223372036854775808
        INCRBY n x => -ERR value is not an integer or out of range
        INCRBY n 1.5 => -ERR value is not an integer or out of range
        SET n ' 1' => +OK
        INCR n => -ERR value is not an integer or out of range
        SET n 01 => +OK
        INCR n => -ERR value is not an integer or out of range
        SET n 1 EX 100 => +OK
        APPEND n 1 => :2
        OBJECT ENCODING n => raw
        INCR n => :12
        OBJECT ENCODING n => int
        TTL n => :100
        ",
    );
}

#[test]
fn floats() {
    Rig::new().script(
        "
        INCRBYFLOAT f 10.5 => 10.5
        INCRBYFLOAT f 0.1 => 10.6
        INCRBYFLOAT f -5 => 5.6
        SET f 5.0e3 => +OK
        INCRBYFLOAT f 2.0e2 => 5200
        OBJECT ENCODING f => embstr
        INCR f => :5201
        SET f 3 EX 100 => +OK
        INCRBYFLOAT f 1.1 => 4.1
        TTL f => :100
        INCRBYFLOAT f abc => -ERR value is not a valid float
        INCRBYFLOAT f nan => -ERR value is not a valid float
        INCRBYFLOAT f inf => -ERR increment would produce NaN or Infinity
        INCRBYFLOAT fresh inf => -ERR increment would produce NaN or Infinity
        EXISTS fresh => :0
        SET f abc => +OK
        INCRBYFLOAT f 1 => -ERR value is not a valid float
        SET f 1 => +OK
        INCRBYFLOAT f 99999999999999999999 => 100000000000000000000
        INCRBYFLOAT g -0.00000000000000001 => -0.00000000000000001
        INCRBYFLOAT h 1e-18 => 0
        ",
    );
}

#[test]
fn ranges() {
    Rig::new().script(
        "
        APPEND a foo => :3
        APPEND a bar => :6
        GET a => foobar
        OBJECT ENCODING a => raw
        APPEND i 12 => :2
        OBJECT ENCODING i => int
        APPEND i 3 => :3
        GET i => 123
        APPEND i '' => :3
        GETRANGE a 0 2 => foo
        GETRANGE a -3 -1 => bar
        GETRANGE a 0 -1 => foobar
        GETRANGE a 3 1 => 
        GETRANGE a -1 -3 => 
        GETRANGE a 5 5000 => r
        GETRANGE missing 0 -1 => 
        GETRANGE i 1 1 => 2
        SUBSTR a 1 2 => oo
        GETRANGE a x 1 => -ERR value is not an integer or out of range
        GETRANGE a 1 x => -ERR value is not an integer or out of range
        SETRANGE a 3 X => :6
        GET a => fooXar
        SETRANGE a 7 Y => :8
        SETRANGE a -1 Y => -ERR offset is out of range
        SETRANGE a x Y => -ERR value is not an integer or out of range
        SETRANGE a 100 '' => :8
        SETRANGE missing 100 '' => :0
        EXISTS missing => :0
        SETRANGE missing 536870912 x => -ERR string exceeds maximum allowed size (proto-max-bulk-len)
        SETRANGE a 536870911 xx => -ERR string exceeds maximum allowed size (proto-max-bulk-len)
        SETRANGE a 9223372036854775807 x => -ERR string exceeds maximum allowed size (proto-max-bulk-len)
        SETRANGE i 1 9 => :3
        GET i => 193
        OBJECT ENCODING i => raw
        SETRANGE new 0 12 => :2
        OBJECT ENCODING new => raw
        ",
    );
}

#[test]
fn common_subsequences() {
    Rig::new().script(
        "
        MSET key1 ohmytext key2 mynewtext => +OK
        LCS key1 key2 => mytext
        LCS key1 key2 LEN => :6
        LCS key1 key2 IDX => [matches [[[:4 :7] [:5 :8]] [[:2 :3] [:0 :1]]] len :6]
        LCS key1 key2 IDX MINMATCHLEN 4 => [matches [[[:4 :7] [:5 :8]]] len :6]
        LCS key1 key2 IDX MINMATCHLEN 4 WITHMATCHLEN => [matches [[[:4 :7] [:5 :8] :4]] len :6]
        LCS key1 key2 IDX MINMATCHLEN -5 => [matches [[[:4 :7] [:5 :8]] [[:2 :3] [:0 :1]]] len :6]
        LCS key1 missing => 
        LCS key1 missing IDX => [matches [] len :0]
        LCS key1 key2 LEN IDX => -ERR If you want both the length and indexes, please just use IDX.
        LCS key1 key2 FOO => -ERR syntax error
        LCS key1 key2 MINMATCHLEN => -ERR syntax error
        LCS key1 key2 MINMATCHLEN x => -ERR value is not an integer or out of range
        LCS key1 => -ERR wrong number of arguments for 'lcs' command
        SET a aabab => +OK
        SET b abbaa => +OK
        LCS a b => abb
        LCS a b IDX => [matches [[[:4 :4] [:2 :2]] [[:1 :2] [:0 :1]]] len :3]
        SET n 12345 => +OK
        SET m 235 => +OK
        LCS n m => 235
        ",
    );
    Rig::with(1, &[("proto-max-bulk-len", "1mb")]).script(
        "
        SETRANGE a 999 x => :1000
        SETRANGE b 999 x => :1000
        LCS a b => -ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len
        SETRANGE a 1048575 xy => -ERR string exceeds maximum allowed size (proto-max-bulk-len)
        SETRANGE a 1048575 x => :1048576
        APPEND a x => -ERR string exceeds maximum allowed size (proto-max-bulk-len)
        ",
    );
}

#[test]
fn values_of_any_length_survive_every_way_of_writing_them() {
    let mut r = Rig::new();
    for len in [0, 1, 44, 45, 255, 256, 4096, 32767, 32768, 40_000, 100_000] {
        let text = "x".repeat(len);
        let bytes = text.as_bytes();
        assert_eq!(r.call(0, &[b"SET", b"a", bytes]).len(), 1);
        assert_eq!(r.run(0, "GET a"), text);
        assert_eq!(r.run(0, "STRLEN a"), format!(":{len}"));
        assert_eq!(r.run(0, "APPEND a y"), format!(":{}", len + 1));
        assert_eq!(r.run(0, "GETRANGE a -1 -1"), "y");
        assert_eq!(r.run(0, &format!("SETRANGE a {len} zz")), format!(":{}", len + 2));
        assert_eq!(r.run(0, "GET a"), text.clone() + "zz");
        r.call(0, &[b"SET", b"a", bytes, b"EX", b"100"]);
        assert_eq!(r.run(0, "TTL a"), ":100");
        r.call(0, &[b"SET", b"a", bytes, b"KEEPTTL"]);
        assert_eq!(r.run(0, "TTL a"), ":100");
        r.call(0, &[b"GETSET", b"a", bytes]);
        assert_eq!(r.run(0, "TTL a"), ":-1");
        r.audit();
        assert_eq!(r.run(0, "GETDEL a"), text);
    }
}

/// One step against the model: a string of bytes, or none.
#[derive(Clone, Debug)]
enum Op {
    Append(Vec<u8>),
    SetRange(usize, Vec<u8>),
    GetRange(i64, i64),
    IncrBy(i64),
    Set(Vec<u8>),
}

fn op() -> impl Strategy<Value = Op> {
    let text = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..6),
        any::<i64>().prop_map(|n| n.to_string().into_bytes()),
        (0usize..70_000).prop_map(|n| vec![b'7'; n]),
    ];
    let index = prop_oneof![-10i64..10, any::<i64>()];
    prop_oneof![
        text.clone().prop_map(Op::Append),
        (0usize..50_000, prop::collection::vec(any::<u8>(), 0..4)).prop_map(|(i, t)| Op::SetRange(i, t)),
        (0usize..12, prop::collection::vec(b'0'..=b'9', 0..4)).prop_map(|(i, t)| Op::SetRange(i, t)),
        (index.clone(), index.clone()).prop_map(|(a, b)| Op::GetRange(a, b)),
        index.prop_map(Op::IncrBy),
        text.prop_map(Op::Set),
    ]
}

/// The bytes from `start` to `end`, one by one.
fn naive_range(text: &[u8], start: i64, end: i64) -> Vec<u8> {
    let (len, wide) = (text.len() as i128, |i: i64| i128::from(i));
    let from_front = |i: i64| if i < 0 { (wide(i) + len).max(0) } else { wide(i) };
    if start < 0 && end < 0 && start > end {
        return Vec::new();
    }
    let (start, end) = (from_front(start), from_front(end));
    text.iter().enumerate().filter(|(i, _)| (start..=end).contains(&(*i as i128))).map(|(_, b)| *b).collect()
}

/// The reply a model gives, in the rig's notation; changes the model.
fn model(held: &mut Option<Vec<u8>>, op: &Op) -> String {
    let int = |n: usize| format!(":{n}");
    match op {
        Op::Set(t) => {
            *held = Some(t.clone());
            "+OK".into()
        }
        Op::Append(t) => {
            let text = held.get_or_insert_default();
            text.extend_from_slice(t);
            int(text.len())
        }
        Op::SetRange(_, t) if t.is_empty() => int(held.as_ref().map_or(0, Vec::len)),
        Op::SetRange(i, t) => {
            let text = held.get_or_insert_default();
            text.resize(text.len().max(i + t.len()), 0);
            text[*i..i + t.len()].copy_from_slice(t);
            int(text.len())
        }
        Op::GetRange(a, b) => {
            let part = naive_range(held.as_deref().unwrap_or_default(), *a, *b);
            String::from_utf8(part.clone()).unwrap_or_else(|_| part.escape_ascii().to_string())
        }
        Op::IncrBy(by) => {
            let text = held.clone().unwrap_or(b"0".to_vec());
            let old =
                std::str::from_utf8(&text).ok().and_then(|t| t.parse::<i64>().ok().filter(|n| n.to_string() == t));
            match old.map(|n| n.checked_add(*by)) {
                None => "-ERR value is not an integer or out of range".into(),
                Some(None) => "-ERR increment or decrement would overflow".into(),
                Some(Some(sum)) => {
                    *held = Some(sum.to_string().into_bytes());
                    format!(":{sum}")
                }
            }
        }
    }
}

fn send(r: &mut Rig, op: &Op) -> String {
    let n = |i: i64| i.to_string().into_bytes();
    let args: Vec<Vec<u8>> = match op {
        Op::Set(t) => vec![b"SET".into(), b"k".into(), t.clone()],
        Op::Append(t) => vec![b"APPEND".into(), b"k".into(), t.clone()],
        Op::SetRange(i, t) => vec![b"SETRANGE".into(), b"k".into(), n(*i as i64), t.clone()],
        Op::GetRange(a, b) => vec![b"GETRANGE".into(), b"k".into(), n(*a), n(*b)],
        Op::IncrBy(by) => vec![b"INCRBY".into(), b"k".into(), n(*by)],
    };
    let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
    crate::engine::testing::show(&r.call(0, &args)[0])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn one_string_behaves_as_a_plain_vector(ops in prop::collection::vec(op(), 1..25)) {
        let (mut r, mut held) = (Rig::with(1, &[]), None);
        for op in &ops {
            prop_assert_eq!(send(&mut r, op), model(&mut held, op), "{:?}", op);
            r.audit();
        }
    }
}

#[test]
fn other_types_are_refused() {
    let mut r = Rig::new();
    r.run(0, "RPUSH l a");
    let wrong = "-WRONGTYPE Operation against a key holding the wrong kind of value";
    let refused = [
        "GET l",
        "GETDEL l",
        "GETEX l",
        "GETEX l EX x",
        "GETSET l v",
        "STRLEN l",
        "SET l v GET",
        "SET l v IFEQ a",
        "SET l v IFEQ a GET",
        "DELIFEQ l a",
        "APPEND l x",
        "GETRANGE l 0 1",
        "SUBSTR l 0 1",
        "SETRANGE l 0 x",
        "SETRANGE l 0 ''",
        "INCR l",
        "DECR l",
        "INCRBY l 1",
        "DECRBY l 1",
        "INCRBYFLOAT l 1",
        "INCRBYFLOAT l x",
        "SETRANGE l 536870911 xx",
    ];
    for line in refused {
        assert_eq!(r.run(0, line), wrong, "{line}");
    }
    r.script(
        "
        LCS l l => -ERR The specified keys must contain string values
        LCS l missing FOO => -ERR The specified keys must contain string values
        MGET l l => [nil nil]
        SET l v NX => nil
        LRANGE l 0 -1 => [a]
        SETNX l v => :0
        MSETNX l v k v => :0
        TYPE l => +list
        SET l v XX => +OK
        TYPE l => +string
        RPUSH m a => :1
        SETEX m 10 v => +OK
        GET m => v
        ",
    );
}

#[test]
fn ranges_of_common_subsequences_are_a_map_to_resp3() {
    let mut r = Rig::new();
    r.run(0, "HELLO 3");
    r.script(
        "
        MSET a xay b zaw => +OK
        LCS a b IDX WITHMATCHLEN => {matches: [[[:1 :1] [:1 :1] :1]], len: :1}
        GET missing => nil
        ",
    );
}

#[test]
fn what_set_does_to_its_key_depends_on_its_options() {
    use crate::{
        commands::{KeyFlags, keys::each_key, table},
        session::OwnedArgs,
    };
    let row = table::find(b"set").expect("a command").row;
    assert!(row.has_one_key(), "SET must not look for its key");
    let flags = |parts: &[&[u8]]| {
        let mut found = Vec::new();
        each_key(row, OwnedArgs::new(parts).args(), |i, f| found.push((i, f))).expect("keys");
        found
    };
    let (blind, reads) = (KeyFlags::OW.or(KeyFlags::UPDATE), KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::UPDATE));
    assert_eq!(flags(&[b"SET", b"get", b"get"]), [(1, blind)]);
    assert_eq!(flags(&[b"SET", b"k", b"v", b"EX", b"5"]), [(1, blind)]);
    assert_eq!(flags(&[b"SET", b"k", b"v", b"get"]), [(1, reads)]);
    assert_eq!(flags(&[b"SET", b"k", b"v", b"IFEQ", b"w"]), [(1, reads)]);
}
