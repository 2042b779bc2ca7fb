//! Requests as bytes.

use super::plan::{Plan, chance};
use bytes::Bytes;
use norn::{
    base::{prng::Prng, split::quoted},
    protocol::value::encode_command,
};

/// Longest request that is sent inline; servers refuse lines over 64 KiB.
const INLINE_MAX: usize = 2_000;

/// Appends a request of these words, inline now and then.
pub fn encode(plan: &Plan, rng: &mut Prng, words: &[Bytes], out: &mut Vec<u8>) {
    let len: usize = words.iter().map(Bytes::len).sum();
    if len < INLINE_MAX && chance(rng, plan.inline) {
        for (i, word) in words.iter().enumerate() {
            if i > 0 {
                out.extend_from_slice(if rng.below(8) == 0 { b"  " } else { b" " });
            }
            let plain = !word.is_empty() && word.iter().all(|b| b.is_ascii_alphanumeric() || b".:-".contains(b));
            if plain && rng.below(2) == 0 {
                out.extend_from_slice(word);
            } else {
                quoted(word, out);
            }
        }
        out.extend_from_slice(if rng.below(4) == 0 { b"\n" } else { b"\r\n" });
        return;
    }
    let slices: Vec<&[u8]> = words.iter().map(|w| &w[..]).collect();
    encode_command(&slices, out);
}
