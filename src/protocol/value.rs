//! The client's side of the wire: requests encoded, replies parsed into a tree.
//!
//! The server itself never reads a reply. Tests, the simulator's clients and the fuzzers
//! do, and so will whatever talks to another server. Every RESP2 and RESP3 type has its
//! own variant, so two servers' replies are equal only if they agree on types as well.

use super::request::write_request;
use crate::base::num;
use memchr::memchr;
use std::fmt;

/// One reply.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    Simple(Vec<u8>),
    /// An error's text, code first.
    Error(Vec<u8>),
    Int(i64),
    Bulk(Vec<u8>),
    /// RESP2's missing string.
    NullBulk,
    /// RESP2's missing array.
    NullArray,
    /// RESP3's null.
    Null,
    Bool(bool),
    /// A double as the text that was sent.
    Double(Vec<u8>),
    BigNumber(Vec<u8>),
    /// The format's three letters, and the text.
    Verbatim([u8; 3], Vec<u8>),
    /// An error's text that came as a bulk.
    BulkError(Vec<u8>),
    Array(Vec<Value>),
    Set(Vec<Value>),
    Push(Vec<Value>),
    Map(Vec<(Value, Value)>),
    /// Pairs that describe the value behind them.
    Attributed(Vec<(Value, Value)>, Box<Value>),
}

/// Bytes that are no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadReply;

impl fmt::Display for BadReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("malformed reply")
    }
}

impl std::error::Error for BadReply {}

/// Deeper nesting than any server sends.
const MAX_DEPTH: usize = 64;

/// Why a parse stopped.
enum Stop {
    Incomplete,
    Bad,
}

impl Value {
    /// The reply that `buf` begins with and its length; `None` if it is not complete yet.
    pub fn parse(buf: &[u8]) -> Result<Option<(Value, usize)>, BadReply> {
        let mut reader = Reader { buf, pos: 0 };
        match reader.value(0) {
            Ok(value) => Ok(Some((value, reader.pos))),
            Err(Stop::Incomplete) => Ok(None),
            Err(Stop::Bad) => Err(BadReply),
        }
    }

    /// Whether this is a null of any kind.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null | Value::NullBulk | Value::NullArray)
    }

    /// The bytes of a string or double of any kind; `None` for everything else.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Value::Simple(b) | Value::Bulk(b) | Value::Double(b) | Value::BigNumber(b) | Value::Verbatim(_, b) => {
                Some(b)
            }
            _ => None,
        }
    }

    /// An error's text.
    pub fn error(&self) -> Option<&[u8]> {
        match self {
            Value::Error(b) | Value::BulkError(b) => Some(b),
            _ => None,
        }
    }
}

/// Appends a request of these arguments to `out`.
pub fn encode_command(args: &[&[u8]], out: &mut Vec<u8>) {
    write_request(out, args.iter().copied());
}

struct Reader<'a> {
    buf: &'a [u8],
    pos: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Value, Stop> {
        if depth > MAX_DEPTH {
            return Err(Stop::Bad);
        }
        let (kind, text) = self.line()?.split_first().ok_or(Stop::Bad)?;
        Ok(match kind {
            b'+' => Value::Simple(text.to_vec()),
            b'-' => Value::Error(text.to_vec()),
            b':' => Value::Int(number(text)?),
            b',' => Value::Double(text.to_vec()),
            b'(' => Value::BigNumber(text.to_vec()),
            b'_' if text.is_empty() => Value::Null,
            b'#' => match text {
                b"t" => Value::Bool(true),
                b"f" => Value::Bool(false),
                _ => return Err(Stop::Bad),
            },
            b'$' if text == b"-1" => Value::NullBulk,
            b'*' if text == b"-1" => Value::NullArray,
            b'$' => Value::Bulk(self.blob(text)?.to_vec()),
            b'!' => Value::BulkError(self.blob(text)?.to_vec()),
            b'=' => match self.blob(text)? {
                [a, b, c, b':', body @ ..] => Value::Verbatim([*a, *b, *c], body.to_vec()),
                _ => return Err(Stop::Bad),
            },
            b'*' => Value::Array(self.list(text, depth)?),
            b'~' => Value::Set(self.list(text, depth)?),
            b'>' => Value::Push(self.list(text, depth)?),
            b'%' => Value::Map(self.pairs(text, depth)?),
            b'|' => {
                let pairs = self.pairs(text, depth)?;
                Value::Attributed(pairs, Box::new(self.value(depth + 1)?))
            }
            _ => return Err(Stop::Bad),
        })
    }

    fn line(&mut self) -> Result<&'a [u8], Stop> {
        let rest = &self.buf[self.pos..];
        let end = memchr(b'\n', rest).ok_or(Stop::Incomplete)?;
        self.pos += end + 1;
        rest[..end].strip_suffix(b"\r").ok_or(Stop::Bad)
    }

    fn blob(&mut self, len: &[u8]) -> Result<&'a [u8], Stop> {
        let len = length(len)?;
        let rest = &self.buf[self.pos..];
        if rest.len() < len.saturating_add(2) {
            return Err(Stop::Incomplete);
        }
        let (blob, end) = rest[..len + 2].split_at(len);
        self.pos += len + 2;
        if end == b"\r\n" { Ok(blob) } else { Err(Stop::Bad) }
    }

    fn list(&mut self, len: &[u8], depth: usize) -> Result<Vec<Value>, Stop> {
        (0..length(len)?).map(|_| self.value(depth + 1)).collect()
    }

    fn pairs(&mut self, len: &[u8], depth: usize) -> Result<Vec<(Value, Value)>, Stop> {
        (0..length(len)?).map(|_| Ok((self.value(depth + 1)?, self.value(depth + 1)?))).collect()
    }
}

fn number(text: &[u8]) -> Result<i64, Stop> {
    num::parse_i64(text).ok_or(Stop::Bad)
}

fn length(text: &[u8]) -> Result<usize, Stop> {
    usize::try_from(number(text)?).map_err(|_| Stop::Bad)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(buf: &[u8]) -> Value {
        let (value, used) = Value::parse(buf).unwrap().unwrap();
        assert_eq!(used, buf.len());
        value
    }

    #[test]
    fn every_type() {
        let bulk = |s: &str| Value::Bulk(s.as_bytes().to_vec());
        assert_eq!(whole(b"+OK\r\n"), Value::Simple(b"OK".to_vec()));
        assert_eq!(whole(b"-ERR x\r\n").error(), Some(b"ERR x".as_slice()));
        assert_eq!(whole(b":-42\r\n"), Value::Int(-42));
        assert_eq!(whole(b"$3\r\na\r\n\r\n"), bulk("a\r\n"));
        assert_eq!(whole(b"$-1\r\n"), Value::NullBulk);
        assert_eq!(whole(b"*-1\r\n"), Value::NullArray);
        assert_eq!(whole(b"_\r\n"), Value::Null);
        assert_eq!(whole(b"#f\r\n"), Value::Bool(false));
        assert_eq!(whole(b",1.5\r\n").bytes(), Some(b"1.5".as_slice()));
        assert_eq!(whole(b"=6\r\ntxt:hi\r\n"), Value::Verbatim(*b"txt", b"hi".to_vec()));
        assert_eq!(
            whole(b"%1\r\n$1\r\na\r\n*2\r\n:1\r\n_\r\n"),
            Value::Map(vec![(bulk("a"), Value::Array(vec![Value::Int(1), Value::Null]))])
        );
        assert_eq!(
            whole(b"|1\r\n+k\r\n#t\r\n:1\r\n"),
            Value::Attributed(vec![(Value::Simple(b"k".to_vec()), Value::Bool(true))], Box::new(Value::Int(1)))
        );
    }

    #[test]
    fn malformed() {
        let bad: [&[u8]; 9] =
            [b"?\r\n", b"\r\n", b"+OK\n", b":1x\r\n", b"$2\r\nabcd", b"*-2\r\n", b"#x\r\n", b"=2\r\nab\r\n", b"_x\r\n"];
        for bad in bad {
            assert_eq!(Value::parse(bad), Err(BadReply), "{}", bad.escape_ascii());
        }
        assert_eq!(Value::parse(&b"*1\r\n".repeat(100_000)), Err(BadReply));
    }

    proptest! {
        #[test]
        fn a_prefix_is_incomplete(cut in 0usize..32) {
            let reply = b"*3\r\n$5\r\nhello\r\n:12\r\n%1\r\n+a\r\n,1\r\n";
            prop_assert_eq!(Value::parse(&reply[..cut]), Ok(None));
        }

        #[test]
        fn any_bytes_parse_or_not(bytes in "[*$:+%0-3\\r\\n-]{0,40}") {
            let _ = Value::parse(bytes.as_bytes());
        }
    }
}
