//! Snapshots that cannot be written, and the end of a server that cannot save: an error that
//! names the file, nothing lost, nothing left over.

use crate::common::{Client, Mount, Server, Value, eventually, ok, peer, simple, start, subject};
use crate::{assert_error, assert_reply, cmd};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const OPTIONS: &[&str] = &["--enable-protected-configs", "yes", "--enable-debug-command", "yes"];

/// A server whose `dir` is a small file system; its log is elsewhere.
fn start_on(size: &str) -> Option<(Server, Mount, PathBuf)> {
    let server = start(OPTIONS);
    let dir = server.dir.join("small");
    fs::create_dir(&dir).unwrap();
    let mount = Mount::new(&dir, size)?;
    let mut c = server.client();
    assert_reply!(c, ["CONFIG", "SET", "dir", dir.to_str().unwrap()], ok());
    Some((server, mount, dir))
}

/// Whether INFO has this line about persistence.
fn info(c: &mut Client, line: &str) -> bool {
    cmd!(c, "INFO", "persistence").text().contains(line)
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[track_caller]
fn signal(server: &Server, name: &str) {
    assert!(Command::new("kill").args([name, &server.pid().to_string()]).status().unwrap().success());
}

#[test]
fn a_snapshot_that_does_not_fit_leaves_the_old_one() {
    let Some((server, mount, dir)) = start_on("256k") else { return };
    let mut c = server.client();
    assert_reply!(c, ["SET", "old", "1"], ok());
    assert_reply!(c, ["SAVE"], ok());
    let old = fs::read(dir.join("dump.rdb")).unwrap();
    assert_reply!(c, ["CONFIG", "SET", "rdbcompression", "no", "save", "3600 1"], ok());
    assert_reply!(c, ["SET", "big", "x".repeat(300_000)], ok());
    assert_reply!(c, ["BGSAVE"], simple("Background saving started"));
    eventually("it fails", || info(&mut c, "rdb_last_bgsave_status:err"));
    let temp = dir.join(format!("temp-{}.rdb", server.pid()));
    let why = format!("Write error while saving the DB to {}: No space left on device", temp.display());
    assert!(server.output().contains(&why), "{}", server.output());
    assert_error!(c, ["SET", "k", "1"], "MISCONF Valkey is configured to save RDB snapshots");
    assert_reply!(c, ["GET", "old"], "1");
    assert_error!(c, ["SAVE"], "ERR");
    assert_eq!(names(&dir), ["dump.rdb"]);
    assert_eq!(fs::read(dir.join("dump.rdb")).unwrap(), old);
    assert_error!(c, ["SHUTDOWN"], "ERR Errors trying to SHUTDOWN. Check logs.");
    mount.change("size=16m");
    assert_reply!(c, ["BGSAVE"], simple("Background saving started"));
    eventually("it succeeds", || info(&mut c, "rdb_last_bgsave_status:ok"));
    assert_reply!(c, ["DEBUG", "RELOAD", "NOSAVE"], ok());
    assert_reply!(c, ["STRLEN", "big"], Value::Int(300_000));
    assert_reply!(c, ["SET", "k", "1"], ok());
}

#[test]
fn on_a_read_only_disk_nothing_is_lost() {
    let Some((mut server, mount, dir)) = start_on("1m") else { return };
    let mut c = server.client();
    assert_reply!(c, ["SET", "k", "1"], ok());
    mount.change("ro");
    assert_error!(c, ["SAVE"], "ERR");
    let temp = dir.join(format!("temp-{}.rdb", server.pid()));
    let why = format!("{}: Read-only file system", temp.display());
    assert!(server.output().contains(&why), "{}", server.output());
    assert_reply!(c, ["CONFIG", "SET", "appendonly", "yes"], ok());
    let why = format!("Can't open or create append-only dir {}", dir.join("appendonlydir").display());
    eventually("the log tells", || server.output().contains(&why));
    assert_reply!(c, ["GET", "k"], "1");
    assert_error!(c, ["SHUTDOWN", "SAVE"], "ERR Errors trying to SHUTDOWN. Check logs.");
    assert_reply!(c, ["GET", "k"], "1");
    mount.change("rw");
    eventually("the file is made", || dir.join("appendonlydir/appendonly.aof.manifest").exists());
    eventually("it is on", || info(&mut c, "aof_rewrite_in_progress:0") && info(&mut c, "aof_enabled:1"));
    assert_reply!(c, ["DEBUG", "LOADAOF"], ok());
    assert_reply!(c, ["GET", "k"], "1");
    assert_reply!(c, ["CONFIG", "SET", "appendonly", "no"], ok());
    mount.change("ro");
    c.send(&["SHUTDOWN", "SAVE", "FORCE"]);
    assert_eq!(server.wait(), Some(0));
    assert!(server.output().contains("Error trying to save the DB. Exit anyway."));
}

#[test]
fn the_append_only_files_may_lie_on_a_disk_of_their_own() {
    let (mut command, mut mount) = (Command::new(subject()), None);
    command.args(["--appendonly", "yes"]);
    let server = Server::start_prepared(command, |dir| {
        fs::create_dir(dir.join("appendonlydir")).unwrap();
        mount = Mount::new(&dir.join("appendonlydir"), "1m");
        // Left behind by a server that was killed in the middle of a rewrite.
        fs::write(dir.join("appendonlydir/temp-rewriteaof-bg-1.aof"), "half a base").unwrap();
    });
    if mount.is_none() {
        return;
    }
    let mut c = server.client();
    eventually("the data set is loaded", || cmd!(c, "SET", "k", "1") == ok());
    assert_reply!(c, ["BGREWRITEAOF"], simple("Background append only file rewriting started"));
    eventually("the rewrite ends", || info(&mut c, "aof_rewrite_in_progress:0"));
    assert!(info(&mut c, "aof_last_bgrewrite_status:ok"), "{}", server.output());
    let mut files = vec!["appendonly.aof.2.base.rdb", "appendonly.aof.2.incr.aof", "appendonly.aof.manifest"];
    files.push("temp-appendonly.aof.trust");
    assert_eq!(names(&server.dir.join("appendonlydir")), files);
    assert!(names(&server.dir).iter().all(|name| !name.starts_with("temp-")));
}

#[test]
fn what_stands_in_the_way_of_the_file_is_named() {
    let mut server = start(OPTIONS);
    let (dir, mut c) = (server.dir.clone(), server.client());
    fs::create_dir(dir.join("dump.rdb")).unwrap();
    assert_reply!(c, ["SET", "k", "1"], ok());
    assert_error!(c, ["SAVE"], "ERR");
    let why = format!("on the final destination {}: Is a directory", dir.join("dump.rdb").display());
    assert!(server.output().contains(&why), "{}", server.output());
    assert_error!(c, ["DEBUG", "RELOAD"], "ERR Error trying to load the RDB dump");
    assert_error!(c, ["DEBUG", "RELOAD", "NOSAVE", "NOFLUSH"], "ERR Error trying to load the RDB dump");
    assert_reply!(c, ["GET", "k"], "1");
    assert!(names(&dir).iter().all(|name| !name.starts_with("temp-")), "{:?}", names(&dir));
    assert_reply!(c, ["CONFIG", "SET", "save", "3600 1"], ok());
    signal(&server, "-TERM");
    eventually("it is tried", || server.output().contains("Error trying to save the DB, can't exit."));
    assert_reply!(c, ["GET", "k"], "1");
    assert_reply!(c, ["CONFIG", "SET", "shutdown-on-sigterm", "nosave"], ok());
    signal(&server, "-TERM");
    assert_eq!(server.wait(), Some(0));
    // Neither can be read what is no file: nobody takes that for an empty data set.
    fs::remove_dir(dir.join("dump.rdb")).unwrap();
    std::os::unix::fs::symlink("dump.rdb", dir.join("dump.rdb")).unwrap();
    let said = server.refuses_to_start();
    let why =
        format!("can't open the RDB file {} for reading: Too many levels of symbolic", dir.join("dump.rdb").display());
    assert!(said.contains(&why), "{said}");
}

#[test]
fn a_server_that_ends_while_it_saves_leaves_nothing_over() {
    let mut server = start(OPTIONS);
    let (dir, mut c) = (server.dir.clone(), server.client());
    let temp = format!("temp-{}.rdb", server.pid());
    assert_reply!(c, ["MSET", "a", "1", "b", "2"], ok());
    assert_reply!(c, ["CONFIG", "SET", "rdb-key-save-delay", "10000000"], ok());
    assert_reply!(c, ["BGSAVE"], simple("Background saving started"));
    eventually("it is begun", || dir.join(&temp).exists());
    c.send(&["SHUTDOWN", "NOSAVE"]);
    assert_eq!(server.wait(), Some(0));
    assert_eq!(names(&dir), ["stdout"]);
}

#[test]
fn who_changes_a_large_value_does_not_wait_for_delayed_keys() {
    let server = start(OPTIONS);
    let mut c = server.client();
    for n in 0..100 {
        let first = n * 1000;
        let members: Vec<String> = (first..first + 1000).map(|n| format!("m:{n}")).collect();
        assert_eq!(c.line(&format!("SADD large {}", members.join(" "))), Value::Int(1000));
        assert_reply!(c, ["SET", format!("k{n}"), "v"], ok());
    }
    assert_reply!(c, ["CONFIG", "SET", "rdb-key-save-delay", "2147483647"], ok());
    assert_reply!(c, ["BGSAVE"], simple("Background saving started"));
    assert_reply!(c, ["SADD", "large", "another"], 1);
    assert!(info(&mut c, "rdb_bgsave_in_progress:1"), "it is still delayed");
}

#[test]
fn who_insists_does_not_wait() {
    let mut server = start(OPTIONS);
    let (dir, mut c) = (server.dir.clone(), server.client());
    let temp = format!("temp-{}.rdb", server.pid());
    // A signal is looked at when periodic work is done; until then it may be taken back.
    assert_reply!(c, ["DEBUG", "PAUSE-CRON", "1"], ok());
    signal(&server, "-TERM");
    eventually("it arrives", || server.output().contains("Received SIGTERM scheduling shutdown..."));
    assert_reply!(c, ["SHUTDOWN", "ABORT"], ok());
    assert_reply!(c, ["DEBUG", "PAUSE-CRON", "0"], ok());
    assert_reply!(c, ["SET", "k", "1"], ok());
    assert_reply!(c, ["CONFIG", "SET", "rdb-key-save-delay", "100000000", "shutdown-on-sigint", "save"], ok());
    signal(&server, "-INT");
    eventually("it saves", || dir.join(&temp).exists());
    signal(&server, "-INT");
    assert_eq!(server.wait(), Some(1));
    assert!(server.output().contains("You insist... exiting now."));
    assert_eq!(names(&dir), ["stdout"]);
}

#[test]
fn a_server_does_not_end_before_its_first_append_only_file_is_whole() {
    let mut server = start(OPTIONS);
    let mut c = server.client();
    assert_reply!(c, ["SET", "k", "1"], ok());
    assert_reply!(c, ["CONFIG", "SET", "rdb-key-save-delay", "100000000"], ok());
    assert_reply!(c, ["CONFIG", "SET", "appendonly", "yes"], ok());
    eventually("it is begun", || info(&mut c, "aof_rewrite_in_progress:1"));
    signal(&server, "-TERM");
    eventually("it says why", || server.output().contains("Writing initial AOF, can't exit."));
    assert_error!(c, ["SHUTDOWN", "NOSAVE"], "ERR Errors trying to SHUTDOWN. Check logs.");
    assert_reply!(c, ["GET", "k"], "1");
    assert_reply!(c, ["CONFIG", "SET", "rdb-key-save-delay", "0"], ok());
    c.send(&["SHUTDOWN", "NOSAVE", "FORCE"]);
    assert_eq!(server.wait(), Some(0));
}

/// FLUSHALL with save points, in a transaction or not: by the time it is answered the file
/// on disk holds nothing, and there is nothing to save.
fn flushed(binary: &Path) {
    let mut server = Server::start(binary, &[]);
    let mut c = server.client();
    assert_reply!(c, ["CONFIG", "SET", "save", "3600 1"], ok());
    for flush in ["FLUSHALL", "FLUSHALL ASYNC", "MULTI|FLUSHALL|EXEC"] {
        assert_reply!(c, ["SET", "k", "v"], ok());
        assert_reply!(c, ["SAVE"], ok());
        assert_reply!(c, ["SET", "k", "w"], ok());
        flush.split('|').for_each(|line| drop(c.line(line)));
        assert!(info(&mut c, "rdb_changes_since_last_save:0\r"), "{flush}");
        server.kill();
        server.start_again();
        c = server.client();
        assert_reply!(c, ["DBSIZE"], Value::Int(0));
        assert_reply!(c, ["CONFIG", "SET", "save", "3600 1"], ok());
    }
    assert_reply!(c, ["CONFIG", "SET", "save", ""], ok());
    assert_reply!(c, ["SET", "k", "v"], ok());
    assert_reply!(c, ["FLUSHALL"], ok());
    assert!(!info(&mut c, "rdb_changes_since_last_save:0\r"));
}

#[test]
fn flushall_is_answered_when_the_file_is_empty() {
    flushed(&subject());
    if let Some(peer) = peer() {
        flushed(&peer);
    }
}

#[test]
fn half_a_data_set_is_not_saved() {
    let server = start(OPTIONS);
    let mut c = server.client();
    for n in 0..30 {
        c.line(&format!("SET k{n} {n}"));
    }
    assert_reply!(c, ["SAVE"], ok());
    let bytes = fs::read(server.dir.join("dump.rdb")).unwrap();
    let mut command = Command::new(subject());
    command.args(OPTIONS).args(["--key-load-delay", "20000"]);
    let other = Server::start_loading(command, |dir| fs::write(dir.join("dump.rdb"), &bytes).unwrap());
    let mut c = other.client();
    assert!(info(&mut c, "loading:1"));
    assert_reply!(c, ["DEBUG", "RELOAD"], ok());
    eventually("it has loaded", || cmd!(c, "DBSIZE") == Value::Int(30));
    assert_reply!(c, ["DEBUG", "RELOAD", "NOSAVE"], ok());
    assert_reply!(c, ["DBSIZE"], Value::Int(30));
}

#[test]
fn a_disk_without_room_for_names_is_waited_for() {
    let Some((server, mount, dir)) = start_on("4m,nr_inodes=2") else { return };
    let mut c = server.client();
    assert_reply!(c, ["CONFIG", "SET", "save", "3600 1"], ok());
    assert_reply!(c, ["SET", "k", "1"], ok());
    assert_reply!(c, ["SAVE"], ok());
    assert_reply!(c, ["SET", "k", "2"], ok());
    assert_reply!(c, ["BGSAVE"], simple("Background saving started"));
    eventually("it fails", || info(&mut c, "rdb_last_bgsave_status:err"));
    assert_error!(c, ["SET", "k", "3"], "MISCONF Valkey is configured to save RDB snapshots");
    assert_reply!(c, ["GET", "k"], "2");
    mount.change("nr_inodes=100");
    eventually("writes are accepted again", || c.line("SET k 4") == ok());
    assert_reply!(c, ["DEBUG", "RELOAD"], ok());
    assert_reply!(c, ["GET", "k"], "4");
    assert_eq!(names(&dir), ["dump.rdb"]);
}

#[test]
fn a_rewrite_without_room_for_names_leaves_everything_as_it_was() {
    let Some((server, mount, dir)) = start_on("4m,nr_inodes=6") else { return };
    let mut c = server.client();
    // A directory, a base, commands, the manifest and what says that they are trusted.
    assert_reply!(c, ["CONFIG", "SET", "appendonly", "yes"], ok());
    eventually("it is on", || info(&mut c, "aof_rewrite_in_progress:0") && dir.join("appendonlydir").exists());
    eventually("it has a base", || names(&dir.join("appendonlydir")).iter().any(|name| name.ends_with("base.rdb")));
    let before = names(&dir.join("appendonlydir"));
    for n in 0..3 {
        c.line("BGREWRITEAOF");
        eventually("it fails", || info(&mut c, "aof_last_bgrewrite_status:err"));
        assert_reply!(c, ["SET", "k", n.to_string()], ok());
    }
    let after: Vec<String> =
        names(&dir.join("appendonlydir")).into_iter().filter(|name| name != "temp-appendonly.aof.manifest").collect();
    assert_eq!(after, before);
    mount.change("nr_inodes=100");
    c.line("BGREWRITEAOF");
    eventually("it succeeds", || info(&mut c, "aof_last_bgrewrite_status:ok"));
    assert_reply!(c, ["DEBUG", "LOADAOF"], ok());
    assert_reply!(c, ["GET", "k"], "2");
}
