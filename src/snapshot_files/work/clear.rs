//! Removes files that captures wrote, and no others.

use std::path::Path;

use super::{CHECKPOINT, LOCK, MARK, NEW, PLAN, SOURCE};
use crate::capture::is_work_file;
use crate::io::disk::{self, Error, at, beside};

/// Removes the directory of a capture. A directory with other files stays, with its mark.
pub(super) fn remove(directory: &Path) -> Result<(), Error> {
    collected(directory)?;
    remove_empty(directory)
}

/// Removes a working directory that has nothing but its mark and its lock. One with other files stays.
pub(crate) fn remove_empty(directory: &Path) -> Result<(), Error> {
    let others = std::fs::read_dir(directory).map_err(at(directory))?.count() > 2;
    if others {
        return Ok(());
    }
    // Renamed before the mark is removed: the name without the mark would be refused.
    let temporary = beside(directory)?;
    std::fs::rename(directory, &temporary).map_err(at(directory))?;
    disk::remove_file(&temporary.join(MARK))?;
    disk::remove_file(&temporary.join(LOCK))?;
    std::fs::remove_dir(&temporary).map_err(at(&temporary))
}

/// Removes the files of captures, but neither the lock nor the mark.
pub(super) fn collected(directory: &Path) -> Result<(), Error> {
    // First: without a plan, no snapshot counts as half published.
    disk::remove_file(&directory.join(PLAN))?;
    for entry in std::fs::read_dir(directory).map_err(at(directory))? {
        let name = entry.map_err(at(directory))?.file_name();
        let name = name.to_string_lossy();
        let is_ours = [CHECKPOINT, NEW, SOURCE, "checkpoint.new"].contains(&&*name)
            || is_work_file(&name)
            || name.starts_with(".plan.json.regenesis-");
        if is_ours {
            disk::remove(&directory.join(&*name))?;
        }
    }
    Ok(())
}
