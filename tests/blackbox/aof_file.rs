//! The append-only file and the tool that looks at it: files that are whole, torn, damaged, or
//! nobody's; what the tool says of them, what it cuts off, and whether the server starts on them.

use crate::assert_reply;
use crate::common::{Client, Place, Server, Value, encode, ok, peer, start, subject};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

const MANIFEST: &str = "appendonly.aof.manifest";
const BASE: &str = "appendonly.aof.1.base.rdb";
/// Says whether the others may be trusted.
const TRUST: &str = "temp-appendonly.aof.trust";
const INCR: &str = "appendonly.aof.1.incr.aof";

/// What a tool said, and whether it was content.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Verdict {
    text: String,
    content: bool,
}

impl Verdict {
    #[track_caller]
    fn says(&self, content: bool, lines: &[&str]) {
        assert_eq!(self.content, content, "{}", self.text);
        for line in lines {
            assert!(self.text.contains(line), "no {line:?} in {}", self.text);
        }
    }

    /// The lines that both tools have word for word: not what is wrong, nor what is in the base.
    fn common(&self) -> Vec<&str> {
        let theirs = ["0x", "[", "\\o/", "AOF appendonly.aof.1.incr.aof format error", "RDB preamble"];
        self.text.lines().filter(|line| !theirs.iter().any(|start| line.starts_with(start))).collect()
    }
}

fn run(mut tool: Command, args: &[&str], file: &Path, answer: &str) -> Verdict {
    let mut child = tool
        .args(args)
        .arg(file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the tool starts");
    // A tool that has no question may be gone.
    let _ = child.stdin.take().expect("it is a pipe").write_all(answer.as_bytes());
    let Output { status, stdout, stderr } = child.wait_with_output().expect("the tool ends");
    assert!(stderr.is_empty(), "{}", String::from_utf8_lossy(&stderr));
    let content = status.code().expect("it ends by itself") == 0;
    Verdict { text: String::from_utf8(stdout).expect("text"), content }
}

fn check(args: &[&str], file: &Path, answer: &str) -> Verdict {
    let mut tool = Command::new(subject());
    tool.arg("check-aof");
    run(tool, args, file, answer)
}

/// The other server's tool, where it is installed with the server.
fn their_check(args: &[&str], file: &Path, answer: &str) -> Option<Verdict> {
    let tool = peer()?.with_file_name("redis-check-aof");
    tool.exists().then(|| run(Command::new(tool), args, file, answer))
}

/// A server that has written ten keys, each in a batch of its own, and been killed.
fn written(options: &[&str]) -> Server {
    let common = ["--appendonly", "yes", "--appendfsync", "always", "--rdb-version", "10"];
    let mut server = start(&[&common[..], options].concat());
    fill(&mut server.client());
    server.kill();
    server
}

/// The same of the other server.
fn theirs() -> Option<Server> {
    let mut server = Server::start(&peer()?, &["--appendonly", "yes"]);
    fill(&mut server.client());
    server.kill();
    Some(server)
}

fn fill(c: &mut Client) {
    for n in 0..10 {
        assert_reply!(c, ["SET", format!("key:{n}"), format!("value{n}")], ok());
    }
}

fn file(server: &Server, name: &str) -> PathBuf {
    server.dir.join("appendonlydir").join(name)
}

/// Where in the file the value of a key is.
fn value_at(path: &Path, n: usize) -> usize {
    let (bytes, value) = (fs::read(path).unwrap(), format!("value{n}"));
    let found = bytes.windows(value.len()).position(|window| window == value.as_bytes());
    found.expect("the value is in the file")
}

fn cut(path: &Path, len: usize) {
    fs::OpenOptions::new().write(true).open(path).unwrap().set_len(len as u64).unwrap();
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 4;
    fs::write(path, bytes).unwrap();
}

fn append(path: &Path, bytes: &[u8]) {
    let appended = fs::OpenOptions::new().append(true).open(path).and_then(|mut file| file.write_all(bytes));
    appended.unwrap();
}

/// Which of the keys are there.
#[track_caller]
fn keys(server: &mut Server) -> Vec<usize> {
    server.start_again();
    let mut c = server.client();
    let there = (0..10).filter(|n| c.line(&format!("GET key:{n}")) == Value::from(format!("value{n}").as_str()));
    let there = there.collect();
    server.kill();
    there
}

fn first(n: usize) -> Vec<usize> {
    (0..n).collect()
}

#[test]
fn whole_files_are_valid() {
    let ours = written(&[]);
    let manifest = file(&ours, MANIFEST);
    let verdict = check(&[], &manifest, "");
    verdict.says(
        true,
        &[
            "Start checking Multi Part AOF\nStart to check BASE AOF (RDB format).\n",
            "RDB preamble is OK, proceeding with AOF tail...\nAOF analyzed: filename=appendonly.aof.1.base.rdb, size=",
            "ok_up_to_line=1, diff=0\nBASE AOF appendonly.aof.1.base.rdb is valid\nStart to check INCR files.\n",
            "diff=0\nINCR AOF appendonly.aof.1.incr.aof is valid\nAll AOF files and manifest are valid\n",
        ],
    );
    let single = check(&[], &file(&ours, INCR), "");
    single.says(
        true,
        &["Start checking Old-Style AOF\nAOF analyzed: ", &format!("AOF {} is valid", file(&ours, INCR).display())],
    );
    check(&["--fix"], &manifest, "").says(true, &["All AOF files and manifest are valid"]);
    check(&[], &ours.dir.join("absent"), "").says(false, &["Cannot open file", "absent: No such file or directory\n"]);
    let Some(theirs) = theirs() else { return };
    for server in [&ours, &theirs] {
        for name in [MANIFEST, INCR, BASE] {
            let path = file(server, name);
            let Some(want) = their_check(&[], &path, "") else { return };
            let got = check(&[], &path, "");
            assert_eq!((got.common(), got.content), (want.common(), true), "{name}");
        }
    }
}

#[test]
fn a_torn_tail_is_found_and_cut_off() {
    let mut server = written(&[]);
    let (manifest, incr) = (file(&server, MANIFEST), file(&server, INCR));
    cut(&incr, value_at(&incr, 9) + 3);
    let size = fs::metadata(&incr).unwrap().len();
    let unfixed = [
        "a batch is not complete",
        &format!("size={size}, ok_up_to="),
        "AOF appendonly.aof.1.incr.aof is not valid. Use the --fix option to try fixing it.\n",
    ];
    check(&[], &manifest, "").says(false, &unfixed);
    check(&[], &incr, "").says(false, &["Start checking Old-Style AOF\n", "is not valid. Use the --fix"]);
    check(&["--fix"], &manifest, "n\n").says(false, &["This will shrink the AOF", "Continue? [y/N]: Aborting...\n"]);
    assert_eq!(fs::metadata(&incr).unwrap().len(), size);
    check(&["--fix"], &manifest, "Y\n")
        .says(true, &[&format!("AOF {INCR} from {size} bytes"), "Successfully truncated AOF"]);
    check(&[], &manifest, "").says(true, &["All AOF files and manifest are valid"]);
    assert!(fs::metadata(&incr).unwrap().len() < size);
    assert_eq!(keys(&mut server), first(9));
}

#[test]
fn the_server_goes_on_behind_a_torn_tail_if_it_may() {
    for (options, may) in
        [(&[][..], true), (&["--aof-load-truncated", "yes"], true), (&["--aof-load-truncated", "no"], false)]
    {
        let mut server = written(options);
        let incr = file(&server, INCR);
        cut(&incr, value_at(&incr, 9) + 3);
        let size = fs::metadata(&incr).unwrap().len();
        if may {
            assert_eq!(keys(&mut server), first(9));
            let log = server.output();
            assert!(
                log.contains("AOF loaded anyway because aof-load-truncated is enabled")
                    || log.contains("loaded anyway because aof-load-truncated is enabled"),
                "{log}"
            );
            check(&[], &file(&server, MANIFEST), "").says(true, &["are valid"]);
        } else {
            let log = server.refuses_to_start();
            assert!(
                log.contains("Unexpected end of file reading the append only file appendonly.aof.1.incr.aof"),
                "{log}"
            );
            assert_eq!(fs::metadata(&incr).unwrap().len(), size, "nothing was cut off");
        }
    }
}

#[test]
fn damage_is_no_torn_tail() {
    let mut server = written(&[]);
    let (manifest, incr) = (file(&server, MANIFEST), file(&server, INCR));
    flip(&incr, value_at(&incr, 4));
    let log = server.refuses_to_start();
    assert!(log.contains("Bad file format reading the append only file appendonly.aof.1.incr.aof: a batch does not match its checksum at offset"), "{log}");
    check(&[], &manifest, "").says(
        false,
        &["a batch does not match its checksum\nAOF analyzed: filename=appendonly.aof.1.incr.aof", "is not valid"],
    );
    check(&["--fix"], &manifest, "y\n").says(true, &["Successfully truncated AOF appendonly.aof.1.incr.aof\n"]);
    assert_eq!(keys(&mut server), first(4));
}

#[test]
fn garbage_at_the_end_was_never_promised() {
    let mut server = written(&[]);
    let (manifest, incr) = (file(&server, MANIFEST), file(&server, INCR));
    let whole = fs::metadata(&incr).unwrap().len();
    append(&incr, b"\0\0\0\0garbage");
    check(&[], &manifest, "").says(false, &[&format!("ok_up_to={whole}, "), "diff=11\n"]);
    assert_eq!(keys(&mut server), first(10));
}

#[test]
fn only_the_last_file_is_cut() {
    let mut server = written(&["--aof-use-rdb-preamble", "no"]);
    let base = file(&server, "appendonly.aof.1.base.aof");
    append(&base, b"garbage");
    let manifest = file(&server, MANIFEST);
    check(&[], &manifest, "").says(false, &["Start to check BASE AOF (RESP format).\n", "is not valid"]);
    check(&["--fix"], &manifest, "y\n")
        .says(false, &["Failed to truncate AOF appendonly.aof.1.base.aof because it is not the last file\n"]);
    server.refuses_to_start();
}

#[test]
fn a_damaged_base_or_manifest_is_refused() {
    let mut server = written(&[]);
    let (manifest, base) = (file(&server, MANIFEST), file(&server, BASE));
    let at = fs::read(&base).unwrap().windows(5).position(|w| w == b"ctime").unwrap();
    flip(&base, at);
    check(&[], &manifest, "").says(false, &["RDB preamble of AOF file is not sane, aborting.\n"]);
    server.refuses_to_start();
    flip(&base, at);
    append(&manifest, b"file a seq 2 type i\n");
    check(&[], &manifest, "").says(false, &["The checksum in the last line is wrong"]);
    assert!(server.refuses_to_start().contains("The checksum in the last line is wrong"));
    let list = format!("file {BASE} seq 1 type b\nfile {INCR} seq 1 type i\nfile a seq x type i\n");
    fs::write(&manifest, list).unwrap();
    let says = "Reading the manifest file, at line 3\n>>> 'file a seq x type i'\nInvalid AOF manifest file format\n";
    check(&[], &manifest, "").says(false, &["*** FATAL AOF MANIFEST FILE ERROR ***\n", says]);
    assert!(server.refuses_to_start().contains("Invalid AOF manifest file format"));
    let absent = format!("file {BASE} seq 1 type b\nfile absent seq 1 type i\n");
    fs::write(&manifest, absent).unwrap();
    check(&[], &manifest, "").says(false, &["Cannot open file", "absent: No such file or directory"]);
    let log = server.refuses_to_start();
    assert!(log.contains("absent"), "{log}");
}

#[test]
fn what_was_written_later_than_a_time_is_cut_off() {
    let mut server = start(&["--appendonly", "yes", "--appendfsync", "always", "--aof-timestamp-enabled", "yes"]);
    let mut c = server.client();
    for n in 0..3 {
        assert_reply!(c, ["SET", format!("key:{n}"), format!("value{n}")], ok());
        thread::sleep(Duration::from_millis(1100));
    }
    server.kill();
    let (manifest, incr) = (file(&server, MANIFEST), file(&server, INCR));
    let text = String::from_utf8(fs::read(&incr).unwrap()).unwrap();
    let stamps: Vec<u64> = text.lines().filter_map(|line| line.strip_prefix("#TS:")?.parse().ok()).collect();
    assert!(stamps.len() >= 3 && stamps.is_sorted(), "{stamps:?}");
    let upto = |seconds: u64, file: &Path| check(&["--truncate-to-timestamp", &seconds.to_string()], file, "");
    let same = |place: &Place, seconds: u64| {
        let args = ["--truncate-to-timestamp", &seconds.to_string()];
        if their_check(&args, &place.join(INCR), "").is_some() {
            assert_eq!(fs::read(place.join(INCR)).unwrap(), fs::read(&incr).unwrap(), "as the other tool cuts it");
        }
    };
    let last = stamps[stamps.len() - 1];
    upto(last, &manifest).says(true, &[&format!("Truncate nothing in AOF {INCR} to timestamp {last}\n")]);
    upto(stamps[0] - 1, &manifest).says(false, &["has nothing before timestamp", "aborting..."]);
    let place = Place::copy_of(incr.parent().unwrap());
    let second = stamps[1];
    upto(second, &manifest).says(true, &[&format!("Successfully truncated AOF {INCR} to timestamp {second}\n")]);
    same(&place, second);
    upto(stamps[0], &incr).says(true, &["Successfully truncated AOF"]);
    same(&place, stamps[0]);
    assert_eq!(keys(&mut server), first(1));
}

#[test]
fn another_servers_file_is_cut_where_its_own_tool_cuts_it() {
    let Some(mut theirs) = theirs() else { return };
    let (manifest, incr) = (file(&theirs, MANIFEST), file(&theirs, INCR));
    let whole = fs::read(&incr).unwrap();
    for len in (whole.len() - 45..whole.len()).chain([1, 9]) {
        fs::write(&incr, &whole[..len]).unwrap();
        let Some(want) = their_check(&[], &manifest, "") else { return };
        let got = check(&[], &manifest, "");
        assert_eq!((got.common(), got.content), (want.common(), want.content), "of {} bytes {len}", whole.len());
    }
    for at in [0, 1, 4, 23, 24, whole.len() / 2] {
        fs::write(&incr, &whole).unwrap();
        flip(&incr, at);
        let want = their_check(&[], &manifest, "").unwrap();
        let got = check(&[], &manifest, "");
        assert_eq!((got.common(), got.content), (want.common(), want.content), "byte {at}");
    }
    fs::write(&incr, &whole[..whole.len() - 3]).unwrap();
    let copy = Place::copy_of(incr.parent().unwrap());
    let want = their_check(&["--fix"], &copy.join(MANIFEST), "y\n").unwrap();
    assert_eq!(check(&["--fix"], &manifest, "y\n").common(), want.common());
    assert_eq!(fs::read(&incr).unwrap(), fs::read(copy.join(INCR)).unwrap());
    assert_eq!(keys(&mut theirs), first(9));
}

/// Commands as another server writes them.
pub fn commands(lines: &[&str]) -> Vec<u8> {
    let mut text = Vec::new();
    lines.iter().for_each(|line| encode(&line.split(' ').collect::<Vec<_>>(), &mut text));
    text
}

/// A server on a directory whose only file is this.
fn start_on(incr: &[u8], prepare: fn(&Path)) -> Server {
    let mut command = Command::new(subject());
    command.args(["--appendonly", "yes", "--appendfsync", "always"]);
    Server::start_prepared(command, |dir| {
        let dir = dir.join("appendonlydir");
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join(MANIFEST), format!("file {INCR} seq 1 type i\n")).unwrap();
        fs::write(dir.join(INCR), incr).unwrap();
        prepare(&dir);
    })
}

fn names(server: &Server) -> Vec<String> {
    let dir = fs::read_dir(server.dir.join("appendonlydir")).unwrap();
    let mut names: Vec<String> = dir.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn another_servers_last_file_is_gone_on_with() {
    let parts = [
        &b"#TS:1700000000\r\n"[..],
        &commands(&["SELECT 0", "SET key:0 value0"]),
        b"#TS:1700000007\r\n",
        &commands(&["SET key:1 value1", "MULTI", "SET key:2 value2"]),
        b"#TS:1700000008\r\n",
        &commands(&["SET text #TS:1", "EXEC"]),
        b"#TS:1700000009\r\n#it ends here\r\n",
        &commands(&["MULTI", "SET key:3 value3"]),
    ];
    let mut server = start_on(&parts.concat(), |_| {});
    let (manifest, incr) = (file(&server, MANIFEST), file(&server, INCR));
    let mut c = server.client();
    assert_reply!(c, ["GET", "text"], "#TS:1");
    assert_reply!(c, ["SET", "key:3", "value3"], ok());
    server.kill();
    assert_eq!(names(&server), [INCR, MANIFEST, TRUST]);
    let text = fs::read_to_string(&incr).unwrap();
    assert!(text.starts_with("#NORN:") && text.contains("\r\n#TS:1700000007\r\n#SUM:"), "{text}");
    check(&[], &manifest, "").says(true, &["All AOF files and manifest are valid"]);
    if let Some(theirs) = their_check(&[], &manifest, "") {
        theirs.says(true, &["All AOF files and manifest are valid"]);
    }
    assert_eq!(keys(&mut server), first(4));
    // The other server goes on behind what is ours now.
    append(&incr, &commands(&["SELECT 0", "SET key:4 value4"]));
    assert_eq!(keys(&mut server), first(5));
    assert_eq!(names(&server), [INCR, MANIFEST, TRUST]);
    // All of it has checksums, whoever wrote it.
    flip(&incr, value_at(&incr, 1));
    let log = server.refuses_to_start();
    assert!(log.contains("a batch does not match its checksum at offset"), "{log}");
}

#[test]
fn where_another_servers_file_cannot_be_written_anew_the_next_begins() {
    let obstacle = |dir: &Path| fs::create_dir(dir.join("temp-appendonly.aof.adopted")).unwrap();
    let theirs = commands(&["SELECT 0", "SET key:0 value0"]);
    let mut server = start_on(&theirs, obstacle);
    assert_reply!(server.client(), ["SET", "key:1", "value1"], ok());
    server.kill();
    assert_eq!(fs::read(file(&server, INCR)).unwrap(), theirs);
    assert!(file(&server, "appendonly.aof.2.incr.aof").exists());
    assert_eq!(keys(&mut server), first(2));
}

#[test]
fn replies_wait_for_a_write_that_takes_its_time() {
    let server = start(&["--appendonly", "yes", "--appendfsync", "always", "--enable-debug-command", "yes"]);
    let mut c = server.client();
    assert_reply!(c, ["DEBUG", "AOF-FLUSH-SLEEP", "300000"], ok());
    let began = Instant::now();
    assert_reply!(c, ["SET", "k", "1"], ok());
    assert!(began.elapsed() >= Duration::from_millis(300), "{:?}", began.elapsed());
    assert_reply!(c, ["DEBUG", "AOF-FLUSH-SLEEP", "0"], ok());
}
