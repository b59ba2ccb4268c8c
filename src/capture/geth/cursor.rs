//! Where a page begins.

use alloy_primitives::B256;
use base64ct::{Base64, Encoding};

use super::super::account::word;

/// Where the next page begins, as the node wrote it: hex, or base64 before geth 1.11.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub(super) String);

impl Cursor {
    /// As it is kept for a capture that is taken up again.
    pub fn resume(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// As the node wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The hash that it stands for.
    pub(super) fn hash(&self) -> Option<B256> {
        match self.0.strip_prefix("0x") {
            Some(_) => word(self.0.as_bytes()).ok(),
            None => B256::try_from(&Base64::decode_vec(&self.0).ok()?[..]).ok(),
        }
    }

    /// How much of the trie lies before it, from 0 to 1.
    pub fn progress(&self) -> f64 {
        let first = self.hash().map_or(0, |hash| u16::from_be_bytes([hash[0], hash[1]]));
        f64::from(first) / f64::from(u16::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_hex_or_base64() {
        let hash = B256::repeat_byte(0x5a);
        let old = "WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo=";
        assert_eq!(Cursor(old.to_owned()).hash(), Some(hash));
        assert_eq!(Cursor(hash.to_string()).hash(), Some(hash));
        assert_eq!(Cursor("nonsense!".to_owned()).hash(), None);
        assert!((Cursor(hash.to_string()).progress() - 0.353).abs() < 0.001);
    }
}
