//! Pools of argument values: few keys, so that commands meet; many edge values.

use proptest::{prelude::*, sample::select};

/// What an argument means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A key that mostly holds a string, a list, a hash, a set, a stream; or any key.
    StringKey,
    ListKey,
    HashKey,
    SetKey,
    /// A key that holds a list of numbers, or nothing.
    NumbersKey,
    ZsetKey,
    /// A key of a sorted set or of a plain one.
    ScoredKey,
    /// A key of points, and coordinates.
    GeoKey,
    Longitude,
    Latitude,
    Distance,
    Unit,
    /// A key of a sorted set whose scores are all equal.
    LexKey,
    StreamKey,
    /// A key of a HyperLogLog, and the type of a bit field.
    HllKey,
    Bits,
    /// The offset of a bit, never one that makes a string large.
    BitOffset,
    AnyKey,
    /// A string value, a list's element.
    Value,
    Field,
    /// A set's member.
    Member,
    /// What should be a 64-bit integer.
    Int,
    Float,
    Score,
    /// Ends of ranges of scores and of names.
    ScoreBound,
    LexBound,
    /// A place in a list or a string, from either end.
    Index,
    /// A byte offset that never makes a string large.
    Offset,
    Count,
    /// Times to live: long ones or past ones, since the two servers' clocks differ.
    Seconds,
    Millis,
    UnixSeconds,
    UnixMillis,
    /// Seconds to block.
    Timeout,
    /// What RESTORE takes: ms to live or none, and a value.
    TimeToLive,
    Payload,
    /// Who logs in.
    User,
    Pattern,
    /// What SORT sorts by, and what it shows.
    By,
    Get,
    Cursor,
    Db,
    TypeName,
    /// An id for a new entry: see [`renumber`].
    NewId,
    /// The id of an entry, perhaps; an end of a range of ids.
    Id,
    IdBound,
    Group,
    Consumer,
    /// Milliseconds, far from any that pass during a test.
    Idle,
}

impl Kind {
    /// The kind that a word of syntax stands for.
    pub fn named(word: &str) -> Kind {
        match word {
            "s" => Kind::StringKey,
            "l" => Kind::ListKey,
            "h" => Kind::HashKey,
            "t" => Kind::SetKey,
            "q" => Kind::NumbersKey,
            "by" => Kind::By,
            "get" => Kind::Get,
            "z" => Kind::ZsetKey,
            "zt" => Kind::ScoredKey,
            "g" => Kind::GeoKey,
            "lon" => Kind::Longitude,
            "lat" => Kind::Latitude,
            "dist" => Kind::Distance,
            "unit" => Kind::Unit,
            "y" => Kind::LexKey,
            "x" => Kind::StreamKey,
            "p" => Kind::HllKey,
            "bits" => Kind::Bits,
            "bitoffset" => Kind::BitOffset,
            "k" => Kind::AnyKey,
            "v" => Kind::Value,
            "f" => Kind::Field,
            "m" => Kind::Member,
            "int" => Kind::Int,
            "float" => Kind::Float,
            "score" => Kind::Score,
            "bound" => Kind::ScoreBound,
            "lex" => Kind::LexBound,
            "index" => Kind::Index,
            "offset" => Kind::Offset,
            "count" => Kind::Count,
            "sec" => Kind::Seconds,
            "ms" => Kind::Millis,
            "unixsec" => Kind::UnixSeconds,
            "unixms" => Kind::UnixMillis,
            "timeout" => Kind::Timeout,
            "ttl" => Kind::TimeToLive,
            "payload" => Kind::Payload,
            "user" => Kind::User,
            "pattern" => Kind::Pattern,
            "cursor" => Kind::Cursor,
            "db" => Kind::Db,
            "type" => Kind::TypeName,
            "newid" => Kind::NewId,
            "id" => Kind::Id,
            "idbound" => Kind::IdBound,
            "group" => Kind::Group,
            "consumer" => Kind::Consumer,
            "idle" => Kind::Idle,
            _ => panic!("no kind of value: {word}"),
        }
    }

    pub fn strategy(self) -> BoxedStrategy<Vec<u8>> {
        match self {
            Kind::StringKey => keys(&["s0", "s1", "s2"]),
            Kind::ListKey => keys(&["l0", "l1", "l2"]),
            Kind::HashKey => keys(&["h0", "h1", "h2"]),
            Kind::SetKey => keys(&["t0", "t1", "t2", "t3"]),
            Kind::ZsetKey => keys(&["z0", "z1", "z2"]),
            Kind::ScoredKey => {
                prop_oneof![3 => keys(&["z0", "z1", "z2"]), 1 => keys(&["t0", "t1", "t2", "t3"])].boxed()
            }
            Kind::GeoKey => keys(&["g0", "g1"]),
            Kind::Longitude => coordinates(180),
            Kind::Latitude => coordinates(85),
            Kind::Distance => distances(),
            Kind::Unit => {
                prop_oneof![4 => pool(&["km"]), 2 => pool(&["m", "ft", "mi", "MI", "KM"]), 1 => pool(&["x", ""])]
                    .boxed()
            }
            Kind::LexKey => pool(&["y0", "y1"]),
            Kind::HllKey => keys(&["p0", "p1", "p2"]),
            Kind::Bits => bits(),
            Kind::BitOffset => bit_offsets(),
            Kind::StreamKey => keys(&["x0", "x0", "x1"]),
            Kind::AnyKey => prop_oneof![
                30 => pool(&[
                    "s0", "s1", "s2", "l0", "l1", "l2", "h0", "h1", "h2", "t0", "t1", "t2", "z0", "z1", "z2", "x0",
                    "x1",
                ]),
                1 => pool(&["none", ""]),
            ]
            .boxed(),
            Kind::Value => values(),
            Kind::Field => prop_oneof![
                6 => pool(&["f0", "f1", "f2", "f3", "f4"]),
                1 => (0..200u8).prop_map(|n| format!("f{n}").into_bytes()),
                1 => values(),
            ]
            .boxed(),
            Kind::Member => prop_oneof![
                6 => small(0..9),
                4 => pool(&["a", "b", "c", "d", "e", "f"]),
                1 => pool(INTS),
                1 => values(),
            ]
            .boxed(),
            Kind::Int => prop_oneof![4 => small(-3..12), 2 => pool(INTS), 1 => pool(NOT_INTS)].boxed(),
            Kind::Float => prop_oneof![3 => small(-3..12), 4 => pool(FLOATS), 1 => pool(NOT_INTS)].boxed(),
            Kind::Index => prop_oneof![8 => small(-6..7), 1 => pool(INTS), 1 => pool(NOT_INTS)].boxed(),
            Kind::Offset => prop_oneof![8 => small(0..40), 1 => pool(OFFSETS)].boxed(),
            Kind::Count => prop_oneof![8 => small(-4..8), 1 => pool(&["100", "0", "abc", ""])].boxed(),
            Kind::Seconds => pool(SECONDS),
            Kind::Millis => pool(MILLIS),
            Kind::UnixSeconds => pool(UNIX_SECONDS),
            Kind::UnixMillis => pool(UNIX_MILLIS),
            Kind::Timeout => prop_oneof![4 => pool(&["0.001", "0.005"]), 1 => pool(TIMEOUTS)].boxed(),
            Kind::TimeToLive => prop_oneof![3 => pool(&["0"]), 1 => pool(&["100000", "-1", "abc"])].boxed(),
            Kind::Payload => select(PAYLOADS).prop_map(<[u8]>::to_vec).boxed(),
            Kind::User => pool(&["default", "default", "nobody", "DEFAULT"]),
            Kind::Pattern => pool(PATTERNS),
            Kind::Cursor => prop_oneof![8 => pool(&["0"]), 1 => pool(CURSORS)].boxed(),
            Kind::Db => prop_oneof![8 => small(0..3), 1 => pool(&["-1", "16", "a", "99999999999"])].boxed(),
            Kind::TypeName => pool(&["string", "list", "hash", "set", "zset", "stream", "HASH", "x"]),
            Kind::Score | Kind::ScoreBound | Kind::LexBound => self.in_sorted_sets(),
            Kind::NumbersKey | Kind::By | Kind::Get => self.in_sort(),
            Kind::NewId | Kind::Id | Kind::IdBound | Kind::Group | Kind::Consumer | Kind::Idle => self.in_streams(),
        }
    }

    fn in_sorted_sets(self) -> BoxedStrategy<Vec<u8>> {
        match self {
            Kind::Score => prop_oneof![6 => small(-3..6), 4 => pool(SCORES), 1 => pool(FLOATS), 1 => pool(NOT_INTS)].boxed(),
            Kind::ScoreBound => prop_oneof![
                4 => pool(&["-inf", "+inf", "inf", "0"]),
                4 => small(-3..6),
                3 => (-3..6i32).prop_map(|n| format!("({n}").into_bytes()),
                2 => pool(SCORES),
                1 => pool(FLOATS),
                1 => pool(&["(", "((1", "(nan", "(1.5", "(-inf", "", " 1", "1 ", "abc", "1e400", "-1e400", "0x10", "1e-400"]),
            ]
            .boxed(),
            Kind::LexBound => prop_oneof![
                4 => pool(&["-", "+"]),
                6 => pool(&["[f0", "(f1", "[f2", "(f3", "[f4", "[f", "(a", "[z", "(", "[", "[f10", "(f100"]),
                1 => pool(&["f0", "", "++", "-x", "*"]),
            ]
            .boxed(),
            other => unreachable!("{other:?} is no value of a sorted set"),
        }
    }

    fn in_sort(self) -> BoxedStrategy<Vec<u8>> {
        match self {
            Kind::NumbersKey => pool(&["q0", "q1"]),
            Kind::By => pool(&["s*", "h*->f0", "h*->f1", "*", "s*->", "->*", "l*"]),
            Kind::Get => pool(&["#", "s*", "h*->f0", "h*->f1", "nothing", "*", "s*->", "##", "l*"]),
            other => unreachable!("{other:?} is no value of SORT"),
        }
    }

    fn in_streams(self) -> BoxedStrategy<Vec<u8>> {
        match self {
            Kind::NewId => (0..4u32).prop_map(|n| [NEW_ID, n.to_string().as_bytes()].concat()).boxed(),
            Kind::Id => ids().boxed(),
            Kind::IdBound => id_bounds(),
            Kind::Group => prop_oneof![12 => pool(&["g0", "g0", "g1"]), 1 => pool(&["g2", ""])].boxed(),
            Kind::Consumer => pool(&["c0", "c1", "c2"]),
            Kind::Idle => prop_oneof![8 => pool(&["0", "100000", "1000000"]), 1 => pool(&["-1", "abc", "1.5"])].boxed(),
            other => unreachable!("{other:?} is no value of a stream"),
        }
    }
}

fn distances() -> BoxedStrategy<Vec<u8>> {
    let rare = pool(&["0", "0.5", "1e7", "-1", "abc", "100000"]);
    prop_oneof![4 => small(0..300), 2 => small(300..12_000), 1 => rare].boxed()
}

const INTS: &[&str] = &[
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775806",
    "4294967296",
    "2147483648",
    "-2147483649",
    "1000",
];
const NOT_INTS: &[&str] =
    &["", "abc", "1.0", " 1", "1 ", "+1", "01", "-0", "0x10", "9223372036854775808", "1e2", "--1"];
const FLOATS: &[&str] = &[
    "0.1",
    "1.5",
    "-1.5",
    "3.0e3",
    "1e-20",
    "5e-324",
    "1.7976931348623157e308",
    "1e400",
    "inf",
    "-inf",
    "+inf",
    "nan",
    "infinity",
    "1e17",
    "12345678901234567890",
    "0.30000000000000004",
    " 1.5",
    "1.5 ",
    ".5",
    "5.",
    "0x1p3",
];
/// Sums of these are exact in few cases, equal in many.
const SCORES: &[&str] = &["0.1", "0.2", "0.25", "-0.5", "1.5", "2.5", "3.7", "1e3", "-1e3", "100000", "1e15"];
const OFFSETS: &[&str] =
    &["-1", "1000", "536870912", "4294967296", "9223372036854775807", "-9223372036854775808", "abc"];
const SECONDS: &[&str] = &[
    "100",
    "1000",
    "100000",
    "0",
    "-1",
    "-1000",
    "9223372036854775807",
    "9223372036854775",
    "-9223372036854775808",
    "9223372036854774",
    "abc",
    "",
];
const MILLIS: &[&str] = &[
    "100000",
    "1000000",
    "0",
    "-1",
    "9223372036854775807",
    "-9223372036854775808",
    "9223370000000000000",
    "abc",
    "1.5",
];
const UNIX_SECONDS: &[&str] =
    &["1", "1000", "0", "-1", "9999999999", "99999999999", "9223372036854775807", "9223372036854775", "x"];
const UNIX_MILLIS: &[&str] = &["1", "1000", "0", "-1", "9999999999000", "99999999999999", "9223372036854775807", "x"];
/// Without those too large: Redis 7.0 takes them for negative.
const TIMEOUTS: &[&str] = &["-1", "abc", "-0.5", "nan", ""];
const PATTERNS: &[&str] = &[
    "*", "s*", "?0", "[hlz]1", "[^s]*", "[a-l]?", "h\\1", "nothing", "", "**1", "[", "[a-", "f*", "\\", "*0*", "[z-a]0",
];
const CURSORS: &[&str] = &["1", "-1", "abc", "18446744073709551615", "18446744073709551616", ""];

/// What DUMP of Redis 7.0 said of small values, of every type; then damaged ones.
const PAYLOADS: &[&[u8]] = &[
    b"\x00\x05hello\n\x00cr\xdfve4 \n",
    b"\x00\xc0\x0c\n\x00<*\xf8Q\\\x04\xbc\xd5",
    b"\x12\x01\x02\x0f\x0f\x00\x00\x00\x03\x00\x81a\x02\x81b\x02\x01\x01\xff\n\x00\xe0\x1b\xabJG\xceY\"",
    b"\x10\x14\x14\x00\x00\x00\x04\x00\x82f0\x03\x01\x01\x82f1\x03\x81b\x02\xff\n\x00\xa3[\xfbC\xb8\x8f\r\\",
    b"\x0b\x0e\x02\x00\x00\x00\x03\x00\x00\x00\x01\x00\x02\x00\x03\x00\n\x00\xa5\x02\\\xe2mnM\x1b",
    b"\x02\x03\x01a\x01b\x01c\n\x00\xad\x9blT\xeeJ$\xad",
    b"\x11\x14\x14\x00\x00\x00\x04\x00\x81a\x02\x01\x01\x81b\x02\x832.5\x04\xff\n\x00\xd4Ln\xa4\xf6D\xd9\xd7",
    b"\x00\x05hellO\n\x00cr\xdfve4 \n",
    b"\x00\x05hello",
    b"",
];

const BYTES: &[&[u8]] = &[b"\x00", b"\xff\xfe", b"a\r\nb", b"\x00\x01\x02\x03", b"caf\xc3\xa9"];
/// Around the limits where an encoding changes.
const LENGTHS: &[usize] = &[20, 43, 44, 45, 63, 64, 65, 127, 200, 4200];

fn pool(values: &'static [&'static str]) -> BoxedStrategy<Vec<u8>> {
    select(values).prop_map(|value| value.as_bytes().to_vec()).boxed()
}

/// Mostly one of `own`; now and then a key of another type.
fn keys(own: &'static [&'static str]) -> BoxedStrategy<Vec<u8>> {
    prop_oneof![24 => pool(own), 1 => pool(&["s0", "l0", "h0", "t0", "z0", "none"])].boxed()
}

/// What an id for a new entry begins with, until it is numbered.
const NEW_ID: &[u8] = b"new id +";

/// Makes the consumer before it first reads or claims: without success, Redis 7.0 does not.
pub fn with_consumers(sequence: Vec<Vec<Vec<u8>>>) -> Vec<Vec<Vec<u8>>> {
    let with_maker = |command: Vec<Vec<u8>>| {
        let makers = consumers(&command).unwrap_or_default().into_iter();
        makers.chain([command]).collect::<Vec<_>>()
    };
    sequence.into_iter().flat_map(with_maker).collect()
}

/// The commands that make the consumers of a command.
fn consumers(command: &[Vec<u8>]) -> Option<Vec<Vec<Vec<u8>>>> {
    let word = |name: &str| command.iter().position(|arg| arg.eq_ignore_ascii_case(name.as_bytes()));
    let (keys, group) = match command.first()?.to_ascii_uppercase().as_slice() {
        b"XCLAIM" | b"XAUTOCLAIM" => (1..2, 2),
        b"XREADGROUP" => {
            let first = word("STREAMS")? + 1;
            (first..first + (command.len() - first) / 2, word("GROUP")? + 1)
        }
        _ => return None,
    };
    let (group, consumer) = (command.get(group)?, command.get(group + 1)?);
    let maker = |key: &Vec<u8>| {
        let start = [b"XGROUP".to_vec(), b"CREATECONSUMER".to_vec()];
        start.into_iter().chain([key, group, consumer].map(Vec::clone)).collect()
    };
    Some(command.get(keys)?.iter().map(maker).collect())
}

/// Gives the ids for new entries numbers that grow through the sequence, so that most can be
/// added: `1-1`, `3-1`, `3-*` ...
pub fn renumber(mut sequence: Vec<Vec<Vec<u8>>>) -> Vec<Vec<Vec<u8>>> {
    let mut ms = 0;
    for arg in sequence.iter_mut().flatten() {
        if let Some(step) = arg.strip_prefix(NEW_ID) {
            let step: u32 = String::from_utf8_lossy(step).parse().expect("a number");
            ms += step;
            *arg = if step == 0 { format!("{ms}-*") } else { format!("{ms}-1") }.into_bytes();
        }
    }
    sequence
}

fn id_bounds() -> BoxedStrategy<Vec<u8>> {
    prop_oneof![
        3 => pool(&["-", "+"]),
        3 => ids(),
        2 => ids().prop_map(|id| [b"(", &id[..]].concat()),
    ]
    .boxed()
}

fn bits() -> BoxedStrategy<Vec<u8>> {
    prop_oneof![
        6 => pool(&["u1", "u4", "u8", "u16", "u31", "u63", "i1", "i4", "i8", "i16", "i33", "i64"]),
        1 => pool(&["u64", "i65", "u0", "x8", "", "u", "i-1", "u08"]),
    ]
    .boxed()
}

fn bit_offsets() -> BoxedStrategy<Vec<u8>> {
    let odd = pool(&["-1", "abc", "", "4294967296", "9223372036854775807", "1000", "01"]);
    prop_oneof![12 => small(0..70), 1 => odd].boxed()
}

fn ids() -> BoxedStrategy<Vec<u8>> {
    let full = (0..45u8, 0..3u8).prop_map(|(ms, seq)| format!("{ms}-{seq}").into_bytes());
    prop_oneof![
        10 => full,
        2 => small(0..45),
        1 => pool(&["18446744073709551615-18446744073709551615", "0-0", "0", "9223372036854775808-1", "007-01"]),
        1 => pool(&["", "-", "abc", "1-", "-1", "1-1-1", "18446744073709551616", "1-*", "$", ">"]),
    ]
    .boxed()
}

/// Degrees with six decimals, in a small part of the world or anywhere.
fn coordinates(max: i32) -> BoxedStrategy<Vec<u8>> {
    let millionths =
        |range: std::ops::Range<i32>| range.prop_map(|n| format!("{:.6}", f64::from(n) / 1e6).into_bytes());
    prop_oneof![
        8 => millionths(10_000_000..14_000_000),
        8 => millionths(-max * 1_000_000..max * 1_000_000),
        1 => pool(&["0", "180", "-180", "85.05112878", "-85.05112878", "85.06", "181", "abc", "inf"]),
    ]
    .boxed()
}

fn small(range: std::ops::Range<i32>) -> BoxedStrategy<Vec<u8>> {
    range.prop_map(|n| n.to_string().into_bytes()).boxed()
}

/// Short texts, numbers, bytes that are no text, and lengths around encoding limits.
fn values() -> BoxedStrategy<Vec<u8>> {
    prop_oneof![
        6 => pool(&["a", "b", "c", "hello world", "x"]),
        3 => small(-20..300),
        2 => pool(INTS),
        2 => pool(FLOATS),
        1 => pool(NOT_INTS),
        1 => select(BYTES).prop_map(<[u8]>::to_vec),
        1 => select(LENGTHS)
            .prop_map(|len| (0..len).map(|n| b'a' + (n % 23) as u8).collect()),
    ]
    .boxed()
}
