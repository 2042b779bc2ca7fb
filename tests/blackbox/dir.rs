//! `dir`: where the files of the data set are, at the start and when it is changed.

use crate::common::{Client, Server, Value, bulks, eventually, ok, start, subject};
use crate::{assert_error, assert_reply, cmd};
use std::{fs, path::Path, process::Command};

const OPTIONS: &[&str] = &["--enable-protected-configs", "yes", "--enable-debug-command", "yes"];

fn set_dir(c: &mut Client, dir: impl AsRef<Path>) -> Value {
    cmd!(c, "CONFIG", "SET", "dir", dir.as_ref().to_str().expect("a plain path"))
}

fn shown_dir(c: &mut Client) -> Value {
    c.line("CONFIG GET dir")
}

/// What CONFIG GET shows of a directory.
fn of(dir: &Path) -> Value {
    bulks(["dir", dir.canonicalize().expect("it exists").to_str().expect("a plain path")])
}

#[test]
fn a_snapshot_goes_to_and_comes_from_dir() {
    let mut server = start(OPTIONS);
    let (first, second) = (server.dir.join("first"), server.dir.join("second"));
    fs::create_dir_all(&first).unwrap();
    fs::create_dir_all(&second).unwrap();
    let mut c = server.client();
    for (name, dir) in [(first.as_path(), &first), (Path::new("../second/."), &second)] {
        assert_eq!(set_dir(&mut c, name), ok());
        assert_eq!(shown_dir(&mut c), of(dir));
        assert_reply!(c, ["SET", "k", dir.to_str().unwrap()], ok());
        assert_reply!(c, ["SAVE"], ok());
        assert!(dir.join("dump.rdb").is_file());
        assert_reply!(c, ["SET", "k", "not saved"], ok());
        assert_reply!(c, ["DEBUG", "RELOAD", "NOSAVE"], ok());
        assert_reply!(c, ["GET", "k"], dir.to_str().unwrap());
        assert_reply!(c, ["DEBUG", "RELOAD"], ok());
    }
    assert!(!server.dir.join("dump.rdb").exists());
    server.kill();
    // The directory that a server is started with counts, also if it is not where it is started.
    for dir in [&second, &first] {
        let copy = start_in(dir);
        let mut c = copy.client();
        assert_reply!(c, ["GET", "k"], dir.to_str().unwrap());
        assert_reply!(c, ["SAVE"], ok());
    }
}

/// A server whose `dir` is `inner` in a copy of `dir`.
fn start_in(dir: &Path) -> Server {
    let mut command = Command::new(subject());
    command.args(OPTIONS);
    Server::start_prepared(command, |own| {
        fs::copy(dir.join("dump.rdb"), own.join("dump.rdb")).unwrap();
    })
}

#[test]
fn a_directory_that_cannot_be_entered_is_refused() {
    let server = start(OPTIONS);
    let mut c = server.client();
    let before = of(&server.dir);
    assert_eq!(shown_dir(&mut c), before);
    let refusal = |why: &str| format!("ERR CONFIG SET failed (possibly related to argument 'dir') - {why}");
    fs::write(server.dir.join("file"), "").unwrap();
    assert_error!(c, ["CONFIG", "SET", "dir", "nosuch"], refusal("No such file or directory").as_str());
    assert_error!(c, ["CONFIG", "SET", "dir", "/nosuch/dir"], refusal("No such file or directory").as_str());
    assert_error!(c, ["CONFIG", "SET", "dir", "file"], refusal("Not a directory").as_str());
    assert_error!(c, ["CONFIG", "SET", "dir", ""], refusal("dir can't be empty").as_str());
    assert_error!(c, ["CONFIG", "SET", "maxmemory", "1mb", "dir", "nosuch"], refusal("No such file").as_str());
    assert_reply!(c, ["CONFIG", "GET", "maxmemory"], bulks(["maxmemory", "0"]));
    assert_eq!(shown_dir(&mut c), before);
    assert_reply!(c, ["SAVE"], ok());
    assert!(server.dir.join("dump.rdb").is_file());
}

#[test]
fn the_append_only_file_stays_until_it_is_opened_again() {
    let mut server = start(&[OPTIONS, &["--appendonly", "yes", "--appendfsync", "always"]].concat());
    let other = server.dir.join("other");
    fs::create_dir_all(&other).unwrap();
    let mut c = server.client();
    assert_reply!(c, ["SET", "a", "1"], ok());
    assert_eq!(set_dir(&mut c, &other), ok());
    assert_reply!(c, ["SET", "b", "1"], ok());
    assert_reply!(c, ["DEBUG", "LOADAOF"], ok());
    let rewritten = |c: &mut Client| {
        // One that was begun by turning it on may still be under way.
        eventually("the rewrite before ends", || {
            cmd!(c, "INFO", "persistence").text().contains("_rewrite_in_progress:0")
        });
        assert!(matches!(cmd!(c, "BGREWRITEAOF"), Value::Simple(_)));
        let done =
            |text: String| text.contains("aof_rewrite_in_progress:0") && text.contains("aof_rewrite_scheduled:0");
        eventually("the rewrite ends", || done(cmd!(c, "INFO", "persistence").text()));
        assert!(cmd!(c, "INFO", "persistence").text().contains("aof_last_bgrewrite_status:ok"));
    };
    rewritten(&mut c);
    assert_reply!(c, ["SET", "c", "1"], ok());
    assert!(!other.join("appendonlydir").exists());
    server.kill();
    server.start_again();
    let mut c = server.client();
    assert_reply!(c, ["DBSIZE"], Value::Int(3));
    assert_eq!(set_dir(&mut c, &other), ok());
    assert_reply!(c, ["CONFIG", "SET", "appendonly", "no"], ok());
    assert_reply!(c, ["CONFIG", "SET", "appendonly", "yes"], ok());
    eventually("it is there", || other.join("appendonlydir/appendonly.aof.manifest").exists());
    rewritten(&mut c);
    assert_reply!(c, ["SET", "d", "1"], ok());
    assert_reply!(c, ["DEBUG", "LOADAOF"], ok());
    assert_reply!(c, ["DBSIZE"], Value::Int(4));
}
