//! Where a capture collects what it has, beside the snapshot that it is to become:
//! `OUT.capture/`. An interrupted capture goes on from there.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::disk::{self, Error, Written, at};
use super::{fs, room, signal};
use crate::layout::OutFile;
use crate::snapshot::{Input, METADATA};

const ALLOC: &str = "alloc";
const ASIDE: &str = "aside";
const CHECKPOINT: &str = "checkpoint.json";

/// The directory of a capture, locked.
#[derive(Debug)]
pub struct Work {
    directory: PathBuf,
    out: PathBuf,
    /// Held until the process ends.
    _lock: File,
}

/// A file that only grows.
#[derive(Debug)]
pub struct Appending {
    file: BufWriter<File>,
    path: PathBuf,
    /// Bytes written.
    pub length: u64,
    /// The length up to which the disk has room.
    room: u64,
}

impl Write for Appending {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let with_path = |error: std::io::Error| {
            std::io::Error::new(error.kind(), format!("{}: {error}", self.path.display()))
        };
        if self.length >= self.room {
            room::check(self.file.get_ref()).map_err(with_path)?;
            self.room = self.length + room::STRIDE;
        }
        let written = self.file.write(bytes).map_err(with_path)?;
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl Appending {
    /// Goes back to an earlier length.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn truncate(&mut self, length: u64) -> std::io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().set_len(length)?;
        self.file.seek(SeekFrom::Start(length))?;
        self.length = length;
        Ok(())
    }
}

/// Whether `out` may become a snapshot: it is not there, is empty, or is one already.
///
/// # Errors
/// Something else is there.
pub fn check_out(out: &Path) -> Result<(), Error> {
    let taken = match std::fs::read_dir(out) {
        Err(_) => out.symlink_metadata().is_ok(),
        Ok(mut entries) => entries.next().is_some() && !out.join(METADATA).is_file(),
    };
    if taken { Err(Error::Foreign(out.to_owned())) } else { Ok(()) }
}

impl Work {
    /// Makes the directory for the snapshot `out`, or takes up the one of an earlier run.
    ///
    /// # Errors
    /// It cannot be made or locked, or another process has it.
    pub fn open(out: &Path) -> Result<Self, Error> {
        check_out(out)?;
        let mut name = out.file_name().unwrap_or_default().to_owned();
        name.push(".capture");
        let directory = out.with_file_name(name);
        std::fs::create_dir_all(&directory).map_err(at(&directory))?;
        let path = directory.join("lock");
        let mut options = OpenOptions::new();
        let lock = options.read(true).write(true).create(true).truncate(false).open(&path);
        let lock = lock.map_err(at(&path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { directory, out: out.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Error::Busy(directory)),
            Err(TryLockError::Error(error)) => Err(at(&path)(error)),
        }
    }

    /// How messages call it.
    pub fn label(&self) -> String {
        self.directory.display().to_string()
    }

    /// Where an earlier run has come to.
    pub fn checkpoint(&self) -> Option<Vec<u8>> {
        fs::read_file(&self.directory.join(CHECKPOINT)).ok()
    }

    /// Notes where this run has come to. A machine that fails right now may lose it, and the next
    /// run then begins anew: nothing is synced.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn set_checkpoint(&self, checkpoint: &[u8]) -> Result<(), Error> {
        let path = self.directory.join(CHECKPOINT);
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
        let path = self.directory.join(name);
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
        Input::File(self.directory.join(name))
    }

    /// A further file to collect in.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn fresh(&self, name: &str) -> Result<(Appending, Input), Error> {
        let path = self.directory.join(name);
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
        let new = self.directory.join("new");
        disk::remove(&new)?;
        disk::make_directory(&new, 0o755)?;
        let written: Result<_, _> = files.iter().map(|file| disk::write(&new, file)).collect();
        disk::sync_file_system(&new)?;
        Ok((new, written?))
    }

    /// Puts the staged files in their place, and removes the directory.
    ///
    /// # Errors
    /// A file cannot be renamed.
    pub fn publish(self) -> Result<(), Error> {
        let new = self.directory.join("new");
        change_places(&new, &self.out, &self.directory.join("old"))?;
        self.remove()
    }

    /// Removes the directory: what it has is of no use to a later run.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(self) -> Result<(), Error> {
        signal::set_leftover(None);
        signal::set_farewell(None);
        disk::remove(&self.directory)
    }

    /// Whether a signal leaves the directory, for a later run to go on; otherwise it is removed.
    pub fn keep_on_signal(&self, keep: bool) {
        signal::set_leftover((!keep).then(|| self.directory.clone()));
        let farewell = format!(
            "interrupted; {} is kept: the same command goes on from there",
            self.directory.display()
        );
        signal::set_farewell(keep.then_some(farewell));
    }
}

/// Puts the directory `new` where `place` is; what was there goes to `old`, and is removed.
fn change_places(new: &Path, place: &Path, old: &Path) -> Result<(), Error> {
    signal::uninterrupted(|| {
        disk::remove(old)?;
        let replaces = place.symlink_metadata().is_ok();
        if replaces {
            std::fs::rename(place, old).map_err(at(place))?;
        }
        if let Err(error) = std::fs::rename(new, place) {
            if replaces {
                let _ = std::fs::rename(old, place);
            }
            return Err(at(place)(error));
        }
        if let Some(parent) = place.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            disk::sync(parent)?;
        }
        disk::remove(old)
    })
}
