//! Why something could not be written.

use std::io::ErrorKind;
use std::path::PathBuf;

use crate::rim::fs;

/// Something could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A path that cannot be made, written or renamed.
    #[error("{}: {source}", path.display())]
    Path {
        /// The path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// An input that parts of a file are copied from.
    #[error(transparent)]
    Input(#[from] fs::Error),
    /// A path that cannot be given to another user.
    #[error("{}: {source}", path.display())]
    Owner {
        /// The path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A directory that is to be made is there already.
    #[error("{}: is there already", .0.display())]
    Exists(PathBuf),
    /// Something other than what belongs there.
    #[error("{}: is {is}, where {belongs} belongs", path.display())]
    Kind {
        /// The path.
        path: PathBuf,
        /// What it is.
        is: &'static str,
        /// What belongs there.
        belongs: &'static str,
    },
    /// The directory has something under our names that is not ours.
    #[error("{}: was not written by regenesis, and would be replaced", .0.display())]
    Foreign(PathBuf),
    /// A file of ours that somebody changed.
    #[error("{}: was edited, or does not belong to the snapshot there", .0.display())]
    Edited(PathBuf),
    /// The stack's files have no such mark, or somebody changed them.
    #[error("{}: was edited, or written by another program", .0.display())]
    Unsealed(PathBuf),
    /// A directory that is to become a snapshot holds something else.
    #[error("{}: holds files, and is no snapshot that regenesis captured: {what}", path.display())]
    NoSnapshot {
        /// The directory.
        path: PathBuf,
        /// What is missing or wrong.
        what: String,
    },
    /// Something has the name of our working directory, without our mark.
    #[error("{}: has the name of a capture's working directory, but not its mark", .0.display())]
    Unmarked(PathBuf),
    /// The finished snapshot cannot take its place.
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
    /// Another process works in the directory.
    #[error("{}: another capture is at work here", .0.display())]
    Busy(PathBuf),
    /// Clients hold the directory, but there is no genesis that they could run on.
    #[error("{}: is held by a running client, and has no finished genesis", .0.display())]
    Held(PathBuf),
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        use ErrorKind as Kind;
        match self {
            Self::Input(error) => error.hint(),
            Self::Busy(_) => Some("wait for it, or choose another --out"),
            Self::Owner { .. } => {
                Some("only root may give files away: run as that user, and leave --chown out")
            }
            Self::Exists(_) => Some("move it away, or name another directory"),
            Self::Foreign(_) => Some("choose another --out, or move it away"),
            Self::Kind { .. } | Self::Edited(_) | Self::Unmarked(_) => {
                Some("move it away, or write to another place")
            }
            Self::Unsealed(_) => Some(
                "move it away, and run this again; settings belong in .env, which stays as it is",
            ),
            Self::NoSnapshot { .. } => Some("choose another --out: a new or an empty directory"),
            Self::Appeared { .. } => Some("move either of them to where you want it"),
            Self::Held(_) => Some("stop the clients, and run init again"),
            Self::Path { source, .. } => match source.kind() {
                Kind::PermissionDenied => {
                    Some("check the owner of the directory against the user that runs regenesis")
                }
                Kind::ReadOnlyFilesystem => Some("it must be on a writable volume"),
                Kind::StorageFull | Kind::QuotaExceeded => {
                    Some("a run needs room for the old and the new files at once")
                }
                Kind::FileTooLarge => Some("the limit on the size of files is too low: ulimit -f"),
                Kind::NotADirectory | Kind::AlreadyExists => Some("--out must be a directory"),
                Kind::IsADirectory => Some("move it away, or choose another --out"),
                Kind::ResourceBusy => Some("mount the runtime directory itself, not a part of it"),
                _ => None,
            },
        }
    }
}
