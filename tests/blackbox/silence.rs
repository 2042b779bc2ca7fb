//! CLIENT REPLY OFF and SKIP cover the replies that are written outside the engine, as they do
//! in the other server.

use crate::common::{Server, Value, ok, peer, simple, subject};
use std::path::Path;

const COMMANDS: [&str; 13] = [
    "SAVE",
    "DEBUG RELOAD",
    "DEBUG SLEEP 0.01",
    "MIGRATE 127.0.0.1 1 none 0 100",
    "MIGRATE 127.0.0.1 1 key 0 100",
    "CONFIG SET maxclients 900",
    "CONFIG SET dir /nosuch",
    "CONFIG REWRITE",
    "MEMORY PURGE",
    "MEMORY MALLOC-STATS",
    "FLUSHALL",
    "BLPOP none 0.01",
    "WAIT 0 1",
];

fn silenced(binary: &Path) {
    let server = Server::start(binary, &["--enable-debug-command", "yes"]);
    let mut c = server.client();
    assert_eq!(c.cmd(&["CONFIG", "SET", "save", "3600 1"]), ok());
    for line in COMMANDS {
        assert_eq!(c.line("SET key x"), ok());
        c.raw(format!("CLIENT REPLY SKIP\r\n{line}\r\nPING\r\n").as_bytes());
        assert_eq!(c.recv(), simple("PONG"), "{line}");
        assert_eq!(c.line("SET key x"), ok());
        c.raw(format!("CLIENT REPLY OFF\r\n{line}\r\nPING\r\nCLIENT REPLY ON\r\nPING\r\n").as_bytes());
        assert_eq!([c.recv(), c.recv()], [ok(), simple("PONG")], "{line}");
        c.expect_silence();
    }
    assert_eq!(c.line("SAVE"), ok(), "which none of these is");
}

#[test]
fn a_transaction_has_them_where_they_belong() {
    let server = Server::start(&subject(), &[]);
    let mut c = server.client();
    for line in ["MULTI", "MEMORY PURGE", "SET key x", "MEMORY MALLOC-STATS", "FLUSHALL", "DBSIZE", "CONFIG REWRITE"] {
        c.line(line);
    }
    let Value::Array(replies) = c.line("EXEC") else { panic!("an array") };
    assert_eq!(replies.len(), 6);
    assert_eq!(replies[..2], [ok(), ok()]);
    assert!(matches!(&replies[2], Value::Bulk(text) if text.len() > 100));
    assert_eq!(replies[3..5], [ok(), Value::Int(0)]);
    assert_eq!(replies[5], Value::Error("ERR The server is running without a config file".into()));
    assert_eq!(c.line("PING"), simple("PONG"));
}

#[test]
fn replies_from_outside_the_engine_are_silenced() {
    silenced(&subject());
    if let Some(peer) = peer() {
        silenced(&peer);
    }
}
