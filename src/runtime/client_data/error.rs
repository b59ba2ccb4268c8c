//! The errors of a data directory.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::io::disk;
use crate::io::lock::Held;

/// A data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A path in it cannot be read, written or removed.
    #[error("{path:?}: {source}")]
    Path {
        /// The path.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// It must not be used as a data directory.
    #[error("--datadir {datadir:?} {reason}")]
    Guarded {
        /// The path that the user gave.
        datadir: PathBuf,
        /// The reason, as a predicate: "is …", "contains …".
        reason: String,
    },
    /// Another process uses it.
    #[error("{0}")]
    Held(Held),
    /// Data to wipe contains a mount point.
    #[error("{0:?} is a mount point within data to wipe; nothing was deleted")]
    Mount(PathBuf),
    /// Data to wipe is a symbolic link: its target is not part of the data directory.
    #[error("{0:?} is a symbolic link, not data to wipe; nothing was deleted")]
    Link(PathBuf),
    /// A path to copy is neither a file nor a directory.
    #[error("{0:?} is neither a file nor a directory")]
    Special(PathBuf),
    /// A file in it, or one to copy there, cannot be used.
    #[error(transparent)]
    Disk(#[from] disk::Error),
    /// Our name for geth's database is taken.
    #[error("{0:?} was not written by regenesis, and would be replaced")]
    ForeignDatabase(PathBuf),
    /// geth has a chain in the database of `init`.
    #[error("geth has a chain in {0:?}, which regenesis run did not start")]
    UsedDatabase(PathBuf),
    /// It contains this entry, and no mark of an earlier run.
    #[error("{datadir:?} contains {entry:?} and has no mark of an earlier run")]
    Unmarked {
        /// The data directory.
        datadir: PathBuf,
        /// The entry.
        entry: OsString,
    },
    /// `--client-data` of `init` is not a directory.
    #[error("--client-data {0:?} is not a directory")]
    NoClientData(PathBuf),
    /// The runtime directory has no directory of this `--copy` name.
    #[error("{0:?} does not exist: init did not write this directory")]
    NothingToCopy(PathBuf),
}

impl Error {
    /// The remedy.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Guarded { .. } => Some("use a separate directory for the client"),
            Self::Held(_) => Some("stop the other client, or use another --datadir"),
            Self::Mount(_) => Some("unmount it, or mount it outside the data directory"),
            Self::Link(_) => Some(
                "remove the link and the chain data that it leads to; to store chain data elsewhere, \
                 bind-mount --datadir itself",
            ),
            Self::Special(_) => Some("run regenesis init again"),
            Self::Disk(error) => error.hint(),
            Self::ForeignDatabase(_) => Some("move it away"),
            Self::UsedDatabase(_) => {
                Some("start geth as before, or move the directory away and run regenesis init")
            }
            Self::Unmarked { .. } => {
                Some("use an empty directory, or move the contents of this one away")
            }
            Self::NoClientData(_) => {
                Some("--client-data names the data directory of every client, separated by commas")
            }
            Self::NothingToCopy(_) => {
                Some("choose a --layout that writes it, or remove it from --copy")
            }
            Self::Path { source, .. } => match source.kind() {
                ErrorKind::PermissionDenied => Some(
                    "check the owner of the data directory: the user that runs regenesis must be able \
                     to write to it",
                ),
                ErrorKind::ReadOnlyFilesystem => Some("mount the data directory read-write"),
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some(
                    "free space on the volume of the data directory: its .regenesis-set-aside can be \
                     removed if you no longer need the contents",
                ),
                ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
                    Some("--datadir must be a directory: move the file at this path away")
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
