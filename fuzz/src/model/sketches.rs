//! HyperLogLogs: how many there are. What adding and merging make of a sketch is believed; the
//! differential tests compare it byte by byte with another server's.

use super::{Done, Expect, Model, Outcome};

pub const KNOWN: &[&str] = &["pfcount"];

const REGISTERS: usize = 1 << 14;
const HEADER_BYTES: usize = 16;
/// The highest rank a register of a 64-bit hash, of which 14 bits choose the register, has.
const MAX_RANK: usize = 64 - 14 + 1;
/// The bit that says that the number in the header is out of date.
const STALE: u8 = 0x80;
/// 1 / (2 ln 2): what the estimate is biased by with infinitely many registers.
const BIAS: f64 = 0.721_347_520_444_481_7;

impl Model {
    pub(super) fn sketches(&mut self, keys: &[Vec<u8>]) -> Outcome {
        let texts: Result<Vec<_>, _> = keys.iter().map(|key| self.text(key)).collect();
        let texts: Vec<_> = texts?.into_iter().flatten().collect();
        if texts.iter().any(|text| !is_sketch(text)) {
            return Err(Expect::error(""));
        }
        if let ([key], [text]) = (keys, texts.as_slice()) {
            let (header, rest) = text.split_at(HEADER_BYTES);
            if header[15] & STALE == 0 {
                let count = u64::from_le_bytes(header[8..].try_into().expect("half a header"));
                return Ok(Done::Reply(Expect::int(count as i64)));
            }
            let registers = registers(text).ok_or(Expect::error("INVALIDOBJ"))?;
            let count = estimate(&registers);
            self.keep_text(key, [&header[..8], &count.to_le_bytes(), rest].concat());
            return Ok(Done::Reply(Expect::int(count as i64)));
        }
        let mut all = vec![0; REGISTERS];
        for text in &texts {
            let one = registers(text).ok_or(Expect::error("INVALIDOBJ"))?;
            all.iter_mut().zip(one).for_each(|(a, b)| *a = b.max(*a));
        }
        Ok(Done::Reply(Expect::int(if texts.is_empty() { 0 } else { estimate(&all) as i64 })))
    }
}

fn is_dense(text: &[u8]) -> bool {
    text[4] == 0
}

fn is_sketch(text: &[u8]) -> bool {
    let form = text.len() >= HEADER_BYTES && text.starts_with(b"HYLL") && text[4] <= 1;
    form && (!is_dense(text) || text.len() == HEADER_BYTES + REGISTERS * 6 / 8)
}

/// The ranks; `None` if there are too many or too few.
fn registers(text: &[u8]) -> Option<Vec<u8>> {
    let body = &text[HEADER_BYTES..];
    let mut ranks = Vec::new();
    if is_dense(text) {
        let bit = |at: usize| body[at / 8] >> (at % 8) & 1;
        ranks.extend((0..REGISTERS).map(|r| (0..6).map(|i| bit(r * 6 + i) << i).sum::<u8>()));
        return Some(ranks);
    }
    let mut runs = body.iter();
    while let Some(&run) = runs.next() {
        let (rank, n) = match run >> 6 {
            0 => (0, usize::from(run & 0x3f) + 1),
            1 => (0, usize::from(run & 0x3f) << 8 | usize::from(*runs.next()?)),
            _ => ((run >> 2 & 0x1f) + 1, usize::from(run & 3) + 1),
        };
        let n = if run >> 6 == 1 { n + 1 } else { n };
        ranks.extend(std::iter::repeat_n(rank, n));
    }
    (ranks.len() == REGISTERS).then_some(ranks)
}

/// Otmar Ertl's improved raw estimator ("New cardinality estimation algorithms for
/// HyperLogLog sketches", arXiv:1702.01284).
fn estimate(ranks: &[u8]) -> u64 {
    let m = REGISTERS as f64;
    let of_rank = |rank: usize| ranks.iter().filter(|r| usize::from(**r) == rank).count() as f64;
    let mut z = m * tau(1.0 - of_rank(MAX_RANK) / m);
    for rank in (1..MAX_RANK).rev() {
        z = 0.5 * (z + of_rank(rank));
    }
    z += m * sigma(of_rank(0) / m);
    (BIAS * m * m / z).round() as u64
}

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
        if z == before {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x).powi(2) * y;
        if z == before {
            return z / 3.0;
        }
    }
}
