//! The command logs and the latency monitor.

use crate::engine::testing::Rig;

#[test]
fn slow_commands_are_remembered_from_zero_on() {
    let mut r = Rig::with(1, &[("slowlog-log-slower-than", "0"), ("slowlog-max-len", "2")]);
    r.run_all(0, &["SET a 1", "GET a", "PING"]);
    assert_eq!(r.run(0, "SLOWLOG LEN"), ":2");
    let got = r.run(0, "SLOWLOG GET 1");
    assert_eq!(got, "[[:3 :1720000000 :0 [SLOWLOG LEN] 127.0.0.1:50000 ]]");
    assert_eq!(r.run(0, "SLOWLOG RESET"), "+OK");
    assert_eq!(r.run(0, "SLOWLOG GET -1"), "[[:5 :1720000000 :0 [SLOWLOG RESET] 127.0.0.1:50000 ]]");
    assert_eq!(r.run(0, "SLOWLOG GET -2"), "-ERR count should be greater than or equal to -1");
    assert_eq!(r.run(0, "SLOWLOG GET x"), "-ERR count should be greater than or equal to -1");
    assert_eq!(
        r.run(0, "SLOWLOG GET 1 2"),
        "-ERR unknown subcommand or wrong number of arguments for 'GET'. Try SLOWLOG HELP."
    );
}

#[test]
fn large_requests_and_replies_are_remembered() {
    let limits = [("commandlog-request-larger-than", "100"), ("commandlog-reply-larger-than", "100")];
    let mut r = Rig::with(1, &limits);
    let value = "x".repeat(200);
    r.run(0, &format!("SET k {value}"));
    r.run(0, "GET k");
    assert_eq!(r.run(0, "COMMANDLOG LEN slow"), ":0");
    let trimmed = format!("{}... (72 more bytes)", "x".repeat(128));
    let got = r.run(0, "COMMANDLOG GET -1 large-request");
    assert_eq!(got, format!("[[:0 :1720000000 :228 [SET k {trimmed}] 127.0.0.1:50000 ]]"));
    let got = r.run(0, "COMMANDLOG GET 5 LARGE-REPLY");
    assert!(got.contains("[:0 :1720000000 :208 [GET k] "), "{got}");
    r.run(0, "COMMANDLOG RESET large-request");
    assert_eq!(r.run(0, "COMMANDLOG LEN large-request"), ":0");
    assert_eq!(
        r.run(0, "COMMANDLOG LEN other"),
        "-ERR type should be one of the following: slow, large-request, large-reply"
    );
}

#[test]
fn no_threshold_no_record() {
    let off = [
        ("slowlog-log-slower-than", "-1"),
        ("commandlog-request-larger-than", "0"),
        ("commandlog-large-request-max-len", "0"),
    ];
    let mut r = Rig::with(1, &off);
    r.run(0, "PING");
    assert_eq!(r.run(0, "SLOWLOG LEN"), ":0");
    assert_eq!(r.run(0, "COMMANDLOG LEN large-request"), ":0");
    assert_eq!(r.run(0, "LATENCY LATEST"), "[]");
    assert_eq!(r.run(0, "LATENCY HISTORY command"), "[]");
    assert_eq!(r.run(0, "LATENCY RESET"), ":0");
    assert_eq!(r.run(0, "LATENCY GRAPH command"), "-ERR No samples available for event 'command'");
    assert!(r.run(0, "LATENCY DOCTOR").contains("latency-monitor-threshold"));
}

#[test]
fn histograms_add_up_over_workers() {
    let mut r = Rig::new();
    r.run_all(0, &["SET a 1", "GET a"]);
    r.run(1, "GET a");
    assert_eq!(
        r.run(0, "LATENCY HISTOGRAM get nosuch set"),
        "[get [calls :2 histogram_usec [:1 :2]] set [calls :1 histogram_usec [:1 :1]]]"
    );
    assert!(r.run(0, "LATENCY HISTOGRAM").contains("latency|histogram"));
    assert_eq!(r.run(0, "LATENCY HISTOGRAM slowlog"), "[]");
    r.run(0, "SLOWLOG LEN");
    assert_eq!(r.run(0, "LATENCY HISTOGRAM slowlog"), "[slowlog|len [calls :1 histogram_usec [:1 :1]]]");
}

#[test]
fn secrets_are_not_remembered() {
    let mut r = Rig::with(1, &[("slowlog-log-slower-than", "0")]);
    r.run(0, "AUTH hush");
    r.run(0, "HELLO 2 AUTH someone hush SETNAME me");
    r.run(0, "CONFIG SET maxmemory-samples 6 requirepass hush");
    let got = r.run(0, "SLOWLOG GET");
    assert!(!got.contains("hush") && !got.contains("someone"), "{got}");
    assert!(got.contains("[HELLO 2 AUTH (redacted) (redacted) SETNAME me]"), "{got}");
    assert!(got.contains("[CONFIG SET maxmemory-samples 6 requirepass (redacted)]"), "{got}");
}

#[test]
fn a_change_of_what_is_remembered_counts_at_once() {
    let mut r = Rig::with(1, &[("slowlog-log-slower-than", "-1")]);
    let asked = |r: &mut Rig| r.run(1, "SLOWLOG LEN");
    r.run(0, "CONFIG SET slowlog-log-slower-than 0");
    r.run(0, "CONFIG SET slowlog-log-slower-than -1");
    assert_eq!(asked(&mut r), ":1", "of the two only the first");
    r.run_all(0, &["MULTI", "CONFIG SET slowlog-log-slower-than 0", "PING", "CONFIG SET slowlog-log-slower-than -1"]);
    r.run(0, "EXEC");
    assert_eq!(asked(&mut r), ":3");
}
