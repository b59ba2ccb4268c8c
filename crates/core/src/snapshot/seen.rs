//! `baked/seen.json`: identities of the large inputs in this machine's file system when they were baked.
//!
//! A file with the same identity has the same content, so a boot need not read it to know its
//! digest. No copy keeps the identity, so on another machine every digest is computed. The file is a
//! note for this machine, not a part of the snapshot: a boot that cannot read it computes too.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::identity::FileIdentity;

/// A file that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its identity before it was read.
    pub identity: FileIdentity,
    /// Digest of the content, as in the bake's record.
    pub tree: String,
}

/// `seen.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// By path in the snapshot.
    pub files: BTreeMap<String, File>,
}

impl Seen {
    /// Reads the file; a damaged one is empty.
    pub fn parse(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    /// As the file has it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// The digest of the file at `path`, if it still has the identity with which it was seen.
    pub fn tree(&self, path: &str, identity: Option<FileIdentity>) -> Option<&str> {
        let seen = self.files.get(path)?;
        (identity == Some(seen.identity)).then_some(&seen.tree)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: FileIdentity =
        FileIdentity { size: 7, inode: 5, modified: (100, 1), changed: (200, 999_999_999) };

    #[test]
    fn every_part_of_an_identity_counts() {
        let file = File { identity: IDENTITY, tree: "digest".to_owned() };
        let seen = Seen { files: [("a".to_owned(), file)].into() };
        assert_eq!(Seen::parse(&seen.to_bytes()), seen);
        assert_eq!(seen.tree("a", Some(IDENTITY)), Some("digest"));
        let others = [
            FileIdentity { size: 8, ..IDENTITY },
            FileIdentity { inode: 6, ..IDENTITY },
            FileIdentity { modified: (100, 2), ..IDENTITY },
            FileIdentity { changed: (200, 999_999_998), ..IDENTITY },
            FileIdentity { changed: (201, 999_999_999), ..IDENTITY },
        ];
        for other in others {
            assert_eq!(seen.tree("a", Some(other)), None, "{other:?}");
        }
        assert_eq!(seen.tree("b", Some(IDENTITY)), None);
        assert_eq!(seen.tree("a", None), None);
    }

    #[test]
    fn a_damaged_file_is_empty() {
        for damaged in [&b""[..], b"{", b"[]", b"\xff", br#"{"files":{"a":{}}}"#] {
            assert_eq!(Seen::parse(damaged), Seen::default());
        }
    }
}
