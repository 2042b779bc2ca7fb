//! What the server shows of its process: its title, its descriptors, its memory.

use crate::common::{Client, Value, bulk, int, ok, start};
use crate::{assert_error, assert_reply};

/// The text of a reply.
fn text(c: &mut Client, line: &str) -> String {
    match c.line(line) {
        Value::Bulk(text) => String::from_utf8_lossy(&text).into_owned(),
        other => panic!("{line}: {other:?}"),
    }
}

/// A number in the text of INFO or CLIENT LIST.
fn number(text: &str, name: &str) -> i64 {
    let mut fields = text.split(['\r', '\n', ' ']).filter_map(|f| f.split_once([':', '=']));
    let (_, value) = fields.find(|(n, _)| *n == name).unwrap_or_else(|| panic!("no {name} in {text}"));
    value.parse().unwrap_or_else(|_| panic!("{name} is {value}"))
}

#[cfg(target_os = "linux")]
#[test]
fn the_title_follows_its_template() {
    let title = |pid: u32| std::fs::read_to_string(format!("/proc/{pid}/cmdline")).expect("a process");
    let server = start(&[]);
    let shown = title(server.pid());
    let words: Vec<&str> = shown.trim_end_matches('\0').split(' ').collect();
    assert!(words[0].ends_with("norn") && words[1..] == [format!("127.0.0.1:{}", server.port)], "{shown:?}");
    let mut c = server.client();
    let long = format!("T {{port}} {}", "x".repeat(600));
    assert_reply!(c, ["CONFIG", "SET", "proc-title-template", long.as_str()], ok());
    assert_eq!(title(server.pid()).trim_end_matches('\0'), long.replace("{port}", &server.port.to_string()));
    assert_reply!(c, ["CONFIG", "SET", "proc-title-template", "short {tls-port}"], ok());
    assert_eq!(title(server.pid()).trim_end_matches('\0'), "short 0");
    assert_error!(c, ["CONFIG", "SET", "proc-title-template", "{invalid-var}"], "ERR CONFIG SET failed");
    let plain = start(&["--set-proc-title", "no"]);
    assert!(title(plain.pid()).contains("\0--set-proc-title\0no\0"), "the arguments are left alone");
}

#[test]
fn more_clients_than_files_are_refused() {
    let server = start(&["--maxclients", "100"]);
    let mut c = server.client();
    let refusal = "ERR CONFIG SET failed (possibly related to argument 'maxclients') - The operating system is not \
                   able to handle the specified number of clients, try with ";
    assert_error!(c, ["CONFIG", "SET", "maxclients", "4294967295", "timeout", "5"], refusal);
    assert_eq!(c.line("CONFIG GET maxclients"), Value::Array(vec!["maxclients".into(), "100".into()]));
    assert_eq!(c.line("CONFIG GET timeout"), Value::Array(vec!["timeout".into(), "0".into()]));
    assert_reply!(c, ["CONFIG", "SET", "maxclients", "50"], ok());
}

#[cfg(target_os = "linux")]
#[test]
fn a_client_is_found_by_its_descriptor() {
    let server = start(&[]);
    let mut c = server.client();
    let fd = number(&text(&mut c, "CLIENT INFO"), "fd");
    let link = std::fs::read_link(format!("/proc/{}/fd/{fd}", server.pid())).expect("an open file");
    assert!(link.to_string_lossy().starts_with("socket:"), "{link:?}");
}

#[test]
fn the_allocator_tells_what_the_account_counts() {
    let server = start(&["--enable-debug-command", "local", "--io-threads", "1"]);
    let mut c = server.client();
    let figures = |c: &mut Client| {
        // Two looks at the process are at most 100 ms apart.
        std::thread::sleep(std::time::Duration::from_millis(300));
        let info = text(c, "INFO memory");
        ["used_memory", "allocator_allocated", "used_memory_rss"].map(|name| number(&info, name) as f64)
    };
    let before = figures(&mut c);
    assert_reply!(c, ["DEBUG", "POPULATE", "200000", "key", "100"], ok());
    let after = figures(&mut c);
    let [account, heap, rss] = std::array::from_fn(|i| after[i] - before[i]);
    assert!(account > 200_000.0 * 110.0, "{account}");
    assert!((0.97..1.03).contains(&(heap / account)), "{heap} of the heap for {account}");
    assert!((0.9..1.2).contains(&(rss / account)), "{rss} in memory for {account}");
    let info = text(&mut c, "INFO memory");
    assert!(info.contains("\r\nmem_allocator:jemalloc-5.") && number(&info, "allocator_resident") > 0, "{info}");
    let Value::Array(stats) = c.line("MEMORY STATS") else { panic!("pairs") };
    assert_eq!(stats.len(), 2 * 32, "31 fields and one database");
    assert!(text(&mut c, "MEMORY MALLOC-STATS").contains("Allocated: "));
    assert_reply!(c, ["FLUSHALL", "SYNC"], ok());
    assert_reply!(c, ["MEMORY", "PURGE"], ok());
    let [account, heap, rss] = figures(&mut c);
    assert!(account - before[0] < 1e6 && heap - before[1] < 2e6, "{account} {heap}");
    assert!(rss - before[2] < 6e6, "{rss} after {before:?}");
}

#[test]
fn a_request_of_many_arguments_leaves_nothing_behind() {
    let server = start(&["--io-threads", "1"]);
    let (mut c, mut many) = (server.client(), server.client());
    let keys: Vec<String> = (0..300_000).map(|n| format!("k{n}")).collect();
    let heap = |c: &mut Client| {
        std::thread::sleep(std::time::Duration::from_millis(300));
        number(&text(c, "INFO memory"), "allocator_allocated")
    };
    let before = heap(&mut c);
    let request: Vec<&str> = std::iter::once("EXISTS").chain(keys.iter().map(String::as_str)).collect();
    assert_eq!(many.pipeline(&[request]).expect("a reply"), [Value::Int(0)]);
    let after = heap(&mut c);
    assert!(after - before < 300_000, "{before} {after}");
}

#[test]
fn who_flushes_in_sync_waits_until_all_is_freed_and_goes_on_then() {
    let server = start(&["--io-threads", "2"]);
    let (mut c, mut other) = (server.client(), server.client());
    let values = (0..2000).map(|n| vec!["RPUSH".into(), format!("k{n}"), "x".repeat(100)]);
    c.pipeline(&values.collect::<Vec<_>>()).expect("replies");
    let members: Vec<String> = (0..200_000).map(|n| n.to_string()).collect();
    c.cmd(&[&["SADD".to_owned(), "set".to_owned()], members.as_slice()].concat());
    other.line("UNLINK set");
    let replies =
        c.pipeline(&[vec!["FLUSHALL", "SYNC"], vec!["INFO", "memory"], vec!["SET", "a", "b"], vec!["DBSIZE"]]);
    let replies = replies.expect("replies");
    assert_eq!([&replies[0], &replies[2], &replies[3]], [&ok(), &ok(), &int(1)]);
    let info = replies[1].text();
    // What somebody else has dropped before has been freed as well.
    assert!(info.contains("lazyfree_pending_objects:0\r") && info.contains("lazyfreed_objects:1\r"), "{info}");
    assert_eq!(other.line("GET a"), bulk("b"));
}
