//! An append-only file of the old kind, which was one file in the working directory, is taken over.

use super::{
    aof_file::commands,
    exchange::{fill, seen},
};
use crate::assert_reply;
use crate::common::{Server, Value, eventually, ok, peer, subject};
use std::{fs, path::Path, process::Command};

const OLD: &str = "appendonly.aof";

/// Starts on a directory with this file.
fn start_on(old: &[u8], options: &[&str]) -> Server {
    let mut command = Command::new(subject());
    command.args(["--appendonly", "yes", "--appendfsync", "always"]).args(options);
    Server::start_prepared(command, |dir| fs::write(dir.join(OLD), old).unwrap())
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir.join("appendonlydir"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    // It says whether the others are to be trusted.
    names.retain(|name| !name.ends_with(".trust"));
    names
}

#[test]
fn its_commands_are_executed_and_it_becomes_the_base() {
    let old = commands(&["SELECT 0", "SET a 1", "RPUSH l 1 2 3", "SELECT 3", "SET b 2", "PEXPIREAT b 99999999999999"]);
    let mut server = start_on(&old, &[]);
    let mut c = server.client();
    assert!(server.output().contains("Successfully migrated an old-style AOF file (appendonly.aof)"));
    assert!(!server.dir.join(OLD).exists());
    assert_eq!(names(&server.dir), [OLD, "appendonly.aof.1.incr.aof", "appendonly.aof.manifest"]);
    let manifest = fs::read_to_string(server.dir.join("appendonlydir/appendonly.aof.manifest")).unwrap();
    let lines = "file appendonly.aof seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n#NORN:";
    assert!(manifest.starts_with(lines), "{manifest}");
    assert_eq!(fs::read(server.dir.join("appendonlydir").join(OLD)).unwrap(), old);
    assert_reply!(c, ["SET", "c", "3"], ok());
    server.kill();
    server.start_again();
    let mut c = server.client();
    assert_reply!(c, ["GET", "a"], "1");
    assert_reply!(c, ["LLEN", "l"], 3);
    assert_reply!(c, ["GET", "c"], "3");
    assert_reply!(c, ["SELECT", "3"], ok());
    assert_reply!(c, ["PEXPIRETIME", "b"], 99_999_999_999_999);
    c.line("BGREWRITEAOF");
    let new = ["appendonly.aof.2.base.rdb", "appendonly.aof.2.incr.aof", "appendonly.aof.manifest"];
    eventually("the old file is gone", || names(&server.dir) == new);
}

#[test]
fn a_snapshot_may_stand_before_its_commands() {
    let Some(peer) = peer() else { return };
    let theirs = Server::start(&peer, &[]);
    let mut a = theirs.client();
    fill(&mut a);
    assert_reply!(a, ["SAVE"], ok());
    let mut old = fs::read(theirs.dir.join("dump.rdb")).unwrap();
    old.extend(commands(&["SELECT 0", "SET late 1", "LPOP list"]));
    a.line("SET late 1");
    a.line("LPOP list");
    let mut server = start_on(&old, &[]);
    for round in 0..2 {
        let mut b = server.client();
        let keys: Vec<String> = a.line("KEYS *").items().iter().map(Value::text).collect();
        assert_reply!(b, ["DBSIZE"], keys.len() as i64);
        keys.iter().for_each(|key| assert_eq!(seen(&mut b, key), seen(&mut a, key), "{key}"));
        if round == 0 {
            assert!(server.output().contains("Reading RDB preamble from AOF file..."));
            server.kill();
            server.start_again();
        }
    }
}

#[test]
fn it_may_be_torn() {
    let (sound, torn) = (commands(&["SELECT 0", "SET a 1"]), commands(&["MULTI", "SET a 2"]));
    let old = [&sound[..], &torn].concat();
    let mut server = start_on(&old, &[]);
    assert_reply!(server.client(), ["GET", "a"], "1");
    assert_eq!(fs::read(server.dir.join("appendonlydir").join(OLD)).unwrap(), sound);
    server.kill();
    server.start_again();
    assert_reply!(server.client(), ["GET", "a"], "1");
}

#[test]
fn it_is_left_where_it_is_beside_files_of_the_new_kind() {
    let mut server = start_on(&commands(&["SET a 1"]), &[]);
    assert_reply!(server.client(), ["SET", "a", "2"], ok());
    server.kill();
    fs::write(server.dir.join(OLD), commands(&["SET a 3"])).unwrap();
    server.start_again();
    assert_reply!(server.client(), ["GET", "a"], "2");
    assert!(server.dir.join(OLD).exists());
}
