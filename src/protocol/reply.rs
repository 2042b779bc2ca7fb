//! The reply writer: RESP2 and RESP3 text into an [`Output`].
//!
//! A command writes its reply through [`Reply`] and mostly need not know which protocol
//! the client speaks: a map becomes a flat array for RESP2, a double a bulk string, a
//! null one of RESP2's two nulls. The methods that a busy server lives on (`ok`, `int`,
//! `bulk`, `array`) reserve once and copy; none of them formats through `core::fmt`.
//!
//! An aggregate whose length is known only at its end is opened with one of the `begin`
//! methods and closed with [`Reply::end`]; see [`Output`] for how its header gets there.

use super::{Error, Output, output::CHUNK_BYTES};
use crate::base::{long_double::LongDouble, num};
use bytes::Bytes;
use smallvec::SmallVec;
use std::fmt::{self, Write};

/// Writes replies for a client of one protocol version.
#[derive(Debug)]
pub struct Reply<'a> {
    /// Where the replies go.
    pub out: &'a mut Output,
    /// Whether the client speaks RESP3.
    pub resp3: bool,
    /// See [`Reply::is_futile`].
    pub futile_bytes: usize,
}

/// An aggregate begun and not yet ended.
#[must_use = "an aggregate without its header breaks the stream"]
#[derive(Debug)]
pub struct Deferred {
    kind: u8,
    depth: usize,
}

/// Room for a type byte, a 20-digit length or number, and CRLF.
const HEADER_BYTES: usize = 24;

impl<'a> Reply<'a> {
    /// A writer of one protocol version.
    #[inline]
    pub fn new(out: &'a mut Output, resp3: bool) -> Reply<'a> {
        Reply { out, resp3, futile_bytes: usize::MAX }
    }

    /// Whether more than `futile_bytes` wait to be sent: then the client is disconnected
    /// whatever follows, and a command that would reply a lot more may stop.
    #[inline]
    pub fn is_futile(&self) -> bool {
        self.out.len() > self.futile_bytes
    }

    /// `+OK`
    #[inline]
    pub fn ok(&mut self) {
        self.out.put(b"+OK\r\n");
    }

    /// A simple string; `text` holds neither CR nor LF.
    pub fn simple(&mut self, text: &str) {
        debug_assert!(!text.bytes().any(|b| b == b'\r' || b == b'\n'));
        self.line(b'+', text.as_bytes());
    }

    /// An error.
    pub fn error(&mut self, error: &Error) {
        self.line(b'-', error.text());
    }

    /// An integer.
    #[inline]
    pub fn int(&mut self, n: i64) {
        if (0..10).contains(&n) {
            self.out.put(&[b':', b'0' + n as u8, b'\r', b'\n']);
        } else if let Some(digits) = u64::try_from(n).ok().and_then(num::short_digits) {
            self.out.reserve(HEADER_BYTES);
            put_digits(self.out.tail_mut(), b':', digits);
        } else {
            self.line(b':', itoa::Buffer::new().format(n).as_bytes());
        }
    }

    /// A bulk string.
    #[inline]
    pub fn bulk(&mut self, value: &[u8]) {
        // Most replies of many elements consist of such.
        if (10..100).contains(&value.len()) {
            self.out.reserve(100 + HEADER_BYTES);
            return put_short(self.out.tail_mut(), value);
        }
        self.bulk_of_any_length(value);
    }

    #[inline(never)]
    fn bulk_of_any_length(&mut self, value: &[u8]) {
        if value.len() >= CHUNK_BYTES {
            return self.bulk_shared(Bytes::copy_from_slice(value));
        }
        self.out.reserve(value.len() + HEADER_BYTES + 2);
        let tail = self.out.tail_mut();
        put_header(tail, b'$', value.len());
        tail.extend_from_slice(value);
        tail.extend_from_slice(b"\r\n");
    }

    /// A bulk string that is already shared: a large one is not copied.
    pub fn bulk_shared(&mut self, value: Bytes) {
        if value.len() < CHUNK_BYTES {
            return self.bulk(&value);
        }
        self.header(b'$', value.len());
        self.out.put_shared(value);
        self.out.put(b"\r\n");
    }

    /// An integer as a bulk string.
    pub fn bulk_int(&mut self, n: i64) {
        self.bulk(itoa::Buffer::new().format(n).as_bytes());
    }

    /// Formatted text as a bulk string: `bulk_fmt(format_args!("{a}-{b}"))`.
    pub fn bulk_fmt(&mut self, text: fmt::Arguments<'_>) {
        struct Sink(SmallVec<[u8; 128]>);
        impl Write for Sink {
            fn write_str(&mut self, s: &str) -> fmt::Result {
                self.0.extend_from_slice(s.as_bytes());
                Ok(())
            }
        }
        let mut sink = Sink(SmallVec::new());
        sink.write_fmt(text).expect("writing to memory does not fail");
        self.bulk(&sink.0);
    }

    /// The null that stands for a missing string.
    #[inline]
    pub fn null(&mut self) {
        self.out.put(if self.resp3 { b"_\r\n" } else { b"$-1\r\n" });
    }

    /// The null that stands for a missing array.
    pub fn null_array(&mut self) {
        self.out.put(if self.resp3 { b"_\r\n" } else { b"*-1\r\n" });
    }

    /// A bulk string, or null.
    pub fn bulk_or_null(&mut self, value: Option<&[u8]>) {
        match value {
            Some(value) => self.bulk(value),
            None => self.null(),
        }
    }

    /// An array; its `n` elements are written next.
    #[inline]
    pub fn array(&mut self, n: usize) {
        self.header(b'*', n);
    }

    /// A map; its `n` pairs are written next, key before value.
    pub fn map(&mut self, n: usize) {
        self.aggregate(b'%', n);
    }

    /// A set; its `n` elements are written next.
    pub fn set(&mut self, n: usize) {
        self.aggregate(b'~', n);
    }

    /// A push message; its `n` elements are written next.
    pub fn push(&mut self, n: usize) {
        self.aggregate(b'>', n);
    }

    /// A double, in the shortest text that reads back as the same number.
    pub fn double(&mut self, value: f64) {
        self.double_text(num::f64_text(value).as_bytes());
    }

    /// A double with up to 17 digits after the point and no exponent.
    pub fn human_double(&mut self, value: f64) {
        self.double_text(&LongDouble::from_f64(value).to_text());
    }

    fn double_text(&mut self, text: &[u8]) {
        if self.resp3 {
            self.line(b',', text);
        } else {
            self.bulk(text);
        }
    }

    /// A boolean; 1 or 0 for RESP2.
    pub fn bool(&mut self, value: bool) {
        self.out.put(match (self.resp3, value) {
            (true, true) => b"#t\r\n",
            (true, false) => b"#f\r\n",
            (false, true) => b":1\r\n",
            (false, false) => b":0\r\n",
        });
    }

    /// Text of the format `ext` (three letters, such as `txt`).
    pub fn verbatim(&mut self, ext: &str, text: &[u8]) {
        if !self.resp3 {
            return self.bulk(text);
        }
        assert!(ext.len() == 3, "a verbatim string's format has three letters");
        self.header(b'=', text.len() + 4);
        self.out.put(ext.as_bytes());
        self.out.put(b":");
        self.out.put(text);
        self.out.put(b"\r\n");
    }

    /// A number too large for 64 bits, as decimal text.
    pub fn big_number(&mut self, digits: &str) {
        if self.resp3 {
            self.line(b'(', digits.as_bytes());
        } else {
            self.bulk(digits.as_bytes());
        }
    }

    /// Bytes that already are a reply, or part of one.
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        self.out.put(bytes);
    }

    /// Begins an array whose length [`Reply::end`] will say.
    pub fn begin_array(&mut self) -> Deferred {
        self.begin(b'*')
    }

    /// Begins a map whose number of pairs [`Reply::end`] will say.
    pub fn begin_map(&mut self) -> Deferred {
        self.begin(b'%')
    }

    /// Begins a set whose length [`Reply::end`] will say.
    pub fn begin_set(&mut self) -> Deferred {
        self.begin(b'~')
    }

    fn begin(&mut self, kind: u8) -> Deferred {
        self.out.open_hole();
        Deferred { kind, depth: self.out.open_holes() }
    }

    /// Ends the aggregate begun last: it has `n` elements, or pairs if it is a map.
    ///
    /// Panics if another aggregate was begun after it and not ended.
    pub fn end(&mut self, aggregate: Deferred, n: usize) {
        assert_eq!(aggregate.depth, self.out.open_holes(), "aggregates end inside out");
        let (kind, n) = self.translate(aggregate.kind, n);
        let mut header: SmallVec<[u8; HEADER_BYTES]> = SmallVec::new();
        header.push(kind);
        header.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
        header.extend_from_slice(b"\r\n");
        self.out.fill_hole(&header);
    }

    /// The type byte and count by which this protocol expresses an aggregate.
    fn translate(&self, kind: u8, n: usize) -> (u8, usize) {
        match kind {
            _ if self.resp3 => (kind, n),
            b'%' => (b'*', 2 * n),
            _ => (b'*', n),
        }
    }

    fn aggregate(&mut self, kind: u8, n: usize) {
        let (kind, n) = self.translate(kind, n);
        self.header(kind, n);
    }

    #[inline]
    fn header(&mut self, kind: u8, n: usize) {
        self.out.reserve(HEADER_BYTES);
        put_header(self.out.tail_mut(), kind, n);
    }

    fn line(&mut self, kind: u8, text: &[u8]) {
        self.out.reserve(text.len() + 3);
        let tail = self.out.tail_mut();
        tail.push(kind);
        tail.extend_from_slice(text);
        tail.extend_from_slice(b"\r\n");
    }
}

/// A type byte, a count and CRLF; up to two digits are one fixed-size copy.
#[inline(always)]
fn put_header(tail: &mut Vec<u8>, kind: u8, n: usize) {
    if n < 10 {
        tail.extend_from_slice(&[kind, b'0' + n as u8, b'\r', b'\n']);
    } else if n < 100 {
        let (tens, units) = ((n / 10) as u8, (n % 10) as u8);
        tail.extend_from_slice(&[kind, b'0' + tens, b'0' + units, b'\r', b'\n']);
    } else if let Some(digits) = num::short_digits(n as u64) {
        put_digits(tail, kind, digits);
    } else {
        tail.push(kind);
        tail.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
        tail.extend_from_slice(b"\r\n");
    }
}

/// A bulk string whose length has two digits, for which there is room: appending in three steps
/// would look at the room three more times.
#[inline(always)]
fn put_short(tail: &mut Vec<u8>, value: &[u8]) {
    let (len, n) = (tail.len(), value.len());
    let header = [b'$', b'0' + (n / 10) as u8, b'0' + (n % 10) as u8, b'\r', b'\n'];
    let total = header.len() + n + 2;
    assert!(tail.capacity() - len >= total, "room was made");
    // SAFETY: there is room for `total` bytes behind the contents, as just asserted, and these
    // three copies fill it; the vector is borrowed alone, so nothing of it is read meanwhile.
    unsafe {
        let at = tail.as_mut_ptr().add(len);
        at.cast::<[u8; 5]>().write(header);
        at.add(5).copy_from_nonoverlapping(value.as_ptr(), n);
        at.add(5 + n).cast::<[u8; 2]>().write(*b"\r\n");
        tail.set_len(len + total);
    }
}

/// A type byte, a number and CRLF: put together in a buffer of fixed size, since copying all of
/// that takes no call, and cut to its length afterwards.
#[inline(always)]
fn put_digits(tail: &mut Vec<u8>, kind: u8, (digits, count): (u64, usize)) {
    let mut text = [kind; 16];
    text[1..9].copy_from_slice(&digits.to_le_bytes());
    text[count + 1..count + 3].copy_from_slice(b"\r\n");
    let len = tail.len();
    tail.extend_from_slice(&text);
    tail.truncate(len + count + 3);
}

#[cfg(test)]
mod tests;
