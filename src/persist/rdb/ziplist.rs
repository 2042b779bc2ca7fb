//! The ziplist: how servers before 7.0 wrote small lists, hashes and sorted sets.
//!
//! ```text
//! | bytes in all, 4 | offset of the last entry, 4 | entries, 2 | entry ... | 255 |
//! entry: | length of the one before: 1 byte, or 254 and 4 | encoding | content |
//! ```
//!
//! The encoding's first byte says what follows: `00`, `01` and `10` in its top bits a text,
//! whose length is in the other 6 bits, in 14 bits, or in four more bytes (big endian); `11`
//! an integer of 8 to 64 bits, or one from 0 to 12 in the byte itself.

use super::decode::Visit;
use crate::data::packed::Item;

const HEAD_BYTES: usize = 10;
const END: u8 = 255;
const WIDE: u8 = 254;
const MALFORMED: &str = "malformed ziplist";

/// Shows every element.
pub fn each(text: &[u8], visit: &mut Visit) -> Result<(), &'static str> {
    let total = text.first_chunk::<4>().ok_or(MALFORMED)?;
    let (end, body) = text.get(HEAD_BYTES..).and_then(<[u8]>::split_last).ok_or(MALFORMED)?;
    if u32::from_le_bytes(*total) as usize != text.len() || *end != END {
        return Err(MALFORMED);
    }
    let counted = u16::from_le_bytes([text[8], text[9]]);
    let last = u32::from_le_bytes([text[4], text[5], text[6], text[7]]) as usize;
    let (mut rest, mut before, mut seen, mut at) = (body, 0, 0, last);
    while !rest.is_empty() {
        let left = rest.len();
        at = HEAD_BYTES + body.len() - left;
        if previous_len(&mut rest).ok_or(MALFORMED)? != before {
            return Err(MALFORMED);
        }
        let item = entry(&mut rest).ok_or(MALFORMED)?;
        (before, seen) = (left - rest.len(), seen + 1);
        visit(item)?;
    }
    if counted != u16::MAX && usize::from(counted) != seen || at != last {
        return Err(MALFORMED);
    }
    Ok(())
}

/// Takes `N` bytes off the front.
fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (taken, left) = rest.split_first_chunk()?;
    *rest = left;
    Some(taken)
}

fn previous_len(rest: &mut &[u8]) -> Option<usize> {
    match take::<1>(rest)?[0] {
        WIDE => Some(u32::from_le_bytes(*take(rest)?) as usize),
        END => None,
        n => Some(n.into()),
    }
}

fn entry<'a>(rest: &mut &'a [u8]) -> Option<Item<'a>> {
    let first = take::<1>(rest)?[0];
    let len = match first >> 6 {
        0 => usize::from(first),
        1 => usize::from(first & 63) << 8 | usize::from(take::<1>(rest)?[0]),
        2 => u32::from_be_bytes(*take(rest)?) as usize,
        _ => return int(first, rest).map(Item::Int),
    };
    let (text, left) = rest.split_at_checked(len)?;
    *rest = left;
    Some(Item::from_text(text))
}

fn int(first: u8, rest: &mut &[u8]) -> Option<i64> {
    Some(match first {
        0xc0 => i16::from_le_bytes(*take(rest)?).into(),
        0xd0 => i32::from_le_bytes(*take(rest)?).into(),
        0xe0 => i64::from_le_bytes(*take(rest)?),
        0xf0 => {
            let [a, b, c] = *take(rest)?;
            i64::from(i32::from_le_bytes([0, a, b, c]) >> 8)
        }
        0xfe => i8::from_le_bytes(*take(rest)?).into(),
        0xf1..=0xfd => i64::from(first & 15) - 1,
        _ => return None,
    })
}
