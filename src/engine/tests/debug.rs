//! DEBUG and MEMORY.

use crate::{
    commands::ShellRequest,
    engine::{Progress, testing::Rig},
};

fn rig() -> Rig {
    Rig::with(2, &[])
}

/// A rig whose clients may use DEBUG.
fn open() -> Rig {
    let r = rig();
    let allowed: Result<(), ()> = r.engine.shared.config.update(|c| {
        c.security.enable_debug_command = crate::config::ProtectedAction::Local;
        Ok(())
    });
    assert!(allowed.is_ok());
    r
}

#[test]
fn debug_is_closed_unless_configured() {
    let refusal = "-ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run \
                   it from a local connection, otherwise you need to set this option in the configuration file, and \
                   then restart the server.";
    assert_eq!(rig().run(0, "DEBUG SLEEP 0"), refusal);
    assert_eq!(
        open().run(0, "DEBUG NOSUCH"),
        "-ERR unknown subcommand or wrong number of arguments for 'NOSUCH'. Try DEBUG HELP."
    );
    assert_eq!(
        open().run(0, "DEBUG SLEEP"),
        "-ERR unknown subcommand or wrong number of arguments for 'SLEEP'. Try DEBUG HELP."
    );
}

#[test]
fn every_directive_can_be_written() {
    let mut r = open();
    assert_eq!(r.run(0, "DEBUG CONFIG-REWRITE-FORCE-ALL"), "-ERR The server is running without a config file");
}

#[test]
fn objects_are_described() {
    let mut r = open();
    r.run(0, "SET k 123");
    let got = r.run(0, "DEBUG OBJECT k");
    assert!(got.starts_with("+Value at:0x"), "{got}");
    assert!(got.contains(" refcount:2147483647 encoding:int serializedlength:3 lru:"), "{got}");
    assert!(got.contains(" lru_seconds_idle:0 "), "{got}");
    assert_eq!(r.run(0, "DEBUG OBJECT nothing"), "-ERR no such key");
    let long = "x".repeat(3000);
    r.run(0, &format!("RPUSH l {long} {long} {long} {long}"));
    let got = r.run(0, "DEBUG OBJECT l");
    assert!(
        got.contains("encoding:quicklist") && got.contains(" ql_nodes:2 ql_avg_node:2.00 ql_listpack_max:-2"),
        "{got}"
    );
}

#[test]
fn equal_data_has_equal_digests() {
    let mut r = open();
    r.run_all(0, &["HSET a f 1 g 2", "HSET b g 2 f 1", "HSET c f 2 g 1", "SET s x"]);
    let [a, b, c, gone] = ["a", "b", "c", "nothing"].map(|k| r.run(0, &format!("DEBUG DIGEST-VALUE {k}")));
    assert_eq!(a, b);
    assert_ne!(a, c);
    assert_eq!(gone, format!("[+{}]", "0".repeat(40)));
    let all = r.run(0, "DEBUG DIGEST");
    assert_eq!(all.len(), 41);
    r.run(0, "SET s y");
    assert_ne!(r.run(0, "DEBUG DIGEST"), all);
    r.run(0, "SET s x");
    assert_eq!(r.run(0, "DEBUG DIGEST"), all);
}

#[test]
fn populate_fills_and_spares_what_is_there() {
    let mut r = open();
    r.run(0, "SET key:1 mine");
    assert_eq!(r.run(0, "DEBUG POPULATE 3"), "+OK");
    assert_eq!([0, 1, 2].map(|i| r.run(0, &format!("GET key:{i}"))), ["value:0", "mine", "value:2"]);
    assert_eq!(r.run(0, "DEBUG POPULATE 1 p 100"), "+OK");
    assert_eq!(r.run(0, "STRLEN p:0"), ":100");
    assert!(r.run(0, "DEBUG HTSTATS 0").contains(" number of elements: 4\n"));
    assert_eq!(r.run(0, "DEBUG POPULATE -1"), "-ERR value is out of range, must be positive");
}

#[test]
fn sleep_is_the_shells_and_counts_as_time_spent() {
    let mut r = open();
    assert_eq!(r.run(0, "DEBUG SLEEP 0.25"), "(shell)");
    assert!(matches!(r.progress(0), Progress::Shell(_)));
    assert!(r.run(1, "SLOWLOG GET").contains(":250000 [DEBUG SLEEP 0.25]"));
    r.run_all(2, &["MULTI", "DEBUG SLEEP 0.25", "DEBUG LOADAOF"]);
    assert_eq!(r.run(2, "EXEC"), "[+OK -ERR Command not allowed inside a transaction]");
    assert_eq!(r.run(1, "PING"), "(paused)");
}

#[test]
fn what_a_transaction_asks_of_the_shell_comes_after_it() {
    let mut r = rig();
    r.run_all(0, &["MULTI", "SET k 1", "MEMORY PURGE", "INCR k", "MEMORY MALLOC-STATS"]);
    r.run(0, "EXEC");
    let Progress::Shell(ShellRequest::InTurn(asked)) = r.progress(0) else { panic!("it asks for both") };
    let [(ShellRequest::ReleaseMemory, rest), (ShellRequest::AllocatorReport, end)] = &asked[..] else {
        panic!("{asked:?}")
    };
    assert_eq!((rest.to_vec(), end.len()), (b":2\r\n".to_vec(), 0));
    assert_eq!(r.run(1, "GET k"), "2");
}

#[test]
fn switches_and_examples() {
    let mut r = open();
    assert_eq!(r.run(0, "DEBUG ERROR 'OOPS it broke'"), "-OOPS it broke");
    assert_eq!(r.run(0, "DEBUG STRINGMATCH-LEN a*c abc"), ":1");
    assert_eq!(r.run(0, "DEBUG PROTOCOL map"), "[:0 :0 :1 :1 :2 :0]");
    assert_eq!(r.run(0, "DEBUG PROTOCOL push"), "-ERR RESP2 is not supported by this command");
    r.session(1).resp3 = true;
    assert_eq!(r.run(1, "DEBUG PROTOCOL double"), ",3.141");
    assert_eq!(r.run(1, "DEBUG PROTOCOL map"), "{:0: #f, :1: #t, :2: #f}");
    assert!(r.run(1, "DEBUG PROTOCOL attrib").starts_with("|{key-popularity: [key:123 :90]} Some"));
    assert_eq!(
        r.run(0, "DEBUG QUICKLIST-PACKED-THRESHOLD 5gb"),
        "-ERR argument must be a memory value bigger than 1 and smaller than 4gb"
    );
    assert_eq!(r.run(0, "DEBUG QUICKLIST-PACKED-THRESHOLD 100b"), "+OK");
    assert_eq!(r.run(0, "DEBUG SET-ACTIVE-EXPIRE 0"), "+OK");
    assert!(!r.engine.shared.debug.active_expire.load(std::sync::atomic::Ordering::Relaxed));
}

#[test]
fn usage_of_a_key_is_its_share_of_the_account() {
    let mut r = rig();
    assert_eq!(r.run(0, "MEMORY USAGE k"), "nil");
    r.run(0, "SET k 12345");
    // A block of 32 bytes and a slot.
    let small: i64 = r.run(0, "MEMORY USAGE k")[1..].parse().unwrap();
    assert!((25..=41).contains(&small), "{small}");
    r.run(0, &format!("SET k {}", "x".repeat(100_000)));
    let large: i64 = r.run(0, "MEMORY USAGE k SAMPLES 0")[1..].parse().unwrap();
    assert!((100_000..110_000).contains(&large), "{large}");
    assert_eq!(r.run(0, "MEMORY USAGE k SAMPLES"), "-ERR syntax error");
    assert_eq!(r.run(0, "MEMORY USAGE k SAMPLES -1"), "-ERR syntax error");
    assert_eq!(r.run(0, "MEMORY USAGE k SAMPLES x"), "-ERR value is not an integer or out of range");
}

#[test]
fn memory_reports() {
    let mut r = rig();
    r.run_all(0, &["SET a 1", "SET b 2", "SELECT 3", "SET c 3"]);
    r.session(1).resp3 = true;
    let got = r.run(1, "MEMORY STATS");
    for part in [
        "keys.count: :3",
        "db.0: {overhead.hashtable.main: :",
        "db.3: {",
        "dataset.percentage: ,",
        "overhead.db.hashtable.rehashing: :0",
    ] {
        assert!(got.contains(part), "{part} in {got}");
    }
    assert!(!got.contains("db.1"));
    assert!(r.run(0, "MEMORY DOCTOR").contains("Hardly any memory"));
    assert_eq!(r.run(0, "MEMORY PURGE"), "(shell)");
}
