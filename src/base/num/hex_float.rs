//! Hexadecimal floats and exponents: what doubles and extended floats read alike.

use super::split_sign;

/// What follows `0x`.
pub(in crate::base) fn hex_body(body: &[u8]) -> Option<&[u8]> {
    match body {
        [b'0', b'x' | b'X', hex @ ..] => Some(hex),
        _ => None,
    }
}
/// Hexadecimal float after its `0x`: mantissa `m`, exponent `e` and whether digits were
/// lost, with `m * 2^e <= value`, equal if nothing was lost. At least 124 bits are kept.
pub(in crate::base) fn parse_hex_float(hex: &[u8]) -> Option<(u128, i64, bool)> {
    let end = hex.iter().position(|b| matches!(b, b'p' | b'P')).unwrap_or(hex.len());
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
pub(in crate::base) fn parse_exponent(text: &[u8]) -> Option<i64> {
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
pub(super) fn round_f64(mantissa: u128, exponent: i64, inexact: bool) -> Option<f64> {
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
    let biased = if kept_bits < 53 { 0 } else { (top + 1022) as u64 };
    let value = f64::from_bits((biased << 52).wrapping_add(kept));
    (value.is_finite() && value != 0.0).then_some(value)
}
