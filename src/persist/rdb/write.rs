//! Lengths, texts and numbers as RDB bytes.
//!
//! A length takes 1 byte up to 63, 2 up to 16383, 5 or 9 beyond. A text is its length and
//! its bytes, unless it is shorter as an integer (of 1, 2 or 4 bytes) or compressed (LZF);
//! then a byte that cannot begin a length says so.

use super::lzf;
use crate::{base::num::parse_i64, data::packed::Item};

/// First byte of a length of four bytes.
pub(super) const LEN_32: u8 = 0x80;
/// First byte of a length of eight bytes.
pub(super) const LEN_64: u8 = 0x81;
/// First bytes of a text in another form.
pub(super) const INT_8: u8 = 0xc0;
pub(super) const INT_16: u8 = 0xc1;
pub(super) const INT_32: u8 = 0xc2;
pub(super) const LZF: u8 = 0xc3;

/// Texts up to this length may be integers of 32 bits.
const INT_TEXT_MAX: usize = 11;
/// Shorter texts are not worth compressing.
const COMPRESS_MIN: usize = 21;
/// What compression must save at least, in bytes.
const COMPRESS_GAIN: usize = 4;

/// Appends a length.
#[inline]
pub fn len(out: &mut Vec<u8>, n: u64) {
    match n {
        0..64 => out.push(n as u8),
        64..16384 => out.extend_from_slice(&(0x4000 | n as u16).to_be_bytes()),
        _ => match u32::try_from(n) {
            Ok(n) => {
                out.push(LEN_32);
                out.extend_from_slice(&n.to_be_bytes());
            }
            Err(_) => {
                out.push(LEN_64);
                out.extend_from_slice(&n.to_be_bytes());
            }
        },
    }
}

/// Appends a text in its shortest form; `compress` allows LZF.
#[inline]
pub fn text(out: &mut Vec<u8>, text: &[u8], compress: bool) {
    if text.len() <= INT_TEXT_MAX
        && let Some(n) = parse_i64(text)
        && small_int(out, n)
    {
        return;
    }
    bytes(out, text, compress);
}

/// Appends the text of an integer.
#[inline]
pub fn int(out: &mut Vec<u8>, n: i64) {
    if !small_int(out, n) {
        bytes(out, itoa::Buffer::new().format(n).as_bytes(), false);
    }
}

/// Appends an element's text.
#[inline]
pub fn item(out: &mut Vec<u8>, item: Item, compress: bool) {
    match item {
        Item::Int(n) => int(out, n),
        Item::Str(s) => text(out, s, compress),
    }
}

/// Appends a text that is no integer, or should not be one.
pub fn bytes(out: &mut Vec<u8>, text: &[u8], compress: bool) {
    let mut packed = Vec::new();
    if compress && text.len() >= COMPRESS_MIN && lzf::compress(text, text.len() - COMPRESS_GAIN, &mut packed) {
        out.push(LZF);
        len(out, packed.len() as u64);
        len(out, text.len() as u64);
        out.extend_from_slice(&packed);
        return;
    }
    len(out, text.len() as u64);
    out.extend_from_slice(text);
}

/// Appends an integer of at most 32 bits; whether it was one.
fn small_int(out: &mut Vec<u8>, n: i64) -> bool {
    if let Ok(n) = i8::try_from(n) {
        out.extend_from_slice(&[INT_8, n as u8]);
    } else if let Ok(n) = i16::try_from(n) {
        out.push(INT_16);
        out.extend_from_slice(&n.to_le_bytes());
    } else if let Ok(n) = i32::try_from(n) {
        out.push(INT_32);
        out.extend_from_slice(&n.to_le_bytes());
    } else {
        return false;
    }
    true
}

/// Appends a time in unix ms; `None` is what no time is.
pub fn time_ms(out: &mut Vec<u8>, at_ms: Option<u64>) {
    out.extend_from_slice(&at_ms.map_or(-1, |t| t as i64).to_le_bytes());
}
