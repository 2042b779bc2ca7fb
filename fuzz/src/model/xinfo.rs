//! XINFO: what a stream, its groups and their consumers are like. How many nodes there are
//! is the server's own affair.

use super::{
    Expect, Model,
    expect::bulk,
    streams::{entry, text},
    strings::number,
};
use crate::dump::{ConsumerGroup, Log};
use norn::{data::stream::Id, protocol::value::Value};

impl Model {
    /// `sub key ...`.
    pub(super) fn info(&self, args: &[Vec<u8>]) -> Result<Expect, Expect> {
        let sub = args[0].to_ascii_lowercase();
        if sub == b"help" {
            return Ok(Expect::Anything);
        }
        let full = if sub == b"stream" { full(&args[2..])? } else { None };
        let log = self.log(&args[1])?.ok_or(Expect::error(""))?;
        Ok(match sub.as_slice() {
            b"groups" => Expect::Is(Value::Array(log.groups.iter().map(|(name, g)| group(&log, name, g)).collect())),
            b"consumers" => {
                let g = log.groups.get(&args[2]).ok_or(Expect::error(""))?;
                Expect::Is(Value::Array(g.consumers.keys().map(|name| self.consumer(g, name)).collect()))
            }
            b"stream" => stream(&log, full),
            other => unreachable!("{}", other.escape_ascii()),
        })
    }

    fn consumer(&self, g: &ConsumerGroup, name: &Vec<u8>) -> Value {
        let (seen, active) = g.consumers[name];
        named(vec![
            ("name", bulk(Some(name))),
            ("pending", Value::Int(g.pending.values().filter(|p| p.owner == *name).count() as i64)),
            ("idle", Value::Int(self.now_ms - seen)),
            ("inactive", Value::Int(active.map_or(-1, |at| self.now_ms - at))),
        ])
    }
}

/// `[FULL [COUNT n]]`: how many of each list to show, if it is to be full.
fn full(args: &[Vec<u8>]) -> Result<Option<usize>, Expect> {
    let is = |at: usize, word: &[u8]| args[at].eq_ignore_ascii_case(word);
    match args.len() {
        0 => Ok(None),
        1 if is(0, b"FULL") => Ok(Some(10)),
        3 if is(0, b"FULL") && is(1, b"COUNT") => Ok(Some(match number(&args[2])? {
            0 => usize::MAX,
            n if n < 0 => 10,
            n => n as usize,
        })),
        _ => Err(Expect::error("")),
    }
}

/// Names and values by turns.
fn named(pairs: Vec<(&str, Value)>) -> Value {
    Value::Array(pairs.into_iter().flat_map(|(name, value)| [bulk(Some(name)), value]).collect())
}

fn int_or_null(n: Option<i64>) -> Value {
    n.map_or(Value::NullBulk, Value::Int)
}

fn group(log: &Log, name: &[u8], g: &ConsumerGroup) -> Value {
    named(vec![
        ("name", bulk(Some(name))),
        ("consumers", Value::Int(g.consumers.len() as i64)),
        ("pending", Value::Int(g.pending.len() as i64)),
        ("last-delivered-id", text(&g.last)),
        ("entries-read", int_or_null(g.read)),
        ("lag", int_or_null(log.lag(g))),
    ])
}

fn stream(log: &Log, full: Option<usize>) -> Expect {
    let first = log.entries.keys().next().copied().unwrap_or(Id::MIN);
    let mut all = vec![
        ("length", Some(Value::Int(log.entries.len() as i64))),
        ("radix-tree-keys", None),
        ("radix-tree-nodes", None),
        ("last-generated-id", Some(text(&log.last))),
        ("max-deleted-entry-id", Some(text(&log.max_deleted))),
        ("entries-added", Some(Value::Int(log.added as i64))),
        ("recorded-first-entry-id", Some(text(&first))),
    ];
    match full {
        Some(count) => {
            let groups = log.groups.iter().map(|(name, g)| full_group(log, name, g, count));
            all.push(("entries", Some(Value::Array(log.entries.iter().take(count).map(entry).collect()))));
            all.push(("groups", Some(Value::Array(groups.collect()))));
        }
        None => {
            let end = |e| Some(Option::map_or(e, Value::NullBulk, entry));
            all.push(("groups", Some(Value::Int(log.groups.len() as i64))));
            all.push(("first-entry", end(log.entries.first_key_value())));
            all.push(("last-entry", end(log.entries.last_key_value())));
        }
    }
    let pair =
        |(name, value): (&str, Option<Value>)| [Expect::bulk(Some(name)), value.map_or(Expect::Anything, Expect::Is)];
    Expect::Array(all.into_iter().flat_map(pair).collect())
}

fn full_group(log: &Log, name: &[u8], g: &ConsumerGroup, count: usize) -> Value {
    let pending = g.pending.iter().take(count).map(|(id, p)| {
        let delivered = Value::Int(p.delivered_ms);
        Value::Array(vec![text(id), bulk(Some(&p.owner)), delivered, Value::Int(p.deliveries as i64)])
    });
    let consumers = g.consumers.iter().map(|(name, (seen, active))| {
        let own = || g.pending.iter().filter(|(_, p)| p.owner == *name);
        let pending = own()
            .take(count)
            .map(|(id, p)| Value::Array(vec![text(id), Value::Int(p.delivered_ms), Value::Int(p.deliveries as i64)]));
        named(vec![
            ("name", bulk(Some(name))),
            ("seen-time", Value::Int(*seen)),
            ("active-time", Value::Int(active.unwrap_or(-1))),
            ("pel-count", Value::Int(own().count() as i64)),
            ("pending", Value::Array(pending.collect())),
        ])
    });
    named(vec![
        ("name", bulk(Some(name))),
        ("last-delivered-id", text(&g.last)),
        ("entries-read", int_or_null(g.read)),
        ("lag", int_or_null(log.lag(g))),
        ("pel-count", Value::Int(g.pending.len() as i64)),
        ("pending", Value::Array(pending.collect())),
        ("consumers", Value::Array(consumers.collect())),
    ])
}
