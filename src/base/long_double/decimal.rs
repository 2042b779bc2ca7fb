//! Decimal text to extended floats and back.
//!
//! What people write has few digits and small exponents, and fits 128-bit arithmetic; the
//! rest goes through numbers of any size. Either way the value is exact until it is
//! rounded, once.

use super::{Kind, LongDouble, big::Big, round};
use crate::base::num::hex_float;

/// An unsigned decimal text as the nearest number, and whether it is exactly zero.
pub(super) fn parse_decimal(negative: bool, body: &[u8]) -> Option<(LongDouble, bool)> {
    let end = body.iter().position(|b| matches!(b, b'e' | b'E')).unwrap_or(body.len());
    let mut digits: Vec<u8> = Vec::with_capacity(end);
    let (mut scale, mut point, mut any) = (0i64, false, false);
    for &byte in &body[..end] {
        match byte {
            b'.' if !point => point = true,
            b'0'..=b'9' => {
                any = true;
                scale -= i64::from(point);
                if byte != b'0' || !digits.is_empty() {
                    digits.push(byte - b'0');
                }
            }
            _ => return None,
        }
    }
    if !any {
        return None;
    }
    if end < body.len() {
        scale += hex_float::parse_exponent(&body[end + 1..])?;
    }
    while digits.last() == Some(&0) {
        digits.pop();
        scale += 1;
    }
    if digits.is_empty() {
        return Some((round(negative, 0, 0, false), true));
    }
    Some((decimal(negative, &digits, scale), false))
}

/// `digits * 10^scale` as the nearest number; the first digit is not zero.
pub(super) fn decimal(negative: bool, digits: &[u8], scale: i64) -> LongDouble {
    // Whatever is beyond the range by far need not be computed.
    let magnitude = digits.len() as i64 + scale;
    if magnitude > 5000 {
        return LongDouble { negative, kind: Kind::Infinite };
    }
    if magnitude < -5000 {
        return round(negative, 0, 0, false);
    }
    if digits.len() <= 19 && (-18..=19).contains(&scale) {
        let n = digits.iter().fold(0u64, |n, &d| n * 10 + u64::from(d));
        let power = 10u128.pow(scale.unsigned_abs() as u32);
        if scale >= 0 {
            return round(negative, u128::from(n) * power, 0, false);
        }
        // The quotient of 128 bits by less than 60 has more than the 65 that matter.
        let shift = u128::from(n).leading_zeros();
        let wide = u128::from(n) << shift;
        return round(negative, wide / power, -i64::from(shift), wide % power != 0);
    }
    decimal_exact(negative, digits, scale)
}

/// [`decimal`] for any number of digits, in arithmetic of any size.
pub(super) fn decimal_exact(negative: bool, digits: &[u8], scale: i64) -> LongDouble {
    let mut number = Big::default();
    for group in digits.chunks(9) {
        let value = group.iter().fold(0u32, |n, &d| n * 10 + u32::from(d));
        number.multiply_add(10u32.pow(group.len() as u32), value);
    }
    if scale >= 0 {
        number.multiply_pow10(scale as u32);
        let (top, exponent, inexact) = number.top();
        return round(negative, top, exponent, inexact);
    }
    // Divide by 10^-scale = 5^-scale * 2^-scale, with room for 66 or more quotient bits.
    let mut divisor = Big::default();
    divisor.multiply_add(1, 1);
    divisor.multiply_pow10(scale.unsigned_abs() as u32);
    let lead = number.bits() as i64 - divisor.bits() as i64;
    let shift = 70 - lead;
    if shift >= 0 {
        number.shift_left(shift as u32);
    } else {
        divisor.shift_left(shift.unsigned_abs() as u32);
    }
    let (quotient, inexact) = number.divide_small_quotient(&divisor);
    round(negative, quotient, -shift, inexact)
}

/// `mantissa * 2^exponent` in decimal.
pub(super) fn put_integer(text: &mut Vec<u8>, mantissa: u64, exponent: u32) {
    if exponent <= 64 {
        text.extend_from_slice(itoa::Buffer::new().format(u128::from(mantissa) << exponent).as_bytes());
        return;
    }
    let mut number = Big::default();
    number.multiply_add(1, (mantissa >> 32) as u32);
    number.shift_left(32);
    number.multiply_add(1, mantissa as u32);
    number.shift_left(exponent);
    let mut groups = Vec::new();
    while number.bits() > 0 {
        groups.push(number.divide_by(1_000_000_000));
    }
    for (i, group) in groups.iter().rev().enumerate() {
        let group_text = if i == 0 { format!("{group}") } else { format!("{group:09}") };
        text.extend_from_slice(group_text.as_bytes());
    }
}

/// `mantissa / 2^shift` with 17 decimals, ties to even, trailing zeros cut.
pub(super) fn put_fraction(text: &mut Vec<u8>, mantissa: u64, shift: u32) {
    const SCALE: u128 = 10u128.pow(17);
    // Below 2^121, so nothing is lost; a shift of more than 121 leaves less than a half.
    let wide = u128::from(mantissa) * SCALE;
    let mut scaled = if shift < 128 { wide >> shift } else { 0 };
    let lost = match shift {
        0..=127 => wide << (128 - shift),
        _ => u128::from(wide != 0),
    };
    let half = 1u128 << 127;
    if lost > half || (lost == half && scaled & 1 == 1) {
        scaled += 1;
    }
    text.extend_from_slice(itoa::Buffer::new().format(scaled / SCALE).as_bytes());
    let mut decimals = [b'0'; 17];
    let mut fraction = (scaled % SCALE) as u64;
    for slot in decimals.iter_mut().rev() {
        *slot = b'0' + (fraction % 10) as u8;
        fraction /= 10;
    }
    if let Some(last) = decimals.iter().rposition(|&d| d != b'0') {
        text.push(b'.');
        text.extend_from_slice(&decimals[..=last]);
    }
}
