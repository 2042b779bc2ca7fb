//! Rewrites while `appendonly` is off: they leave a base alone, as in the other server, and what
//! is loaded from it later is the data set of that moment.

use super::durability::info;
use crate::common::{Client, Server, Value, eventually, ok, peer, start, subject};
use crate::{assert_reply, cmd};
use std::fs;

const OPTIONS: &[&str] =
    &["--appendonly", "yes", "--save", "", "--auto-aof-rewrite-percentage", "0", "--enable-debug-command", "yes"];

fn idle(c: &mut Client) {
    eventually("the rewrite ends", || info(c, "aof_rewrite_in_progress:0") && info(c, "aof_rewrite_scheduled:0"));
    assert!(info(c, "aof_last_bgrewrite_status:ok"));
}

fn rewrite(c: &mut Client) {
    assert!(matches!(cmd!(c, "BGREWRITEAOF"), Value::Simple(_)));
    idle(c);
}

/// The lines of the manifest but for comments, and the names of all files.
fn listing(server: &Server) -> Vec<String> {
    let dir = server.dir.join("appendonlydir");
    let manifest = fs::read_to_string(dir.join("appendonly.aof.manifest")).unwrap();
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    // It says whether the others are to be trusted.
    names.retain(|name| !name.ends_with(".trust"));
    manifest.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).chain(names).collect()
}

/// Waits until the files are these; the other server removes some in the background.
#[track_caller]
fn files(server: &Server, lines: &[&str], names: &[&str]) {
    let want: Vec<_> = lines.iter().chain(names).chain(&["appendonly.aof.manifest"]).collect();
    let mut got = Vec::new();
    for _ in 0..200 {
        got = listing(server);
        if got.iter().eq(want.iter().copied()) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(got.iter().map(String::as_str).collect::<Vec<_>>(), want.into_iter().copied().collect::<Vec<_>>());
}

fn set(c: &mut Client, directive: &str, value: &str) {
    assert_reply!(c, ["CONFIG", "SET", directive, value], ok());
}

fn rewritten_while_off(binary: &std::path::Path) {
    let mut server = Server::start(binary, OPTIONS);
    let mut c = server.client();
    assert_reply!(c, ["SET", "a", "1"], ok());
    set(&mut c, "appendonly", "no");
    assert_reply!(c, ["SET", "b", "1"], ok());
    rewrite(&mut c);
    files(&server, &["file appendonly.aof.2.base.rdb seq 2 type b"], &["appendonly.aof.2.base.rdb"]);
    assert_reply!(c, ["SET", "c", "1"], ok());
    // Without the file, what is written later is in no base.
    assert_reply!(c, ["DEBUG", "LOADAOF"], ok());
    assert_reply!(c, ["DBSIZE"], Value::Int(2));
    set(&mut c, "aof-use-rdb-preamble", "no");
    rewrite(&mut c);
    files(&server, &["file appendonly.aof.3.base.aof seq 3 type b"], &["appendonly.aof.3.base.aof"]);
    set(&mut c, "aof-use-rdb-preamble", "yes");
    // From the list as it was read, in which there is no file with a number.
    assert_reply!(c, ["DEBUG", "LOADAOF"], ok());
    set(&mut c, "appendonly", "yes");
    idle(&mut c);
    let lines = ["file appendonly.aof.4.base.rdb seq 4 type b", "file appendonly.aof.1.incr.aof seq 1 type i"];
    files(&server, &lines, &["appendonly.aof.1.incr.aof", "appendonly.aof.4.base.rdb"]);
    assert_reply!(c, ["SET", "d", "1"], ok());
    set(&mut c, "appendonly", "no");
    rewrite(&mut c);
    assert_reply!(c, ["SET", "e", "1"], ok());
    server.kill();
    // It is started with it turned on, and goes on behind the base.
    server.start_again();
    let mut c = server.client();
    assert_reply!(c, ["DBSIZE"], Value::Int(3));
    let lines = ["file appendonly.aof.5.base.rdb seq 5 type b", "file appendonly.aof.1.incr.aof seq 1 type i"];
    files(&server, &lines, &["appendonly.aof.1.incr.aof", "appendonly.aof.5.base.rdb"]);
    assert_reply!(c, ["SET", "f", "1"], ok());
    assert_reply!(c, ["DEBUG", "LOADAOF"], ok());
    assert_reply!(c, ["DBSIZE"], Value::Int(4));
}

#[test]
fn a_rewrite_while_it_is_off_leaves_a_base_alone() {
    rewritten_while_off(&subject());
    if let Some(peer) = peer() {
        rewritten_while_off(&peer);
    }
}

#[test]
fn turned_on_during_a_rewrite_it_holds_what_was_written_since() {
    let mut server = start(&[OPTIONS, &["--appendfsync", "always"]].concat());
    let mut c = server.client();
    set(&mut c, "appendonly", "no");
    for n in 0..200 {
        assert_reply!(c, ["SET", format!("k{n}"), "1"], ok());
    }
    set(&mut c, "rdb-key-save-delay", "100000");
    assert!(matches!(cmd!(c, "BGREWRITEAOF"), Value::Simple(_)));
    eventually("it has begun", || info(&mut c, "aof_rewrite_in_progress:1"));
    assert_reply!(c, ["SET", "since", "1"], ok());
    set(&mut c, "appendonly", "yes");
    // Turned off and on again while what is under way is being given up.
    set(&mut c, "appendonly", "no");
    set(&mut c, "appendonly", "yes");
    set(&mut c, "rdb-key-save-delay", "0");
    idle(&mut c);
    assert_reply!(c, ["SET", "later", "1"], ok());
    server.kill();
    server.start_again();
    assert_reply!(server.client(), ["DBSIZE"], Value::Int(202));
}

#[test]
fn what_a_rewrite_replaces_stays_for_as_long_as_it_is_to() {
    let server = start(OPTIONS);
    let mut c = server.client();
    set(&mut c, "aof-disable-auto-gc", "yes");
    rewrite(&mut c);
    let names = ["appendonly.aof.2.base.rdb", "appendonly.aof.2.incr.aof"];
    let lines = ["file appendonly.aof.2.base.rdb seq 2 type b", "file appendonly.aof.2.incr.aof seq 2 type i"];
    let old = ["file appendonly.aof.1.incr.aof seq 1 type h", "file appendonly.aof.1.base.rdb seq 1 type h"];
    let old_names = ["appendonly.aof.1.base.rdb", "appendonly.aof.1.incr.aof"];
    files(&server, &[lines[0], old[0], old[1], lines[1]], &[old_names, names].concat());
    set(&mut c, "aof-disable-auto-gc", "no");
    files(&server, &lines, &names);
}

#[test]
fn turned_off_during_a_rewrite_it_may_be_rewritten_at_once() {
    let server = start(OPTIONS);
    let mut c = server.client();
    for n in 0..20 {
        assert_reply!(c, ["SET", format!("k{n}"), "1"], ok());
    }
    for _ in 0..10 {
        set(&mut c, "rdb-key-save-delay", "10000000");
        assert!(matches!(cmd!(c, "BGREWRITEAOF"), Value::Simple(_)));
        eventually("it has begun", || info(&mut c, "aof_rewrite_in_progress:1"));
        set(&mut c, "appendonly", "no");
        rewritten_without_delay(&mut c);
        set(&mut c, "appendonly", "yes");
        idle(&mut c);
    }
}

/// The delay ends only after the request.
fn rewritten_without_delay(c: &mut Client) {
    c.send(&["BGREWRITEAOF"]);
    c.send(&["CONFIG", "SET", "rdb-key-save-delay", "0"]);
    let begun = c.recv();
    assert!(matches!(begun, Value::Simple(_)), "{begun:?}");
    assert_eq!(c.recv(), ok());
    idle(c);
}
