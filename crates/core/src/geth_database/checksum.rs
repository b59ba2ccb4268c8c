//! CRC-32C as leveldb stores it. Source: RFC 3720, appendix B.4; leveldb `util/crc32c.h`.

/// Castagnoli's polynomial, the least significant bit first.
const POLYNOMIAL: u32 = 0x82f6_3b78;
/// `TABLES[n][byte]`: the checksum of a byte that `n` zero bytes follow.
static TABLES: [[u32; 256]; 8] = tables();

const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0_u32;
    while byte < 256 {
        let (mut crc, mut bit) = (byte, 0);
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        tables[0][byte as usize] = crc;
        byte += 1;
    }
    let mut index = 256;
    while index < 8 * 256 {
        let (table, byte) = (index / 256, index % 256);
        let last = tables[table - 1][byte];
        tables[table][byte] = (last >> 8) ^ tables[0][(last & 0xff) as usize];
        index += 1;
    }
    tables
}

/// A checksum of bytes that come in pieces.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checksum(u32);

impl Checksum {
    /// Of no bytes.
    pub(super) fn new() -> Self {
        Self(!0)
    }

    /// Eight bytes a step: a table is checksummed as fast as it is written.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        let mut crc = self.0;
        for word in words {
            let word = (u64::from_le_bytes(*word) ^ u64::from(crc)).to_le_bytes();
            crc = word
                .iter()
                .zip(TABLES.iter().rev())
                .fold(0, |crc, (byte, table)| crc ^ table[usize::from(*byte)]);
        }
        for byte in rest {
            crc = (crc >> 8) ^ TABLES[0][usize::from(crc.to_le_bytes()[0] ^ byte)];
        }
        self.0 = crc;
    }

    /// leveldb rotates it, because checksums of bytes that contain checksums are weak.
    pub(super) fn masked(self) -> u32 {
        (!self.0).rotate_right(15).wrapping_add(0xa282_ead8)
    }
}

/// The masked checksum of `bytes`.
pub(super) fn masked(bytes: &[u8]) -> u32 {
    let mut sum = Checksum::new();
    sum.add(bytes);
    sum.masked()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crc32c(bytes: &[u8]) -> u32 {
        let mut sum = Checksum::new();
        // Pieces of any length.
        let (start, end) = bytes.split_at(bytes.len() / 3);
        sum.add(start);
        sum.add(end);
        !sum.0
    }

    /// The vectors of RFC 3720, appendix B.4.
    #[test]
    fn checksums_equal_those_of_the_rfc() {
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        let rising: Vec<u8> = (0..32).collect();
        assert_eq!(crc32c(&rising), 0x46dd_794e);
        let falling: Vec<u8> = (0..32).rev().collect();
        assert_eq!(crc32c(&falling), 0x113f_db5c);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }
}
