//! What a reply should be, as far as it is known.

use norn::{engine::testing::show, protocol::value::Value};

/// What is known of a reply.
#[derive(Clone, Debug)]
pub enum Expect {
    Is(Value),
    /// An error whose text begins so.
    Error(&'static str),
    /// These in any order.
    Unordered(Vec<Value>),
    /// Names and values in any order of pairs.
    Pairs(Vec<(Value, Value)>),
    Array(Vec<Expect>),
    /// These in any order.
    AnyOrder(Vec<Expect>),
    /// A string that is this number in any notation.
    Number(f64),
    /// A string that is nearly this number: how far from it at most.
    Near(f64, f64),
    Anything,
}

impl Expect {
    pub fn ok() -> Expect {
        Expect::Is(Value::Simple(b"OK".to_vec()))
    }

    pub fn int(n: i64) -> Expect {
        Expect::Is(Value::Int(n))
    }

    pub fn count(n: usize) -> Expect {
        Expect::int(n as i64)
    }

    pub fn bulk(text: Option<impl AsRef<[u8]>>) -> Expect {
        Expect::Is(bulk(text))
    }

    pub fn bulks<'a>(texts: impl IntoIterator<Item = &'a Vec<u8>>) -> Expect {
        Expect::Is(Value::Array(texts.into_iter().map(|t| Value::Bulk(t.clone())).collect()))
    }

    pub fn null_array() -> Expect {
        Expect::Is(Value::NullArray)
    }

    pub fn error(prefix: &'static str) -> Expect {
        Expect::Error(prefix)
    }

    /// Whether the reply seen is as expected.
    pub fn allows(&self, seen: &Value) -> bool {
        match (self, seen) {
            (Expect::Anything, _) => true,
            (Expect::Is(value), seen) => value == seen,
            (Expect::Number(x), Value::Bulk(text)) => {
                std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()) == Some(*x)
            }
            (Expect::Near(x, error), Value::Bulk(text)) => {
                let seen: Option<f64> = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
                seen.is_some_and(|seen| (seen - x).abs() <= *error)
            }
            (Expect::Error(prefix), Value::Error(text)) => text.starts_with(prefix.as_bytes()),
            (Expect::Unordered(items), Value::Array(seen)) => sorted(items.clone()) == sorted(seen.clone()),
            (Expect::Pairs(pairs), Value::Array(seen)) => {
                let seen: Vec<_> =
                    seen.chunks(2).map(|p| (p[0].clone(), p.last().cloned().expect("a chunk"))).collect();
                sorted(pairs.clone()) == sorted(seen)
            }
            (Expect::Array(items), Value::Array(seen)) => {
                items.len() == seen.len() && items.iter().zip(seen).all(|(e, v)| e.allows(v))
            }
            (Expect::AnyOrder(items), Value::Array(seen)) => {
                let mut left: Vec<&Value> = seen.iter().collect();
                let mut takes = |e: &Expect| left.iter().position(|v| e.allows(v)).map(|at| left.swap_remove(at));
                items.len() == seen.len() && items.iter().all(|e| takes(e).is_some())
            }
            _ => false,
        }
    }
}

impl Expect {
    /// In the notation of the rig.
    pub fn show(&self) -> String {
        match self {
            Expect::Is(value) => show(value),
            Expect::Error(prefix) => format!("-{prefix}.."),
            Expect::Unordered(items) => format!("any order of {}", show(&Value::Array(items.clone()))),
            Expect::Pairs(pairs) => format!("any order of {}", show(&Value::Map(pairs.clone()))),
            Expect::Array(items) => format!("[{}]", items.iter().map(Expect::show).collect::<Vec<_>>().join(" ")),
            Expect::AnyOrder(items) => format!("any order of {}", Expect::Array(items.clone()).show()),
            Expect::Number(x) => x.to_string(),
            Expect::Near(x, _) => format!("about {x}"),
            Expect::Anything => "anything".into(),
        }
    }
}

/// A string, or none.
pub fn bulk(text: Option<impl AsRef<[u8]>>) -> Value {
    text.map_or(Value::NullBulk, |t| Value::Bulk(t.as_ref().to_vec()))
}

fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort();
    items
}
