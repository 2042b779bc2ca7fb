//! The checksum of RDB files and DUMP payloads: CRC-64 with Jones' polynomial, reflected, from 0.

use crc::{CRC_64_REDIS, Crc, Digest, Table};

static CRC: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_REDIS);

/// The checksum of some bytes.
pub fn of(bytes: &[u8]) -> u64 {
    CRC.checksum(bytes)
}

/// A checksum of bytes that come piece by piece.
#[derive(Clone)]
pub struct Checksum(Digest<'static, u64, Table<16>>);

impl Default for Checksum {
    fn default() -> Checksum {
        Checksum(CRC.digest())
    }
}

impl Checksum {
    /// Takes in the next piece. Large pieces are cheaper than many small ones.
    pub fn add(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The checksum of all pieces so far.
    pub fn value(&self) -> u64 {
        self.0.clone().finalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_one_of_redis() {
        assert_eq!(of(b"123456789"), 0xe9c6_d914_c4b8_d9ca);
    }

    #[test]
    fn pieces_sum_up() {
        let text: Vec<u8> = (0..1000u32).map(|i| (i * 7) as u8).collect();
        for piece in [1, 3, 16, 999] {
            let mut sum = Checksum::default();
            text.chunks(piece).for_each(|p| sum.add(p));
            assert_eq!(sum.value(), of(&text));
        }
    }
}
