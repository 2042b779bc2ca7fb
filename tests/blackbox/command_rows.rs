//! What COMMAND says about each command, beside what Redis 7.0 says.
//!
//! Every difference is in the table below with its reason; a difference that is not there
//! fails the test, and so does an entry that no longer holds.

use crate::common::{Server, Value, peer, start};
use std::collections::{BTreeMap, BTreeSet};

/// Command, element of COMMAND INFO, why it differs from Redis 7.0.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    ("blmove", "flags", IN_SCRIPTS),
    ("blpop", "flags", IN_SCRIPTS),
    ("brpop", "flags", IN_SCRIPTS),
    ("brpoplpush", "flags", IN_SCRIPTS),
    ("client|setname", "tips", CLUSTER_TIPS),
    ("command|getkeys", "arity", "Valkey takes commands without arguments, to say that they have no keys"),
    ("command|getkeysandflags", "arity", "as command|getkeys"),
    ("config|resetstat", "tips", CLUSTER_TIPS),
    ("config|rewrite", "tips", CLUSTER_TIPS),
    ("bzpopmax", "flags", IN_SCRIPTS),
    ("bzpopmin", "flags", IN_SCRIPTS),
    ("exec", "flags", "Valkey 8.1 has other logs besides the slow log and renamed the flag"),
    ("latency|reset", "tips", "Valkey adds up what the nodes reply"),
    ("msetnx", "tips", "Valkey withdrew them: keys on several nodes cannot be set all or none"),
    ("multi", "flags", NOT_NESTED),
    ("randomkey", "tips", CLUSTER_TIPS),
    ("scan", "tips", CLUSTER_TIPS),
    ("sinterstore", "keys", "the destination is overwritten whatever it held, says Valkey"),
    ("watch", "flags", NOT_NESTED),
    ("zrank", "arity", WITH_SCORE),
    ("zrevrank", "arity", WITH_SCORE),
];
const IN_SCRIPTS: &str = "since 7.2 scripts may run blocking commands, which do not wait there";
const CLUSTER_TIPS: &str = "added by Redis 7.2";
const WITH_SCORE: &str = "Redis 7.2 added WITHSCORE";
const NOT_NESTED: &str = "Valkey 8 refuses it inside MULTI before it is queued";

/// The elements that are compared, each in a form without order.
type Row = BTreeMap<&'static str, String>;

fn text(v: &Value) -> String {
    match v {
        Value::Simple(b) | Value::Bulk(b) => String::from_utf8_lossy(b).into_owned(),
        Value::Int(n) => n.to_string(),
        Value::Array(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(" ")),
        other => panic!("unexpected in COMMAND: {other:?}"),
    }
}

fn items(v: &Value) -> &[Value] {
    let Value::Array(items) = v else { panic!("an array expected: {v:?}") };
    items
}

fn unordered(v: &Value) -> String {
    let all: BTreeSet<String> = items(v).iter().map(text).collect();
    all.into_iter().collect::<Vec<_>>().join(" ")
}

/// Key specs, with the flags of each in no order. Redis describes in `notes` what has no
/// consequence.
fn specs(v: &Value) -> String {
    let one = |spec: &Value| {
        let pairs = items(spec).chunks(2).filter(|p| text(&p[0]) != "notes");
        let shown = pairs.map(|p| match text(&p[0]).as_str() {
            "flags" => format!("flags {}", unordered(&p[1])),
            name => format!("{name} {}", text(&p[1])),
        });
        shown.collect::<Vec<_>>().join(" ")
    };
    items(v).iter().map(one).collect::<Vec<_>>().join(" / ")
}

fn collect(commands: &Value, rows: &mut BTreeMap<String, Row>) {
    for c in items(commands) {
        let c = items(c);
        let row = Row::from([
            ("arity", text(&c[1])),
            ("flags", unordered(&c[2])),
            ("range", format!("{} {} {}", text(&c[3]), text(&c[4]), text(&c[5]))),
            ("categories", unordered(&c[6])),
            ("tips", unordered(&c[7])),
            ("keys", specs(&c[8])),
        ]);
        rows.insert(text(&c[0]), row);
        collect(&c[9], rows);
    }
}

fn rows(server: &Server) -> BTreeMap<String, Row> {
    let mut rows = BTreeMap::new();
    collect(&server.client().cmd(&["COMMAND"]), &mut rows);
    rows
}

#[test]
fn rows_agree_with_redis_but_for_known_reasons() {
    let Some(peer) = peer() else { return };
    let (ours, theirs) = (rows(&start(&[])), rows(&Server::start(&peer, &[])));
    let mut unexplained = Vec::new();
    let mut seen = BTreeSet::new();
    for (name, row) in &ours {
        let Some(other) = theirs.get(name) else { continue };
        for (element, value) in row {
            if value != &other[element] {
                seen.insert((name.as_str(), *element));
                if !DIFFERENCES.iter().any(|d| (d.0, d.1) == (name.as_str(), element)) {
                    unexplained.push(format!("{name} {element}\n  redis: {}\n  norn:  {value}", other[element]));
                }
            }
        }
    }
    let stale: Vec<_> = DIFFERENCES.iter().filter(|d| !seen.contains(&(d.0, d.1))).collect();
    assert!(unexplained.is_empty(), "unexplained differences:\n{}", unexplained.join("\n"));
    assert!(stale.is_empty(), "no longer different: {stale:?}");
}

#[test]
fn names_and_documents_cover_every_command() {
    let server = start(&[]);
    let mut c = server.client();
    let rows = rows(&server);
    let names: BTreeSet<String> = items(&c.cmd(&["COMMAND", "LIST"])).iter().map(text).collect();
    assert_eq!(names, rows.keys().cloned().collect());
    let docs = c.cmd(&["COMMAND", "DOCS"]);
    let documented: BTreeSet<String> = items(&docs).chunks(2).map(|p| text(&p[0])).collect();
    let top: BTreeSet<String> = rows.keys().filter(|n| !n.contains('|')).cloned().collect();
    assert_eq!(documented, top);
    assert_eq!(c.cmd(&["COMMAND", "COUNT"]), Value::Int(top.len() as i64));
}
