//! Writes a runtime directory atomically.
//!
//! All files are written beside the old ones, in `OUT/.regenesis/new`, and checked there. Then
//! the marker is removed, each top-level directory changes place with its old one by rename, and
//! the marker comes last. So a run that fails leaves the old files and their marker; one that is
//! killed within the few renames leaves no marker; and nothing of a former run survives.

use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::{fs, signal};
use crate::el::edit::Piece;
use crate::layout::{Content, MARKER, OWNED, OutFile};
use crate::snapshot::Input;

/// The directory in a runtime directory that says whose it is, and holds the lock.
const OWN: &str = ".regenesis";

/// The runtime directory could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A path that cannot be made, written or renamed.
    #[error("{}: {source}", path.display())]
    Path {
        /// The path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// An input that parts of a file are copied from.
    #[error(transparent)]
    Input(#[from] fs::Error),
    /// The directory has something under our names that is not ours.
    #[error("{}: was not written by regenesis, and would be replaced", .0.display())]
    Foreign(PathBuf),
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        use std::io::ErrorKind as Kind;
        match self {
            Self::Input(error) => error.hint(),
            Self::Foreign(_) => Some("choose another --out, or move it away"),
            Self::Path { source, .. } => match source.kind() {
                Kind::PermissionDenied => {
                    Some("the user that runs regenesis needs write access to --out")
                }
                Kind::ReadOnlyFilesystem => Some("--out must be on a writable volume"),
                Kind::StorageFull | Kind::QuotaExceeded => {
                    Some("a run needs room for the old and the new files at once")
                }
                Kind::NotADirectory | Kind::AlreadyExists => Some("--out must be a directory"),
                Kind::ResourceBusy => Some("mount the runtime directory itself, not a part of it"),
                _ => None,
            },
        }
    }
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Error + '_ {
    |source| Error::Path { path: path.to_owned(), source }
}

/// What a written file is.
#[derive(Debug, Clone)]
pub struct Written {
    /// Path in the runtime directory.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// Digest of the bytes.
    pub sha256: [u8; 32],
}

/// The runtime directory, locked.
#[derive(Debug)]
pub struct Runtime {
    out: PathBuf,
    own: PathBuf,
    /// Held until the process ends.
    _lock: File,
}

/// Who has the runtime directory.
#[derive(Debug)]
pub enum Access {
    /// We do, alone.
    Ours(Runtime),
    /// A client or another run has it: its files stay, and this is its marker.
    InUse(Vec<u8>),
}

/// The marker of a runtime directory that somebody else holds; `None` if it is free.
///
/// # Errors
/// The lock or the marker cannot be read.
pub fn in_use(out: &Path) -> Result<Option<Vec<u8>>, Error> {
    let path = out.join(OWN).join("lock");
    let Ok(lock) = File::open(&path) else { return Ok(None) };
    match lock.try_lock() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Ok(Some(marker(out, &lock, &path)?)),
        Err(TryLockError::Error(error)) => Err(at(&path)(error)),
    }
}

/// Waits for a run that is writing, and reads its marker.
fn marker(out: &Path, lock: &File, path: &Path) -> Result<Vec<u8>, Error> {
    lock.lock_shared().map_err(at(path))?;
    Ok(fs::read_file(&out.join(MARKER))?)
}

/// Locks the runtime directory, making it if need be.
///
/// If somebody else holds it, waits for a run that is writing and returns its marker.
///
/// # Errors
/// The directory cannot be made or written, or holds something that is not ours.
pub fn lock(out: &Path) -> Result<Access, Error> {
    let own = out.join(OWN);
    std::fs::create_dir_all(out).map_err(at(out))?;
    if !own.exists() {
        let foreign = OWNED.into_iter().chain([MARKER]).map(|name| out.join(name));
        if let Some(path) = foreign.into_iter().find(|path| path.symlink_metadata().is_ok()) {
            return Err(Error::Foreign(path));
        }
    }
    make_directory(&own, 0o755)?;
    let path = own.join("lock");
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).mode(0o644);
    let lock = file.open(&path).map_err(at(&path))?;
    match lock.try_lock() {
        Ok(()) => Ok(Access::Ours(Runtime { out: out.to_owned(), own, _lock: lock })),
        Err(TryLockError::WouldBlock) => Ok(Access::InUse(marker(out, &lock, &path)?)),
        Err(TryLockError::Error(error)) => Err(at(&path)(error)),
    }
}

impl Runtime {
    /// A file of the former run, if there is one.
    pub fn former(&self, path: &str) -> Option<Vec<u8>> {
        fs::read_file(&self.out.join(path)).ok()
    }

    /// Writes `files` beside the old ones, to disk.
    ///
    /// # Errors
    /// The first that cannot be written; nothing of the new files is left then.
    pub fn stage(&self, files: &[OutFile]) -> Result<Staging<'_>, Error> {
        let new = self.own.join("new");
        for leftover in [&new, &self.own.join("old")] {
            remove(leftover)?;
        }
        signal::set_leftover(Some(new.clone()));
        let mut staging = Staging { runtime: self, new, written: Vec::new() };
        make_directory(&staging.new, 0o700)?;
        let mut made = std::collections::BTreeSet::new();
        for file in files {
            let parents = Path::new(&file.path).ancestors().skip(1);
            let mut parents: Vec<_> = parents.filter(|p| !p.as_os_str().is_empty()).collect();
            parents.reverse();
            for parent in parents {
                if made.insert(parent.to_owned()) {
                    let mode = if file.secret { 0o700 } else { 0o755 };
                    make_directory(&staging.new.join(parent), mode)?;
                }
            }
        }
        let written: Vec<_> = files.par_iter().map(|file| staging.write(file)).collect();
        staging.written = written.into_iter().collect::<Result<_, _>>()?;
        for directory in made {
            sync(&staging.new.join(directory))?;
        }
        Ok(staging)
    }
}

/// A file that is being written.
struct Sink<'a> {
    out: File,
    path: &'a Path,
    hasher: Sha256,
    size: u64,
}

impl Sink<'_> {
    /// Writes bytes, and counts them in.
    fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        self.out.write_all(bytes).map_err(at(self.path))
    }

    fn put_piece(&mut self, piece: &Piece, input: &Input) -> Result<(), Error> {
        match piece {
            Piece::Text(bytes) => self.put(bytes),
            Piece::Source(range) => {
                let mut written = Ok(());
                fs::each_piece(input, range.clone(), |bytes| {
                    if written.is_ok() {
                        written = self.put(bytes);
                    }
                })?;
                written
            }
        }
    }

    /// Writes a piece whose digest is known.
    fn copy(&mut self, piece: &Piece, input: &Input) -> Result<(), Error> {
        match piece {
            Piece::Text(bytes) => self.out.write_all(bytes).map_err(at(self.path)),
            Piece::Source(range) => {
                let length = range.end - range.start;
                let copied = fs::copy_range(input, range.clone(), &self.out)?;
                if copied == length {
                    return Ok(());
                }
                Err(at(self.path)(std::io::ErrorKind::UnexpectedEof.into()))
            }
        }
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
    fn write(&self, file: &OutFile) -> Result<Written, Error> {
        let path = self.new.join(&file.path);
        let mode = if file.secret { 0o600 } else { 0o644 };
        let mut sink =
            Sink { out: create(&path, mode)?, path: &path, hasher: Sha256::new(), size: 0 };
        match &file.content {
            Content::Bytes(bytes) => sink.put(bytes)?,
            Content::Pieces(pieces, input, prefix) => {
                let known = prefix.as_ref().map_or(0, |prefix| prefix.pieces);
                pieces[..known].iter().try_for_each(|piece| sink.copy(piece, input))?;
                if let Some(prefix) = prefix {
                    (sink.hasher, sink.size) = (prefix.hasher.clone(), prefix.length);
                }
                pieces[known..].iter().try_for_each(|piece| sink.put_piece(piece, input))?;
            }
        }
        sink.out.sync_all().map_err(at(&path))?;
        Ok(Written {
            path: file.path.clone(),
            size: sink.size,
            sha256: sink.hasher.finalize().into(),
        })
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
    /// A rename fails; the directory then has no marker.
    pub fn publish(self, marker: &[u8]) -> Result<(), Error> {
        signal::uninterrupted(|| self.swap(marker))
    }

    fn swap(&self, marker: &[u8]) -> Result<(), Error> {
        let (out, own) = (&self.runtime.out, &self.runtime.own);
        let old = own.join("old");
        make_directory(&old, 0o700)?;
        let staged_marker = self.new.join(MARKER);
        let mut file = create(&staged_marker, 0o644)?;
        file.write_all(marker).map_err(at(&staged_marker))?;
        file.sync_all().map_err(at(&staged_marker))?;
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
        std::fs::rename(&staged_marker, &place).map_err(at(&place))?;
        sync(out)?;
        remove(&old)
    }
}

impl Drop for Staging<'_> {
    fn drop(&mut self) {
        let _ = remove(&self.new);
        signal::set_leftover(None);
    }
}

/// Writes one file by way of a temporary one beside it, making its directory if need be.
///
/// # Errors
/// The file cannot be written; what was there is left then.
pub fn write_atomically(path: &Path, bytes: &[u8], secret: bool) -> Result<(), Error> {
    let directory = path.parent().unwrap_or(Path::new("."));
    make_directory(directory, 0o755)?;
    let temporary = path.with_extension("new");
    remove(&temporary)?;
    let mut file = create(&temporary, if secret { 0o600 } else { 0o644 })?;
    file.write_all(bytes).map_err(at(&temporary))?;
    file.sync_all().map_err(at(&temporary))?;
    std::fs::rename(&temporary, path).map_err(at(path))?;
    sync(directory)
}

/// Makes a directory with exactly this mode, whatever the umask; it may be there already.
fn make_directory(path: &Path, mode: u32) -> Result<(), Error> {
    match std::fs::create_dir(path) {
        Ok(()) => std::fs::set_permissions(path, Permissions::from_mode(mode)).map_err(at(path)),
        Err(_) if path.symlink_metadata().is_ok_and(|meta| meta.is_dir()) => Ok(()),
        Err(error) => Err(at(path)(error)),
    }
}

/// Creates a file that must not be there yet, with exactly this mode.
fn create(path: &Path, mode: u32) -> Result<File, Error> {
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let file = file.map_err(at(path))?;
    file.set_permissions(Permissions::from_mode(mode)).map_err(at(path))?;
    Ok(file)
}

/// Removes a file or a directory, if it is there; a symbolic link is not followed.
///
/// # Errors
/// It cannot be removed.
pub fn remove(path: &Path) -> Result<(), Error> {
    let removed = match path.symlink_metadata() {
        Err(_) => Ok(()),
        Ok(meta) if meta.is_dir() => std::fs::remove_dir_all(path),
        Ok(_) => std::fs::remove_file(path),
    };
    removed.map_err(at(path))
}

fn sync(directory: &Path) -> Result<(), Error> {
    let handle = File::open(directory).map_err(at(directory))?;
    handle.sync_all().map_err(at(directory))
}
