//! The notice of a client's supervisor in its data directory.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::Path;

use rustix::fs::{AtFlags, unlinkat};
use rustix::io::Errno;

use super::error::{at, errno};
use super::{DataDirectory, Error, MAX_STATUS};
use crate::heal::notice::{NOTICE, Notice};

/// The notice in a data directory, and whether a client or its supervisor has locked the directory. Does
/// not change it; it may be missing.
///
/// # Errors
/// It cannot be read.
pub fn look(path: &Path) -> Result<(Option<Notice>, bool), Error> {
    let handle = match File::open(path) {
        Ok(handle) => handle,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok((None, false)),
        Err(error) => return Err(at(path)(error)),
    };
    let is_locked = match handle.try_lock_shared() {
        Ok(()) => {
            let _ = handle.unlock();
            false
        }
        // Where locks do not work, a client counts as running.
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => true,
    };
    Ok((DataDirectory { path: path.to_owned(), handle }.notice(), is_locked))
}

impl DataDirectory {
    /// The notice, if it is valid.
    pub fn notice(&self) -> Option<Notice> {
        Notice::parse(&self.read_own(NOTICE, MAX_STATUS)?)
    }

    /// Replaces the notice.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn set_notice(&self, notice: &Notice) -> Result<(), Error> {
        self.write_own(NOTICE, &notice.to_json())
    }

    /// Removes the notice, if there is one.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove_notice(&self) -> Result<(), Error> {
        match unlinkat(&self.handle, NOTICE, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(errno(&self.path.join(NOTICE))(error)),
        }
    }
}
