//! Hashes, and fields that expire.

use crate::engine::testing::Rig;

#[test]
fn fields_expire_at_unix_times() {
    let mut r = Rig::new();
    r.script(
        r#"
        HSET h f 1 g 2 i 3 => :3
        .journal =>
        HEXPIRE h 10 FIELDS 2 f none => [:1 :-2]
        HPEXPIRE h 20 LT FIELDS 1 f => [:1]
        HEXPIREAT h 1720000009 FIELDS 1 f => [:1]
        HPEXPIREAT h 1720000008000 FIELDS 1 f => [:1]
        HEXPIRE h 10 NX FIELDS 1 f => [:0]
        HPERSIST h FIELDS 2 f g => [:1 :-1]
        .journal => SELECT 0 | HPEXPIREAT h 1720000010000 FIELDS 2 f none | HPEXPIREAT h 1720000000020 LT FIELDS 1 f | HPEXPIREAT h 1720000009000 FIELDS 1 f | HPEXPIREAT h 1720000008000 FIELDS 1 f | HPERSIST h FIELDS 2 f g
        HGETEX h EX 5 FIELDS 2 f none => [1 nil]
        HGETEX h PERSIST FIELDS 2 f g => [1 2]
        HGETEX h FIELDS 1 f => [1]
        HSETEX h FXX EX 10 FIELDS 1 f 2 => :1
        HSETEX h FNX EX 10 FIELDS 1 f 2 => :0
        HSETEX h KEEPTTL FIELDS 1 f 2 => :1
        HINCRBYFLOAT h f 0.5 => 2.5
        HINCRBYFLOAT h g 0.5 => 2.5
        .journal => HPEXPIREAT h 1720000005000 FIELDS 1 f | HPERSIST h FIELDS 1 f | HSETEX h PXAT 1720000010000 FIELDS 1 f 2 | HSETEX h KEEPTTL FIELDS 1 f 2 | HSETEX h KEEPTTL FIELDS 1 f 2.5 | HSET h g 2.5
        HGETDEL h FIELDS 2 g none => [2.5 nil]
        HEXPIREAT h 1 FIELDS 2 f none => [:2 :-2]
        HSETEX h PXAT 1 FIELDS 2 i 3 none 4 => :1
        .journal => HDEL h g | HDEL h f | HDEL h i
        "#,
    );
}

#[test]
fn a_field_that_has_expired_goes_before_the_command_that_found_it() {
    let mut r = Rig::new();
    r.script(
        r#"
        HSETEX h PX 5 FIELDS 3 f 1 g 2 i 3 => :1
        HSET h stays 1 => :1
        .journal =>
        .wait 6
        HINCRBY h f 7 => :7
        HDEL h g => :0
        HEXPIRE h 9 FIELDS 1 i => [:-2]
        .journal => SELECT 0 | MULTI | HDEL h f | HINCRBY h f 7 | EXEC | HDEL h g | HDEL h i
        "#,
    );
    r.script("HSETEX k PX 5 FIELDS 2 f 1 g 2 => :1\n.wait 6");
    r.journal();
    r.expire_some();
    let journal = r.journal();
    assert!(["HDEL k f g", "HDEL k g f"].contains(&journal.as_str()), "{journal}");
}

#[test]
fn a_hash_whose_last_field_has_expired_is_another_when_it_is_written() {
    let mut r = Rig::new();
    r.script(
        r#"
        HSETEX h PX 5 FIELDS 1 f 1 => :1
        PEXPIRE h 1000 => :1
        .journal =>
        .wait 6
        HSET h f 2 => :1
        PTTL h => :-1
        .journal => SELECT 0 | MULTI | HDEL h f | HSET h f 2 | EXEC
        "#,
    );
}

#[test]
fn what_is_sorted_by_may_have_expired() {
    let mut r = Rig::new();
    r.script(
        r#"
        RPUSH l 1 2 => :2
        HSETEX w1 PX 5 FIELDS 1 f 9 => :1
        HSET w2 f 5 => :1
        .journal =>
        .wait 6
        SORT l BY w*->f STORE d => :2
        .journal => SELECT 0 | MULTI | HDEL w1 f | SORT l BY w*->f STORE d | EXEC
        "#,
    );
}
