//! Transactions.

use crate::engine::testing::Rig;

#[test]
fn queueing() {
    Rig::new().script(
        "
        EXEC => -ERR EXEC without MULTI
        DISCARD => -ERR DISCARD without MULTI
        MULTI => +OK
        SET a 1 => +QUEUED
        INCR a => +QUEUED
        GET a => +QUEUED
        1> GET a => nil
        EXEC => [+OK :2 2]
        MULTI => +OK
        EXEC => []
        MULTI => +OK
        SET a 5 => +QUEUED
        DISCARD => +OK
        GET a => 2
        EXEC => -ERR EXEC without MULTI
        ",
    );
}

#[test]
fn errors_while_queueing_abort() {
    Rig::new().script(
        "
        MULTI => +OK
        SET a 1 => +QUEUED
        SET a => -ERR wrong number of arguments for 'set' command
        EXEC => -EXECABORT Transaction discarded because of previous errors.
        EXISTS a => :0
        MULTI => +OK
        NOSUCH => -ERR unknown command 'NOSUCH', with args beginning with: 
        EXEC => -EXECABORT Transaction discarded because of previous errors.
        MULTI => +OK
        MULTI => -ERR Command not allowed inside a transaction
        EXEC => -EXECABORT Transaction discarded because of previous errors.
        MULTI => +OK
        WATCH a => -ERR Command not allowed inside a transaction
        EXEC => -EXECABORT Transaction discarded because of previous errors.
        MULTI => +OK
        OBJECT FOO a => -ERR unknown subcommand 'FOO'. Try OBJECT HELP.
        DISCARD => +OK
        PING => +PONG
        ",
    );
}

#[test]
fn an_exec_that_is_refused_ends_the_transaction() {
    Rig::new().script(
        "
        EXEC extra => -EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command
        MULTI => +OK
        SET a 1 => +QUEUED
        EXEC extra => -EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command
        EXEC => -ERR EXEC without MULTI
        GET a => nil
        ",
    );
}

#[test]
fn errors_while_running_do_not() {
    Rig::new().script(
        "
        SET a x => +OK
        MULTI => +OK
        INCR a => +QUEUED
        SET b 1 => +QUEUED
        RENAME nothing b => +QUEUED
        EXEC => [-ERR value is not an integer or out of range +OK -ERR no such key]
        GET b => 1
        ",
    );
}

#[test]
fn watching() {
    Rig::new().script(
        "
        SET a 1 => +OK
        WATCH a b => +OK
        MULTI => +OK
        PING => +QUEUED
        EXEC => [+PONG]
        WATCH a b a => +OK
        1> SET b 1 => +OK
        MULTI => +OK
        PING => +QUEUED
        EXEC => nil[]
        MULTI => +OK
        PING => +QUEUED
        EXEC => [+PONG]
        WATCH a => +OK
        SET a 2 => +OK
        MULTI => +OK
        EXEC => nil[]
        WATCH a => +OK
        1> SET a 3 => +OK
        UNWATCH => +OK
        MULTI => +OK
        EXEC => []
        WATCH a => +OK
        1> SET a 3 => +OK
        MULTI => +OK
        DISCARD => +OK
        MULTI => +OK
        EXEC => []
        WATCH a => +OK
        1> SET a 3 => +OK
        MULTI => +OK
        UNWATCH => +QUEUED
        EXEC => nil[]
        WATCH a => +OK
        MULTI => +OK
        UNWATCH => +QUEUED
        EXEC => [+OK]
        ",
    );
}

/// Whether EXEC fails after somebody does this to the watched key `k` (`x` exists, too).
fn spoils(before: &[&str], during: &[&str]) -> bool {
    let mut r = Rig::new();
    r.run_all(0, &["SET k v", "SET x y"]);
    r.run_all(0, before);
    r.run(0, "WATCH k");
    for line in during {
        assert!(!r.run(1, line).starts_with('-'), "{line}");
    }
    r.run_all(0, &["MULTI", "PING"]);
    r.run(0, "EXEC") == "nil[]"
}

#[test]
fn what_spoils_a_watched_key() {
    let writers = [
        "SET k v",
        "DEL k",
        "UNLINK k",
        "APPEND k 1",
        "SETRANGE k 0 1",
        "EXPIRE k 100",
        "EXPIRE k 0",
        "GETDEL k",
        "GETEX k EX 5",
        "RENAME k z",
        "RENAME x k",
        "MOVE k 1",
        "COPY x k REPLACE",
        "MSET k 1",
        "FLUSHDB",
        "FLUSHALL",
        "SWAPDB 0 1",
        "GETSET k 1",
        "DELIFEQ k v",
        "MSETEX 1 k 1",
        "SET k v XX GET",
    ];
    for w in writers {
        assert!(spoils(&[], &[w]), "{w}");
    }
    let others = [
        "GET k",
        "EXISTS k",
        "SET k v NX",
        "SET x 1",
        "SWAPDB 1 2",
        "TTL k",
        "PERSIST k",
        "GETEX k",
        "COPY k z",
        "RENAMENX x k",
        "SET k v IFEQ w",
        "DELIFEQ k w",
        "SETRANGE k 5 ''",
        "COPY x k",
        "TOUCH k",
        "SCAN 0",
    ];
    for o in others {
        assert!(!spoils(&[], &[o]), "{o}");
    }
    assert!(spoils(&["DEL k"], &["SET k 1"]));
    assert!(!spoils(&["DEL k"], &["DEL k"]));
    assert!(!spoils(&["DEL k"], &["FLUSHALL"]));
    assert!(spoils(&["DEL k", "COPY x k DB 1"], &["SWAPDB 0 1"]));
    assert!(spoils(&["EXPIRE k 10"], &["PERSIST k"]));
}

#[test]
fn expiry_and_watching() {
    let mut r = Rig::new();
    // A key that expires while it is watched, seen by nobody or by somebody.
    r.script("SET k v PX 5 => +OK\n WATCH k => +OK\n .wait 6\n MULTI => +OK\n EXEC => nil[]");
    r.script("SET k v PX 5 => +OK\n WATCH k => +OK\n .wait 6\n 1> GET k => nil\n MULTI => +OK\n EXEC => nil[]");
    // One that had expired before.
    r.script("SET k v PX 5 => +OK\n .wait 6\n WATCH k => +OK\n MULTI => +OK\n EXEC => []");
    r.script("SET k v PX 5 => +OK\n .wait 6\n WATCH k => +OK\n 1> GET k => nil\n MULTI => +OK\n EXEC => []");
    r.script("SET k v PX 5 => +OK\n .wait 6\n WATCH k => +OK\n 1> FLUSHALL => +OK\n MULTI => +OK\n EXEC => []");
    // A missing or expired key that is exchanged for an expired one has not changed.
    r.script("SET k v PX 5 => +OK\n .wait 6\n WATCH k => +OK\n SWAPDB 0 1 => +OK\n MULTI => +OK\n EXEC => []");
    r.script("FLUSHALL => +OK\n SET k v PX 5 => +OK\n SWAPDB 0 1 => +OK\n .wait 6");
    r.script("WATCH k => +OK\n SWAPDB 0 1 => +OK\n MULTI => +OK\n EXEC => []");
}

#[test]
fn time_stands_still_and_commands_of_every_scope_run() {
    Rig::new().script(
        "
        SET a 1 PX 100 => +OK
        MULTI => +OK
        DBSIZE => +QUEUED
        SCAN 0 => +QUEUED
        RANDOMKEY => +QUEUED
        KEYS * => +QUEUED
        SWAPDB 0 1 => +QUEUED
        DBSIZE => +QUEUED
        FLUSHALL => +QUEUED
        GET a => +QUEUED
        EXEC => [:1 [0 [a]] a [a] +OK :0 +OK nil]
        ",
    );
}

#[test]
fn a_client_that_leaves_watches_nothing() {
    let mut r = Rig::new();
    r.script("WATCH a b => +OK\n MULTI => +OK\n PING => +QUEUED");
    r.disconnect(0);
    // The rig checks at its end that no shard remembers a watcher.
}

#[test]
fn exec_is_refused_when_its_writes_no_longer_may_run() {
    Rig::new().script(
        "
        SET a 1 => +OK
        MULTI => +OK
        INCR a => +QUEUED
        1> MULTI => +OK
        1> GET a => +QUEUED
        2> CONFIG SET min-replicas-to-write 2 => +OK
        EXEC => -EXECABORT Transaction discarded because of: NOREPLICAS Not enough good replicas to write.
        1> EXEC => [1]
        INCR a => -NOREPLICAS Not enough good replicas to write.
        2> CONFIG SET min-replicas-to-write 0 => +OK
        INCR a => :2
        ",
    );
}

#[test]
fn waiters_are_served_as_late_as_the_transaction_ends() {
    let mut r = Rig::new();
    assert_eq!(r.run(1, "BLPOP l 0"), "(blocked)");
    r.run_all(0, &["MULTI", "RPUSH l a", "PEXPIRE l 100", "PING"]);
    r.step_ms(40);
    assert_eq!(r.run(0, "EXEC"), "[:1 :1 +PONG]");
    r.step_ms(0);
    assert_eq!(r.mail(1), "", "what it waits for has expired meanwhile");
    r.run(0, "RPUSH l b");
    assert_eq!(r.mail(1), "[l b]");
}
