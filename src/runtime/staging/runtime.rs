//! The locked runtime directory.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::binding::{self, Binding};
use super::kept::{Kept, entries};
use super::placed::REPLACED;
use super::{EARLIER, OWN, Staging, owned};
use crate::io::atomic_file;
use crate::io::disk::{self, Error, at, beside, make_directory, remove, sync};
use crate::io::fs;
use crate::io::platform;
use crate::io::signal;
use crate::layout::places::Place;
use crate::layout::shape::Listing;
use crate::layout::{MARKER, OWNED, PROGRAM};
use crate::runtime::{requests, start_times};

/// A file in `.regenesis`: digests of our programs in the runtime directory.
const PROGRAMS: &str = "program";
/// Everything in `.regenesis` except kept files.
const ALL: [&str; 9] =
    ["lock", "init", "mark", "new", "old", EARLIER, PROGRAMS, start_times::FILE, requests::FILE];

/// The directories that a run has created.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Created {
    /// The runtime directory.
    pub(crate) out: bool,
    /// Its `.regenesis`.
    pub(crate) own: bool,
}

/// The runtime directory, locked.
#[derive(Debug)]
pub struct Runtime {
    pub(super) out: PathBuf,
    pub(super) own: PathBuf,
    created: Created,
    binding: Binding,
    pub(super) kept: Kept,
    /// Held until the process ends.
    _locks: [File; 2],
}

impl Drop for Runtime {
    /// Removes every trace of a first run that failed.
    fn drop(&mut self) {
        if self.created.own && owned(&self.out).is_none() {
            let _ = ALL.iter().try_for_each(|name| remove(&self.own.join(name)));
        }
        // Fails unless they are empty.
        if self.created.own {
            let _ = std::fs::remove_dir(&self.own);
        }
        if self.created.out {
            let _ = std::fs::remove_dir(&self.out);
        }
    }
}

impl Runtime {
    pub(crate) fn new(
        out: &Path,
        own: PathBuf,
        created: Created,
        binding: Binding,
        locks: [File; 2],
    ) -> Self {
        let kept = Kept::default();
        Self { out: out.to_owned(), own, created, binding, kept, _locks: locks }
    }

    /// A file of the previous run; `None` if it does not exist.
    pub fn previous_file(&self, path: &str) -> Option<Vec<u8>> {
        fs::read_file(&self.out.join(path)).ok()
    }

    /// The files kept since the last call, as a line for the user.
    pub fn kept(&self) -> Option<String> {
        self.kept.take()
    }

    /// Copies this program to `bin/`, so that client containers can use `regenesis run`. The path never
    /// disappears, because a client may start at any moment. Another file at this path is kept.
    ///
    /// # Errors
    /// The program cannot be written.
    pub fn leave_program(&self) -> Result<(), Error> {
        let own = platform::own_program().map_err(at(Path::new(PROGRAM)))?;
        let program = std::fs::read(&own).map_err(at(&own))?;
        let place = self.out.join(PROGRAM);
        let there = fs::read_file(&place).ok();
        if there.as_ref() == Some(&program) {
            return Ok(());
        }
        let digest = |program: &[u8]| hex::encode(Sha256::digest(program));
        let left = self.own.join(PROGRAMS);
        let known = fs::read_file(&left).unwrap_or_default();
        let known = String::from_utf8_lossy(&known);
        let replaced = there.map(|there| digest(&there));
        let replaced = replaced.filter(|replaced| known.lines().any(|line| line == replaced));
        if replaced.is_none() {
            self.keep(&Listing::default(), &place, PROGRAM)?;
        }
        // Both digests: a crash may come between this record and the program.
        let known = format!("{}\n{}\n", digest(&program), replaced.unwrap_or_default());
        atomic_file::replace(&left, known.as_bytes(), 0o644)?;
        atomic_file::replace(&place, &program, 0o755)
    }

    /// Starts to write a run's files beside the old ones. [`SECRETS`](crate::layout::SECRETS) moves over,
    /// to be overwritten; from then on the directory has no marker.
    ///
    /// `places` are the paths that the user chose.
    ///
    /// # Errors
    /// Something that no run wrote is at one of `places`; nothing was written then. The directory cannot be
    /// written.
    pub fn stage(&self, places: &[Place]) -> Result<Staging<'_>, Error> {
        self.check_places(places)?;
        if self.binding != Binding::Bound {
            self.take_over()?;
        }
        let (new, old) = (self.own.join("new"), self.own.join("old"));
        let listing = self.listing()?;
        if listing.is_empty() {
            // Without a list, nothing is known to be a run's.
            OWNED.iter().try_for_each(|name| self.keep(&listing, &self.out.join(name), name))?;
        }
        // A killed run may have left strays there.
        self.restore(&old, &listing)?;
        remove(&old)?;
        self.clear_replaced(&listing)?;
        signal::set_leftover(Some(new.clone()));
        let places = places.to_vec();
        let staging = Staging { runtime: self, new, listing, places, written: Vec::new() };
        signal::uninterrupted(|| {
            make_directory(&staging.new, 0o700)?;
            staging.recycle()?;
            staging.create_parents()
        })?;
        Ok(staging)
    }

    /// Binds the directory. Without a mark, the contents of `.regenesis` are not known to be ours.
    fn take_over(&self) -> Result<(), Error> {
        let names = ["new", "old", EARLIER, REPLACED, PROGRAMS, start_times::FILE, requests::FILE];
        for name in names {
            let path = format!("{OWN}/{name}");
            self.keep(&Listing::default(), &self.own.join(name), &path)?;
        }
        binding::bind(&self.out)
    }

    /// The files listed by the marker, and by the markers of runs whose replacement was interrupted.
    pub(super) fn listing(&self) -> Result<Listing, Error> {
        let mut summaries = Vec::new();
        let mut take = |path: &Path| {
            let Ok(meta) = path.symlink_metadata() else { return };
            // The marker is written last: no file of the run is newer.
            let by = (meta.mtime(), meta.mtime_nsec());
            summaries.extend(fs::read_file(path).ok().map(|summary| (summary, by)));
        };
        take(&self.out.join(MARKER));
        let earlier = self.own.join(EARLIER);
        if disk::check_directory(&earlier)? {
            for entry in entries(&earlier, EARLIER)? {
                take(&entry.place);
            }
        }
        Ok(Listing::of(summaries.iter().map(|(summary, by)| (&summary[..], *by))))
    }

    /// Removes the marker. Its list of files stays in `.regenesis` until the new run is complete.
    pub(super) fn retire_marker(&self) -> Result<(), Error> {
        let marker = self.out.join(MARKER);
        match marker.symlink_metadata() {
            Ok(meta) if meta.is_file() => {
                let place = self.new_list()?;
                std::fs::rename(&marker, place).map_err(at(&marker))?;
            }
            _ => self.keep(&Listing::default(), &marker, MARKER)?,
        }
        sync(&self.out)
    }

    /// A new path for a list of files.
    pub(super) fn new_list(&self) -> Result<PathBuf, Error> {
        let earlier = self.own.join(EARLIER);
        make_directory(&earlier, 0o700)?;
        beside(&earlier.join(MARKER))
    }
}
