//! Resumable SHA-256, for a long file whose end alone changes between runs.

use sha2::Sha256;
use sha2::digest::common::hazmat::SerializableState;

/// The digest of the first parts of a file, computed in an earlier run.
#[derive(Debug, Clone)]
pub struct Prefix {
    /// Number of parts it covers.
    pub parts: usize,
    /// Their bytes.
    pub length: u64,
    /// The hasher after them.
    pub hasher: Sha256,
}

/// The inner state of `hasher` as hex.
pub fn save(hasher: &Sha256) -> String {
    hex::encode(hasher.serialize())
}

/// The hasher with this state; `None` if the text is not a state that [`save`] wrote after `length`
/// bytes.
pub fn resume(state: &str, length: u64) -> Option<Sha256> {
    const BLOCK: u64 = 64;
    let bytes = hex::decode(state).ok()?;
    // Eight words, the number of blocks, and the number of bytes after them. Another number of blocks
    // overflows when the hasher counts its bits.
    let (blocks, rest) = bytes.get(32..)?.split_first_chunk()?;
    let blocks = u64::from_le_bytes(*blocks);
    if blocks != length / BLOCK || u64::from(*rest.first()?) != length % BLOCK {
        return None;
    }
    Sha256::deserialize(bytes.as_slice().try_into().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::Digest;

    #[test]
    fn a_saved_hasher_resumes() {
        for cut in [0, 1, 63, 64, 65, 1000] {
            let data = vec![7; 1000];
            let first = Sha256::new().chain_update(&data[..cut]);
            let state = save(&first);
            let length = cut as u64;
            let resumed = resume(&state, length).unwrap().chain_update(&data[cut..]);
            assert_eq!(resumed.finalize(), Sha256::digest(&data), "{cut}");
            for other in [length + 1, length + 64, length.wrapping_sub(1), u64::MAX] {
                assert!(resume(&state, other).is_none(), "{cut} {other}");
            }
        }
        for state in ["", "00", "zz", &"00".repeat(32), &"ff".repeat(104)] {
            assert!(resume(state, 0).is_none(), "{state}");
        }
    }
}
