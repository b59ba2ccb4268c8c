//! The locks of a runtime directory.
//!
//! Both are `flock`s: they end with the process that holds them, however it ends, and they work across
//! all containers that mount the volume.
//!
//! - `.regenesis/lock`: clients hold it shared while they run (`exec` inherits it), `init` exclusively
//!   while it writes. A held lock means that the genesis is in use.
//! - `.regenesis/init`: allows one `init` at a time; the others wait, and keep the genesis of the first.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::io::clock::{Stopwatch, pause};
use crate::io::console::Console;
use crate::io::disk::{self, at, check_directory, create, make_directories, make_directory};
use crate::io::lock::{Held, POLL, Wait};
use crate::layout::MARKER;
use crate::runtime::staging::{Created, OWN, Runtime, binding, owned};

/// How long clients may hold the lock of a runtime directory without a marker: they release it as soon
/// as they notice.
const CLIENT_LIMIT: Duration = Duration::from_secs(5);

/// How long another `init` may take.
const INIT_LIMIT: Duration = Duration::from_mins(10);

/// How long a client waits for the lock of a finished genesis. `init` removes the marker before it
/// writes, so that while a marker exists, no `init` holds the lock for long.
const GENESIS_LIMIT: Duration = Duration::from_mins(1);

/// Markers are far shorter.
const MAX_MARKER: u64 = 64 << 20;

/// The runtime directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or directory in it cannot be used.
    #[error(transparent)]
    Disk(#[from] disk::Error),
    /// The path of one of our files is something else.
    #[error("{}: is not a regular file", .0.display())]
    Irregular(PathBuf),
    /// Another process holds one of its locks.
    #[error(transparent)]
    Held(#[from] Held),
}

impl Error {
    /// The remedy.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Disk(error) => error.hint(),
            Self::Irregular(_) => Some("move it away, or choose another --out"),
            Self::Held(_) => Some("stop that process, or use another runtime directory"),
        }
    }
}

/// Whether `init` may write a runtime directory.
#[derive(Debug)]
pub enum Claim {
    /// It does not exist yet.
    Absent,
    /// It is locked for us to write.
    Ours(Runtime),
    /// Clients run on this genesis.
    InUse(HeldGenesis),
    /// Another `init` has just created this genesis.
    MadeMeanwhile(HeldGenesis),
}

/// A genesis that `init` must not replace. While this value exists, no other `init` replaces it either.
#[derive(Debug)]
pub struct HeldGenesis {
    /// Its marker.
    pub marker: Vec<u8>,
    _init: File,
}

/// The marker of a finished run, if it exists.
///
/// # Errors
/// It exists and cannot be read.
pub fn marker(out: &Path) -> Result<Option<Vec<u8>>, Error> {
    let path = out.join(MARKER);
    let Some(file) = open_if_exists(&path, OpenOptions::new().read(true))? else { return Ok(None) };
    let mut marker = Vec::new();
    file.take(MAX_MARKER).read_to_end(&mut marker).map_err(at(&path))?;
    Ok(Some(marker))
}

/// Opens a file; `None` if it is missing. Refuses special files: reading a FIFO would block.
pub(super) fn open_if_exists(
    path: &Path,
    options: &mut OpenOptions,
) -> Result<Option<File>, Error> {
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

/// Locks an existing runtime directory, without changing it.
///
/// `before` is the marker at the start of the program: if another `init` has replaced it since, its
/// genesis is kept.
///
/// # Errors
/// The locks or the marker cannot be read.
pub fn claim(out: &Path, before: Option<&[u8]>, console: &Console) -> Result<Claim, Error> {
    let own = out.join(OWN);
    if !check_directory(&own)? || !own.join("init").exists() {
        return Ok(Claim::Absent);
    }
    lock(out, before, Created { out: false, own: false }, console)
}

/// Locks a runtime directory, and creates it if it does not exist.
///
/// # Errors
/// The directory cannot be created or written, or contains files that are not ours.
pub fn claim_new(out: &Path, before: Option<&[u8]>, console: &Console) -> Result<Claim, Error> {
    let own = out.join(OWN);
    // In this order, because another init creates `.regenesis` before anything else.
    let foreign = owned(out);
    let created = Created { out: !out.exists(), own: !own.exists() };
    if let (true, Some(path)) = (created.own, foreign) {
        // A copy without hidden files is ours if its summary lists every file.
        let Some(marker) = marker(out).ok().flatten() else {
            return Err(disk::Error::Foreign(path).into());
        };
        binding::check(out, Some(&marker))?;
    }
    if created.out {
        make_directories(out, 0o755)?;
    }
    check_directory(&own)?;
    make_directory(&own, 0o755)?;
    lock(out, before, created, console)
}

fn lock(
    out: &Path,
    before: Option<&[u8]>,
    created: Created,
    console: &Console,
) -> Result<Claim, Error> {
    let own = out.join(OWN);
    let mut wait = Wait::new(INIT_LIMIT);
    let init = loop {
        let (path, init) = open(&own, "init")?;
        loop {
            match init.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => wait.pause(&init, &path, console)?,
                Err(TryLockError::Error(error)) => return Err(at(&path)(error).into()),
            }
        }
        // While we waited, a failed first run may have removed the file.
        let inode = |file: std::io::Result<std::fs::Metadata>| file.map(|file| file.ino()).ok();
        if inode(init.metadata()) == inode(path.metadata()) {
            break init;
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
            return Ok(Claim::MadeMeanwhile(HeldGenesis { marker, _init: init }));
        }
        match (lock.try_lock(), now) {
            (Ok(()), now) => {
                let binding = binding::check(out, now.as_deref())?;
                let runtime = Runtime::new(out, own, created, binding, [init, lock]);
                return Ok(Claim::Ours(runtime));
            }
            (Err(TryLockError::WouldBlock), Some(marker)) => {
                return Ok(Claim::InUse(HeldGenesis { marker, _init: init }));
            }
            (Err(TryLockError::WouldBlock), None) if waited.elapsed() < CLIENT_LIMIT => pause(POLL),
            (Err(TryLockError::WouldBlock), None) => {
                return Err(disk::Error::Held(out.to_owned()).into());
            }
            (Err(TryLockError::Error(error)), _) => return Err(at(&path)(error).into()),
        }
    }
}

fn open(own: &Path, name: &str) -> Result<(PathBuf, File), Error> {
    let path = own.join(name);
    // Created separately for its mode: clients of other users open it too, whatever our umask.
    match create(&path, 0o644) {
        Err(disk::Error::Path { source, .. }) if source.kind() == ErrorKind::AlreadyExists => {}
        created => drop(created?),
    }
    match open_if_exists(&path, OpenOptions::new().read(true).write(true))? {
        Some(file) => Ok((path, file)),
        None => Err(at(&path)(ErrorKind::NotFound.into()).into()),
    }
}

/// Whether a finished genesis has no lock, so that no client can use it: it is a copy without its hidden
/// files.
pub fn lacks_lock(out: &Path) -> bool {
    let lock = out.join(OWN).join("lock");
    lock.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

/// Whether a client, or an `init` that is writing, holds the lock of a runtime directory.
///
/// # Errors
/// The lock cannot be read.
pub fn is_in_use(out: &Path) -> Result<bool, Error> {
    let path = out.join(OWN).join("lock");
    let Some(lock) = open_if_exists(&path, OpenOptions::new().read(true))? else {
        return Ok(false);
    };
    match lock.try_lock() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(at(&path)(error).into()),
    }
}

/// A genesis in use: while this value exists, `init` keeps it.
#[derive(Debug)]
pub struct GenesisLock {
    lock: File,
    /// The marker of the genesis.
    pub marker: Vec<u8>,
}

/// Locks the genesis of a runtime directory for a client; `None` without a genesis. Waits for an `init`
/// that is writing. The directory may be read-only.
///
/// # Errors
/// The lock or the marker cannot be read.
pub fn lock_genesis(out: &Path, console: &Console) -> Result<Option<GenesisLock>, Error> {
    let path = out.join(OWN).join("lock");
    let mut wait = Wait::new(GENESIS_LIMIT);
    // Without a marker there is no genesis, and the lock would keep `init` from writing one.
    while marker(out)?.is_some() {
        let Some(lock) = open_if_exists(&path, OpenOptions::new().read(true))? else { break };
        match lock.try_lock_shared() {
            Ok(()) => return Ok(marker(out)?.map(|marker| GenesisLock { lock, marker })),
            Err(TryLockError::WouldBlock) => wait.pause(&lock, &path, console)?,
            Err(TryLockError::Error(error)) => return Err(at(&path)(error).into()),
        }
    }
    Ok(None)
}

impl GenesisLock {
    /// Lets the program that replaces this process (`exec`) inherit the lock.
    ///
    /// # Errors
    /// The system refuses.
    pub fn outlive_exec(&self) -> std::io::Result<()> {
        Ok(rustix::io::fcntl_setfd(&self.lock, rustix::io::FdFlags::empty())?)
    }
}
