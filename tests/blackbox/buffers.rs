//! What clients have waiting in the server, as CLIENT LIST shows it.

use crate::assert_reply;
use crate::common::{Client, Value, ok, start};
use std::{
    io::Write,
    thread::sleep,
    time::{Duration, Instant},
};

/// A field of the line of the client called `name`; none once it is gone.
fn field(c: &mut Client, name: &str, field: &str) -> Option<u64> {
    let Value::Bulk(list) = c.line("CLIENT LIST") else { panic!("a text") };
    let list = String::from_utf8_lossy(&list).into_owned();
    let line = list.lines().find(|l| l.contains(&format!(" name={name} ")))?;
    let value = line.split(' ').find_map(|f| f.strip_prefix(&format!("{field}=")))?;
    Some(value.parse().expect("a number"))
}

/// Waits until `f` holds.
#[track_caller]
fn eventually(what: &str, mut f: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !f() {
        assert!(Instant::now() < end, "never: {what}");
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_buffer_is_kept_while_the_client_is_active() {
    let server = start(&["--hz", "100"]);
    let (mut c, mut other) = (server.client(), server.client());
    assert_reply!(other, ["CLIENT", "SETNAME", "other"], ok());
    let mut sizes = |names: [&str; 3]| names.map(|n| field(&mut c, "other", n).expect("connected"));
    assert_eq!(sizes(["qbuf", "qbuf-free", "argv-mem"]), [0; 3]);
    other.raw(b"*3\r\n$3\r\nset\r\n$2\r\na");
    eventually("the start of a request", || sizes(["qbuf", "qbuf", "qbuf"])[0] == 1);
    let [_, free, parsed] = sizes(["qbuf", "qbuf-free", "argv-mem"]);
    assert!(parsed == 17 && free >= 16 << 10, "{parsed} {free}");
    other.raw(b"a\r\n$1\r\nb\r\n");
    assert_eq!(other.recv(), ok());
    let [waiting, free, parsed] = sizes(["qbuf", "qbuf-free", "argv-mem"]);
    assert!(waiting == 0 && parsed == 0 && (16 << 10..=32 << 10).contains(&free), "{waiting} {free} {parsed}");
    eventually("an idle client's room is given back", || {
        let [free, idle, _] = sizes(["qbuf-free", "idle", "qbuf"]);
        assert!(free > 0 || idle >= 2, "too early");
        free == 0 && idle >= 2
    });
}

#[test]
fn room_for_a_long_argument_is_not_kept_for_ever() {
    let server = start(&["--hz", "100"]);
    let (mut c, mut other) = (server.client(), server.client());
    assert_reply!(other, ["CLIENT", "SETNAME", "other"], ok());
    other.raw(b"*3\r\n$3\r\nset\r\n$1\r\na\r\n$1000000\r\n");
    sleep(Duration::from_millis(50));
    other.raw(b"v");
    eventually("room for all of it", || field(&mut c, "other", "qbuf-free") > Some(900_000));
    eventually("an idle client's room is given back", || field(&mut c, "other", "qbuf-free") < Some(5_000));
    other.raw(&[b'v'; 999_999]);
    other.raw(b"\r\n");
    assert_eq!(other.recv(), ok());
    assert_reply!(c, ["STRLEN", "a"], 1_000_000);
}

#[test]
fn clients_are_evicted_as_they_grow() {
    let server = start(&["--maxmemory-clients", "3mb"]);
    let (mut c, mut large) = (server.client(), server.client());
    assert_reply!(c, ["CLIENT", "NO-EVICT", "ON"], ok());
    assert_reply!(large, ["CLIENT", "SETNAME", "large"], ok());
    assert_reply!(large, ["MULTI"], ok());
    let value = "v".repeat(1 << 20);
    assert_reply!(large, ["SET", "k", value.as_str()], Value::Simple("QUEUED".into()));
    assert_reply!(large, ["SET", "k", value.as_str()], Value::Simple("QUEUED".into()));
    assert!(field(&mut c, "large", "multi-mem") > Some(2 << 20));
    // The server may close before it has read all.
    let _ = large.stream().write_all(format!("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1048576\r\n{value}\r\n").as_bytes());
    assert!(large.read_to_close().is_empty());
    assert_eq!(field(&mut c, "large", "id"), None, "gone as soon as the connection is closed");
}

#[test]
fn a_client_that_does_not_read_is_evicted() {
    let server = start(&["--maxmemory-clients", "3mb"]);
    let (mut c, mut deaf, mut kept) = (server.client(), server.client(), server.client());
    assert_reply!(kept, ["CLIENT", "SETNAME", "kept"], ok());
    assert_reply!(kept, ["CLIENT", "NO-EVICT", "ON"], ok());
    assert_reply!(c, ["CLIENT", "NO-EVICT", "ON"], ok());
    assert_reply!(deaf, ["CLIENT", "SETNAME", "deaf"], ok());
    assert_reply!(c, ["SET", "k", "v".repeat(1 << 19).as_str()], ok());
    eventually("the client is evicted", || {
        // Its socket may have been closed since it was last listed.
        let _ = deaf.stream().write_all(b"GET k\r\n");
        sleep(Duration::from_millis(5));
        field(&mut c, "deaf", "id").is_none()
    });
    (0..60).for_each(|_| kept.raw(b"GET k\r\n"));
    sleep(Duration::from_millis(300));
    let held = field(&mut c, "kept", "tot-mem").expect("must not be evicted");
    assert!((3 << 20..6 << 20).contains(&held), "waits instead: {held}");
    (0..60).for_each(|_| assert!(matches!(kept.recv(), Value::Bulk(_))));
}
