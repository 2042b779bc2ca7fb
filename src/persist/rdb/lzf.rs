//! LZF, the compression of texts in RDB files.
//!
//! A compressed text is a sequence of two kinds of pieces, told apart by a byte's value:
//!
//! ```text
//! 000LLLLL                     the L + 1 bytes that follow, as they are
//! LLLooooo oooooooo            L + 2 bytes, copied from o + 1 bytes back; L is 1 to 6
//! 111ooooo LLLLLLLL oooooooo   L + 9 bytes, likewise
//! ```
//!
//! A copy may overlap what it makes. Matches are found through a table of the last place of
//! every hash of three bytes, sized by the text, so that short texts cost little.
//!
//! This is our own because the crate that was here before (lzf 1.0) overran its buffer
//! on texts that do not compress.

/// Longest distance, and the longest and the shortest copy.
const DISTANCE_MAX: usize = 1 << 13;
const COPY_MAX: usize = 264;
const COPY_MIN: usize = 3;
/// Longest run of bytes as they are.
const RUN_MAX: usize = 32;

/// Appends `text` compressed, unless that takes more than `limit` bytes; whether it did. The
/// buffer is left as it was if not.
pub fn compress(text: &[u8], limit: usize, out: &mut Vec<u8>) -> bool {
    let begun = out.len();
    let bits = (usize::BITS - text.len().leading_zeros()).clamp(6, 14);
    let mut last = vec![0u32; 1 << bits];
    let (mut at, mut run) = (0, 0);
    while at + COPY_MIN <= text.len() {
        let three = u32::from_le_bytes([text[at], text[at + 1], text[at + 2], 0]);
        let slot = &mut last[(three.wrapping_mul(0x9e37_79b1) >> (32 - bits)) as usize];
        // Places count from 1; far-off ones of a huge text are simply not found.
        let found = (*slot as usize).checked_sub(1);
        *slot = u32::try_from(at + 1).unwrap_or(0);
        let len = found.filter(|from| at - from <= DISTANCE_MAX).map_or(0, |from| common(text, from, at));
        if len < COPY_MIN {
            at += 1;
            continue;
        }
        write_runs(&text[run..at], out);
        write_copy(at - found.expect("a match") - 1, len, out);
        at += len;
        run = at;
        if out.len() - begun > limit {
            out.truncate(begun);
            return false;
        }
    }
    write_runs(&text[run..], out);
    let fits = out.len() - begun <= limit;
    if !fits {
        out.truncate(begun);
    }
    fits
}

/// How many bytes at two places agree.
fn common(text: &[u8], from: usize, at: usize) -> usize {
    let most = COPY_MAX.min(text.len() - at);
    text[from..].iter().zip(&text[at..at + most]).take_while(|(a, b)| a == b).count()
}

fn write_runs(bytes: &[u8], out: &mut Vec<u8>) {
    for run in bytes.chunks(RUN_MAX) {
        out.push(run.len() as u8 - 1);
        out.extend_from_slice(run);
    }
}

fn write_copy(back: usize, len: usize, out: &mut Vec<u8>) {
    let (high, low) = ((back >> 8) as u8, back as u8);
    match len - 2 {
        short @ 1..7 => out.extend_from_slice(&[(short as u8) << 5 | high, low]),
        long => out.extend_from_slice(&[7 << 5 | high, (long - 7) as u8, low]),
    }
}

/// The text of `len` bytes that was compressed; `None` if there is none.
pub fn decompress(packed: &[u8], len: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(len);
    let mut rest = packed.iter();
    while let Some(&head) = rest.next() {
        if head < RUN_MAX as u8 {
            let (run, after) = rest.as_slice().split_at_checked(usize::from(head) + 1)?;
            out.extend_from_slice(run);
            rest = after.iter();
        } else {
            let mut count = usize::from(head >> 5) + 2;
            if count == 9 {
                count += usize::from(*rest.next()?);
            }
            let back = usize::from(head & 31) << 8 | usize::from(*rest.next()?);
            let from = out.len().checked_sub(back + 1)?;
            if count <= back + 1 {
                out.extend_from_within(from..from + count);
            } else {
                (from..from + count).for_each(|i| out.push(out[i]));
            }
        }
        if out.len() > len {
            return None;
        }
    }
    (out.len() == len).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round(text: &[u8]) -> usize {
        let mut out = b"before".to_vec();
        assert!(compress(text, usize::MAX, &mut out));
        assert_eq!(decompress(&out[6..], text.len()).as_deref(), Some(text));
        assert_eq!(decompress(&out[6..], text.len() + 1), None);
        out.len() - 6
    }

    #[test]
    fn repetition_is_short() {
        assert!(round(&[b'a'; 10_000]) < 130);
        assert!(round(&b"the quick brown fox ".repeat(50)) < 60);
        round(b"");
        let far: Vec<u8> = (0..40_000u32).flat_map(|i| (i % 9001).to_le_bytes()).collect();
        round(&far);
    }

    #[test]
    fn a_known_text_is_read() {
        assert_eq!(decompress(b"\x02abc\x20\x02\xe0\x00\x02", 15).unwrap(), b"abcabcabcabcabc");
        assert_eq!(decompress(b"\x20\x00", 3), None, "back beyond the beginning");
        assert_eq!(decompress(b"\x05abc", 6), None, "cut off");
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in prop::collection::vec(prop_oneof![3 => 0u8..4, 1 => any::<u8>()], 0..2000)) {
            round(&text);
        }

        #[test]
        fn a_limit_is_kept(text in prop::collection::vec(any::<u8>(), 0..600), limit in 0usize..600) {
            let mut out = vec![1];
            let fits = compress(&text, limit, &mut out);
            let kept = if fits { out.len() <= limit + 1 } else { out == [1] };
            prop_assert!(kept);
        }

        #[test]
        fn arbitrary_bytes_do_no_harm(packed in prop::collection::vec(any::<u8>(), 0..300), len in 0usize..5000) {
            if let Some(text) = decompress(&packed, len) {
                prop_assert_eq!(text.len(), len);
            }
        }
    }
}
