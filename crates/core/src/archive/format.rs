//! Compression formats, by their first bytes: a name can be wrong.

use serde::{Deserialize, Serialize};

/// The compression of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// None.
    Tar,
    /// RFC 1952.
    Gz,
    /// bzip2.
    Bz2,
    /// xz.
    Xz,
    /// RFC 8878.
    Zst,
}

impl Format {
    /// How many bytes [`Format::of`] looks at.
    pub const MAGIC: usize = 6;

    /// The format of a stream with these first bytes.
    pub fn of(first: &[u8]) -> Self {
        match first {
            [0x1f, 0x8b, ..] => Self::Gz,
            [b'B', b'Z', b'h', ..] => Self::Bz2,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            // The second is a frame to skip, with which parallel compressors start.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zst,
            _ => Self::Tar,
        }
    }

    /// As in a file name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tar => "tar",
            Self::Gz => "tar.gz",
            Self::Bz2 => "tar.bz2",
            Self::Xz => "tar.xz",
            Self::Zst => "tar.zst",
        }
    }
}
