//! A server starts, serves, and keeps clients apart.

use crate::common::{Value, ok, start};
use crate::{assert_error, assert_reply};

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
