//! When keys cease to exist.

use crate::engine::testing::Rig;

#[test]
fn setting_and_asking() {
    Rig::new().script(
        "
        EXPIRE k 10 => :0
        TTL k => :-2
        PTTL k => :-2
        EXPIRETIME k => :-2
        PEXPIRETIME k => :-2
        PERSIST k => :0
        SET k v => +OK
        TTL k => :-1
        EXPIRETIME k => :-1
        PERSIST k => :0
        EXPIRE k 10 => :1
        TTL k => :10
        .wait 400
        TTL k => :10
        PTTL k => :9600
        .wait 200
        TTL k => :9
        PERSIST k => :1
        TTL k => :-1
        PEXPIRE k 1500 => :1
        PTTL k => :1500
        EXPIREAT k 33177117420 => :1
        EXPIRETIME k => :33177117420
        PEXPIREAT k 33177117420999 => :1
        PEXPIRETIME k => :33177117420999
        EXPIRETIME k => :33177117421
        PEXPIREAT k 9223372036854775807 => :1
        PEXPIRETIME k => :9223372036854775807
        GET k => v
        PEXPIREAT k 33177117420999 => :1
        PEXPIRETIME k => :33177117420999
        ",
    );
}

#[test]
fn a_time_that_has_come_deletes() {
    Rig::new().script(
        "
        SET k v => +OK
        EXPIRE k 0 => :1
        EXISTS k => :0
        SET k v => +OK
        EXPIRE k -1 => :1
        EXISTS k => :0
        SET k v => +OK
        PEXPIREAT k 5 => :1
        EXISTS k => :0
        SET k v => +OK
        EXPIRE k -9223372036854775 => :1
        EXISTS k => :0
        SET k v PX 10 => +OK
        .wait 10
        GET k => v
        PTTL k => :0
        .wait 1
        GET k => nil
        ",
    );
}

#[test]
fn conditions() {
    Rig::new().script(
        "
        SET k v => +OK
        EXPIRE k 100 XX => :0
        EXPIRE k 100 GT => :0
        TTL k => :-1
        EXPIRE k 100 LT => :1
        EXPIRE k 200 LT => :0
        EXPIRE k 100 LT => :0
        EXPIRE k 50 lt => :1
        EXPIRE k 50 GT => :0
        EXPIRE k 60 gt => :1
        EXPIRE k 70 NX => :0
        EXPIRE k 70 XX => :1
        TTL k => :70
        EXPIRE k 60 XX GT => :0
        EXPIRE k 80 GT XX => :1
        EXPIRE k 10 XX LT => :1
        PERSIST k => :1
        EXPIRE k 10 XX LT => :0
        EXPIRE k 10 NX => :1
        EXPIRE k 10 NX XX => -ERR NX and XX, GT or LT options at the same time are not compatible
        EXPIRE k 10 NX GT => -ERR NX and XX, GT or LT options at the same time are not compatible
        EXPIRE k 10 LT NX => -ERR NX and XX, GT or LT options at the same time are not compatible
        EXPIRE k 10 GT LT => -ERR GT and LT options at the same time are not compatible
        EXPIRE k 10 FOO => -ERR Unsupported option FOO
        EXPIRE k x FOO => -ERR Unsupported option FOO
        EXPIRE k -1 GT => :0
        PERSIST k => :1
        EXPIRE k -1 LT => :1
        EXISTS k => :0
        EXPIRE k 1 GT => :0
        ",
    );
}

#[test]
fn times_out_of_range() {
    Rig::new().script(
        "
        SET k v => +OK
        EXPIRE k x => -ERR value is not an integer or out of range
        EXPIRE k 9223372036854775808 => -ERR value is not an integer or out of range
        EXPIRE k 9223372036854776 => -ERR invalid expire time in 'expire' command
        EXPIRE k -9223372036854776 => -ERR invalid expire time in 'expire' command
        EXPIRE k 9223372036854775 => -ERR invalid expire time in 'expire' command
        PEXPIRE k 9223372036854775807 => -ERR invalid expire time in 'pexpire' command
        EXPIREAT k 9223372036854776 => -ERR invalid expire time in 'expireat' command
        EXPIREAT k 9223372036854775 => :1
        PEXPIRETIME k => :9223372036854775000
        EXPIRE k => -ERR wrong number of arguments for 'expire' command
        TTL k k => -ERR wrong number of arguments for 'ttl' command
        ",
    );
}

#[test]
fn active_expiry_needs_no_access() {
    let mut r = Rig::new();
    for i in 0..100 {
        r.run(0, &format!("SET {i} v PX {}", if i % 2 == 0 { 10 } else { 100_000 }));
    }
    r.advance_ms(11);
    assert_eq!(r.run(0, "DBSIZE"), ":100");
    r.expire_some();
    assert_eq!(r.run(0, "DBSIZE"), ":50");
}

#[test]
fn the_wall_clock_may_jump() {
    let mut r = Rig::new();
    let start = r.now().wall.0;
    r.script("SET k v PX 1000 => +OK");
    r.set_wall_ms(start - 5000);
    r.script("PTTL k => :6000\n EXPIRE k 1 => :1\n PTTL k => :1000");
    r.set_wall_ms(start + 60_000);
    r.script("GET k => nil");
}
