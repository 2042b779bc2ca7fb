//! Commands made up from the rows of the command table.
//!
//! The argument trees say what may stand where; names and values come from small pools, so
//! that commands meet the same keys, fields and elements, with edge values among them. Now
//! and then a command is spoilt: an argument too many, too few, or another in its place.

use arbitrary::{Result, Unstructured};
use norn::{
    base::prng::Prng,
    commands::{
        row::{Arg, ArgKind, Group, Row},
        table,
    },
    engine::testing::START_MS,
};

type Words = Vec<Vec<u8>>;

/// What four bytes of the input seed: plenty of evenly spread bytes to draw from. `again`
/// tells the same seed from itself where it comes several times.
pub fn random(seed: u32, again: usize) -> [u8; 512] {
    let mut seeded = Prng::new(u64::from(seed) << 32 | again as u64);
    let mut random = [0; 512];
    random.chunks_exact_mut(8).for_each(|c| c.copy_from_slice(&seeded.next_u64().to_le_bytes()));
    random
}

/// The rows to make commands of.
pub struct Grammar {
    /// Those of the groups that store things, and all.
    groups: Vec<Vec<&'static Row>>,
}

impl Grammar {
    /// The rows with names (in lower case) for which `wanted` holds.
    pub fn new(wanted: impl Fn(&str) -> bool) -> Grammar {
        let all: Vec<&'static Row> = table::top_level().iter().map(|c| c.row).filter(|row| wanted(row.name)).collect();
        let groups =
            [Group::String, Group::List, Group::Hash, Group::Set, Group::Stream, Group::Generic, Group::Transactions];
        let of = |g: &Group| all.iter().copied().filter(|row| row.group == *g).collect();
        let mut groups: Vec<Vec<_>> = groups.iter().map(of).collect();
        groups.push(all);
        Grammar { groups }
    }

    /// A command.
    pub fn command(&self, u: &mut Unstructured) -> Result<Words> {
        let group = u.choose(&self.groups)?;
        let mut row: &Row = u.choose(group)?;
        let mut words = vec![row.name.to_uppercase().into_bytes()];
        if !row.subs.is_empty() {
            row = u.choose(row.subs)?;
            words.push(row.name.to_uppercase().into_bytes());
        }
        arguments(u, row, row.args, &mut words)?;
        if u.ratio(1, 40)? {
            spoil(u, &mut words)?;
        }
        Ok(words)
    }
}

fn spoil(u: &mut Unstructured, words: &mut Words) -> Result<()> {
    match u.int_in_range(0..=2)? {
        0 => words.push(text(u)?),
        1 if words.len() > 1 => drop(words.pop()),
        _ if words.len() > 1 => {
            let at = u.choose_index(words.len() - 1)? + 1;
            words[at] = pool(u, &["", "abc", "-1", "0", "99999999999999999999", "1.5x"])?;
        }
        _ => {}
    }
    Ok(())
}

/// Words for a list of arguments.
fn arguments(u: &mut Unstructured, row: &Row, args: &[Arg], out: &mut Words) -> Result<()> {
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let counts = arg.name.starts_with("num") && arg.kind == ArgKind::Integer;
        match args.clone().next().filter(|_| counts) {
            // The number of what follows.
            Some(counted) => {
                args.next();
                let mut items = Words::new();
                let n = argument(u, row, counted, &mut items)?;
                out.push(n.to_string().into_bytes());
                out.append(&mut items);
            }
            None => drop(argument(u, row, arg, out)?),
        }
    }
    Ok(())
}

/// Words for one argument; returns how often it was repeated.
fn argument(u: &mut Unstructured, row: &Row, arg: &Arg, out: &mut Words) -> Result<usize> {
    if arg.optional && !u.ratio(1, 3)? {
        return Ok(0);
    }
    let times = if arg.multiple { u.int_in_range(1..=4)? } else { 1 };
    for n in 0..times {
        if let Some(token) = arg.token.filter(|_| n == 0 || arg.multiple_token) {
            out.push(token.into());
        }
        match arg.kind {
            ArgKind::PureToken => {}
            ArgKind::OneOf => {
                let chosen = u.choose(arg.args)?;
                argument(u, row, chosen, out)?;
            }
            ArgKind::Block => arguments(u, row, arg.args, out)?,
            ArgKind::Key => out.push(key(u, row.group)?),
            ArgKind::String if row.group == Group::Stream => out.push(stream_word(u, arg.name)?),
            ArgKind::String if arg.name.contains("field") => out.push(field(u)?),
            ArgKind::String if arg.name == "type" => out.push(pool(u, &["string", "list", "hash", "set", "zset"])?),
            ArgKind::String if arg.name == "member" => out.push(member(u)?),
            ArgKind::String => out.push(text(u)?),
            ArgKind::Integer => out.push(integer(u, arg.name)?),
            ArgKind::Double if arg.name == "timeout" => {
                out.push(pool(u, &["0", "0.01", "0.1", "1", "2.5"])?);
            }
            ArgKind::Double => out.push(pool(u, &["1", "-2.5", "0.1", "3e2", "1e-7", "1e300", "inf", "nan"])?),
            ArgKind::Pattern => out.push(pool(u, &["*", "s*", "?1", "[hl]*", "f[0-4]", "a*c", "\\*", "[^s]?"])?),
            ArgKind::UnixTime => out.push(unix_time(u, arg.name)?),
        }
    }
    Ok(times)
}

fn pool(u: &mut Unstructured, texts: &[&str]) -> Result<Vec<u8>> {
    Ok(u.choose(texts)?.as_bytes().to_vec())
}

/// Mostly a key that the command's group is for.
fn key(u: &mut Unstructured, group: Group) -> Result<Vec<u8>> {
    const KEYS: &[&str] = &["s0", "s1", "s2", "l0", "l1", "l2", "h0", "h1", "h2", "t0", "t1", "t2", "x0", "x1"];
    match group {
        _ if u.ratio(1, 12)? => pool(u, &["", "a key with a name of more than 44 bytes in all its length", "s0", "l0"]),
        Group::String => pool(u, &KEYS[..3]),
        Group::List => pool(u, &KEYS[3..6]),
        Group::Hash => pool(u, &KEYS[6..9]),
        Group::Set => pool(u, &KEYS[9..12]),
        Group::Stream => pool(u, &KEYS[12..]),
        _ => pool(u, KEYS),
    }
}

fn field(u: &mut Unstructured) -> Result<Vec<u8>> {
    Ok(match u.int_in_range(0..=9)? {
        0..=7 => format!("f{}", u.int_in_range(0..=7)?).into(),
        8 => format!("f{}", u.arbitrary::<u8>()?).into(),
        _ => text(u)?,
    })
}

/// What a stream command means by an argument of this name.
fn stream_word(u: &mut Unstructured, name: &str) -> Result<Vec<u8>> {
    match name {
        "group" => pool(u, &["g0", "g0", "g1"]),
        "consumer" => pool(u, &["c0", "c1", "c2"]),
        "field" => pool(u, &["a", "a", "b", "7"]),
        "value" => text(u),
        "min-idle-time" => pool(u, &["0", "0", "5", "1000", "-1", "x"]),
        "start" | "end" if u.ratio(1, 2)? => pool(u, &["-", "+"]),
        _ => {
            let (ms, seq) = (u.int_in_range(0..=60)?, u.int_in_range(0..=2)?);
            Ok(match u.int_in_range(0..=9)? {
                0..=6 => format!("{ms}-{seq}"),
                7 => ms.to_string(),
                8 => format!("{ms}-*"),
                _ => format!("({ms}-{seq}"),
            }
            .into())
        }
    }
}

/// Of a set: few integers and few texts, so that sets meet.
fn member(u: &mut Unstructured) -> Result<Vec<u8>> {
    Ok(match u.int_in_range(0..=9)? {
        0..=3 => u.int_in_range(0..=9)?.to_string().into(),
        4..=6 => format!("m{}", u.int_in_range(0..=9)?).into(),
        7 => u.choose(&[i64::MAX, i64::MIN, 1 << 31, -(1 << 31), 1 << 15, -(1 << 15)])?.to_string().into(),
        _ => text(u)?,
    })
}

/// A value: short, a number, at a length where encodings change, or any bytes.
fn text(u: &mut Unstructured) -> Result<Vec<u8>> {
    Ok(match u.int_in_range(0..=9)? {
        0..=3 => pool(u, &["a", "b", "c", ""])?,
        4 | 5 => u.int_in_range(-300..=300)?.to_string().into(),
        6 => pool(u, &["9223372036854775807", "-9223372036854775808", "012", "-0", "1e3", "0.5", "4096", "-4097"])?,
        7 | 8 => {
            let len = *u.choose(&[15, 16, 17, 44, 45, 63, 64, 65, 127, 128, 254, 255, 256, 4095, 4096])?;
            vec![b'a' + u.int_in_range(0..=3)?; len]
        }
        _ => u.arbitrary()?,
    })
}

fn integer(u: &mut Unstructured, name: &str) -> Result<Vec<u8>> {
    let n: i64 = match name {
        "seconds" => *u.choose(&[1, 2, 10, 100, 0, -1, i64::MAX, i64::MAX / 1000])?,
        "milliseconds" => *u.choose(&[1, 5, 50, 1000, 100_000, 0, -1, i64::MAX])?,
        "db" | "destination-db" | "index1" | "index2" => u.int_in_range(0..=2)?,
        "cursor" => *u.choose(&[0, 0, 0, 1, 5, 1 << 40])?,
        "increment" | "decrement" => *u.choose(&[1, -1, 100, i64::MAX, i64::MIN, 0])?,
        "offset" => *u.choose(&[0, 1, 5, 60, 300, 5000, -1, 1 << 20, i64::MAX])?,
        "count" => *u.choose(&[1, 2, 3, 10, 0, -1, -2, 1000])?,
        _ => match u.int_in_range(0..=9)? {
            0..=7 => u.int_in_range(-6..=6)?,
            8 => u.int_in_range(-300..=300)?,
            _ => *u.choose(&[i64::MAX, i64::MIN, 1 << 32, -(1 << 31)])?,
        },
    };
    Ok(n.to_string().into())
}

/// Near the time at which every script begins.
fn unix_time(u: &mut Unstructured, name: &str) -> Result<Vec<u8>> {
    let ms = START_MS as i64 + *u.choose(&[-1000, 0, 1, 40, 1000, 1500, 60_000])?;
    let n = if name.contains("milli") { ms } else { ms / 1000 };
    Ok(if u.ratio(1, 12)? { *u.choose(&[0, -1, i64::MAX, 1])? } else { n }.to_string().into())
}
