//! Who has a runtime directory.
//!
//! Two locks, both `flock`: they live exactly as long as the process that holds them, whatever
//! ends it, and are seen from every container that mounts the volume.
//!
//! - `.regenesis/lock`: clients hold it shared for as long as they run (it is inherited through
//!   `exec`), `init` exclusively while it writes. Busy means that the genesis is in use.
//! - `.regenesis/init`: one `init` at a time; the others wait for it and take what it made.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::clock::{Stopwatch, pause};
use super::console::Console;
use super::disk::{self, at, check_directory, create, make_directories, make_directory};
use super::lock::{Held, Wait};
use super::staging::{OWN, Runtime, binding, owned};
use crate::layout::MARKER;
use crate::lease::POLL;

/// How long clients may hold a runtime directory that has no marker: they let go as soon as they
/// see it.
const LEFT_OFF: Duration = Duration::from_secs(5);

/// How long another `init` may take.
const TURN: Duration = Duration::from_mins(10);

/// How long a client waits for the lock of a finished genesis. `init` removes the marker before it
/// writes, so that nothing of ours holds the lock for long while there is one.
const LEASE: Duration = Duration::from_mins(1);

/// A summary is far shorter.
const MAX_MARKER: u64 = 64 << 20;

/// The runtime directory cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or directory in it cannot be used.
    #[error(transparent)]
    Disk(#[from] disk::Error),
    /// Something is in the place of a file of ours.
    #[error("{}: is not a regular file", .0.display())]
    Irregular(PathBuf),
    /// A lock of it is held by another process, which does not let go.
    #[error(transparent)]
    Held(#[from] Held),
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Disk(error) => error.hint(),
            Self::Irregular(_) => Some("move it away, or choose another --out"),
            Self::Held(_) => Some("end that process, or use another runtime directory"),
        }
    }
}

/// What `init` may do with a runtime directory.
#[derive(Debug)]
pub enum Claim {
    /// There is none yet.
    Absent,
    /// It is ours alone, to write.
    Ours(Runtime),
    /// Clients run on this genesis.
    InUse(Kept),
    /// Another `init` has just made this genesis.
    MadeMeanwhile(Kept),
}

/// A genesis that is not ours to replace. While this lives, no other `init` replaces it either.
#[derive(Debug)]
pub struct Kept {
    /// Its marker.
    pub marker: Vec<u8>,
    _turn: File,
}

/// The marker of a finished run, if there is one.
///
/// # Errors
/// It is there, and cannot be read.
pub fn marker(out: &Path) -> Result<Option<Vec<u8>>, Error> {
    let path = out.join(MARKER);
    let Some(file) = open_if_there(&path, OpenOptions::new().read(true))? else { return Ok(None) };
    let mut marker = Vec::new();
    file.take(MAX_MARKER).read_to_end(&mut marker).map_err(at(&path))?;
    Ok(Some(marker))
}

/// Opens a file; `None` if it is not there. What is no regular file, such as a FIFO, would hang who
/// reads it.
fn open_if_there(path: &Path, options: &mut OpenOptions) -> Result<Option<File>, Error> {
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = match options.custom_flags(nonblocking).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(path)(error).into()),
    };
    if file.metadata().map_err(at(path))?.is_file() {
        return Ok(Some(file));
    }
    Err(Error::Irregular(path.to_owned()))
}

/// Claims a runtime directory that is there already, without changing it.
///
/// `before` is the marker that was there when the program began: waits for another `init`, and
/// takes its genesis instead of making one more.
///
/// # Errors
/// The locks or the marker cannot be read.
pub fn claim(out: &Path, before: Option<&[u8]>, console: &Console) -> Result<Claim, Error> {
    let own = out.join(OWN);
    if !check_directory(&own)? || !own.join("init").exists() {
        return Ok(Claim::Absent);
    }
    take(out, before, (false, false), console)
}

/// Claims a runtime directory, making it if need be.
///
/// # Errors
/// The directory cannot be made or written, or holds something that is not ours.
pub fn claim_new(out: &Path, before: Option<&[u8]>, console: &Console) -> Result<Claim, Error> {
    let own = out.join(OWN);
    // Looked for in this order: another init makes its own directory before anything else.
    let foreign = owned(out);
    let made = (!out.exists(), !own.exists());
    if let (true, Some(path)) = (made.1, foreign) {
        // A copy without its hidden files is one of ours if it is what its summary lists.
        let Some(marker) = marker(out).ok().flatten() else {
            return Err(disk::Error::Foreign(path).into());
        };
        binding::look(out, Some(&marker))?;
    }
    if made.0 {
        make_directories(out, 0o755)?;
    }
    check_directory(&own)?;
    make_directory(&own, 0o755)?;
    take(out, before, made, console)
}

fn take(
    out: &Path,
    before: Option<&[u8]>,
    made: (bool, bool),
    console: &Console,
) -> Result<Claim, Error> {
    let own = out.join(OWN);
    let mut wait = Wait::new(TURN);
    let turn = loop {
        let (path, turn) = open(&own, "init")?;
        loop {
            match turn.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => wait.pause(&turn, &path, console)?,
                Err(TryLockError::Error(error)) => return Err(at(&path)(error).into()),
            }
        }
        // Who waited may hold what a failed first run removed.
        let inode = |file: std::io::Result<std::fs::Metadata>| file.map(|file| file.ino()).ok();
        if inode(turn.metadata()) == inode(path.metadata()) {
            break turn;
        }
        make_directory(&own, 0o755)?;
    };
    let (path, lock) = open(&own, "lock")?;
    let waited = Stopwatch::start();
    loop {
        let now = marker(out)?;
        if let Some(marker) = &now
            && now.as_deref() != before
        {
            let marker = marker.clone();
            return Ok(Claim::MadeMeanwhile(Kept { marker, _turn: turn }));
        }
        match (lock.try_lock(), now) {
            (Ok(()), now) => {
                let binding = binding::look(out, now.as_deref())?;
                let runtime = Runtime::new(out, own, made, binding, [turn, lock]);
                return Ok(Claim::Ours(runtime));
            }
            (Err(TryLockError::WouldBlock), Some(marker)) => {
                return Ok(Claim::InUse(Kept { marker, _turn: turn }));
            }
            (Err(TryLockError::WouldBlock), None) if waited.elapsed() < LEFT_OFF => pause(POLL),
            (Err(TryLockError::WouldBlock), None) => {
                return Err(disk::Error::Held(out.to_owned()).into());
            }
            (Err(TryLockError::Error(error)), _) => return Err(at(&path)(error).into()),
        }
    }
}

fn open(own: &Path, name: &str) -> Result<(std::path::PathBuf, File), Error> {
    let path = own.join(name);
    // Made on its own, since clients of another user open it too, whatever our umask.
    match create(&path, 0o644) {
        Err(disk::Error::Path { source, .. }) if source.kind() == ErrorKind::AlreadyExists => {}
        made => drop(made?),
    }
    match open_if_there(&path, OpenOptions::new().read(true).write(true))? {
        Some(file) => Ok((path, file)),
        None => Err(at(&path)(ErrorKind::NotFound.into()).into()),
    }
}

/// Whether a finished genesis lacks its lock, without which no client can take it into use: it is a
/// copy without its hidden files.
pub fn lacks_lock(out: &Path) -> bool {
    let lock = out.join(OWN).join("lock");
    lock.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

/// A genesis in use: while this lives, `init` keeps it.
#[derive(Debug)]
pub struct Lease {
    lock: File,
    /// The marker of the genesis.
    pub marker: Vec<u8>,
}

/// Takes the genesis of a runtime directory into use; `None` while there is none. Waits for an
/// `init` that is writing. The directory may be read-only.
///
/// # Errors
/// The lock or the marker cannot be read.
pub fn hold(out: &Path, console: &Console) -> Result<Option<Lease>, Error> {
    let path = out.join(OWN).join("lock");
    let mut wait = Wait::new(LEASE);
    // Without a marker there is nothing to hold, and holding would keep `init` from making it.
    while marker(out)?.is_some() {
        let Some(lock) = open_if_there(&path, OpenOptions::new().read(true))? else { break };
        match lock.try_lock_shared() {
            Ok(()) => return Ok(marker(out)?.map(|marker| Lease { lock, marker })),
            Err(TryLockError::WouldBlock) => wait.pause(&lock, &path, console)?,
            Err(TryLockError::Error(error)) => return Err(at(&path)(error).into()),
        }
    }
    Ok(None)
}

impl Lease {
    /// Lets the program that this one becomes by `exec` inherit the lease.
    ///
    /// # Errors
    /// The system refuses.
    pub fn outlive_exec(&self) -> std::io::Result<()> {
        Ok(rustix::io::fcntl_setfd(&self.lock, rustix::io::FdFlags::empty())?)
    }
}
