//! RESP2 and RESP3 replies as a client sees them, written apart from `norn::protocol` so
//! that a mistake there is not repeated here.

use std::{
    fmt,
    io::{self, BufRead},
};

/// A reply. Numbers that are text on the wire stay text: tests compare bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    Simple(Vec<u8>),
    Error(Vec<u8>),
    Int(i64),
    Bulk(Vec<u8>),
    /// RESP2's absent bulk string, `$-1`.
    Nil,
    /// RESP2's absent array, `*-1`.
    NilArray,
    /// RESP3's null, `_`.
    Null,
    Array(Vec<Value>),
    Map(Vec<(Value, Value)>),
    Set(Vec<Value>),
    Push(Vec<Value>),
    Double(Vec<u8>),
    Bool(bool),
    BigNumber(Vec<u8>),
    /// Three letters of format, then the text.
    Verbatim([u8; 3], Vec<u8>),
}

/// `+OK`
pub fn ok() -> Value {
    simple("OK")
}
pub fn simple(text: &str) -> Value {
    Value::Simple(text.into())
}
pub fn err(text: &str) -> Value {
    Value::Error(text.into())
}
pub fn int(n: i64) -> Value {
    Value::Int(n)
}
pub fn bulk(bytes: impl AsRef<[u8]>) -> Value {
    Value::Bulk(bytes.as_ref().to_vec())
}
pub fn nil() -> Value {
    Value::Nil
}
pub fn array(items: impl IntoIterator<Item = Value>) -> Value {
    Value::Array(items.into_iter().collect())
}
/// An array of bulk strings.
pub fn bulks<T: AsRef<[u8]>>(items: impl IntoIterator<Item = T>) -> Value {
    array(items.into_iter().map(bulk))
}

/// A bulk string: so that `"x"` can stand for the commonest reply.
impl From<&str> for Value {
    fn from(text: &str) -> Value {
        bulk(text)
    }
}
impl From<i64> for Value {
    fn from(n: i64) -> Value {
        int(n)
    }
}

impl Value {
    pub fn is_error(&self) -> bool {
        matches!(self, Value::Error(_))
    }

    /// The text of a simple or bulk string, lossily; panics on anything else.
    #[track_caller]
    pub fn text(&self) -> String {
        match self {
            Value::Simple(b) | Value::Bulk(b) | Value::Verbatim(_, b) | Value::Double(b) => {
                String::from_utf8_lossy(b).into_owned()
            }
            other => panic!("no text: {other:?}"),
        }
    }

    #[track_caller]
    pub fn int(&self) -> i64 {
        match self {
            Value::Int(n) => *n,
            other => panic!("no integer: {other:?}"),
        }
    }

    /// The items of an array, set or push; panics on anything else.
    #[track_caller]
    pub fn items(&self) -> &[Value] {
        match self {
            Value::Array(items) | Value::Set(items) | Value::Push(items) => items,
            other => panic!("no array: {other:?}"),
        }
    }
}

/// As `redis-cli` would show it, on one line.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Simple(b) => write!(f, "+{}", b.escape_ascii()),
            Value::Error(b) => write!(f, "-{}", b.escape_ascii()),
            Value::Int(n) => write!(f, "(integer) {n}"),
            Value::Bulk(b) if b.len() > 300 => {
                write!(f, "\"{}\"... ({} bytes)", b[..300].escape_ascii(), b.len())
            }
            Value::Bulk(b) => write!(f, "\"{}\"", b.escape_ascii()),
            Value::Nil => write!(f, "(nil)"),
            Value::NilArray => write!(f, "(nil array)"),
            Value::Null => write!(f, "(null)"),
            Value::Array(items) => f.debug_list().entries(items).finish(),
            Value::Map(pairs) => f.debug_map().entries(pairs.iter().map(|(k, v)| (k, v))).finish(),
            Value::Set(items) => f.debug_set().entries(items).finish(),
            Value::Push(items) => {
                write!(f, "push ")?;
                f.debug_list().entries(items).finish()
            }
            Value::Double(b) => write!(f, "(double) {}", b.escape_ascii()),
            Value::Bool(b) => write!(f, "({b})"),
            Value::BigNumber(b) => write!(f, "(big) {}", b.escape_ascii()),
            Value::Verbatim(kind, b) => {
                write!(f, "{}:\"{}\"", kind.escape_ascii(), b.escape_ascii())
            }
        }
    }
}

/// Reads one reply. Panics on bytes that are no reply: the server is broken.
pub fn read(input: &mut impl BufRead) -> io::Result<Value> {
    let mut line = Vec::new();
    input.read_until(b'\n', &mut line)?;
    if line.last() != Some(&b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    assert!(line.len() > 2 && line.ends_with(b"\r\n"), "no reply: {}", line.escape_ascii());
    let kind = line[0];
    let rest = line[1..line.len() - 2].to_vec();
    Ok(match kind {
        b'+' => Value::Simple(rest),
        b'-' => Value::Error(rest),
        b':' => Value::Int(number(&rest)),
        b',' => Value::Double(rest),
        b'(' => Value::BigNumber(rest),
        b'#' => Value::Bool(rest == b"t"),
        b'_' => Value::Null,
        b'$' if rest == b"-1" => Value::Nil,
        b'*' if rest == b"-1" => Value::NilArray,
        b'$' => Value::Bulk(body(input, number(&rest))?),
        b'=' => {
            let text = body(input, number(&rest))?;
            Value::Verbatim([text[0], text[1], text[2]], text[4..].to_vec())
        }
        b'*' => Value::Array(several(input, number(&rest))?),
        b'~' => Value::Set(several(input, number(&rest))?),
        b'>' => Value::Push(several(input, number(&rest))?),
        b'%' => {
            let pair = |_| Ok((read(input)?, read(input)?));
            Value::Map((0..number(&rest)).map(pair).collect::<io::Result<_>>()?)
        }
        _ => panic!("no reply starts like this: {}", line.escape_ascii()),
    })
}

fn number(line: &[u8]) -> i64 {
    let text = std::str::from_utf8(line).expect("a number is text");
    text.parse().unwrap_or_else(|_| panic!("no number: {text:?}"))
}

fn body(input: &mut impl BufRead, len: i64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; len as usize + 2];
    input.read_exact(&mut bytes)?;
    assert!(bytes.ends_with(b"\r\n"), "a bulk string ends in \\r\\n");
    bytes.truncate(len as usize);
    Ok(bytes)
}

fn several(input: &mut impl BufRead, n: i64) -> io::Result<Vec<Value>> {
    (0..n).map(|_| read(input)).collect()
}
