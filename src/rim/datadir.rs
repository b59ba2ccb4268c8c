//! A client's data directory: what is in it, and wiping it.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::atomic_file::replace;
use super::disk::{Error, at, remove, sync};
use crate::lease::{DataDirectory, RECORD};

/// Looks into a data directory, which need not exist.
///
/// # Errors
/// It cannot be read.
pub fn look(directory: &Path) -> Result<DataDirectory, Error> {
    let record = match std::fs::read_to_string(directory.join(RECORD)) {
        Ok(record) => Some(record.trim().to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(at(&directory.join(RECORD))(error)),
    };
    let mut entries = Vec::new();
    let mut newest = None;
    for path in children(directory)? {
        newest = newest.max(last_write(&path));
        entries.push(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
    }
    // A clock that was set back says nothing about how long ago that was.
    let idle = newest.map(|time| time.elapsed().unwrap_or(Duration::ZERO));
    Ok(DataDirectory { record, entries, idle })
}

/// What is in the directory, but for the record.
fn children(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(at(directory)(error)),
    };
    let mut children = Vec::new();
    for entry in entries {
        let entry = entry.map_err(at(directory))?;
        // Also what an interrupted write of the record leaves.
        if !entry.file_name().as_encoded_bytes().starts_with(RECORD.as_bytes()) {
            children.push(entry.path());
        }
    }
    Ok(children)
}

/// When something in `path` was last written; what cannot be seen does not count.
fn last_write(path: &Path) -> Option<SystemTime> {
    let meta = path.symlink_metadata().ok()?;
    let inner = if meta.is_dir() { children(path).unwrap_or_default() } else { Vec::new() };
    inner.iter().filter_map(|path| last_write(path)).chain(meta.modified().ok()).max()
}

/// Records whose data the directory holds, making it if need be.
///
/// # Errors
/// It cannot be written.
pub fn record(directory: &Path, text: &str) -> Result<(), Error> {
    std::fs::create_dir_all(directory).map_err(at(directory))?;
    replace(&directory.join(RECORD), format!("{text}\n").as_bytes(), 0o644)
}

/// Removes everything in the directory but the record; it may be a mount point, and stays.
///
/// # Errors
/// Something cannot be removed.
pub fn wipe(directory: &Path) -> Result<(), Error> {
    children(directory)?.iter().try_for_each(|path| remove(path))?;
    sync(directory)
}

/// Whether `outer` is `inner` or a directory above it, links followed.
pub fn contains(outer: &Path, inner: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    real(inner).starts_with(real(outer))
}
