//! The marker of a restored directory: written last, so that a directory with it is complete.

use serde::{Deserialize, Serialize};

/// Its name in the directory.
pub const MARKER: &str = ".regenesis-restored.json";

const FORMAT: u64 = 1;

/// Which archive a directory was restored from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// Version of this format.
    pub format: u64,
    /// SHA-256 of the archive.
    #[serde(with = "hex::serde")]
    pub sha256: [u8; 32],
    /// Bytes of the archive.
    pub size: u64,
    /// Entries of the archive.
    pub entries: u64,
    /// Identity of the archive at its server, to recognise it without its digest.
    pub source: String,
    /// Version of the program that restored it.
    pub regenesis: String,
}

impl Marker {
    /// The marker of an archive with this digest, size and number of entries.
    pub fn new(sha256: [u8; 32], size: u64, entries: u64, source: String, version: &str) -> Self {
        Self { format: FORMAT, sha256, size, entries, source, regenesis: version.to_owned() }
    }

    /// Reads a marker; `None` if it is not one of this version.
    pub fn parse(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok().filter(|marker: &Self| marker.format == FORMAT)
    }

    /// As the directory has it.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec_pretty(self).unwrap_or_default();
        json.push(b'\n');
        json
    }
}
