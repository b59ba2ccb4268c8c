//! Writes a runtime directory atomically.
//!
//! All files are written beside the old ones, in `OUT/.regenesis/new`, and checked there. Then the
//! marker is removed, a rename replaces each top-level directory, and the marker is written last. A run
//! that fails leaves the old files and their marker. A run that is killed during the renames leaves no
//! marker. No file of the previous run survives.
//!
//! The files of the previous run are those that its marker lists, with the same bytes. That marker
//! stays in `.regenesis/former` until the new run is complete. Strays, files that no run wrote, return
//! to their paths; where the new run writes to the same path, they are kept elsewhere. Strays beside the
//! keystores are always kept elsewhere, because clients load every keystore in the directory.
//!
//! Files at paths that the user chose (`--layout PATH=NAME`) replace only what a run wrote: see [`placed`].
//!
//! The keystores move over from the old files and are overwritten, because there may be thousands: ext4
//! needs minutes to remove and create them. A run that fails after this move leaves no marker, and the
//! next run writes all of them.

pub(crate) mod binding;
mod kept;
mod placed;
mod runtime;
mod strays;

use std::collections::HashSet;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

pub(crate) use self::runtime::Created;
pub use self::runtime::Runtime;
use self::strays::Strays;
use crate::file::{FileDigest, OutFile};
use crate::io::disk;
pub use crate::io::disk::Error;
use crate::io::disk::{at, create, make_directory, remove, sync, sync_file_system};
use crate::io::fs;
use crate::io::owner::{self, Owner};
use crate::io::signal;
use crate::layout::places::Place;
use crate::layout::shape::{Kind, Listing};
use crate::layout::{MARKER, OWNED, SECRETS};

/// The directory in a runtime directory with our mark and the locks.
pub(crate) const OWN: &str = ".regenesis";
/// In it: the markers of earlier runs, until the new run is complete.
const EARLIER: &str = "former";

/// The first path in `out` with one of our names.
pub(crate) fn owned(out: &Path) -> Option<PathBuf> {
    let mut names = OWNED.into_iter().chain([MARKER]).map(|name| out.join(name));
    names.find(|path| path.symlink_metadata().is_ok())
}

/// Files that are written but not yet in place. Removed when dropped.
#[derive(Debug)]
pub struct Staging<'a> {
    runtime: &'a Runtime,
    new: PathBuf,
    /// The files that earlier runs wrote.
    listing: Listing,
    /// The paths that the user chose.
    places: Vec<Place>,
    /// The files, in the order of the calls to [`Staging::write`].
    pub written: Vec<FileDigest>,
}

impl Staging<'_> {
    /// Moves the previous run's secrets here, unless a killed run has done so.
    fn recycle(&self) -> Result<(), Error> {
        let owner = self.new.symlink_metadata().map_err(at(&self.new))?.uid();
        let ours = |path: &Path| {
            path.symlink_metadata().is_ok_and(|found| disk::is_our_secret(&found, owner))
        };
        let (there, here) = (self.runtime.out.join(SECRETS), self.new.join(SECRETS));
        let moves = ours(&there);
        if moves {
            self.runtime.retire_marker()?;
            let keep_clients = strays::has_strays(&there, SECRETS, &self.listing)?;
            let strays = Strays { runtime: self.runtime, listing: &self.listing, keep_clients };
            strays.clear(&there, SECRETS, owner)?;
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

    /// Removes all secrets that this run did not write: keystores of another mnemonic, and files that
    /// clients wrote beside them (settings, locks, slashing protection of another chain).
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

    /// Changes the owner of the staged files.
    ///
    /// # Errors
    /// The system refuses it.
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

    /// Moves the files into place, `marker` last.
    ///
    /// # Errors
    /// The sync or a rename fails; the directory then has no marker.
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
        // From here on a kill leaves files of the new run in place: list them, too.
        let listed = runtime.new_list()?;
        if std::fs::hard_link(staged_marker, &listed).is_err() {
            std::fs::copy(staged_marker, &listed).map_err(at(&listed))?;
        }
        for name in OWNED {
            let (there, here) = (out.join(name), self.new.join(name));
            let found = there.symlink_metadata().ok();
            let is_new = here.exists();
            // A directory of this name that no run wrote to belongs to the user.
            let is_replaced = is_new || self.listing.kind(name) == Kind::Directory;
            match found {
                Some(found) if is_replaced && found.is_dir() => {
                    std::fs::rename(&there, old.join(name)).map_err(at(&there))?;
                }
                Some(_) if is_replaced => runtime.keep(&self.listing, &there, name)?,
                _ => {}
            }
            if is_new {
                std::fs::rename(&here, &there).map_err(at(&there))?;
            }
        }
        runtime.restore(&old, &self.listing)?;
        self.place()?;
        sync(out)?;
        std::fs::rename(staged_marker, &place).map_err(at(&place))?;
        sync(out)?;
        remove(&old)?;
        remove(&own.join(EARLIER))
    }
}

impl Drop for Staging<'_> {
    fn drop(&mut self) {
        let _ = signal::uninterrupted(|| remove(&self.new));
        signal::set_leftover(None);
    }
}
