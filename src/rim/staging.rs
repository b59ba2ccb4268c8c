//! Writes a runtime directory atomically.
//!
//! All files are written beside the old ones, in `OUT/.regenesis/new`, and checked there. Then
//! the marker is removed, each top-level directory changes place with its old one by rename, and
//! the marker comes last. So a run that fails leaves the old files and their marker; one that is
//! killed within the few renames leaves no marker; and nothing of a former run survives.
//!
//! The keystores alone move over from the old files and are overwritten, because there may be
//! thousands: ext4 needs minutes to remove them and to make them again. So a run that fails after
//! its inputs were read leaves no marker, and the next one makes them all.

use std::collections::HashSet;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

pub use super::disk::{Error, Written};
use super::disk::{at, create, make_directory, remove, sync, sync_file_system};
use super::owner::{self, Owner};
use super::{atomic_file, disk, fs, signal};
use crate::layout::{MARKER, OWNED, OutFile, PROGRAM, SECRETS};

/// The directory in a runtime directory that says whose it is, and holds the locks.
pub(super) const OWN: &str = ".regenesis";

/// The runtime directory, locked.
#[derive(Debug)]
pub struct Runtime {
    out: PathBuf,
    own: PathBuf,
    /// Whether `out` and `own` were made for this run.
    made: (bool, bool),
    /// Held until the process ends.
    _locks: [File; 2],
}

/// The first thing in `out` that bears one of our names.
pub(super) fn owned(out: &Path) -> Option<PathBuf> {
    let mut names = OWNED.into_iter().chain([MARKER]).map(|name| out.join(name));
    names.find(|path| path.symlink_metadata().is_ok())
}

impl Drop for Runtime {
    /// Leaves no trace of a first run that failed.
    fn drop(&mut self) {
        if self.made.1 && owned(&self.out).is_none() {
            let _ = remove(&self.own);
        }
        if self.made.0 {
            // Only if it is empty.
            let _ = std::fs::remove_dir(&self.out);
        }
    }
}

impl Runtime {
    pub(super) fn new(out: &Path, own: PathBuf, made: (bool, bool), locks: [File; 2]) -> Self {
        Self { out: out.to_owned(), own, made, _locks: locks }
    }

    /// A file of the former run, if there is one.
    pub fn former(&self, path: &str) -> Option<Vec<u8>> {
        fs::read_file(&self.out.join(path)).ok()
    }

    /// Leaves this program in the directory, for clients to start by. It never changes place with
    /// another file: a client may be starting by it at this moment.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn leave_program(&self) -> Result<(), Error> {
        let own = Path::new("/proc/self/exe");
        let program = std::fs::read(own).map_err(at(own))?;
        let place = self.out.join(PROGRAM);
        match std::fs::read(&place) {
            Ok(there) if there == program => Ok(()),
            _ => atomic_file::replace(&place, &program, 0o755),
        }
    }

    /// Begins a run's files, beside the old ones. What is in [`SECRETS`] moves over, to be
    /// overwritten; from then on the directory has no marker.
    ///
    /// # Errors
    /// The directory cannot be written.
    pub fn stage(&self) -> Result<Staging<'_>, Error> {
        let new = self.own.join("new");
        remove(&self.own.join("old"))?;
        signal::set_leftover(Some(new.clone()));
        let staging = Staging { runtime: self, new, written: Vec::new() };
        signal::uninterrupted(|| {
            make_directory(&staging.new, 0o700)?;
            staging.recycle()
        })?;
        Ok(staging)
    }
}

/// Files that are written but not yet in their place. Removed when dropped.
#[derive(Debug)]
pub struct Staging<'a> {
    runtime: &'a Runtime,
    new: PathBuf,
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
        if ours(&there) {
            let marker = self.runtime.out.join(MARKER);
            remove(&marker)?;
            sync(&self.runtime.out)?;
            remove(&here)?;
            std::fs::rename(&there, &here).map_err(at(&there))?;
        }
        for entry in std::fs::read_dir(&self.new).map_err(at(&self.new))? {
            let path = entry.map_err(at(&self.new))?.path();
            if path != here || !ours(&here) {
                remove(&path)?;
            }
        }
        if here.exists() {
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
        let (out, own) = (&self.runtime.out, &self.runtime.own);
        let old = own.join("old");
        make_directory(&old, 0o700)?;
        let place = out.join(MARKER);
        remove(&place)?;
        sync(out)?;
        for name in OWNED {
            let (there, here) = (out.join(name), self.new.join(name));
            if there.symlink_metadata().is_ok() {
                std::fs::rename(&there, old.join(name)).map_err(at(&there))?;
            }
            if here.exists() {
                std::fs::rename(&here, &there).map_err(at(&there))?;
            }
        }
        sync(out)?;
        std::fs::rename(staged_marker, &place).map_err(at(&place))?;
        sync(out)?;
        remove(&old)
    }
}

impl Drop for Staging<'_> {
    fn drop(&mut self) {
        let _ = signal::uninterrupted(|| remove(&self.new));
        signal::set_leftover(None);
    }
}
