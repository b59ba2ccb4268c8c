//! Where a capture collects what it has: `OUT.capture/` beside the snapshot that it is to become, or
//! `OUT/.regenesis-capture/` if OUT is there already, on whatever file system. An interrupted
//! capture goes on from there. Only a directory with our mark is ever taken up or removed.

mod appending;
mod clear;
mod hold;
mod place;
mod publish;

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufWriter, Seek, SeekFrom};
use std::path::{Path, PathBuf};

pub use self::appending::Appending;
pub use self::hold::{Hold, hold, share};
use self::place::{INSIDE, check_work, create_work, has};
pub use self::place::{Place, is_half_published};
use self::publish::Plan;
use super::disk::{self, Error, Written, at, rename_new};
use super::former::Former;
use super::{fs, room, signal};
use crate::layout::OutFile;
use crate::snapshot::{DIRECTORIES, Input};

const ALLOC: &str = "alloc";
const ASIDE: &str = "aside";
const CHECKPOINT: &str = "checkpoint.json";
const LOCK: &str = "lock";
const MARK: &str = "mark";
const NEW: &str = "new";
const PLAN: &str = "plan.json";

/// The directory of a capture, locked.
#[derive(Debug)]
pub struct Work {
    place: Place,
    /// Held until the process ends.
    _lock: File,
}

impl Work {
    /// Makes the directory of a capture, or takes up the one of an earlier run. A snapshot that an
    /// earlier run has put only half in its place is put there first.
    ///
    /// # Errors
    /// It cannot be made or locked, or another process has it.
    pub fn open(place: Place) -> Result<Self, Error> {
        let directory = &place.directory;
        if !check_work(directory)? {
            create_work(directory)?;
        }
        let path = directory.join(LOCK);
        let mut options = OpenOptions::new();
        let lock = options.read(true).write(true).create(true).truncate(false).open(&path);
        let lock = lock.map_err(at(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Busy(place.directory)),
            Err(TryLockError::Error(error)) => return Err(at(&path)(error)),
        }
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
        signal::uninterrupted(|| plan.carry_out(out, &new, &Former::default()))?;
        clear::collected(&self.place.directory)?;
        self.place.former = Some(Former::look(out, INSIDE, &Former::default())?);
        Ok(())
    }

    /// How messages call it.
    pub fn label(&self) -> String {
        self.place.directory.display().to_string()
    }

    /// Where an earlier run has come to.
    pub fn checkpoint(&self) -> Option<Vec<u8>> {
        fs::read_file(&self.place.directory.join(CHECKPOINT)).ok()
    }

    /// Notes where this run has come to. A machine that fails right now may lose it, and the next
    /// run then begins anew: nothing is synced.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn set_checkpoint(&self, checkpoint: &[u8]) -> Result<(), Error> {
        let path = self.place.directory.join(CHECKPOINT);
        let new = path.with_extension("new");
        std::fs::write(&new, checkpoint).map_err(at(&new))?;
        std::fs::rename(&new, &path).map_err(at(&path))
    }

    /// The collected alloc and what was set aside, to be appended to from these lengths on; `None`
    /// if they are shorter, so that this is not where the earlier run was.
    ///
    /// # Errors
    /// They cannot be opened.
    pub fn resume(&self, alloc: u64, aside: u64) -> Result<Option<(Appending, Appending)>, Error> {
        let (alloc, aside) = (self.appending(ALLOC, alloc)?, self.appending(ASIDE, aside)?);
        Ok(alloc.zip(aside))
    }

    /// The collected alloc alone.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn resume_alloc(&self, length: u64) -> Result<Option<Appending>, Error> {
        self.appending(ALLOC, length)
    }

    /// A file to collect in, to be appended to from this length on; `None` if it is shorter.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn appending(&self, name: &str, length: u64) -> Result<Option<Appending>, Error> {
        let path = self.place.directory.join(name);
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).open(&path);
        let mut file = file.map_err(at(&path))?;
        if file.metadata().map_err(at(&path))?.len() < length {
            return Ok(None);
        }
        file.set_len(length).map_err(at(&path))?;
        file.seek(SeekFrom::Start(length)).map_err(at(&path))?;
        let room = length + room::STRIDE;
        Ok(Some(Appending { file: BufWriter::new(file), path, length, room }))
    }

    /// The collected alloc.
    pub fn alloc(&self) -> Input {
        self.file(ALLOC)
    }

    /// What was set aside.
    pub fn aside(&self) -> Input {
        self.file(ASIDE)
    }

    /// A file that is collected in.
    pub fn file(&self, name: &str) -> Input {
        Input::File(self.place.directory.join(name))
    }

    /// A further file to collect in.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn fresh(&self, name: &str) -> Result<(Appending, Input), Error> {
        let path = self.place.directory.join(name);
        disk::remove(&path)?;
        let appending = self.appending(name, 0)?;
        let missing = || at(&path)(std::io::ErrorKind::NotFound.into());
        Ok((appending.ok_or_else(missing)?, Input::File(path.clone())))
    }

    /// Writes the snapshot's files beside its place, and tells where they are.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn stage(&self, files: &[OutFile]) -> Result<(PathBuf, Vec<Written>), Error> {
        let new = self.place.directory.join(NEW);
        disk::remove(&new)?;
        disk::make_directory(&new, 0o755)?;
        // Not as secret as what is in them: the stack's user passes through.
        for directory in DIRECTORIES {
            if files.iter().any(|file| Path::new(&file.path).starts_with(directory)) {
                disk::make_directory(&new.join(directory), 0o755)?;
            }
        }
        let written: Result<_, _> = files.iter().map(|file| disk::write(&new, file)).collect();
        disk::sync_file_system(&new)?;
        Ok((new, written?))
    }

    /// Checks that the snapshot may still take its place.
    ///
    /// # Errors
    /// As [`Place::look`]: somebody has changed what is there.
    pub fn check_place(&mut self) -> Result<(), Error> {
        if let Some(former) = &self.place.former {
            self.place.former = Some(Former::look(&self.place.label, INSIDE, former)?);
        }
        Ok(())
    }

    /// Puts the staged files in their place, and removes the directory. Tells which files of the
    /// stack stay as somebody edited them.
    ///
    /// # Errors
    /// A file cannot be renamed, or something has taken the place meanwhile. The next capture to
    /// this place finishes what was begun.
    pub fn publish(mut self) -> Result<Vec<&'static str>, Error> {
        self.check_place()?;
        let new = self.place.directory.join(NEW);
        let out = &self.place.label;
        let left = match &self.place.former {
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
            Some(former) => {
                let plan = Plan::of(former, &new)?;
                disk::sync_file_system(&new)?;
                let path = self.place.directory.join(PLAN);
                super::atomic_file::replace(&path, &plan.to_json(), 0o600)?;
                // What is half in its place needs the rest.
                self.keep_on_signal(true);
                signal::uninterrupted(|| plan.carry_out(out, &new, former))?
            }
        };
        self.remove()?;
        Ok(left)
    }

    /// Removes the directory: what it has is of no use to a later run.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(self) -> Result<(), Error> {
        signal::set_leftover(None);
        signal::set_farewell(None);
        clear::remove(&self.place.directory)
    }

    /// Whether a signal leaves the directory, for a later run to go on; otherwise it is removed.
    pub fn keep_on_signal(&self, keep: bool) {
        let directory = &self.place.directory;
        let leftover = directory.clone();
        signal::set_removal((!keep).then(|| -> signal::Removal {
            Box::new(move || {
                let _ = clear::remove(&leftover);
            })
        }));
        let farewell = format!(
            "interrupted; {} is kept: the same command goes on from there",
            directory.display()
        );
        signal::set_farewell(keep.then_some(farewell));
    }
}
