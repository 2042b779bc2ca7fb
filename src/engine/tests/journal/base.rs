//! Keys as the commands that a base consists of. That these bring everything back, whatever it
//! is, is tried in [`super::random`].

use crate::engine::testing::Rig;

fn rig() -> Rig {
    let mut r = Rig::new();
    r.run(0, "CONFIG SET aof-use-rdb-preamble no");
    r
}

#[test]
fn every_type_has_its_commands() {
    rig().script(
        r#"
        .base =>
        SET int 12 => +OK
        PEXPIREAT int 1720000009000 => :1
        .base => SELECT 0 | SET int 12 | PEXPIREAT int 1720000009000
        DEL int => :1
        RPUSH l a 7 b => :3
        .base => SELECT 0 | RPUSH l a 7 b
        DEL l => :1
        SADD s 3 1 2 => :3
        EXPIREAT s 1720000009 => :1
        .base => SELECT 0 | SADD s 1 2 3 | PEXPIREAT s 1720000009000
        DEL s => :1
        ZADD z 2.5 b -inf a 1e300 c => :3
        .base => SELECT 0 | ZADD z -inf a 2.5 b 1e+300 c
        DEL z => :1
        HSET h f 1 => :1
        .base => SELECT 0 | HMSET h f 1
        HPEXPIREAT h 1720000008000 FIELDS 1 f => [:1]
        .base => SELECT 0 | HSETEX h PXAT 1720000008000 FIELDS 1 f 1
        SELECT 5 => +OK
        SET elsewhere x => +OK
        .base => SELECT 0 | HSETEX h PXAT 1720000008000 FIELDS 1 f 1 | SELECT 5 | SET elsewhere x
        "#,
    );
}

#[test]
fn a_long_text_is_shared_and_a_long_list_is_many_commands() {
    let mut r = rig();
    r.run(0, "SETRANGE text 50000 end");
    r.run(0, "PEXPIREAT text 1720000009000");
    let base = r.rewrite();
    let begins: &[u8] = b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$4\r\ntext\r\n$50003\r\n\0\0";
    assert!(base.starts_with(begins));
    assert!(base.ends_with(b"\0end\r\n*3\r\n$9\r\nPEXPIREAT\r\n$4\r\ntext\r\n$13\r\n1720000009000\r\n"));
    r.run(0, "DEL text");
    for n in 0..1000 {
        r.run(0, &format!("RPUSH l {n} {}", "x".repeat(300)));
    }
    let base = r.rewrite();
    let most = base.windows(9).filter(|w| w == b"$5\r\nRPUSH").count();
    assert!((2000 / 64..200).contains(&most), "{most}");
    let mut other = Rig::new();
    other.replay(&base);
    assert_eq!(other.contents(), r.contents());
}

#[test]
fn a_stream_comes_back_with_what_is_pending_and_gone() {
    let mut r = rig();
    r.script(
        r#"
        XGROUP CREATE x g 0 MKSTREAM => +OK
        .base => SELECT 0 | XADD x MAXLEN 0 0-1 x y | XSETID x 0-0 ENTRIESADDED 0 MAXDELETEDID 0-0 | XGROUP CREATE x g 0-0 ENTRIESREAD -1
        XADD x 1-1 a 1 => 1-1
        XADD x 2-1 a 2 b 3 => 2-1
        XADD x 3-1 a 4 => 3-1
        XGROUP CREATECONSUMER x g idle => :1
        XREADGROUP GROUP g alice STREAMS x > => [[x [[1-1 [a 1]] [2-1 [a 2 b 3]] [3-1 [a 4]]]]]
        XACK x g 3-1 => :1
        .base => SELECT 0 | XADD x 1-1 a 1 | XADD x 2-1 a 2 b 3 | XADD x 3-1 a 4 | XSETID x 3-1 ENTRIESADDED 3 MAXDELETEDID 0-0 | XGROUP CREATE x g 3-1 ENTRIESREAD 3 | XCLAIM x g alice 0 1-1 TIME 1720000000000 RETRYCOUNT 1 JUSTID FORCE | XCLAIM x g alice 0 2-1 TIME 1720000000000 RETRYCOUNT 1 JUSTID FORCE | XGROUP CREATECONSUMER x g idle
        XTRIM x MAXLEN 2 => :1
        XDEL x 2-1 => :1
        .base => SELECT 0 | XADD x 1-1 x y | XADD x 2-1 x y | XADD x 3-1 a 4 | XGROUP CREATE x g 3-1 ENTRIESREAD 3 | XCLAIM x g alice 0 1-1 TIME 1720000000000 RETRYCOUNT 1 JUSTID FORCE | XCLAIM x g alice 0 2-1 TIME 1720000000000 RETRYCOUNT 1 JUSTID FORCE | XGROUP CREATECONSUMER x g idle | XTRIM x MINID 3-1 | XSETID x 3-1 ENTRIESADDED 3 MAXDELETEDID 2-1
        "#,
    );
    for gone in ["", "XDEL x 3-1"] {
        r.run(0, gone);
        let mut other = Rig::new();
        other.replay(&r.rewrite());
        assert_eq!(other.contents(), r.contents(), "{gone}");
    }
}

#[test]
fn functions_need_the_other_form() {
    let mut r = rig();
    r.run(0, "SET k 1");
    r.engine.shared.functions.lock().push((&b"#!lua name=l"[..]).into());
    assert!(r.rewrite().starts_with(b"REDIS"));
}
