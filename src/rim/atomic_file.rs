//! A file that takes its place when it is complete.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::disk::{Error, at, beside, check_file, create, make_directory, sync};
use super::signal;

/// A file that takes its place when it is complete. Until then it has a name beside its place that
/// nobody else has; only a regular file is ever replaced.
#[derive(Debug)]
pub struct AtomicFile {
    path: PathBuf,
    temporary: PathBuf,
    out: File,
    hasher: Sha256,
    size: u64,
}

impl AtomicFile {
    /// Begins the file `path`, making its directory if need be.
    ///
    /// # Errors
    /// It cannot be made, or something other than a regular file has its place.
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

    /// Puts the file in its place, and tells its size and SHA-256.
    ///
    /// # Errors
    /// It cannot be put to disk or renamed; what was there is left then.
    pub fn publish(self) -> Result<(u64, [u8; 32]), Error> {
        self.out.sync_all().map_err(at(&self.temporary))?;
        check_file(&self.path)?;
        std::fs::rename(&self.temporary, &self.path).map_err(at(&self.path))?;
        sync(directory(&self.path))?;
        Ok((self.size, self.hasher.clone().finalize().into()))
    }
}

/// The directory of a file.
fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.temporary);
        signal::end_file(&self.temporary);
    }
}

/// Writes a file whole, in place of the regular file that may be there.
///
/// # Errors
/// As [`AtomicFile::create`] and [`AtomicFile::publish`].
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    let mut file = AtomicFile::with_mode(path, mode)?;
    file.put(bytes)?;
    file.publish().map(|_| ())
}
