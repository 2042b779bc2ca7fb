//! String commands of the model.

use super::{
    calendar::Span,
    command::{Command, Key, Ttl, When},
    reply::{NOT_AN_INTEGER, OK, OVERFLOW, Reply, WRONGTYPE},
    sketches::MAGIC,
    state::{Slot, State},
    value::Value,
};
use bytes::Bytes;

impl State<'_> {
    pub(super) fn run_string(&mut self, command: &Command, at: &Span) -> Option<Reply> {
        let reply = match command {
            Command::Get(k) => self.text(*k).map(Reply::bulk_or_nil),
            Command::Set { key, value, when, get, ttl } => self.set(*key, value, *when, *get, *ttl, at),
            Command::GetDel(k) => self.text(*k).map(|text| {
                if text.is_some() {
                    self.put(*k, None);
                }
                Reply::bulk_or_nil(text)
            }),
            Command::GetEx(k, ttl) => self.get_ex(*k, *ttl, at),
            Command::Append(k, v) => self.text(*k).map(|old| {
                let mut text = old.unwrap_or_default().to_vec();
                text.extend_from_slice(v);
                let len = text.len();
                self.put_value(*k, Value::Str(text.into()));
                Reply::count(len)
            }),
            Command::StrLen(k) => self.text(*k).map(|t| Reply::count(t.map_or(0, |t| t.len()))),
            Command::IncrBy(k, n) => self.incr(*k, *n),
            Command::GetRange(k, a, b) => self.text(*k).map(|t| {
                let t = t.unwrap_or_default();
                Reply::Bulk(t.slice(characters(*a, *b, t.len())))
            }),
            Command::SetRange(k, start, v) => self.text(*k).map(|old| {
                let mut text = old.unwrap_or_default().to_vec();
                text.resize(text.len().max(start + v.len()), 0);
                text[*start..start + v.len()].copy_from_slice(v);
                let len = text.len();
                self.put_value(*k, Value::Str(text.into()));
                Reply::count(len)
            }),
            Command::MGet(ks) => {
                let all = ks.iter().map(|k| Reply::bulk_or_nil(self.text(*k).unwrap_or_default()));
                Ok(Reply::Array(all.collect()))
            }
            Command::MSet(pairs) => {
                self.set_all(pairs);
                Ok(OK)
            }
            Command::MSetNx(pairs) => {
                let free = pairs.iter().all(|(k, _)| self.slot(*k).is_none());
                if free {
                    self.set_all(pairs);
                }
                Ok(Reply::Int(free.into()))
            }
            _ => return None,
        };
        Some(reply.unwrap_or_else(|error| error))
    }

    /// A string's text; nothing if the key does not exist.
    pub(super) fn text(&mut self, k: Key) -> Result<Option<Bytes>, Reply> {
        match self.slot(k).map(|s| &s.value) {
            None => Ok(None),
            Some(Value::Str(t)) => Ok(Some(t.clone())),
            Some(Value::Sketch(_)) => Ok(Some(MAGIC)),
            Some(_) => Err(WRONGTYPE),
        }
    }

    fn set_all(&mut self, pairs: &[(Key, Bytes)]) {
        for (k, v) in pairs {
            self.put(*k, Some(Slot { value: Value::Str(v.clone()), due: None }));
        }
    }

    fn set(&mut self, k: Key, v: &Bytes, when: When, get: bool, ttl: Ttl, at: &Span) -> Result<Reply, Reply> {
        let old = if get { self.text(k)? } else { None };
        let exists = self.slot(k).is_some();
        let refused = match when {
            When::Always => false,
            When::Missing => exists,
            When::Present => !exists,
            When::Later | When::Earlier => unreachable!("a condition of expiry"),
        };
        if refused {
            return Ok(Reply::bulk_or_nil(old));
        }
        let value = Value::Str(v.clone());
        match (ttl, self.slot(k).and_then(|s| s.due)) {
            (Ttl::Keep, due) => self.put(k, Some(Slot { value, due })),
            _ => self.put_until(k, value, ttl, at),
        }
        Ok(if get { Reply::bulk_or_nil(old) } else { OK })
    }

    fn get_ex(&mut self, k: Key, ttl: Ttl, at: &Span) -> Result<Reply, Reply> {
        let Some(text) = self.text(k)? else { return Ok(Reply::Nil) };
        let slot = self.slot(k).cloned().expect("it has a text");
        match ttl {
            Ttl::Persist if slot.due.is_some() => self.put(k, Some(Slot { due: None, ..slot })),
            Ttl::In(_) | Ttl::At(_) => self.put_until(k, slot.value, ttl, at),
            _ => {}
        }
        Ok(Reply::Bulk(text))
    }

    fn incr(&mut self, k: Key, n: i64) -> Result<Reply, Reply> {
        let old = match self.text(k)? {
            None => 0,
            Some(t) => integer(&t).ok_or(NOT_AN_INTEGER)?,
        };
        let new = old.checked_add(n).ok_or(OVERFLOW)?;
        self.put_value(k, Value::Str(new.to_string().into()));
        Ok(Reply::Int(new))
    }
}

/// The number that a text spells in the one canonical way.
pub(super) fn integer(text: &[u8]) -> Option<i64> {
    let n: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (n.to_string().as_bytes() == text).then_some(n)
}

/// The characters from `a` to `b`, both inclusive. Unlike with lists, an end before the
/// beginning is the first character, unless the start lies behind it too.
fn characters(a: i64, b: i64, len: usize) -> std::ops::Range<usize> {
    if a < 0 && b < 0 && a > b {
        return 0..0;
    }
    span(a, b.max(-(len as i64)), len)
}

/// The elements from `a` to `b`, both inclusive, negative ones counting from the end.
pub(super) fn span(a: i64, b: i64, len: usize) -> std::ops::Range<usize> {
    let place = |i: i64| if i < 0 { (i + len as i64).max(0) } else { i };
    // An end before the beginning stays there.
    let end = if b < 0 { b + len as i64 } else { b };
    let (from, to) = (place(a), (end + 1).min(len as i64));
    if from >= to { 0..0 } else { from as usize..to as usize }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        assert_eq!(span(0, -1, 5), 0..5);
        assert_eq!(span(-3, -2, 5), 2..4);
        assert_eq!(span(-100, 1, 5), 0..2);
        assert_eq!(span(3, 100, 5), 3..5);
        assert_eq!(span(4, 2, 5), 0..0);
        assert_eq!(span(0, -100, 5), 0..0);
        assert_eq!(span(0, 0, 0), 0..0);
        assert_eq!(characters(0, -100, 5), 0..1);
        assert_eq!(characters(-90, -100, 5), 0..0);
        assert_eq!(characters(0, -1, 0), 0..0);
    }

    #[test]
    fn integers_are_canonical() {
        assert_eq!(integer(b"-12"), Some(-12));
        for text in ["+1", "01", " 1", "", "-0", "9223372036854775808"] {
            assert_eq!(integer(text.as_bytes()), None, "{text}");
        }
    }
}
