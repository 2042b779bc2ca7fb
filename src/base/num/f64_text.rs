//! A double's text, as scores and RESP3 doubles show it.

use super::parse_i64;
use std::fmt::{self, Write};

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
    let mut text = F64Text { bytes: [0; 40], len: 0 };
    if value.is_nan() {
        text.put(b"nan");
    } else if value.is_infinite() {
        text.put(if value < 0.0 { b"-inf" } else { b"inf" });
    } else if value == 0.0 {
        text.put(if value.is_sign_negative() { b"-0" } else { b"0" });
    } else if value.abs() <= (1u64 << 62) as f64 && value == (value as i64) as f64 {
        text.put(itoa::Buffer::new().format(value as i64).as_bytes());
    } else {
        put_fraction(&mut text, value);
    }
    text
}

fn put_fraction(text: &mut F64Text, value: f64) {
    // `{:e}` gives the shortest digits: "d.ddde-7".
    let mut scientific = F64Text { bytes: [0; 40], len: 0 };
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
        text.put(itoa::Buffer::new().format(exponent.unsigned_abs()).as_bytes());
    }
}

/// The text of `value` in 17 significant digits without trailing zeros, as C's `%.17g`
/// prints it: with an exponent if that is below -4 or above 16.
pub fn f64_text_17(value: f64) -> F64Text {
    if !value.is_finite() || value == 0.0 {
        return f64_text(value);
    }
    let (mut text, mut scientific) = (F64Text { bytes: [0; 40], len: 0 }, F64Text { bytes: [0; 40], len: 0 });
    write!(scientific, "{:.16e}", value.abs()).expect("a double's text fits its buffer");
    let s = scientific.as_bytes();
    let e = s.iter().position(|&b| b == b'e').expect("an exponent");
    let exponent = parse_i64(&s[e + 1..]).expect("an exponent's digits");
    let (mut digits, mut n) = ([b'0'; 17], 1);
    for (i, &byte) in s[..e].iter().filter(|&&b| b != b'.').enumerate() {
        digits[i] = byte;
        if byte != b'0' {
            n = i + 1;
        }
    }
    if value < 0.0 {
        text.put(b"-");
    }
    if !(-4..17).contains(&exponent) {
        text.put(&digits[..1]);
        if n > 1 {
            text.put(b".");
            text.put(&digits[1..n]);
        }
        text.put(if exponent < 0 { b"e-" } else { b"e+" });
        if exponent.abs() < 10 {
            text.put(b"0");
        }
        text.put(itoa::Buffer::new().format(exponent.unsigned_abs()).as_bytes());
    } else if exponent < 0 {
        text.put(b"0.");
        text.put_zeros((-exponent - 1) as usize);
        text.put(&digits[..n]);
    } else {
        let whole = exponent as usize + 1;
        text.put(&digits[..whole]);
        if n > whole {
            text.put(b".");
            text.put(&digits[whole..n]);
        }
    }
    text
}
