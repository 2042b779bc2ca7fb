//! The harness itself, tried against the peer.

use crate::common::{Server, Value, array, bulks, err, int, nil, ok, peer, simple, value};
use crate::{assert_error, assert_reply, cmd};
use std::time::Duration;

#[test]
fn replies_are_parsed() {
    let mut text: &[u8] = b"%1\r\n+a\r\n~2\r\n:1\r\n#t\r\n>1\r\n$-1\r\n=5\r\ntxt:x\r\n,1.5\r\n_\r\n";
    let mut next = || value::read(&mut text).unwrap();
    assert_eq!(next(), Value::Map(vec![(simple("a"), Value::Set(vec![int(1), Value::Bool(true)]))]));
    assert_eq!(next(), Value::Push(vec![nil()]));
    assert_eq!(next(), Value::Verbatim(*b"txt", b"x".to_vec()));
    assert_eq!(next(), Value::Double(b"1.5".to_vec()));
    assert_eq!(next(), Value::Null);
}

#[test]
fn a_server_starts_answers_and_goes() {
    let Some(peer) = peer() else { return };
    let server = Server::start(&peer, &["--maxmemory", "10mb"]);
    let mut c = server.client();
    assert_reply!(c, ["SET", "k", b"\x00\r\n"], ok());
    assert_reply!(c, ["GET", "k"], "\x00\r\n");
    assert_reply!(c, ["CONFIG", "GET", "maxmemory"], bulks(["maxmemory", "10485760"]));
    assert_error!(c, ["NOSUCH"], "ERR unknown command");
    assert_eq!(cmd!(c, "LPOP", "k"), err("WRONGTYPE Operation against a key holding the wrong kind of value"));
    let replies = c.pipeline(&[vec!["RPUSH", "l", "a", "b"], vec!["LRANGE", "l", "0", "-1"]]).unwrap();
    assert_eq!(replies, [int(2), bulks(["a", "b"])]);
    c.raw(b"PING\r\n");
    assert_eq!(c.recv(), simple("PONG"));
    let (dir, port) = (server.dir.clone(), server.port);
    drop(server);
    assert!(!dir.exists());
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn pushes_silence_and_closing_are_seen() {
    let Some(peer) = peer() else { return };
    let server = Server::start(&peer, &[]);
    let (mut a, mut b) = (server.client(), server.client());
    a.hello3();
    assert_eq!(a.line("SUBSCRIBE ch"), Value::Push(vec!["subscribe".into(), "ch".into(), int(1)]));
    a.expect_silence();
    assert_reply!(b, ["PUBLISH", "ch", "x"], int(1));
    assert_eq!(a.recv(), Value::Push(vec!["message".into(), "ch".into(), "x".into()]));
    assert_eq!(b.line("EXEC"), err("ERR EXEC without MULTI"));
    assert_eq!(b.line("COMMAND GETKEYS GET x"), array(["x".into()]));
    b.raw(b"*1\r\n$x\r\n");
    assert_eq!(b.read_to_close(), b"-ERR Protocol error: invalid bulk length\r\n");
    a.half_close();
    assert!(a.recv_within(Duration::from_secs(5)).is_err());
}
