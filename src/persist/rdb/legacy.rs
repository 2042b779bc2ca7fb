//! The zipmap: how servers before 2.6 wrote small hashes.
//!
//! A byte with the number of entries, if fewer than 254; then for each the length of the
//! field and the field, the length of the value, a byte that says how many unused bytes
//! follow the value, the value and those. A length is one byte below 254, or 254 and four
//! bytes, little endian. 255 ends it.

use super::decode::Visit;
use crate::data::packed::Item;

const WIDE: u8 = 254;
const END: u8 = 255;

/// Shows every field and every value in turn.
pub fn zipmap(text: &[u8], visit: &mut Visit) -> Result<(), &'static str> {
    const MALFORMED: &str = "malformed zipmap";
    let mut rest = text.get(1..).ok_or(MALFORMED)?;
    let mut take = |n: usize| -> Option<&[u8]> {
        let (taken, left) = rest.split_at_checked(n)?;
        rest = left;
        Some(taken)
    };
    let mut seen = 0;
    loop {
        let len = match take(1).ok_or(MALFORMED)?[0] {
            END => break,
            WIDE => u32::from_le_bytes(take(4).ok_or(MALFORMED)?.try_into().expect("four bytes")) as usize,
            n => n.into(),
        };
        let is_value = seen % 2 == 1;
        let unused = if is_value { take(1).ok_or(MALFORMED)?[0] } else { 0 };
        let item = take(len).ok_or(MALFORMED)?;
        visit(Item::from_text(item))?;
        take(unused.into()).ok_or(MALFORMED)?;
        seen += 1;
    }
    let counted = usize::from(text[0]);
    if !rest.is_empty() || (counted < WIDE.into() && counted * 2 != seen) {
        return Err(MALFORMED);
    }
    Ok(())
}
