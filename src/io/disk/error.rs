//! Errors of writing.

use std::io::ErrorKind;
use std::path::PathBuf;

use crate::io::fs;

/// An entry that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A path that cannot be created, written or renamed.
    #[error("{}: {source}", path.display())]
    Path {
        /// The path.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A directory that the file system of its parent does not accept.
    #[error("{}: cannot be created: {source}", path.display())]
    Uncreatable {
        /// The path.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// An input that parts of a file are copied from.
    #[error(transparent)]
    Input(#[from] fs::Error),
    /// A path whose owner cannot be changed.
    #[error("{}: {source}", path.display())]
    Owner {
        /// The path.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The directory to create exists.
    #[error("{}: already exists", .0.display())]
    Exists(PathBuf),
    /// An entry of another kind than expected.
    #[error("{}: is {is}, expected {belongs}", path.display())]
    Kind {
        /// The path.
        path: PathBuf,
        /// Its kind.
        is: &'static str,
        /// The expected kind.
        belongs: &'static str,
    },
    /// An entry under one of our names that regenesis did not write.
    #[error("{}: was not written by regenesis, and would be replaced", .0.display())]
    Foreign(PathBuf),
    /// An entry at a path of `--layout PATH=NAME` that regenesis did not write.
    #[error("{}: exists, and is not as regenesis wrote it", .0.display())]
    Taken(PathBuf),
    /// A directory at such a path on another mount than the runtime directory.
    #[error("{}: is a mount of its own: no file can be moved there", .0.display())]
    Mount(PathBuf),
    /// A file of ours that was changed.
    #[error("{}: was edited, or does not belong to the snapshot there", .0.display())]
    Edited(PathBuf),
    /// A file of the stack without a valid seal.
    #[error("{}: was edited, or written by another program", .0.display())]
    Unsealed(PathBuf),
    /// The directory for a snapshot has other files.
    #[error("{}: has files, and is not a snapshot that regenesis captured: {what}", path.display())]
    NoSnapshot {
        /// The directory.
        path: PathBuf,
        /// The missing or invalid part.
        what: String,
    },
    /// An entry has the name of our working directory, but not its marker.
    #[error("{}: has the name of a working directory, but not its marker", .0.display())]
    Unmarked(PathBuf),
    /// geth did not write the last entries of its database to tables.
    #[cfg(feature = "host")]
    #[error("{}: has entries that are in no table", .0.display())]
    UnfinishedLog(PathBuf),
    /// The finished snapshot cannot be moved to its place.
    #[error(
        "{}: appeared during the capture; the finished snapshot stays in {}",
        out.display(),
        staged.display()
    )]
    Appeared {
        /// The place.
        out: PathBuf,
        /// Where the snapshot is.
        staged: PathBuf,
    },
    /// Another process uses the directory.
    #[error("{}: another capture is running here", .0.display())]
    Busy(PathBuf),
    /// Clients hold the directory, but it has no finished genesis for them.
    #[error("{}: is in use by a running client, and its genesis is incomplete", .0.display())]
    Held(PathBuf),
}

impl Error {
    /// The remedy.
    pub fn hint(&self) -> Option<&'static str> {
        use ErrorKind as Kind;
        match self {
            Self::Input(error) => error.hint(),
            Self::Busy(_) => Some("wait for it, or choose another --out"),
            Self::Owner { .. } => {
                Some("only root may change owners: run as that user, and leave out --chown")
            }
            Self::Uncreatable { .. } => Some("choose another directory"),
            Self::Exists(_) => Some("move it away, or choose another directory"),
            Self::Foreign(_) => Some("choose another --out, or move it away"),
            Self::Taken(_) => Some("move it away, or choose another path in --layout"),
            Self::Mount(_) => Some("mount --out itself, or choose another path in --layout"),
            Self::Kind { .. } | Self::Edited(_) | Self::Unmarked(_) => {
                Some("move it away, or choose another directory")
            }
            Self::Unsealed(_) => Some(
                "move it away, and run this again; settings belong in .env, which is never changed",
            ),
            Self::NoSnapshot { .. } => Some("choose another --out: a new or an empty directory"),
            #[cfg(feature = "host")]
            Self::UnfinishedLog(_) => Some("use another geth, or bake without --geth"),
            Self::Appeared { .. } => Some("move one of the two"),
            Self::Held(_) => Some("stop the clients, and run init again"),
            Self::Path { source, .. } => match source.kind() {
                Kind::PermissionDenied => {
                    Some("check the owner of the directory against the user that runs regenesis")
                }
                Kind::ReadOnlyFilesystem => Some("it must be on a writable volume"),
                Kind::StorageFull | Kind::QuotaExceeded => {
                    Some("a run needs space for the old and the new files at once")
                }
                Kind::FileTooLarge => Some("raise the limit on file sizes: ulimit -f"),
                Kind::NotADirectory | Kind::AlreadyExists => Some("--out must be a directory"),
                Kind::IsADirectory => Some("move it away, or choose another --out"),
                Kind::ResourceBusy => Some("mount the runtime directory itself, not a part of it"),
                _ => None,
            },
        }
    }
}
