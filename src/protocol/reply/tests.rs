use super::*;
use crate::protocol::value::Value;
use proptest::prelude::*;

/// What `write` wrote for each protocol.
fn both(write: impl Fn(&mut Reply<'_>)) -> (String, String) {
    let one = |resp3| {
        let mut out = Output::new();
        write(&mut Reply::new(&mut out, resp3));
        String::from_utf8(out.to_vec()).unwrap()
    };
    (one(false), one(true))
}

fn check(write: impl Fn(&mut Reply<'_>), resp2: &str, resp3: &str) {
    assert_eq!(both(write), (resp2.to_owned(), resp3.to_owned()));
}

#[test]
fn strings_and_numbers() {
    check(|r| r.ok(), "+OK\r\n", "+OK\r\n");
    check(|r| r.simple("PONG"), "+PONG\r\n", "+PONG\r\n");
    check(|r| r.error(&Error::SYNTAX), "-ERR syntax error\r\n", "-ERR syntax error\r\n");
    for n in [0, 9, 10, -1, i64::MAX, i64::MIN] {
        let text = n.to_string();
        check(|r| r.int(n), &format!(":{n}\r\n"), &format!(":{n}\r\n"));
        let bulk = format!("${}\r\n{text}\r\n", text.len());
        check(|r| r.bulk_int(n), &bulk, &bulk);
    }
    for len in [0, 1, 9, 10, 99, 100, 1000, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1] {
        let body = "x".repeat(len);
        let text = format!("${len}\r\n{body}\r\n");
        check(|r| r.bulk(body.as_bytes()), &text, &text);
        check(|r| r.bulk_shared(Bytes::from(body.clone())), &text, &text);
    }
    check(|r| r.bulk_fmt(format_args!("{}-{}", 1, 2)), "$3\r\n1-2\r\n", "$3\r\n1-2\r\n");
}

#[test]
fn types_that_differ_between_protocols() {
    check(|r| r.null(), "$-1\r\n", "_\r\n");
    check(|r| r.null_array(), "*-1\r\n", "_\r\n");
    check(|r| r.bulk_or_null(None), "$-1\r\n", "_\r\n");
    check(|r| r.bool(true), ":1\r\n", "#t\r\n");
    check(|r| r.bool(false), ":0\r\n", "#f\r\n");
    check(|r| r.double(1.5), "$3\r\n1.5\r\n", ",1.5\r\n");
    check(|r| r.double(3.0), "$1\r\n3\r\n", ",3\r\n");
    check(|r| r.double(f64::NEG_INFINITY), "$4\r\n-inf\r\n", ",-inf\r\n");
    check(|r| r.human_double(1e-3), "$5\r\n0.001\r\n", ",0.001\r\n");
    check(|r| r.verbatim("txt", b"hi"), "$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n");
    check(|r| r.big_number("123"), "$3\r\n123\r\n", "(123\r\n");
    check(|r| r.array(12), "*12\r\n", "*12\r\n");
    check(|r| r.map(100), "*200\r\n", "%100\r\n");
    check(|r| r.set(2), "*2\r\n", "~2\r\n");
    check(|r| r.push(3), "*3\r\n", ">3\r\n");
}

#[test]
fn aggregates_counted_at_the_end() {
    let nested = |r: &mut Reply<'_>| {
        let outer = r.begin_map();
        r.int(1);
        let inner = r.begin_set();
        r.int(2);
        r.end(inner, 1);
        r.int(3);
        let empty = r.begin_array();
        r.end(empty, 0);
        r.end(outer, 2);
    };
    check(nested, "*4\r\n:1\r\n*1\r\n:2\r\n:3\r\n*0\r\n", "%2\r\n:1\r\n~1\r\n:2\r\n:3\r\n*0\r\n");
}

#[test]
#[should_panic(expected = "inside out")]
fn aggregates_end_in_order() {
    let mut out = Output::new();
    let mut r = Reply::new(&mut out, true);
    let outer = r.begin_array();
    let _inner = r.begin_array();
    r.end(outer, 1);
}

/// A reply of any shape, with some strings large enough for chunks of their own.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::Int),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null),
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(Value::Bulk),
        (CHUNK_BYTES / 3..CHUNK_BYTES + 100).prop_map(|n| Value::Bulk(vec![b'x'; n])),
        Just(Value::Verbatim(*b"mkd", b"# hi".to_vec())),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::Set),
            proptest::collection::vec((inner.clone(), inner), 0..4).prop_map(Value::Map),
        ]
    })
}

fn write(r: &mut Reply<'_>, value: &Value, deferred: bool) {
    match value {
        Value::Int(n) => r.int(*n),
        Value::Bool(b) => r.bool(*b),
        Value::Null => r.null(),
        Value::Bulk(b) if deferred => r.bulk_shared(Bytes::copy_from_slice(b)),
        Value::Bulk(b) => r.bulk(b),
        Value::Verbatim(_, b) => r.verbatim("mkd", b),
        Value::Array(list) | Value::Set(list) => {
            let is_set = matches!(value, Value::Set(_));
            let open = deferred.then(|| if is_set { r.begin_set() } else { r.begin_array() });
            match open {
                None if is_set => r.set(list.len()),
                None => r.array(list.len()),
                Some(_) => {}
            }
            list.iter().for_each(|v| write(r, v, deferred));
            if let Some(open) = open {
                r.end(open, list.len());
            }
        }
        Value::Map(pairs) => {
            let open = deferred.then(|| r.begin_map());
            if open.is_none() {
                r.map(pairs.len());
            }
            for (k, v) in pairs {
                write(r, k, deferred);
                write(r, v, deferred);
            }
            if let Some(open) = open {
                r.end(open, pairs.len());
            }
        }
        other => unreachable!("{other:?} is not generated"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_written_parses_back(values in proptest::collection::vec(value(), 1..4), resp3: bool) {
        let (mut now, mut later) = (Output::new(), Output::new());
        for v in &values {
            write(&mut Reply::new(&mut now, resp3), v, false);
            write(&mut Reply::new(&mut later, resp3), v, true);
        }
        let bytes = now.to_vec();
        prop_assert!(bytes == later.to_vec());
        let mut rest = &bytes[..];
        for v in &values {
            let (parsed, used) = Value::parse(rest).unwrap().unwrap();
            rest = &rest[used..];
            prop_assert!(!resp3 || parsed == *v);
        }
        prop_assert!(rest.is_empty());
    }
}
