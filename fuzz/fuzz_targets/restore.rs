//! A value in the format of database files, as RESTORE gets it: whatever is let through is a
//! sound value, and comes back the same when it is written and read again.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use norn::{
    base::hash::HashKey,
    config::Config,
    engine::testing::{Rig, check_value},
    persist::{
        dump,
        rdb::{Format, Limits, VERSION},
    },
    protocol::value::Value,
};
use std::sync::LazyLock;

const PLAIN: Format = Format { version: VERSION, compress: false };

/// Commands whose values are damaged: one of each form.
const VALUES: &[&[&str]] = &[
    &["SET key 12"],
    &["SET key aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"],
    &["RPUSH key a 1 -5000 b"],
    &["RPUSH key 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16"],
    &["HSET key a 1 b two"],
    &["HSET key a 1 b 2 c 3 d 4 e 5"],
    &["HSET key a 1 b 2", "HPEXPIRE key 5000 FIELDS 1 a"],
    &["SADD key 1 2 70000"],
    &["SADD key a 1 b"],
    &["SADD key a b c d e f g h"],
    &["ZADD key 1 a 2.5 b inf c"],
    &["ZADD key 1 a 2 b 3 c 4 d 5 e"],
    &[
        "XADD key 5-1 f v",
        "XADD key 5-2 f w",
        "XADD key 6-0 g 7 h 8",
        "XDEL key 5-2",
        "XGROUP CREATE key readers 0",
        "XREADGROUP GROUP readers alice COUNT 1 STREAMS key >",
    ],
];

static SOUND: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| VALUES.iter().map(|lines| written(lines)).collect());

/// A value's type byte and body.
fn written(lines: &[&str]) -> Vec<u8> {
    let small = ["hash-max-listpack-entries", "set-max-listpack-entries", "zset-max-listpack-entries"];
    let mut directives: Vec<(&str, &str)> = small.iter().map(|name| (*name, "4")).collect();
    directives.push(("list-max-listpack-size", "6"));
    let mut r = Rig::with(1, &directives);
    lines.iter().for_each(|line| drop(r.run(0, line)));
    match r.call(0, &[b"DUMP", b"key"]).remove(0) {
        Value::Bulk(bytes) => bytes[..bytes.len() - 10].to_vec(),
        other => panic!("{other:?}"),
    }
}

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Raw(&'a [u8]),
    /// A sound value with some bytes replaced, and perhaps cut short.
    Damaged {
        value: u8,
        edits: Vec<(u16, u8)>,
        end: Option<u16>,
    },
}

fn bytes(input: &Input) -> Vec<u8> {
    match input {
        Input::Raw(bytes) => bytes.to_vec(),
        Input::Damaged { value, edits, end } => {
            let mut bytes = SOUND[usize::from(*value) % SOUND.len()].clone();
            for (at, byte) in edits {
                let at = usize::from(*at) % bytes.len();
                bytes[at] = *byte;
            }
            if let Some(end) = end {
                bytes.truncate(usize::from(*end) % bytes.len() + 1);
            }
            bytes
        }
    }
}

fuzz_target!(|input: Input| {
    let limits = Limits::new(&Config::default().encoding, HashKey(7));
    let Ok(e) = dump::restore(&dump::seal(bytes(&input), VERSION), b"key", &limits, true) else { return };
    check_value(&e);
    let written = dump::dump(&e, PLAIN);
    let again = dump::restore(&written, b"key", &limits, true).expect("what was written can be read");
    check_value(&again);
    // Tables have no order, so only the length says the same.
    assert_eq!(dump::dump(&again, PLAIN).len(), written.len());
    let packed = dump::dump(&e, Format { compress: true, ..PLAIN });
    let again = dump::restore(&packed, b"key", &limits, true).expect("so can what was compressed");
    assert_eq!(dump::dump(&again, PLAIN).len(), written.len());
});
