//! Numbers and their text forms, as strict and as lenient as Valkey is.
//!
//! Integers are canonical decimal: no sign but a minus, no leading zero, no space. That
//! makes text and number interchangeable, so a string that looks like an integer can be
//! stored as one. Doubles are what C's `strtod` takes when it must use the whole text:
//! `1e3`, `.5`, `inf` and hexadecimal floats too, but no NaN, no leading space, and
//! nothing that overflows, or underflows to zero.
//!
//! Doubles print in the fewest digits that read back as the same number; see
//! [`f64_text`] for when that text has an exponent.

mod f64_text;
pub(super) mod hex_float;

pub use f64_text::{F64Text, f64_text, f64_text_17};

use hex_float::{hex_body, parse_hex_float, round_f64};

/// The integer that `text` is the canonical form of.
#[inline]
pub fn parse_i64(text: &[u8]) -> Option<i64> {
    match text {
        [b'-', digits @ ..] => match parse_digits(digits)? {
            0 => None,
            n if n <= i64::MIN.unsigned_abs() => Some((n as i64).wrapping_neg()),
            _ => None,
        },
        digits => i64::try_from(parse_digits(digits)?).ok(),
    }
}

/// The unsigned integer that `text` is the canonical form of.
#[inline]
pub fn parse_u64(text: &[u8]) -> Option<u64> {
    parse_digits(text)
}

#[inline]
fn parse_digits(digits: &[u8]) -> Option<u64> {
    let (&first, rest) = digits.split_first()?;
    if !first.is_ascii_digit() || (first == b'0' && !rest.is_empty()) || rest.len() > 19 {
        return None;
    }
    let mut n = u64::from(first - b'0');
    for &byte in rest {
        if !byte.is_ascii_digit() {
            return None;
        }
        n = n.checked_mul(10)?.checked_add(u64::from(byte - b'0'))?;
    }
    Some(n)
}

/// The decimal digits of a number that has at most eight, as the bytes of a little-endian word, and
/// how many they are; the bytes above them are 0. All digits are told at once: a word is divided into halves of ever fewer.
#[inline]
pub fn short_digits(n: u64) -> Option<(u64, usize)> {
    if n >= 100_000_000 {
        return None;
    }
    // Each division is a multiplication by a rounded reciprocal, exact for the range of its lanes.
    let fours = (n / 10_000) | ((n % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let twos = hundreds | ((fours - 100 * hundreds) << 16);
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    let ones = tens | ((twos - 10 * tens) << 8);
    let zeros = (ones | (1 << 56)).trailing_zeros() / 8;
    let text = (ones | 0x3030_3030_3030_3030) >> (8 * zeros);
    Some((text, 8 - zeros as usize))
}

/// The longest text of an integer that every double of its size tells exactly.
const EXACT_LEN: usize = 15;

/// The double that all of `text` stands for. Most are small integers.
#[inline]
pub fn parse_f64(text: &[u8]) -> Option<f64> {
    let small = if text.len() <= EXACT_LEN { parse_i64(text) } else { None };
    small.map_or_else(|| parse_any_f64(text), |n| Some(n as f64))
}

fn parse_any_f64(text: &[u8]) -> Option<f64> {
    let (negative, body) = split_sign(text);
    let magnitude = if is_infinity(body) {
        f64::INFINITY
    } else if let Some(hex) = hex_body(body) {
        let (mantissa, exponent, inexact) = parse_hex_float(hex)?;
        round_f64(mantissa, exponent, inexact)?
    } else {
        // What is left is plain decimal; Rust's own parser would take a NaN or a sign too.
        if !matches!(body.first()?, b'0'..=b'9' | b'.') {
            return None;
        }
        let value: f64 = std::str::from_utf8(body).ok()?.parse().ok()?;
        if value.is_infinite() || (value == 0.0 && !is_decimal_zero(body)) {
            return None;
        }
        value
    };
    Some(if negative { -magnitude } else { magnitude })
}

/// A text without its sign, and whether that was a minus.
pub(super) fn split_sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', body @ ..] => (true, body),
        [b'+', body @ ..] => (false, body),
        body => (false, body),
    }
}

/// Whether an unsigned text names infinity.
pub(super) fn is_infinity(body: &[u8]) -> bool {
    body.eq_ignore_ascii_case(b"inf") || body.eq_ignore_ascii_case(b"infinity")
}
/// Whether a decimal float has no digit but zeros before its exponent.
fn is_decimal_zero(body: &[u8]) -> bool {
    let end = body.iter().position(|b| matches!(b, b'e' | b'E')).unwrap_or(body.len());
    body[..end].iter().all(|b| matches!(b, b'0' | b'.'))
}
#[cfg(test)]
mod tests;
