//! Memory: the resident size of an empty server, and how much it grows per key, or per element
//! of one key.

use super::load::{Keys, Load, Reply, Template};
use super::table::{Judged, Row, print};
use super::{Pair, Side, process};
use std::{io, thread, time::Duration};

const KEYS: u64 = 1_000_000;

/// A data set: its name, the request that makes one key or element, its reply, and the bounds in
/// bytes.
type Set = (&'static str, &'static [&'static str], Reply, (f64, f64));

const FIVE_FIELDS: &[&str] =
    &["HSET", "{key}", "f1", "v0001", "f2", "v0002", "f3", "v0003", "f4", "v0004", "f5", "v0005"];

const SETS: [(&str, Set); 9] = [
    ("mem-3", ("1M keys with 3-byte values", &["SET", "{key}", "abc"], Reply::OK, (56.0, 42.0))),
    ("mem-ttl", ("the same with a TTL on each", &["SET", "{key}", "abc", "EX", "100000"], Reply::OK, (68.0, 50.0))),
    ("mem-100", ("1M keys with 100-byte values", &["SET", "{key}", VALUE_100], Reply::OK, (155.0, 135.0))),
    ("mem-hash", ("1M hashes of five short fields", FIVE_FIELDS, Reply::NUMBER, (110.0, 90.0))),
    ("elem-zset", ("sorted set of 1M members", &["ZADD", "k", "{n}", "{key}"], Reply::NUMBER, (75.0, 50.0))),
    ("elem-set", ("set of 1M members", &["SADD", "k", "{key}"], Reply::NUMBER, (45.0, 32.0))),
    (
        "elem-hash",
        ("hash of 1M fields with 3-byte values", &["HSET", "k", "{key}", "abc"], Reply::NUMBER, (58.0, 38.0)),
    ),
    ("elem-list", ("list of 1M items", &["RPUSH", "k", "{key}"], Reply::NUMBER, (19.0, 18.0))),
    ("elem-stream", ("stream of 1M entries of two short fields", SHORT_FIELDS, Reply::TEXT, (19.0, 17.0))),
];

const SHORT_FIELDS: &[&str] = &["XADD", "k", "*", "a", "1", "b", "2"];

const VALUE_100: &str =
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789";

/// Measures those data sets that `wanted` names.
pub fn run(pair: &Pair, wanted: &dyn Fn(&str) -> bool) -> io::Result<()> {
    if wanted("mem-empty") {
        let size = |side| empty(pair, side).map(|bytes| bytes as f64 / 1e6);
        let (ours, peer) = (size(Side::Ours)?, size(Side::Peer)?);
        let figure = "empty server, resident".to_owned();
        print(&Row { figure, unit: "MB", ours, peer, judged: Judged::RatioDown, must: 1.2, aim: 0.9 });
    }
    for (name, set) in SETS {
        if wanted(name) {
            let (ours, peer) = (growth(pair, Side::Ours, &set)?, growth(pair, Side::Peer, &set)?);
            let (must, aim) = set.3;
            let figure = format!("{}: growth for each", set.0);
            print(&Row { figure, unit: "B", ours, peer, judged: Judged::Ours, must, aim });
        }
    }
    Ok(())
}

/// Long enough for a server to have done what it does at its start or after a load.
fn settle() {
    thread::sleep(Duration::from_millis(1500));
}

fn empty(pair: &Pair, side: Side) -> io::Result<u64> {
    let server = pair.start(side, &[]);
    settle();
    process::rss_bytes(server.pid())
}

fn growth(pair: &Pair, side: Side, set: &Set) -> io::Result<f64> {
    let server = pair.start(side, &[]);
    settle();
    let before = process::rss_bytes(server.pid())?;
    let mut load = Load::connect(server.port, 1)?;
    load.run(&Template::new(set.1, set.2), 100, KEYS, Keys::From(0))?;
    drop(load);
    settle();
    let after = process::rss_bytes(server.pid())?;
    Ok((after as f64 - before as f64) / KEYS as f64)
}
