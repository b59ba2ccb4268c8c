//! A client's data directory: who has it, what is in it, and what `run` writes there.

mod copy;
mod error;
mod guard;
mod sift;
mod wipe;

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, Mode, OFlags, openat, renameat, unlinkat};
use rustix::io::Errno;

pub use error::Error;
use error::{at, errno};
pub use guard::check;
pub use wipe::Wiped;

use super::{platform, signal};
use crate::lease::clients::{is_nobodys, signed_paths};
use crate::lease::mark::{Identity, Mark};
use crate::lease::{DataDirectory, MARK, OWN_PREFIX, STATUS};

/// A run id is far shorter.
const MAX_STATUS: u64 = 4 << 10;
/// A mark with as many names as it may have is shorter.
const MAX_MARK: u64 = 4 << 20;

/// A client's data directory, locked for as long as this lives.
///
/// The lock is a `flock` of the directory itself: nothing need be written for it on a full disk,
/// nothing in the directory can be in its place, and every path to the directory leads to it.
#[derive(Debug)]
pub struct Datadir {
    path: PathBuf,
    handle: File,
}

/// Whether a data directory could be locked.
#[derive(Debug)]
pub enum Claim {
    /// It is ours.
    Ours(Datadir),
    /// Another process has it.
    Busy(File),
    /// The file system has no such locks.
    Unlocked(Datadir),
}

impl Datadir {
    /// Makes and locks a directory, without waiting.
    ///
    /// # Errors
    /// It cannot be made or opened.
    pub fn claim(path: &Path) -> Result<Claim, Error> {
        std::fs::create_dir_all(path).map_err(at(path))?;
        let handle = File::open(path).map_err(at(path))?;
        let locked = handle.try_lock();
        let ours = Self { path: path.to_owned(), handle };
        match locked {
            Ok(()) => Ok(Claim::Ours(ours)),
            Err(TryLockError::WouldBlock) => Ok(Claim::Busy(ours.handle)),
            // NFS locks only files that are open for writing.
            Err(TryLockError::Error(error))
                if matches!(
                    Errno::from_io_error(&error),
                    Some(Errno::BADF | Errno::NOLCK | Errno::OPNOTSUPP | Errno::NOSYS)
                ) =>
            {
                Ok(Claim::Unlocked(ours))
            }
            Err(TryLockError::Error(error)) => Err(at(path)(error)),
        }
    }

    /// Lets the programs that this one starts and becomes inherit the lock.
    ///
    /// # Errors
    /// The system refuses.
    pub fn outlive_exec(&self) -> std::io::Result<()> {
        Ok(rustix::io::fcntl_setfd(&self.handle, rustix::io::FdFlags::empty())?)
    }

    /// Looks into the directory.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn look(&self) -> Result<DataDirectory, Error> {
        let status =
            self.read_own(STATUS, MAX_STATUS).and_then(|text| String::from_utf8(text).ok());
        let entries = self.entries()?;
        let newest = entries.iter().filter_map(|entry| last_write(&self.path.join(entry))).max();
        // A clock that was set back says nothing about how long ago that was.
        let idle = newest.map(|time| time.elapsed().unwrap_or(Duration::ZERO));
        Ok(DataDirectory {
            status: status.map(|status| status.trim().to_owned()),
            mark: self.mark()?,
            has_trace: [STATUS, MARK].into_iter().any(|name| self.has(name)),
            entries,
            signed: signed_paths().filter(|path| self.has(path)).collect(),
            idle,
        })
    }

    /// What is in the directory, in order, but for our own files and what is nobody's.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn entries(&self) -> Result<Vec<OsString>, Error> {
        let mut entries = wipe::names(&self.handle).map_err(errno(&self.path))?;
        entries.retain(|entry| {
            !entry.as_encoded_bytes().starts_with(OWN_PREFIX.as_bytes())
                && !entry.to_str().is_some_and(is_nobodys)
        });
        entries.sort();
        Ok(entries)
    }

    /// Whether there is something at a path of at most two names, the first of which is no link.
    fn has(&self, path: &str) -> bool {
        let path = self.path.join(path);
        let parent = path.parent().and_then(|parent| parent.symlink_metadata().ok());
        parent.is_some_and(|meta| meta.is_dir()) && path.symlink_metadata().is_ok()
    }

    /// The mark, if there is one that names this directory.
    fn mark(&self) -> Result<Option<Mark>, Error> {
        let identity = self.identity()?;
        let mark = self.read_own(MARK, MAX_MARK).and_then(|json| Mark::parse(&json));
        Ok(mark.filter(|mark| mark.directory == identity))
    }

    /// What tells the directory from a copy of it.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn identity(&self) -> Result<Identity, Error> {
        platform::identity(self, Path::new("")).map_err(errno(&self.path))
    }

    /// Writes the mark.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn set_mark(&self, mark: &Mark) -> Result<(), Error> {
        self.write_own(MARK, &mark.to_json())
    }

    /// Says that the directory holds the data of a run, whole.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn set_ready(&self, run_id: &str) -> Result<(), Error> {
        self.write_own(STATUS, format!("{run_id}\n").as_bytes())
    }

    /// Says that the data are not whole, by fewer bytes on the disk, never by more. The file stays,
    /// as a trace for the next run if this one ends early.
    ///
    /// # Errors
    /// What says otherwise cannot be emptied.
    pub fn set_unready(&self) -> Result<(), Error> {
        if self.open_own(STATUS).is_none() {
            return Ok(());
        }
        let flags = OFlags::WRONLY | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let emptied = openat(&self.handle, STATUS, flags | OFlags::CLOEXEC, Mode::empty());
        let emptied = emptied.map_err(errno(&self.path.join(STATUS)))?;
        File::from(emptied).sync_all().map_err(at(&self.path.join(STATUS)))
    }

    fn sync(&self) -> Result<(), Error> {
        self.handle.sync_all().map_err(at(&self.path))
    }

    /// Opens a file of ours. What is no regular file is none of ours.
    fn open_own(&self, name: &str) -> Option<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(openat(&self.handle, name, flags, Mode::empty()).ok()?);
        file.metadata().is_ok_and(|meta| meta.is_file()).then_some(file)
    }

    fn read_own(&self, name: &str, limit: u64) -> Option<Vec<u8>> {
        let mut content = Vec::new();
        self.open_own(name)?.take(limit + 1).read_to_end(&mut content).ok()?;
        (content.len() as u64 <= limit).then_some(content)
    }

    /// Writes a file of ours whole, in place of the former one.
    fn write_own(&self, name: &str, content: &[u8]) -> Result<(), Error> {
        let path = self.path.join(name);
        signal::uninterrupted(|| {
            let (temporary, file) = self.create_beside(name)?;
            let mut file = File::from(file);
            let written = file.write_all(content).and_then(|()| file.sync_all()).map_err(at(&path));
            let placed = written.and_then(|()| {
                renameat(&self.handle, &temporary, &self.handle, name).map_err(errno(&path))
            });
            if placed.is_err() {
                let _ = unlinkat(&self.handle, &temporary, AtFlags::empty());
            }
            placed
        })?;
        self.sync()
    }

    /// Creates a file with a name that was free.
    fn create_beside(&self, name: &str) -> Result<(String, OwnedFd), Error> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mut number = 0_u32;
        loop {
            let temporary = format!("{name}.{number}.new");
            let mode = Mode::from_raw_mode(0o644);
            match openat(&self.handle, temporary.as_str(), flags, mode) {
                Err(Errno::EXIST) => number += 1,
                Err(error) => return Err(errno(&self.path.join(temporary))(error)),
                Ok(file) => {
                    // Whatever the umask: health checks of another user read it.
                    let _ = rustix::fs::fchmod(&file, mode);
                    return Ok((temporary, file));
                }
            }
        }
    }
}

impl AsFd for Datadir {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.handle.as_fd()
    }
}

/// When something in `path` was last written; what cannot be seen does not count.
fn last_write(path: &Path) -> Option<SystemTime> {
    let meta = path.symlink_metadata().ok()?;
    let inner = if meta.is_dir() { std::fs::read_dir(path).ok() } else { None };
    let inner = inner.into_iter().flatten().flatten();
    inner.filter_map(|entry| last_write(&entry.path())).chain(meta.modified().ok()).max()
}
