//! Directories that `restore` fills: from an archive, once, and complete or not at all.
//!
//! ```text
//! DIR.restore/, or DIR/.regenesis-restore/ if DIR exists, which may be a mount point
//!   mark, lock        ours, and in use by one process
//!   new/              the files, until they are moved to DIR
//!   entries           the paths in new/, one a line
//!   checkpoint.json   how many of them are complete, and where to resume
//!   synced.json       the same, of files that also survive a reboot
//!   marker.json       everything is complete: only the move is left
//! ```

mod base;
mod extract;
mod place;
mod publish;
mod staging;

use std::io::ErrorKind;
use std::path::PathBuf;

pub use self::base::{add_unchanged, check_base};
pub use self::place::{Found, Place, look};
pub use self::publish::remove_leftovers;
pub use self::staging::Staging;
use crate::archive;
use crate::io::disk;

/// The verb in the mark of the staging directory.
const VERB: &str = "restore";

/// An archive that cannot be restored here.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A path that cannot be written.
    #[error(transparent)]
    Disk(#[from] disk::Error),
    /// The archive is refused.
    #[error(transparent)]
    Archive(#[from] archive::Error),
    /// The directory has other files.
    #[error("{}: has files, and was not restored from an archive", .0.display())]
    Taken(PathBuf),
    /// Another process restores it.
    #[error("{}: another restore is running here", .0.display())]
    Busy(PathBuf),
    /// A file of the other snapshot differs from the one that was packed.
    #[error("{}: is not the file that the archive was packed with", .0.display())]
    Base(PathBuf),
}

impl Error {
    /// The remedy.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Disk(disk::Error::Path { source, .. }) if is_full(source.kind()) => {
                Some("free space on the disk, and run the same command again to resume")
            }
            Self::Disk(error) => error.hint(),
            Self::Archive(error) => error.hint(),
            Self::Taken(_) => Some("choose a new or an empty directory"),
            Self::Busy(_) => Some("wait for it, or choose another directory"),
            Self::Base(_) => Some("pass the snapshot that pack compared with as --base"),
        }
    }

    /// Whether the disk has too little room.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Disk(disk::Error::Path { source, .. }) => is_full(source.kind()),
            Self::Archive(archive::Error::Refused { why, .. }) => {
                matches!(why, archive::Refusal::Size { .. })
            }
            _ => false,
        }
    }
}

fn is_full(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}
