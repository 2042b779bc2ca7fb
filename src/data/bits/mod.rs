//! Strings as rows of bits, the most significant bit of each byte first.
//!
//! Counting and combining run at the speed of memory in portable code: words of 32 bytes,
//! which the compiler turns into vectors. [`count`] adds with carry-save adders, so that only
//! one word in sixteen is really counted; [`combine`] works through all sources piece by
//! piece, so that the result stays in the cache.

mod field;

pub use field::{Field, Overflow};

use std::ops::Range;

/// Four lanes of 64 bits.
type Word = [u64; 4];

const WORD_BYTES: usize = size_of::<Word>();
/// Words that one round of [`count`] adds up.
const ROUND: usize = 16;
/// Bytes of a result that [`combine`] completes before it goes on.
const PIECE_BYTES: usize = 16 << 10;

fn load(bytes: &[u8]) -> Word {
    let mut word = [0; 4];
    for (lane, bytes) in word.iter_mut().zip(bytes.chunks_exact(8)) {
        *lane = u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    }
    word
}

/// Adds three bits in every place: the sums, and the carries.
#[inline(always)]
fn add(a: Word, b: Word, c: Word) -> (Word, Word) {
    let (mut sum, mut carry) = ([0; 4], [0; 4]);
    for i in 0..4 {
        let half = a[i] ^ b[i];
        sum[i] = half ^ c[i];
        carry[i] = (a[i] & b[i]) | (half & c[i]);
    }
    (sum, carry)
}

fn ones(word: Word) -> u64 {
    word.iter().map(|lane| u64::from(lane.count_ones())).sum()
}

/// Adds `words` to the counters of places 1, 2, 4 and so on; returns what is carried out.
#[inline(always)]
fn add_all<const N: usize>(words: &[Word; N], counters: &mut [Word]) -> Word {
    let mut carries = *words;
    let (mut left, mut level) = (N, 0);
    while left > 1 {
        for i in 0..left / 2 {
            (counters[level], carries[i]) = add(counters[level], carries[2 * i], carries[2 * i + 1]);
        }
        (left, level) = (left / 2, level + 1);
    }
    carries[0]
}

/// How many bits are set.
pub fn count(bytes: &[u8]) -> u64 {
    let (mut counters, mut sixteens) = ([[0; 4]; 4], 0);
    let mut rounds = bytes.chunks_exact(ROUND * WORD_BYTES);
    for round in &mut rounds {
        let mut words = [[0; 4]; ROUND];
        for (word, bytes) in words.iter_mut().zip(round.chunks_exact(WORD_BYTES)) {
            *word = load(bytes);
        }
        sixteens += ones(add_all(&words, &mut counters));
    }
    let counted: u64 = counters.iter().enumerate().map(|(level, word)| ones(*word) << level).sum();
    let mut lanes = rounds.remainder().chunks_exact(8);
    let rest: u64 =
        (&mut lanes).map(|b| u64::from_le_bytes(b.try_into().expect("eight bytes")).count_ones() as u64).sum();
    let tail: u64 = lanes.remainder().iter().map(|b| u64::from(b.count_ones())).sum();
    16 * sixteens + counted + rest + tail
}

/// How many bits of a range are set.
pub fn count_range(bytes: &[u8], range: Range<usize>) -> u64 {
    if range.is_empty() {
        return 0;
    }
    let last = range.end - 1;
    let whole = count(&bytes[range.start / 8..=last / 8]);
    let before = bytes[range.start / 8] & !low_bits(8 - range.start % 8);
    let behind = bytes[last / 8] & low_bits(7 - last % 8);
    whole - u64::from(before.count_ones()) - u64::from(behind.count_ones())
}

/// A byte whose `n` least significant bits are set, that is the last ones.
fn low_bits(n: usize) -> u8 {
    ((1u16 << n) - 1) as u8
}

/// The place of the first bit of a range that is `bit`.
pub fn find(bytes: &[u8], bit: bool, range: Range<usize>) -> Option<usize> {
    if range.is_empty() {
        return None;
    }
    // What is looked for becomes a one.
    let flip = if bit { 0 } else { 0xff };
    let (first, last) = (range.start / 8, (range.end - 1) / 8);
    let place = |at: usize, byte: u8| {
        let found = 8 * at + byte.leading_zeros() as usize;
        (byte != 0 && found < range.end).then_some(found)
    };
    let head = (bytes[first] ^ flip) & low_bits(8 - range.start % 8);
    if head != 0 || first == last {
        return place(first, head);
    }
    let middle = &bytes[first + 1..=last];
    let nothing = [flip; WORD_BYTES];
    let words = middle.chunks_exact(WORD_BYTES).take_while(|word| **word == nothing).count();
    let at = first + 1 + words * WORD_BYTES;
    let found = at + bytes[at..=last].iter().position(|b| *b != flip)?;
    place(found, bytes[found] ^ flip)
}

/// How bits are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    And,
    Or,
    Xor,
    /// Of one source.
    Not,
}

/// Combines strings, shorter ones with zeros behind them.
pub fn combine(operation: Operation, sources: &[impl AsRef<[u8]>]) -> Vec<u8> {
    let len = sources.iter().map(|s| s.as_ref().len()).max().unwrap_or(0);
    let mut result = vec![0; len];
    for (n, piece) in result.chunks_mut(PIECE_BYTES).enumerate() {
        let at = n * PIECE_BYTES;
        for (i, source) in sources.iter().enumerate() {
            let source = source.as_ref();
            let part = &source[at.min(source.len())..source.len().min(at + piece.len())];
            let (head, tail) = piece.split_at_mut(part.len());
            match (i, operation) {
                (_, Operation::Not) => head.iter_mut().zip(part).for_each(|(r, s)| *r = !s),
                (0, _) => head.copy_from_slice(part),
                (_, Operation::And) => {
                    head.iter_mut().zip(part).for_each(|(r, s)| *r &= s);
                    tail.fill(0);
                }
                (_, Operation::Or) => head.iter_mut().zip(part).for_each(|(r, s)| *r |= s),
                (_, Operation::Xor) => head.iter_mut().zip(part).for_each(|(r, s)| *r ^= s),
            }
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bit(bytes: &[u8], at: usize) -> bool {
        bytes[at / 8] & (0x80 >> (at % 8)) != 0
    }

    /// Bytes with long runs of the same.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let run = (prop_oneof![Just(0u8), Just(0xff), any::<u8>()], 0..700usize);
        prop::collection::vec(run, 0..4).prop_map(|runs| runs.iter().flat_map(|(b, n)| vec![*b; *n]).collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn counting_and_finding(bytes in bytes(), a: usize, b: usize) {
            let bits = 8 * bytes.len();
            prop_assert_eq!(count(&bytes), bytes.iter().map(|b| u64::from(b.count_ones())).sum::<u64>());
            let (a, b) = (a % (bits + 1), b % (bits + 1));
            for range in [a.min(b)..a.max(b), 0..bits] {
                let set = range.clone().filter(|i| bit(&bytes, *i)).count() as u64;
                prop_assert_eq!(count_range(&bytes, range.clone()), set);
                for wanted in [false, true] {
                    let first = range.clone().find(|i| bit(&bytes, *i) == wanted);
                    prop_assert_eq!(find(&bytes, wanted, range.clone()), first);
                }
            }
        }

        #[test]
        fn combining(sources in prop::collection::vec(bytes(), 1..4)) {
            let len = sources.iter().map(Vec::len).max().unwrap();
            let byte = |i: usize, s: &Vec<u8>| s.get(i).copied().unwrap_or(0);
            for (operation, f) in [
                (Operation::And, (|a, b| a & b) as fn(u8, u8) -> u8),
                (Operation::Or, |a, b| a | b),
                (Operation::Xor, |a, b| a ^ b),
            ] {
                let want: Vec<u8> =
                    (0..len).map(|i| sources.iter().map(|s| byte(i, s)).reduce(f).unwrap()).collect();
                prop_assert_eq!(combine(operation, &sources), want);
            }
            let want: Vec<u8> = sources[0].iter().map(|b| !b).collect();
            prop_assert_eq!(combine(Operation::Not, &sources[..1]), want);
        }
    }

    #[test]
    fn pieces_join() {
        let (a, b) = (vec![0xf0; 3 * PIECE_BYTES + 5], vec![0x3c; PIECE_BYTES + 7]);
        let r = combine(Operation::And, &[&a, &b]);
        assert!(r[..PIECE_BYTES + 7].iter().all(|x| *x == 0x30) && r[PIECE_BYTES + 7..].iter().all(|x| *x == 0));
        assert_eq!(r.len(), a.len());
    }
}
