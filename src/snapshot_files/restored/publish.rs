//! Moves a complete directory to its place; the marker comes last.

use std::path::Path;

use super::staging::{MARKER, NEW};
use super::{Error, Place, Staging, VERB};
use crate::archive::{self, Marker};
use crate::io::atomic_file::{replace, replace_unsynced};
use crate::io::disk::{self, at, rename_new};
use crate::io::owner::{self, Owner};
use crate::io::{fs, signal};
use crate::snapshot_files::work::{check_work, has};

/// Removes the staging directory of a restored directory, if a run was killed at its very end.
///
/// # Errors
/// One cannot be removed.
pub fn remove_leftovers(directory: &Path) -> Result<(), Error> {
    for exists in [false, true] {
        let place = Place::of(directory, exists);
        if matches!(check_work(VERB, &place.staging), Ok(true))
            && is_complete(&place.staging)?
            && let Some(staging) = Staging::open(place)?
        {
            staging.remove()?;
        }
    }
    Ok(())
}

/// Whether all files are in a staging directory, or moved from it.
pub(super) fn is_complete(staging: &Path) -> Result<bool, Error> {
    Ok(has(&staging.join(MARKER))?)
}

impl Staging {
    /// The marker of a complete directory, which an earlier run did not move to its place.
    pub fn complete(&self) -> Option<Marker> {
        Marker::parse(&fs::read_file(&self.at(MARKER)).ok()?)
    }

    /// Syncs all files, and notes that they are complete. Gives them to `owner`.
    ///
    /// # Errors
    /// The system refuses the owner, or the sync fails.
    pub fn set_complete(&self, marker: &Marker, owner: Option<Owner>) -> Result<(), Error> {
        let new = self.at(NEW);
        // Inside, the marker is written when all files are in their place.
        if !self.place.inside {
            replace_unsynced(&new.join(archive::MARKER), &marker.to_json(), 0o644)?;
        }
        if let Some(owner) = owner {
            owner::give(&new, owner)?;
            if !self.place.inside {
                owner::give_entry(&new, owner)?;
            }
        }
        self.sync()?;
        Ok(replace(&self.at(MARKER), &marker.to_json(), 0o644)?)
    }

    /// Moves the files to their place, and removes the staging directory.
    ///
    /// # Errors
    /// Something else is in the place. The next run continues.
    pub fn publish(self, marker: &Marker) -> Result<(), Error> {
        let (directory, new) = (&self.place.directory, self.at(NEW));
        if self.place.inside {
            signal::uninterrupted(|| move_entries(&new, directory))?;
            disk::sync(directory)?;
            replace(&directory.join(archive::MARKER), &marker.to_json(), 0o644)?;
        } else {
            signal::uninterrupted(|| rename_new(&new, directory))?;
            let parent = directory.parent().filter(|parent| !parent.as_os_str().is_empty());
            disk::sync(parent.unwrap_or(Path::new(".")))?;
        }
        self.remove()
    }
}

fn move_entries(new: &Path, directory: &Path) -> Result<(), disk::Error> {
    for entry in std::fs::read_dir(new).map_err(at(new))? {
        let name = entry.map_err(at(new))?.file_name();
        rename_new(&new.join(&name), &directory.join(&name))?;
    }
    Ok(())
}
