//! The runtime directory.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::aside::{self, Aside};
use super::binding::{self, Binding};
use super::{FORMER, OWN, Staging, owned};
use crate::layout::shape::Listing;
use crate::layout::{MARKER, OWNED, PROGRAM};
use crate::rim::disk::{self, Error, at, beside, make_directory, remove, sync};
use crate::rim::{atomic_file, fs, platform, signal};

/// In it: digests of the programs that were left in the runtime directory.
const LEFT: &str = "program";
/// All that is in it while nothing is kept there.
const ALL: [&str; 7] = ["lock", "init", "mark", "new", "old", FORMER, LEFT];

/// The runtime directory, locked.
#[derive(Debug)]
pub struct Runtime {
    pub(super) out: PathBuf,
    pub(super) own: PathBuf,
    /// Whether `out` and `own` were made for this run.
    made: (bool, bool),
    binding: Binding,
    pub(super) aside: Aside,
    /// Held until the process ends.
    _locks: [File; 2],
}

impl Drop for Runtime {
    /// Leaves no trace of a first run that failed.
    fn drop(&mut self) {
        if self.made.1 && owned(&self.out).is_none() {
            let _ = ALL.iter().try_for_each(|name| remove(&self.own.join(name)));
        }
        // Only those that are empty.
        if self.made.1 {
            let _ = std::fs::remove_dir(&self.own);
        }
        if self.made.0 {
            let _ = std::fs::remove_dir(&self.out);
        }
    }
}

impl Runtime {
    pub(in crate::rim) fn new(
        out: &Path,
        own: PathBuf,
        made: (bool, bool),
        binding: Binding,
        locks: [File; 2],
    ) -> Self {
        let aside = Aside::default();
        Self { out: out.to_owned(), own, made, binding, aside, _locks: locks }
    }

    /// A file of the former run, if there is one.
    pub fn former_file(&self, path: &str) -> Option<Vec<u8>> {
        fs::read_file(&self.out.join(path)).ok()
    }

    /// What was put aside since this was last asked: a line for the user.
    pub fn kept(&self) -> Option<String> {
        self.aside.take()
    }

    /// Leaves this program in the directory, for clients to start by. It never changes place with
    /// another file: a client may be starting by it at this moment. A program of the same name that
    /// we did not leave there is put aside.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn leave_program(&self) -> Result<(), Error> {
        let own = platform::own_program().map_err(at(Path::new(PROGRAM)))?;
        let program = std::fs::read(&own).map_err(at(&own))?;
        let place = self.out.join(PROGRAM);
        let there = fs::read_file(&place).ok();
        if there.as_ref() == Some(&program) {
            return Ok(());
        }
        let digest = |program: &[u8]| hex::encode(Sha256::digest(program));
        let left = self.own.join(LEFT);
        let known = fs::read_file(&left).unwrap_or_default();
        let known = String::from_utf8_lossy(&known);
        let former = there.map(|there| digest(&there));
        let former = former.filter(|former| known.lines().any(|line| line == former));
        if former.is_none() {
            self.put_aside(&Listing::default(), &place, PROGRAM)?;
        }
        // Both, because a kill may come between the record and the program.
        let known = format!("{}\n{}\n", digest(&program), former.unwrap_or_default());
        atomic_file::replace(&left, known.as_bytes(), 0o644)?;
        atomic_file::replace(&place, &program, 0o755)
    }

    /// Begins a run's files, beside the old ones. What is in [`SECRETS`] moves over, to be
    /// overwritten; from then on the directory has no marker.
    ///
    /// # Errors
    /// The directory cannot be written.
    pub fn stage(&self) -> Result<Staging<'_>, Error> {
        if self.binding != Binding::Bound {
            self.take_over()?;
        }
        let (new, old) = (self.own.join("new"), self.own.join("old"));
        let listing = self.listing()?;
        if listing.is_empty() {
            // Nothing says what of it a run wrote.
            OWNED
                .iter()
                .try_for_each(|name| self.put_aside(&listing, &self.out.join(name), name))?;
        }
        // What a killed run had on its way.
        self.restore(&old, &listing)?;
        remove(&old)?;
        signal::set_leftover(Some(new.clone()));
        let staging = Staging { runtime: self, new, listing, written: Vec::new() };
        signal::uninterrupted(|| {
            make_directory(&staging.new, 0o700)?;
            staging.recycle()
        })?;
        Ok(staging)
    }

    /// Binds the directory. What stands in `.regenesis` without a mark is nobody's scratch.
    fn take_over(&self) -> Result<(), Error> {
        for name in ["new", "old", FORMER, LEFT] {
            let path = format!("{OWN}/{name}");
            self.put_aside(&Listing::default(), &self.own.join(name), &path)?;
        }
        binding::bind(&self.out)
    }

    /// What the marker lists, and those of runs that were replaced only half.
    fn listing(&self) -> Result<Listing, Error> {
        let mut summaries = Vec::new();
        let mut take = |path: &Path| {
            let Ok(meta) = path.symlink_metadata() else { return };
            // Written last: what a run wrote is not younger.
            let by = (meta.mtime(), meta.mtime_nsec());
            summaries.extend(fs::read_file(path).ok().map(|summary| (summary, by)));
        };
        take(&self.out.join(MARKER));
        let former = self.own.join(FORMER);
        if disk::check_directory(&former)? {
            for (path, ..) in aside::entries(&former, FORMER)? {
                take(&path);
            }
        }
        Ok(Listing::of(summaries.iter().map(|(summary, by)| (&summary[..], *by))))
    }

    /// Removes the marker. Until a run is in place, it is kept as a list of files.
    pub(super) fn retire_marker(&self) -> Result<(), Error> {
        let marker = self.out.join(MARKER);
        match marker.symlink_metadata() {
            Ok(meta) if meta.is_file() => {
                let place = self.former()?;
                std::fs::rename(&marker, place).map_err(at(&marker))?;
            }
            _ => self.put_aside(&Listing::default(), &marker, MARKER)?,
        }
        sync(&self.out)
    }

    /// A new place for a list of files.
    pub(super) fn former(&self) -> Result<PathBuf, Error> {
        let former = self.own.join(FORMER);
        make_directory(&former, 0o700)?;
        beside(&former.join(MARKER))
    }
}
