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

use std::fmt::{self, Write};

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

/// The double that all of `text` stands for.
pub fn parse_f64(text: &[u8]) -> Option<f64> {
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

/// What follows `0x`.
pub(super) fn hex_body(body: &[u8]) -> Option<&[u8]> {
    match body {
        [b'0', b'x' | b'X', hex @ ..] => Some(hex),
        _ => None,
    }
}

/// Whether a decimal float has no digit but zeros before its exponent.
fn is_decimal_zero(body: &[u8]) -> bool {
    let end = body
        .iter()
        .position(|b| matches!(b, b'e' | b'E'))
        .unwrap_or(body.len());
    body[..end].iter().all(|b| matches!(b, b'0' | b'.'))
}

/// Hexadecimal float after its `0x`: mantissa `m`, exponent `e` and whether digits were
/// lost, with `m * 2^e <= value`, equal if nothing was lost. At least 124 bits are kept.
pub(super) fn parse_hex_float(hex: &[u8]) -> Option<(u128, i64, bool)> {
    let end = hex
        .iter()
        .position(|b| matches!(b, b'p' | b'P'))
        .unwrap_or(hex.len());
    let (mut mantissa, mut exponent, mut inexact) = (0u128, 0i64, false);
    let (mut digits, mut after_point) = (0usize, false);
    for &byte in &hex[..end] {
        if byte == b'.' && !after_point {
            after_point = true;
            continue;
        }
        let digit = (byte as char).to_digit(16)?;
        digits += 1;
        if mantissa >> 124 == 0 {
            mantissa = mantissa << 4 | u128::from(digit);
            exponent -= if after_point { 4 } else { 0 };
        } else {
            inexact |= digit != 0;
            exponent += if after_point { 0 } else { 4 };
        }
    }
    if digits == 0 {
        return None;
    }
    if end < hex.len() {
        exponent += parse_exponent(&hex[end + 1..])?;
    }
    Some((mantissa, exponent, inexact))
}

/// A signed decimal exponent, held within what any float could need.
pub(super) fn parse_exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = split_sign(text);
    if digits.is_empty() {
        return None;
    }
    let mut n = 0i64;
    for &byte in digits {
        if !byte.is_ascii_digit() {
            return None;
        }
        n = (n * 10 + i64::from(byte - b'0')).min(1 << 40);
    }
    Some(if negative { -n } else { n })
}

/// `mantissa * 2^exponent`, and a little more if `inexact`, as the nearest double; `None`
/// when that is infinite, or zero for a mantissa that is not.
fn round_f64(mantissa: u128, exponent: i64, inexact: bool) -> Option<f64> {
    if mantissa == 0 {
        return Some(0.0);
    }
    let zeros = mantissa.leading_zeros();
    let wide = mantissa << zeros;
    // The value is `wide * 2^(top - 127)`: its leading bit weighs 2^top.
    let top = exponent - i64::from(zeros) + 127;
    let kept_bits = if top < -1022 { 53 + (top + 1022) } else { 53 };
    if top > 1023 || kept_bits < 0 {
        return None;
    }
    let shift = 128 - kept_bits as u32;
    let (mut kept, lost) = match shift {
        128 => (0, wide),
        _ => ((wide >> shift) as u64, wide << (128 - shift)),
    };
    let half = 1u128 << 127;
    if lost > half || (lost == half && (inexact || kept & 1 == 1)) {
        kept += 1;
    }
    // A kept mantissa's last bit weighs 2^(top - kept_bits + 1), never below 2^-1074; a
    // carry out of the mantissa adds one to the biased exponent, which is what it means.
    let biased = if kept_bits < 53 {
        0
    } else {
        (top + 1022) as u64
    };
    let value = f64::from_bits((biased << 52).wrapping_add(kept));
    (value.is_finite() && value != 0.0).then_some(value)
}

/// A double's text: ASCII in a buffer of its own.
#[derive(Clone, Copy, Debug)]
pub struct F64Text {
    bytes: [u8; 40],
    len: usize,
}

impl F64Text {
    /// The text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn put(&mut self, bytes: &[u8]) {
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }

    fn put_zeros(&mut self, n: usize) {
        self.bytes[self.len..self.len + n].fill(b'0');
        self.len += n;
    }
}

impl Write for F64Text {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        self.put(s.as_bytes());
        Ok(())
    }
}

/// The text by which Valkey shows a double: `inf`, `-inf`, `nan`, whole numbers below
/// 2^62 without point or exponent, else the shortest digits that read back as `value`.
/// Those get an exponent when they would need more than seven zeros added before the
/// point, or (about) six after it.
pub fn f64_text(value: f64) -> F64Text {
    let mut text = F64Text {
        bytes: [0; 40],
        len: 0,
    };
    if value.is_nan() {
        text.put(b"nan");
    } else if value.is_infinite() {
        text.put(if value < 0.0 { b"-inf" } else { b"inf" });
    } else if value == 0.0 {
        text.put(if value.is_sign_negative() {
            b"-0"
        } else {
            b"0"
        });
    } else if value.abs() <= (1u64 << 62) as f64 && value == (value as i64) as f64 {
        text.put(itoa::Buffer::new().format(value as i64).as_bytes());
    } else {
        put_fraction(&mut text, value);
    }
    text
}

fn put_fraction(text: &mut F64Text, value: f64) {
    // `{:e}` gives the shortest digits: "d.ddde-7".
    let mut scientific = F64Text {
        bytes: [0; 40],
        len: 0,
    };
    write!(scientific, "{:e}", value.abs()).expect("a double's text fits its buffer");
    let s = scientific.as_bytes();
    let e = s.iter().position(|&b| b == b'e').expect("an exponent");
    let exponent = parse_i64(&s[e + 1..]).expect("an exponent's digits");
    let (mut digits, mut n) = ([0u8; 20], 0);
    for &byte in s[..e].iter().filter(|&&b| b != b'.') {
        digits[n] = byte;
        n += 1;
    }
    let digits = &digits[..n];
    if value < 0.0 {
        text.put(b"-");
    }
    // The value is `digits * 10^scale`.
    let scale = exponent - (n as i64 - 1);
    if scale >= 0 && exponent < n as i64 + 7 {
        text.put(digits);
        text.put_zeros(scale as usize);
    } else if scale < 0 && (scale > -7 || exponent.abs() < 4) {
        if exponent < 0 {
            text.put(b"0.");
            text.put_zeros((-exponent - 1) as usize);
            text.put(digits);
        } else {
            let (whole, fraction) = digits.split_at(exponent as usize + 1);
            text.put(whole);
            text.put(b".");
            text.put(fraction);
        }
    } else {
        text.put(&digits[..1]);
        if n > 1 {
            text.put(b".");
            text.put(&digits[1..]);
        }
        text.put(if exponent < 0 { b"e-" } else { b"e+" });
        text.put(
            itoa::Buffer::new()
                .format(exponent.unsigned_abs())
                .as_bytes(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(v: f64) -> String {
        String::from_utf8(f64_text(v).as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn integers_are_canonical() {
        for ok in [
            "0",
            "1",
            "-1",
            "9223372036854775807",
            "-9223372036854775808",
        ] {
            assert_eq!(parse_i64(ok.as_bytes()), ok.parse().ok(), "{ok}");
        }
        let bad = "|-|-0|00|01|-01|+1| 1|1 |1.0|a|9223372036854775808|-9223372036854775809|\
                   18446744073709551616|99999999999999999999999";
        for bad in bad.split('|') {
            assert_eq!(parse_i64(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(parse_u64(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(parse_u64(b"18446744073709551616"), None);
        assert_eq!(parse_u64(b"-1"), None);
    }

    #[test]
    fn doubles_as_strtod_takes_them() {
        let cases = [
            ("1", 1.0),
            ("+1.5", 1.5),
            (".5", 0.5),
            ("5.", 5.0),
            ("-0", -0.0),
            ("1e3", 1000.0),
            ("1E+3", 1000.0),
            ("0x1p4", 16.0),
            ("-0X.8", -0.5),
            ("0xA.8p-1", 5.25),
            ("inf", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            ("4.9e-324", 5e-324),
            ("0e999999", 0.0),
            ("0x1.fffffffffffff8p0", 2.0),
            ("0x1.00000000000008p0", 1.0),
            (
                "0x1.000000000000080000000000000000000000000001p0",
                1.0000000000000002,
            ),
            ("0x1p-1074", 5e-324),
            ("0x1.8p-1075", 5e-324),
            ("0x1.fffffffffffffp-1023", 2.2250738585072014e-308),
        ];
        for (s, v) in cases {
            assert_eq!(
                parse_f64(s.as_bytes()).map(f64::to_bits),
                Some(v.to_bits()),
                "{s}"
            );
        }
        let bad = "| 1|1 |nan|-nan|1e400|1e-400|0x|0x.|0xp1|0x1p|e5|.|+|-|1e|1e+|--1|+-1|infin|\
                   0x1p1024|0x1p-1075|1_0|1e5x|0x1p99999999999999999999";
        for bad in bad.split('|') {
            assert_eq!(parse_f64(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn doubles_as_scores_show_them() {
        let cases = [
            (0.0, "0"),
            (-0.0, "-0"),
            (3.0, "3"),
            (-17.0, "-17"),
            (1.5, "1.5"),
            (0.1, "0.1"),
            (1e17, "100000000000000000"),
            (4e18, "4000000000000000000"),
            (1e19, "1e+19"),
            (1.2e20, "1.2e+20"),
            (1.234567890123457e22, "12345678901234570000000"),
            (1e-6, "0.000001"),
            (1e-7, "1e-7"),
            (1.5e-7, "1.5e-7"),
            (0.00012345678901234567, "1.2345678901234567e-4"),
            (0.0012345678901234567, "0.0012345678901234567"),
            (1.7976931348623157e308, "1.7976931348623157e+308"),
            (5e-324, "5e-324"),
            (-123.456, "-123.456"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
        ];
        for (v, s) in cases {
            assert_eq!(text(v), s);
        }
    }

    proptest! {
        #[test]
        fn integers_round_trip(n: i64) {
            prop_assert_eq!(parse_i64(n.to_string().as_bytes()), Some(n));
        }

        #[test]
        fn an_accepted_integer_is_its_own_text(s in "-?[0-9+ ]{0,20}") {
            if let Some(n) = parse_i64(s.as_bytes()) {
                prop_assert_eq!(n.to_string(), s);
            }
        }

        #[test]
        fn doubles_round_trip(bits: u64) {
            let v = f64::from_bits(bits);
            if !v.is_nan() {
                let back = parse_f64(f64_text(v).as_bytes());
                prop_assert_eq!(back.map(f64::to_bits), Some(bits));
            }
        }

        #[test]
        fn hexadecimal_doubles_are_exact(bits: u64) {
            let v = f64::from_bits(bits & !(1 << 63));
            if v.is_finite() && v != 0.0 {
                let (e, m) = ((bits >> 52 & 0x7ff) as i64, bits & ((1 << 52) - 1));
                let (m, e) = if e == 0 { (m, -1074) } else { (m | 1 << 52, e - 1075) };
                let back = parse_f64(format!("0x{m:x}p{e}").as_bytes());
                prop_assert_eq!(back.map(f64::to_bits), Some(v.to_bits()));
            }
        }

        #[test]
        fn any_bytes_are_a_number_or_not(s: Vec<u8>) {
            let _ = (parse_i64(&s), parse_f64(&s));
        }
    }
}
