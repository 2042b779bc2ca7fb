//! Registers as runs of equal ones, most of them zero.
//!
//! | bytes               | registers                                 |
//! |---------------------|-------------------------------------------|
//! | `00xxxxxx`          | x + 1 zeros, 1 to 64                      |
//! | `01xxxxxx xxxxxxxx` | x + 1 zeros, 1 to 16384                   |
//! | `1vvvvvxx`          | x + 1 of rank v + 1: 1 to 4, of 1 to 32   |
//!
//! Raising a register splits its run into what is before, the register, and what is after;
//! then equal neighbours nearby are joined. Both follow Valkey step by step, so that the same
//! elements in the same order give the same bytes.

use super::{Corrupt, HEADER_BYTES, REGISTERS};
use crate::data::packed::ByteStore;
use smallvec::SmallVec;

/// Greatest rank a run can have.
const MAX_VALUE: u8 = 32;
/// Longest run that is not of zeros.
const MAX_LEN: usize = 4;
/// Longest run of zeros in one byte.
const MAX_SHORT_ZEROS: usize = 64;
/// Runs looked at for joining, from the one before the change on.
const JOIN_SCAN: usize = 5;

/// Equal registers.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// Offset of its bytes, and their number.
    pub at: usize,
    pub bytes: usize,
    /// The first register, and how many there are.
    pub first: usize,
    pub len: usize,
    pub value: u8,
}

/// The run whose bytes begin at `at`.
fn run_at(bytes: &[u8], at: usize, first: usize) -> Run {
    let b = bytes[at];
    let (size, len, value) = match b >> 6 {
        0 => (1, usize::from(b & 0x3f) + 1, 0),
        // A second byte that is not there counts as zero.
        1 => (2, (usize::from(b & 0x3f) << 8 | bytes.get(at + 1).map_or(0, |b| usize::from(*b))) + 1, 0),
        _ => (1, usize::from(b & 3) + 1, (b >> 2 & 0x1f) + 1),
    };
    Run { at, bytes: size, first, len, value }
}

/// The runs of a sparse value, which must be of all registers.
pub struct Runs<'a> {
    bytes: &'a [u8],
    at: usize,
    register: usize,
}

impl<'a> Runs<'a> {
    pub fn new(bytes: &'a [u8]) -> Runs<'a> {
        Runs { bytes, at: 0, register: 0 }
    }
}

impl Iterator for Runs<'_> {
    type Item = Result<Run, Corrupt>;

    fn next(&mut self) -> Option<Result<Run, Corrupt>> {
        if self.at >= self.bytes.len() {
            let complete = std::mem::replace(&mut self.register, REGISTERS) == REGISTERS;
            return (!complete).then_some(Err(Corrupt));
        }
        let run = run_at(self.bytes, self.at, self.register);
        self.at += run.bytes;
        self.register += run.len;
        if self.register > REGISTERS {
            (self.at, self.register) = (self.bytes.len(), REGISTERS);
            return Some(Err(Corrupt));
        }
        Some(Ok(run))
    }
}

/// Appends a run of `len` zeros.
pub fn push_zeros(out: &mut impl Extend<u8>, len: usize) {
    let n = len - 1;
    if len <= MAX_SHORT_ZEROS {
        out.extend([n as u8]);
    } else {
        out.extend([0x40 | (n >> 8) as u8, n as u8]);
    }
}

fn value_run(value: u8, len: usize) -> u8 {
    0x80 | (value - 1) << 2 | (len - 1) as u8
}

/// What came of raising a register.
pub enum Raised {
    /// Whether it was lower.
    Done(bool),
    /// It takes the dense form.
    TooLarge,
}

/// Raises a register to `rank`, unless it is as high.
pub fn raise(store: &mut dyn ByteStore, register: usize, rank: u8, max_bytes: usize) -> Result<Raised, Corrupt> {
    if rank > MAX_VALUE {
        return Ok(Raised::TooLarge);
    }
    let text = store.bytes();
    let runs = &text[HEADER_BYTES..];
    let (mut at, mut first, mut before) = (0, 0, 0);
    let run = loop {
        if at >= runs.len() {
            return Err(Corrupt);
        }
        let run = run_at(runs, at, first);
        if register < run.first + run.len {
            break run;
        }
        (before, at, first) = (at, at + run.bytes, first + run.len);
    };
    if run.value >= rank {
        return Ok(Raised::Done(false));
    }
    let parts = split(run, register, rank);
    let old_bytes = run.bytes.min(runs.len() - run.at);
    if parts.len() > run.bytes && text.len() + parts.len() - run.bytes > max_bytes {
        return Ok(Raised::TooLarge);
    }
    store.splice(HEADER_BYTES + run.at, old_bytes, parts.len()).copy_from_slice(&parts);
    join(store, HEADER_BYTES + before);
    Ok(Raised::Done(true))
}

/// The runs that stand for `run` once its register has another rank.
fn split(run: Run, register: usize, rank: u8) -> SmallVec<[u8; 5]> {
    let mut parts = SmallVec::new();
    let part = |len: usize, parts: &mut SmallVec<[u8; 5]>| match (len, run.value) {
        (0, _) => {}
        (len, 0) => push_zeros(parts, len),
        (len, value) => parts.push(value_run(value, len)),
    };
    part(register - run.first, &mut parts);
    parts.push(value_run(rank, 1));
    part(run.first + run.len - 1 - register, &mut parts);
    parts
}

/// Joins neighbours of equal rank, looking at a few runs from `at` on.
fn join(store: &mut dyn ByteStore, mut at: usize) {
    for _ in 0..JOIN_SCAN {
        let text = store.bytes();
        if at >= text.len() {
            return;
        }
        let run = run_at(text, at, 0);
        let next = (run.value != 0 && at + 1 < text.len()).then(|| run_at(text, at + 1, 0));
        match next.filter(|next| next.value == run.value && next.len + run.len <= MAX_LEN) {
            Some(next) => store.splice(at, 2, 1)[0] = value_run(run.value, run.len + next.len),
            None => at += run.bytes,
        }
    }
}

/// The runs in PFDEBUG's notation.
pub fn decode(bytes: &[u8]) -> String {
    let mut words = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let run = run_at(bytes, at, 0);
        words.push(match (run.value, run.bytes) {
            (0, 1) => format!("z:{}", run.len),
            (0, _) => format!("Z:{}", run.len),
            (value, _) => format!("v:{value},{}", run.len),
        });
        at += run.bytes;
    }
    words.join(" ")
}
