//! A base of commands (`aof-use-rdb-preamble no`): written by rewrites, loaded by both servers,
//! and protected as the rest of the append-only file is.

use super::{
    durability::{info, picture, start_on_copy},
    exchange::fill,
};
use crate::common::{Client, Server, Value, eventually, ok, peer, start, subject};
use crate::{assert_reply, cmd};
use std::{
    fs,
    path::PathBuf,
    process::Command,
    thread,
    time::{Duration, Instant},
};

const OPTIONS: &[&str] = &["--appendonly", "yes", "--aof-use-rdb-preamble", "no", "--auto-aof-rewrite-percentage", "0"];

fn rewrite(c: &mut Client) {
    assert!(matches!(cmd!(c, "BGREWRITEAOF"), Value::Simple(_)));
    eventually("the rewrite ends", || info(c, "aof_rewrite_in_progress:0"));
    assert!(info(c, "aof_last_bgrewrite_status:ok"));
}

fn file(server: &Server, name: &str) -> PathBuf {
    server.dir.join("appendonlydir").join(name)
}

fn fill_more(c: &mut Client) {
    fill(c);
    for n in 0..2000 {
        for line in ["SADD table {}x", "HSET hashtable {} {}", "ZADD skiplist {}.5 {}", "RPUSH quicklist element{}"] {
            c.line(&line.replace("{}", &n.to_string()));
        }
        c.cmd(&["XADD", "log", "*", "field", &"v".repeat(60)]);
    }
    for line in
        ["XGROUP CREATE log readers 0", "XREADGROUP GROUP readers bob COUNT 700 STREAMS log >", "EXPIRE text 100000"]
    {
        c.line(line);
    }
    c.cmd(&["SET", "megabyte", &"m".repeat(1 << 20)]);
    for line in ["SELECT 3", "SET in:3 x", "SELECT 0"] {
        c.line(line);
    }
}

fn check(server: &Server) -> bool {
    let manifest = file(server, "appendonly.aof.manifest");
    Command::new(subject()).arg("check-aof").arg(manifest).output().unwrap().status.success()
}

#[test]
fn a_rewrite_writes_commands_that_both_servers_load() {
    let mut server = start(OPTIONS);
    let mut c = server.client();
    fill_more(&mut c);
    rewrite(&mut c);
    for line in ["LPOP quicklist", "SELECT 3", "SET in:3 y", "SELECT 0"] {
        c.line(line);
    }
    let want = picture(&mut c);
    let base = fs::read(file(&server, "appendonly.aof.2.base.aof")).unwrap();
    assert!(base.starts_with(b"#NORN:1,"));
    assert!(!base.windows(9).any(|w| w == b"REDIS0011"));
    c.send(&["SHUTDOWN"]);
    server.wait();
    assert!(check(&server));
    server.start_again();
    let mut c = server.client();
    assert_eq!(picture(&mut c), want);
    assert_reply!(c, ["SELECT", "3"], ok());
    assert_reply!(c, ["GET", "in:3"], "y");
    server.kill();
    let Some(peer) = peer() else { return };
    let theirs = start_on_copy(&peer, OPTIONS, &server.dir);
    let mut b = theirs.client();
    assert_eq!(picture(&mut b), want);
    assert_reply!(b, ["SELECT", "3"], ok());
    assert_reply!(b, ["GET", "in:3"], "y");
}

#[test]
fn the_form_may_change_from_one_rewrite_to_the_next() {
    let server = start(&[OPTIONS, &["--enable-debug-command", "yes"]].concat());
    let mut c = server.client();
    assert_reply!(c, ["HSET", "h", "f", "1"], 1);
    assert_reply!(c, ["HEXPIRE", "h", "1000", "FIELDS", "1", "f"], Value::Array(vec![Value::Int(1)]));
    assert!(file(&server, "appendonly.aof.1.base.aof").exists());
    for (preamble, name) in [("no", "2.base.aof"), ("yes", "3.base.rdb"), ("no", "4.base.aof")] {
        assert_reply!(c, ["CONFIG", "SET", "aof-use-rdb-preamble", preamble], ok());
        rewrite(&mut c);
        let manifest = fs::read_to_string(file(&server, "appendonly.aof.manifest")).unwrap();
        assert!(manifest.contains(&format!("file appendonly.aof.{name} seq ")), "{manifest}");
        assert!(file(&server, &format!("appendonly.aof.{name}")).exists());
        let before = cmd!(c, "HPEXPIRETIME", "h", "FIELDS", "1", "f");
        assert_reply!(c, ["DEBUG", "LOADAOF"], ok());
        assert_eq!(cmd!(c, "HPEXPIRETIME", "h", "FIELDS", "1", "f"), before);
    }
}

#[test]
fn damage_in_it_is_found() {
    let mut server = start(&[OPTIONS, &["--aof-timestamp-enabled", "yes"]].concat());
    let mut c = server.client();
    fill_more(&mut c);
    rewrite(&mut c);
    server.kill();
    let base = file(&server, "appendonly.aof.2.base.aof");
    let whole = fs::read(&base).unwrap();
    assert!(whole.windows(4).any(|w| w == b"#TS:"));
    for (at, what) in [(whole.len() / 2, "does not match its checksum"), (whole.len() - 20, "")] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(&base, bytes).unwrap();
        let log = server.refuses_to_start();
        let says = "Bad file format reading the append only file appendonly.aof.2.base.aof: ";
        assert!(log.contains(says) && log.contains(what), "{log}");
        assert!(!check(&server));
    }
    for len in [whole.len() - 1, whole.len() - 30, whole.len() / 3, 50, 10, 1] {
        fs::write(&base, &whole[..len]).unwrap();
        server.refuses_to_start();
    }
    fs::write(&base, &whole).unwrap();
    assert!(check(&server));
    server.start_again();
}

#[test]
fn a_rewrite_keeps_the_form_it_began_with() {
    let server = start(OPTIONS);
    let mut c = server.client();
    assert_reply!(c, ["SET", "k", "1"], ok());
    assert_reply!(c, ["CONFIG", "SET", "rdb-key-save-delay", "2000000"], ok());
    assert!(matches!(cmd!(c, "BGREWRITEAOF"), Value::Simple(_)));
    eventually("the rewrite begins", || info(&mut c, "aof_rewrite_in_progress:1"));
    // Long enough for the task to look at its configuration.
    thread::sleep(Duration::from_millis(100));
    assert_reply!(c, ["CONFIG", "SET", "aof-use-rdb-preamble", "yes", "rdb-key-save-delay", "0"], ok());
    let done = |c: &mut Client| info(c, "aof_rewrite_in_progress:0") && info(c, "aof_last_bgrewrite_status:ok");
    let deadline = Instant::now() + Duration::from_secs(20);
    while !done(&mut c) {
        assert!(Instant::now() < deadline);
        thread::sleep(Duration::from_millis(20));
    }
    assert!(file(&server, "appendonly.aof.2.base.aof").exists());
}
