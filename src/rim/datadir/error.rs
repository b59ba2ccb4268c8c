//! Why a data directory cannot be used.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::rim::lock::Held;

/// A data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A path in it that cannot be read, written or removed.
    #[error("{path:?}: {source}")]
    Path {
        /// The path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is a directory that no client may have for itself.
    #[error("--datadir {datadir:?} {what}")]
    Guarded {
        /// As the user names it.
        datadir: PathBuf,
        /// What it is or holds.
        what: String,
    },
    /// Another process works in it.
    #[error("{0}")]
    Held(Held),
    /// Something that is to be wiped lies on another file system, or is mounted there.
    #[error("{0:?} is a mount in data that are to be wiped; nothing is deleted")]
    Mount(PathBuf),
    /// What is to be wiped is a link: what it leads to is no part of the data directory.
    #[error("{0:?} is a symbolic link in place of data that are to be wiped; nothing is deleted")]
    Link(PathBuf),
    /// What is to be copied is neither a file nor a directory.
    #[error("{0:?} is neither a file nor a directory")]
    Special(PathBuf),
    /// The runtime directory lacks what is to be copied.
    #[error("{0:?}: the genesis has no such directory")]
    NothingToCopy(PathBuf),
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Guarded { .. } => Some("give the client a directory of its own"),
            Self::Held(_) => Some("stop the other client, or give this one its own --datadir"),
            Self::Mount(_) => Some("unmount it, or mount it outside of the data directory"),
            Self::Link(_) => Some(
                "remove the link and the chain data that it leads to, or bind-mount --datadir itself \
                 where the data are to lie",
            ),
            Self::Special(_) => Some("run regenesis init again"),
            Self::NothingToCopy(_) => Some("--copy names a directory that regenesis init writes"),
            Self::Path { source, .. } => match source.kind() {
                ErrorKind::PermissionDenied => Some(
                    "check the owner of the data directory against the user that runs regenesis",
                ),
                ErrorKind::ReadOnlyFilesystem => Some("mount the data directory writable"),
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some(
                    "make room on the volume of the data directory: its .regenesis-set-aside, if \
                         there is one, may be removed when nobody needs what is in it",
                ),
                ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
                    Some("--datadir must be a directory; move away what is in its place")
                }
                _ => None,
            },
        }
    }
}

pub(super) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Error + '_ {
    |source| Error::Path { path: path.to_owned(), source }
}

/// As [`at`], for the system's own errors.
pub(super) fn errno(path: &Path) -> impl FnOnce(rustix::io::Errno) -> Error + '_ {
    |error| at(path)(error.into())
}
