//! The work directory of a capture: `OUT.capture/` beside the future snapshot, or
//! `OUT/.regenesis-capture/` if OUT exists, which may be a file system of its own. An interrupted
//! capture resumes from it. Only a directory with our mark is ever reused or removed.

mod clear;
mod growing_file;
mod hold;
mod place;
mod publish;

#[cfg(feature = "host")]
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

#[cfg(feature = "host")]
pub(crate) use self::clear::remove_empty;
use self::growing_file::GrowingFile;
pub use self::hold::{Hold, hold, share};
use self::place::{INSIDE, VERB};
pub use self::place::{Place, is_half_published};
pub(crate) use self::place::{check_work, create_work, has};
use self::publish::Plan;
use crate::capture::{Append, WorkFiles};
use crate::file::{FileDigest, Input, OutFile};
use crate::io::disk::{self, Error, at, rename_new};
use crate::io::fs;
use crate::io::signal;
use crate::snapshot::DIRECTORIES;
use crate::snapshot_files::replaced::Replaced;

const CHECKPOINT: &str = "checkpoint.json";
pub(crate) const LOCK: &str = "lock";
pub(crate) const MARK: &str = "mark";
const NEW: &str = "new";
/// A copy of what is captured.
const SOURCE: &str = "source";
const PLAN: &str = "plan.json";

/// The work directory, locked.
#[derive(Debug)]
pub struct Work {
    place: Place,
    /// Locked until the process ends.
    _lock: File,
}

impl Work {
    /// Creates the work directory, or opens that of an earlier run. If that run was killed while it
    /// published its snapshot, the publication is completed first.
    ///
    /// # Errors
    /// The directory cannot be created or locked, or another process has locked it.
    pub fn open(place: Place) -> Result<Self, Error> {
        let directory = &place.directory;
        if !check_work(VERB, directory)? {
            create_work(VERB, directory)?;
        }
        let Some(lock) = lock_work(&directory.join(LOCK))? else {
            return Err(Error::Busy(place.directory));
        };
        // A killed run has left it.
        disk::remove(&directory.join(SOURCE))?;
        let mut work = Self { place, _lock: lock };
        work.finish_half_published()?;
        Ok(work)
    }

    fn finish_half_published(&mut self) -> Result<(), Error> {
        let (directory, out) = (&self.place.directory, &self.place.label);
        let path = directory.join(PLAN);
        if !has(&path)? {
            return Ok(());
        }
        let plan = Plan::parse(&fs::read_file(&path)?).map_err(|error| at(&path)(error.into()))?;
        let new = directory.join(NEW);
        signal::uninterrupted(|| plan.carry_out(out, &new, &Replaced::default()))?;
        // An edit keeps its plan until it is complete: this one may be killed, too.
        if self.place.replaced.is_none() && !has(&directory.join(CHECKPOINT))? {
            return Ok(());
        }
        clear::collected(&self.place.directory)?;
        if self.place.replaced.is_some() {
            self.place.replaced = Some(Replaced::look(out, INSIDE, &Replaced::default())?);
        }
        Ok(())
    }

    /// Name in messages.
    pub fn label(&self) -> String {
        self.place.directory.display().to_string()
    }

    /// The snapshot to replace, or the empty directory in its place.
    pub fn replaced(&self) -> Option<&Path> {
        self.place.replaced.as_ref().map(|_| self.place.label.as_path())
    }

    /// Checks that the snapshot to replace leaves no file of an L2 that is not one of `l2`.
    ///
    /// # Errors
    /// Such a file is there that no capture wrote.
    pub fn check_l2s(&self, l2: &[String]) -> Result<(), Error> {
        let replaced = self.place.replaced.as_ref();
        replaced.map_or(Ok(()), |replaced| replaced.check_l2s(&self.place.label, l2))
    }

    /// Writes the snapshot's files to a directory next to their place; returns that directory, and the
    /// digests of the files.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn stage(&self, files: &[OutFile]) -> Result<(PathBuf, Vec<FileDigest>), Error> {
        let new = self.place.directory.join(NEW);
        disk::remove(&new)?;
        disk::make_directory(&new, 0o755)?;
        // The stack's user must pass, even to files next to secret ones.
        for directory in DIRECTORIES {
            if files.iter().any(|file| Path::new(&file.path).starts_with(directory)) {
                disk::make_directory(&new.join(directory), 0o755)?;
            }
        }
        let written: Result<_, _> = files.iter().map(|file| disk::write(&new, file)).collect();
        disk::sync_file_system(&new)?;
        Ok((new, written?))
    }

    /// Checks that nothing of the user's has appeared in the place since [`Place::look`].
    ///
    /// # Errors
    /// As [`Place::look`].
    pub fn check_place(&mut self) -> Result<(), Error> {
        if let Some(replaced) = &self.place.replaced {
            self.place.replaced = Some(Replaced::look(&self.place.label, INSIDE, replaced)?);
        }
        Ok(())
    }

    /// Moves the staged files to their place, and removes the work directory. Returns the files of the
    /// stack that were edited, and therefore stay.
    ///
    /// # Errors
    /// A file cannot be renamed, or something else has appeared in the place. The next capture to the
    /// same place completes the publication.
    pub fn publish(mut self) -> Result<Vec<&'static str>, Error> {
        self.check_place()?;
        let new = self.place.directory.join(NEW);
        let out = &self.place.label;
        let left = match &self.place.replaced {
            None => {
                let published = signal::uninterrupted(|| rename_new(&new, out));
                published.map_err(|error| match error {
                    Error::Exists(out) => Error::Appeared { out, staged: new },
                    error => error,
                })?;
                let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty());
                disk::sync(parent.unwrap_or(Path::new(".")))?;
                Vec::new()
            }
            Some(replaced) => {
                let plan = Plan::of(replaced, out, &new)?;
                disk::sync_file_system(&new)?;
                let path = self.place.directory.join(PLAN);
                crate::io::atomic_file::replace(&path, &plan.to_json(), 0o600)?;
                // A half-published snapshot needs the rest.
                self.set_resumable(true);
                signal::uninterrupted(|| plan.carry_out(out, &new, replaced))?
            }
        };
        self.remove()?;
        Ok(left)
    }

    /// The place for a copy of what is captured, which ends with the capture.
    #[cfg(feature = "host")]
    pub fn source(&self) -> PathBuf {
        self.place.directory.join(SOURCE)
    }

    /// The directory of the staged files.
    #[cfg(feature = "host")]
    pub fn staged(&self) -> PathBuf {
        self.place.directory.join(NEW)
    }

    /// Moves the staged files of an edit into its snapshot. `before` are the files that it replaces or
    /// removes; all others stay. Until [`Work::remove`], a repeated edit finds that this one is complete.
    ///
    /// # Errors
    /// One of them has changed meanwhile, or cannot be renamed. The next edit completes the publication.
    #[cfg(feature = "host")]
    pub fn publish_edit(&self, before: BTreeMap<String, FileDigest>) -> Result<(), Error> {
        let (new, out) = (self.staged(), &self.place.label);
        let plan = Plan::edit(before);
        disk::sync_file_system(&new)?;
        let path = self.place.directory.join(PLAN);
        crate::io::atomic_file::replace(&path, &plan.to_json(), 0o600)?;
        self.set_resumable(true);
        signal::uninterrupted(|| plan.carry_out(out, &new, &Replaced::default())).map(drop)
    }

    /// Forgets the plan of an interrupted edit, whose files are in their place.
    ///
    /// # Errors
    /// It cannot be removed.
    #[cfg(feature = "host")]
    pub fn forget_plan(&self) -> Result<(), Error> {
        clear::collected(&self.place.directory)
    }

    /// Removes the work directory: a later run cannot use its content.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(self) -> Result<(), Error> {
        signal::set_leftover(None);
        signal::set_farewell(None);
        clear::remove(&self.place.directory)
    }

    fn open_for_append(&self, name: &str, length: u64) -> Result<Option<GrowingFile>, Error> {
        let path = self.place.directory.join(name);
        let mut file = open_file(&path)?;
        if file.metadata().map_err(at(&path))?.len() < length {
            return Ok(None);
        }
        file.set_len(length).map_err(at(&path))?;
        file.seek(SeekFrom::Start(length)).map_err(at(&path))?;
        Ok(Some(GrowingFile::new(file, path, length)))
    }
}

/// Opens a file of a work directory, to read and to write; creates it if it is missing.
pub(crate) fn open_file(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    // Another user may have put a link to a file of ours there.
    options.custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    options.open(path).map_err(at(path))
}

/// Locks a file of a work directory, as [`open_file`] opens it; `None` if another process has locked it.
pub(crate) fn lock_work(path: &Path) -> Result<Option<File>, Error> {
    let lock = open_file(path)?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(at(path)(error)),
    }
}

/// Replaces a checkpoint. Nothing is synced: after a power failure, the next run may have to start again.
pub(crate) fn replace_checkpoint(path: &Path, checkpoint: &[u8]) -> Result<(), Error> {
    let new = path.with_extension("new");
    std::fs::write(&new, checkpoint).map_err(at(&new))?;
    std::fs::rename(&new, path).map_err(at(path))
}

impl WorkFiles for Work {
    fn checkpoint(&self) -> Option<Vec<u8>> {
        fs::read_file(&self.place.directory.join(CHECKPOINT)).ok()
    }

    fn set_checkpoint(&self, checkpoint: &[u8]) -> io::Result<()> {
        let path = self.place.directory.join(CHECKPOINT);
        replace_checkpoint(&path, checkpoint).map_err(io::Error::other)
    }

    fn append(&self, name: &str, length: u64) -> io::Result<Option<Box<dyn Append>>> {
        let file = self.open_for_append(name, length).map_err(io::Error::other)?;
        Ok(file.map(|file| Box::new(file) as Box<dyn Append>))
    }

    fn input(&self, name: &str) -> Input {
        Input::file(self.place.directory.join(name))
    }

    /// A signal keeps a directory that a later run can resume from, and removes any other.
    fn set_resumable(&self, resumable: bool) {
        let directory = &self.place.directory;
        let leftover = directory.clone();
        signal::set_removal((!resumable).then(|| -> signal::Removal {
            Box::new(move || {
                let _ = clear::remove(&leftover);
            })
        }));
        let farewell = format!(
            "interrupted; {} is kept: run the same command again to resume",
            directory.display()
        );
        signal::set_farewell(resumable.then_some(farewell));
    }
}
