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

mod big;
mod decimal;

use super::num::{self, hex_float};

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
            return Some(LongDouble { negative, kind: Kind::Infinite });
        }
        let number = match hex_float::hex_body(body) {
            Some(hex) => {
                let (mantissa, exponent, inexact) = hex_float::parse_hex_float(hex)?;
                (round(negative, mantissa, exponent, inexact), mantissa == 0)
            }
            None => decimal::parse_decimal(negative, body)?,
        };
        match number {
            (LongDouble { kind: Kind::Finite { mantissa, .. }, .. }, is_zero) if (mantissa == 0) == is_zero => {
                Some(number.0)
            }
            _ => None,
        }
    }

    /// The number a double is; exact.
    pub fn from_f64(value: f64) -> LongDouble {
        let negative = value.is_sign_negative();
        if value.is_nan() {
            return LongDouble { negative, kind: Kind::Nan };
        }
        if value.is_infinite() {
            return LongDouble { negative, kind: Kind::Infinite };
        }
        let bits = value.to_bits();
        let biased = (bits >> 52 & 0x7ff) as i64;
        let fraction = bits & ((1 << 52) - 1);
        let implicit = u64::from(biased != 0) << 52;
        round(negative, u128::from(fraction | implicit), biased.max(1) - 1075, false)
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
            decimal::put_integer(&mut text, mantissa, exponent as u32);
        } else {
            decimal::put_fraction(&mut text, mantissa, exponent.unsigned_abs());
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
            (Kind::Finite { mantissa: am, exponent: ae }, Kind::Finite { mantissa: bm, exponent: be }) => {
                ((self.negative, am, ae), (other.negative, bm, be))
            }
            (Kind::Infinite, Kind::Infinite) if self.negative != other.negative => {
                return LongDouble { negative: false, kind: Kind::Nan };
            }
            (Kind::Nan, _) | (Kind::Infinite, Kind::Finite { .. } | Kind::Infinite) => return self,
            _ => return other,
        };
        // The larger exponent first. Its mantissa moves up 63 bits, which leaves one bit
        // for a carry and 63 below the last one kept; of what the other loses below
        // those, only whether it is zero can matter.
        let ((big_neg, big, big_exp), (small_neg, small, small_exp)) = if a.2 >= b.2 { (a, b) } else { (b, a) };
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
    let finite =
        |mantissa, exponent: i64| LongDouble { negative, kind: Kind::Finite { mantissa, exponent: exponent as i32 } };
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
        return LongDouble { negative, kind: Kind::Infinite };
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
        return LongDouble { negative, kind: Kind::Infinite };
    }
    finite(kept, exponent)
}

#[cfg(test)]
mod tests;
