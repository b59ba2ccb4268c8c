//! Keeps `bake` and `capture` out of each other's way in one snapshot: a lock on its directory.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use crate::rim::console::Console;
use crate::rim::lock::{Held, Wait};

/// How long one waits for the other.
const PATIENCE: Duration = Duration::from_secs(20);

/// Keeps others out until it is dropped. Empty if the snapshot is not there, or if its file system has
/// no locks.
#[derive(Debug)]
pub struct Hold {
    _lock: Option<File>,
}

/// Locks the snapshot `directory` for a bake.
///
/// # Errors
/// A capture or another bake works there for too long.
pub fn hold(directory: &Path, console: &Console) -> Result<Hold, Held> {
    lock(directory, console, File::try_lock)
}

/// As [`hold`], for a capture: captures have a lock of their own against each other.
///
/// # Errors
/// A bake works there for too long.
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
    let mut wait = Wait::new(PATIENCE);
    loop {
        match try_lock(&file) {
            Ok(()) => return Ok(Hold { _lock: Some(file) }),
            Err(TryLockError::WouldBlock) => wait.pause(&file, directory, console)?,
            Err(TryLockError::Error(_)) => return Ok(Hold { _lock: None }),
        }
    }
}
