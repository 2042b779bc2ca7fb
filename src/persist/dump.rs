//! DUMP's envelope: one value, the version of the format, a checksum over both.
//!
//! ```text
//! | type byte | body | version, 2 bytes, little endian | CRC-64, 8 bytes, little endian |
//! ```

use super::{
    checksum,
    rdb::{self, Corrupt, Format, Limits, Reader},
};
use crate::keyspace::Entry;

/// Bytes after the value.
const FOOTER_BYTES: usize = 10;

/// Why a payload is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is no payload, of a version from the future, or damaged.
    Envelope,
    /// What is in it is no value.
    Value(Corrupt),
}

/// An entry's value in its envelope.
pub fn dump(e: &Entry, format: Format) -> Vec<u8> {
    let mut out = Vec::new();
    rdb::encode(e, format, &mut out);
    let version = if out[0] == rdb::kind::HASH_2 { rdb::VERSION_VALKEY_9 } else { format.version };
    seal(out, version)
}

/// A type byte and a body with the footer that vouches for them.
pub fn seal(mut value: Vec<u8>, version: u16) -> Vec<u8> {
    value.extend_from_slice(&version.to_le_bytes());
    let sum = checksum::of(&value);
    value.extend_from_slice(&sum.to_le_bytes());
    value
}

/// The value in an envelope, as that of a key called `name`. `strict` refuses the versions
/// that neither this server nor its ancestors wrote.
///
/// # Errors
/// See [`Refused`].
pub fn restore(payload: &[u8], name: &[u8], limits: &Limits, strict: bool) -> Result<Entry, Refused> {
    let (sealed, sum) = payload.split_last_chunk::<8>().ok_or(Refused::Envelope)?;
    if checksum::of(sealed) != u64::from_le_bytes(*sum) {
        return Err(Refused::Envelope);
    }
    restore_unchecked(payload, name, limits, strict)
}

/// As [`restore`], whatever the checksum says.
///
/// # Errors
/// See [`Refused`].
pub fn restore_unchecked(payload: &[u8], name: &[u8], limits: &Limits, strict: bool) -> Result<Entry, Refused> {
    let split = payload.len().checked_sub(FOOTER_BYTES).ok_or(Refused::Envelope)?;
    let (value, footer) = payload.split_at(split);
    let version = u16::from_le_bytes([footer[0], footer[1]]);
    if version > rdb::VERSION_VALKEY_9 || !rdb::is_known(version, strict) {
        return Err(Refused::Envelope);
    }
    let mut r = Reader::new(value);
    let kind = r.byte().map_err(Refused::Value)?;
    let e = rdb::decode(kind, &mut r, name, limits).map_err(Refused::Value)?;
    match r.left() {
        0 => Ok(e),
        _ => Err(Refused::Value(r.corrupt("bytes after the value"))),
    }
}
