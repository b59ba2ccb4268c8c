//! Writes a runtime directory atomically.
//!
//! All files are written beside the old ones, in `OUT/.regenesis/new`, and checked there. Then
//! the marker is removed, each top-level directory changes place with its old one by rename, and
//! the marker comes last. So a run that fails leaves the old files and their marker; one that is
//! killed within the few renames leaves no marker; and of a former run's files none survives.
//!
//! A former run's files are those that its marker lists, and that have the bytes it lists. Until this run is in place, the marker of
//! the former one stays in `.regenesis/former`. What no run wrote goes back to its place, or aside
//! where this run writes at its place, and beside the keystores: clients take all that is there.
//!
//! The keystores alone move over from the old files and are overwritten, because there may be
//! thousands: ext4 needs minutes to remove them and to make them again. So a run that fails after
//! its inputs were read leaves no marker, and the next one makes them all.

mod aside;
pub(super) mod binding;
mod runtime;
mod strays;

use std::collections::HashSet;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

pub use self::runtime::Runtime;
pub use super::disk::{Error, Written};
use super::disk::{at, create, make_directory, remove, sync, sync_file_system};
use super::owner::{self, Owner};
use super::{disk, fs, signal};
use crate::layout::shape::{Kind, Listing};
use crate::layout::{MARKER, OWNED, OutFile, SECRETS};

/// The directory in a runtime directory that says whose it is, and holds the locks.
pub(super) const OWN: &str = ".regenesis";
/// In it: markers of former runs, until this one is in place.
const FORMER: &str = "former";
/// The first thing in `out` that bears one of our names.
pub(super) fn owned(out: &Path) -> Option<PathBuf> {
    let mut names = OWNED.into_iter().chain([MARKER]).map(|name| out.join(name));
    names.find(|path| path.symlink_metadata().is_ok())
}

/// Files that are written but not yet in their place. Removed when dropped.
#[derive(Debug)]
pub struct Staging<'a> {
    runtime: &'a Runtime,
    new: PathBuf,
    /// What former runs wrote.
    listing: Listing,
    /// The files, in the order in which they were given.
    pub written: Vec<Written>,
}

impl Staging<'_> {
    /// Takes over the former run's secrets, or those that a killed run had taken over.
    fn recycle(&self) -> Result<(), Error> {
        let owner = self.new.symlink_metadata().map_err(at(&self.new))?.uid();
        let ours = |path: &Path| {
            path.symlink_metadata().is_ok_and(|found| disk::is_our_secret(&found, owner))
        };
        let (there, here) = (self.runtime.out.join(SECRETS), self.new.join(SECRETS));
        let moves = ours(&there);
        if moves {
            self.runtime.retire_marker()?;
            let keep = strays::has_strays(&there, SECRETS, &self.listing)?;
            self.runtime.tidy((&there, SECRETS), &self.listing, owner, keep)?;
            remove(&here)?;
            std::fs::rename(&there, &here).map_err(at(&there))?;
        }
        for entry in std::fs::read_dir(&self.new).map_err(at(&self.new))? {
            let path = entry.map_err(at(&self.new))?.path();
            if path != here || !ours(&here) {
                remove(&path)?;
            }
        }
        if !moves && here.exists() {
            disk::sweep(&self.new, SECRETS, |_, found| disk::is_our_secret(found, owner))?;
        }
        Ok(())
    }

    /// Writes files, on all cores.
    ///
    /// # Errors
    /// The first that cannot be written.
    pub fn write(&mut self, files: &[OutFile]) -> Result<(), Error> {
        let written: Vec<_> = files.par_iter().map(|file| disk::write(&self.new, file)).collect();
        for written in written {
            self.written.push(written?);
        }
        Ok(())
    }

    /// Removes all secrets that were not written: keystores of another mnemonic, and what a
    /// client put beside them (settings, locks, slashing protection of another chain).
    ///
    /// # Errors
    /// They cannot be removed.
    pub fn remove_other_secrets(&self) -> Result<(), Error> {
        if !self.new.join(SECRETS).exists() {
            return Ok(());
        }
        let files: HashSet<&Path> =
            self.written.iter().map(|written| Path::new(&written.path)).collect();
        let directories: HashSet<&Path> =
            files.iter().flat_map(|file| file.ancestors().skip(1)).collect();
        if !directories.contains(Path::new(SECRETS)) {
            return remove(&self.new.join(SECRETS));
        }
        disk::sweep(&self.new, SECRETS, |path, _| {
            files.contains(path) || directories.contains(path)
        })
    }

    /// Gives all that is staged to another user.
    ///
    /// # Errors
    /// The system does not allow it.
    pub fn give(&self, owner: Owner) -> Result<(), Error> {
        owner::give(&self.new, owner)
    }

    /// Reads a staged file.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(&self, path: &str) -> Result<Vec<u8>, Error> {
        Ok(fs::read_file(&self.new.join(path))?)
    }

    /// Puts the files in their place, `marker` last.
    ///
    /// # Errors
    /// The disk, or a rename, fails; the directory then has no marker.
    pub fn publish(self, marker: &[u8]) -> Result<(), Error> {
        let staged_marker = self.new.join(MARKER);
        let mut file = signal::uninterrupted(|| create(&staged_marker, 0o644))?;
        file.write_all(marker).map_err(at(&staged_marker))?;
        sync_file_system(&self.new)?;
        signal::uninterrupted(|| self.swap(&staged_marker))
    }

    fn swap(&self, staged_marker: &Path) -> Result<(), Error> {
        let (runtime, out, own) = (self.runtime, &self.runtime.out, &self.runtime.own);
        let old = own.join("old");
        make_directory(&old, 0o700)?;
        let place = out.join(MARKER);
        runtime.retire_marker()?;
        // Killed from here on, what is in its place is listed, too.
        let listed = runtime.former()?;
        if std::fs::hard_link(staged_marker, &listed).is_err() {
            std::fs::copy(staged_marker, &listed).map_err(at(&listed))?;
        }
        for name in OWNED {
            let (there, here) = (out.join(name), self.new.join(name));
            let found = there.symlink_metadata().ok();
            let comes = here.exists();
            // A directory of this name that no run has ever written in is somebody's own.
            let goes = comes || self.listing.kind(name) == Kind::Directory;
            match found {
                Some(found) if goes && found.is_dir() => {
                    std::fs::rename(&there, old.join(name)).map_err(at(&there))?;
                }
                Some(_) if goes => runtime.put_aside(&self.listing, &there, name)?,
                _ => {}
            }
            if comes {
                std::fs::rename(&here, &there).map_err(at(&there))?;
            }
        }
        runtime.restore(&old, &self.listing)?;
        sync(out)?;
        std::fs::rename(staged_marker, &place).map_err(at(&place))?;
        sync(out)?;
        remove(&old)?;
        remove(&own.join(FORMER))
    }
}

impl Drop for Staging<'_> {
    fn drop(&mut self) {
        let _ = signal::uninterrupted(|| remove(&self.new));
        signal::set_leftover(None);
    }
}
