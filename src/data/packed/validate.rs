//! Checking bytes that somebody else wrote.
//!
//! A dump or a database file may hold anything. One pass proves what every reader here
//! relies on: each element has a known kind and ends within the bytes, and each back length
//! leads from an element's end to its start. Encodings that are wider than needed are let
//! through: they mean the same, and files with them load elsewhere.

use super::{Packed, codec};

/// Packed bytes that are not a sequence of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Offset of the element that is wrong.
    pub at: usize,
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "malformed packed element at byte {}", self.at)
    }
}

impl std::error::Error for Malformed {}

impl<const BACK: bool> Packed<BACK> {
    /// How many elements `bytes` hold, if they are well formed to the last byte. Never panics.
    pub fn validate(bytes: &[u8]) -> Result<usize, Malformed> {
        let (mut at, mut count) = (0, 0);
        while at < bytes.len() {
            let rest = &bytes[at..];
            let size = codec::checked_size_at(rest).ok_or(Malformed { at })?;
            at += if BACK { size + checked_back(&rest[size..], size).ok_or(Malformed { at })? } else { size };
            count += 1;
        }
        Ok(count)
    }
}

/// Bytes of the back length that `rest` must start with after an element of `size` bytes.
fn checked_back(rest: &[u8], size: usize) -> Option<usize> {
    let mut want = [0; 5];
    let want = &mut want[..codec::back_size(size)];
    codec::write_back(size, want);
    rest.starts_with(want).then_some(want.len())
}
