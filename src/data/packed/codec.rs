//! The bytes of one element: listpack's encoding, so that a dump is a copy.
//!
//! The first byte tells the kind; multi-byte numbers are little endian unless noted.
//!
//! | first byte  | meaning                                                            |
//! |-------------|--------------------------------------------------------------------|
//! | `0xxxxxxx`  | integer 0..=127                                                    |
//! | `10xxxxxx`  | string of up to 63 bytes                                           |
//! | `110xxxxx`  | integer of 13 bits, two's complement, high bits first; 1 more byte |
//! | `1110xxxx`  | string of up to 4095 bytes, length high bits first; 1 more byte    |
//! | `0xf0`      | string, 4 bytes of length                                          |
//! | `0xf1..=f4` | integer of 2, 3, 4 or 8 bytes                                      |
//!
//! A back length may follow: the size of the element before it in 7-bit groups, most
//! significant first, every byte but the first with its high bit set, so that it can be
//! read from its end backwards.

use super::Item;

/// Longest string that any element may hold.
pub const MAX_STR_LEN: usize = u32::MAX as usize;

const STR32: u8 = 0xf0;
const INT16: u8 = 0xf1;
const INT24: u8 = 0xf2;
const INT32: u8 = 0xf3;
const INT64: u8 = 0xf4;

/// Bytes that `item` takes, without a back length.
#[inline]
pub fn size_of(item: Item<'_>) -> usize {
    match item {
        Item::Str(s) => str_header(s.len()) + s.len(),
        Item::Int(v) => match v {
            0..=127 => 1,
            -4096..=4095 => 2,
            -0x8000..=0x7fff => 3,
            -0x80_0000..=0x7f_ffff => 4,
            -0x8000_0000..=0x7fff_ffff => 5,
            _ => 9,
        },
    }
}

#[inline]
fn str_header(len: usize) -> usize {
    match len {
        0..=63 => 1,
        64..=4095 => 2,
        _ => 5,
    }
}

/// Writes `item` at the start of `out` and returns how many bytes it took.
#[inline]
pub fn write(item: Item<'_>, out: &mut [u8]) -> usize {
    match item {
        Item::Str(s) => write_str(s, out),
        Item::Int(v) => write_int(v, out),
    }
}

#[inline]
fn write_str(s: &[u8], out: &mut [u8]) -> usize {
    assert!(s.len() <= MAX_STR_LEN, "a packed string is at most 4 GiB long");
    let header = str_header(s.len());
    match header {
        1 => out[0] = 0x80 | s.len() as u8,
        2 => {
            out[0] = 0xe0 | (s.len() >> 8) as u8;
            out[1] = s.len() as u8;
        }
        _ => {
            out[0] = STR32;
            out[1..5].copy_from_slice(&(s.len() as u32).to_le_bytes());
        }
    }
    out[header..header + s.len()].copy_from_slice(s);
    header + s.len()
}

fn write_int(v: i64, out: &mut [u8]) -> usize {
    let size = size_of(Item::Int(v));
    let le = v.to_le_bytes();
    match size {
        1 => out[0] = le[0],
        2 => {
            out[0] = 0xc0 | (le[1] & 0x1f);
            out[1] = le[0];
        }
        _ => {
            out[0] = match size {
                3 => INT16,
                4 => INT24,
                5 => INT32,
                _ => INT64,
            };
            out[1..size].copy_from_slice(&le[..size - 1]);
        }
    }
    size
}

/// The element at the start of `b` and its size, without a back length.
///
/// Panics on bytes that no writer here makes: check foreign bytes with `validate` first.
#[inline]
pub fn read(b: &[u8]) -> (Item<'_>, usize) {
    let first = b[0];
    match first {
        0..=0x7f => (Item::Int(i64::from(first)), 1),
        0x80..=0xbf => {
            let end = 1 + usize::from(first & 0x3f);
            (Item::Str(&b[1..end]), end)
        }
        0xc0..=0xdf => {
            let raw = u16::from(first & 0x1f) << 8 | u16::from(b[1]);
            // The sign bit is bit 12: move it to the top and back.
            (Item::Int(i64::from(((raw << 3) as i16) >> 3)), 2)
        }
        0xe0..=0xef => {
            let end = 2 + (usize::from(first & 0x0f) << 8 | usize::from(b[1]));
            (Item::Str(&b[2..end]), end)
        }
        STR32 => {
            let end = 5 + u32::from_le_bytes(b[1..5].try_into().expect("4 bytes")) as usize;
            (Item::Str(&b[5..end]), end)
        }
        _ => {
            let size = size_at(b);
            let mut le = [0; 8];
            le[..size - 1].copy_from_slice(&b[1..size]);
            let unused_bits = 64 - 8 * (size as u32 - 1);
            (Item::Int(i64::from_le_bytes(le) << unused_bits >> unused_bits), size)
        }
    }
}

/// The string of up to 63 bytes at the start of `b`, and what follows it and `back` bytes of back
/// length, which is what such a string has; `None` if something else is there. Most elements are
/// such strings, and this takes few instructions.
#[inline(always)]
pub fn read_short(b: &[u8], back: usize) -> Option<(&[u8], &[u8])> {
    let (first, rest) = b.split_first()?;
    if first & 0xc0 != 0x80 {
        return None;
    }
    let (text, rest) = rest.split_at_checked(usize::from(first & 0x3f))?;
    Some((text, rest.get(back..)?))
}

/// Size of the element at the start of `b`, without a back length. Panics as `read` does.
#[inline]
pub fn size_at(b: &[u8]) -> usize {
    match b[0] {
        0..=0x7f => 1,
        first @ 0x80..=0xbf => 1 + usize::from(first & 0x3f),
        0xc0..=0xdf => 2,
        first @ 0xe0..=0xef => 2 + (usize::from(first & 0x0f) << 8 | usize::from(b[1])),
        STR32 => 5 + u32::from_le_bytes(b[1..5].try_into().expect("4 bytes")) as usize,
        INT16 => 3,
        INT24 => 4,
        INT32 => 5,
        INT64 => 9,
        first => panic!("packed element starts with {first:#04x}"),
    }
}

/// Like `size_at` for bytes of unknown origin: `None` when the kind is unknown or the
/// element does not end within `b`.
#[inline]
pub fn checked_size_at(b: &[u8]) -> Option<usize> {
    let header = match *b.first()? {
        0xf5.. => return None,
        STR32 => 5,
        0xe0..=0xef => 2,
        _ => 1,
    };
    if b.len() < header {
        return None;
    }
    Some(size_at(b)).filter(|&size| size <= b.len())
}

/// Bytes that the back length of an element of `size` bytes takes.
///
/// From two bytes on, the bounds are one short of what the groups could hold; that is how
/// the format is, and a reader going backwards computes the same.
#[inline]
pub fn back_size(size: usize) -> usize {
    match size {
        0..=127 => 1,
        128..=16_382 => 2,
        16_383..=2_097_150 => 3,
        2_097_151..=268_435_454 => 4,
        _ => 5,
    }
}

/// Writes the back length of an element of `size` bytes; `out` is exactly as long as that.
#[inline]
pub fn write_back(size: usize, out: &mut [u8]) {
    if let [one] = out {
        *one = size as u8;
        return;
    }
    let mut rest = size;
    for byte in out[1..].iter_mut().rev() {
        *byte = 0x80 | (rest & 0x7f) as u8;
        rest >>= 7;
    }
    out[0] = rest as u8;
}

/// The element size that the back length at the end of `b` tells. Panics when there is none.
#[inline]
pub fn read_back(b: &[u8]) -> usize {
    match b {
        [.., one @ 0..=0x7f] => usize::from(*one),
        _ => read_long_back(b),
    }
}

fn read_long_back(b: &[u8]) -> usize {
    let (mut size, mut shift, mut at) = (0usize, 0, b.len());
    loop {
        at -= 1;
        size |= usize::from(b[at] & 0x7f) << shift;
        if b[at] & 0x80 == 0 {
            return size;
        }
        shift += 7;
        assert!(shift <= 28, "packed back length has more than 5 bytes");
    }
}
