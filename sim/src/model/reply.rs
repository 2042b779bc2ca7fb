//! Replies as clients saw them, and as the model expects them.
//!
//! Both sides share one type. What RESP2 and RESP3 merely spell differently is the same
//! here; what the model cannot know exactly (a remaining time) it expects as a range.

use super::{command::Key, encode::key_mark, family::Name, sketches::MAGIC};
use bytes::Bytes;
use norn::protocol::value::Value;

/// A reply, seen or expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    Status(Bytes),
    Error(Bytes),
    Int(i64),
    /// Expected only: any number from the first to the second.
    Between(i64, i64),
    Bulk(Bytes),
    /// RESP2's missing string.
    Nil,
    /// RESP2's missing array.
    NilArray,
    /// RESP3's null, which is either of them.
    Null,
    Array(Vec<Reply>),
}

pub const OK: Reply = Reply::Status(Bytes::from_static(b"OK"));
pub const WRONGTYPE: Reply =
    Reply::Error(Bytes::from_static(b"WRONGTYPE Operation against a key holding the wrong kind of value"));
pub const NOT_AN_INTEGER: Reply = Reply::Error(Bytes::from_static(b"ERR value is not an integer or out of range"));
pub const OVERFLOW: Reply = Reply::Error(Bytes::from_static(b"ERR increment or decrement would overflow"));
pub const HASH_NOT_AN_INTEGER: Reply = Reply::Error(Bytes::from_static(b"ERR hash value is not an integer"));
pub const NOT_A_SCORE: Reply = Reply::Error(Bytes::from_static(b"ERR resulting score is not a number (NaN)"));
pub const NO_SUCH_KEY: Reply = Reply::Error(Bytes::from_static(b"ERR no such key"));
pub const OUT_OF_RANGE: Reply = Reply::Error(Bytes::from_static(b"ERR index out of range"));
pub const UNBLOCKED: &[u8] = b"UNBLOCKED client unblocked via CLIENT UNBLOCK";

impl Reply {
    /// Whether this expectation allows what was seen.
    pub fn allows(&self, seen: &Reply) -> bool {
        match (self, seen) {
            (Reply::Between(low, high), Reply::Int(n)) => low <= n && n <= high,
            (Reply::Nil | Reply::NilArray, Reply::Null) => true,
            (Reply::Bulk(a), Reply::Bulk(b)) if *a == MAGIC => b.starts_with(a),
            (Reply::Array(a), Reply::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.allows(b)),
            (a, b) => a == b,
        }
    }

    pub fn is_nil(&self) -> bool {
        matches!(self, Reply::Nil | Reply::NilArray | Reply::Null)
    }

    /// A number that counts things.
    pub fn count(n: usize) -> Reply {
        Reply::Int(n as i64)
    }

    /// The string, or RESP2's missing one.
    pub fn bulk_or_nil(text: Option<Bytes>) -> Reply {
        text.map_or(Reply::Nil, Reply::Bulk)
    }

    /// An array of strings.
    pub fn bulks<'a>(items: impl IntoIterator<Item = &'a Bytes>) -> Reply {
        Reply::Array(items.into_iter().map(|b| Reply::Bulk(b.clone())).collect())
    }

    /// What a scan replies that has shown everything.
    pub fn scanned(all: Reply) -> Reply {
        Reply::Array(vec![Reply::Bulk(Bytes::from_static(b"0")), all])
    }

    /// Orders the pairs in a scan's reply.
    pub fn sort_scanned_pairs(&mut self) {
        if let Reply::Array(parts) = self {
            parts.iter_mut().for_each(Reply::sort_pairs);
        }
    }

    /// Keeps of a flat map only what stands behind these names, in their order.
    pub fn keep_named(&mut self, names: &[&[u8]]) {
        let Reply::Array(items) = self else { return };
        let value = |name: &&[u8]| items.chunks_exact(2).find(|p| p[0].text() == Some(*name)).map(|p| p[1].clone());
        *items = names.iter().filter_map(value).collect();
    }

    /// What a client received. Kinds of replies that no command of the model gives are an
    /// error, and so is a malformed one.
    pub fn seen(value: Value) -> Result<Reply, String> {
        Ok(match value {
            Value::Simple(b) => Reply::Status(b.into()),
            Value::Error(b) => Reply::Error(b.into()),
            Value::Int(n) => Reply::Int(n),
            Value::Bulk(b) | Value::Double(b) => Reply::Bulk(b.into()),
            Value::NullBulk => Reply::Nil,
            Value::NullArray => Reply::NilArray,
            Value::Null => Reply::Null,
            Value::Array(items) | Value::Set(items) => {
                Reply::Array(items.into_iter().map(Reply::seen).collect::<Result<_, _>>()?)
            }
            Value::Map(pairs) => {
                let flat = pairs.into_iter().flat_map(|(k, v)| [k, v]);
                Reply::Array(flat.map(Reply::seen).collect::<Result<_, _>>()?)
            }
            other => return Err(format!("an unexpected kind of reply: {other:?}")),
        })
    }

    /// Orders the pairs of a flat map by field: servers may send them in any order.
    pub fn sort_pairs(&mut self) {
        let Reply::Array(items) = self else { return };
        if items.len() % 2 != 0 {
            return;
        }
        let mut pairs: Vec<(Reply, Reply)> = items.chunks_exact(2).map(|p| (p[0].clone(), p[1].clone())).collect();
        pairs.sort_by(|(a, _), (b, _)| a.text().cmp(&b.text()));
        *items = pairs.into_iter().flat_map(|(k, v)| [k, v]).collect();
    }

    /// Orders the elements of an array that has no order.
    pub fn sort_texts(&mut self) {
        if let Reply::Array(items) = self {
            items.sort_by(|a, b| a.text().cmp(&b.text()));
        }
    }

    /// Puts the elements of arrays in an array in their place.
    pub fn flatten(&mut self) {
        let Reply::Array(items) = self else { return };
        let parts = |item| match item {
            Reply::Array(parts) => parts,
            other => vec![other],
        };
        *items = std::mem::take(items).into_iter().flat_map(parts).collect();
    }

    /// Replaces the key's name at the beginning of an array by its mark.
    pub fn mark_first_key(&mut self, keys: &[Key], name: Name) {
        if let Reply::Array(items) = self
            && let Some(Reply::Bulk(text)) = items.first_mut()
            && let Some(key) = keys.iter().find(|k| name(**k) == *text)
        {
            *text = key_mark(*key);
        }
    }

    /// Makes zeros positive.
    pub fn drop_signs_of_zeros(&mut self) {
        match self {
            Reply::Bulk(text) if text == "-0" => *text = Bytes::from_static(b"0"),
            Reply::Array(items) => items.iter_mut().for_each(Reply::drop_signs_of_zeros),
            _ => {}
        }
    }

    fn text(&self) -> Option<&[u8]> {
        match self {
            Reply::Bulk(b) => Some(b),
            _ => None,
        }
    }
}
