//! A server starts, serves, and keeps clients apart.

use crate::common::{Value, eventually, ok, start};
use crate::{assert_error, assert_reply};
use std::time::{SystemTime, UNIX_EPOCH};

#[test]
fn strings_are_kept() {
    let server = start(&[]);
    let mut c = server.client();
    assert_reply!(c, ["SET", "k", b"\x00\r\n"], ok());
    assert_reply!(c, ["GET", "k"], "\x00\r\n");
    assert_reply!(c, ["GET", "absent"], Value::Nil);
    assert_error!(c, ["NOSUCH", "x"], "ERR unknown command 'NOSUCH'");
}

#[test]
fn a_deep_pipeline_is_answered_in_order() {
    let server = start(&["--io-threads", "2"]);
    let (mut a, mut b) = (server.client(), server.client());
    let commands: Vec<Vec<String>> = (0..20_000)
        .flat_map(|n| {
            let (key, value) = (format!("k{}", n % 100), n.to_string());
            [vec!["SET".into(), key.clone(), value], vec!["GET".into(), key]]
        })
        .collect();
    let replies = a.pipeline(&commands).expect("replies");
    for (n, pair) in replies.chunks(2).enumerate() {
        assert_eq!(pair, [ok(), Value::from(n.to_string().as_str())]);
    }
    assert_reply!(b, ["GET", "k99"], "19999");
}

#[test]
fn a_file_with_every_directive_loads() {
    let dir = start(&[]);
    let file = dir.dir.join("norn.conf");
    std::fs::write(&file, "maxmemory 5mb\n").expect("a file");
    let file = file.to_str().expect("a plain path");
    let server = start(&[file, "--enable-debug-command", "local"]);
    assert_reply!(server.client(), ["DEBUG", "CONFIG-REWRITE-FORCE-ALL"], ok());
    let text = std::fs::read_to_string(file).expect("the file");
    assert!(text.contains("\nmaxmemory-clients 0\n") && text.contains("\nhz 10\n"), "{text}");
    let again = start(&[file]);
    let mut c = again.client();
    assert_reply!(c, ["SET", "k", "v"], ok());
    let Value::Array(pair) = c.line("CONFIG GET maxmemory") else { panic!("an array") };
    assert_eq!(pair, ["maxmemory", "5242880"].map(Value::from));
}

#[test]
fn a_server_may_be_told_to_listen_nowhere() {
    let server = start(&[]);
    let mut c = server.client();
    assert_reply!(c, ["CONFIG", "SET", "bind", ""], ok());
    // Whoever was being accepted at that moment still is.
    eventually("nobody listens", || std::net::TcpStream::connect(("127.0.0.1", server.port)).is_err());
    assert_reply!(c, ["CONFIG", "SET", "bind", "127.0.0.1"], ok());
    assert_reply!(server.client(), ["PING"], Value::Simple("PONG".into()));
}

#[test]
fn a_request_larger_than_all_clients_may_hold_evicts() {
    let server = start(&["--maxmemory-clients", "3mb"]);
    let (mut c, mut large) = (server.client(), server.client());
    large.raw(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4000000\r\n");
    // The server may close before it has read all.
    let sent = std::io::Write::write_all(large.stream(), &[b'v'; 4_000_002]);
    assert!(sent.is_err() || large.read_to_close().is_empty());
    assert_reply!(c, ["EXISTS", "k"], 0);
    let Value::Bulk(info) = c.line("INFO stats") else { panic!("a text") };
    assert!(String::from_utf8_lossy(&info).contains("evicted_clients:1\r\n"));
}

#[test]
fn time_goes_forward_by_microseconds() {
    let server = start(&["--io-threads", "1"]);
    let (mut c, mut last) = (server.client(), 0);
    let here_us = || SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_micros() as u64;
    for _ in 0..2_000 {
        let before = here_us();
        let Value::Array(pair) = c.line("TIME") else { panic!("two numbers") };
        let number = |v: &Value| match v {
            Value::Bulk(text) => String::from_utf8_lossy(text).parse::<u64>().expect("a number"),
            other => panic!("a number, got {other:?}"),
        };
        let us = number(&pair[0]) * 1_000_000 + number(&pair[1]);
        assert!(us >= last, "{us} after {last}");
        assert!(before <= us && us <= here_us(), "{us} is neither before nor after the call");
        last = us;
    }
}
