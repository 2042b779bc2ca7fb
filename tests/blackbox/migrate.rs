//! MIGRATE: between two of ours, with Redis both ways, and to targets that behave badly.

use crate::common::{Client, Server, Value, err, ok, peer, simple, start};
use crate::exchange::{FORMS, fill, seen};
use std::{
    io::{Read, Write},
    net::TcpListener,
    thread,
    time::{Duration, Instant},
};

fn migrate(c: &mut Client, port: u16, rest: &str) -> Value {
    c.line(&format!("MIGRATE 127.0.0.1 {port} {rest}"))
}

/// The form with KEYS, whose key is empty.
fn migrate_keys(c: &mut Client, port: u16, options: &str, keys: &str) -> Value {
    let port = port.to_string();
    let mut words = vec!["MIGRATE", "127.0.0.1", &port, "", "0", "300"];
    words.extend(options.split_ascii_whitespace());
    words.push("KEYS");
    words.extend(keys.split_ascii_whitespace());
    c.cmd(&words)
}

/// A target that answers what it first reads on each connection with the next of these texts,
/// then closes; it stays silent for an empty one.
fn fake(answers: &'static [&'static str]) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        let mut silent = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().expect("a connection");
            let _ = stream.read(&mut [0; 1 << 16]);
            stream.write_all(answer.as_bytes()).expect("sent");
            if answer.is_empty() {
                silent.push(stream);
            }
        }
        thread::sleep(Duration::from_secs(30));
    });
    port
}

/// Moves every value, alone or all together, with times to live.
fn move_all(from: &Server, to: &Server) {
    for together in [false, true] {
        let (mut a, mut b) = (from.client(), to.client());
        fill(&mut a);
        a.line("PEXPIRE text 100000");
        let keys: Vec<String> = a.cmd(&["KEYS", "*"]).items().iter().map(Value::text).collect();
        assert!(keys.len() >= 15);
        let before: Vec<_> = keys.iter().map(|key| seen(&mut a, key)).collect();
        if together {
            assert_eq!(migrate_keys(&mut a, to.port, "REPLACE", &keys.join(" ")), ok());
        } else {
            for key in &keys {
                assert_eq!(migrate(&mut a, to.port, &format!("{key} 0 5000")), ok(), "{key}");
            }
        }
        assert_eq!(a.line("DBSIZE"), Value::Int(0));
        for (key, want) in keys.iter().zip(before) {
            assert_eq!(seen(&mut b, key), want, "{key}");
        }
        let Value::Int(ttl) = b.line("PTTL text") else { panic!("no number") };
        assert!((50_000..=100_000).contains(&ttl), "{ttl}");
        assert_eq!(b.line("PTTL int"), Value::Int(-1));
    }
}

#[test]
fn every_type_moves_to_another_norn() {
    for form in FORMS {
        move_all(&start(form), &start(&["--io-threads", "2"]));
    }
}

#[test]
fn every_type_moves_to_redis_and_back() {
    let Some(peer) = peer() else { return };
    for form in FORMS {
        let options = [&["--rdb-version", "10"], *form].concat();
        move_all(&start(&options), &Server::start(&peer, &[]));
        move_all(&Server::start(&peer, form), &start(&[]));
    }
}

#[test]
fn a_target_may_refuse_some_keys() {
    let (from, to) = (start(&[]), start(&[]));
    let (mut a, mut b) = (from.client(), to.client());
    let busy = err("ERR Target instance replied with error: BUSYKEY Target key name already exists.");
    a.line("MSET x 1 y 2 z 3");
    b.line("SET y old");
    assert_eq!(migrate(&mut a, to.port, "y 0 1000"), busy);
    assert_eq!(migrate_keys(&mut a, to.port, "", "x nosuch y z"), busy);
    assert_eq!(a.line("MGET x y z"), Value::Array(vec![Value::Nil, "2".into(), Value::Nil]));
    assert_eq!(b.line("MGET x y z"), Value::Array(vec!["1".into(), "old".into(), "3".into()]));
    assert_eq!(migrate(&mut a, to.port, "y 0 1000 COPY REPLACE"), ok());
    assert_eq!((a.line("GET y"), b.line("GET y")), ("2".into(), "2".into()));
    assert_eq!(migrate(&mut a, to.port, "y 3 1000 COPY"), ok());
    let range = err("ERR Target instance replied with error: ERR DB index is out of range");
    assert_eq!(migrate(&mut a, to.port, "y 99 1000"), range);
    assert_eq!(migrate(&mut a, to.port, "y 3 1000 REPLACE"), ok());
    assert_eq!(b.line("SELECT 3"), ok());
    assert_eq!((a.line("DBSIZE"), b.line("GET y")), (Value::Int(0), "2".into()));
    assert_eq!(migrate(&mut a, to.port, "y 3 1000"), simple("NOKEY"));
    assert!(a.line("INFO stats").text().contains("migrate_cached_sockets:1\r\n"));
}

#[test]
fn a_target_may_want_a_password() {
    let (from, to) = (start(&[]), start(&["--requirepass", "secret"]));
    let mut a = from.client();
    a.line("MSET x 1 y 2");
    let refused = |text: &str| err(&format!("ERR Target instance replied with error: {text}"));
    assert_eq!(migrate(&mut a, to.port, "x 0 1000"), refused("NOAUTH Authentication required."));
    let wrong = refused("WRONGPASS invalid username-password pair or user is disabled.");
    assert_eq!(migrate(&mut a, to.port, "x 0 1000 AUTH wrong"), wrong);
    assert_eq!(migrate(&mut a, to.port, "x 0 1000 AUTH2 nobody secret"), wrong);
    assert_eq!(a.line("DBSIZE"), Value::Int(2));
    assert_eq!(migrate(&mut a, to.port, "x 0 1000 AUTH secret"), ok());
    assert_eq!(migrate(&mut a, to.port, "y 0 1000"), refused("NOAUTH Authentication required."));
    assert_eq!(migrate(&mut a, to.port, "y 0 1000 AUTH2 default secret"), ok());
    assert_eq!(a.line("DBSIZE"), Value::Int(0));
}

#[test]
fn redis_moves_keys_to_us_with_a_password() {
    let Some(peer) = peer() else { return };
    let (from, to) = (Server::start(&peer, &[]), start(&["--requirepass", "secret"]));
    let mut a = from.client();
    a.line("MSET x 1 y 2");
    assert_eq!(migrate(&mut a, to.port, "x 1 1000 AUTH secret"), ok());
    assert_eq!(migrate(&mut a, to.port, "y 1 1000 AUTH2 default secret"), ok());
    let mut b = to.client();
    b.line("AUTH secret");
    b.line("SELECT 1");
    assert_eq!(b.line("MGET x y"), Value::Array(vec!["1".into(), "2".into()]));
}

#[test]
fn a_target_may_not_be_there() {
    let from = start(&[]);
    let mut a = from.client();
    a.line("SET x 1");
    let refused = err("IOERR error or timeout connecting to the client");
    for host in ["127.0.0.1 1", "127.0.0.1 0", "127.0.0.1 x", "nosuch.invalid 6379"] {
        assert_eq!(a.line(&format!("MIGRATE {host} x 0 3000")), refused, "{host}");
    }
    assert_eq!(a.line("GET x"), "1".into());
}

#[test]
fn a_name_is_as_good_as_an_address() {
    let (from, to) = (start(&[]), start(&[]));
    let mut a = from.client();
    a.line("SET x 1");
    assert_eq!(a.line(&format!("MIGRATE localhost {} x 0 3000", to.port)), ok());
    assert_eq!(to.client().line("GET x"), "1".into());
}

#[test]
fn a_silent_target_keeps_only_those_waiting_who_name_the_key() {
    let from = start(&["--io-threads", "1"]);
    let (mut a, mut b, mut c) = (from.client(), from.client(), from.client());
    a.line("SET x 1");
    let began = Instant::now();
    a.send(&["MIGRATE", "127.0.0.1", &fake(&[""]).to_string(), "x", "0", "600"]);
    thread::sleep(Duration::from_millis(150));
    b.send(&["INCR", "x"]);
    assert_eq!(c.line("SET y 1"), ok());
    assert!(began.elapsed() < Duration::from_millis(500));
    assert_eq!(a.recv(), err("IOERR error or timeout reading to target instance"));
    assert_eq!(b.recv(), Value::Int(2));
    assert!(began.elapsed() >= Duration::from_millis(600));
}

fn keys(c: &mut Client) -> String {
    let mut keys: Vec<String> = c.line("KEYS *").items().iter().map(Value::text).collect();
    keys.sort();
    keys.join(" ")
}

#[test]
fn what_was_acknowledged_before_the_end_is_gone() {
    let mut from = start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let reading = err("IOERR error or timeout reading to target instance");
    for (answer, left) in
        [(&["+OK\r\n+OK\r\n-BUS"], "y z"), (&["+OK\r\n+OK\r\n+OK\r\n"], "z"), (&["+OK\r\n+OK\r\n:1\r\n+OK\r\n"], "y z")]
    {
        let mut a = from.client();
        a.line("MSET x 1 y 2 z 3");
        assert_eq!(migrate_keys(&mut a, fake(answer), "", "x y z"), reading, "{answer:?}");
        assert_eq!(keys(&mut a), left, "{answer:?}");
        from.kill();
        from.start_again();
        assert_eq!(keys(&mut from.client()), left, "{answer:?}, after a crash");
    }
}

#[test]
fn what_dies_before_it_answers_is_tried_once_more() {
    let from = start(&[]);
    let mut a = from.client();
    a.line("SET x 1");
    assert_eq!(migrate(&mut a, fake(&["-", "+OK\r\n+OK\r\n"]), "x 0 1000"), ok());
    a.line("SET x 1");
    let reading = err("IOERR error or timeout reading to target instance");
    assert_eq!(migrate(&mut a, fake(&["-", "-"]), "x 0 1000"), reading);
    assert_eq!(a.line("GET x"), "1".into());
    // A connection that was kept may have died since.
    let mut to = start(&[]);
    assert_eq!(migrate(&mut a, to.port, "x 0 1000"), ok());
    to.kill();
    to.start_again();
    a.line("SET x 2");
    assert_eq!(migrate(&mut a, to.port, "x 0 1000"), ok());
    assert_eq!(to.client().line("GET x"), "2".into());
}

#[test]
fn a_large_value_moves_while_others_work() {
    let (from, to) = (start(&[]), start(&[]));
    let (mut a, mut b) = (from.client(), from.client());
    a.cmd(&["SET", "long", &"0123456789abcdef".repeat(1 << 19)]);
    a.send(&["MIGRATE", "127.0.0.1", &to.port.to_string(), "long", "0", "20000"]);
    for i in 1..=100 {
        assert_eq!(b.line("INCR other"), Value::Int(i));
    }
    assert_eq!(a.recv(), ok());
    assert_eq!(b.line("EXISTS long"), Value::Int(0));
    assert_eq!(to.client().line("STRLEN long"), Value::Int(8 << 20));
}

#[test]
fn a_server_moves_nothing_to_itself() {
    let server = start(&[]);
    let (mut a, mut b) = (server.client(), server.client());
    a.line("SET x 1");
    let reading = err("IOERR error or timeout reading to target instance");
    assert_eq!(migrate(&mut a, server.port, "x 1 200 REPLACE"), reading);
    assert_eq!(b.line("INCR x"), Value::Int(2));
}
