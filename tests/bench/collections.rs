//! The data types: what elements, ranges and whole collections cost, one row of a table for
//! each figure.
//!
//! A case is a request, what must be there before each round of it, and how it is measured: by
//! CPU per operation of many connections that ask sixteen deep, or by the time one connection
//! waits for one answer. Both servers take turns.

use super::load::{Keys, Load, Reply, Template};
use super::table::{Judged, Row, median, print};
use super::{Pair, Side, process};
use std::io;

const ROUNDS: usize = 5;
/// Connections where CPU per operation is measured, and requests on the way on each.
const CONNECTIONS: usize = 50;
const DEPTH: usize = 16;

/// A request, its reply, how often it is sent, and which keys it names.
struct Step {
    args: &'static [&'static str],
    reply: Reply,
    times: u64,
    keys: Keys,
}

const fn step(args: &'static [&'static str], reply: Reply, times: u64, keys: Keys) -> Step {
    Step { args, reply, times, keys }
}

/// What is measured.
#[derive(Clone, Copy, PartialEq)]
enum Measure {
    /// Microseconds of the server's CPU for one operation.
    Cpu,
    /// Milliseconds until the answer is there.
    Time,
    /// The same where sixteen are asked for at once, because the way there and back takes longer.
    Short,
}

struct Case {
    name: &'static str,
    measure: Measure,
    /// Sent before the first round; and before every round.
    once: &'static [Step],
    before: &'static [Step],
    request: Step,
    bounds: (f64, f64),
}

const fn case(
    name: &'static str,
    measure: Measure,
    once: &'static [Step],
    before: &'static [Step],
    request: Step,
    bounds: (f64, f64),
) -> Case {
    Case { name, measure, once, before, request, bounds }
}

const WRITE: (f64, f64) = (0.75, 0.5);
const RANGE: (f64, f64) = (0.7, 0.4);
const WHOLE: (f64, f64) = (0.7, 0.3);
/// Operations of a round, where each touches one element; and where each reads a hundred.
const OPS: u64 = 500_000;
const READS: u64 = 50_000;
const DRAWN: Keys = Keys::Random(100_000);
const IN_ORDER: Keys = Keys::From(0);
const NEW: Step = step(&["FLUSHALL"], Reply::OK, 1, IN_ORDER);

use Measure::{Cpu, Short, Time};
use Reply as R;

/// For a pop, as many as are taken, and some more.
const FULL: u64 = OPS + 10_000;
const PUSHES: &[Step] = &[NEW, step(&["RPUSH", "k", "{key}"], R::NUMBER, FULL, IN_ORDER)];
const MEMBERS: &[Step] = &[NEW, step(&["SADD", "k", "{key}"], R::NUMBER, FULL, IN_ORDER)];
const SCORED: &[Step] = &[NEW, step(&["ZADD", "k", "{n}", "{key}"], R::NUMBER, FULL, IN_ORDER)];
const TWO_ZSETS: &[Step] = &[
    step(&["ZADD", "a", "{n}", "{key}"], R::NUMBER, 100_000, IN_ORDER),
    step(&["ZADD", "b", "{n}", "{key}"], R::NUMBER, 100_000, Keys::From(50_000)),
];
const TWO_SETS: &[Step] = &[
    step(&["SADD", "a", "{key}"], R::NUMBER, 100_000, IN_ORDER),
    step(&["SADD", "b", "{key}"], R::NUMBER, 100_000, Keys::From(50_000)),
];
const TWO_COUNTERS: &[Step] = &[
    step(&["PFADD", "a", "{key}"], R::NUMBER, 100_000, IN_ORDER),
    step(&["PFADD", "b", "{key}"], R::NUMBER, 100_000, Keys::From(50_000)),
];
const NUMBERS: &[Step] = &[step(&["RPUSH", "k", "{n}"], R::NUMBER, 100_000, IN_ORDER)];
const BITS_64_MB: &[Step] = &[step(&["SETBIT", "k", "536870911", "1"], R::NUMBER, 1, IN_ORDER)];
const LIST_1000: &[Step] = &[step(&["RPUSH", "k", "{key}"], R::NUMBER, 1000, IN_ORDER)];
const ZSET_1000: &[Step] = &[step(&["ZADD", "k", "{n}", "{key}"], R::NUMBER, 1000, IN_ORDER)];
const SET_100: &[Step] = &[step(&["SADD", "k", "{key}"], R::NUMBER, 100, IN_ORDER)];
const HASH_50: &[Step] = &[step(&["HSET", "k", "{key}", "abc"], R::NUMBER, 50, IN_ORDER)];
const STREAM_1000: &[Step] = &[step(&["XADD", "k", "*", "f", "{key}"], R::TEXT, 1000, IN_ORDER)];
/// A hundred entries: an array of two, an id, an array of two texts.
const ENTRIES: Reply = Reply(b'*', 1 + 100 * 8);

const CASES: &[Case] = &[
    case("write-lpush", Cpu, &[], &[NEW], step(&["LPUSH", "k", "{key}"], R::NUMBER, OPS, DRAWN), WRITE),
    case("write-rpop", Cpu, &[], PUSHES, step(&["RPOP", "k"], R::TEXT, OPS, DRAWN), WRITE),
    case("write-sadd", Cpu, &[], &[NEW], step(&["SADD", "k", "{key}"], R::NUMBER, OPS, DRAWN), WRITE),
    case("write-hset", Cpu, &[], &[NEW], step(&["HSET", "k", "{key}", "abc"], R::NUMBER, OPS, DRAWN), WRITE),
    case("write-zadd", Cpu, &[], &[NEW], step(&["ZADD", "k", "{n}", "{key}"], R::NUMBER, OPS, DRAWN), WRITE),
    case("write-spop", Cpu, &[], MEMBERS, step(&["SPOP", "k"], R::TEXT, OPS, DRAWN), WRITE),
    case("write-zpopmin", Cpu, &[], SCORED, step(&["ZPOPMIN", "k"], R::texts(2), OPS, DRAWN), WRITE),
    case("write-xadd", Cpu, &[], &[NEW], step(&["XADD", "k", "*", "f", "{key}"], R::TEXT, OPS, DRAWN), WRITE),
    case("range-lrange", Cpu, LIST_1000, &[], step(&["LRANGE", "k", "0", "99"], R::texts(100), READS, DRAWN), RANGE),
    case("range-zrange", Cpu, ZSET_1000, &[], step(&["ZRANGE", "k", "0", "99"], R::texts(100), READS, DRAWN), RANGE),
    case("range-smembers", Cpu, SET_100, &[], step(&["SMEMBERS", "k"], R::texts(100), READS, DRAWN), RANGE),
    case("range-hgetall", Cpu, HASH_50, &[], step(&["HGETALL", "k"], R::texts(100), READS, DRAWN), RANGE),
    case(
        "range-xrange",
        Cpu,
        STREAM_1000,
        &[],
        step(&["XRANGE", "k", "-", "+", "COUNT", "100"], ENTRIES, READS, DRAWN),
        RANGE,
    ),
    case(
        "whole-zunionstore",
        Time,
        TWO_ZSETS,
        &[],
        step(&["ZUNIONSTORE", "c", "2", "a", "b"], R::NUMBER, 5, DRAWN),
        WHOLE,
    ),
    case("whole-sinter", Time, TWO_SETS, &[], step(&["SINTER", "a", "b"], R::texts(50_000), 10, DRAWN), WHOLE),
    case("whole-sort", Time, NUMBERS, &[], step(&["SORT", "k"], R::texts(100_000), 5, DRAWN), WHOLE),
    case("whole-pfcount", Short, TWO_COUNTERS, &[], step(&["PFCOUNT", "a", "b"], R::NUMBER, 8000, DRAWN), WHOLE),
    case("whole-bitcount", Time, BITS_64_MB, &[], step(&["BITCOUNT", "k"], R::NUMBER, 20, DRAWN), WHOLE),
];

/// Measures those cases that `wanted` names.
pub fn run(pair: &Pair, wanted: &dyn Fn(&str) -> bool) -> io::Result<()> {
    for case in CASES.iter().filter(|case| wanted(case.name)) {
        measure(pair, case)?;
    }
    Ok(())
}

fn measure(pair: &Pair, case: &Case) -> io::Result<()> {
    let servers = [pair.start(Side::Ours, &[]), pair.start(Side::Peer, &[])];
    let (connections, depth) = match case.measure {
        Cpu => (CONNECTIONS, DEPTH),
        Time => (1, 1),
        Short => (1, DEPTH),
    };
    let mut loads = Vec::new();
    for server in &servers {
        prepare(server.port, case.once)?;
        loads.push(Load::connect(server.port, connections)?);
    }
    let template = Template::new(case.request.args, case.request.reply);
    let mut figures = [vec![], vec![]];
    for round in 0..ROUNDS {
        for side in if round % 2 == 0 { [0, 1] } else { [1, 0] } {
            let server = &servers[side];
            prepare(server.port, case.before)?;
            let before = process::cpu_s(server.pid())?;
            let (ops, took) = loads[side].run(&template, depth, case.request.times, case.request.keys)?;
            let used = process::cpu_s(server.pid())? - before;
            figures[side].push(match case.measure {
                Cpu => used * 1e6 / ops as f64,
                Time | Short => took.as_secs_f64() * 1e3 / ops as f64,
            });
        }
    }
    let [ours, peer] = figures.map(median);
    let words = case.request.args.join(" ");
    let (figure, unit) = match case.measure {
        Cpu => (format!("{words}, {DEPTH} deep: server CPU per op"), "us"),
        Time | Short => (format!("{words}, 100k elements each or 64 MB: time"), "ms"),
    };
    print(&Row { figure, unit, ours, peer, judged: Judged::RatioDown, must: case.bounds.0, aim: case.bounds.1 });
    Ok(())
}

/// Sends what has to come before.
fn prepare(port: u16, steps: &[Step]) -> io::Result<()> {
    let mut load = Load::connect(port, 1)?;
    for step in steps {
        let depth = if step.times % 100 == 0 { 100 } else { 1 };
        load.run(&Template::new(step.args, step.reply), depth, step.times, step.keys)?;
    }
    Ok(())
}
