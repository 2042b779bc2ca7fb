//! The 80-bit extended floats of x87 (C's `long double`), in integer arithmetic.
//!
//! INCRBYFLOAT and HINCRBYFLOAT promise results like `10.5 + 0.1 = 10.6`. Valkey keeps
//! that promise by computing in 64 bits of mantissa and printing 17 decimals, which hides
//! the last bits' error. Doubles cannot do the same, so this module carries the format
//! itself: decimal text is rounded once to the nearest extended float, sums are rounded
//! once (ties to even), and text is exact before it is cut to 17 decimals. The results
//! are the bytes Valkey gives on x86-64, on any machine.
//!
//! A finite number is `mantissa * 2^exponent`; the mantissa's top bit is set unless the
//! exponent is the least one (zero and the subnormals).

use super::num;

/// An extended float; never a NaN by parsing, but sums of infinities are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongDouble {
    negative: bool,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Finite { mantissa: u64, exponent: i32 },
    Infinite,
    Nan,
}

/// The exponent of the subnormals: 2^-16445 is the least positive number.
const MIN_EXPONENT: i64 = -16445;
/// The exponent of the largest finite number.
const MAX_EXPONENT: i64 = 16320;
/// Valkey refuses a longer text, in bytes.
const TEXT_MAX_BYTES: usize = 5 * 1024 - 1;

impl LongDouble {
    /// The number all of `text` stands for, by `strtold`'s rules: decimal or hexadecimal,
    /// or infinity. Not a NaN, nothing that overflows or underflows to zero.
    pub fn parse(text: &[u8]) -> Option<LongDouble> {
        if text.len() > TEXT_MAX_BYTES {
            return None;
        }
        let (negative, body) = num::split_sign(text);
        if num::is_infinity(body) {
            return Some(LongDouble {
                negative,
                kind: Kind::Infinite,
            });
        }
        let number = match num::hex_body(body) {
            Some(hex) => {
                let (mantissa, exponent, inexact) = num::parse_hex_float(hex)?;
                (round(negative, mantissa, exponent, inexact), mantissa == 0)
            }
            None => parse_decimal(negative, body)?,
        };
        match number {
            (
                LongDouble {
                    kind: Kind::Finite { mantissa, .. },
                    ..
                },
                is_zero,
            ) if (mantissa == 0) == is_zero => Some(number.0),
            _ => None,
        }
    }

    /// The number a double is; exact.
    pub fn from_f64(value: f64) -> LongDouble {
        let negative = value.is_sign_negative();
        if value.is_nan() {
            return LongDouble {
                negative,
                kind: Kind::Nan,
            };
        }
        if value.is_infinite() {
            return LongDouble {
                negative,
                kind: Kind::Infinite,
            };
        }
        let bits = value.to_bits();
        let biased = (bits >> 52 & 0x7ff) as i64;
        let fraction = bits & ((1 << 52) - 1);
        let implicit = u64::from(biased != 0) << 52;
        round(
            negative,
            u128::from(fraction | implicit),
            biased.max(1) - 1075,
            false,
        )
    }

    /// The number an integer is; exact.
    pub fn from_i64(value: i64) -> LongDouble {
        round(value < 0, u128::from(value.unsigned_abs()), 0, false)
    }

    /// Whether this is neither infinite nor a NaN.
    pub fn is_finite(self) -> bool {
        matches!(self.kind, Kind::Finite { .. })
    }

    /// The text Valkey shows: 17 decimals, correctly rounded, without trailing zeros.
    pub fn to_text(self) -> Vec<u8> {
        let Kind::Finite { mantissa, exponent } = self.kind else {
            let text: &[u8] = match (self.kind, self.negative) {
                (Kind::Nan, _) => b"nan",
                (_, true) => b"-inf",
                (_, false) => b"inf",
            };
            return text.to_vec();
        };
        let mut text = Vec::with_capacity(40);
        if self.negative {
            text.push(b'-');
        }
        if exponent >= 0 {
            put_integer(&mut text, mantissa, exponent as u32);
        } else {
            put_fraction(&mut text, mantissa, exponent.unsigned_abs());
        }
        if text == b"-0" {
            text.remove(0);
        }
        text
    }
}

impl std::ops::Add for LongDouble {
    type Output = LongDouble;

    /// The sum, rounded to nearest, ties to even.
    fn add(self, other: LongDouble) -> LongDouble {
        let (a, b) = match (self.kind, other.kind) {
            (
                Kind::Finite {
                    mantissa: am,
                    exponent: ae,
                },
                Kind::Finite {
                    mantissa: bm,
                    exponent: be,
                },
            ) => ((self.negative, am, ae), (other.negative, bm, be)),
            (Kind::Infinite, Kind::Infinite) if self.negative != other.negative => {
                return LongDouble {
                    negative: false,
                    kind: Kind::Nan,
                };
            }
            (Kind::Nan, _) | (Kind::Infinite, Kind::Finite { .. } | Kind::Infinite) => return self,
            _ => return other,
        };
        // The larger exponent first. Its mantissa moves up 63 bits, which leaves one bit
        // for a carry and 63 below the last one kept; of what the other loses below
        // those, only whether it is zero can matter.
        let ((big_neg, big, big_exp), (small_neg, small, small_exp)) =
            if a.2 >= b.2 { (a, b) } else { (b, a) };
        let gap = (big_exp - small_exp) as u32;
        let high = u128::from(big) << 63;
        let low = u128::from(small) << 63;
        let low = match gap {
            0..=127 if low >> gap << gap == low => low >> gap,
            0..=127 => low >> gap | 1,
            _ => u128::from(low != 0),
        };
        let exponent = i64::from(big_exp) - 63;
        if big_neg == small_neg {
            return round(big_neg, high + low, exponent, false);
        }
        match high.checked_sub(low) {
            Some(0) => round(false, 0, exponent, false),
            Some(difference) => round(big_neg, difference, exponent, false),
            None => round(small_neg, low - high, exponent, false),
        }
    }
}

/// `mantissa * 2^exponent`, and a little more if `inexact`, as the nearest extended float.
fn round(negative: bool, mantissa: u128, exponent: i64, inexact: bool) -> LongDouble {
    let finite = |mantissa, exponent: i64| LongDouble {
        negative,
        kind: Kind::Finite {
            mantissa,
            exponent: exponent as i32,
        },
    };
    if mantissa == 0 {
        return finite(0, MIN_EXPONENT);
    }
    let zeros = mantissa.leading_zeros();
    let wide = mantissa << zeros;
    // The value is `wide * 2^low`; 64 bits of it are kept, fewer if they would reach
    // below the least exponent.
    let low = exponent - i64::from(zeros);
    let drop = (MIN_EXPONENT - low).max(64);
    if low + 64 > MAX_EXPONENT {
        return LongDouble {
            negative,
            kind: Kind::Infinite,
        };
    }
    let half = 1u128 << 127;
    let (mut kept, lost) = match drop {
        0..=127 => ((wide >> drop) as u64, wide << (128 - drop)),
        128 => (0, wide),
        _ => (0, 1),
    };
    let mut exponent = low + drop;
    if lost > half || (lost == half && (inexact || kept & 1 == 1)) {
        let (sum, carry) = kept.overflowing_add(1);
        kept = if carry { 1 << 63 } else { sum };
        exponent += i64::from(carry);
    }
    if exponent > MAX_EXPONENT {
        return LongDouble {
            negative,
            kind: Kind::Infinite,
        };
    }
    finite(kept, exponent)
}

/// An unsigned decimal text as the nearest number, and whether it is exactly zero.
fn parse_decimal(negative: bool, body: &[u8]) -> Option<(LongDouble, bool)> {
    let end = body
        .iter()
        .position(|b| matches!(b, b'e' | b'E'))
        .unwrap_or(body.len());
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
        scale += num::parse_exponent(&body[end + 1..])?;
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
fn decimal(negative: bool, digits: &[u8], scale: i64) -> LongDouble {
    // Whatever is beyond the range by far need not be computed.
    let magnitude = digits.len() as i64 + scale;
    if magnitude > 5000 {
        return LongDouble {
            negative,
            kind: Kind::Infinite,
        };
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
fn decimal_exact(negative: bool, digits: &[u8], scale: i64) -> LongDouble {
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
fn put_integer(text: &mut Vec<u8>, mantissa: u64, exponent: u32) {
    if exponent <= 64 {
        text.extend_from_slice(
            itoa::Buffer::new()
                .format(u128::from(mantissa) << exponent)
                .as_bytes(),
        );
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
        let group_text = if i == 0 {
            format!("{group}")
        } else {
            format!("{group:09}")
        };
        text.extend_from_slice(group_text.as_bytes());
    }
}

/// `mantissa / 2^shift` with 17 decimals, ties to even, trailing zeros cut.
fn put_fraction(text: &mut Vec<u8>, mantissa: u64, shift: u32) {
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

/// A natural number of any size: 32-bit digits, least first, no zero at the top.
#[derive(Clone, Debug, Default)]
struct Big(Vec<u32>);

impl Big {
    fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    fn bits(&self) -> u32 {
        self.0
            .last()
            .map_or(0, |top| self.0.len() as u32 * 32 - top.leading_zeros())
    }

    fn multiply_add(&mut self, factor: u32, addend: u32) {
        let mut carry = u64::from(addend);
        for digit in &mut self.0 {
            carry += u64::from(*digit) * u64::from(factor);
            *digit = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    fn multiply_pow10(&mut self, power: u32) {
        for _ in 0..power / 9 {
            self.multiply_add(1_000_000_000, 0);
        }
        self.multiply_add(10u32.pow(power % 9), 0);
    }

    fn shift_left(&mut self, n: u32) {
        if self.0.is_empty() {
            return;
        }
        self.multiply_add(1 << (n % 32), 0);
        let zeros = (n / 32) as usize;
        self.0.splice(0..0, std::iter::repeat_n(0, zeros));
    }

    /// Divides in place; returns the remainder.
    fn divide_by(&mut self, divisor: u32) -> u32 {
        let mut remainder = 0u64;
        for digit in self.0.iter_mut().rev() {
            remainder = remainder << 32 | u64::from(*digit);
            *digit = (remainder / u64::from(divisor)) as u32;
            remainder %= u64::from(divisor);
        }
        self.trim();
        remainder as u32
    }

    /// The leading 128 bits, what they are to be multiplied by as a power of two, and
    /// whether anything but zeros follows them.
    fn top(&self) -> (u128, i64, bool) {
        let skip = self.0.len().saturating_sub(4);
        let top = self.0[skip..]
            .iter()
            .rev()
            .fold(0u128, |n, &d| n << 32 | u128::from(d));
        (
            top,
            skip as i64 * 32,
            self.0[..skip].iter().any(|&d| d != 0),
        )
    }

    /// `self / divisor` for a quotient below 2^72, and whether there is a remainder; bit
    /// by bit from the top.
    fn divide_small_quotient(mut self, divisor: &Big) -> (u128, bool) {
        let mut step = divisor.clone();
        step.shift_left(72);
        let mut quotient = 0u128;
        for _ in 0..=72 {
            quotient <<= 1;
            if self.subtract_if_not_less(&step) {
                quotient |= 1;
            }
            step.shift_right_one();
        }
        (quotient, self.bits() > 0)
    }

    fn shift_right_one(&mut self) {
        let mut carry = 0;
        for digit in self.0.iter_mut().rev() {
            let next = *digit << 31;
            *digit = *digit >> 1 | carry;
            carry = next;
        }
        self.trim();
    }

    fn subtract_if_not_less(&mut self, other: &Big) -> bool {
        let order = self.0.len().cmp(&other.0.len());
        if order
            .then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
            .is_lt()
        {
            return false;
        }
        let mut borrow = false;
        for (i, digit) in self.0.iter_mut().enumerate() {
            let take = other.0.get(i).copied().unwrap_or(0);
            let (d, b1) = digit.overflowing_sub(take);
            let (d, b2) = d.overflowing_sub(u32::from(borrow));
            *digit = d;
            borrow = b1 || b2;
        }
        self.trim();
        true
    }
}

#[cfg(test)]
mod tests;
