//! What replies about streams say besides the clock.
//!
//! Left out are times and how long ago something was, the size of a radix tree that only the
//! peer has, and what Valkey tells and Redis 7.0 does not. The counts that are read off the
//! stream by a group (`entries-read`, `lag`) Valkey reckons better.

use super::common::Value;

/// Facts that only one of the two tells, or tells in its own way.
const OWN: &[&str] = &["radix-tree-nodes", "inactive", "active-time", "entries-read", "lag"];
/// Facts that are times.
const TIMES: &[&str] = &["idle", "seen-time"];
/// Integers from here on are unix times in ms.
const FIRST_TIME: i64 = 1_000_000_000_000;

fn is_one_of(name: &Value, names: &[&str]) -> bool {
    matches!(name, Value::Bulk(b) if names.iter().any(|n| n.as_bytes() == b))
}

fn pair(name: &Value, value: &Value) -> Option<[Value; 2]> {
    match () {
        () if is_one_of(name, OWN) => None,
        () if is_one_of(name, TIMES) => Some([name.clone(), Value::Nil]),
        () => Some([normal_info(name), normal_info(value)]),
    }
}

/// A reply to XINFO without what need not be equal.
pub fn normal_info(v: &Value) -> Value {
    match v {
        Value::Int(n) if *n >= FIRST_TIME => Value::Nil,
        Value::Map(pairs) => Value::Array(pairs.iter().filter_map(|(n, v)| pair(n, v)).flatten().collect()),
        Value::Array(items) if is_one_of(items.first().unwrap_or(&Value::Nil), &["name", "length"]) => {
            Value::Array(items.chunks(2).filter_map(|p| pair(&p[0], &p[1])).flatten().collect())
        }
        // A pending entry of a group, or of a consumer: its time is the last but one.
        Value::Array(items) => match items.as_slice() {
            [start @ .., Value::Int(_), count @ Value::Int(_)] if !start.is_empty() => {
                Value::Array(start.iter().chain([&Value::Nil, count]).cloned().collect())
            }
            items => Value::Array(items.iter().map(normal_info).collect()),
        },
        other => other.clone(),
    }
}

/// A reply to XPENDING without the times since the last delivery.
pub fn normal_pending(v: &Value) -> Value {
    match v {
        Value::Array(items) => match items.as_slice() {
            [id @ Value::Bulk(_), owner @ Value::Bulk(_), Value::Int(_), count @ Value::Int(_)] => {
                Value::Array([id, owner, &Value::Nil, count].into_iter().cloned().collect())
            }
            items => Value::Array(items.iter().map(normal_pending).collect()),
        },
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::common::{array, bulk, int};
    use super::*;

    #[test]
    fn only_clocks_are_left_out() {
        let entry = |idle, count| array([array([bulk("1-1"), bulk("c"), int(idle), int(count)])]);
        assert_eq!(normal_pending(&entry(5, 1)), normal_pending(&entry(9, 1)));
        assert_ne!(normal_pending(&entry(5, 1)), normal_pending(&entry(5, 2)));
        let info = |idle, pending| {
            array([array([bulk("name"), bulk("c"), bulk("idle"), int(idle), bulk("pending"), int(pending)])])
        };
        assert_eq!(normal_info(&info(5, 1)), normal_info(&info(9, 1)));
        assert_ne!(normal_info(&info(5, 1)), normal_info(&info(5, 2)));
    }
}
