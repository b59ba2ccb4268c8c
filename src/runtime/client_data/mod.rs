//! A client's data directory: its lock, its contents, and the files that `run` writes there.

mod copy;
mod database;
mod error;
mod guard;
mod notice;
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
pub use notice::look;
pub use wipe::Wiped;

use crate::datadir::clients::{is_ignored, signed_paths};
use crate::datadir::mark::Mark;
use crate::datadir::{Contents, MARK, OWN_PREFIX, STATUS};
use crate::identity::DirectoryIdentity;
use crate::io::{platform, signal};
use crate::runtime::aside::names;

/// Run ids are far shorter.
const MAX_STATUS: u64 = 4 << 10;
/// A mark with the maximum number of names is shorter.
const MAX_MARK: u64 = 4 << 20;

/// A client's data directory, locked while this value exists.
///
/// The lock is a `flock` of the directory itself. It needs no space on a full disk, no file can take its
/// place, and every path to the directory leads to it.
#[derive(Debug)]
pub struct DataDirectory {
    path: PathBuf,
    handle: File,
}

/// The result of locking a data directory.
#[derive(Debug)]
pub enum Claim {
    /// It is locked.
    Ours(DataDirectory),
    /// Another process has locked it; the open directory, to wait for.
    Busy(File),
    /// The file system does not support locks.
    Unlocked(DataDirectory),
}

/// The run whose complete chain data is in a data directory, and the time since its last write. Neither
/// locks nor changes the directory, which may be missing.
///
/// # Errors
/// It cannot be read.
pub fn inspect(path: &Path) -> Result<(Option<String>, Option<Duration>), Error> {
    // Without the flags, a named pipe would block.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let handle = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(handle) => File::from(handle),
        Err(Errno::NOENT) => return Ok((None, None)),
        Err(Errno::NOTDIR) => return Err(Error::NoClientData(path.to_owned())),
        Err(error) => return Err(errno(path)(error)),
    };
    let Contents { status, idle, .. } =
        DataDirectory { path: path.to_owned(), handle }.contents()?;
    Ok((status, idle))
}

impl DataDirectory {
    /// Creates a directory if it is missing, and locks it without waiting.
    ///
    /// # Errors
    /// It cannot be created or opened.
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

    /// Lets the steps, and the client that replaces this process (`exec`), inherit the lock.
    ///
    /// # Errors
    /// The system refuses.
    pub fn outlive_exec(&self) -> std::io::Result<()> {
        Ok(rustix::io::fcntl_setfd(&self.handle, rustix::io::FdFlags::empty())?)
    }

    /// Reads the contents of the directory.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn contents(&self) -> Result<Contents, Error> {
        let status =
            self.read_own(STATUS, MAX_STATUS).and_then(|text| String::from_utf8(text).ok());
        let entries = self.entries()?;
        let newest = entries.iter().filter_map(|entry| last_write(&self.path.join(entry))).max();
        // If the clock was set back, the real time is unknown.
        let idle = newest.map(|time| time.elapsed().unwrap_or(Duration::ZERO));
        Ok(Contents {
            status: status.map(|status| status.trim().to_owned()),
            mark: self.mark()?,
            has_trace: [STATUS, MARK].into_iter().any(|name| self.has(name)),
            entries,
            signed: signed_paths().filter(|path| self.has(path)).collect(),
            idle,
        })
    }

    /// All entries, sorted, except our own files and [ignored ones](is_ignored).
    ///
    /// # Errors
    /// It cannot be read.
    pub fn entries(&self) -> Result<Vec<OsString>, Error> {
        let mut entries = names(&self.handle).map_err(errno(&self.path))?;
        entries.retain(|entry| {
            !entry.as_encoded_bytes().starts_with(OWN_PREFIX.as_bytes())
                && !entry.to_str().is_some_and(is_ignored)
        });
        entries.sort();
        Ok(entries)
    }

    /// Whether a path of one or two names exists; the first must not be a symbolic link.
    fn has(&self, path: &str) -> bool {
        let path = self.path.join(path);
        let parent = path.parent().and_then(|parent| parent.symlink_metadata().ok());
        parent.is_some_and(|meta| meta.is_dir()) && path.symlink_metadata().is_ok()
    }

    /// The mark, if it is valid in this directory.
    fn mark(&self) -> Result<Option<Mark>, Error> {
        let identity = self.identity()?;
        let mark = self.read_own(MARK, MAX_MARK).and_then(|json| Mark::parse(&json));
        Ok(mark.filter(|mark| mark.directory == identity))
    }

    /// The identity of the directory, which no copy shares.
    ///
    /// # Errors
    /// It cannot be inspected.
    pub fn identity(&self) -> Result<DirectoryIdentity, Error> {
        platform::identity(self, Path::new("")).map_err(errno(&self.path))
    }

    /// Writes the mark.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn set_mark(&self, mark: &Mark) -> Result<(), Error> {
        self.write_own(MARK, &mark.to_json())
    }

    /// Records that the directory contains complete data of a run.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn set_ready(&self, run_id: &str) -> Result<(), Error> {
        self.write_own(STATUS, format!("{run_id}\n").as_bytes())
    }

    /// Records that the data is incomplete. Truncates the status, which works on a full disk; the empty
    /// file stays as a trace for the next run.
    ///
    /// # Errors
    /// The status cannot be truncated.
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

    /// Opens one of our files; `None` for anything but a regular file.
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

    /// Replaces one of our files atomically.
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

    /// Creates a file with a free name beside `name`.
    fn create_beside(&self, name: &str) -> Result<(String, OwnedFd), Error> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mut number = 0_u32;
        loop {
            let temporary = format!("{name}.{number}.new");
            let mode = Mode::from_raw_mode(0o644);
            match openat(&self.handle, temporary.as_str(), flags, mode) {
                // The directory is locked: nothing is writing it.
                Err(Errno::EXIST) if self.is_left_by_a_kill(&temporary) => {
                    unlinkat(&self.handle, temporary.as_str(), AtFlags::empty())
                        .map_err(errno(&self.path.join(temporary)))?;
                }
                Err(Errno::EXIST) => number += 1,
                Err(error) => return Err(errno(&self.path.join(temporary))(error)),
                Ok(file) => {
                    // Regardless of the umask: health checks of other users read it.
                    let _ = rustix::fs::fchmod(&file, mode);
                    return Ok((temporary, file));
                }
            }
        }
    }
}

impl DataDirectory {
    /// Whether a file under one of our temporary names has the form of our files: JSON or a run id,
    /// possibly cut off.
    fn is_left_by_a_kill(&self, name: &str) -> bool {
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'\n';
        self.read_own(name, MAX_MARK)
            .is_some_and(|text| text.starts_with(b"{") || text.iter().all(is_word))
    }
}

impl AsFd for DataDirectory {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.handle.as_fd()
    }
}

/// The time of the last write at `path` or below; ignores what cannot be inspected.
fn last_write(path: &Path) -> Option<SystemTime> {
    let meta = path.symlink_metadata().ok()?;
    let inner = if meta.is_dir() { std::fs::read_dir(path).ok() } else { None };
    let inner = inner.into_iter().flatten().flatten();
    inner.filter_map(|entry| last_write(&entry.path())).chain(meta.modified().ok()).max()
}
