//! Files that appear under their name when they are complete.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::io::disk::{Error, at, beside, check_file, create, make_directory, sync};
use crate::io::signal;

/// A file that is written under a unique temporary name beside its place and renamed when it is
/// complete. It replaces a regular file, never anything else.
#[derive(Debug)]
pub struct AtomicFile {
    path: PathBuf,
    temporary: PathBuf,
    out: File,
    hasher: Sha256,
    size: u64,
}

impl AtomicFile {
    /// Creates the file `path`, and its directory if missing.
    ///
    /// # Errors
    /// It cannot be created, or `path` is something other than a regular file.
    pub fn create(path: &Path, secret: bool) -> Result<Self, Error> {
        Self::with_mode(path, if secret { 0o600 } else { 0o644 })
    }

    fn with_mode(path: &Path, mode: u32) -> Result<Self, Error> {
        let directory = directory(path);
        if !directory.is_dir() {
            make_directory(directory, 0o755)?;
        }
        check_file(path)?;
        let temporary = beside(path)?;
        signal::begin_file(&temporary);
        let out = create(&temporary, mode).inspect_err(|_| signal::end_file(&temporary))?;
        Ok(Self { path: path.to_owned(), temporary, out, hasher: Sha256::new(), size: 0 })
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        self.out.write_all(bytes).map_err(at(&self.temporary))
    }

    /// Syncs and renames the file. Returns its size in bytes and its SHA-256.
    ///
    /// # Errors
    /// It cannot be synced or renamed; the old file stays.
    pub fn publish(self) -> Result<(u64, [u8; 32]), Error> {
        self.out.sync_all().map_err(at(&self.temporary))?;
        let place = self.path.clone();
        let digest = self.publish_unsynced()?;
        sync(directory(&place))?;
        Ok(digest)
    }

    /// Renames the file, and leaves it to the caller to sync it. Returns its size in bytes and its
    /// SHA-256.
    ///
    /// # Errors
    /// It cannot be renamed; the old file stays.
    pub fn publish_unsynced(self) -> Result<(u64, [u8; 32]), Error> {
        check_file(&self.path)?;
        std::fs::rename(&self.temporary, &self.path).map_err(at(&self.path))?;
        Ok((self.size, self.hasher.clone().finalize().into()))
    }
}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.temporary);
        signal::end_file(&self.temporary);
    }
}

/// Writes a complete file, and replaces the regular file at `path` if there is one.
///
/// # Errors
/// As [`AtomicFile::create`] and [`AtomicFile::publish`].
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    let mut file = AtomicFile::with_mode(path, mode)?;
    file.put(bytes)?;
    file.publish().map(|_| ())
}

/// As [`replace`], without a sync: the caller must sync the file.
///
/// # Errors
/// As [`AtomicFile::create`] and [`AtomicFile::publish_unsynced`].
#[cfg(feature = "host")]
pub fn replace_unsynced(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    let mut file = AtomicFile::with_mode(path, mode)?;
    file.put(bytes)?;
    file.publish_unsynced().map(|_| ())
}
