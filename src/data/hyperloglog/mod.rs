//! HyperLogLog: how many different elements were added, from 16384 small counters.
//!
//! Each element's hash picks a register and offers it a rank, the place of the first set
//! bit in the rest; a register keeps the greatest. The value is a string in Valkey's format,
//! which clients may GET and SET:
//!
//! ```text
//! "HYLL"  encoding, 0 dense, 1 sparse  3 zeros  8 bytes: last result, invalid if bit 63 is set
//! dense:  16384 registers of 6 bits, the lowest bits first
//! sparse: runs of registers; see `sparse`
//! ```
//!
//! A value is sparse until it would exceed a configured size, or a rank does not fit. Bytes
//! that clients wrote may hold anything: what does not describe all registers is [`Corrupt`].

mod estimate;
mod hash;
mod sparse;

#[cfg(test)]
mod tests;

use super::packed::ByteStore;
use estimate::Histogram;
use sparse::Runs;

pub const REGISTERS: usize = 1 << INDEX_BITS;
const INDEX_BITS: u32 = 14;
/// Greatest rank: one more than the bits of a hash that pick no register.
const MAX_RANK: usize = 64 - INDEX_BITS as usize + 1;
const HEADER_BYTES: usize = 16;
/// Length of a dense value.
pub const DENSE_BYTES: usize = HEADER_BYTES + REGISTERS * 6 / 8;
const MAGIC: &[u8] = b"HYLL";
const STALE: u8 = 0x80;

/// How registers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Dense = 0,
    Sparse = 1,
}

/// A value that does not describe its registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupt;

/// All registers, a byte each.
pub type Registers = [u8; REGISTERS];

/// The encoding of a value; `None` if the text is no HyperLogLog.
pub fn encoding(text: &[u8]) -> Option<Encoding> {
    if text.len() < HEADER_BYTES || !text.starts_with(MAGIC) {
        return None;
    }
    match text[4] {
        0 if text.len() == DENSE_BYTES => Some(Encoding::Dense),
        1 => Some(Encoding::Sparse),
        _ => None,
    }
}

fn is_dense(text: &[u8]) -> bool {
    text[4] == Encoding::Dense as u8
}

/// A value to which nothing was added.
pub fn empty() -> Vec<u8> {
    let mut text = vec![0; HEADER_BYTES];
    text[..MAGIC.len()].copy_from_slice(MAGIC);
    text[4] = Encoding::Sparse as u8;
    sparse::push_zeros(&mut text, REGISTERS);
    text
}

/// The last result, if nothing has changed since.
pub fn cached(text: &[u8]) -> Option<u64> {
    let bytes = text[8..HEADER_BYTES].try_into().expect("eight bytes");
    (text[HEADER_BYTES - 1] & STALE == 0).then(|| u64::from_le_bytes(bytes))
}

/// Remembers a result.
pub fn cache(text: &mut [u8], cardinality: u64) {
    text[8..HEADER_BYTES].copy_from_slice(&cardinality.to_le_bytes());
}

/// Makes the last result invalid.
pub fn invalidate(text: &mut [u8]) {
    text[HEADER_BYTES - 1] |= STALE;
}

/// The register and the rank of an element.
fn place(element: &[u8]) -> (usize, u8) {
    let hash = hash::murmur64a(element);
    let rest = hash >> INDEX_BITS | 1 << (64 - INDEX_BITS);
    (hash as usize % REGISTERS, rest.trailing_zeros() as u8 + 1)
}

/// Adds an element; whether a register changed. A sparse value that would exceed
/// `max_sparse_bytes` becomes dense.
///
/// # Errors
/// [`Corrupt`].
pub fn add(store: &mut dyn ByteStore, element: &[u8], max_sparse_bytes: usize) -> Result<bool, Corrupt> {
    let (register, rank) = place(element);
    raise(store, register, rank, max_sparse_bytes)
}

/// Raises a register to `rank`, unless it is as high; whether it was lower, and the last
/// result is now invalid.
///
/// # Errors
/// [`Corrupt`].
pub fn raise(store: &mut dyn ByteStore, register: usize, rank: u8, max_sparse_bytes: usize) -> Result<bool, Corrupt> {
    let mut lower = None;
    if !is_dense(store.bytes()) {
        match sparse::raise(store, register, rank, max_sparse_bytes)? {
            sparse::Raised::Done(changed) => lower = Some(changed),
            sparse::Raised::TooLarge => {
                make_dense(store)?;
            }
        }
    }
    let lower = lower.unwrap_or_else(|| dense_raise(&mut store.bytes_mut()[HEADER_BYTES..], register, rank));
    if lower {
        invalidate(store.bytes_mut());
    }
    Ok(lower)
}

/// Makes a value dense; whether it was not.
///
/// # Errors
/// [`Corrupt`].
pub fn make_dense(store: &mut dyn ByteStore) -> Result<bool, Corrupt> {
    let text = store.bytes();
    if is_dense(text) {
        return Ok(false);
    }
    let mut dense = vec![0; DENSE_BYTES];
    dense[..HEADER_BYTES].copy_from_slice(&text[..HEADER_BYTES]);
    dense[4] = Encoding::Dense as u8;
    for run in Runs::new(&text[HEADER_BYTES..]) {
        let run = run?;
        if run.value != 0 {
            (run.first..run.first + run.len).for_each(|i| dense_set(&mut dense[HEADER_BYTES..], i, run.value));
        }
    }
    let len = text.len();
    store.splice(0, len, DENSE_BYTES).copy_from_slice(&dense);
    Ok(true)
}

/// Raises `registers` to those of a value.
///
/// # Errors
/// [`Corrupt`].
pub fn merge(registers: &mut Registers, text: &[u8]) -> Result<(), Corrupt> {
    if is_dense(text) {
        let blocks = text[HEADER_BYTES..].chunks_exact(BLOCK * 6 / 8).map(dense_block);
        for (block, others) in registers.chunks_exact_mut(BLOCK).zip(blocks) {
            block.iter_mut().zip(others).for_each(|(a, b)| *a = (*a).max(b));
        }
        return Ok(());
    }
    for run in Runs::new(&text[HEADER_BYTES..]) {
        let run = run?;
        if run.value != 0 {
            registers[run.first..run.first + run.len].iter_mut().for_each(|r| *r = (*r).max(run.value));
        }
    }
    Ok(())
}

/// The estimated number of elements that led to these registers.
pub fn estimate(registers: &Registers) -> u64 {
    let mut histogram = Histogram::default();
    registers.chunks_exact(BLOCK).for_each(|block| histogram.add_all(block));
    histogram.estimate()
}

/// The estimated number of elements added to a value.
///
/// # Errors
/// [`Corrupt`].
pub fn count(text: &[u8]) -> Result<u64, Corrupt> {
    let mut histogram = Histogram::default();
    if is_dense(text) {
        for block in text[HEADER_BYTES..].chunks_exact(BLOCK * 6 / 8).map(dense_block) {
            histogram.add_all(&block);
        }
    } else {
        for run in Runs::new(&text[HEADER_BYTES..]) {
            let run = run?;
            histogram.add(run.value, run.len);
        }
    }
    Ok(histogram.estimate())
}

/// A sparse value's runs in PFDEBUG's notation; `None` if it is dense.
pub fn decode(text: &[u8]) -> Option<String> {
    (!is_dense(text)).then(|| sparse::decode(&text[HEADER_BYTES..]))
}

fn dense_raise(registers: &mut [u8], i: usize, rank: u8) -> bool {
    let lower = dense_get(registers, i) < rank;
    if lower {
        dense_set(registers, i, rank);
    }
    lower
}

fn dense_get(registers: &[u8], i: usize) -> u8 {
    let (at, shift) = (i * 6 / 8, i * 6 % 8);
    let low = u16::from(registers[at]);
    let high = registers.get(at + 1).map_or(0, |b| u16::from(*b));
    ((low | high << 8) >> shift) as u8 & 63
}

fn dense_set(registers: &mut [u8], i: usize, rank: u8) {
    let (at, shift) = (i * 6 / 8, i * 6 % 8);
    let (mask, value) = (63u16 << shift, u16::from(rank & 63) << shift);
    registers[at] = registers[at] & !(mask as u8) | value as u8;
    if shift > 2 {
        registers[at + 1] = registers[at + 1] & !((mask >> 8) as u8) | (value >> 8) as u8;
    }
}

/// Registers that are looked at together: as many as a few vector instructions take.
const BLOCK: usize = 64;

/// The registers of a part of a dense value.
#[inline]
fn dense_block(packed: &[u8]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    for (eight, six) in block.chunks_exact_mut(8).zip(packed.chunks_exact(6)) {
        eight.copy_from_slice(&dense_eight(six).to_le_bytes());
    }
    block
}

/// The eight registers in six bytes, a byte each: halves are moved apart, then their halves, and theirs.
#[inline]
fn dense_eight(six: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..6].copy_from_slice(six);
    let x = u64::from_le_bytes(word);
    let x = x & 0x00ff_ffff | (x & 0xffff_ff00_0000) << 8;
    let x = x & 0x0000_0fff_0000_0fff | (x & 0x00ff_f000_00ff_f000) << 4;
    x & 0x003f_003f_003f_003f | (x & 0x0fc0_0fc0_0fc0_0fc0) << 2
}
