//! CONFIG.

use crate::engine::{Progress, testing::Rig};

#[test]
fn several_patterns_and_directives() {
    let mut r = Rig::new();
    assert_eq!(r.run(0, "CONFIG GET maxmemory Port"), "[maxmemory 0 Port 6379]");
    assert_eq!(r.run(0, "CONFIG SET maxmemory 10mb timeout 7"), "+OK");
    assert_eq!(r.run(1, "CONFIG GET maxmemory timeout"), "[maxmemory 10485760 timeout 7]");
    assert_eq!(r.run(0, "CONFIG SET timeout"), "-ERR wrong number of arguments for 'config|set' command");
    assert_eq!(r.run(0, "CONFIG SET timeout 1 maxmemory"), "-ERR syntax error");
    let unknown = "-ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'";
    assert_eq!(r.run(0, "CONFIG SET timeout 1 nosuch 1"), unknown);
    let invalid = r.run(0, "CONFIG SET timeout 1 maxmemory-policy what");
    assert!(
        invalid.starts_with("-ERR CONFIG SET failed (possibly related to argument 'maxmemory-policy') - argument(s)")
    );
    let immutable = "-ERR CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config";
    assert_eq!(r.run(0, "CONFIG SET databases 5"), immutable);
    assert_eq!(r.run(1, "CONFIG GET timeout"), "[timeout 7]");
    assert_eq!(r.run(0, "CONFIG REWRITE"), "-ERR The server is running without a config file");
}

#[test]
fn a_password_set_at_run_time() {
    let mut r = Rig::new();
    r.run(0, "CONFIG SET requirepass secret");
    assert_eq!(r.run(0, "PING"), "+PONG");
    assert_eq!(r.run(1, "PING"), "-NOAUTH Authentication required.");
    r.run(0, "CONFIG SET requirepass ''");
    assert_eq!(r.run(1, "PING"), "+PONG");
}

#[test]
fn other_sockets_are_the_shells_work() {
    let mut r = Rig::new();
    assert_eq!(r.run(0, "CONFIG SET port 7000 timeout 3"), "(shell)");
    let Progress::Shell(crate::commands::ShellRequest::Reconfigure { undo }) = r.progress(0) else {
        panic!("asks the shell")
    };
    assert_eq!((undo.network.port, undo.network.timeout_s), (6379, 0));
    assert_eq!(r.run(1, "CONFIG SET port 7000"), "+OK");
}

#[test]
fn resetstat() {
    let mut r = Rig::new();
    r.run_all(0, &["GET k", "SET k", "CONFIG RESETSTAT"]);
    let shared = &r.engine.shared;
    let total: u64 = shared.workers.iter().map(|w| w.commands.get()).sum();
    assert_eq!(total, 1, "only CONFIG RESETSTAT itself, which ends after the reset");
    assert!(shared.errors.lock().is_empty());
    assert!(shared.workers.iter().all(|w| w.keyspace_misses.get() == 0));
}
