//! What was acknowledged is there again, on a real disk: after kill -9 under load, after a disk
//! that was full, and in the other server that is started on the same directory.

use super::exchange::{fill, seen};
use crate::common::{Client, Mount, Server, Value, eventually, ok, peer, start, subject};
use crate::{assert_error, assert_reply, cmd};
use std::{
    env,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

const CLIENTS: usize = 8;

/// Whether INFO has this line about persistence.
pub fn info(c: &mut Client, line: &str) -> bool {
    matches!(cmd!(c, "INFO", "persistence"), Value::Bulk(text) if String::from_utf8_lossy(&text).contains(line))
}

fn number(v: Value) -> u64 {
    match v {
        Value::Int(n) => n as u64,
        Value::Bulk(text) => String::from_utf8(text).unwrap().parse().unwrap(),
        Value::Nil => 0,
        other => panic!("{other:?}"),
    }
}

/// Counts up until the server is gone; the last number that was acknowledged.
fn count_up(port: u16, key: String) -> u64 {
    let Ok(mut c) = Client::connect(port) else { return 0 };
    let mut last = 0;
    let list = format!("{key}:list");
    loop {
        let commands =
            vec![vec!["INCR".to_owned(), key.clone()], vec!["RPUSH".to_owned(), list.clone(), "x".to_owned()]];
        match c.pipeline(&commands).as_deref() {
            Ok([Value::Int(n), Value::Int(_)]) => last = *n as u64,
            _ => return last,
        }
    }
}

/// Rounds of kill -9: 10, or as many as `NORN_KILL_ROUNDS` says (`make soak`).
fn rounds() -> u64 {
    env::var("NORN_KILL_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(10)
}

#[test]
fn nothing_acknowledged_is_lost_to_kill_9() {
    let mut server = start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let mut known = [0u64; CLIENTS];
    for round in 0..rounds() {
        let mut c = server.client();
        for (i, known) in known.iter_mut().enumerate() {
            let (count, items) =
                (number(cmd!(c, "GET", format!("k{i}"))), number(cmd!(c, "LLEN", format!("k{i}:list"))));
            assert!(count >= *known, "round {round}: client {i} was told {known}, and there is {count}");
            assert!(count <= *known + 1 && items.abs_diff(count) <= 1, "round {round}: {known} {count} {items}");
            // An INCR may have come through without its RPUSH.
            *known = count;
            if items < count {
                cmd!(c, "RPUSH", format!("k{i}:list"), "x");
            }
        }
        let port = server.port;
        let clients: Vec<_> = (0..CLIENTS).map(|i| thread::spawn(move || count_up(port, format!("k{i}")))).collect();
        if round % 2 == 1 {
            cmd!(c, "BGREWRITEAOF");
        }
        thread::sleep(Duration::from_millis(40 + round * 37 % 200));
        server.kill();
        for (i, client) in clients.into_iter().enumerate() {
            known[i] = client.join().unwrap().max(known[i]);
        }
        server.start_again();
    }
    assert!(known.iter().all(|n| *n > 0));
}

#[test]
fn what_a_snapshot_holds_is_there_again() {
    let mut server = start(&[]);
    let mut c = server.client();
    for i in 0..1000 {
        cmd!(c, "SET", format!("key:{i}"), i.to_string());
    }
    assert_reply!(c, ["SAVE"], ok());
    assert_reply!(c, ["SET", "late", "1"], ok());
    server.kill();
    server.start_again();
    let mut c = server.client();
    assert_eq!(number(cmd!(c, "DBSIZE")), 1000);
    assert_eq!(number(cmd!(c, "GET", "key:77")), 77);
}

#[test]
fn a_full_disk_refuses_writes_until_there_is_room() {
    let mut command = Command::new(subject());
    command.args(["--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0"]);
    let mut mount = None;
    let mut server = Server::start_prepared(command, |dir| {
        mount = Mount::new(dir, "256k");
    });
    let Some(mount) = &mount else { return };
    let mut c = server.client();
    assert_reply!(c, ["SET", "before", "1"], ok());
    let big = "x".repeat(20_000);
    let (mut told, mut refused) = (0, false);
    let deadline = Instant::now() + Duration::from_secs(30);
    while !refused && Instant::now() < deadline {
        let mut other = server.client();
        other.send(&["SET".to_owned(), format!("big:{told}"), big.clone()]);
        match other.recv_within(Duration::from_millis(500)) {
            Ok(Some(Value::Simple(_))) => told += 1,
            Ok(Some(Value::Error(text))) if text.starts_with(b"MISCONF") => refused = true,
            Ok(Some(Value::Error(_))) | Ok(None) | Err(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(refused, "never refused");
    let mut reader = server.client();
    assert_reply!(reader, ["GET", "before"], "1");
    assert_error!(reader, ["SET", "x", "1"], "MISCONF Errors writing to the AOF file: No space left on device");
    mount.change("size=16m");
    eventually("writes are welcome again", || cmd!(reader, "SET", "after", "1") == ok());
    server.kill();
    server.start_again();
    let mut c = server.client();
    assert_reply!(c, ["GET", "after"], "1");
    for i in 0..told {
        assert_eq!(number(cmd!(c, "STRLEN", format!("big:{i}"))), 20_000, "it was acknowledged");
    }
    server.kill();
}

/// Every key with its value and its expiry.
pub fn picture(c: &mut Client) -> Vec<(String, Vec<String>, Value)> {
    let mut keys: Vec<String> = cmd!(c, "KEYS", "*").items().iter().map(Value::text).collect();
    keys.sort();
    keys.into_iter()
        .map(|key| {
            let (value, expiry) = (seen(c, &key), cmd!(c, "PEXPIRETIME", &key));
            (key, value, expiry)
        })
        .collect()
}

/// A server on a copy of another one's files.
pub fn start_on_copy(binary: &Path, options: &[&str], files: &Path) -> Server {
    let mut command = Command::new(binary);
    command.args(options);
    Server::start_prepared(command, |dir| {
        let copied = Command::new("cp").arg("-a").arg(files.join(".")).arg(dir).status();
        assert!(copied.unwrap().success());
    })
}

/// Fills one server, has it write its files, starts the other on them and compares.
fn exchanged(from: &Path, to: &Path, aof: &str) {
    let options = ["--appendonly", aof, "--enable-debug-command", "yes"];
    let ours = if from == subject() { &["--rdb-version", "10"][..] } else { &[] };
    let mut source = Server::start(from, &[&options[..], ours].concat());
    let mut c = source.client();
    fill(&mut c);
    for n in 0..1000 {
        for line in ["SADD table {}x", "HSET hashtable {} {}", "ZADD skiplist {} {}", "RPUSH quicklist element{}"] {
            c.line(&line.replace("{}", &n.to_string()));
        }
    }
    if aof == "yes" {
        assert!(matches!(cmd!(c, "BGREWRITEAOF"), Value::Simple(_)));
        eventually("the rewrite ends", || info(&mut c, "aof_rewrite_in_progress:0"));
    }
    for line in ["SPOP table 3", "INCRBYFLOAT float 0.1", "SET volatile x EX 10000", "LMOVE quicklist other LEFT LEFT"]
    {
        c.line(line);
    }
    let want = picture(&mut c);
    assert_reply!(c, ["SAVE"], ok());
    c.send(&["SHUTDOWN"]);
    source.wait();
    let target = start_on_copy(to, &options, &source.dir);
    assert_eq!(picture(&mut target.client()), want, "appendonly {aof}");
}

#[test]
fn the_other_server_loads_what_this_one_wrote() {
    let Some(peer) = peer() else { return };
    ["no", "yes"].iter().for_each(|aof| exchanged(&subject(), &peer, aof));
}

#[test]
fn this_server_loads_what_the_other_one_wrote() {
    let Some(peer) = peer() else { return };
    ["no", "yes"].iter().for_each(|aof| exchanged(&peer, &subject(), aof));
}
