//! Natural numbers of any size, with just the operations that decimal conversion needs.

/// A natural number of any size: 32-bit digits, least first, no zero at the top.
#[derive(Clone, Debug, Default)]
pub(super) struct Big(Vec<u32>);

impl Big {
    fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    /// The position of the highest bit set, counted from 1.
    pub(super) fn bits(&self) -> u32 {
        self.0.last().map_or(0, |top| self.0.len() as u32 * 32 - top.leading_zeros())
    }

    /// `self * factor + addend`
    pub(super) fn multiply_add(&mut self, factor: u32, addend: u32) {
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

    /// `self * 10^power`
    pub(super) fn multiply_pow10(&mut self, power: u32) {
        for _ in 0..power / 9 {
            self.multiply_add(1_000_000_000, 0);
        }
        self.multiply_add(10u32.pow(power % 9), 0);
    }

    /// `self * 2^n`
    pub(super) fn shift_left(&mut self, n: u32) {
        if self.0.is_empty() {
            return;
        }
        self.multiply_add(1 << (n % 32), 0);
        let zeros = (n / 32) as usize;
        self.0.splice(0..0, std::iter::repeat_n(0, zeros));
    }

    /// Divides in place; returns the remainder.
    pub(super) fn divide_by(&mut self, divisor: u32) -> u32 {
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
    pub(super) fn top(&self) -> (u128, i64, bool) {
        let skip = self.0.len().saturating_sub(4);
        let top = self.0[skip..].iter().rev().fold(0u128, |n, &d| n << 32 | u128::from(d));
        (top, skip as i64 * 32, self.0[..skip].iter().any(|&d| d != 0))
    }

    /// `self / divisor` for a quotient below 2^72, and whether there is a remainder; bit
    /// by bit from the top.
    pub(super) fn divide_small_quotient(mut self, divisor: &Big) -> (u128, bool) {
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
        if order.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev())).is_lt() {
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
