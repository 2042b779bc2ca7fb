//! LATENCY: what the latency monitor saw, and how long commands take.

mod graph;

use super::{
    ctx::{Ctx, DONE, Outcome},
    help,
    row::{Acl, Arg, Flags, Group, Row, Run},
    table::{self, COMMANDS, Command},
};
use crate::{
    protocol::Error,
    session::{histogram::Snapshot, latency::Series},
};
use std::{fmt::Write, ops::RangeInclusive};

const FLAGS: Flags = Flags::ADMIN.or(Flags::NOSCRIPT).or(Flags::LOADING).or(Flags::STALE);
/// A histogram's steps, powers of two of nanoseconds; the last takes all longer calls too.
const POWERS: RangeInclusive<u32> = 10..=35;
const EVENT: Arg = Arg::string("event");

const fn row(name: &'static str, arity: i16, run: Run) -> Row {
    Row {
        flags: FLAGS,
        since: "2.8.13",
        complexity: "O(1)",
        tips: &["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
        ..Row::new(name, arity, Group::Server, run)
    }
}

/// This family's commands.
pub const ROWS: &[Row] = &[Row {
    flags: Flags::NONE,
    complexity: "Depends on subcommand.",
    summary: "A container for commands about latency.",
    tips: &[],
    subs: &[
        Row { summary: "Returns an analysis of what the monitor saw, for people.", ..row("doctor", 2, doctor) },
        Row { summary: "Returns a graph of an event's latencies.", args: &[EVENT], ..row("graph", 3, graph) },
        Row {
            since: "7.0.0",
            complexity: "O(N) where N is the number of commands with latency information being retrieved.",
            summary: "Returns how many calls of commands took how long.",
            args: &[Arg::string("COMMAND").optional().multiple()],
            ..row("histogram", -2, histogram)
        },
        Row { summary: "Returns an event's samples.", args: &[EVENT], ..row("history", 3, history) },
        Row { summary: "Returns the latest sample of each event.", ..row("latest", 2, latest) },
        Row {
            summary: "Forgets the samples of some events, or of all.",
            args: &[EVENT.optional().multiple()],
            tips: &["request_policy:all_nodes", "response_policy:agg_sum"],
            ..row("reset", -2, reset)
        },
        Row { since: "2.8.13", ..help::row(Group::Server, Acl::NONE) },
    ],
    ..row("latency", -2, help::container)
}];

fn history(ctx: &mut Ctx) -> Outcome {
    let series = ctx.shared.latency.series(ctx.arg(2)).unwrap_or_default();
    ctx.out.array(series.samples.len());
    for s in &series.samples {
        ctx.out.array(2);
        ctx.out.int(s.time_s as i64);
        ctx.out.int(s.latency_ms as i64);
    }
    DONE
}

fn latest(ctx: &mut Ctx) -> Outcome {
    let all = ctx.shared.latency.all();
    ctx.out.array(all.len());
    for (event, series) in &all {
        let last = series.samples.back().expect("a series begins with a sample");
        ctx.out.array(6);
        ctx.out.bulk(event.as_bytes());
        for n in [last.time_s, last.latency_ms, series.max_ms, series.sum_ms, series.count] {
            ctx.out.int(n as i64);
        }
    }
    DONE
}

fn reset(ctx: &mut Ctx) -> Outcome {
    let latency = &ctx.shared.latency;
    let gone = match ctx.argc() {
        2 => latency.reset(None),
        _ => ctx.args.from(2).map(|event| latency.reset(Some(event))).sum(),
    };
    ctx.out.int(gone as i64);
    DONE
}

fn graph(ctx: &mut Ctx) -> Outcome {
    let event = ctx.arg(2);
    match ctx.shared.latency.series(event) {
        Some(series) => {
            let text = graph::draw(&String::from_utf8_lossy(event), &series, ctx.now.wall.0 / 1000);
            ctx.out.verbatim("txt", text.as_bytes());
            DONE
        }
        None => Err(Error::concat(&[b"ERR No samples available for event '", event, b"'"])),
    }
}

fn doctor(ctx: &mut Ctx) -> Outcome {
    let threshold_ms = ctx.config.monitoring.latency_monitor_threshold_ms;
    let all = ctx.shared.latency.all();
    let text = match (threshold_ms, all.is_empty()) {
        (0, _) => "The latency monitor is off: there is nothing to analyse. To switch it on, use \
                   CONFIG SET latency-monitor-threshold <milliseconds>.\n"
            .into(),
        (_, true) => {
            format!("No event has taken {threshold_ms} ms or more since the monitor was switched on or reset.\n")
        }
        _ => report(&all, threshold_ms),
    };
    ctx.out.verbatim("txt", text.as_bytes());
    DONE
}

/// A paragraph for each event, and what might help.
fn report(all: &[(&'static str, Series)], threshold_ms: u64) -> String {
    let mut text = format!("Events that took {threshold_ms} ms or more:\n\n");
    for (i, (event, s)) in all.iter().enumerate() {
        let n = s.samples.len() as u64;
        let mean = s.samples.iter().map(|x| x.latency_ms).sum::<u64>() / n;
        let deviation = s.samples.iter().map(|x| x.latency_ms.abs_diff(mean)).sum::<u64>() / n;
        let span_s = s.samples.back().map_or(0, |b| b.time_s) - s.samples.front().map_or(0, |f| f.time_s);
        writeln!(
            text,
            "{}. {event}: {n} latency spikes in {span_s} seconds (average {mean} ms, mean deviation {deviation} ms). \
             Worst all time event {} ms.",
            i + 1,
            s.max_ms
        )
        .expect("writing to a string does not fail");
    }
    text.push_str("\nWhat to look at:\n");
    let advice = [
        ("command", "- SLOWLOG GET shows which commands are slow, and COMMANDLOG which are large."),
        ("expire-cycle", "- Many keys expire at once: spread their expiry times."),
        ("eviction-cycle", "- Memory is at its limit: raise maxmemory, or free large values in the background."),
    ];
    for (event, hint) in advice {
        if all.iter().any(|(name, _)| *name == event) {
            text.push_str(hint);
            text.push('\n');
        }
    }
    text.push_str("- Other processes on this machine, its disks and its memory pressure may also play a part.\n");
    text
}

fn histogram(ctx: &mut Ctx) -> Outcome {
    let map = ctx.out.begin_map();
    let mut n = 0;
    if ctx.argc() == 2 {
        n = COMMANDS.iter().filter(|c| distribution(ctx, c)).count();
    }
    for name in ctx.args.from(2) {
        let Some(command) = find(name) else { continue };
        n += usize::from(distribution(ctx, command));
        n += command.subs().iter().filter(|c| distribution(ctx, c)).count();
    }
    ctx.out.end(map, n);
    DONE
}

/// A command by name, or `container|subcommand`.
fn find(name: &[u8]) -> Option<&'static Command> {
    let mut parts = name.splitn(2, |b| *b == b'|');
    let command = table::find(parts.next()?)?;
    match parts.next() {
        Some(sub) => command.sub(sub),
        None => Some(command),
    }
}

/// Writes a command's entry if a call of it was timed.
fn distribution(ctx: &mut Ctx, command: &Command) -> bool {
    let mut sum = Snapshot::default();
    for w in &ctx.shared.workers {
        w.per_command[command.id as usize].durations().inspect(|h| h.add_to(&mut sum));
    }
    let calls = sum.count();
    if calls == 0 {
        return false;
    }
    ctx.out.bulk(command.full_name().as_bytes());
    ctx.out.map(2);
    ctx.out.bulk(b"calls");
    ctx.out.int(calls as i64);
    ctx.out.bulk(b"histogram_usec");
    let (map, mut pairs, mut before) = (ctx.out.begin_map(), 0, 0);
    for power in POWERS {
        let below = if power == *POWERS.end() { calls } else { sum.below(power) };
        if below > before {
            ctx.out.int((1i64 << power) / 1000);
            ctx.out.int(below as i64);
            pairs += 1;
        }
        before = below;
    }
    ctx.out.end(map, pairs);
    true
}
