//! Publish, subscribe, keyspace events and MONITOR.

use crate::engine::testing::Rig;

#[test]
fn messages_reach_channels_and_patterns() {
    let mut r = Rig::new();
    assert_eq!(r.run(1, "SUBSCRIBE a b"), "[subscribe a :1]\n[subscribe b :2]");
    assert_eq!(r.run(2, "PSUBSCRIBE a* ?"), "[psubscribe a* :1]\n[psubscribe ? :2]");
    assert_eq!(r.run(0, "PUBLISH a hello"), ":3");
    assert_eq!(r.run(0, "PUBLISH c none"), ":1");
    assert_eq!(r.mail(1), "[message a hello]");
    assert_eq!(r.mail(2), "[pmessage ? a hello]\n[pmessage a* a hello]\n[pmessage ? c none]");
    assert_eq!(r.run(0, "PUBSUB CHANNELS"), "[a b]");
    assert_eq!(r.run(0, "PUBSUB CHANNELS b*"), "[b]");
    assert_eq!(r.run(0, "PUBSUB NUMSUB a z"), "[a :1 z :0]");
    assert_eq!(r.run(0, "PUBSUB NUMPAT"), ":2");
    r.disconnect(1);
    assert_eq!(r.run(0, "PUBSUB CHANNELS"), "[]");
}

#[test]
fn shard_channels_are_apart() {
    let mut r = Rig::new();
    assert_eq!(r.run(1, "SSUBSCRIBE a"), "[ssubscribe a :1]");
    assert_eq!(r.run(1, "SUBSCRIBE a"), "[subscribe a :1]");
    assert_eq!(r.run(0, "SPUBLISH a x"), ":1");
    assert_eq!(r.run(0, "PUBLISH a y"), ":1");
    assert_eq!(r.mail(1), "[smessage a x]\n[message a y]");
    assert_eq!(r.run(0, "PUBSUB SHARDCHANNELS"), "[a]");
    assert_eq!(r.run(0, "PUBSUB SHARDNUMSUB a b"), "[a :1 b :0]");
    assert_eq!(r.run(1, "SUNSUBSCRIBE"), "[sunsubscribe a :0]");
}

#[test]
fn leaving_is_confirmed_even_from_nothing() {
    let mut r = Rig::new();
    assert_eq!(r.run(0, "UNSUBSCRIBE"), "[unsubscribe nil :0]");
    assert_eq!(r.run(0, "PUNSUBSCRIBE x y"), "[punsubscribe x :0]\n[punsubscribe y :0]");
    r.run(0, "SUBSCRIBE b a b");
    assert_eq!(r.run(0, "UNSUBSCRIBE"), "[unsubscribe a :1]\n[unsubscribe b :0]");
    assert_eq!(r.run(0, "UNSUBSCRIBE z"), "[unsubscribe z :0]");
}

#[test]
fn nothing_arrives_after_the_confirmation_of_leaving() {
    let mut r = Rig::new();
    r.run(1, "SUBSCRIBE a b");
    r.run(0, "PUBLISH b early");
    assert_eq!(r.run(1, "UNSUBSCRIBE a b"), "[message b early]\n[unsubscribe a :1]\n[unsubscribe b :0]");
    assert_eq!(r.mail(1), "");
}

#[test]
fn a_resp2_subscriber_may_only_manage_subscriptions() {
    let mut r = Rig::new();
    r.run(0, "SUBSCRIBE a");
    assert_eq!(
        r.run(0, "GET k"),
        "-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
    );
    assert_eq!(r.run(0, "PING"), "[pong ]");
    r.run(0, "UNSUBSCRIBE");
    assert_eq!(r.run(0, "PING"), "+PONG");
}

#[test]
fn a_resp3_client_hears_itself_behind_its_reply() {
    let mut r = Rig::new();
    r.session(0).resp3 = true;
    assert_eq!(r.run(0, "SUBSCRIBE a"), ">[subscribe a :1]");
    let got = r.send(0, b"PUBLISH a 1\r\nGET k\r\nPUBLISH a 2\r\n");
    let got: Vec<String> = got.iter().map(crate::engine::testing::show).collect();
    assert_eq!(got, [":1", ">[message a 1]", "nil", ":1", ">[message a 2]"]);
}

#[test]
fn a_message_from_before_a_request_comes_before_its_reply() {
    let mut r = Rig::new();
    r.session(1).resp3 = true;
    r.run(1, "SUBSCRIBE a");
    r.run(0, "PUBLISH a x");
    assert_eq!(r.run(1, "PING"), ">[message a x]\n+PONG");
}

#[test]
fn messages_do_not_tear_a_transaction() {
    let mut r = Rig::new();
    r.session(0).resp3 = true;
    r.run_all(0, &["MULTI", "SUBSCRIBE a", "PUBLISH a x", "UNSUBSCRIBE a", "PING"]);
    assert_eq!(r.run(0, "EXEC"), "[>[subscribe a :1] :1 >[unsubscribe a :0] +PONG]\n>[message a x]");
}

#[test]
fn silence_does_not_cover_pushes() {
    let mut r = Rig::new();
    r.run(0, "CLIENT REPLY OFF");
    assert_eq!(r.run(0, "PING"), "");
    assert_eq!(r.run(0, "SUBSCRIBE"), "");
    assert_eq!(r.run(0, "SUBSCRIBE a"), "[subscribe a :1]");
    r.run(1, "PUBLISH a x");
    assert_eq!(r.mail(0), "[message a x]");
}

#[test]
fn silence_covers_what_a_monitor_is_shown() {
    let mut r = Rig::new();
    r.run_all(1, &["CLIENT REPLY OFF", "MONITOR"]);
    r.run(0, "GET k");
    assert_eq!(r.mail(1), "");
    assert!(r.run(1, "CLIENT REPLY ON").starts_with("+OK"));
    r.run(0, "GET k");
    assert!(r.mail(1).ends_with(r#""GET" "k""#));
}

#[test]
fn keyspace_events() {
    let mut r = Rig::with(2, &[("notify-keyspace-events", "KEAnm")]);
    r.run(1, "PSUBSCRIBE __key*");
    r.run(0, "GET k");
    assert_eq!(r.mail(1), "[pmessage __key* __keyspace@0__:k keymiss]\n[pmessage __key* __keyevent@0__:keymiss k]");
    r.run(0, "SET k v");
    let events = |text: String| -> Vec<String> {
        let words = |line: &str| line.split(' ').nth(2).unwrap_or("").to_owned();
        text.lines().map(words).filter(|c| c.starts_with("__keyevent")).collect()
    };
    assert_eq!(events(r.mail(1)), ["__keyevent@0__:new", "__keyevent@0__:set"]);
    r.run(0, "SET k w");
    assert_eq!(events(r.mail(1)), ["__keyevent@0__:set"]);
}

#[test]
fn monitor_shows_commands_as_they_were_executed() {
    let mut r = Rig::new();
    assert_eq!(r.run(1, "MONITOR"), "+OK");
    assert_eq!(r.run(1, "MONITOR"), "");
    r.call(0, &[b"SET", b"a b", b"\"\n\xff"]);
    r.run_all(0, &["MULTI", "GET k", "EXEC"]);
    r.run(0, "AUTH name word");
    r.run(0, "NOSUCH");
    let lines = r.mail(1);
    let shown: Vec<&str> = lines.lines().map(|l| l.split_once("] ").unwrap().1).collect();
    let multi = ["\"MULTI\"", "\"GET\" \"k\"", "\"EXEC\""];
    assert_eq!(shown[0], r#""SET" "a b" "\"\n\xff""#);
    assert_eq!(shown[1..4], multi);
    assert!(lines.starts_with("+1720000000.000000 [0 127.0.0.1:50000] "), "{lines}");
    assert!(!lines.contains("word"), "{lines}");
}

#[test]
fn monitor_is_refused_in_a_transaction() {
    let mut r = Rig::new();
    r.run_all(0, &["MULTI", "MONITOR"]);
    assert_eq!(r.run(0, "EXEC"), "[-ERR MONITOR isn't allowed for DENY BLOCKING client]");
}
