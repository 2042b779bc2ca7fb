//! Executing a journal.

use crate::{engine::testing::Rig, protocol::value::encode_command};

fn text(lines: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in lines {
        encode_command(&line.split(' ').map(str::as_bytes).collect::<Vec<_>>(), &mut bytes);
    }
    bytes
}

#[test]
fn nothing_expires_but_by_the_journal() {
    let mut r = Rig::new();
    r.replay(&text(&[
        "SELECT 1",
        "SET a 1 PXAT 5",
        "APPEND a 2",
        "PEXPIREAT a 6",
        "SET b 1 PXAT 5",
        "UNLINK b",
        "HSETEX h PXAT 5 FIELDS 3 f 1 g 1 i 1",
        "HINCRBY h f 1",
        "HPEXPIREAT h 4 FIELDS 1 i",
        "HDEL h g",
    ]));
    let all: Vec<String> = r.contents().into_iter().map(|((db, k), v)| format!("{db} {k} {v}")).collect();
    assert_eq!(all, ["1 a string until 6: 12", "1 h hash: f 2 Some(5), i 1 Some(4)"]);
    r.script("SELECT 1 => +OK\nGET a => nil\nHGET h f => nil");
}

#[test]
fn what_others_write_beside_a_threshold_is_no_error() {
    let mut r = Rig::new();
    r.replay(&text(&["XADD x 1-1 a 1", "XADD x MAXLEN = 1 LIMIT 10 1-2 a 1", "XTRIM x MINID = 1-2 LIMIT 10"]));
    r.script("XRANGE x - + => [[1-2 [a 1]]]");
    assert_eq!(r.run(0, "XTRIM x MAXLEN = 1 LIMIT 10").get(..4), Some("-ERR"));
}

#[test]
fn a_delivery_in_the_future_stays_there() {
    let mut r = Rig::new();
    let far = "XCLAIM x g c 0 1-1 TIME 9999999999999 RETRYCOUNT 3 FORCE JUSTID LASTID 1-1";
    r.replay(&text(&["XADD x 1-1 a 1", "XGROUP CREATE x g 0", far]));
    assert!(r.contents().values().all(|v| v.ends_with("1-1 for c at 9999999999999 3 times")));
}
