//! An archive in several files, because a host limits their size.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::file::FileDigest;

const FORMAT: u64 = 1;
/// Files of an archive.
const MOST: usize = 100_000;

/// The list of an archive's files; in a row, they are the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    format: u64,
    /// SHA-256 of the archive.
    #[serde(with = "hex::serde")]
    pub sha256: [u8; 32],
    /// The files in order, with paths from the list.
    pub files: Vec<FileDigest>,
    /// Files whose bytes are known already, by their position.
    #[serde(skip)]
    pub given: BTreeMap<usize, Vec<u8>>,
}

impl Parts {
    /// The archive with this digest, of these files.
    pub(super) fn of(
        sha256: [u8; 32],
        files: Vec<FileDigest>,
        given: BTreeMap<usize, Vec<u8>>,
    ) -> Self {
        Self { format: FORMAT, sha256, files, given }
    }

    /// Reads a list.
    ///
    /// # Errors
    /// Text that is not a list of this version.
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        let parts: Self = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        match parts.format {
            FORMAT if !(1..=MOST).contains(&parts.files.len()) => {
                Err(format!("lists {} files, expected 1 to {MOST}", parts.files.len()))
            }
            FORMAT if parts.size().is_none() => Err("lists more than 2^64 bytes".to_owned()),
            FORMAT => Ok(parts),
            other => Err(format!("has format {other}, expected {FORMAT}")),
        }
    }

    /// Bytes of the archive.
    pub fn size(&self) -> Option<u64> {
        self.files.iter().try_fold(0_u64, |sum, file| sum.checked_add(file.size))
    }

    /// The file with the byte at `offset` of the archive, and that byte's offset in it.
    pub fn at(&self, offset: u64) -> Option<(usize, u64)> {
        let mut left = offset;
        for (index, file) in self.files.iter().enumerate() {
            if left < file.size {
                return Some((index, left));
            }
            left -= file.size;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_in_one_of_the_files() {
        let file = |path: &str, bytes: &[u8]| FileDigest::of(path, bytes);
        let files = vec![file("a", b"123"), file("empty", b""), file("b/c", b"45")];
        let parts = Parts::of([1; 32], files, BTreeMap::new());
        let found: Vec<_> = (0..6).map(|offset| parts.at(offset)).collect();
        let expected = [Some((0, 0)), Some((0, 1)), Some((0, 2)), Some((2, 0)), Some((2, 1)), None];
        assert_eq!(found, expected);
        let json = serde_json::to_string(&parts).unwrap();
        assert_eq!(Parts::parse(json.as_bytes()), Ok(parts));
        for (from, to) in [
            ("\"format\":1", "\"format\":2"),
            ("\"a\"", "\"../a\""),
            ("\"a\"", "\"/a\""),
            ("\"size\":3", "\"size\":18446744073709551615"),
            ("0101", "01"),
        ] {
            assert!(Parts::parse(json.replacen(from, to, 1).as_bytes()).is_err(), "{to}");
        }
    }
}
