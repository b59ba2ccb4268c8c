//! Why an archive is refused.

use std::io;

use crate::visible;

/// An archive that is not extracted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The stream failed, or its compression is damaged.
    #[error("{0}")]
    Read(#[from] io::Error),
    /// Bytes that are no tar header.
    #[error("byte {offset} of the uncompressed archive: {what}")]
    Format {
        /// Offset in the uncompressed stream.
        offset: u64,
        /// The error.
        what: &'static str,
    },
    /// The stream ends before the two blocks that end a tar archive.
    #[error("ends after {0} bytes (uncompressed), without the end of a tar archive")]
    Truncated(u64),
    /// An entry that could harm this machine, or that a snapshot cannot have.
    #[error("entry {}: {why}", visible::line(.path))]
    Refused {
        /// Its path, as the archive has it.
        path: String,
        /// The reason.
        why: Refusal,
    },
    /// More entries than any snapshot or database has.
    #[error("has more than {0} entries")]
    TooMany(u64),
}

/// Why an entry is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A name that is empty, or not UTF-8.
    #[error("the name is empty or not UTF-8")]
    Name,
    /// A path that starts at the root of the file system.
    #[error("the path is absolute")]
    Absolute,
    /// A path with `..`.
    #[error("the path leads out of the directory")]
    Traversal,
    /// A control character in a path.
    #[error("the path has a control character")]
    Control,
    /// A path or a name that file systems do not accept.
    #[error("the path is too long or too deep")]
    Long,
    /// A link out of the directory.
    #[error("the link to {} leads out of the directory", visible::line(.0))]
    LinkOut(String),
    /// A second name of a file that the archive does not have.
    #[error("is a link to {}, which is no earlier file of the archive", visible::line(.0))]
    NoFile(String),
    /// A device, a pipe, a sparse file …
    #[error("is {0}, expected a file, a directory or a link")]
    Kind(&'static str),
    /// A second entry of the same path.
    #[error("the archive has this path twice")]
    Twice,
    /// A path that equals another one on file systems that ignore case or Unicode's normal forms.
    #[error("another path differs only in case, which some file systems ignore")]
    Case,
    /// A file that is also the directory of another entry.
    #[error("a file or a link of the archive is on the way")]
    OnTheWay,
    /// Data where none belongs.
    #[error("a directory or link has {0} bytes of data")]
    Data(u64),
    /// Our own marker.
    #[error("has the name of the marker of a restored directory")]
    Marker,
    /// The working directory of a restore.
    #[error("has the name of the working directory of a restore")]
    Staging,
    /// More bytes than the disk has room for.
    #[error("has {size} bytes, and {room} are free")]
    Size {
        /// Bytes of the entry.
        size: u64,
        /// Free bytes.
        room: u64,
    },
}

impl Error {
    /// The remedy.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Read(_) => None,
            Self::Format { .. } => Some("expected tar, plain or compressed as gz, bz2, xz or zst"),
            Self::Truncated(_) => Some("the upload was incomplete: create the archive again"),
            Self::TooMany(_) => Some("split it into several archives"),
            Self::Refused { why: Refusal::Marker, .. } => {
                Some("create the archive with regenesis pack, which leaves the marker out")
            }
            Self::Refused { why: Refusal::Size { .. }, .. } => {
                Some("free space on the disk, and run the same command again to resume")
            }
            Self::Refused { .. } => Some(
                "nothing of it was kept; if you trust its author, create it again without such an \
                 entry",
            ),
        }
    }
}
