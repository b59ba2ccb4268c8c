//! A lock on a snapshot's directory, so that `bake` and `capture` do not change it at the same time.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use crate::io::console::Console;
use crate::io::lock::{Held, Wait};

/// How long a command waits for the other.
const MOST: Duration = Duration::from_secs(20);

/// A lock, until it is dropped. Empty if the snapshot does not exist, or its file system has no locks.
#[derive(Debug)]
pub struct Hold {
    _lock: Option<File>,
}

/// Locks the snapshot `directory` for a bake.
///
/// # Errors
/// A capture or another bake still has the lock after the longest wait.
pub fn hold(directory: &Path, console: &Console) -> Result<Hold, Held> {
    lock(directory, console, File::try_lock)
}

/// As [`hold`], for a capture. Captures exclude each other by another lock.
///
/// # Errors
/// A bake still has the lock after the longest wait.
pub fn share(directory: &Path, console: &Console) -> Result<Hold, Held> {
    lock(directory, console, File::try_lock_shared)
}

fn lock(
    directory: &Path,
    console: &Console,
    try_lock: fn(&File) -> Result<(), TryLockError>,
) -> Result<Hold, Held> {
    if !directory.is_dir() {
        return Ok(Hold { _lock: None });
    }
    let Ok(file) = File::open(directory) else { return Ok(Hold { _lock: None }) };
    let mut wait = Wait::new(MOST);
    loop {
        match try_lock(&file) {
            Ok(()) => return Ok(Hold { _lock: Some(file) }),
            Err(TryLockError::WouldBlock) => wait.pause(&file, directory, console)?,
            Err(TryLockError::Error(_)) => return Ok(Hold { _lock: None }),
        }
    }
}
