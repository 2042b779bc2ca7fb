//! The request parser: client bytes in, spans of arguments out.
//!
//! A request is either an array of bulk strings (`*2\r\n$3\r\nGET\r\n$1\r\nk\r\n`) or one
//! line of words, the inline form that people type into telnet. The parser copies no
//! argument: it reports where each one lies in the caller's buffer. Only inline words,
//! which may be quoted, are unquoted into a scratch buffer of the parser's own.
//!
//! A request may arrive in any number of pieces. The parser keeps its place, so bytes
//! once looked at are not looked at again, as long as the caller keeps the first byte of
//! the unfinished request at offset 0 and only appends. What is reported does not depend
//! on where the pieces were cut.
//!
//! As in Valkey, the bytes where CRLF should end a bulk string are skipped unread, of a
//! header line only the CR is looked for, and a NUL in a line hides the line's end: the
//! request then only grows until it is too big.

use super::Error;
use crate::base::{num, split};
use memchr::memchr2;

pub use crate::base::split::Span;

/// What a client may send; the server's configuration and the session's state decide.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest argument, in bytes: `proto-max-bulk-len`.
    pub max_bulk_bytes: usize,
    /// The most arguments of one request.
    pub max_args: usize,
    /// The longest inline request, and the longest header line, in bytes.
    pub max_inline_bytes: usize,
    /// Whether the client has yet to authenticate: it gets little room until then.
    pub auth_required: bool,
}

/// The most arguments of a client that has yet to authenticate.
pub const UNAUTH_MAX_ARGS: usize = 10;
/// The longest argument of a client that has yet to authenticate.
pub const UNAUTH_MAX_BULK_BYTES: usize = 16384;

impl Default for Limits {
    fn default() -> Limits {
        Limits { max_bulk_bytes: 512 << 20, max_args: 1 << 20, max_inline_bytes: 64 << 10, auth_required: false }
    }
}

/// What the front of the buffer turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// Part of a request; at least `want` more bytes are needed. Exact while an argument
    /// is missing its end.
    Incomplete { want: usize },
    /// A request without arguments, `len` bytes long: to be skipped without a reply.
    Empty { len: usize },
    /// A request of `len` bytes; the spans lie in the buffer.
    Request { len: usize },
    /// An inline request of `len` bytes; the spans lie in [`Parser::scratch`].
    Inline { len: usize },
    /// Not the protocol: reply, then close.
    Error(Error),
}

/// Appends a request of these arguments: an array of bulk strings.
pub fn write_request<'a>(out: &mut Vec<u8>, args: impl ExactSizeIterator<Item = &'a [u8]>) {
    write_argument_count(out, args.len());
    args.for_each(|arg| write_argument(out, arg));
}

/// Appends what a request of so many arguments begins with.
pub fn write_argument_count(out: &mut Vec<u8>, n: usize) {
    write_line(out, b'*', n);
}

/// Appends one argument of a request.
pub fn write_argument(out: &mut Vec<u8>, arg: &[u8]) {
    write_argument_len(out, arg.len());
    out.extend_from_slice(arg);
    out.extend_from_slice(b"\r\n");
}

/// Appends what stands before an argument of so many bytes. Those follow, and an end of line.
pub fn write_argument_len(out: &mut Vec<u8>, len: usize) {
    write_line(out, b'$', len);
}

fn write_line(out: &mut Vec<u8>, kind: u8, n: usize) {
    out.push(kind);
    out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// The place in an unfinished request. See the module's head.
#[derive(Clone, Debug, Default)]
pub struct Parser {
    /// Everything before is parsed.
    pos: usize,
    /// Bytes behind `pos` that hold no end of line.
    scanned: usize,
    /// Arguments still to come; 0 before the request's first line is complete.
    args_left: usize,
    /// Length of the argument at `pos`, once its header is parsed.
    bulk_len: Option<usize>,
    /// The words of the last inline request.
    scratch: Vec<u8>,
}

/// A parse ends early with something to report.
type Step<T> = Result<T, Parsed>;

impl Parser {
    /// A parser at the start of a request.
    pub fn new() -> Parser {
        Parser::default()
    }

    /// Forgets an unfinished request.
    pub fn reset(&mut self) {
        (self.pos, self.scanned, self.args_left, self.bulk_len) = (0, 0, 0, None);
    }

    /// How many bytes of an unfinished request are parsed.
    pub fn parsed_bytes(&self) -> usize {
        self.pos
    }

    /// Whether part of a request has been parsed already.
    pub fn is_mid_request(&self) -> bool {
        self.args_left > 0
    }

    /// The words of the inline request parsed last.
    pub fn scratch(&self) -> &[u8] {
        &self.scratch
    }

    /// As [`Parser::parse`] for a request that is complete and in no way unusual, the common
    /// case: its length, in one pass without any state. `None` leaves it to [`Parser::parse`],
    /// and says nothing of `spans`.
    #[inline]
    pub fn whole(&self, buf: &[u8], limits: &Limits, spans: &mut Vec<Span>) -> Option<usize> {
        // With its first line seen in part, the parser's state is not blank.
        if self.args_left > 0 || self.scanned > 0 {
            return None;
        }
        ordinary(buf, limits, spans)
    }

    /// Parses the request that `buf` begins with. `spans` collects its arguments; between
    /// an incomplete report and the next call the caller leaves it alone. After a
    /// complete request the parser is ready for the one that follows it.
    pub fn parse(&mut self, buf: &[u8], limits: &Limits, spans: &mut Vec<Span>) -> Parsed {
        let step = if self.args_left > 0 {
            self.arguments(buf, limits, spans)
        } else {
            spans.clear();
            match buf.first() {
                None => Err(Parsed::Incomplete { want: 1 }),
                Some(b'*') => self.count(buf, limits).and_then(|()| self.arguments(buf, limits, spans)),
                Some(_) => self.inline(buf, limits, spans),
            }
        };
        let parsed = step.unwrap_or_else(|early| early);
        if !matches!(parsed, Parsed::Incomplete { .. }) {
            self.reset();
        }
        parsed
    }

    /// The first line of a multibulk request.
    #[inline]
    fn count(&mut self, buf: &[u8], limits: &Limits) -> Step<()> {
        let (count, next) = match short_header(buf, 0, b'*') {
            Some((count, next)) => (count as i64, next),
            None => {
                let end = self.line_end(buf, b'\r', limits, Error::BIG_MULTIBULK_COUNT)?;
                let count = num::parse_i64(&buf[1..end]);
                (count.ok_or(Parsed::Error(Error::INVALID_MULTIBULK))?, end + 2)
            }
        };
        if count > limits.max_args as i64 {
            return Err(Parsed::Error(Error::INVALID_MULTIBULK));
        }
        if limits.auth_required && count > UNAUTH_MAX_ARGS as i64 {
            return Err(Parsed::Error(Error::UNAUTH_MULTIBULK));
        }
        if count <= 0 {
            return Err(Parsed::Empty { len: next });
        }
        (self.pos, self.scanned, self.args_left) = (next, 0, count as usize);
        Ok(())
    }

    /// The arguments from `pos` on.
    #[inline]
    fn arguments(&mut self, buf: &[u8], limits: &Limits, spans: &mut Vec<Span>) -> Step<Parsed> {
        while self.args_left > 0 {
            let len = match self.bulk_len {
                Some(len) => len,
                None => self.bulk_header(buf, limits)?,
            };
            let have = buf.len() - self.pos;
            if have < len + 2 {
                self.bulk_len = Some(len);
                return Err(Parsed::Incomplete { want: len + 2 - have });
            }
            spans.push(Span { start: self.pos, len });
            self.pos += len + 2;
            self.args_left -= 1;
            self.bulk_len = None;
        }
        Ok(Parsed::Request { len: self.pos })
    }

    /// The header of the argument at `pos`, which moves behind it.
    #[inline]
    fn bulk_header(&mut self, buf: &[u8], limits: &Limits) -> Step<usize> {
        let (len, next) = match short_header(buf, self.pos, b'$') {
            Some(found) => found,
            None => self.bulk_header_slow(buf, limits)?,
        };
        if len > limits.max_bulk_bytes {
            return Err(Parsed::Error(Error::INVALID_BULK));
        }
        if limits.auth_required && len > UNAUTH_MAX_BULK_BYTES {
            return Err(Parsed::Error(Error::UNAUTH_BULK));
        }
        (self.pos, self.scanned) = (next, 0);
        Ok(len)
    }

    #[cold]
    fn bulk_header_slow(&mut self, buf: &[u8], limits: &Limits) -> Step<(usize, usize)> {
        let end = self.line_end(buf, b'\r', limits, Error::BIG_BULK_COUNT)?;
        if buf[self.pos] != b'$' {
            return Err(Parsed::Error(Error::expected_dollar(buf[self.pos])));
        }
        // Room for the CRLF must not overflow the sums above.
        match num::parse_i64(&buf[self.pos + 1..end]) {
            Some(len) if (0..i64::MAX - 2).contains(&len) => Ok((len as usize, end + 2)),
            _ => Err(Parsed::Error(Error::INVALID_BULK)),
        }
    }

    /// Where the line at `pos` has its `end` byte; CR counts only with a byte behind it.
    fn line_end(&mut self, buf: &[u8], end: u8, limits: &Limits, too_big: Error) -> Step<usize> {
        let line = &buf[self.pos..];
        match memchr2(end, 0, &line[self.scanned..]) {
            Some(i) if line[self.scanned + i] == end => {
                self.scanned += i;
                if self.scanned > limits.max_inline_bytes {
                    return Err(Parsed::Error(too_big));
                }
                if end == b'\r' && self.scanned + 1 == line.len() {
                    return Err(Parsed::Incomplete { want: 1 });
                }
                return Ok(self.pos + self.scanned);
            }
            Some(i) => self.scanned += i,
            None => self.scanned = line.len(),
        }
        Err(if line.len() > limits.max_inline_bytes { Parsed::Error(too_big) } else { Parsed::Incomplete { want: 1 } })
    }

    /// A request of one line.
    fn inline(&mut self, buf: &[u8], limits: &Limits, spans: &mut Vec<Span>) -> Step<Parsed> {
        let end = self.line_end(buf, b'\n', limits, Error::BIG_INLINE)?;
        let line = &buf[..end];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        self.scratch.clear();
        split::split_into(line, &mut self.scratch, spans).map_err(|_| Parsed::Error(Error::UNBALANCED_QUOTES))?;
        let len = end + 1;
        Ok(if spans.is_empty() { Parsed::Empty { len } } else { Parsed::Inline { len } })
    }
}

/// See [`Parser::whole`].
#[inline]
fn ordinary(buf: &[u8], limits: &Limits, spans: &mut Vec<Span>) -> Option<usize> {
    let (count, mut pos) = short_header(buf, 0, b'*')?;
    if count == 0 || count > UNAUTH_MAX_ARGS || count > limits.max_args {
        return None;
    }
    // Of a pipeline's requests most have as many arguments as the one before.
    if spans.len() != count {
        spans.resize(count, Span::default());
    }
    for span in spans {
        let (len, start) = short_header(buf, pos, b'$')?;
        pos = start + len + 2;
        if pos > buf.len() || len > UNAUTH_MAX_BULK_BYTES || len > limits.max_bulk_bytes {
            return None;
        }
        *span = Span { start, len };
    }
    Some(pos)
}

/// The canonical number of one to five digits in the line at `at` that starts with `kind`, and
/// where the line after its CR and one more byte begins; `None` for anything else, which a
/// slower look decides. Numbers of one and two digits are told by looking at four bytes at once.
#[inline(always)]
fn short_header(buf: &[u8], at: usize, kind: u8) -> Option<(usize, usize)> {
    let Some(&[a, tens, ones, d, _]) = buf.get(at..).and_then(<[u8]>::first_chunk) else {
        return longer_header(buf, at, kind);
    };
    let word = u32::from_le_bytes([a, tens, ones, d]);
    let (tens, units) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    if word & 0x00ff_00ff == u32::from_le_bytes([kind, 0, b'\r', 0]) && tens < 10 {
        Some((usize::from(tens), at + 4))
    } else if word & 0xff00_00ff == u32::from_le_bytes([kind, 0, 0, b'\r']) && (1..10).contains(&tens) && units < 10 {
        Some((usize::from(tens) * 10 + usize::from(units), at + 5))
    } else {
        longer_header(buf, at, kind)
    }
}

/// [`short_header`] for three to five digits, or at the very end of the buffer.
#[inline(never)]
fn longer_header(buf: &[u8], at: usize, kind: u8) -> Option<(usize, usize)> {
    let text = buf.get(at..)?.strip_prefix(&[kind])?;
    let digits = text.iter().take(6).take_while(|b| b.is_ascii_digit()).count();
    let canonical = digits == 1 || (2..=5).contains(&digits) && text[0] != b'0';
    if !canonical || text.get(digits) != Some(&b'\r') || text.len() < digits + 2 {
        return None;
    }
    let n = text[..digits].iter().fold(0, |n, &b| n * 10 + usize::from(b - b'0'));
    Some((n, at + digits + 3))
}

#[cfg(test)]
mod tests;
