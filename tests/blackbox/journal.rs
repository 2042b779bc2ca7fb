//! The append-only file says what a real server's says: both are asked the same, and their
//! files compared command by command. Times are left out, and what 7.0 did otherwise.

use crate::common::{Server, eventually, peer, simple, start};
use std::{fs, path::Path, thread, time::Duration};

const OPTIONS: &[&str] = &[
    "--appendonly",
    "yes",
    "--appendfsync",
    "always",
    "--enable-debug-command",
    "yes",
    "--lazyfree-lazy-expire",
    "yes",
    "--lazyfree-lazy-server-del",
    "yes",
    "--stream-node-max-entries",
    "2",
];

/// `1> ` in front: sent by another client, which may have to wait. `!`: keys expire meanwhile.
const SCRIPT: &str = "
    DEBUG SET-ACTIVE-EXPIRE 0
    SET a 1 EX 100 | SET a 2 PX 100000 GET | SET a 3 GET | SET a 4 KEEPTTL | SETEX a 100 5 | PSETEX a 100000 6
    SET b 1 NX | SET b 2 NX | SET b 3 XX get | GETSET b 4 | GETDEL b | APPEND b x | SETNX b 1 | MSETNX b 1 c 2
    EXPIRE a 100 | PEXPIRE a 100000 | EXPIREAT a 99999999999 | expire a 50 LT | PERSIST a | EXPIRE a -1
    SET a 1 | GETEX a EX 100 | GETEX a PERSIST | GETEX a EXAT 1 | SET a 1.5 | INCRBYFLOAT a 0.25 | SETRANGE a 1 x
    SET e 1 PX 1 | HSET h f 1 | ! | APPEND e x | SET e 1 PX 1 | ! | GET e | HINCRBYFLOAT h f 0.5 | HINCRBY h f2 3
    RPUSH l 1 2 3 4 5 6 7 8 9 | LMPOP 2 none l LEFT COUNT 2 | BLPOP none l 0 | BRPOP l 0 | BLMPOP 0 1 l RIGHT COUNT 2
    BLMOVE l m left RIGHT 0 | BRPOPLPUSH l m 0 | LMOVE l m LEFT RIGHT | RPOPLPUSH m m | LPOP m 99 | LINSERT l BEFORE 5 x
    ZADD z 1 a 2 b 3 c 4 d 5 e 6 f | BZPOPMIN none z 0 | BZPOPMAX z 0 | ZMPOP 1 z MIN | BZMPOP 0 1 z MAX COUNT 2
    ZADD z XX INCR 1 c | ZRANGESTORE y z 0 -1 | ZUNIONSTORE y 2 y z | GEOADD g CH 13.361389 38.115556 p
    GEOSEARCHSTORE g2 g FROMMEMBER p BYRADIUS 1 km | SADD s a | SPOP s | SADD s a b
    SUNIONSTORE t s s | SINTERSTORE t none s | SMOVE s t a | SORT s ALPHA STORE d | PFADD p a b | PFCOUNT p | PFCOUNT p
    PFMERGE p2 p | SETBIT bits 3 1 | BITFIELD bits SET u8 0 9 | BITFIELD bits GET u8 0 | BITOP NOT bits2 bits
    XADD x * f 1 | XADD x * f 2 | XADD x * f 3 | XADD x MAXLEN ~ 2 LIMIT 4 * f 4 | XADD x MAXLEN = 3 * f 5
    XTRIM x MAXLEN ~ 1 | XGROUP CREATE x g $ ENTRIESREAD 2 | XADD x * f 6 | XREADGROUP GROUP g c NOACK STREAMS x >
    XGROUP CREATECONSUMER x g c2 | XGROUP SETID x g 0 | XACK x g 1-1 | XDEL x 1-1 | XSETID x 9999999999999-1
    XGROUP DELCONSUMER x g c2 | XGROUP DESTROY x g | RENAME a none | RENAME bits bits3 | COPY z zz | COPY z zz | MOVE z 3
    SWAPDB 0 1 | SELECT 3 | DEL z | UNLINK none | FLUSHDB | SELECT 0
    MULTI | SET q 1 EX 100 | GET q | EXEC | MULTI | SET q 1 | INCR q | SELECT 2 | SET q 1 | EXEC | MULTI | GET q | EXEC
    1> BLPOP w 0 | RPUSH w 1 2 | 1> BZPOPMAX w2 0 | ZADD w2 1 a | 1> BLMOVE w3 w4 left right 0 | LPUSH w3 x
    FLUSHALL";

fn play(server: &Server) {
    let mut clients = [server.client(), server.client()];
    eventually("the data set is loaded", || clients[0].line("PING") == simple("PONG"));
    for step in SCRIPT.split(['|', '\n']).map(str::trim).filter(|s| !s.is_empty()) {
        match step.strip_prefix("1> ") {
            Some(line) => {
                clients[1].line("SELECT 2");
                clients[1].raw(format!("{line}\r\n").as_bytes());
                thread::sleep(Duration::from_millis(100));
            }
            None if step == "!" => thread::sleep(Duration::from_millis(20)),
            None => drop(clients[0].line(step)),
        }
        if step.starts_with("RPUSH w ") || step.starts_with("ZADD w2 ") || step.starts_with("LPUSH w3 ") {
            clients[1].recv();
        }
    }
}

/// The commands in the incremental file, times left out.
fn journal(dir: &Path) -> Vec<String> {
    let files = fs::read_dir(dir.join("appendonlydir")).expect("a directory of its own");
    let mut names: Vec<_> = files.map(|f| f.expect("a file").path()).collect();
    names.retain(|path| path.to_string_lossy().ends_with(".incr.aof"));
    assert_eq!(names.len(), 1, "{names:?}");
    let text = String::from_utf8(fs::read(&names[0]).expect("it can be read")).expect("plain text");
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut commands = Vec::new();
    while let Some(header) = lines.next() {
        let n: usize = header.strip_prefix('*').and_then(|n| n.trim_end().parse().ok()).expect("a header");
        let words: Vec<String> = (0..n).map(|_| lines.nth(1).expect("an argument").trim_end().into()).collect();
        commands.push(words.iter().map(|w| without_time(w)).collect::<Vec<_>>().join(" "));
    }
    commands
}

/// A word that could be a time of today, or near it, made `T`: an id too.
fn without_time(word: &str) -> String {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    match word.split_at(digits) {
        (time, rest) if digits == 13 && !time.starts_with('9') && (rest.is_empty() || rest.starts_with('-')) => {
            "T".into()
        }
        _ => word.into(),
    }
}

#[test]
fn both_write_the_same() {
    let Some(theirs) = peer() else { return };
    let (ours, theirs) = (start(OPTIONS), Server::start(&theirs, OPTIONS));
    play(&ours);
    play(&theirs);
    let (ours, theirs) = (journal(&ours.dir), journal(&theirs.dir));
    let differs = ours.iter().zip(&theirs).position(|(a, b)| a != b);
    if let Some(at) = differs.or((ours.len() != theirs.len()).then_some(ours.len().min(theirs.len()))) {
        let from = at.saturating_sub(3);
        let show = |lines: &[String]| lines.get(from..lines.len().min(at + 4)).unwrap_or(&[]).join("\n  ");
        panic!("ours:\n  {}\ntheirs:\n  {}", show(&ours), show(&theirs));
    }
    assert!(ours.len() > 100);
}
