//! A slot is one word that says almost everything about its element:
//!
//! ```text
//! 63          48 47                                 3 2   0
//! | fingerprint |        block address / 8           | tag |
//! ```
//!
//! The fingerprint is the low 16 bits of the key's hash. It filters candidates, so that a
//! miss almost never touches a block, and it also fixes the home bucket, so that elements
//! move between arrays without their keys being read. The all-zero word is an empty slot.
//!
//! A bucket is eight slots, exactly one cache line. Its elements stand at the front: slot
//! 7 alone tells whether the bucket is full.

use std::ptr::{self, NonNull};

/// Slots in a bucket.
pub(super) const WIDTH: usize = 8;

/// How many slots ahead a walk asks for blocks: enough misses in flight to hide their latency.
pub(super) const AHEAD: usize = 16;

const TAG: u64 = 0b111;
const ADDRESS: u64 = (1 << 48) - 8;

/// An element's fingerprint, block address and tag, or nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub(super) struct Slot(u64);

impl Slot {
    pub const EMPTY: Slot = Slot(0);

    #[inline]
    pub fn new(fingerprint: u16, block: NonNull<u8>, tag: u8) -> Slot {
        let address = block.expose_provenance().get() as u64;
        assert!(
            address & !ADDRESS == 0 && u64::from(tag) <= TAG,
            "a block must be 8-aligned and below 2^48, a tag below 8: {address:#x}, {tag}"
        );
        Slot(u64::from(fingerprint) << 48 | address | u64::from(tag))
    }

    #[inline]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    #[inline]
    pub fn fingerprint(self) -> u16 {
        (self.0 >> 48) as u16
    }

    #[inline]
    pub fn tag(self) -> u8 {
        (self.0 & TAG) as u8
    }

    /// The element's block; null for an empty slot.
    #[inline]
    pub fn block(self) -> *mut u8 {
        ptr::with_exposed_provenance_mut((self.0 & ADDRESS) as usize)
    }
}

/// One cache line of slots.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Bucket {
    pub slots: [Slot; WIDTH],
}

impl Bucket {
    #[inline]
    pub fn is_full(&self) -> bool {
        !self.slots[WIDTH - 1].is_empty()
    }

    /// Elements in the bucket, which is also the index of the first empty slot.
    #[inline]
    pub fn len(&self) -> usize {
        self.slots.iter().filter(|slot| !slot.is_empty()).count()
    }

    #[inline]
    pub fn elements(&self) -> &[Slot] {
        &self.slots[..self.len()]
    }

    /// Takes slot `i` out; the last element fills its place.
    pub fn take(&mut self, i: usize) -> Slot {
        let last = self.len() - 1;
        let taken = self.slots[i];
        self.slots[i] = self.slots[last];
        self.slots[last] = Slot::EMPTY;
        taken
    }

    /// The slot with this fingerprint for which `is_it` holds, and its index.
    #[inline(always)]
    pub fn find(&self, fingerprint: u16, is_it: &impl Fn(Slot) -> bool) -> Option<(usize, Slot)> {
        let mut matches = self.matches(fingerprint);
        while matches != 0 {
            let i = matches.trailing_zeros() as usize % WIDTH;
            let slot = self.slots[i];
            if !slot.is_empty() && is_it(slot) {
                return Some((i, slot));
            }
            matches &= matches - 1;
        }
        None
    }

    /// A bit for each slot with this fingerprint. An empty slot looks like fingerprint 0.
    #[inline]
    pub fn matches(&self, fingerprint: u16) -> u32 {
        #[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(miri)))]
        return self.matches_sse2(fingerprint);
        #[cfg(not(all(target_arch = "x86_64", target_feature = "sse2", not(miri))))]
        return self.matches_portable(fingerprint);
    }

    /// Compares slot by slot without branches, for the compiler to vectorise.
    #[cfg_attr(all(target_arch = "x86_64", target_feature = "sse2", not(miri)), allow(dead_code))]
    #[inline]
    fn matches_portable(&self, fingerprint: u16) -> u32 {
        let mut bits = 0;
        for (i, slot) in self.slots.iter().enumerate() {
            bits |= u32::from(slot.fingerprint() == fingerprint) << i;
        }
        bits
    }

    /// Gathers the eight fingerprints into one register and compares them at once; the
    /// compiler does not find this by itself, because SSE2 has no 64-bit compare.
    #[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(miri)))]
    #[inline]
    fn matches_sse2(&self, fingerprint: u16) -> u32 {
        use std::arch::x86_64::*;
        // SAFETY: SSE2 is compiled in, and the four loads cover the 64-byte, 64-aligned bucket.
        unsafe {
            let line = ptr::from_ref(self).cast::<__m128>();
            // The high halves of slots 0..4 and 4..8, then their high 16 bits.
            let low = _mm_shuffle_ps::<0b11_01_11_01>(_mm_load_ps(line.cast()), _mm_load_ps(line.add(1).cast()));
            let high =
                _mm_shuffle_ps::<0b11_01_11_01>(_mm_load_ps(line.add(2).cast()), _mm_load_ps(line.add(3).cast()));
            let all = _mm_packs_epi32(
                _mm_srai_epi32::<16>(_mm_castps_si128(low)),
                _mm_srai_epi32::<16>(_mm_castps_si128(high)),
            );
            let equal = _mm_cmpeq_epi16(all, _mm_set1_epi16(fingerprint as i16));
            _mm_movemask_epi8(_mm_packs_epi16(equal, _mm_setzero_si128())) as u32
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_comparisons_agree() {
        let mut state = 1u64;
        let mut next = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
            state >> 33
        };
        for _ in 0..2_000 {
            let mut bucket = Bucket { slots: [Slot::EMPTY; WIDTH] };
            for slot in &mut bucket.slots {
                let fingerprint = [0, 1, 0x7fff, 0x8000, 0xffff][next() as usize % 5];
                let low = [0, 8, 0xffff_ffff_fff8, 0x8000_0000][next() as usize % 4];
                *slot = Slot(fingerprint << 48 | low);
            }
            for fingerprint in [0, 1, 2, 0x7fff, 0x8000, 0xffff] {
                let want = bucket.matches_portable(fingerprint);
                assert_eq!(bucket.matches(fingerprint), want);
                let have = bucket.slots.map(|slot| slot.fingerprint() == fingerprint);
                assert!((0..WIDTH).all(|i| have[i] == (want >> i & 1 == 1)));
            }
        }
    }

    #[test]
    fn a_slot_gives_back_what_went_in() {
        let block = NonNull::from(Box::leak(Box::new(7u64)));
        let slot = Slot::new(0xfedc, block.cast(), 5);
        assert_eq!((slot.fingerprint(), slot.tag()), (0xfedc, 5));
        assert_eq!(slot.block(), block.as_ptr().cast());
        // SAFETY: the block was leaked from a box above and nothing else frees it.
        assert_eq!(unsafe { *Box::from_raw(slot.block().cast::<u64>()) }, 7);
    }

    #[test]
    #[should_panic(expected = "8-aligned")]
    fn an_unaligned_block_is_refused() {
        Slot::new(0, NonNull::without_provenance(std::num::NonZero::new(4).unwrap()), 0);
    }
}
