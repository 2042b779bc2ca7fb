//! From registers to a number of elements: Ertl's improved estimator (2017), which needs no
//! tables for small and large numbers, only how many registers have which rank.

use super::{INDEX_BITS, MAX_RANK, REGISTERS};

/// 1 / (2 ln 2)
const ALPHA: f64 = 0.721_347_520_444_481_7;
/// Most leading zeros that a hash can show.
const Q: usize = 64 - INDEX_BITS as usize;

/// How many registers have each rank, in parts that are added up in the end.
pub struct Histogram([[u32; 64]; PARTS]);

/// Neighbouring registers are counted in different parts: most have one of a few ranks, and
/// counting twice in one place waits for the first to be stored.
const PARTS: usize = 4;

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram([[0; 64]; PARTS])
    }
}

impl Histogram {
    /// Counts `n` registers of a rank.
    #[inline]
    pub fn add(&mut self, rank: u8, n: usize) {
        self.0[0][usize::from(rank)] += n as u32;
    }

    /// Counts registers, whose number is a multiple of [`PARTS`].
    #[inline]
    pub fn add_all(&mut self, ranks: &[u8]) {
        for few in ranks.chunks_exact(PARTS) {
            // Six bits: what keeps the index inside needs no check.
            few.iter().zip(&mut self.0).for_each(|(rank, part)| part[usize::from(rank & 63)] += 1);
        }
    }

    /// The estimated number of elements.
    pub fn estimate(&self) -> u64 {
        let m = REGISTERS as f64;
        let n = |rank: usize| f64::from(self.0.iter().map(|part| part[rank]).sum::<u32>());
        let mut z = m * tau((m - n(MAX_RANK)) / m);
        for rank in (1..=Q).rev() {
            z = 0.5 * (z + n(rank));
        }
        z += m * sigma(n(0) / m);
        (ALPHA * m * m / z).round() as u64
    }
}

/// x + x^2 + 2 x^4 + 4 x^8 ...
fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if before == z {
            return z;
        }
    }
}

/// A third of 1 - x minus the sum of (1 - x^(1/2^k))^2 / 2^k.
fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if before == z {
            return z / 3.0;
        }
    }
}
