//! How far a restore has come, so that the next run resumes there.

use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::Format;
use crate::digest;

const FORMAT: u64 = 1;

/// A place in the compressed stream from where it can be decompressed, and the digest up to there.
#[derive(Debug, Clone)]
pub struct Position {
    /// The compression of the stream.
    pub format: Format,
    /// Compressed bytes before it.
    pub compressed: u64,
    /// Uncompressed bytes before it.
    pub uncompressed: u64,
    /// The digest of the compressed bytes before it.
    pub hasher: Sha256,
}

/// The state of a restore between two entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    format: u64,
    /// Identity of the place that the archive is at.
    pub source: String,
    /// Identity of its content there.
    pub version: Option<String>,
    /// Bytes of the archive, if known.
    pub size: Option<u64>,
    /// The compression of the stream.
    compression: Format,
    /// Where the stream is read from.
    compressed: u64,
    /// Uncompressed bytes up to that place.
    uncompressed: u64,
    /// The state of the digest there.
    sha256: String,
    /// Uncompressed bytes up to the end of the last complete entry.
    pub complete: u64,
    /// The complete entries.
    pub entries: u64,
    /// Bytes of the list of these entries.
    pub listed: u64,
    /// The boot of the machine: files that were written before it may have been lost.
    pub boot: Option<String>,
}

impl Checkpoint {
    /// The state after the entries up to `complete`, of a stream that can be read from `start`.
    pub fn new(source: &str, start: &Position, complete: u64, entries: u64, listed: u64) -> Self {
        Self {
            format: FORMAT,
            source: source.to_owned(),
            version: None,
            size: None,
            compression: start.format,
            compressed: start.compressed,
            uncompressed: start.uncompressed,
            sha256: digest::save(&start.hasher),
            complete,
            entries,
            listed,
            boot: None,
        }
    }

    /// Reads a checkpoint; `None` if it is damaged or of another version.
    pub fn parse(json: &[u8]) -> Option<Self> {
        let found: Self = serde_json::from_slice(json).ok()?;
        let is_ordered = found.uncompressed <= found.complete;
        (found.format == FORMAT && is_ordered && found.start().is_some()).then_some(found)
    }

    /// As the file has it.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The place in the stream to resume from.
    pub fn start(&self) -> Option<Position> {
        let hasher = digest::resume(&self.sha256, self.compressed)?;
        let (format, uncompressed) = (self.compression, self.uncompressed);
        Some(Position { format, compressed: self.compressed, uncompressed, hasher })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::Digest;

    #[test]
    fn a_checkpoint_is_read_as_it_was_written_or_not_at_all() {
        let hasher = Sha256::new_with_prefix(vec![1; 1000]);
        let format = Format::Zst;
        let start = Position { format, compressed: 1000, uncompressed: 4096, hasher };
        let checkpoint = Checkpoint::new("etag", &start, 5120, 3, 77);
        let json = checkpoint.to_json();
        assert_eq!(Checkpoint::parse(&json), Some(checkpoint.clone()));
        let resumed = checkpoint.start().unwrap().hasher.chain_update([2]).finalize();
        assert_eq!(resumed, Sha256::digest([&[1; 1000][..], &[2]].concat()));
        let text = String::from_utf8(json).unwrap();
        for (from, to) in [
            ("\"compressed\":1000", "\"compressed\":1001"),
            ("\"complete\":5120", "\"complete\":4095"),
            ("\"format\":1", "\"format\":2"),
            ("{", "["),
        ] {
            assert_eq!(Checkpoint::parse(text.replacen(from, to, 1).as_bytes()), None, "{to}");
        }
    }
}
