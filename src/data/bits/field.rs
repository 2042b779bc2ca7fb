//! Integers of any width at any bit of a string, most significant bit first.

/// What happens to a value that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// The bits in front are lost.
    Wrap,
    /// It becomes the greatest or the smallest that fits.
    Saturate,
    /// It is not stored.
    Fail,
}

/// The type and place of an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    pub signed: bool,
    /// 1 to 64, to 63 if unsigned.
    pub bits: u32,
    /// Of the first bit.
    pub offset: u64,
}

/// Most bytes that a field touches.
const WINDOW_BYTES: usize = 9;

impl Field {
    /// Bytes a string needs to hold the field.
    pub fn end_byte(self) -> u64 {
        (self.offset + u64::from(self.bits)).div_ceil(8)
    }

    /// How far the window's number is shifted for the field to be at its end.
    fn shift(self) -> u32 {
        128 - (self.offset % 8) as u32 - self.bits
    }

    fn mask(self) -> u64 {
        u64::MAX >> (64 - self.bits)
    }

    /// The bytes from the field's first on, with zeros behind the string.
    fn window(self, text: &[u8]) -> u128 {
        let mut window = [0; 16];
        let start = usize::try_from(self.offset / 8).unwrap_or(usize::MAX).min(text.len());
        let n = (text.len() - start).min(WINDOW_BYTES);
        window[..n].copy_from_slice(&text[start..start + n]);
        u128::from_be_bytes(window)
    }

    /// The value's bits with its sign in front.
    fn extend(self, raw: u64) -> i64 {
        if self.signed { ((raw << (64 - self.bits)) as i64) >> (64 - self.bits) } else { raw as i64 }
    }

    /// The value in `text`; what is beyond its end is zeros.
    pub fn get(self, text: &[u8]) -> i64 {
        self.extend((self.window(text) >> self.shift()) as u64 & self.mask())
    }

    /// Stores a value that fits; `text` has [`Field::end_byte`] bytes or more.
    pub fn set(self, text: &mut [u8], value: i64) {
        let (mask, shift) = (u128::from(self.mask()), self.shift());
        let window = self.window(text) & !(mask << shift) | (value as u128 & mask) << shift;
        let (start, end) = ((self.offset / 8) as usize, self.end_byte() as usize);
        text[start..end].copy_from_slice(&window.to_be_bytes()[..end - start]);
    }

    /// `value + increment`, made to fit; `None` if it does not and may not be stored.
    pub fn sum(self, value: i64, increment: i64, overflow: Overflow) -> Option<i64> {
        let (over, least, greatest) = if self.signed {
            let greatest = (self.mask() >> 1) as i64;
            (signed_overflow(value, increment, self.bits, greatest), -greatest - 1, greatest)
        } else {
            let greatest = self.mask() as i64;
            (unsigned_overflow(value as u64, increment, greatest as u64), 0, greatest)
        };
        match (over, overflow) {
            (0, _) => Some(value.wrapping_add(increment)),
            (_, Overflow::Wrap) => Some(self.extend(value.wrapping_add(increment) as u64 & self.mask())),
            (_, Overflow::Fail) => None,
            (over, Overflow::Saturate) => Some(if over > 0 { greatest } else { least }),
        }
    }
}

/// 1 if the sum is too large, -1 if it is too small. A value far below what fits counts as
/// too large, because the room above it overflows: so it does in Valkey.
fn signed_overflow(value: i64, increment: i64, bits: u32, greatest: i64) -> i32 {
    let least = -greatest - 1;
    let (above, below) = (greatest.wrapping_sub(value), least.wrapping_sub(value));
    let narrow = bits != 64;
    if value > greatest || (narrow && increment > above) || (value >= 0 && increment > 0 && increment > above) {
        1
    } else if value < least || (narrow && increment < below) || (value < 0 && increment < 0 && increment < below) {
        -1
    } else {
        0
    }
}

fn unsigned_overflow(value: u64, increment: i64, greatest: u64) -> i32 {
    if value > greatest || (increment > 0 && increment as u64 > greatest - value) {
        1
    } else if increment < 0 && increment < (value as i64).wrapping_neg() {
        -1
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn field() -> impl Strategy<Value = Field> {
        (any::<bool>(), 1..=64u32, 0..100u64).prop_map(|(signed, bits, offset)| {
            let bits = if signed { bits } else { bits.min(63) };
            Field { signed, bits, offset }
        })
    }

    proptest! {
        #[test]
        fn what_is_set_is_read_and_nothing_else_changes(field in field(), value: i64, fill: u8) {
            let mut text = vec![fill; 30];
            let value = field.sum(value, 0, Overflow::Wrap).expect("wraps");
            field.set(&mut text, value);
            prop_assert_eq!(field.get(&text), value);
            let bit = |t: &[u8], i: u64| t[(i / 8) as usize] >> (7 - i % 8) & 1;
            for i in 0..240 {
                if !(field.offset..field.offset + u64::from(field.bits)).contains(&i) {
                    prop_assert_eq!(bit(&text, i), bit(&[fill; 30], i));
                }
            }
        }

        #[test]
        fn sums_that_fit_are_exact(field in field(), a: i64, b in -1000..1000i64) {
            let a = field.sum(a, 0, Overflow::Wrap).expect("wraps");
            let exact = i128::from(a) + i128::from(b);
            let greatest = if field.signed { field.mask() >> 1 } else { field.mask() };
            let least = if field.signed { -i128::from(greatest) - 1 } else { 0 };
            let fits = (least..=i128::from(greatest)).contains(&exact);
            prop_assert_eq!(field.sum(a, b, Overflow::Fail).map(i128::from), fits.then_some(exact));
            let clamped = exact.clamp(least, greatest.into());
            prop_assert_eq!(field.sum(a, b, Overflow::Saturate).map(i128::from), Some(clamped));
        }
    }

    #[test]
    fn beyond_the_end_are_zeros() {
        let f = Field { signed: false, bits: 12, offset: 4 };
        assert_eq!(f.get(&[0xab]), 0xb00);
        assert_eq!(f.get(&[]), 0);
        assert_eq!(Field { offset: u64::MAX / 2, ..f }.get(&[1, 2]), 0);
    }
}
