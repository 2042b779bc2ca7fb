//! Commands made up from the rows of the command table.
//!
//! The argument trees say what may stand where; names and values come from small pools, so
//! that commands meet the same keys, fields and elements, with edge values among them. Now
//! and then a command is spoilt: an argument too many, too few, or another in its place.

use super::START_MS;
use crate::{
    base::prng::Prng,
    commands::{
        row::{Arg, ArgKind, Group, Row},
        table,
    },
};
use std::ops::RangeInclusive;

type Words = Vec<Vec<u8>>;

/// Draws from a seed.
pub struct Draw(Prng);

impl Draw {
    pub fn new(seed: u64) -> Draw {
        Draw(Prng::new(seed))
    }

    /// Yes, in `n` of `of` cases.
    pub fn ratio(&mut self, n: u64, of: u64) -> bool {
        self.0.below(of) < n
    }

    /// An element.
    pub fn choose<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.0.below(all.len() as u64) as usize]
    }

    /// A number.
    pub fn int_in_range(&mut self, range: RangeInclusive<i64>) -> i64 {
        range.start() + self.0.below((range.end() - range.start() + 1) as u64) as i64
    }

    /// Up to so many bytes.
    fn bytes(&mut self, most: i64) -> Vec<u8> {
        (0..self.int_in_range(0..=most)).map(|_| self.0.next_u64() as u8).collect()
    }
}

const GROUPS: &[Group] = &[
    Group::String,
    Group::List,
    Group::Hash,
    Group::Set,
    Group::SortedSet,
    Group::Stream,
    Group::Geo,
    Group::HyperLogLog,
    Group::Bitmap,
    Group::Generic,
    Group::Transactions,
];

/// Commands that end the server, or do in it what no client may.
pub const OUTSIDE: &[&str] = &["shutdown", "debug", "monitor"];

/// Commands that change how replies look or come, and no data.
pub const TALK: &[&str] = &[
    "hello",
    "auth",
    "quit",
    "client",
    "config",
    "subscribe",
    "psubscribe",
    "ssubscribe",
    "unsubscribe",
    "punsubscribe",
    "sunsubscribe",
];

/// The rows to make commands of.
pub struct Grammar {
    /// Those of the groups that store things, and all.
    groups: Vec<Vec<&'static Row>>,
}

impl Grammar {
    /// The rows with names (in lower case) for which `wanted` holds.
    pub fn new(wanted: impl Fn(&str) -> bool) -> Grammar {
        let all: Vec<&'static Row> = table::top_level().iter().map(|c| c.row).filter(|row| wanted(row.name)).collect();
        let of = |g: &Group| all.iter().copied().filter(|row| row.group == *g).collect();
        let mut groups: Vec<Vec<_>> = GROUPS.iter().map(of).collect();
        groups.retain(|rows| !rows.is_empty());
        groups.push(all);
        Grammar { groups }
    }

    /// A command.
    pub fn command(&self, u: &mut Draw) -> Words {
        let group = u.choose(&self.groups);
        let mut row: &Row = u.choose::<&Row>(group);
        let mut words = vec![row.name.to_uppercase().into_bytes()];
        if !row.subs.is_empty() {
            row = u.choose(row.subs);
            words.push(row.name.to_uppercase().into_bytes());
        }
        arguments(u, row, row.args, &mut words);
        if u.ratio(1, 40) {
            spoil(u, &mut words);
        }
        words
    }
}

fn spoil(u: &mut Draw, words: &mut Words) {
    match u.int_in_range(0..=2) {
        0 => words.push(text(u)),
        1 if words.len() > 1 => drop(words.pop()),
        _ if words.len() > 1 => {
            let at = u.int_in_range(1..=words.len() as i64 - 1) as usize;
            words[at] = pool(u, &["", "abc", "-1", "0", "99999999999999999999", "1.5x"]);
        }
        _ => {}
    }
}

/// Words for a list of arguments.
fn arguments(u: &mut Draw, row: &Row, args: &[Arg], out: &mut Words) {
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let counts = arg.name.starts_with("num") && arg.kind == ArgKind::Integer;
        match args.clone().next().filter(|_| counts) {
            // The number of what follows.
            Some(counted) => {
                args.next();
                let mut items = Words::new();
                let n = argument(u, row, counted, &mut items);
                out.push(n.to_string().into_bytes());
                out.append(&mut items);
            }
            None => drop(argument(u, row, arg, out)),
        }
    }
}

/// Words for one argument; returns how often it was repeated.
fn argument(u: &mut Draw, row: &Row, arg: &Arg, out: &mut Words) -> usize {
    if arg.optional && !u.ratio(1, 3) {
        return 0;
    }
    let times = if arg.multiple { u.int_in_range(1..=4) as usize } else { 1 };
    for n in 0..times {
        if let Some(token) = arg.token.filter(|_| n == 0 || arg.multiple_token) {
            out.push(token.into());
        }
        match arg.kind {
            ArgKind::PureToken => {}
            ArgKind::OneOf => {
                let chosen = u.choose(arg.args);
                argument(u, row, chosen, out);
            }
            ArgKind::Block => arguments(u, row, arg.args, out),
            ArgKind::Key => out.push(key(u, row.group)),
            ArgKind::String if row.group == Group::Stream => out.push(stream_word(u, arg.name)),
            ArgKind::String if arg.name.contains("field") => out.push(field(u)),
            ArgKind::String if arg.name == "type" => out.push(pool(u, &["string", "list", "hash", "set", "zset"])),
            ArgKind::String if row.group == Group::Geo => out.push(site(u)),
            ArgKind::String if arg.name == "member" => out.push(member(u)),
            ArgKind::String if arg.name == "encoding" => out.push(pool(u, &["u8", "i8", "u3", "i64", "u63", "i1"])),
            ArgKind::String if row.group == Group::SortedSet && matches!(arg.name, "min" | "max") => {
                out.push(pool(u, &["-inf", "+inf", "0", "(1", "2", "3", "[m1", "[m5", "-", "+"]));
            }
            ArgKind::String => out.push(text(u)),
            ArgKind::Integer => out.push(integer(u, arg.name)),
            ArgKind::Double if arg.name == "timeout" => {
                out.push(pool(u, &["0", "0.01", "0.1", "1", "2.5"]));
            }
            ArgKind::Double if row.group == Group::Geo => out.push(on_earth(u, arg.name)),
            ArgKind::Double => out.push(pool(u, &["1", "-2.5", "0.1", "3e2", "1e-7", "1e300", "inf", "nan"])),
            ArgKind::Pattern => out.push(pool(u, &["*", "s*", "?1", "[hl]*", "f[0-4]", "a*c", "\\*", "[^s]?"])),
            ArgKind::UnixTime => out.push(unix_time(u, arg.name)),
        }
    }
    times
}

fn pool(u: &mut Draw, texts: &[&str]) -> Vec<u8> {
    u.choose(texts).as_bytes().to_vec()
}

/// Mostly a key that the command's group is for.
fn key(u: &mut Draw, group: Group) -> Vec<u8> {
    const KEYS: &[&str] = &[
        "s0", "s1", "s2", "l0", "l1", "l2", "h0", "h1", "h2", "t0", "t1", "t2", "x0", "x1", "z0", "z1", "z2", "g0",
        "p0", "p1",
    ];
    match group {
        _ if u.ratio(1, 12) => pool(u, &["", "a key with a name of more than 44 bytes in all its length", "s0", "l0"]),
        Group::String | Group::Bitmap => pool(u, &KEYS[..3]),
        Group::List => pool(u, &KEYS[3..6]),
        Group::Hash => pool(u, &KEYS[6..9]),
        Group::Set => pool(u, &KEYS[9..12]),
        Group::Stream => pool(u, &KEYS[12..14]),
        Group::SortedSet => pool(u, &KEYS[14..17]),
        Group::Geo => pool(u, &["g0", "g0", "g0", "z2"]),
        Group::HyperLogLog => pool(u, &KEYS[18..]),
        _ => pool(u, KEYS),
    }
}

fn field(u: &mut Draw) -> Vec<u8> {
    match u.int_in_range(0..=9) {
        0..=7 => format!("f{}", u.int_in_range(0..=7)).into(),
        8 => format!("f{}", u.int_in_range(0..=255)).into(),
        _ => text(u),
    }
}

/// A member of a map: few, so that a command finds those that another has added.
fn site(u: &mut Draw) -> Vec<u8> {
    if u.ratio(1, 12) { member(u) } else { format!("m{}", u.int_in_range(0..=5)).into() }
}

/// Degrees or a length, by the argument's name: mostly of places near each other, so that
/// searches find some and miss some.
fn on_earth(u: &mut Draw, name: &str) -> Vec<u8> {
    match name {
        _ if u.ratio(1, 40) => pool(u, &["-10", "500", "nan", "inf"]),
        "longitude" => pool(u, &["13.361389", "15.087269", "13.37", "2.35", "-74.006", "179.999", "-179.999", "-180"]),
        "latitude" => pool(u, &["38.115556", "37.502669", "38.13", "48.85", "40.71", "0", "85.05", "-85.05"]),
        _ => pool(u, &["0", "1", "20", "1e2", "1500.5", "200000", "3e6", "2e7"]),
    }
}

/// What a stream command means by an argument of this name.
fn stream_word(u: &mut Draw, name: &str) -> Vec<u8> {
    match name {
        "group" => pool(u, &["g0", "g0", "g1"]),
        "consumer" => pool(u, &["c0", "c1", "c2"]),
        "field" => pool(u, &["a", "a", "b", "7"]),
        "value" => text(u),
        "min-idle-time" => pool(u, &["0", "0", "5", "1000", "-1", "x"]),
        "ID" if u.ratio(1, 3) => pool(u, &[">", "0", "$"]),
        "threshold" => pool(u, &["0", "1", "3", "5", "30-1", "50"]),
        "start" | "end" if u.ratio(1, 2) => pool(u, &["-", "+"]),
        _ => {
            let (ms, seq) = (u.int_in_range(0..=60), u.int_in_range(0..=2));
            match u.int_in_range(0..=9) {
                0..=6 => format!("{ms}-{seq}"),
                7 => ms.to_string(),
                8 => format!("{ms}-*"),
                _ => format!("({ms}-{seq}"),
            }
            .into()
        }
    }
}

/// Of a set: few integers and few texts, so that sets meet.
fn member(u: &mut Draw) -> Vec<u8> {
    match u.int_in_range(0..=9) {
        0..=3 => u.int_in_range(0..=9).to_string().into(),
        4..=6 => format!("m{}", u.int_in_range(0..=9)).into(),
        7 => u.choose(&[i64::MAX, i64::MIN, 1 << 31, -(1 << 31), 1 << 15, -(1 << 15)]).to_string().into(),
        _ => text(u),
    }
}

/// A value: short, a number, at a length where encodings change, or any bytes.
fn text(u: &mut Draw) -> Vec<u8> {
    match u.int_in_range(0..=9) {
        0..=3 => pool(u, &["a", "b", "c", ""]),
        4 | 5 => u.int_in_range(-300..=300).to_string().into(),
        6 => pool(u, &["9223372036854775807", "-9223372036854775808", "012", "-0", "1e3", "0.5", "4096", "-4097"]),
        7 | 8 => {
            let len = *u.choose(&[15, 16, 17, 44, 45, 63, 64, 65, 127, 128, 254, 255, 256, 4095, 4096]);
            vec![b'a' + u.int_in_range(0..=3) as u8; len]
        }
        _ => u.bytes(40),
    }
}

fn integer(u: &mut Draw, name: &str) -> Vec<u8> {
    let n: i64 = match name {
        "seconds" => *u.choose(&[1, 2, 10, 100, 0, -1, i64::MAX, i64::MAX / 1000]),
        "milliseconds" => *u.choose(&[1, 5, 50, 1000, 100_000, 0, -1, i64::MAX]),
        "db" | "destination-db" | "index1" | "index2" => u.int_in_range(0..=2),
        "cursor" => *u.choose(&[0, 0, 0, 1, 5, 1 << 40]),
        "increment" | "decrement" => *u.choose(&[1, -1, 100, i64::MAX, i64::MIN, 0]),
        "offset" => *u.choose(&[0, 1, 5, 60, 300, 5000, -1, 1 << 20, i64::MAX]),
        "count" => *u.choose(&[1, 2, 3, 10, 0, -1, -2, 1000]),
        _ => match u.int_in_range(0..=9) {
            0..=7 => u.int_in_range(-6..=6),
            8 => u.int_in_range(-300..=300),
            _ => *u.choose(&[i64::MAX, i64::MIN, 1 << 32, -(1 << 31)]),
        },
    };
    n.to_string().into()
}

/// Near the time at which every script begins.
fn unix_time(u: &mut Draw, name: &str) -> Vec<u8> {
    let ms = START_MS as i64 + *u.choose(&[-1000, 0, 1, 40, 1000, 1500, 60_000]);
    let n = if name.contains("milli") { ms } else { ms / 1000 };
    if u.ratio(1, 12) { *u.choose(&[0, -1, i64::MAX, 1]) } else { n }.to_string().into()
}
