//! What commands write to the journal, and in which order.

mod base;
mod collections;
mod hashes;
mod random;
mod replay;
mod streams;
mod strings;

use crate::engine::testing::Rig;

#[test]
fn what_changes_something_is_written_as_it_was_asked() {
    let mut r = Rig::new();
    r.script(
        r#"
        .journal =>
        SET a 1 => +OK
        GET a => 1
        DEL nothing => :0
        INCR a => :2
        .journal => SELECT 0 | SET a 1 | INCR a
        SELECT 3 => +OK
        LPUSH l x => :1
        LPUSH l => -ERR wrong number of arguments for 'lpush' command
        APPEND l x => -WRONGTYPE Operation against a key holding the wrong kind of value
        .journal => SELECT 3 | LPUSH l x
        "#,
    );
}

#[test]
fn an_expired_key_is_deleted_before_what_found_it() {
    let mut r = Rig::new();
    r.script(
        r#"
        SET a 1 => +OK
        PEXPIRE a 10 => :1
        .journal =>
        .wait 11
        APPEND a x => :1
        GET nothing => nil
        .journal => SELECT 0 | MULTI | UNLINK a | APPEND a x | EXEC
        PEXPIRE a 10 => :1
        .wait 11
        GET a => nil
        "#,
    );
    assert!(r.journal().ends_with("UNLINK a"));
}

#[test]
fn a_transaction_is_whole() {
    let mut r = Rig::new();
    r.script(
        r#"
        .journal =>
        MULTI => +OK
        SET a 1 => +QUEUED
        GET a => +QUEUED
        SELECT 1 => +QUEUED
        SET b 2 => +QUEUED
        EXEC => [+OK 1 +OK +OK]
        .journal => SELECT 0 | MULTI | SET a 1 | SELECT 1 | SET b 2 | EXEC
        MULTI => +OK
        SET c 1 => +QUEUED
        EXEC => [+OK]
        .journal => SET c 1
        "#,
    );
}

#[test]
fn who_waited_comes_after_who_served_it() {
    let mut r = Rig::new();
    r.script(
        r#"
        .journal =>
        1> BLMOVE a b LEFT LEFT 0 => (blocked)
        RPUSH a x => :1
        1> .mail => x
        "#,
    );
    let journal = r.journal();
    let lines: Vec<&str> = journal.lines().collect();
    assert_eq!(lines[..2], ["SELECT 0", "RPUSH a x"]);
    assert_eq!(lines.len(), 3);
}

#[test]
fn evicted_keys_are_deleted() {
    let mut r = Rig::with(1, &[("maxmemory-policy", "allkeys-random")]);
    r.journal();
    r.run_all(0, &["SET a 1", "CONFIG SET maxmemory 1"]);
    assert_eq!(r.journal(), "SELECT 0\nSET a 1");
    r.run(0, "SET b 1");
    assert!(r.journal().starts_with("UNLINK a"));
}
