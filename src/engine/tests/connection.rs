//! Connection commands and how the engine counts what it runs.

use crate::engine::testing::Rig;

#[test]
fn authentication() {
    let mut r = Rig::new();
    assert!(r.run(0, "AUTH x").starts_with("-ERR AUTH <password> called without any password configured"));
    assert_eq!(r.run(0, "AUTH default anything"), "+OK");
    assert_eq!(r.run(0, "AUTH a b c"), "-ERR syntax error");
    let mut r = Rig::with(1, &[("requirepass", "secret")]);
    assert_eq!(r.run(0, "GET k"), "-NOAUTH Authentication required.");
    assert_eq!(r.run(0, "PING"), "-NOAUTH Authentication required.");
    assert!(r.run(0, "HELLO 3").starts_with("-NOAUTH HELLO must be called"));
    assert_eq!(r.run(0, "AUTH wrong"), "-WRONGPASS invalid username-password pair or user is disabled.");
    assert_eq!(r.run(0, "AUTH other secret"), "-WRONGPASS invalid username-password pair or user is disabled.");
    assert_eq!(r.run(0, "AUTH secret"), "+OK");
    assert_eq!(r.run_all(0, &["RESET", "GET k"]), "-NOAUTH Authentication required.");
    assert!(r.run(0, "HELLO 3 AUTH default secret").starts_with("{server: valkey"));
    assert_eq!(r.run(0, "GET k"), "nil");
}

#[test]
fn hello_chooses_the_protocol() {
    let mut r = Rig::new();
    let version = crate::base::version::VALKEY;
    let reply = format!("[server valkey version {version} proto :2 id :1 mode standalone role master modules []]");
    assert_eq!(r.run(0, "HELLO"), reply);
    assert_eq!(r.run(0, "HELLO 4"), "-NOPROTO unsupported protocol version");
    assert_eq!(r.run(0, "HELLO x"), "-ERR Protocol version is not an integer or out of range");
    assert_eq!(r.run(0, "HELLO 3 FOO"), "-ERR Syntax error in HELLO option 'FOO'");
    assert_eq!(r.run(0, "HELLO 3 AUTH a"), "-ERR Syntax error in HELLO option 'AUTH'");
    let refused = "-ERR Client names cannot contain spaces, newlines or special characters.";
    assert_eq!(r.run(0, "HELLO 3 SETNAME 'a b'"), refused);
    assert!(!r.session(0).resp3, "a refused HELLO changes nothing");
    assert!(r.run(0, "HELLO 3 SETNAME me").starts_with("{server: valkey, version: "));
    assert_eq!(r.session(0).info.names.lock().name, "me");
    let mut r = Rig::with(1, &[("extended-redis-compatibility", "yes")]);
    let greeting = format!("[server valkey version {} proto :2", crate::base::version::VALKEY);
    assert!(r.run(0, "HELLO 2").starts_with(&greeting), "the directive has had its time");
}

#[test]
fn select_echo_ping_quit() {
    let mut r = Rig::new();
    assert_eq!(r.run_all(0, &["SET k 0", "SELECT 1", "GET k"]), "nil");
    assert_eq!(r.run(0, "SELECT 16"), "-ERR DB index is out of range");
    assert_eq!(r.run(0, "SELECT -1"), "-ERR DB index is out of range");
    assert_eq!(r.run(0, "SELECT one"), "-ERR value is not an integer or out of range");
    let far = "-ERR value is out of range, value must between -2147483648 and 2147483647";
    assert_eq!(r.run(0, "SELECT 3000000000"), far);
    assert_eq!(r.run(0, "ECHO 'two words'"), "two words");
    assert_eq!(r.run(0, "PING a b"), "-ERR wrong number of arguments for 'ping' command");
    assert_eq!(r.run(0, "QUIT"), "+OK");
    assert!(matches!(r.progress(0), crate::engine::Progress::Close));
}

#[test]
fn reset_makes_a_new_connection() {
    let mut r = Rig::new();
    r.run_all(0, &["HELLO 3 SETNAME me", "SELECT 3"]);
    assert_eq!(r.run(0, "RESET"), "+RESET");
    let s = r.session(0);
    assert_eq!((s.db, s.resp3, s.info.names.lock().name.as_str()), (0, false, ""));
}

#[test]
fn calls_refusals_and_failures_are_told_apart() {
    let mut r = Rig::new();
    let counts = |r: &Rig, name: &str| {
        let id = crate::commands::table::find(name.as_bytes()).expect("known").id as usize;
        let all = r.engine.shared.workers.iter().map(|w| &w.per_command[id]);
        all.fold((0, 0, 0), |(c, j, f), s| (c + s.calls.get(), j + s.rejected.get(), f + s.failed.get()))
    };
    r.run_all(0, &["SET k v", "SET k", "AUTH x", "nosuch"]);
    assert_eq!(counts(&r, "set"), (1, 1, 0));
    assert_eq!(counts(&r, "auth"), (1, 0, 1));
    assert_eq!(r.engine.shared.workers[0].error_replies.get(), 3);
    assert_eq!(r.engine.shared.errors.lock()["ERR"], 3);
}
