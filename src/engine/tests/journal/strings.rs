//! Strings and expiries.

use crate::engine::testing::Rig;

#[test]
fn expiries_are_unix_times_in_ms() {
    let mut r = Rig::new();
    r.script(
        r#"
        .journal =>
        SET a 1 EX 10 => +OK
        SET a 1 PX 10 NX => nil
        SET a 2 PX 10 XX GET => 1
        SET a 3 EXAT 1720000005 => +OK
        SET a 4 NX PXAT 1720000000005 GET => 3
        set a 4 PXAT 1720000000005 get => 3
        SETEX a 10 5 => +OK
        PSETEX a 10 6 => +OK
        .journal => SELECT 0 | SET a 1 PXAT 1720000010000 | SET a 2 PXAT 1720000000010 | SET a 3 PXAT 1720000005000 | set a 4 PXAT 1720000000005 get | SET a 5 PXAT 1720000010000 | SET a 6 PXAT 1720000000010
        EXPIRE a 10 => :1
        PEXPIRE a 20 lt => :1
        EXPIREAT a 1720000001 => :1
        pexpireat a 1720000002000 GT => :1
        EXPIRE a 1 NX => :0
        EXPIRE nothing 1 => :0
        GETEX a => 6
        GETEX a EX 3 => 6
        GETEX a PXAT 1720000004000 => 6
        GETEX a PERSIST => 6
        GETEX a PERSIST => 6
        .journal => PEXPIREAT a 1720000010000 | PEXPIREAT a 1720000000020 lt | PEXPIREAT a 1720000001000 | PEXPIREAT a 1720000002000 GT | PEXPIREAT a 1720000003000 | PEXPIREAT a 1720000004000 | PERSIST a
        MSETEX 2 a 1 b 2 NX EX 10 => :0
        MSETEX 2 a 1 b 2 EX 10 => :1
        MSETEX 1 b 2 KEEPTTL => :1
        .journal => MSETEX 2 a 1 b 2 PXAT 1720000010000 | MSETEX 1 b 2 KEEPTTL
        "#,
    );
}

#[test]
fn what_expires_at_once_is_deleted() {
    let mut r = Rig::new();
    r.script(
        r#"
        MSET a 1 b 1 c 1 d 1 e 1 f 1 => +OK
        .journal =>
        EXPIRE a -1 => :1
        SET b 1 PXAT 5 => +OK
        SET nothing 1 PXAT 5 => +OK
        GETEX c EXAT 5 => 1
        MSETEX 2 d 1 nothing 1 PXAT 5 => :1
        CONFIG SET lazyfree-lazy-expire no => +OK
        EXPIREAT e 1 => :1
        DUMP nothing => nil
        .journal => SELECT 0 | UNLINK a | UNLINK b | UNLINK c | UNLINK d | DEL e
        "#,
    );
}

#[test]
fn a_value_read_on_the_way_is_not_asked_for_again() {
    let mut r = Rig::new();
    r.script(
        r#"
        .journal =>
        SET a 1 GET => nil
        SET a 2 get XX GET => 1
        GETSET a 3 => 2
        GETDEL a => 3
        GETDEL a => nil
        SET a 1 => +OK
        DELIFEQ a 2 => :0
        DELIFEQ a 1 => :1
        .journal => SELECT 0 | SET a 1 | SET a 2 XX | SET a 3 | DEL a | SET a 1 | DEL a
        INCRBYFLOAT a 0.5 => 0.5
        INCRBYFLOAT a 3e2 => 300.5
        .journal => SET a 0.5 KEEPTTL | SET a 300.5 KEEPTTL
        BITFIELD b OVERFLOW FAIL SET u1 20 3 => [nil]
        STRLEN b => :3
        .journal => BITFIELD b OVERFLOW FAIL SET u1 20 3
        "#,
    );
}

#[test]
fn a_restored_key_expires_at_a_unix_time() {
    let mut r = Rig::new();
    r.run(0, "SET a 1");
    let dump = match &r.call(0, &[b"DUMP", b"a"])[0] {
        crate::protocol::value::Value::Bulk(dump) => dump.clone(),
        other => panic!("{other:?}"),
    };
    r.journal();
    r.call(0, &[b"RESTORE", b"b", b"10", &dump]);
    r.call(0, &[b"RESTORE", b"b", b"10", &dump, b"REPLACE", b"IDLETIME", b"5"]);
    r.call(0, &[b"RESTORE", b"b", b"1720000000009", &dump, b"replace", b"absttl"]);
    r.call(0, &[b"RESTORE", b"b", b"0", &dump, b"REPLACE"]);
    r.call(0, &[b"RESTORE", b"b", b"9", &dump, b"REPLACE", b"ABSTTL"]);
    r.call(0, &[b"RESTORE", b"c", b"9", &dump, b"ABSTTL"]);
    let shown = crate::engine::testing::show(&crate::protocol::value::Value::Bulk(dump));
    let want = "SELECT 0|RESTORE b 1720000000010 D ABSTTL|RESTORE b 1720000000010 D REPLACE IDLETIME 5 ABSTTL|\
                RESTORE b 1720000000009 D replace absttl|RESTORE b 0 D REPLACE|UNLINK b";
    assert_eq!(r.journal().replace(&shown, "D").replace('\n', "|"), want);
}

#[test]
fn databases() {
    let mut r = Rig::new();
    r.script(
        r#"
        .journal =>
        FLUSHDB => +OK
        FLUSHALL SYNC => +OK
        SET a 1 PX 5 => +OK
        COPY a b DB 1 => :1
        MOVE a 2 => :1
        SWAPDB 0 1 => +OK
        .journal => SELECT 0 | FLUSHDB | FLUSHALL SYNC | SET a 1 PXAT 1720000000005 | COPY a b DB 1 | MOVE a 2 | SWAPDB 0 1
        .wait 6
        COPY b c => :0
        SET a 1 => +OK
        MOVE a 2 => :1
        .journal => UNLINK b | SET a 1 | SELECT 2 | MULTI | UNLINK a | SELECT 0 | MOVE a 2 | EXEC
        "#,
    );
}
