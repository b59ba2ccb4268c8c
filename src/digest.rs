//! SHA-256 that can be taken up again: the digest of a long file of which only the end is new.

use sha2::Sha256;
use sha2::digest::common::hazmat::SerializableState;

/// What is known of the digest of a file that is written in pieces.
#[derive(Debug, Clone)]
pub struct Prefix {
    /// How many pieces are behind.
    pub pieces: usize,
    /// How many bytes they have.
    pub length: u64,
    /// The hasher behind them.
    pub hasher: Sha256,
}

/// The inner state of `hasher`, as hex.
pub fn save(hasher: &Sha256) -> String {
    hex::encode(hasher.serialize())
}

/// The hasher whose state was saved; `None` if the text is no such state.
pub fn resume(state: &str) -> Option<Sha256> {
    let bytes = hex::decode(state).ok()?;
    Sha256::deserialize(bytes.as_slice().try_into().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::Digest;

    #[test]
    fn a_saved_hasher_goes_on() {
        for cut in [0, 1, 63, 64, 65, 1000] {
            let data = vec![7; 1000];
            let first = Sha256::new().chain_update(&data[..cut]);
            let resumed = resume(&save(&first)).unwrap().chain_update(&data[cut..]);
            assert_eq!(resumed.finalize(), Sha256::digest(&data), "{cut}");
        }
        assert!(resume("00").is_none() && resume("zz").is_none());
    }
}
