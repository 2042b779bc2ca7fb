//! Values change hands with a real server, both ways, in every form: what one dumps the other
//! restores and shows the same.

use crate::common::{Client, Server, Value, ok, peer, start};

/// Options that make small forms, or large ones, of the same values.
pub const FORMS: &[&[&str]] = &[
    &[],
    &["--hash-max-listpack-entries", "2", "--set-max-intset-entries", "2", "--zset-max-listpack-entries", "2"],
    &["--list-max-listpack-size", "3", "--list-compress-depth", "1"],
];

pub fn fill(c: &mut Client) {
    let long = "long text ".repeat(700);
    let commands = [
        "SET int 12345",
        "SET big 123456789012",
        "SET text hello",
        "RPUSH list a 1 -5 70000 5000000000 b c d e f g h i j",
        "SADD ints 1 2 3 70000",
        "SADD wide 1 5000000000",
        "SADD set a b 1 2 c",
        "HSET hash a 1 b two c 70000 d -1",
        "ZADD zset 1 a 2.5 b inf c -inf d 0.5 e 1024 f",
        "XADD stream 1-1 f v",
        "XADD stream 1-2 f 12 g 7",
        "XADD stream 2-0 f 70000",
        "XADD stream 3-0 f v",
        "XDEL stream 1-2",
        "XGROUP CREATE stream readers 0",
        "XREADGROUP GROUP readers alice COUNT 2 STREAMS stream >",
    ];
    for line in commands {
        c.line(line);
    }
    for (command, key) in [("SET", "long"), ("RPUSH", "longlist"), ("SADD", "longset")] {
        c.cmd(&[command, key, &long]);
    }
    c.cmd(&["HSET", "longhash", "field", &long]);
    c.cmd(&["ZADD", "longzset", "3", &long]);
}

/// All texts and numbers of a reply.
fn flatten(v: &Value, words: &mut Vec<String>) {
    match v {
        Value::Array(items) => items.iter().for_each(|v| flatten(v, words)),
        Value::Int(n) => words.push(n.to_string()),
        other => words.push(format!("{other:?}")),
    }
}

/// What a client sees of a value, in an order that both servers agree on.
pub fn seen(c: &mut Client, key: &str) -> Vec<String> {
    let kind = c.cmd(&["TYPE", key]).text();
    let reply = match kind.as_str() {
        "string" => c.cmd(&["GET", key]),
        "list" => c.cmd(&["LRANGE", key, "0", "-1"]),
        "set" => c.cmd(&["SMEMBERS", key]),
        "hash" => c.cmd(&["HGETALL", key]),
        "zset" => c.cmd(&["ZRANGE", key, "0", "-1", "WITHSCORES"]),
        "stream" => {
            let mut words = Vec::new();
            flatten(&c.cmd(&["XRANGE", key, "-", "+"]), &mut words);
            flatten(&c.cmd(&["XPENDING", key, "readers"]), &mut words);
            flatten(&c.cmd(&["XINFO", "GROUPS", key]), &mut words);
            return words;
        }
        other => panic!("{key} is {other}"),
    };
    let mut words = match &reply {
        Value::Array(items) => items.iter().map(Value::text).collect(),
        one => vec![one.text()],
    };
    match kind.as_str() {
        "set" => words.sort(),
        "hash" => {
            let mut pairs: Vec<String> = words.chunks(2).map(|p| p.join("=")).collect();
            pairs.sort();
            words = pairs;
        }
        _ => {}
    }
    words
}

/// Moves everything from one server to the other and compares.
fn hand_over(from: &mut Client, to: &mut Client) {
    let keys: Vec<String> = from.cmd(&["KEYS", "*"]).items().iter().map(Value::text).collect();
    assert!(keys.len() >= 15);
    for key in keys {
        let Value::Bulk(payload) = from.cmd(&["DUMP", &key]) else { panic!("no payload of {key}") };
        let restored = to.cmd(&[b"RESTORE", key.as_bytes(), b"0", &payload]);
        assert_eq!(restored, ok(), "{key}");
        assert_eq!(seen(to, &key), seen(from, &key), "{key}");
    }
}

fn pair(form: &[&str]) -> Option<(Server, Server)> {
    let theirs = Server::start(&peer()?, form);
    let mut options = vec!["--rdb-version", "10"];
    options.extend(form);
    Some((start(&options), theirs))
}

#[test]
fn we_restore_what_they_dump() {
    for (a, b) in FORMS.iter().flat_map(|a| FORMS.iter().map(move |b| (a, b))) {
        let (Some((_, theirs)), Some((ours, _))) = (pair(a), pair(b)) else { return };
        fill(&mut theirs.client());
        hand_over(&mut theirs.client(), &mut ours.client());
    }
}

#[test]
fn they_restore_what_we_dump() {
    for form in FORMS {
        let Some((ours, theirs)) = pair(form) else { return };
        fill(&mut ours.client());
        hand_over(&mut ours.client(), &mut theirs.client());
    }
}
