//! Removes what captures collect, and nothing that anybody else put beside it.

use std::path::Path;

use super::{ALLOC, ASIDE, CHECKPOINT, LOCK, MARK, NEW, PLAN};
use crate::rim::disk::{self, Error, at, beside};

/// Removes the directory of a capture. With somebody else's files in it, it stays, and keeps its mark.
pub(super) fn remove(directory: &Path) -> Result<(), Error> {
    collected(directory)?;
    let others = std::fs::read_dir(directory).map_err(at(directory))?.count() > 2;
    if others {
        return Ok(());
    }
    // The mark goes when the name has gone: a directory with the name alone would be refused.
    let temporary = beside(directory)?;
    std::fs::rename(directory, &temporary).map_err(at(directory))?;
    disk::remove_file(&temporary.join(MARK))?;
    disk::remove_file(&temporary.join(LOCK))?;
    std::fs::remove_dir(&temporary).map_err(at(&temporary))
}

/// Removes what captures collect, but neither the lock nor the mark.
pub(super) fn collected(directory: &Path) -> Result<(), Error> {
    // Without its plan, nothing is half published.
    disk::remove_file(&directory.join(PLAN))?;
    for entry in std::fs::read_dir(directory).map_err(at(directory))? {
        let name = entry.map_err(at(directory))?.file_name();
        let name = name.to_string_lossy();
        let is_ours = [ALLOC, ASIDE, CHECKPOINT, NEW, "changed", "chain.rlp", "checkpoint.new"]
            .contains(&&*name)
            || name.starts_with("aside.")
            || name.starts_with(".plan.json.regenesis-");
        if is_ours {
            disk::remove(&directory.join(&*name))?;
        }
    }
    Ok(())
}
