//! `baked/seen.json`: what this machine's file system said of the large inputs when they were baked.
//!
//! A file with the same identity has the same content, so a boot need not read it to know its
//! digest. No copy keeps the identity, so on another machine every digest is computed. The file is a
//! note for this machine, not a part of the snapshot: a boot that cannot read it computes too.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Seconds that must lie between the last change of a file and the moment when it was seen. A
/// change within the same tick of the file system's clock leaves the identity as it is; the
/// coarsest clock, that of FAT, ticks every two seconds.
const TICK: i64 = 2;

/// Seconds since the epoch, and nanoseconds.
pub type Time = (i64, i64);

/// What a file system says of a file. Another content comes with another identity: nobody sets
/// the time of the last change (`ctime`), which the kernel takes from the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Bytes.
    pub size: u64,
    /// Number of the file in its file system.
    pub inode: u64,
    /// Last change of the content, which anybody may set.
    pub modified: Time,
    /// Last change of content, name, owner or mode.
    pub changed: Time,
}

/// A file that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// What the file system said before the file was read.
    pub identity: Identity,
    /// Digest of the content, as in the bake's record.
    pub tree: String,
}

/// `seen.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// By path in the snapshot.
    pub files: BTreeMap<String, File>,
}

impl Identity {
    /// Whether a change at `now` (seconds since the epoch) or later gives another identity.
    pub fn is_settled(&self, now: u64) -> bool {
        i64::try_from(now).is_ok_and(|now| now.saturating_sub(self.changed.0) > TICK)
    }
}

impl Seen {
    /// Reads the file; one that is damaged says nothing.
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
    pub fn tree(&self, path: &str, identity: Option<Identity>) -> Option<&str> {
        let seen = self.files.get(path)?;
        (identity == Some(seen.identity)).then_some(&seen.tree)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: Identity =
        Identity { size: 7, inode: 5, modified: (100, 1), changed: (200, 999_999_999) };

    #[test]
    fn every_part_of_an_identity_counts() {
        let file = File { identity: IDENTITY, tree: "digest".to_owned() };
        let seen = Seen { files: [("a".to_owned(), file)].into() };
        assert_eq!(Seen::parse(&seen.to_bytes()), seen);
        assert_eq!(seen.tree("a", Some(IDENTITY)), Some("digest"));
        let others = [
            Identity { size: 8, ..IDENTITY },
            Identity { inode: 6, ..IDENTITY },
            Identity { modified: (100, 2), ..IDENTITY },
            Identity { changed: (200, 999_999_998), ..IDENTITY },
            Identity { changed: (201, 999_999_999), ..IDENTITY },
        ];
        for other in others {
            assert_eq!(seen.tree("a", Some(other)), None, "{other:?}");
        }
        assert_eq!(seen.tree("b", Some(IDENTITY)), None);
        assert_eq!(seen.tree("a", None), None);
    }

    #[test]
    fn a_file_that_has_just_changed_is_not_settled() {
        for (now, settled) in [(199, false), (200, false), (202, false), (203, true)] {
            assert_eq!(IDENTITY.is_settled(now), settled, "{now}");
        }
    }

    #[test]
    fn damage_says_nothing() {
        for damaged in [&b""[..], b"{", b"[]", b"\xff", br#"{"files":{"a":{}}}"#] {
            assert_eq!(Seen::parse(damaged), Seen::default());
        }
    }
}
