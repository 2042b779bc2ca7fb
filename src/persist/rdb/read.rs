//! RDB bytes back to lengths, texts and numbers.
//!
//! The bytes may come from anybody. A length that exceeds what is left is an error before
//! anything is allocated for it, and so is a compressed text that claims to be longer than
//! its compressed form could be.

use super::{Corrupt, lzf, write};
use crate::base::num::parse_f64;
use std::borrow::Cow;

/// The most that one byte of LZF can stand for: two bytes repeat up to 264.
const LZF_RATIO_MAX: usize = 264;
/// Longest text there can be.
const TEXT_MAX: u64 = u32::MAX as u64;

/// A length, or a text in another form.
enum Head {
    Len(u64),
    Other(u8),
}

/// Reads from the front of some bytes.
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Reads `bytes` from their beginning.
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    /// Offset of the next byte.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Bytes that have not been read.
    pub fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// An error about the bytes just before the next one.
    pub fn corrupt(&self, what: &'static str) -> Corrupt {
        Corrupt { at: self.at, what, missing: 0 }
    }

    /// An error about bytes that are not there: `wanted` from the next one on.
    fn short(&self, what: &'static str, wanted: u64) -> Corrupt {
        Corrupt { at: self.at, what, missing: wanted.saturating_sub(self.left() as u64) }
    }

    /// The next `n` bytes.
    ///
    /// # Errors
    /// If there are not so many.
    pub fn take(&mut self, n: usize) -> Result<&'a [u8], Corrupt> {
        let rest = &self.bytes[self.at..];
        let taken = rest.get(..n).ok_or(self.short("unexpected end", n as u64))?;
        self.at += n;
        Ok(taken)
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// If there are not so many.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Corrupt> {
        Ok(self.take(N)?.try_into().expect("as many as asked for"))
    }

    /// The next byte.
    ///
    /// # Errors
    /// If there is none.
    pub fn byte(&mut self) -> Result<u8, Corrupt> {
        Ok(self.array::<1>()?[0])
    }

    fn head(&mut self) -> Result<Head, Corrupt> {
        let first = self.byte()?;
        Ok(match first >> 6 {
            0 => Head::Len(first.into()),
            1 => Head::Len(u64::from(first & 63) << 8 | u64::from(self.byte()?)),
            2 => match first {
                write::LEN_32 => Head::Len(u32::from_be_bytes(self.array()?).into()),
                write::LEN_64 => Head::Len(u64::from_be_bytes(self.array()?)),
                _ => return Err(self.corrupt("unknown length encoding")),
            },
            _ => Head::Other(first),
        })
    }

    /// A length or another unsigned number.
    ///
    /// # Errors
    /// If there is none.
    pub fn number(&mut self) -> Result<u64, Corrupt> {
        match self.head()? {
            Head::Len(n) => Ok(n),
            Head::Other(_) => Err(self.corrupt("a text where a length should be")),
        }
    }

    /// How many elements follow, each of at least `min_bytes`.
    ///
    /// # Errors
    /// If there is no such number, or fewer bytes than so many elements need.
    pub fn count(&mut self, min_bytes: usize) -> Result<usize, Corrupt> {
        let n = self.number()?;
        let fits = usize::try_from(n).ok().filter(|n| *n <= self.left() / min_bytes.max(1));
        fits.ok_or(self.short("more elements than bytes", n.saturating_mul(min_bytes as u64)))
    }

    /// A text in whichever form.
    ///
    /// # Errors
    /// If there is none, or not all of it.
    pub fn text(&mut self) -> Result<Cow<'a, [u8]>, Corrupt> {
        let int = |n: i64| Cow::Owned(itoa::Buffer::new().format(n).as_bytes().to_vec());
        Ok(match self.head()? {
            Head::Len(n) if n > self.left() as u64 => return Err(self.short("text longer than its bytes", n)),
            Head::Len(n) => Cow::Borrowed(self.take(n as usize)?),
            Head::Other(write::INT_8) => int(i8::from_le_bytes(self.array()?).into()),
            Head::Other(write::INT_16) => int(i16::from_le_bytes(self.array()?).into()),
            Head::Other(write::INT_32) => int(i32::from_le_bytes(self.array()?).into()),
            Head::Other(write::LZF) => Cow::Owned(self.compressed()?),
            Head::Other(_) => return Err(self.corrupt("unknown text encoding")),
        })
    }

    /// Goes over a text without making it.
    ///
    /// # Errors
    /// As [`Reader::text`], for what shows without decompressing.
    pub fn skip_text(&mut self) -> Result<(), Corrupt> {
        let bytes = match self.head()? {
            Head::Len(n) if n > self.left() as u64 => return Err(self.short("text longer than its bytes", n)),
            Head::Len(n) => n as usize,
            Head::Other(write::INT_8) => 1,
            Head::Other(write::INT_16) => 2,
            Head::Other(write::INT_32) => 4,
            Head::Other(write::LZF) => {
                self.packed()?;
                return Ok(());
            }
            Head::Other(_) => return Err(self.corrupt("unknown text encoding")),
        };
        self.take(bytes)?;
        Ok(())
    }

    /// A compressed text, as it is, and its length when it is decompressed.
    fn packed(&mut self) -> Result<(&'a [u8], usize), Corrupt> {
        let (packed_len, len) = (self.count(1)?, self.number()?);
        let possible = len <= TEXT_MAX && len as usize <= packed_len.saturating_mul(LZF_RATIO_MAX);
        if !possible || len == 0 {
            return Err(self.corrupt("impossible length of a compressed text"));
        }
        Ok((self.take(packed_len)?, len as usize))
    }

    fn compressed(&mut self) -> Result<Vec<u8>, Corrupt> {
        let (packed, len) = self.packed()?;
        lzf::decompress(packed, len).ok_or(self.corrupt("malformed compressed text"))
    }

    /// A score as servers before 4.0 wrote it: a length and a text, or a length that stands
    /// for a number without one.
    ///
    /// # Errors
    /// If there is none.
    pub fn score_text(&mut self) -> Result<f64, Corrupt> {
        match self.byte()? {
            253 => Ok(f64::NAN),
            254 => Ok(f64::INFINITY),
            255 => Ok(f64::NEG_INFINITY),
            n => {
                let text = self.take(n.into())?;
                parse_f64(text).ok_or(self.corrupt("a malformed score"))
            }
        }
    }

    /// A time in unix ms, or `None` for -1.
    ///
    /// # Errors
    /// If there is none, or it is negative.
    pub fn time_ms(&mut self) -> Result<Option<u64>, Corrupt> {
        match i64::from_le_bytes(self.array()?) {
            -1 => Ok(None),
            t => u64::try_from(t).map(Some).map_err(|_| self.corrupt("negative time")),
        }
    }
}
