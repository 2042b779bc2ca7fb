//! Whole files: what a real server saved is loaded, and what is not sound is not.

use super::exchange::{FORMS, fill, seen};
use crate::assert_reply;
use crate::common::{Place, Server, Value, eventually, peer, simple, subject};
use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

/// What a real server saves that holds one of everything.
fn saved(form: &[&str]) -> Option<(Server, Vec<u8>)> {
    let options = [&["--enable-debug-command", "yes"], form].concat();
    let theirs = Server::start(&peer()?, &options);
    let mut c = theirs.client();
    fill(&mut c);
    for line in ["EXPIRE text 100000", "SET gone 1 PX 1", "SELECT 5", "SET other 7", "SELECT 0"] {
        c.line(line);
    }
    for n in 0..1000 {
        c.line(&format!("SADD table {n}x"));
        c.line(&format!("HSET hashtable {n} {n}"));
        c.line(&format!("ZADD skiplist {n} {n}"));
        c.line(&format!("RPUSH quicklist element{n}"));
    }
    assert_reply!(c, ["DEBUG", "SET-ACTIVE-EXPIRE", "0"], simple("OK"));
    assert_reply!(c, ["SAVE"], simple("OK"));
    let bytes = fs::read(theirs.dir.join("dump.rdb")).unwrap();
    Some((theirs, bytes))
}

fn start_on(bytes: &[u8], options: &[&str]) -> Server {
    let mut command = Command::new(subject());
    command.args(["--enable-debug-command", "yes"]).args(options);
    Server::start_prepared(command, |dir| fs::write(dir.join("dump.rdb"), bytes).unwrap())
}

#[test]
fn we_load_what_they_save() {
    for (theirs, ours) in FORMS.iter().flat_map(|a| FORMS.iter().map(move |b| (a, b))) {
        let Some((theirs, bytes)) = saved(theirs) else { return };
        let (mut a, ours) = (theirs.client(), start_on(&bytes, ours));
        let mut b = ours.client();
        assert!(ours.output().contains("DB loaded from disk"));
        for db in ["0", "5"] {
            a.cmd(&["SELECT", db]);
            b.cmd(&["SELECT", db]);
            let keys: Vec<String> = a.cmd(&["KEYS", "*"]).items().iter().map(Value::text).collect();
            assert_reply!(b, ["DBSIZE"], keys.len() as i64);
            for key in keys {
                assert_eq!(seen(&mut b, &key), seen(&mut a, &key), "{key}");
                assert_eq!(b.cmd(&["PEXPIRETIME", &key]), a.cmd(&["PEXPIRETIME", &key]), "{key}");
            }
        }
    }
}

#[test]
fn clients_are_told_to_wait() {
    let Some((_theirs, bytes)) = saved(&[]) else { return };
    let mut command = Command::new(subject());
    command.args(["--key-load-delay", "20000"]);
    let server = Server::start_loading(command, |dir| fs::write(dir.join("dump.rdb"), &bytes).unwrap());
    let mut c = server.client();
    let Value::Error(text) = c.line("GET text") else { panic!("it is loading") };
    assert_eq!(text, b"LOADING Valkey is loading the dataset in memory");
    let info = c.line("INFO persistence").text();
    assert!(info.contains("loading:1") && info.contains("loading_total_bytes:"), "{info}");
    eventually("the data is loaded", || c.line("PING") == simple("PONG"));
    assert!(c.line("INFO persistence").text().contains("loading:0"));
    assert_reply!(c, ["GET", "text"], "hello");
}

/// Starts the server in a directory where it must not stay.
fn refused(place: &Place) -> String {
    let mut command = Command::new(subject());
    command.args(["--port", "0", "--unixsocket", "socket", "--save", "", "--dir", place.0.to_str().unwrap()]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    eventually("the server ends", || child.try_wait().unwrap().is_some());
    failed(&child.wait_with_output().unwrap())
}

fn failed(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    text
}

fn check(path: &Path) -> Output {
    Command::new(subject()).arg("check-rdb").arg(path).output().unwrap()
}

#[test]
fn files_that_are_not_sound_are_refused() {
    let Some((_theirs, bytes)) = saved(&[]) else { return };
    let place = Place::new();
    let middle = bytes.len() / 2;
    let changed = |at: usize, to: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = to;
        bytes
    };
    let cases = [
        (bytes[..middle].to_vec(), "ends too early"),
        (changed(middle, bytes[middle] ^ 4), "offset"),
        (changed(7, b'9'), "can't handle RDB format version 'REDIS0090' at offset 0"),
        ([&bytes[..], b"more"].concat(), "bytes after the end"),
        (Vec::new(), "ends too early: no RDB file at offset 0"),
    ];
    for (bytes, what) in cases {
        fs::write(place.join("dump.rdb"), bytes).unwrap();
        let text = refused(&place);
        assert!(text.contains("dump.rdb") && text.contains(what), "{what}: {text}");
        assert!(text.contains("Terminating server after rdb file reading failure."), "{text}");
    }
    fs::remove_file(place.join("dump.rdb")).unwrap();
    fs::create_dir(place.join("dump.rdb")).unwrap();
    let text = refused(&place);
    let why = format!("can't open the RDB file {} for reading: Is a directory", place.join("dump.rdb").display());
    assert!(text.contains(&why), "{text}");
}

#[test]
fn a_file_is_checked_without_a_server() {
    let Some((_theirs, bytes)) = saved(&[]) else { return };
    let place = Place::new();
    fs::write(place.join("dump.rdb"), &bytes).unwrap();
    let output = check(&place.join("dump.rdb"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    for line in ["Checksum OK", "RDB looks OK!", "Selecting DB ID 5", "AUX FIELD redis-ver", "expires\n"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let mut bytes = bytes;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(place.join("dump.rdb"), &bytes).unwrap();
    let text = failed(&check(&place.join("dump.rdb")));
    assert!(text.contains("--- RDB ERROR DETECTED ---") && text.contains("keys read"), "{text}");
    assert!(failed(&check(&place.join("absent"))).contains("No such file"));
}
