//! Streams and their groups.

use crate::engine::testing::Rig;

#[test]
fn ids_and_what_was_trimmed_are_told() {
    let mut r = Rig::with(1, &[("stream-node-max-entries", "2")]);
    r.script(
        r#"
        .journal =>
        XADD x * a 1 => 1720000000000-0
        XADD x 1720000000000-* a 1 => 1720000000000-1
        XADD x 1720000000001 a 1 => 1720000000001-0
        XADD x NOMKSTREAM MAXLEN ~ 1 LIMIT 5 * a 1 => 1720000000001-1
        XADD x MAXLEN 2 1720000000002-1 a 1 => 1720000000002-1
        XADD x MINID ~ 1720000000001-1 1720000000003-1 a 1 => 1720000000003-1
        .journal => SELECT 0 | XADD x 1720000000000-0 a 1 | XADD x 1720000000000-1 a 1 | XADD x 1720000000001 a 1 | XADD x NOMKSTREAM MAXLEN = 2 LIMIT 5 1720000000001-1 a 1 | XADD x MAXLEN 2 1720000000002-1 a 1 | XADD x MINID = 1720000000001-1 1720000000003-1 a 1
        XTRIM x MAXLEN ~ 0 => :3
        .journal => XTRIM x MAXLEN = 0
        XADD x 1720000000004-1 a 1 => 1720000000004-1
        XTRIM x MINID ~ 1730000000000 LIMIT 9 => :1
        .journal => XADD x 1720000000004-1 a 1 | XTRIM x MINID = 18446744073709551615-18446744073709551615 LIMIT 9
        "#,
    );
}

#[test]
fn reading_in_a_group_is_claiming() {
    let mut r = Rig::new();
    r.script(
        r#"
        XADD x 1-1 a 1 => 1-1
        XADD x 1-2 a 1 => 1-2
        XADD x 1-3 a 1 => 1-3
        XGROUP CREATE x g 0 => +OK
        .journal =>
        XREADGROUP GROUP g c COUNT 2 STREAMS x > => [[x [[1-1 [a 1]] [1-2 [a 1]]]]]
        .journal => SELECT 0 | MULTI | XCLAIM x g c 0 1-1 TIME 1720000000000 RETRYCOUNT 1 FORCE JUSTID LASTID 1-1 | XCLAIM x g c 0 1-2 TIME 1720000000000 RETRYCOUNT 1 FORCE JUSTID LASTID 1-2 | XGROUP SETID x g 1-2 ENTRIESREAD 2 | EXEC
        XREADGROUP GROUP g d NOACK STREAMS x > => [[x [[1-3 [a 1]]]]]
        .journal => MULTI | XGROUP CREATECONSUMER x g d | XGROUP SETID x g 1-3 ENTRIESREAD 3 | EXEC
        XREADGROUP GROUP g e STREAMS x > => nil[]
        .journal => XGROUP CREATECONSUMER x g e
        .wait 5
        XREADGROUP GROUP g c STREAMS x 1-1 => [[x [[1-2 [a 1]]]]]
        .journal => XCLAIM x g c 0 1-2 TIME 1720000000005 RETRYCOUNT 2 FORCE JUSTID LASTID 1-3
        XREADGROUP GROUP g c STREAMS x > => nil[]
        .journal =>
        1> XREADGROUP GROUP g c BLOCK 0 STREAMS x > => (blocked)
        XADD x 1-4 a 1 => 1-4
        .journal => XADD x 1-4 a 1 | MULTI | XCLAIM x g c 0 1-4 TIME 1720000000005 RETRYCOUNT 1 FORCE JUSTID LASTID 1-4 | XGROUP SETID x g 1-4 ENTRIESREAD 4 | EXEC
        XACK x g 1-4 9-9 => :1
        XACK x g 9-9 => :0
        .journal => XACK x g 1-4 9-9
        "#,
    );
}

#[test]
fn claims_are_told_one_by_one() {
    let mut r = Rig::new();
    r.script(
        r#"
        XADD x 1-1 a 1 => 1-1
        XADD x 1-2 a 1 => 1-2
        XGROUP CREATE x g 0 => +OK
        XREADGROUP GROUP g c STREAMS x > => [[x [[1-1 [a 1]] [1-2 [a 1]]]]]
        XDEL x 1-2 => :1
        .journal =>
        .wait 7
        XCLAIM x g d 0 1-1 1-2 IDLE 2 => [[1-1 [a 1]]]
        .journal => SELECT 0 | MULTI | XCLAIM x g d 0 1-1 TIME 1720000000005 RETRYCOUNT 2 FORCE JUSTID LASTID 1-2 | XCLAIM x g c 0 1-2 TIME 1720000000000 RETRYCOUNT 1 FORCE JUSTID LASTID 1-2 | EXEC
        XCLAIM x g e 1000 1-1 => []
        XCLAIM x g e 1000 1-1 LASTID 7-7 => []
        .journal => XGROUP CREATECONSUMER x g e | XGROUP SETID x g 7-7 ENTRIESREAD 2
        XAUTOCLAIM x g f 0 0 JUSTID => [0-0 [1-1] []]
        .journal => XCLAIM x g f 0 1-1 TIME 1720000000007 RETRYCOUNT 2 FORCE JUSTID LASTID 7-7
        XDEL x 1-1 => :1
        XAUTOCLAIM x g h 0 0 => [0-0 [] [1-1]]
        .journal => XDEL x 1-1 | MULTI | XCLAIM x g f 0 1-1 TIME 1720000000007 RETRYCOUNT 2 FORCE JUSTID LASTID 7-7 | XGROUP CREATECONSUMER x g h | EXEC
        "#,
    );
}
