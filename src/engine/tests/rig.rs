//! The rig itself, and what every command relies on.

use crate::engine::testing::Rig;

#[test]
fn replies_in_short_notation() {
    let mut r = Rig::new();
    assert_eq!(r.run(0, "PING"), "+PONG");
    assert_eq!(r.run(0, "PING 'two words'"), "two words");
    assert_eq!(r.run(0, "GET nothing"), "nil");
    assert_eq!(r.run(0, "SET k v"), "+OK");
    assert_eq!(r.run(1, "GET k"), "v");
    assert_eq!(r.run(1, "GET"), "-ERR wrong number of arguments for 'get' command");
}

#[test]
fn a_request_may_come_in_pieces() {
    let mut r = Rig::new();
    assert!(r.send(0, b"*2\r\n$4\r\nPING\r\n$1").is_empty());
    assert_eq!(r.send(0, b"\r\nx\r\nPING\r\n").len(), 2);
}
