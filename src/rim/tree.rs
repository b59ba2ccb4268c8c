//! A directory that appears when it is complete.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::disk::{
    self, Error, at, beside, create_directory, remove, rename_new, sync, sync_file_system,
};
use super::signal;
use crate::layout::OutFile;

/// The directory while it is written, beside its place and under a name that nobody else has.
/// Removed when dropped.
#[derive(Debug)]
pub struct NewTree {
    place: PathBuf,
    temporary: PathBuf,
}

impl NewTree {
    /// Begins a directory that must not be there yet.
    ///
    /// # Errors
    /// It is there, or cannot be made.
    pub fn create(place: &Path) -> Result<Self, Error> {
        if place.symlink_metadata().is_ok() {
            return Err(Error::Exists(place.to_owned()));
        }
        let temporary = beside(place)?;
        if let Some(parent) = place.parent().filter(|parent| *parent != Path::new("")) {
            std::fs::create_dir_all(parent).map_err(at(parent))?;
        }
        signal::uninterrupted(|| create_directory(&temporary, 0o755))?;
        signal::set_leftover(Some(temporary.clone()));
        Ok(Self { place: place.to_owned(), temporary })
    }

    /// Writes files, on all cores.
    ///
    /// # Errors
    /// The first that cannot be written.
    pub fn write(&self, files: &[OutFile]) -> Result<(), Error> {
        files.par_iter().try_for_each(|file| disk::write(&self.temporary, file).map(drop))
    }

    /// Puts the directory in its place.
    ///
    /// # Errors
    /// The disk, or the rename, fails, or something has taken the place meanwhile.
    pub fn publish(self) -> Result<(), Error> {
        sync_file_system(&self.temporary)?;
        signal::uninterrupted(|| rename_new(&self.temporary, &self.place))?;
        let parent = self.place.parent().filter(|parent| *parent != Path::new(""));
        sync(parent.unwrap_or(Path::new(".")))
    }
}

impl Drop for NewTree {
    fn drop(&mut self) {
        let _ = signal::uninterrupted(|| remove(&self.temporary));
        signal::set_leftover(None);
    }
}
