//! Keyspace notifications: which events each command raises, and in what order.

use crate::{engine::testing::Rig, session::channels::Space};
use bytes::Bytes;

/// The client that hears every event.
const LISTENER: usize = 9;

fn listening() -> Rig {
    let mut r = Rig::with(2, &[("notify-keyspace-events", "EAmn")]);
    let info = r.session(LISTENER).info.clone();
    let pattern = Bytes::from_static(b"__keyevent@*");
    r.session(LISTENER).subscriptions.patterns.insert(pattern.clone());
    r.engine.shared.channels.subscribe(Space::Pattern, pattern, &info);
    r
}

/// What was heard since the last call, as `event key@db`.
fn heard(r: &mut Rig) -> String {
    let mail = r.mail(LISTENER);
    let event = |line: &str| {
        let (_, event) = line.split_once("__keyevent@* __keyevent@")?;
        let (db, event) = event.trim_end_matches(']').split_once("__:")?;
        Some(format!("{event}@{db}"))
    };
    mail.lines().filter_map(event).collect::<Vec<_>>().join(", ")
}

/// Runs lines of `preparation; ...; command => events of the last command`, each on an
/// empty server.
fn check(table: &str) {
    for line in table.lines().map(str::trim).filter(|l| !l.is_empty()) {
        let (commands, want) = line.split_once(" =>").expect("commands => events");
        let mut r = listening();
        for command in commands.split("; ") {
            heard(&mut r);
            if let Some(ms) = command.strip_prefix(".wait ") {
                r.advance_ms(ms.parse().expect("milliseconds"));
            } else {
                r.run(0, command);
            }
        }
        assert_eq!(heard(&mut r), want.trim(), "{line}");
    }
}

#[test]
fn of_sets() {
    check(
        "
        SADD s a b => new s@0, sadd s@0
        SADD s a; SADD s a =>
        SADD s a; SADD s a b => sadd s@0
        SADD s a b; SREM s a => srem s@0
        SADD s a b; SREM s none =>
        SADD s a b; SREM s a b => srem s@0, del s@0
        SREM s a =>
        SADD s a b; SPOP s => spop s@0
        SADD s a; SPOP s => spop s@0, del s@0
        SADD s a b c; SPOP s 2 => spop s@0
        SADD s a b c; SPOP s 3 => spop s@0, del s@0
        SADD s a b c; SPOP s 0 =>
        SPOP s =>
        SPOP s 2 =>
        SADD s a b; SMOVE s d a => srem s@0, new d@0, sadd d@0
        SADD s a; SADD d a; SMOVE s d a => srem s@0, del s@0
        SADD s a; SMOVE s s a =>
        SADD s a; SMOVE s d none =>
        SMOVE s d a =>
        SADD s a; SADD t a; SINTERSTORE d s t => new d@0, sinterstore d@0
        SADD s a; SUNIONSTORE s s => sunionstore s@0
        SADD s a; SADD d b; SDIFFSTORE d s none => keymiss none@0, sdiffstore d@0
        SADD s a; SADD d b; SDIFFSTORE d s s => del d@0
        SADD s a; SDIFFSTORE d s s =>
        SADD s a; SADD d b; SINTERSTORE d s none => keymiss none@0, del d@0
        SMEMBERS none => keymiss none@0
        SCARD none => keymiss none@0
        SISMEMBER none a => keymiss none@0
        SMISMEMBER none a => keymiss none@0
        SRANDMEMBER none => keymiss none@0
        SSCAN none 0 => keymiss none@0
        SINTER none s => keymiss none@0, keymiss s@0
        SUNION none s => keymiss none@0, keymiss s@0
        SDIFF none s => keymiss none@0, keymiss s@0
        ",
    );
}

#[test]
fn of_strings() {
    check(
        "
        SET k v => new k@0, set k@0
        SET k v; SET k w => set k@0
        SET k v EX 10 => new k@0, set k@0, expire k@0
        SET k v; SET k v EX 10 => set k@0, expire k@0
        SET k v; SET k v NX =>
        SET k v; SET k v PXAT 1 => del k@0
        SET k v PXAT 1 =>
        SET k v XX =>
        SET k v; SET k w GET => set k@0
        SET k v GET => keymiss k@0, new k@0, set k@0
        SETNX k v => new k@0, set k@0
        SETEX k 10 v => new k@0, set k@0, expire k@0
        GETSET k v => keymiss k@0, new k@0, set k@0
        GET k => keymiss k@0
        MGET k j => keymiss k@0, keymiss j@0
        STRLEN k => keymiss k@0
        MSET a 1 b 2 => new a@0, set a@0, new b@0, set b@0
        MSETNX a 1 b 2 => new a@0, set a@0, new b@0, set b@0
        SET k v; GETDEL k => del k@0
        SET k v; GETEX k =>
        SET k v; GETEX k EX 5 => expire k@0
        SET k v; GETEX k PERSIST =>
        SET k v EX 5; GETEX k PERSIST => persist k@0
        SET k v; GETEX k PXAT 1 => del k@0
        APPEND k v => new k@0, append k@0
        SET k v; APPEND k v => append k@0
        SETRANGE k 1 v => new k@0, setrange k@0
        SET k v; SETRANGE k 1 v => setrange k@0
        SET k v; SETRANGE k 1 '' =>
        INCR k => new k@0, incrby k@0
        SET k 1; DECRBY k 1 => incrby k@0
        SET k v; INCR k =>
        INCRBYFLOAT k 1 => new k@0, incrbyfloat k@0
        SET k v PX 1; .wait 5; GET k => expired k@0, keymiss k@0
        SET k v PX 1; .wait 5; SET k v => expired k@0, new k@0, set k@0
        SET k v; LCS k j => keymiss j@0
        ",
    );
}

#[test]
fn of_what_redis_7_lacks() {
    check(
        "
        SET k v; DELIFEQ k v => del k@0
        SET k v; DELIFEQ k w =>
        SET k v; SET k w IFEQ v => set k@0
        SET k v; SET k w IFEQ x =>
        MSETEX 1 k v EX 5 => new k@0, set k@0, expire k@0
        ",
    );
}

#[test]
fn of_keys() {
    check(
        "
        MSET a 1 b 2; DEL a b c => del a@0, del b@0
        SET a 1; UNLINK a => del a@0
        EXISTS a => keymiss a@0
        TOUCH a => keymiss a@0
        TYPE a => keymiss a@0
        TTL a => keymiss a@0
        OBJECT ENCODING a =>
        SET a 1; RENAME a b => new b@0, rename_from a@0, rename_to b@0
        MSET a 1 b 2; RENAME a b => new b@0, rename_from a@0, rename_to b@0
        SET a 1; RENAME a a =>
        MSET a 1 b 2; RENAMENX a b =>
        SET a 1; RENAMENX a b => new b@0, rename_from a@0, rename_to b@0
        SET a 1; MOVE a 1 => new a@1, move_from a@0, move_to a@1
        SET a 1; COPY a b => new b@0, copy_to b@0
        SET a 1; COPY a b DB 3 => new b@3, copy_to b@3
        MSET a 1 b 2; COPY a b REPLACE => new b@0, copy_to b@0
        COPY a b => keymiss a@0
        SET a 1; EXPIRE a 10 => expire a@0
        SET a 1; EXPIRE a 10 XX =>
        SET a 1; EXPIRE a 0 => del a@0
        SET a 1 EX 10; PERSIST a => persist a@0
        SET a 1; PERSIST a =>
        SET a 1 PX 1; .wait 5; SCAN 0 => expired a@0
        SET a 1 PX 1; .wait 5; DEL a => expired a@0
        SET a 1 PX 1; .wait 5; EXPIRE a 10 => expired a@0
        SET a 1 PX 1; .wait 5; RANDOMKEY => expired a@0
        SET a 1; FLUSHALL =>
        SET a 1; SWAPDB 0 1 =>
        SET a 1; MULTI; SET a 2; DEL a; EXEC => set a@0, del a@0
        ",
    );
}

#[test]
fn of_sorted_sets() {
    check(
        "
        ZADD z 1 a 2 b => new z@0, zadd z@0
        ZADD z 1 a; ZADD z 1 a =>
        ZADD z 1 a; ZADD z CH 2 a => zadd z@0
        ZINCRBY z 1 a => new z@0, zincr z@0
        ZADD z 1 a; ZADD z XX INCR 1 a => zincr z@0
        ZADD z 1 a 2 b; ZREM z a x => zrem z@0
        ZADD z 1 a 2 b; ZREM z a b => zrem z@0, del z@0
        ZADD z 1 a 2 b; ZREMRANGEBYRANK z 0 0 => zremrangebyrank z@0
        ZADD z 1 a 2 b; ZREMRANGEBYSCORE z 0 9 => zremrangebyscore z@0, del z@0
        ZADD z 1 a 2 b; ZREMRANGEBYLEX z [b + => zremrangebylex z@0
        ZADD z 1 a 2 b; ZPOPMIN z => zpopmin z@0
        ZADD z 1 a 2 b; ZPOPMAX z 5 => zpopmax z@0, del z@0
        ZADD z 1 a; ZMPOP 1 z MIN => zpopmin z@0, del z@0
        ZADD z 1 a; ZUNIONSTORE d 1 z => new d@0, zunionstore d@0
        ZADD z 1 a; ZINTERSTORE d 1 z => new d@0, zinterstore d@0
        ZADD z 1 a; ZDIFFSTORE d 1 z => new d@0, zdiffstore d@0
        ZADD z 1 a; ZDIFFSTORE z 2 z z => del z@0
        ZADD z 1 a; ZRANGESTORE d z 0 -1 => new d@0, zrangestore d@0
        ZADD z 1 a; ZRANGESTORE z z 5 9 => del z@0
        GEOADD z 1 1 a => new z@0, zadd z@0
        GEOADD z 1 1 a; GEOSEARCHSTORE d z FROMMEMBER a BYRADIUS 1 m => new d@0, geosearchstore d@0
        GEOADD z 1 1 a; GEORADIUS z 1 1 9 km STORE d => new d@0, georadiusstore d@0
        GEOADD z 1 1 a; GEOSEARCHSTORE z z FROMLONLAT 9 9 BYRADIUS 1 m => del z@0
        ",
    );
}

#[test]
fn of_streams() {
    check(
        "
        XADD s 1-1 f v => new s@0, xadd s@0
        XADD s 1-1 f v; XADD s MAXLEN 1 1-2 f v => xadd s@0, xtrim s@0
        XADD s 1-1 f v; XADD s MAXLEN 5 1-2 f v => xadd s@0
        XADD s 1-1 f v; XADD s 1-1 f v =>
        XADD s 1-1 f v; XTRIM s MAXLEN 0 => xtrim s@0
        XADD s 1-1 f v; XTRIM s MAXLEN 1 =>
        XADD s 1-1 f v; XDEL s 1-1 => xdel s@0
        XADD s 1-1 f v; XDEL s 2-1 =>
        XADD s 1-1 f v; XSETID s 5-5 => xsetid s@0
        XGROUP CREATE s g 0 MKSTREAM => new s@0, xgroup-create s@0
        XGROUP CREATE s g 0 MKSTREAM; XGROUP CREATE s g 0 =>
        XGROUP CREATE s g 0 MKSTREAM; XGROUP SETID s g 0 => xgroup-setid s@0
        XGROUP CREATE s g 0 MKSTREAM; XGROUP CREATECONSUMER s g c => xgroup-createconsumer s@0
        XGROUP CREATE s g 0 MKSTREAM; XGROUP DELCONSUMER s g c =>
        XGROUP CREATE s g 0 MKSTREAM; XGROUP CREATECONSUMER s g c; XGROUP DELCONSUMER s g c => xgroup-delconsumer s@0
        XGROUP CREATE s g 0 MKSTREAM; XGROUP DESTROY s g => xgroup-destroy s@0
        XGROUP CREATE s g 0 MKSTREAM; XREADGROUP GROUP g c STREAMS s > => xgroup-createconsumer s@0
        XADD s 1-1 f v; XGROUP CREATE s g 0; XREADGROUP GROUP g c STREAMS s >; XACK s g 1-1 =>
        XADD s 1-1 f v; XGROUP CREATE s g 0; XCLAIM s g c 0 1-1 FORCE => xgroup-createconsumer s@0
        ",
    );
}
